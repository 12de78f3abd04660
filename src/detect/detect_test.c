/*
 * detect: the rules on a world of six vantage ASes and four prefixes behind AS900, made of MRT records a few
 * bytes long. Each step applies what one moment says and lets detect look, as the pipe does.
 */
#include "detect/detect.h"

#include "base/mem.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEERS = 6, TOLD_MAX = 64, SAMPLES_MAX = 512 };
#define START  (INT64_C(1500000000) * UTIME_SECOND)
#define MIN    (60 * UTIME_SECOND)
#define FOUR   "20.0.0.0/24 20.0.1.0/24 20.0.2.0/24 20.0.3.0/24"
#define HOLDER "20.0.0.0/22"

struct world {
	struct table *t;
	struct source *s;
	struct facts *f;
	const struct territory *who;
	struct detect *d;
	struct peer_key peer[PEERS];
	struct event told[TOLD_MAX]; /* by id */
	size_t n;
	struct sample sample[SAMPLES_MAX];
	size_t samples;
	utime_t at; /* latest word or tick */
};

static void on_event(void *arg, const struct event *e)
{
	struct world *w = arg;

	assert_true(e->id >= 1 && e->id <= TOLD_MAX);
	event_free(&w->told[e->id - 1]);
	event_copy(&w->told[e->id - 1], e);
	if (e->id > w->n)
		w->n = e->id;
}

static void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct world *w = arg;

	assert_true(w->samples + n <= SAMPLES_MAX);
	memcpy(w->sample + w->samples, v, n * sizeof *v);
	w->samples += n;
}

static void on_full(void *arg, struct changes *c)
{
	struct world *w = arg;

	detect_changes(w->d, c->v, c->n);
	c->n = 0;
}

static void hear(struct world *w, struct out *bytes)
{
	struct changes c = {0};

	assert_int_equal(feed(w->t, w->s, bytes, &c), 0);
	on_full(w, &c);
	free(c.v);
	out_close(bytes);
}

static void says(struct world *w, utime_t at, unsigned peer, const char *path, const char *prefixes)
{
	struct out o;

	w->at = at;
	out_open_mem(&o);
	if (path)
		mk_announce(&o, at, &w->peer[peer], path, prefixes);
	else
		mk_withdraw(&o, at, &w->peer[peer], prefixes);
	hear(w, &o);
}

/* Peers from..to-1 say it, a second apart; the path gets the peer's AS in front. */
static void all_say(
    struct world *w, utime_t at, unsigned from, unsigned to, const char *rest, const char *prefixes)
{
	for (unsigned i = from; i < to; i++) {
		char path[64];
		snprintf(path, sizeof path, "%u %s", w->peer[i].asn, rest ? rest : "");
		says(w, at + (utime_t)(i - from) * UTIME_SECOND, i, rest ? path : NULL, prefixes);
	}
}

/* Minutes go by without a word. */
static void pass(struct world *w, utime_t to)
{
	for (utime_t t = w->at; t <= to; t += MIN)
		detect_tick(w->d, t);
	w->at = to;
}

/* The four prefixes through AS300 at everybody; AS400 is a carrier of others (AS901, AS902) already. */
static void baseline(struct world *w)
{
	static const char *const prefix[] = {
	    "20.0.0.0/24", "20.0.1.0/24", "20.0.2.0/24", "20.0.3.0/24", "21.0.0.0/16", "22.0.0.0/16"};
	static const char *const rest[] = {"300 900", "300 900", "300 900", "300 900", "400 901", "400 902"};
	struct out o;

	out_open_mem(&o);
	mk_peers(&o, START, w->peer, PEERS);
	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++) {
		struct said_entry entry[PEERS];
		char path[PEERS][64];
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(path[k], sizeof path[k], "%u %s", w->peer[k].asn, rest[i]);
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(&o, START, prefix[i], false, entry, PEERS);
	}
	/* the first word after a dump ends it */
	mk_announce(&o, START + MIN, &w->peer[0], "100 300 900", "20.0.0.0/24");
	hear(w, &o);
	w->at = START + MIN;
}

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

static int up_with(void **state, const char *const *registry, size_t registries);

static int up(void **state)
{
	return up_with(state, NULL, 0);
}

static int up_with_roa(void **state)
{
	char path[64];
	const char *list[] = {path};
	int rc;

	roa_file(path);
	rc = up_with(state, list, 1);
	unlink(path);
	return rc;
}

static int up_with(void **state, const char *const *registry, size_t registries)
{
	static const char *const addr[] = {
	    "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"};
	struct world *w = mem_alloc(sizeof *w);
	struct detect_options o = detect_defaults;
	const char *why;

	for (unsigned i = 0; i < PEERS; i++)
		w->peer[i] = mk_peer(addr[i], 100 + i);
	w->t = table_new(&(struct table_options){0});
	w->s = source_new(w->t, "rrc99");
	w->f = facts_load(
	    &(struct facts_options){.no_default = true, .registry = registry, .registries = registries});
	w->who = territory_find(w->f, HOLDER, &why);
	assert_non_null(w->who);
	o.who = &w->who;
	o.whos = 1;
	w->d = detect_new(w->t, w->f, &o, on_event, w);
	detect_on_sample(w->d, on_samples, w);
	baseline(w);
	*state = w;
	return 0;
}

static int down(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->n; i++)
		event_free(&w->told[i]);
	detect_free(w->d);
	source_free(w->s);
	table_free(w->t);
	facts_free(w->f);
	free(w);
	return 0;
}

static size_t count(const struct world *w, enum event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += w->told[i].id && w->told[i].kind == kind;
	return n;
}

/* The one event of this kind about this upstream. */
static const struct event *of(const struct world *w, enum event_kind kind, asn_t upstream)
{
	const struct event *e = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (w->told[i].id && w->told[i].kind == kind && w->told[i].upstream == upstream) {
			assert_null(e);
			e = &w->told[i];
		}
	return e;
}

static const struct event *only(const struct world *w, enum event_kind kind)
{
	assert_int_equal(count(w, kind), 1);
	for (size_t i = 0; i < w->n; i++)
		if (w->told[i].id && w->told[i].kind == kind)
			return &w->told[i];
	return NULL;
}

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

static void all_states(struct world *w, utime_t at, unsigned from, unsigned to, unsigned old, unsigned new)
{
	struct out o;

	out_open_mem(&o);
	for (unsigned i = from; i < to; i++)
		mk_state(&o, at, &w->peer[i], (uint16_t)old, (uint16_t) new);
	hear(w, &o);
}

#define ALL_SIX FOUR " 21.0.0.0/16 22.0.0.0/16"

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

static void test_instability(void **state)
{
	struct world *w = *state;
	utime_t at = START + 10 * MIN;

	for (int i = 0; i < 4; i++) {
		all_say(w, at + i * 6 * MIN, 0, PEERS, NULL, "20.0.0.0/24");
		all_say(w, at + i * 6 * MIN + MIN, 0, PEERS, "300 900", "20.0.0.0/24");
	}
	assert_int_equal(only(w, EVENT_INSTABILITY)->first_seen, at);
	pass(w, at + 120 * MIN);
	assert_true(only(w, EVENT_INSTABILITY)->end >= at + 19 * MIN);
	assert_true(only(w, EVENT_INSTABILITY)->end < at + 20 * MIN);
}

/* ---- health is no happening ---- */

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

/* ---- the state ---- */

/* Saved, and gone on with by another run. */
static void resume(struct world *w)
{
	struct detect_options o = detect_defaults;
	FILE *f = tmpfile();
	struct detect *d;

	assert_non_null(f);
	o.who = &w->who;
	o.whos = 1;
	assert_int_equal(detect_save(w->d, fileno(f)), 0);
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

static void test_own_more_specific_is_no_news(void **state)
{
	struct world *w = *state;

	all_say(w, START + 10 * MIN, 0, PEERS, "300 900", "20.0.1.128/25");
	pass(w, START + 30 * MIN);
	assert_int_equal(w->n, 0);
}

/* ---- RPKI ---- */

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

	(void)state;
	for (unsigned k = 0; k < EVENT_KINDS; k++) {
		enum event_kind kind;
		assert_true(event_kind_parse(event_kind_text((enum event_kind)k), &kind));
		assert_int_equal(kind, k);
	}
	assert_int_equal(detect_option(&o, "lost-after", "10m"), 1);
	assert_int_equal(o.lost_after, 10 * MIN);
	assert_int_equal(detect_option(&o, "down-below", "2"), -1);
	assert_int_equal(detect_option(&o, "nothing", "1"), 0);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_new_upstream_at_its_first_word),
	    IN_WORLD(test_lost_and_back_is_one_episode),
	    IN_WORLD(test_return_is_not_the_flap_before),
	    IN_WORLD(test_lost_while_some_were_away),
	    IN_WORLD(test_away_with_those_who_saw_it),
	    IN_WORLD(test_share_shift_until_it_settles),
	    IN_WORLD(test_primary_changes_after_half_an_hour),
	    IN_WORLD(test_behind_the_origin_is_no_upstream),
	    IN_WORLD(test_forged_neighbour_is_marked),
	    IN_WORLD(test_known_history_makes_a_return),
	    IN_WORLD(test_outage_and_its_end),
	    IN_WORLD(test_half_a_minute_is_no_outage),
	    IN_WORLD(test_outage_ends_after_it_began),
	    IN_WORLD(test_one_prefix_of_four),
	    IN_WORLD(test_covered_is_not_down),
	    IN_WORLD(test_instability),
	    IN_WORLD(test_sessions_lost_are_no_outage),
	    IN_WORLD(test_state_goes_on),
	    IN_WORLD(test_exact_and_more_specific_hijack),
	    IN_WORLD(test_own_more_specific_is_no_news),
	    cmocka_unit_test_setup_teardown(
		test_a_changed_roa_and_the_visibility_it_costs, up_with_roa, down),
	    IN_WORLD(test_samples_of_a_moment_sum_to_one),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
