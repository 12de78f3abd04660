/* enrich/facts: what the default knows, and each format of registry file, asked through the public header. */
#include "enrich/enrich.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

static struct prefix prefix_of(const char *s)
{
	struct prefix p;

	assert_true(prefix_parse(s, strlen(s), &p));
	return p;
}

static utime_t time_of(const char *s)
{
	utime_t t;

	assert_true(utime_parse(s, &t));
	return t;
}

/* A file of that text; given back its name, to be unlinked and freed. */
static char *file_of(const char *text)
{
	char *path = strdup("/tmp/isthmus-facts-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static struct facts *load_text(const char *registry, const char *territories)
{
	char *a = registry ? file_of(registry) : NULL, *b = territories ? file_of(territories) : NULL;
	const char *const files[] = {a};
	struct facts_options o = {
	    .registry = files, .registries = a != NULL, .territories = b, .no_default = true};
	struct facts *f = facts_load(&o);

	if (a)
		unlink(a);
	if (b)
		unlink(b);
	free(a);
	free(b);
	return f;
}

static void shipped_set_of_north_korea(void **state)
{
	struct facts *f = facts_load(&(struct facts_options){0});
	const struct territory *kp = territory_find(f, "KP", NULL);
	struct prefix star = prefix_of("175.45.178.0/24"), unicom = prefix_of("210.52.109.0/24"),
		      other = prefix_of("175.45.180.0/24");
	utime_t y2017 = time_of("2017-10-01"), y2003 = time_of("2003-01-01");

	assert_string_equal(territory_name(kp), "North Korea");
	assert_ptr_equal(territory_find(f, "north korea", NULL), kp);
	assert_int_equal(territory_has_asn(kp, 131279, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(kp, 4837, y2017), MEMBER_NO);
	assert_int_equal(territory_has_prefix(kp, &star, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_prefix(kp, &unicom, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_prefix(kp, &unicom, y2003), MEMBER_NO);
	assert_int_equal(territory_has_prefix(kp, &other, y2017), MEMBER_NO);
	assert_int_equal(prefix_territory(f, &star, y2017), cc_of("KP"));
	assert_int_equal(asn_territory(f, 131279, y2017), cc_of("KP"));
	assert_int_equal(asn_country(f, 20485), cc_of("RU"));
	assert_int_equal(asn_country(f, 4837), cc_of("CN"));
	assert_string_equal(asn_name(f, 20485), "TransTeleCom");
	assert_true(asn_global(f, 3356));
	assert_false(asn_global(f, 20485));
	facts_free(f);
}

static void delegated_counts_need_not_be_powers_of_two(void **state)
{
	struct facts *f = load_text("2|apnic|20171001|4|19830613|20170930|+1000\n"
				    "apnic|*|asn|*|1|summary\n"
				    "apnic|KP|asn|131279|1|20091221|allocated\n"
				    "apnic|JP|ipv4|10.0.0.0|768|20000101|allocated|A1\n"
				    "apnic|AU|ipv4|10.0.3.0|256|20000101|assigned|A2\n"
				    "apnic|CN|ipv6|2001:db8::|33|20000101|allocated|A3\n"
				    "apnic||ipv4|10.0.4.0|256||available|\n",
	    NULL);
	struct prefix p = prefix_of("10.0.2.0/24"), next = prefix_of("10.0.3.0/24"),
		      both = prefix_of("10.0.0.0/22"), free_one = prefix_of("10.0.4.0/24"),
		      six = prefix_of("2001:db8:7000::/36"), beside = prefix_of("2001:db8:8000::/36");
	const char *const *notes;

	assert_int_equal(facts_notes(f, &notes), 0);
	assert_int_equal(prefix_country(f, &p), cc_of("JP"));
	assert_int_equal(prefix_country(f, &next), cc_of("AU"));
	assert_int_equal(prefix_country(f, &both), cc_of("JP")); /* three quarters of it */
	assert_int_equal(prefix_country(f, &free_one), CC_NONE);
	assert_int_equal(prefix_country(f, &six), cc_of("CN"));
	assert_int_equal(prefix_country(f, &beside), CC_NONE);
	assert_int_equal(asn_country(f, 131279), cc_of("KP"));
	assert_string_equal(facts_sources(f), "delegated-apnic 2017-10-01");
	facts_free(f);
}

static void a_territories_file_says_what_is_wrong_and_where(void **state)
{
	struct facts *f = load_text(NULL, "asn = 1\n"
					  "[islands]\n"
					  "asn = 64496, AS64497 @2010..2012 ; a source\n"
					  "prefix = 192.0.2.0/33\n"
					  "prefix = 192.0.2.0/24, 198.51.100.0/24\n"
					  "exclude = 192.0.2.128/25\n"
					  "colour = blue\n");
	const struct territory *t = territory_find(f, "Islands", NULL);
	struct prefix in = prefix_of("192.0.2.0/25"), out = prefix_of("192.0.2.192/26");
	const char *const *notes;
	char why[128];

	assert_non_null(t);
	assert_int_equal(facts_notes(f, &notes), 3);
	assert_non_null(strstr(notes[0], ":1: stands in no section"));
	assert_non_null(strstr(notes[1], ":4: prefix: \"192.0.2.0/33\" is no prefix"));
	assert_non_null(strstr(notes[2], ":7: \"colour\" is no key"));
	assert_int_equal(territory_has_asn(t, 64496, 0), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(t, 64497, time_of("2011-06-01")), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(t, 64497, time_of("2012-01-01")), MEMBER_NO);
	assert_int_equal(territory_has_prefix(t, &in, 0), MEMBER_CURATED);
	assert_int_equal(territory_has_prefix(t, &out, 0), MEMBER_NO);
	territory_explain_asn(t, 64497, time_of("2011-06-01"), why, sizeof why);
	assert_non_null(strstr(why, "curated: a source ("));
	assert_non_null(strstr(why, ":3)"));
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shipped_set_of_north_korea),
	    cmocka_unit_test(delegated_counts_need_not_be_powers_of_two),
	    cmocka_unit_test(a_territories_file_says_what_is_wrong_and_where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
