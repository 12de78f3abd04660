/*
 * detect: peers that go away and come back, on the world of world_test.h. Their going is health and no
 * happening; what they show when they are back counts from when it was first seen.
 */
#include "detect/world_test.h"

#define ALL_SIX FOUR " 21.0.0.0/16 22.0.0.0/16"

/* They come up and tell their tables within one second: all that the baseline had, the four prefixes by
 * `rest`. */
static void all_back(
    struct world *w, utime_t at, unsigned from, unsigned to, const char *rest, const char *prefixes)
{
	struct out o;

	out_open_mem(&o);
	for (unsigned i = from; i < to; i++)
		mk_state(&o, at, &w->peer[i], 1, 6);
	for (unsigned i = from; i < to; i++) {
		const struct peer_key *p = &w->peer[i];
		char path[64];
		snprintf(path, sizeof path, "%u 300 900", p->asn);
		mk_announce(&o, at + 1, p, path, FOUR);
		snprintf(path, sizeof path, "%u %s", p->asn, rest);
		mk_announce(&o, at + 2, p, path, prefixes);
		snprintf(path, sizeof path, "%u 400 901", p->asn);
		mk_announce(&o, at + 3, p, path, "21.0.0.0/16");
		snprintf(path, sizeof path, "%u 400 902", p->asn);
		mk_announce(&o, at + 4, p, path, "22.0.0.0/16");
	}
	w->at = at;
	hear(w, &o);
}

/* Three peers saw it go, the others were away then and came back without it. Nothing else moves after that.
 */
static void test_lost_while_some_were_away(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, lost = at + 60 * MIN, back = lost + 10 * MIN;

	all_say(w, at, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, lost - 10 * MIN);
	all_states(w, lost - 5 * MIN, 3, PEERS, 6, 1);
	all_say(w, lost, 0, 3, "300 900", "20.0.0.0/24");
	pass(w, back);
	all_states(w, back, 3, PEERS, 1, 6);
	all_say(w, back, 3, PEERS, "300 900", FOUR);
	all_say(w, back + 5 * UTIME_SECOND, 3, PEERS, "400 901", "21.0.0.0/16");
	all_say(w, back + 10 * UTIME_SECOND, 3, PEERS, "400 902", "22.0.0.0/16");
	pass(w, back + 60 * MIN);
	assert_non_null(of(w, EVENT_UPSTREAM_LOST, 400));
	assert_int_equal(of(w, EVENT_UPSTREAM_LOST, 400)->first_seen, lost);
	assert_int_equal(count(w, EVENT_SHARE_SHIFT), 0);
	assert_int_equal(count(w, EVENT_OUTAGE), 0);
}

/* A carrier seen by those alone who went away is not lost. */
static void test_away_with_those_who_saw_it(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 3, PEERS, "400 900", "20.0.0.0/24");
	pass(w, START + 60 * MIN);
	all_states(w, START + 60 * MIN, 3, PEERS, 6, 1);
	pass(w, START + 240 * MIN);
	assert_null(of(w, EVENT_UPSTREAM_LOST, 400));
}

static void test_sessions_lost_are_no_outage(void **state)
{
	struct world *w = *state;
	struct out o;

	all_say(w, START + 5 * MIN, 0, PEERS, "300 900", FOUR);
	out_open_mem(&o);
	for (unsigned i = 0; i < 5; i++)
		mk_state(&o, START + 10 * MIN + i * UTIME_SECOND, &w->peer[i], 6, 1);
	hear(w, &o);
	pass(w, START + 60 * MIN);
	assert_int_equal(count(w, EVENT_PEER_RESET), 5);
	assert_int_equal(w->n, 5); /* and nothing else */
}

/* Those who saw it are back without it, and nobody has seen it go: their tables are other ones, no more is
 * known. */
static void test_nothing_is_lost_that_nobody_saw_go(void **state)
{
	struct world *w = *state;
	utime_t away = START + 60 * MIN, back = away + 10 * MIN;

	all_say(w, START + 10 * MIN, 3, PEERS, "400 900", "20.0.0.0/24");
	pass(w, away);
	all_states(w, away, 3, PEERS, 6, 1);
	pass(w, back);
	all_back(w, back, 3, PEERS, "300 900", FOUR);
	pass(w, back + 120 * MIN);
	assert_true(only(w, EVENT_UPSTREAM_NEW)->end == UTIME_NONE);
	assert_int_equal(count(w, EVENT_UPSTREAM_LOST), 0);
	assert_int_equal(count(w, EVENT_SHARE_SHIFT), 0);
}

/* What they say half a minute later is said by peers that are there. */
static void test_a_table_that_is_whole_again_votes(void **state)
{
	struct world *w = *state;
	utime_t away = START + 60 * MIN, back = away + 10 * MIN, at = back + 30 * UTIME_SECOND;

	pass(w, away);
	all_states(w, away, 3, PEERS, 6, 1);
	pass(w, back);
	all_back(w, back, 3, PEERS, "300 900", FOUR);
	all_say(w, at, 3, PEERS, "400 900", "20.0.1.0/24");
	pass(w, at + 10 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->upstream, 400);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->first_seen, at);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->vantage, 3);
}

/* A tenth may be missing for two minutes; what those then say who vote again is news, what they said is not.
 */
static void test_a_table_not_whole_waits(void **state)
{
	struct world *w = *state;
	utime_t away = START + 60 * MIN, back = away + 10 * MIN, at = back + 30 * UTIME_SECOND;

	all_say(w, START + 10 * MIN, 0, PEERS, "400 903",
	    "23.0.0.0/16 23.1.0.0/16 23.2.0.0/16 23.3.0.0/16 23.4.0.0/16 23.5.0.0/16");
	pass(w, away);
	all_states(w, away, 3, PEERS, 6, 1);
	pass(w, back);
	all_back(w, back, 3, PEERS, "300 900", FOUR);
	all_say(w, back + 5 * UTIME_SECOND, 3, PEERS, "400 903",
	    "23.0.0.0/16 23.1.0.0/16 23.2.0.0/16 23.3.0.0/16 23.4.0.0/16");
	all_say(w, at, 3, PEERS, "400 900", "20.0.1.0/24");
	pass(w, at + 10 * MIN);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 0);
}

/* Two are too few to tell by; those who come back show more of it, which began when it was first seen. */
static void test_new_upstream_shown_by_those_who_come_back(void **state)
{
	struct world *w = *state;
	utime_t away = START + 10 * MIN, at = away + 5 * MIN, back = away + 20 * MIN;

	all_states(w, away, 3, PEERS, 6, 1);
	pass(w, at - MIN);
	all_say(w, at, 0, 2, "400 900", "20.0.0.0/24 20.0.2.0/24");
	pass(w, back);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 0);
	all_back(w, back, 3, PEERS, "400 900", FOUR);
	pass(w, back + 10 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->upstream, 400);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->first_seen, at);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->prefixes, 2); /* of the others nobody saw it come */
}

/* The same where one prefix was told by three before: the event grows when the others are back. */
static void test_new_upstream_grows_with_those_who_come_back(void **state)
{
	struct world *w = *state;
	utime_t away = START + 10 * MIN, at = away + 5 * MIN, back = away + 20 * MIN;

	all_states(w, away, 3, PEERS, 6, 1);
	pass(w, at - MIN);
	all_say(w, at, 0, 3, "400 900", "20.0.0.0/24");
	all_say(w, at + 5 * UTIME_SECOND, 0, 2, "400 900", "20.0.2.0/24");
	pass(w, back);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->prefixes, 1);
	all_back(w, back, 3, PEERS, "400 900", "20.0.0.0/24 20.0.2.0/24");
	pass(w, back + 10 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->first_seen, at);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->prefixes, 2);
}

/* One word a minute, so that silence says something. */
static void talk(struct world *w, utime_t to)
{
	while (w->at + MIN < to) {
		bool odd = w->at / MIN % 2;
		says(w, w->at + MIN, 0, odd ? "100 400 901" : "100 400 500 901", "21.0.0.0/16");
	}
}

/* Tables told anew after the collector was silent are no part of a move that is under way. */
static void test_a_table_told_anew_moves_nothing(void **state)
{
	struct world *w = *state;
	utime_t at = START + 120 * MIN, back = at + 15 * MIN;

	all_say(w, START + 10 * MIN, 0, 3, "400 900", "20.0.0.0/24");
	talk(w, at);
	all_say(w, at, 4, PEERS, "400 900", "20.0.1.0/24 20.0.2.0/24");
	talk(w, at + 5 * MIN);
	all_back(w, back, 0, 3, "400 900", "20.0.0.0/24");
	all_back(w, back, 3, 4, "300 900", FOUR);
	all_back(w, back, 4, PEERS, "400 900", "20.0.1.0/24 20.0.2.0/24");
	talk(w, at + 90 * MIN);
	assert_int_equal(count(w, EVENT_COLLECTOR_GAP), 1);
	assert_non_null(of(w, EVENT_SHARE_SHIFT, 300));
	assert_int_equal(of(w, EVENT_SHARE_SHIFT, 300)->first_seen, at);
	assert_int_equal(of(w, EVENT_SHARE_SHIFT, 300)->prefixes, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_lost_while_some_were_away),
	    IN_WORLD(test_away_with_those_who_saw_it),
	    IN_WORLD(test_sessions_lost_are_no_outage),
	    IN_WORLD(test_nothing_is_lost_that_nobody_saw_go),
	    IN_WORLD(test_a_table_that_is_whole_again_votes),
	    IN_WORLD(test_a_table_not_whole_waits),
	    IN_WORLD(test_new_upstream_shown_by_those_who_come_back),
	    IN_WORLD(test_new_upstream_grows_with_those_who_come_back),
	    IN_WORLD(test_a_table_told_anew_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
