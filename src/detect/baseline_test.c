/*
 * detect: what counts as there before, on the world of world_test.h before anybody spoke. Updates that come
 * before the first table dump make no news, however much they say and though sessions come up meanwhile; what
 * differs from the dump does. Without a dump the first hour makes no news, nor what is found later to have
 * begun in it.
 */
#include "detect/world_test.h"

/* The first four peers have these through this carrier. */
static void some_say(struct world *w, utime_t at, const char *rest, const char *prefixes)
{
	all_say(w, at, 0, 4, rest, prefixes);
}

/* A dump's records of some of the four prefixes, each through AS301 at the first four peers. */
static void dump_part(struct world *w, utime_t at, unsigned from, unsigned to)
{
	struct out o;

	out_open_mem(&o);
	if (from == 0)
		mk_peers(&o, at, w->peer, 4);
	for (unsigned i = from; i < to; i++) {
		struct said_entry entry[4];
		char prefix[32], path[4][32];
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", i);
		for (unsigned k = 0; k < 4; k++) {
			snprintf(path[k], sizeof path[k], "%u 301 900", w->peer[k].asn);
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(&o, at, prefix, false, entry, 4);
	}
	w->at = at;
	hear(w, &o);
}

static int up_with_dump(void **state)
{
	*state = world_new(HOLDER, NULL, 0, true);
	return 0;
}

static int up_without_dump(void **state)
{
	*state = world_new(HOLDER, NULL, 0, false);
	return 0;
}

static void test_nothing_is_news_before_the_dump(void **state)
{
	struct world *w = *state;

	all_states(w, START, 0, 4, 5, 6);
	some_say(w, START + 10 * UTIME_SECOND, "300 900", FOUR);
	detect_tick(w->d, START + 3 * MIN);
	some_say(w, START + 4 * MIN, "301 900", FOUR);
	pass(w, START + 49 * MIN);
	assert_int_equal(w->n, 0);

	dump_part(w, START + 50 * MIN, 0, 4);
	some_say(w, START + 52 * MIN, "301 900", FOUR);
	assert_int_equal(w->n, 0);
	some_say(w, START + 53 * MIN, "302 900", FOUR);
	pass(w, START + 63 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->upstream, 302);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->first_seen, START + 53 * MIN);
}

/* Half a table would be told as shares of half the prefixes, by half the peers. */
static void test_no_share_is_told_before_a_dump_is_whole(void **state)
{
	struct world *w = *state;
	float share = 0;

	dump_part(w, START, 0, 2);
	detect_tick(w->d, START + MIN / 2);
	dump_part(w, START + MIN / 2, 2, 4);
	detect_tick(w->d, START + MIN / 2 + UTIME_SECOND);
	assert_int_equal(w->samples, 0);
	some_say(w, START + 2 * MIN, "301 900", "20.0.0.0/24"); /* the first word after a dump ends it */
	detect_tick(w->d, START + 3 * MIN);
	for (size_t i = 0; i < w->samples; i++)
		share = w->sample[i].upstream == 301 ? w->sample[i].share : share;
	assert_true((double)share > 1 - 1e-6);
	assert_int_equal(w->n, 0);
}

static void test_what_began_in_the_warm_up_is_no_news(void **state)
{
	struct world *w = *state;
	const utime_t lost = START + 45 * MIN, armed = START + 60 * MIN;

	all_say(w, START, 0, 3, "300 900", FOUR);
	all_say(w, START + MIN, 0, 3, "301 900", "20.0.1.0/24 20.0.2.0/24");
	pass(w, lost - MIN);
	all_say(w, lost, 0, 3, "300 900", "20.0.1.0/24 20.0.2.0/24"); /* the last paths through AS301 end */
	pass(w, armed);
	all_say(w, armed + MIN, 3, 4, "300 900", FOUR); /* one more votes: what is gone is looked for */
	pass(w, START + 129 * MIN);
	assert_int_equal(w->n, 0);
	some_say(w, START + 130 * MIN, "302 900", FOUR);
	pass(w, START + 179 * MIN);
	assert_true(w->n > 0);
	for (size_t i = 0; i < w->n; i++)
		assert_true(!w->told[i].id || w->told[i].first_seen > armed);
}

/*
 * A prefix gained, lost, told as lost with one that went half an hour before, and gained again within the
 * five minutes of its first gain: it is named once.
 */
static void test_gained_twice_is_one_prefix(void **state)
{
	struct world *w = *state;
	const utime_t lost = START + 90 * MIN, gain = lost + 33 * MIN;

	all_say(w, START, 0, PEERS, "300 900", FOUR);
	all_say(w, START + MIN, 0, PEERS, "400 900", "20.0.1.0/24 20.0.2.0/24");
	pass(w, lost - MIN);
	all_say(w, lost, 0, PEERS, "300 900", "20.0.1.0/24");
	pass(w, gain - MIN);
	all_say(w, gain, 0, PEERS, "400 900", "20.0.0.0/24");
	all_say(w, gain + MIN, 0, PEERS, "300 900", "20.0.0.0/24");
	pass(w, gain + 4 * MIN);
	assert_non_null(of(w, EVENT_UPSTREAM_LOST, 400));
	assert_int_equal(of(w, EVENT_UPSTREAM_LOST, 400)->prefixes, 2);
	all_say(w, gain + 4 * MIN, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, gain + 20 * MIN);
	assert_non_null(of(w, EVENT_UPSTREAM_RETURN, 400));
	assert_int_equal(of(w, EVENT_UPSTREAM_RETURN, 400)->prefixes, 1);
	assert_true(of(w, EVENT_UPSTREAM_RETURN, 400)->end == UTIME_NONE);
}

/* With no time to wait, a loss in the dark is still asked for later, not for ever in one moment. */
static void test_lost_at_once(void **state)
{
	struct world *w = *state;
	struct detect_options o = detect_defaults;

	o.who = &w->who;
	o.whos = 1;
	o.lost_after = 0;
	detect_free(w->d);
	w->d = detect_new(w->t, w->f, &o, on_event, w);
	baseline(w);
	all_say(w, START + 10 * MIN, 0, PEERS, NULL, FOUR);
	pass(w, START + 20 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->prefixes, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing_is_news_before_the_dump, up_with_dump, down),
	    cmocka_unit_test_setup_teardown(test_no_share_is_told_before_a_dump_is_whole, up_with_dump, down),
	    cmocka_unit_test_setup_teardown(test_what_began_in_the_warm_up_is_no_news, up_without_dump, down),
	    cmocka_unit_test_setup_teardown(test_gained_twice_is_one_prefix, up_without_dump, down),
	    cmocka_unit_test_setup_teardown(test_lost_at_once, up_with_dump, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
