/* Tests of the truth of who leads, of shares that move, of unrest and of sessions, each on a few lines worked
 * out by hand. */
#include "sim/played_test.h"

#include <math.h>

/* 6 and 2 have both carriers; what moves is what they prefer. */
#define BOTH "provides 3 6\nprovides 2 3\n"

static struct happenings moved(const struct played *p)
{
	struct happenings h = {0};
	struct sight v;

	sight_make(&v, &p->t, &p->s->place[0]);
	happen_upstreams(&h, &p->t, &v);
	happen_primary(&h, &p->t, &v);
	happen_shifts(&h, &p->t, &v);
	happen_instability(&h, &h, &p->t, &v);
	sight_free(&v);
	return h;
}

static size_t number_of(const struct happenings *h, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		n += strcmp(h->v[i].kind, kind) == 0;
	return n;
}

/* One of the two carriers gone: a loss that makes the other the first, if it was not, and no shift beside. */
static void the_lead_by_hand(void **state)
{
	struct played p = play("at +2h..+2h down 4 5");
	struct happenings h = moved(&p);
	const struct happening *e = nth(&h, "primary-changed", "territory", 0);

	assert_non_null(e);
	assert_int_equal(e->upstream, 3);
	assert_int_equal(e->asn, 4);
	assert_int_equal(e->first_seen, p.s->start + 2 * HOUR);
	assert_int_equal(e->prefixes, 2);
	assert_int_equal(
	    number_of(&h, "primary-changed"), 1); /* back, 4 has no more than half: its own peer is away */
	/* the loss is no shift; back at two vantage ASes 4 is no return, but its share is one, and so is 3's
	 */
	assert_int_equal(number_of(&h, "upstream-lost"), 1);
	assert_int_equal(number_of(&h, "upstream-return"), 0);
	assert_int_equal(number_of(&h, "share-shift"), 2);
	assert_int_equal(nth(&h, "share-shift", "territory", 0)->first_seen, p.s->start + 4 * HOUR);
	happenings_free(&h);
	played_free(&p);
	p = play("at +2h..+25m down 4 5"); /* shorter than half an hour */
	h = moved(&p);
	assert_int_equal(number_of(&h, "primary-changed"), 0);
	assert_int_equal(number_of(&h, "upstream-lost"), 0);
	happenings_free(&h);
	played_free(&p);
}

/* 6 goes over from 3 to 4: four of five to three of five, the first stays the first, no carrier comes or
 * goes. */
static void a_shift_by_hand(void **state)
{
	struct played p = play(BOTH "prefer 6 3 10\nprefer 2 3 10\n"
				    "at +2h prefer 6 3 0\nat +2h prefer 6 4 10");
	struct happenings h = moved(&p);

	for (size_t i = 0; i < 2; i++) {
		const struct happening *e = nth(&h, "share-shift", "territory", i);
		assert_non_null(e);
		assert_int_equal(e->first_seen, p.s->start + 2 * HOUR);
		assert_int_equal(e->end, p.s->start + 2 * HOUR);
		assert_true(fabs(fabs(e->after - e->before) - 0.2) < 1e-9);
		assert_int_equal(e->prefixes, 2);
	}
	assert_int_equal(h.n, 2);
	happenings_free(&h);
	played_free(&p);
}

/* Five changes within an hour, from the first to the last; four are none. */
static void unrest_by_hand(void **state)
{
	struct played p = play("at +2h..+40m flap 5 10.6.0.0/16 every 10m");
	struct happenings h = moved(&p);
	const struct happening *e = nth(&h, "instability", "prefix", 0);

	assert_non_null(e);
	assert_int_equal(e->first_seen, p.s->start + 2 * HOUR);
	assert_true(
	    e->end >= p.s->start + 2 * HOUR + 35 * MINUTE && e->end < p.s->start + 2 * HOUR + 36 * MINUTE);
	assert_int_equal(e->prefixes, 1);
	assert_int_equal(number_of(&h, "instability"), 1);
	happenings_free(&h);
	played_free(&p);
	p = play("at +2h..+20m flap 5 10.6.0.0/16 every 10m");
	h = moved(&p);
	assert_int_equal(number_of(&h, "instability"), 0);
	happenings_free(&h);
	played_free(&p);
}

/* Of five changes within an hour one is 7's coming: told as a new carrier where three vantage ASes see it,
 * and then four are none; where one does it is told as nothing else. */
static void what_a_carrier_tells_is_no_unrest(void **state)
{
	static const asn_t prefers[] = {7, 4};

	for (size_t i = 0; i < 2; i++) {
		char *text =
		    mem_printf("provides 2 7\nprovides 7 6\nprovides 7 5 down\nprovides 4 8\n"
			       "peer 7 198.18.0.6\npeer 8 198.18.0.7\nprefer 2 %u 10\nprefer 6 %u 10\n"
			       "at +2h..+40m flap 5 10.6.0.0/16 every 20m\nat +135m up 7 5",
			prefers[i], prefers[i]);
		struct played p = play(text);
		struct happenings h = moved(&p);
		assert_int_equal(number_of(&h, "upstream-new"), i == 0);
		assert_int_equal(number_of(&h, "instability"), i == 1);
		assert_int_equal(number_of(&h, "upstream-lost"), 0);
		happenings_free(&h);
		played_free(&p);
		free(text);
	}
}

/* It must outlast the time in which an upstream counts as lost, and five minutes more. */
static void a_share_soon_back_is_no_shift(void **state)
{
	static const char *const back[] = {"34m", "36m"};

	for (size_t i = 0; i < 2; i++) {
		char *text = mem_printf(BOTH "prefer 2 3 10\nprefer 6 3 10\n"
					     "at +2h..+%s prefer 6 3 0\nat +2h..+%s prefer 6 4 10",
		    back[i], back[i]);
		struct played p = play(text);
		struct happenings h = moved(&p);
		assert_int_equal(number_of(&h, "share-shift"), i ? 2 : 0);
		if (i) /* and it is over with the move back, for an hour without follows */
			assert_int_equal(
			    nth(&h, "share-shift", "territory", 0)->end, p.s->start + 2 * HOUR + 36 * MINUTE);
		happenings_free(&h);
		played_free(&p);
		free(text);
	}
}

/* ---- what the four words of design 6 mean at the edges ---- */

/* 6 goes over to 3, which then leads by three of five, and comes back. */
static void the_reverse_ends_a_lead(void **state)
{
	struct played p =
	    play(BOTH "prefer 6 4 10\nprefer 2 4 10\nat +1h prefer 6 4 0\nat +1h prefer 6 3 10\n"
		      "at +3h prefer 6 3 0\nat +3h prefer 6 4 10");
	struct happenings h = moved(&p);
	const struct happening *to = nth(&h, "primary-changed", "territory", 0),
			       *back = nth(&h, "primary-changed", "territory", 1);

	assert_non_null(back);
	assert_int_equal(to->upstream, 3);
	assert_int_equal(to->first_seen, p.s->start + HOUR);
	assert_int_equal(to->end, p.s->start + 3 * HOUR);
	assert_int_equal(back->upstream, 4);
	assert_int_equal(back->first_seen, p.s->start + 3 * HOUR);
	assert_true(back->end == UTIME_NONE);
	assert_int_equal(number_of(&h, "primary-changed"), 2);
	happenings_free(&h);
	played_free(&p);
}

/* Then 1 and 3, who see it through 3, are away: of those left two of three see it through 4. Nothing has
 * moved, so nothing new is told; but 3 leads no longer. */
static void a_lead_ends_unseen(void **state)
{
	struct played p =
	    play(BOTH "prefer 6 4 10\nprefer 2 4 10\nat +1h prefer 6 4 0\nat +1h prefer 6 3 10\n"
		      "at +3h..+2h reset a 1\nat +3h..+2h reset a 3");
	struct happenings h = moved(&p);
	const struct happening *e = nth(&h, "primary-changed", "territory", 0);

	assert_non_null(e);
	assert_int_equal(e->upstream, 3);
	assert_int_equal(e->end, p.s->start + 3 * HOUR);
	assert_int_equal(number_of(&h, "primary-changed"), 1); /* nor when they are back */
	happenings_free(&h);
	played_free(&p);
}

/* A prefix comes back eight seconds before 6, or 2 too, goes over from 3 to 4: that is no sign of it. */
static void a_share_begins_with_a_route_that_goes_over(void **state)
{
	static const char *const kind[] = {"share-shift", "primary-changed"};
	static const char *const rest[] = {"prefer 6 3 0\nat +2h prefer 6 4 10",
	    "prefer 6 3 0\nat +2h prefer 6 4 10\nat +2h prefer 2 3 0\nat +2h prefer 2 4 10"};

	for (size_t i = 0; i < 2; i++) {
		char *text = mem_printf(BOTH
		    "prefer 6 3 10\nprefer 2 3 10\nprovides 4 7\npeer 7 198.18.0.6\nat +2h %s\n"
		    "at +7172s..+20s withdraw 5 10.6.0.0/16",
		    rest[i]);
		struct played p = play(text);
		struct happenings h = moved(&p);
		const struct happening *e = nth(&h, kind[i], "territory", 0);
		assert_non_null(e);
		assert_int_equal(e->first_seen, p.s->start + 2 * HOUR);
		assert_int_equal(number_of(&h, kind[i]), i ? 1 : 2);
		happenings_free(&h);
		played_free(&p);
		free(text);
	}
}

/* 2 and 6 take one /16 over to 4; then 1, who sees both through 3, is away: that moves the other to nobody.
 */
static void a_shift_is_of_what_moved(void **state)
{
	struct played p = play(BOTH "tie lowest\nat +2h announce 5 10.5.0.0/16 prepend 2 toward 3\n"
				    "at +130m..+3h reset a 1");
	struct happenings h = moved(&p);

	for (size_t i = 0; i < 2; i++) {
		const struct happening *e = nth(&h, "share-shift", "territory", i);
		assert_non_null(e);
		assert_in_range(
		    e->first_seen, p.s->start + 2 * HOUR, p.s->start + 2 * HOUR + p.s->convergence);
		assert_int_equal(e->prefixes, 1);
		assert_true(prefix_equal(&p.t.prefix[e->prefix[0]], &p.s->place[0].prefixes.v[0]));
	}
	assert_int_equal(number_of(&h, "share-shift"), 2);
	happenings_free(&h);
	played_free(&p);
}

/* 4 is seen by 2 and 4 alone; that they are away for an hour is no loss of it, what they see go later is. */
static void who_goes_away_loses_nothing(void **state)
{
	struct played p = play("provides 3 6\nprefer 6 3 10\nat +2h..+1h reset b 2\nat +2h..+1h reset b 4\n"
			       "at +4h down 4 5");
	struct happenings h = moved(&p);
	const struct happening *e = nth(&h, "upstream-lost", "territory", 0);

	assert_non_null(e);
	assert_int_equal(e->upstream, 4);
	assert_int_equal(e->first_seen, p.s->start + 4 * HOUR);
	assert_int_equal(number_of(&h, "upstream-lost"), 1);
	assert_int_equal(number_of(&h, "upstream-return"), 0);
	happenings_free(&h);
	played_free(&p);
}

/* Back while its collector is off, a session is seen to be back when that writes again; one that goes
 * meanwhile is never seen to go. */
static void a_session_is_back_when_it_is_written(void **state)
{
	struct played p = play("at +50m..+40m reset a 1\nat +1h..+1h restart a\nat +70m..+10m reset a 3\n"
			       "at +3h..+10m reset a 6");
	struct happenings h = {0};
	const struct happening *e;

	happen_health(&h, &p.t);
	e = nth(&h, "peer-reset", "health", 0);
	assert_int_equal(e->asn, 1);
	assert_int_equal(e->first_seen, p.s->start + 50 * MINUTE);
	assert_int_equal(e->end, p.s->start + 2 * HOUR);
	e = nth(&h, "peer-reset", "health", 1);
	assert_int_equal(e->asn, 6);
	assert_int_equal(e->end, p.s->start + 3 * HOUR + 10 * MINUTE);
	assert_int_equal(number_of(&h, "peer-reset"), 2);
	assert_int_equal(number_of(&h, "collector-gap"), 1);
	happenings_free(&h);
	played_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lead_by_hand),
	    cmocka_unit_test(a_shift_by_hand),
	    cmocka_unit_test(unrest_by_hand),
	    cmocka_unit_test(what_a_carrier_tells_is_no_unrest),
	    cmocka_unit_test(a_share_soon_back_is_no_shift),
	    cmocka_unit_test(the_reverse_ends_a_lead),
	    cmocka_unit_test(a_lead_ends_unseen),
	    cmocka_unit_test(a_share_begins_with_a_route_that_goes_over),
	    cmocka_unit_test(a_shift_is_of_what_moved),
	    cmocka_unit_test(who_goes_away_loses_nothing),
	    cmocka_unit_test(a_session_is_back_when_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
