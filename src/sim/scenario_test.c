/* Tests of scenarios: the mistakes of a file told by line and cause, what every feature makes of the lines
 * told, and the shipped scenarios against their published facts. */
#include "sim/played_test.h"
#include "sim/random.h"

#include <math.h>

static void mistakes(void **state)
{
	static const struct {
		const char *line, *cause;
	} row[] = {
	    {"nonsense 1", "nothing is called \"nonsense\" here"},
	    {"at 25:00 up 1 2", "no time: \"25:00\""},
	    {"at +1h up 1", "an AS number is missing"},
	    {"at +1h", "what happens then?"},
	    {"at +2h..+0s up 1 2", "the range ends before it begins"},
	    {"provides 1 x", "no AS number: \"x\""},
	    {"peers 7 7", "AS7 has no link to itself"},
	    {"announce 5", "AS5 announces which prefix?"},
	    {"announce 5 10.5.0.1/16", "10.5.0.1/16: bits are set behind the prefix length"},
	    {"announce 5 10.5.0.0/33", "no prefix: \"10.5.0.0/33\""},
	    {"announce 5 10.8.0.0/16 sideways 3", "want to, not, prepend or path, not \"sideways\""},
	    {"at +1h flap 5 10.5.0.0/16 every 1m", "a flap wants a range of time"},
	    {"at +1h restart a", "a restart wants a range of time"},
	    {"at +1h reset c 1", "no collector \"c\" so far"},
	    {"withdraw 5 10.5.0.0/16", "withdraw wants a time"},
	    {"peer 9 nowhere", "peer AS9: no address: \"nowhere\""},
	    {"collector c sideways", "collector c: routeviews or ris?"},
	    {"rib every 5", ""},
	    {"seed -1", "want a number of 0 to 2147483647, not \"-1\""},
	    {"tie never", "tie lowest or even?"},
	    {"as 5 Korea", "want a country code of two letters, not \"Korea\""},
	    {"territory", "which territory?"},
	    {"topology /nowhere", "/nowhere: No such file or directory"},
	    {"include /nowhere", "/nowhere: No such file or directory"},
	    {"convergence soon", "want a span like 90s, 5m, 2h, not \"soon\""},
	    {"clique 1", "a clique of whom?"},
	    {"name x\nstart", "start when?"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char why[400] = "", where[64], *text = mem_printf("%s%s\n", head, row[i].line);
		struct scenario *s = scenario_text(text, "file", why, sizeof why);
		if (*row[i].cause) {
			snprintf(where, sizeof where, "file:%d: ", strstr(row[i].line, "\n") ? 22 : 21);
			assert_null(s);
			assert_memory_equal(why, where, strlen(where));
			if (!strstr(why, row[i].cause))
				fail_msg("\"%s\" gives \"%s\"", row[i].line, why);
		} else {
			assert_non_null(s);
		}
		scenario_free(s);
		free(text);
	}
}

/* Mistakes that only show while playing. */
static void contradictions(void **state)
{
	static const char *const row[][2] = {
	    {"at +1h up 1 6", "file:21: no link between AS1 and AS6"},
	    {"at +1h withdraw 6 10.5.0.0/16", "file:21: AS6 does not announce that prefix then"},
	    {"at +1h withdraw 6 99.0.0.0/8", "file:21: AS6 never announces that prefix"},
	    {"at +1h withdraw 3", "file:21: AS3 announces nothing then"},
	    {"at +1h reset a 2", "file:21: a has no peer AS2"},
	    {"at +1h reset b 198.18.0.1", "file:21: b has no peer 198.18.0.1"},
	    {"announce 6 10.8.0.0/16 to 99", "file: AS99 is in no link"},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char why[400] = "", *text = mem_printf("%s%s\n", head, row[i][0]);
		struct scenario *s = scenario_text(text, "file", why, sizeof why);
		struct story t;
		assert_non_null(s);
		assert_false(story_make(s, &t, why, sizeof why));
		assert_string_equal(why, row[i][1]);
		story_free(&t);
		scenario_free(s);
		free(text);
	}
}

/* ---- a scenario played: the lines as text, one a line ---- */

/* The path that this peer has for the prefix at the time, as the lines tell; NULL: none. */
static const char *at_peer(const struct played *p, asn_t asn, const char *prefix, const char *time)
{
	static char text[300];
	struct retell r;
	struct prefix want;
	utime_t until;
	uint32_t before, path = 0;
	size_t n, at = 0;
	const asn_t *list;

	assert_true(prefix_parse(prefix, strlen(prefix), &want) && utime_parse(time, &until));
	retell_start(&r, &p->t);
	while (r.next < p->t.lines && p->t.line[r.next].at <= until)
		(void)retell_next(&r, &before);
	for (size_t i = 0; i < p->s->sessions; i++)
		for (uint32_t k = 0; k < p->t.prefixes; k++)
			if (p->s->session[i].asn == asn && prefix_equal(&p->t.prefix[k], &want))
				path = r.table[i * p->t.prefixes + k];
	retell_free(&r);
	list = story_paths_of(&p->t.paths, path, &n);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, i ? " %u" : "%u", list[i]);
	return path ? text : NULL;
}

static size_t lines_of(const struct played *p, asn_t asn, enum told told)
{
	size_t n = 0;

	for (size_t i = 0; i < p->t.lines; i++)
		n += p->t.line[i].told == told && p->s->session[p->t.line[i].session].asn == asn;
	return n;
}

static void deeds(void **state)
{
	static const char five[] = "10.5.0.0/16", noon[] = "2020-01-01T00:30:00Z",
			  late[] = "2020-01-01T03:30:00Z";
	struct played p = play("at +1h..+2h down 3 5\nat +5h announce 5 10.6.0.0/16 prepend 2");

	assert_string_equal(at_peer(&p, 1, five, noon), "1 3 5");
	assert_string_equal(at_peer(&p, 1, five, "2020-01-01T01:10:00Z"), "1 2 4 5");
	assert_string_equal(at_peer(&p, 1, five, late), "1 3 5");
	assert_null(at_peer(&p, 4, "11.0.0.0/8", late)); /* a partial feed of nothing but its customers' */
	assert_string_equal(at_peer(&p, 4, five, late), "4 5");
	assert_string_equal(at_peer(&p, 1, "10.6.0.0/16", "2020-01-01T05:59:00Z"), "1 3 5 5 5");
	played_free(&p);
	p = play("at +1h..+2h withdraw 5\nat +1h..+2h zombie 6 10.6.0.0/16");
	assert_null(at_peer(&p, 1, five, "2020-01-01T01:10:00Z"));
	assert_null(at_peer(&p, 1, "10.6.0.0/16", "2020-01-01T01:10:00Z"));
	assert_string_equal(
	    at_peer(&p, 6, "10.6.0.0/16", "2020-01-01T01:10:00Z"), "6 4 5"); /* the dead one walks */
	assert_string_equal(at_peer(&p, 1, five, late), "1 3 5");
	played_free(&p);
	p = play("at +1h announce 6 10.5.0.0/16\nat +2h..+3h announce 6 10.6.7.0/24 path 5");
	assert_string_equal(at_peer(&p, 2, five, late), "2 4 5"); /* as long; the even draw of seed 1 */
	assert_string_equal(at_peer(&p, 6, five, late), "6");
	assert_string_equal(at_peer(&p, 2, "10.6.7.0/24", "2020-01-01T02:30:00Z"), "2 4 6 5");
	assert_null(
	    at_peer(&p, 2, "10.6.7.0/24", "2020-01-01T05:30:00Z")); /* three hours after its beginning */
	played_free(&p);
	p = play("at +1h..+2h leak 5 4 11.0.0.0/8");
	assert_string_equal(at_peer(&p, 6, "11.0.0.0/8", "2020-01-01T01:30:00Z"), "6 4 5 3 1");
	assert_string_equal(at_peer(&p, 6, "11.0.0.0/8", late), "6 4 2 1");
	played_free(&p);
}

static void sessions(void **state)
{
	struct played p = play("at +1h..+2h reset a 1\nat +90m withdraw 6 10.7.0.0/24");
	uint32_t before;
	const struct line_told *l;
	struct retell r;
	unsigned downs = 0;

	assert_int_equal(lines_of(&p, 1, TOLD_STATE), 2);
	assert_int_equal(
	    lines_of(&p, 1, TOLD_ROUTE), 3); /* its table of the time, and nothing while it was away */
	retell_start(&r, &p.t);
	while ((l = retell_next(&r, &before)))
		if (l->told == TOLD_STATE)
			downs += !r.up[l->session];
	assert_int_equal(downs, 1);
	retell_free(&r);
	played_free(&p);
	p = play("at +1h..+2h restart a");
	assert_int_equal(lines_of(&p, 1, TOLD_ROUTE) + lines_of(&p, 3, TOLD_ROUTE), 8);
	assert_int_equal(lines_of(&p, 2, TOLD_ROUTE), 0);
	played_free(&p);
	p = play("at +1h..+2h reset a 3 silent");
	for (size_t i = 0; i < p.t.lines; i++)
		assert_true(p.t.line[i].told != TOLD_STATE || p.t.line[i].hidden);
	played_free(&p);
	p = play("at +1h..+30m flap 6 10.7.0.0/24 every 10m");
	assert_int_equal(lines_of(&p, 2, TOLD_ROUTE), 6);
	played_free(&p);
}

/* The first word comes at the very second; all others within the convergence; nothing false in between. */
static void convergence(void **state)
{
	struct played p = play("at +1h down 3 5");
	utime_t at = p.s->start + 3600 * UTIME_SECOND;
	bool first = false;

	assert_true(p.t.lines > 2);
	for (size_t i = 0; i < p.t.lines; i++) {
		first |= p.t.line[i].at == at;
		assert_in_range(p.t.line[i].at, at, at + 10 * UTIME_SECOND);
		assert_int_not_equal(p.t.line[i].path, 0); /* another path at once, no withdrawal */
	}
	assert_true(first);
	played_free(&p);
}

static void same_seed_same_story(void **state)
{
	for (uint64_t seed = 1; seed < 30; seed++) {
		char why[400] = "", *text = scenario_random(seed);
		struct scenario *s = scenario_text(text, "random", why, sizeof why);
		struct story a, b;
		if (!s || !story_make(s, &a, why, sizeof why) || !story_make(s, &b, why, sizeof why))
			fail_msg("seed %lu: %s", (unsigned long)seed, why);
		assert_int_equal(a.lines, b.lines);
		assert_memory_equal(a.line, b.line, a.lines * sizeof *a.line);
		for (size_t i = 1; i < a.lines; i++)
			assert_true(a.line[i - 1].at <= a.line[i].at);
		story_free(&a);
		story_free(&b);
		scenario_free(s);
		free(text);
	}
}

/* ---- shares by hand ---- */
static void shares(void **state)
{
	/* 1 and 3 see 3; 2, 4 and 6 see 4. The partial feed of 4 has three of four prefixes, just enough;
	 * when one is gone it has two of three, and does not vote until it has 0.80. Two /16: half of the
	 * addresses each. */
	struct played p = play("at +1h..+2h withdraw 5 10.6.0.0/16\nat +4h down 3 5");
	utime_t gone = p.s->start + 3620 * UTIME_SECOND;
	struct sight v;
	size_t i = 0;

	sight_make(&v, &p.t, &p.s->place[0]);
	assert_int_equal(v.upstreams, 2);
	assert_true(v.upstream[0] == 3 && v.upstream[1] == 4);
	assert_int_equal(v.sample[0].voters, 5);
	assert_true(fabs(v.sample[0].share[0] - 0.4) < 1e-12 && fabs(v.sample[0].visible - 1) < 1e-12);
	while (i + 1 < v.samples && v.sample[i + 1].at < gone)
		i++;
	assert_int_equal(v.sample[i].voters, 4);
	assert_true(fabs(v.sample[i].share[0] - 0.5) < 1e-12 && fabs(v.sample[i].visible - 0.5) < 1e-12);
	assert_int_equal(v.sample[v.samples - 1].voters, 4);
	assert_true(v.sample[v.samples - 1].share[1] == 1);
	sight_free(&v);
	played_free(&p);
}

/* ---- the shipped scenarios ---- */
static struct played shipped(const char *file)
{
	char why[400] = "";
	struct played p = {.s = scenario_read(file, NULL, why, sizeof why)};

	if (!p.s || !story_make(p.s, &p.t, why, sizeof why))
		fail_msg("%s", why);
	return p;
}

static struct happenings happened(const struct played *p, size_t place)
{
	struct happenings h = {0};
	struct sight v;

	sight_make(&v, &p->t, &p->s->place[place]);
	happen_upstreams(&h, &p->t, &v);
	happen_outages(&h, &p->t, &v);
	happen_origins(&h, &p->t);
	happen_leaks(&h, &p->t);
	sight_free(&v);
	return h;
}

static void is_at(utime_t got, const char *text, utime_t within)
{
	utime_t want;

	assert_true(utime_parse(text, &want));
	if (got < want || got > want + within)
		fail_msg("%s: %ld us away", text, (long)(got - want));
}

static void north_korea(void **state)
{
	struct played p = shipped("scenario/kp-2017");
	struct happenings h = happened(&p, 0);
	const struct happening *e = nth(&h, "upstream-new", "territory", 0);
	utime_t slow = p.s->convergence;

	assert_int_equal(p.s->sessions, 60);
	assert_int_equal(e->upstream, 20485);
	assert_int_equal(e->prefixes, 3); /* not 177 */
	is_at(e->first_seen, "2017-10-01T09:07:51Z", 0);
	is_at(e->end, "2017-10-01T10:14:45Z", slow);
	is_at(nth(&h, "upstream-return", "territory", 0)->first_seen, "2017-10-01T12:21:55Z", 0);
	is_at(nth(&h, "upstream-lost", "prefix", 0)->first_seen, "2017-10-02T07:56:39Z", slow);
	is_at(nth(&h, "upstream-lost", "prefix", 1)->first_seen, "2017-10-02T09:10:29Z", slow);
	assert_null(nth(&h, "upstream-lost", "prefix", 2));
	for (size_t i = 0; i < 4; i++) {
		e = nth(&h, "outage", "territory", i);
		assert_int_equal(e->prefixes, 4);
		assert_in_range(e->end - e->settled, 120 * UTIME_SECOND, 360 * UTIME_SECOND);
		is_at(e->first_seen, "2017-10-01T10:47:00Z", (99 * 60) * UTIME_SECOND);
	}
	assert_null(nth(&h, "outage", "territory", 4));
	happenings_free(&h);
	played_free(&p);
}

static void published_events(void **state)
{
	static const struct {
		const char *file, *kind, *scope, *at;
		asn_t who;
		uint32_t prefixes; /* 0: any */
	} row[] = {
	    {"cuba-2013", "upstream-new", "territory", "2013-01-14T15:02:30Z", 12956, 6},
	    /* 56, and the last six the day after */
	    {"syria-2012", "outage", "territory", "2012-11-29T10:26:10Z", 0, 62},
	    {"youtube-2008", "subprefix-new", "prefix", "2008-02-24T18:47:00Z", 17557, 1},
	    {"leak-2019", "route-leak", "as", "2019-06-06T09:43:00Z", 21217, 16},
	    {"crimea-2014", "upstream-new", "territory", "2014-07-24T09:20:00Z", 201776, 3},
	    {"ru-depeering-2022", "upstream-lost", "prefix", "2022-03-04T17:00:00Z", 174, 0},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char *file = mem_printf("scenario/%s", row[i].file);
		struct played p = shipped(file);
		struct happenings h = happened(&p, 0);
		const struct happening *e;
		size_t n = 0;
		do
			e = nth(&h, row[i].kind, row[i].scope, n++);
		while (e && (e->asn ? e->asn : e->upstream) != row[i].who);
		if (!e)
			fail_msg("%s: no %s of AS%u", file, row[i].kind, row[i].who);
		is_at(e->first_seen, row[i].at, p.s->convergence);
		assert_true(row[i].prefixes == 0 || e->prefixes == row[i].prefixes);
		happenings_free(&h);
		played_free(&p);
		free(file);
	}
}

static void silence(void **state)
{
	static const char *const files[] = {"scenario/collector-restart", "scenario/peer-flap",
	    "scenario/partial-feed-joins", "scenario/zombie"};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct played p = shipped(files[i]);
		for (size_t k = 0; k < p.s->places; k++) {
			struct happenings h = happened(&p, k);
			if (h.n)
				fail_msg("%s: %s", files[i], h.v[0].kind);
			happenings_free(&h);
		}
		played_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(contradictions),
	    cmocka_unit_test(deeds),
	    cmocka_unit_test(sessions),
	    cmocka_unit_test(convergence),
	    cmocka_unit_test(same_seed_same_story),
	    cmocka_unit_test(shares),
	    cmocka_unit_test(north_korea),
	    cmocka_unit_test(published_events),
	    cmocka_unit_test(silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
