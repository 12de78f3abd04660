/*
 * detect: the rules, on the world of world_test.h: who carries, who leads, what goes dark, who originates.
 */
#include "detect/world_test.h"

#include <unistd.h>

/* ---- carriers ---- */

static void test_new_upstream_at_its_first_word(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;
	const struct event *e;

	all_say(w, at, 0, 2, "400 900", "20.0.0.0/24 20.0.2.0/24");
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 0); /* two vantage ASes are too few */
	all_say(w, at + 2 * UTIME_SECOND, 2, 5, "400 900", "20.0.0.0/24 20.0.2.0/24");
	pass(w, at + 20 * MIN);
	e = only(w, EVENT_UPSTREAM_NEW);
	assert_int_equal(e->upstream, 400);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->confirmed, at + 2 * UTIME_SECOND);
	assert_int_equal(e->prefixes, 2);
	assert_int_equal(e->vantage, 5);
	assert_int_equal(e->scope, SCOPE_TERRITORY);
	assert_true(e->end == UTIME_NONE);
	assert_int_equal(e->evidences, EVIDENCE_MAX);
	assert_int_equal(e->evidence[0].before[1], 300);
	assert_int_equal(e->evidence[0].after[1], 400);
}

static void test_lost_and_back_is_one_episode(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, lost = at + 60 * MIN, back = lost + 90 * MIN;
	const struct event *e;

	all_say(w, at, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, lost - MIN);
	all_say(w, lost, 0, PEERS, "300 900", "20.0.0.0/24");
	pass(w, lost + 29 * MIN);
	assert_null(of(w, EVENT_UPSTREAM_LOST, 400));
	pass(w, lost + 40 * MIN);
	e = of(w, EVENT_UPSTREAM_LOST, 400);
	assert_non_null(e);
	assert_int_equal(e->first_seen, lost); /* the first path of the last decline */
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->end, lost);
	all_say(w, back, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, back + 20 * MIN);
	assert_int_equal(of(w, EVENT_UPSTREAM_RETURN, 400)->first_seen, back);
	assert_int_equal(of(w, EVENT_UPSTREAM_RETURN, 400)->episode, only(w, EVENT_UPSTREAM_NEW)->episode);
	assert_int_equal(of(w, EVENT_UPSTREAM_LOST, 400)->end, back);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 1);
}

/* Two of six go over with every prefix: no lead changes, no carrier comes that was not there. */
static void test_share_shift_until_it_settles(void **state)
{
	struct world *w = *state;
	utime_t at = START + 120 * MIN, more = at + 50 * MIN;
	const struct event *e;

	all_say(w, START + 10 * MIN, 0, 3, "400 900", "20.0.0.0/24");
	pass(w, at - MIN);
	all_say(w, at, 4, PEERS, "400 900", "20.0.1.0/24 20.0.2.0/24");
	pass(w, at + 34 * MIN);
	assert_int_equal(count(w, EVENT_SHARE_SHIFT), 0);
	pass(w, at + 45 * MIN);
	e = of(w, EVENT_SHARE_SHIFT, 400);
	assert_non_null(e);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->prefixes, 2);
	assert_true(e->before > 0.12 && e->before < 0.13 && e->after > 0.29 && e->after < 0.30);
	assert_non_null(of(w, EVENT_SHARE_SHIFT, 300));
	all_say(w, more, 4, PEERS, "400 900", "20.0.3.0/24"); /* it goes on */
	pass(w, more + 63 * MIN);
	assert_int_equal(of(w, EVENT_SHARE_SHIFT, 400)->end, more + UTIME_SECOND);
	assert_int_equal(count(w, EVENT_SHARE_SHIFT), 2);
}

/* Two peers that had it for four seconds ten seconds before do not make the return older. */
static void test_return_is_not_the_flap_before(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, lost = at + 60 * MIN, back = lost + 90 * MIN;

	all_say(w, at, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, lost - MIN);
	all_say(w, lost, 0, PEERS, "300 900", "20.0.0.0/24");
	pass(w, lost + 40 * MIN);
	all_say(w, back - 10 * UTIME_SECOND, 0, 2, "400 900", "20.0.0.0/24");
	all_say(w, back - 6 * UTIME_SECOND, 0, 2, "300 900", "20.0.0.0/24");
	all_say(w, back, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, back + 20 * MIN);
	assert_int_equal(of(w, EVENT_UPSTREAM_RETURN, 400)->first_seen, back);
}

/*
 * Two peers have it for ten seconds, twenty seconds later all six for half a minute: the loss is of those
 * six, and nothing ends before it began. Of the carrier's only prefix, and of one of two.
 */
static void flaps_and_stays_half_a_minute(struct world *w, utime_t at)
{
	const struct event *e;

	all_say(w, at, 0, 2, "400 900", "20.0.0.0/24");
	all_say(w, at + 10 * UTIME_SECOND, 0, 2, "300 900", "20.0.0.0/24");
	all_say(w, at + 30 * UTIME_SECOND, 0, PEERS, "400 900", "20.0.0.0/24");
	all_say(w, at + 60 * UTIME_SECOND, 0, PEERS, "300 900", "20.0.0.0/24");
	pass(w, at + 40 * MIN);
	e = of(w, EVENT_UPSTREAM_LOST, 400);
	assert_non_null(e);
	assert_int_equal(e->first_seen, at + 60 * UTIME_SECOND);
	assert_int_equal(e->vantage, PEERS);
	for (size_t i = 0; i < w->n; i++)
		if (w->told[i].kind == EVENT_UPSTREAM_NEW && w->told[i].end != UTIME_NONE) {
			assert_int_equal(w->told[i].first_seen, at + 30 * UTIME_SECOND);
			assert_int_equal(w->told[i].end, e->first_seen);
		}
}

static void test_loss_is_not_the_flap_before(void **state)
{
	struct world *w = *state;

	flaps_and_stays_half_a_minute(w, START + 10 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->scope, SCOPE_TERRITORY);
	assert_true(only(w, EVENT_UPSTREAM_NEW)->end != UTIME_NONE);
}

static void test_loss_of_a_prefix_is_not_the_flap_before(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, "400 900", "20.0.1.0/24");
	pass(w, START + 30 * MIN);
	flaps_and_stays_half_a_minute(w, START + 31 * MIN);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 2);
	assert_int_equal(of(w, EVENT_UPSTREAM_LOST, 400)->scope, SCOPE_PREFIX);
}

static void test_primary_changes_after_half_an_hour(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, PEERS, "400 900", "20.0.0.0/24 20.0.1.0/24 20.0.2.0/24");
	pass(w, at + 29 * MIN);
	assert_int_equal(count(w, EVENT_PRIMARY_CHANGED), 0);
	pass(w, at + 32 * MIN);
	assert_int_equal(only(w, EVENT_PRIMARY_CHANGED)->first_seen, at);
	assert_int_equal(only(w, EVENT_PRIMARY_CHANGED)->upstream, 400);
	assert_int_equal(count(w, EVENT_SHARE_SHIFT), 0); /* told already, better */
}

/* A path `... 200 900 905`: AS905's own prefix makes AS200 no carrier of AS900's, nor AS900 one of anybody.
 */
static void test_behind_the_origin_is_no_upstream(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, "200 900 905", "25.0.0.0/24");
	pass(w, START + 30 * MIN);
	assert_int_equal(w->n, 0);
}

static void test_forged_neighbour_is_marked(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, "300 666 900", "20.0.0.0/24");
	pass(w, START + 30 * MIN);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->upstream, 666);
	assert_non_null(strstr(only(w, EVENT_UPSTREAM_NEW)->why, "may be forged"));
}

static void test_known_history_makes_a_return(void **state)
{
	struct world *w = *state;

	detect_known_upstream(w->d, HOLDER, 4, 400, START - 100 * 24 * 60 * MIN, START - 90 * 24 * 60 * MIN);
	all_say(w, START + 10 * MIN, 0, PEERS, "400 900", "20.0.0.0/24");
	pass(w, START + 30 * MIN);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 0);
	assert_int_equal(only(w, EVENT_UPSTREAM_RETURN)->upstream, 400);
}

/* ---- outages ---- */

static void test_outage_and_its_end(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, end = at + 5 * MIN;
	const struct event *e;

	all_say(w, at, 0, PEERS, NULL, FOUR);
	pass(w, at + 3 * MIN);
	e = only(w, EVENT_OUTAGE);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->prefixes, 4);
	assert_int_equal(e->scope, SCOPE_TERRITORY);
	assert_int_equal(e->severity, SEVERITY_CRITICAL);
	assert_true(e->end == UTIME_NONE);
	all_say(w, end, 0, PEERS, "300 900", FOUR);
	pass(w, end + 5 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->end, end + 2 * UTIME_SECOND); /* half of them see it */
	assert_int_equal(count(w, EVENT_UPSTREAM_LOST), 0);                   /* dark is not elsewhere */
}

/* An outage that nobody will read has neither words nor witnesses, but its time; when it grows it has all. */
static void test_what_grows_is_put_in_words(void **state)
{
	struct world *w = world_new(HOLDER, NULL, 0, true);
	struct detect_options o = detect_defaults;
	utime_t at = START + 10 * MIN;
	const struct event *e;

	o.who = &w->who;
	o.whos = 1;
	o.least = SEVERITY_CRITICAL;
	detect_free(w->d);
	w->d = detect_new(w->t, w->f, &o, on_event, w);
	baseline(w);
	all_say(w, at, 0, PEERS, NULL, "20.0.1.0/24");
	pass(w, at + 2 * MIN);
	e = only(w, EVENT_OUTAGE);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->severity, SEVERITY_HIGH);
	assert_int_equal(e->evidences, 0);
	assert_string_equal(e->why, "");
	all_say(w, at + 3 * MIN, 0, PEERS, NULL, "20.0.2.0/24");
	pass(w, at + 5 * MIN);
	e = only(w, EVENT_OUTAGE);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->severity, SEVERITY_CRITICAL);
	assert_int_equal(e->vantage, PEERS);
	assert_int_equal(e->evidences, EVIDENCE_MAX);
	assert_non_null(strstr(e->why, "2 of 4 prefixes"));
	*state = w;
	down(state);
}

/* The place and its prefixes are judged a minute after, and though something is heard late in that second:
 * one outage, of all of them. */
static void test_a_dark_place_is_one_outage(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, fifth = at + 4 * UTIME_SECOND;

	all_say(w, at, 0, PEERS, NULL, FOUR);
	detect_tick(w->d, fifth + MIN + UTIME_SECOND - 1);
	pass(w, at + 5 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->scope, SCOPE_TERRITORY);
	assert_int_equal(only(w, EVENT_OUTAGE)->prefixes, 4);
}

static void test_half_a_minute_is_no_outage(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, PEERS, NULL, FOUR);
	all_say(w, at + MIN / 2, 0, PEERS, "300 900", FOUR);
	pass(w, at + 30 * MIN);
	assert_int_equal(w->n, 0);
}

/* One vantage AS gets the route back ten seconds before all lose it: that is not how the outage ends. */
static void test_outage_ends_after_it_began(void **state)
{
	struct world *w = *state;
	utime_t at = START + 30 * MIN, end = at + 75 * UTIME_SECOND;
	const struct event *e;

	all_say(w, START + 5 * MIN, 2, 3, NULL, "20.0.1.0/24");
	pass(w, at - MIN);
	all_say(w, at - 10 * UTIME_SECOND, 2, 3, "300 900", "20.0.1.0/24");
	all_say(w, at, 0, PEERS, NULL, "20.0.1.0/24");
	detect_tick(w->d, at + 70 * UTIME_SECOND);
	all_say(w, end, 0, PEERS, "300 900", "20.0.1.0/24");
	pass(w, end + 5 * MIN);
	e = only(w, EVENT_OUTAGE);
	assert_int_equal(e->first_seen, at);
	assert_in_range(e->end, end, end + PEERS * UTIME_SECOND);
}

static void test_one_prefix_of_four(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, NULL, "20.0.1.0/24");
	pass(w, START + 20 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->scope, SCOPE_PREFIX);
	assert_int_equal(only(w, EVENT_OUTAGE)->prefixes, 1);
	assert_true(only(w, EVENT_OUTAGE)->severity >= SEVERITY_HIGH); /* small places are not muted */
}

static void test_covered_is_not_down(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, PEERS, "300 900", HOLDER);
	all_say(w, at + 5 * MIN, 0, PEERS, NULL, "20.0.1.0/24");
	pass(w, at + 20 * MIN);
	assert_int_equal(count(w, EVENT_OUTAGE), 0);
}

/* Four times gone for a minute, six minutes apart. */
static void wavers(struct world *w, utime_t at, const char *prefix)
{
	for (int i = 0; i < 4; i++) {
		all_say(w, at + i * 6 * MIN, 0, PEERS, NULL, prefix);
		all_say(w, at + i * 6 * MIN + MIN, 0, PEERS, "300 900", prefix);
	}
}

static void test_instability(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	wavers(w, at, "20.0.0.0/24");
	assert_int_equal(only(w, EVENT_INSTABILITY)->first_seen, at);
	pass(w, at + 120 * MIN);
	assert_true(only(w, EVENT_INSTABILITY)->end >= at + 19 * MIN);
	assert_true(only(w, EVENT_INSTABILITY)->end < at + 20 * MIN);
}

/* Of prefixes that waver at one time one event is told, and it goes on until an hour has passed without. */
static void test_wavering_is_one_event(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN, later = at + 60 * MIN, again = later + 240 * MIN;

	wavers(w, at, "20.0.0.0/24");
	wavers(w, later, "20.0.3.0/24"); /* 41 minutes after the last of the other */
	pass(w, again - MIN);
	assert_int_equal(only(w, EVENT_INSTABILITY)->first_seen, at);
	assert_int_equal(only(w, EVENT_INSTABILITY)->prefixes, 2);
	assert_true(only(w, EVENT_INSTABILITY)->end >= later + 19 * MIN);
	assert_true(only(w, EVENT_INSTABILITY)->end < later + 20 * MIN);
	wavers(w, again, "20.0.0.0/24"); /* over is over */
	assert_int_equal(count(w, EVENT_INSTABILITY), 2);
}

/* ---- the state ---- */

/* Saved, and gone on with by another run. */
static void resume(struct world *w)
{
	struct detect_options o = detect_defaults;
	FILE *f = tmpfile();
	struct out out;
	struct detect *d;

	assert_non_null(f);
	o.who = &w->who;
	o.whos = 1;
	out_open_fd(&out, fileno(f));
	assert_int_equal(detect_save(w->d, &out), 0);
	out_close(&out);
	detect_free(w->d);
	rewind(f);
	d = detect_new(w->t, w->f, &o, on_event, w);
	detect_on_sample(d, on_samples, w);
	assert_true(detect_load(d, fileno(f)));
	fclose(f);
	w->d = d;
}

/* In the midst of a new upstream, an outage, and hijacks of a prefix and of a more specific one. */
static void test_state_goes_on(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, 4, "400 900", "20.0.2.0/24");
	all_say(w, at + MIN, 0, 3, "400 666", "20.0.0.0/24");
	all_say(w, at + 2 * MIN, 0, PEERS, "400 667", "20.0.1.128/25");
	all_say(w, at + 3 * MIN, 0, PEERS, NULL, "20.0.3.0/24");
	resume(w);
	pass(w, at + 6 * MIN);
	resume(w);
	assert_int_equal(only(w, EVENT_UPSTREAM_NEW)->first_seen, at);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->first_seen, at + MIN);
	assert_int_equal(only(w, EVENT_SUBPREFIX_NEW)->first_seen, at + 2 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->first_seen, at + 3 * MIN);
	all_say(w, at + 10 * MIN, 0, PEERS, "300 900", "20.0.3.0/24 20.0.0.0/24");
	all_say(w, at + 10 * MIN, 0, PEERS, NULL, "20.0.1.128/25");
	pass(w, at + 30 * MIN);
	assert_int_equal(only(w, EVENT_OUTAGE)->end, at + 10 * MIN + 2 * UTIME_SECOND); /* half see it */
	assert_true(only(w, EVENT_ORIGIN_NEW)->end != UTIME_NONE);
	assert_true(only(w, EVENT_SUBPREFIX_NEW)->end != UTIME_NONE);
}

/* ---- origins ---- */

static void test_exact_and_more_specific_hijack(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, 3, "400 666", "20.0.0.0/24");
	all_say(w, at + 10 * MIN, 0, PEERS, "400 667", "20.0.1.128/25");
	all_say(w, at + 20 * MIN, 0, PEERS, NULL, "20.0.1.128/25");
	pass(w, at + 40 * MIN);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->asn, 666);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->first_seen, at);
	assert_int_equal(only(w, EVENT_SUBPREFIX_NEW)->asn, 667);
	assert_int_equal(only(w, EVENT_SUBPREFIX_NEW)->end, at + 20 * MIN + 5 * UTIME_SECOND);
	assert_int_equal(count(w, EVENT_UPSTREAM_NEW), 0); /* it leads to no real origin */
}

/* What was asked for may be too long for the shares: it is watched all the same, and nothing beside it. */
static void test_asked_for_beyond_a_24(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	all_say(w, at, 0, PEERS, "300 900", "20.0.1.0/25 20.0.1.128/25");
	pass(w, at + 10 * MIN);
	all_say(w, at + 20 * MIN, 0, PEERS, "400 667", "20.0.1.0/26 20.0.1.128/26");
	all_say(w, at + 30 * MIN, 0, PEERS, "400 668", "20.0.1.0/25 20.0.1.128/25");
	pass(w, at + 40 * MIN);
	assert_int_equal(only(w, EVENT_SUBPREFIX_NEW)->asn, 667);
	assert_int_equal(only(w, EVENT_SUBPREFIX_NEW)->prefixes, 1);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->asn, 668);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->first_seen, at + 30 * MIN);
	assert_int_equal(only(w, EVENT_ORIGIN_NEW)->prefixes, 1);
}

static int up_asking_a_25(void **state)
{
	return up_asking(state, "20.0.1.128/25", NULL, 0);
}

static void test_own_more_specific_is_no_news(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, "300 900", "20.0.1.128/25");
	pass(w, START + 30 * MIN);
	assert_int_equal(w->n, 0);
}

/* ---- RPKI ---- */

/* A ROA for the /22 alone, from the fifteenth minute to the two hundredth. */
static void roa_file(char path[64])
{
	char from[UTIME_TEXT], to[UTIME_TEXT];
	FILE *f;

	snprintf(path, 64, "/tmp/detect-test-%d.csv", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	utime_text(from, START + 15 * MIN);
	utime_text(to, START + 200 * MIN);
	fprintf(f, "ASN,IP Prefix,Max Length,Not Before,Not After\nAS900," HOLDER ",22,%s,%s\n", from, to);
	fclose(f);
}

static int up_with_roa(void **state)
{
	char path[64];
	const char *list[] = {path};
	int rc;

	roa_file(path);
	rc = up_asking(state, HOLDER, list, 1);
	unlink(path);
	return rc;
}

static void test_a_changed_roa_and_the_visibility_it_costs(void **state)
{
	struct world *w = *state;
	utime_t at = START + 15 * MIN;
	const struct event *e;

	pass(w, at + MIN);
	e = only(w, EVENT_RPKI_INVALID);
	assert_int_equal(e->first_seen, at);
	assert_int_equal(e->asn, 900);
	assert_int_equal(e->prefixes, 4);
	assert_int_equal(e->scope, SCOPE_TERRITORY);
	assert_true(e->before > 0.99 && e->after > 0.99);
	all_say(w, at + 30 * MIN, 0, 3, NULL, FOUR); /* half of them validate */
	pass(w, at + 50 * MIN);
	e = only(w, EVENT_RPKI_INVALID);
	assert_true(e->before > 0.99 && e->after > 0.49 && e->after < 0.51);
	assert_int_equal(e->vantage, 3);
	assert_true(e->end == UTIME_NONE);
	pass(w, START + 201 * MIN);
	assert_int_equal(only(w, EVENT_RPKI_INVALID)->end, START + 200 * MIN);
	assert_int_equal(w->n, 1);
}

/* ---- the kept series ---- */

static void test_samples_of_a_moment_sum_to_one(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN + 250000;
	double sum = 0;
	size_t n = 0;

	w->samples = 0;
	says(w, at, 0, "100 400 900", FOUR);
	pass(w, at + 2 * MIN);
	for (size_t i = 0; i < w->samples; i++)
		if (w->sample[i].time == at && w->sample[i].upstream) {
			sum += (double)w->sample[i].share;
			n++;
		}
	assert_int_equal(n, 2);
	assert_true(sum > 1 - 1e-6 && sum < 1 + 1e-6);
}

static void test_names(void **state)
{
	struct detect_options o = detect_defaults;
	char buf[48];

	(void)state;
	for (unsigned k = 0; k < EVENT_KINDS; k++) {
		enum event_kind kind;
		assert_true(event_kind_parse(event_kind_text((enum event_kind)k), &kind));
		assert_int_equal(kind, k);
	}
	assert_int_equal(detect_option(&o, "lost-after", "10m"), 1);
	assert_int_equal(o.lost_after, 10 * MIN);
	assert_int_equal(detect_option(&o, "down-below", "2"), -1);
	assert_int_equal(detect_option(&o, "instability-changes", "0"), -1);
	assert_int_equal(detect_option(&o, "instability-changes", "6"), -1); /* five are kept */
	assert_string_equal(detect_option_values("vantage-min", buf), "a number from 1 to 8");
	assert_int_equal(detect_option(&o, "nothing", "1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_new_upstream_at_its_first_word),
	    IN_WORLD(test_lost_and_back_is_one_episode),
	    IN_WORLD(test_return_is_not_the_flap_before),
	    IN_WORLD(test_loss_is_not_the_flap_before),
	    IN_WORLD(test_loss_of_a_prefix_is_not_the_flap_before),
	    IN_WORLD(test_share_shift_until_it_settles),
	    IN_WORLD(test_primary_changes_after_half_an_hour),
	    IN_WORLD(test_behind_the_origin_is_no_upstream),
	    IN_WORLD(test_forged_neighbour_is_marked),
	    IN_WORLD(test_known_history_makes_a_return),
	    IN_WORLD(test_outage_and_its_end),
	    cmocka_unit_test(test_what_grows_is_put_in_words),
	    IN_WORLD(test_a_dark_place_is_one_outage),
	    IN_WORLD(test_half_a_minute_is_no_outage),
	    IN_WORLD(test_outage_ends_after_it_began),
	    IN_WORLD(test_one_prefix_of_four),
	    IN_WORLD(test_covered_is_not_down),
	    IN_WORLD(test_instability),
	    IN_WORLD(test_wavering_is_one_event),
	    IN_WORLD(test_state_goes_on),
	    IN_WORLD(test_exact_and_more_specific_hijack),
	    IN_WORLD(test_own_more_specific_is_no_news),
	    cmocka_unit_test_setup_teardown(test_asked_for_beyond_a_24, up_asking_a_25, down),
	    cmocka_unit_test_setup_teardown(
		test_a_changed_roa_and_the_visibility_it_costs, up_with_roa, down),
	    IN_WORLD(test_samples_of_a_moment_sum_to_one),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
