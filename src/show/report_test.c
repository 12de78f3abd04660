/* A report filled in by hand, in every format: the sentence, the contract's JSON, the columns, and pictures
 * that parse. */
#include "show/report.h"
#include "show/text.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define T(s) (INT64_C(1506880800) * UTIME_SECOND + (s)*UTIME_SECOND) /* 2017-10-01T18:00:00Z */

struct fixture {
	struct facts *facts;
	struct report r;
	struct upstream up[2];
	struct country_share country[2];
	struct gateway gateway[1];
	struct critical critical[1];
	struct health health;
	struct answer a;
	struct moment moment[3];
	struct moment_share share[3];
	struct timeline line;
};

static int setup(void **state)
{
	static struct fixture f;
	static const char names[] =
	    "4837 China Unicom, CN\n20485 TransTeleCom <TTK> & Co, RU\n131279 Star JV, KP\n";
	char path[] = "/tmp/isthmus-report-XXXXXX";
	const char *const registry[] = {path}, *why;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, names, sizeof names - 1) == (ssize_t)(sizeof names - 1));
	close(fd);
	f = (struct fixture){.facts = facts_load(&(struct facts_options){
				 .registry = registry, .registries = 1, .no_default = true})};
	unlink(path);
	f.up[0] = (struct upstream){20485, cc_of("RU"), .6, .52, .68, .63, 3, T(-31929), UTIME_NONE};
	f.up[1] = (struct upstream){4837, cc_of("CN"), .4, .32, .48, .37, 4, UTIME_NONE, UTIME_NONE};
	f.country[0] = (struct country_share){cc_of("RU"), .6};
	f.country[1] = (struct country_share){cc_of("CN"), .4};
	f.gateway[0] = (struct gateway){131279, 1};
	f.critical[0] = (struct critical){131279, 1};
	f.r = (struct report){.territory = territory_find(f.facts, "KP", &why),
	    .options = {.family = FAMILY_IPV4, .depth = 1},
	    .at = T(0),
	    .peers = 60,
	    .full_feed = 52,
	    .ases = 48,
	    .collectors = 2,
	    .prefixes = 0,
	    .addresses = 1024,
	    .visible = 1,
	    .upstream = f.up,
	    .upstreams = 2,
	    .country = f.country,
	    .countries = 2,
	    .gateway = f.gateway,
	    .gateways = 1,
	    .resilience_class = "severe",
	    .hhi = .52,
	    .effective = 1 / .52,
	    .entropy = .970951,
	    .country_hhi = .52,
	    .single_homed = .25,
	    .critical = f.critical,
	    .criticals = 1};
	f.moment[0] = (struct moment){T(0), 1, 48, 0, 1};
	f.moment[1] = (struct moment){T(60), 1, 48, 1, 2};
	f.moment[2] = (struct moment){T(120), 0, 48, 3, 0};
	f.share[0] = (struct moment_share){4837, 4, 1};
	f.share[1] = (struct moment_share){20485, 3, .6};
	f.share[2] = (struct moment_share){4837, 4, .4};
	f.line = (struct timeline){
	    .from = T(0), .to = T(180), .moment = f.moment, .moments = 3, .share = f.share, .shares = 3};
	f.a = (struct answer){.report = &f.r, .facts = f.facts, .health = &f.health};
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	facts_free(f->facts);
	return 0;
}

static char *made(void (*print)(struct out *, const struct answer *), const struct answer *a)
{
	struct out o;
	char *text;

	out_open_mem(&o);
	print(&o, a);
	text = strndup(o.buf, o.n);
	out_close(&o);
	return text;
}

static void the_sentence(void **state)
{
	struct fixture *f = *state;
	char *text = made(report_sentence, &f->a);

	assert_non_null(
	    strstr(text, "(AS20485, RU) carries 60 % of North Korea's routed addresses, China Unicom"));
	assert_non_null(strstr(text, "(AS4837, CN) 40 %, as seen by 48 networks."));
	free(text);
	f->r.upstream[1].country = CC_NONE;
	text = made(report_sentence, &f->a);
	assert_non_null(
	    strstr(text, " 40 % enters through a network without a known country, which counts as foreign."));
	free(text);
	f->r.upstream[1].country = cc_of("CN");
	f->up[0].share = 1;
	f->r.upstreams = 1;
	text = made(report_sentence, &f->a);
	assert_non_null(
	    strstr(text, "alone carries all of North Korea's routed addresses, as seen by 48 networks."));
	free(text);
	f->r.no_full_feed = true;
	f->r.invisible = .1;
	text = made(report_sentence, &f->a);
	assert_non_null(strstr(text, "10 % of the view is missing"));
	assert_non_null(strstr(text, "There is no full feed in this data: all 60 peers counted."));
	free(text);
	f->r.upstreams = 0;
	text = made(report_sentence, &f->a);
	assert_non_null(
	    strstr(text, "Nobody is seen to carry North Korea, as seen by 48 networks: no route"));
	free(text);
	f->r.ases = 0;
	text = made(report_sentence, &f->a);
	assert_non_null(strstr(text, "no network outside it has a table in this data"));
	free(text);
}

/* design.md 7, field by field and in its order. */
static void the_contract(void **state)
{
	struct fixture *f = *state;
	char *text = made(report_json, &f->a);

	assert_string_equal(text,
	    "{\"territory\":\"KP\",\"family\":4,\"at\":\"2017-10-01T18:00:00Z\","
	    "\"vantage\":{\"peers\":60,\"full_feed\":52,\"ases\":48,\"collectors\":2},"
	    "\"prefixes\":0,\"addresses\":1024,\"visible\":1.0,\"invisible\":0.0,"
	    "\"upstreams\":[{\"asn\":20485,\"name\":\"TransTeleCom <TTK> & "
	    "Co\",\"country\":\"RU\",\"share\":0.6,"
	    "\"low\":0.52,\"high\":0.68,\"hegemony\":0.63,\"prefixes\":3,\"first_seen\":\"2017-10-01T09:07:"
	    "51Z\","
	    "\"last_seen\":null},{\"asn\":4837,\"name\":\"China "
	    "Unicom\",\"country\":\"CN\",\"share\":0.4,\"low\":0.32,"
	    "\"high\":0.48,\"hegemony\":0.37,\"prefixes\":4,\"first_seen\":null,\"last_seen\":null}],"
	    "\"countries\":[{\"country\":\"RU\",\"share\":0.6},{\"country\":\"CN\",\"share\":0.4}],"
	    "\"gateways\":[{\"asn\":131279,\"name\":\"Star JV\",\"share\":1.0}],"
	    "\"resilience\":{\"gateways\":1,\"class\":\"severe\",\"hhi\":0.52,\"effective\":1.923077,"
	    "\"entropy\":0.970951,\"country_hhi\":0.52,\"single_homed\":0.25,"
	    "\"critical\":[{\"asn\":131279,\"lost\":1.0}]},"
	    "\"health\":{\"records\":0,\"bad\":0,\"resets\":0,\"gaps\":0}}\n");
	free(text);
	f->a.timeline = &f->line;
	text = made(report_json, &f->a);
	json_t *root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "series")), 3);
	json_decref(root);
	free(text);
}

static void csv_rows(void **state)
{
	struct fixture *f = *state;
	struct out o;

	f->a.timeline = &f->line;
	out_open_mem(&o);
	report_csv(&o, &f->a, true);
	out_char(&o, '\0');
	assert_string_equal(o.buf,
	    "territory,family,at,asn,name,country,share,prefixes,visible\n"
	    "KP,4,2017-10-01T18:00:00Z,4837,China Unicom,CN,1.000000,4,1.000000\n"
	    "KP,4,2017-10-01T18:01:00Z,20485,TransTeleCom <TTK> & Co,RU,0.600000,3,1.000000\n"
	    "KP,4,2017-10-01T18:01:00Z,4837,China Unicom,CN,0.400000,4,1.000000\n"
	    "KP,4,2017-10-01T18:02:00Z,,,,0.000000,0,0.000000\n");
	out_close(&o);
}

/* No line of a table is wider than the terminal, at any width; colour only where it is wanted. */
static void text_fits(void **state)
{
	struct fixture *f = *state;

	f->a.timeline = &f->line;
	for (int width = 40; width <= 160; width += 20) {
		char *text, *save = NULL;
		f->a.page = (struct page){.width = width};
		text = made(report_text, &f->a);
		assert_null(strchr(text, '\033'));
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			if (width >= 60 && text_columns(line) > (size_t)width)
				fail_msg(
				    "%zu columns where there are %d: %s", text_columns(line), width, line);
		free(text);
	}
	f->a.page.colour = true;
	char *text = made(report_text, &f->a);
	assert_non_null(strstr(text, "\033[1m"));
	free(text);
}

/* Every tag that opens closes, and nothing of a name is taken for markup. */
static void balanced(const char *text)
{
	const char *open[256];
	size_t n = 0, len[256];

	for (const char *p = strchr(text, '<'); p; p = strchr(p + 1, '<')) {
		size_t k = strcspn(p + 1, " />\n"), whole = strcspn(p, ">");
		if (p[1] == '?' || p[1] == '!' || strncmp(p, "<meta", 5) == 0 || p[whole - 1] == '/')
			continue;
		if (p[1] == '/') {
			size_t name = strcspn(p + 2, ">");
			assert_true(n > 0);
			n--;
			assert_true(len[n] == name && strncmp(open[n], p + 2, name) == 0);
			continue;
		}
		assert_true(n < 256);
		open[n] = p + 1;
		len[n++] = k;
	}
	assert_int_equal(n, 0);
	assert_null(strstr(text, "<TTK>"));
}

static void print_page(struct out *o, const struct answer *a)
{
	report_html(o, a, 1);
}

static void pictures_and_page(void **state)
{
	struct fixture *f = *state;

	for (int over_time = 0; over_time < 2; over_time++) {
		f->a.timeline = over_time ? &f->line : NULL;
		char *svg = made(report_svg, &f->a), *html = made(print_page, &f->a);
		balanced(svg);
		balanced(html);
		assert_non_null(strstr(svg, "TransTeleCom &lt;TTK&gt; &amp; Co"));
		assert_non_null(strstr(html, "<title>Who carries North Korea</title>"));
		assert_null(strstr(html, "<script"));
		free(svg);
		free(html);
	}
}

static void words(void **state)
{
	char buf[40];

	assert_string_equal(text_percent(buf, .6012), "60.1 %");
	assert_string_equal(text_percent(buf, .0001), "< 0.1 %");
	assert_string_equal(text_percent(buf, .9999), "> 99.9 %");
	assert_string_equal(text_percent(buf, 1 - 1e-15), "100.0 %");
	assert_string_equal(text_percent(buf, 0), "0.0 %");
	assert_string_equal(text_count(buf, 1048576), "1,048,576");
	assert_string_equal(text_count(buf, 12), "12");
	struct out o;
	out_open_mem(&o);
	text_left(&o, "Türk Telekom", 8);
	text_csv(&o, "a \"b\", c");
	out_char(&o, '\0');
	assert_string_equal(o.buf, "Türk Te…\"a \"\"b\"\", c\"");
	out_close(&o);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_sentence),
	    TEST(the_contract),
	    TEST(csv_rows),
	    TEST(text_fits),
	    TEST(pictures_and_page),
	    cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
