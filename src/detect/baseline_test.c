/*
 * detect: what counts as there before. Updates that come before the first table dump make no news, however
 * much they say and though sessions come up meanwhile; what differs from the dump does. Without a dump the
 * first hour makes no news, nor what is found later to have begun in it.
 */
#include "detect/detect.h"

#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PEERS = 4, PREFIXES = 4 };
#define START  (INT64_C(1500000000) * UTIME_SECOND)
#define MIN    (60 * UTIME_SECOND)
#define HOLDER "20.0.0.0/16"

struct world {
	struct peer_key peer[PEERS];
	struct table *t;
	struct source *s;
	struct facts *f;
	const struct territory *who;
	struct detect *d;
	unsigned told;
	utime_t earliest;  /* first sign of any */
	struct event last; /* without what it owns */
	size_t samples;
	double share; /* of AS301 */
};

static void on_event(void *arg, const struct event *e)
{
	struct world *w = arg;

	if (!w->told++ || e->first_seen < w->earliest)
		w->earliest = e->first_seen;
	w->last = *e;
}

static void hear(struct world *w, struct out *bytes)
{
	struct changes c = {0};

	assert_int_equal(feed(w->t, w->s, bytes, &c), 0);
	detect_changes(w->d, c.v, c.n);
	free(c.v);
	out_close(bytes);
}

#define ALL "20.0.0.0/24 20.0.1.0/24 20.0.2.0/24 20.0.3.0/24"

/* Peers from..to-1, a second apart, have these through this carrier. */
static void some_say(
    struct world *w, utime_t at, unsigned from, unsigned to, unsigned carrier, const char *prefixes)
{
	for (unsigned k = from; k < to; k++) {
		char path[32];
		struct out o;
		snprintf(path, sizeof path, "%u %u 900", w->peer[k].asn, carrier);
		out_open_mem(&o);
		mk_announce(&o, at + k * UTIME_SECOND, &w->peer[k], path, prefixes);
		hear(w, &o);
	}
}

static void all_say(struct world *w, utime_t at, unsigned carrier, const char *prefixes)
{
	some_say(w, at, 0, PEERS, carrier, prefixes);
}

static void dump_part(struct world *w, utime_t at, unsigned from, unsigned to)
{
	struct out o;

	out_open_mem(&o);
	if (from == 0)
		mk_peers(&o, at, w->peer, PEERS);
	for (unsigned i = from; i < to; i++) {
		struct said_entry entry[PEERS];
		char prefix[32], path[PEERS][32];
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", i);
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(path[k], sizeof path[k], "%u 301 900", w->peer[k].asn);
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(&o, at, prefix, false, entry, PEERS);
	}
	hear(w, &o);
}

static void dump(struct world *w, utime_t at)
{
	dump_part(w, at, 0, PREFIXES);
}

static void sessions_come_up(struct world *w, utime_t at)
{
	struct out o;

	out_open_mem(&o);
	for (unsigned k = 0; k < PEERS; k++)
		mk_state(&o, at, &w->peer[k], 5, 6);
	hear(w, &o);
}

static int up_with(void **state, bool baseline)
{
	struct world *w = calloc(1, sizeof *w);
	struct detect_options o = detect_defaults;
	const char *why;

	for (unsigned i = 0; i < PEERS; i++) {
		char addr[32];
		snprintf(addr, sizeof addr, "192.0.2.%u", i + 1);
		w->peer[i] = mk_peer(addr, 100 + i);
	}
	w->t = table_new(&(struct table_options){0});
	w->s = source_new(w->t, "rrc99");
	w->f = facts_load(&(struct facts_options){.no_default = true});
	w->who = territory_find(w->f, HOLDER, &why);
	assert_non_null(w->who);
	o.who = &w->who;
	o.whos = 1;
	o.baseline = baseline;
	w->d = detect_new(w->t, w->f, &o, on_event, w);
	*state = w;
	return 0;
}

static int up(void **state)
{
	return up_with(state, true);
}

static int up_without_dump(void **state)
{
	return up_with(state, false);
}

static int down(void **state)
{
	struct world *w = *state;

	detect_free(w->d);
	source_free(w->s);
	table_free(w->t);
	facts_free(w->f);
	free(w);
	return 0;
}

static void test_nothing_is_news_before_the_dump(void **state)
{
	struct world *w = *state;

	sessions_come_up(w, START);
	all_say(w, START + 10 * UTIME_SECOND, 300, ALL);
	detect_tick(w->d, START + 3 * MIN);
	all_say(w, START + 4 * MIN, 301, ALL);
	for (utime_t at = START + 5 * MIN; at < START + 50 * MIN; at += MIN)
		detect_tick(w->d, at);
	assert_int_equal(w->told, 0);

	dump(w, START + 50 * MIN);
	all_say(w, START + 52 * MIN, 301, ALL);
	assert_int_equal(w->told, 0);
	all_say(w, START + 53 * MIN, 302, ALL);
	for (utime_t at = START + 54 * MIN; at < START + 64 * MIN; at += MIN)
		detect_tick(w->d, at);
	assert_true(w->told > 0);
	assert_int_equal(w->last.upstream, 302);
}

static void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++)
		w->share = v[i].upstream == 301 ? (double)v[i].share : w->share;
	w->samples += n;
}

/* Half a table would be told as shares of half the prefixes, by half the peers. */
static void test_no_share_is_told_before_a_dump_is_whole(void **state)
{
	struct world *w = *state;

	detect_on_sample(w->d, on_samples, w);
	dump_part(w, START, 0, 2);
	detect_tick(w->d, START + MIN / 2);
	dump_part(w, START + MIN / 2, 2, PREFIXES);
	detect_tick(w->d, START + MIN / 2 + UTIME_SECOND);
	assert_int_equal(w->samples, 0);
	all_say(w, START + 2 * MIN, 301, "20.0.0.0/24"); /* the first word after a dump ends it */
	detect_tick(w->d, START + 3 * MIN);
	assert_true(w->samples > 0);
	assert_true(w->share > 1 - 1e-6);
	assert_int_equal(w->told, 0);
}

static void pass(struct world *w, utime_t from, utime_t to)
{
	for (utime_t at = from; at < to; at += MIN)
		detect_tick(w->d, at);
}

static void test_what_began_in_the_warm_up_is_no_news(void **state)
{
	struct world *w = *state;
	const utime_t lost = START + 45 * MIN, armed = START + 60 * MIN;

	some_say(w, START, 0, 3, 300, ALL);
	some_say(w, START + MIN, 0, 3, 301, "20.0.1.0/24 20.0.2.0/24");
	pass(w, START + 2 * MIN, lost);
	some_say(w, lost, 0, 3, 300, "20.0.1.0/24 20.0.2.0/24"); /* the last paths through AS301 end */
	pass(w, lost + MIN, armed + MIN);
	some_say(w, armed + MIN, 3, PEERS, 300, ALL); /* one more votes: what is gone is looked for */
	pass(w, armed + 2 * MIN, START + 130 * MIN);
	assert_int_equal(w->told, 0);
	all_say(w, START + 130 * MIN, 302, ALL);
	pass(w, START + 131 * MIN, START + 180 * MIN);
	assert_true(w->told > 0);
	assert_true(w->earliest > armed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing_is_news_before_the_dump, up, down),
	    cmocka_unit_test_setup_teardown(test_no_share_is_told_before_a_dump_is_whole, up, down),
	    cmocka_unit_test_setup_teardown(test_what_began_in_the_warm_up_is_no_news, up_without_dump, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
