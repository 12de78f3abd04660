/*
 * detect: the journal's one walk for first sign and witnesses, against the two walks that it stands for. The
 * entries are random ones of six peers and six prefixes, some of them out of order, as late words are.
 */
#include "detect/inner.h"

#include "base/mem.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PEERS = 6, PREFIXES = 6, EVENTS = 20000 };
#define START (INT64_C(1500000000) * UTIME_SECOND)

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static void on_event(void *arg, const struct event *e)
{
}

static void load(struct table *t, struct source *s, struct changes *c)
{
	static const char *const addr[] = {
	    "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"};
	struct peer_key peer[PEERS];
	struct out o;

	for (unsigned i = 0; i < PEERS; i++)
		peer[i] = mk_peer(addr[i], 100 + i / 2); /* two of each AS */
	out_open_mem(&o);
	mk_peers(&o, START, peer, PEERS);
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct said_entry entry[PEERS];
		char path[PEERS][64], prefix[32];
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", i);
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(path[k], sizeof path[k], "%u %u %u", peer[k].asn, 300 + k % 3, 900 + i % 2);
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(&o, START, prefix, false, entry, PEERS);
	}
	assert_int_equal(feed(t, s, &o, c), 0);
	out_close(&o);
}

struct run {
	struct table *t;
	struct source *s;
	struct facts *f;
	struct detect *d;
	struct changes c;
};

/* With the table loaded. */
static struct run up(void)
{
	struct run r = {.t = table_new(&(struct table_options){0}),
	    .f = facts_load(&(struct facts_options){.no_default = true})};

	r.s = source_new(r.t, "rrc99");
	r.d = detect_new(r.t, r.f, &detect_defaults, on_event, NULL);
	load(r.t, r.s, &r.c);
	detect_changes(r.d, r.c.v, r.c.n);
	return r;
}

static void down(struct run *r)
{
	free(r->c.v);
	detect_free(r->d);
	facts_free(r->f);
	source_free(r->s);
	table_free(r->t);
}

/* Returns its time, which may be older than now. */
static utime_t change_at_random(struct detect *d, utime_t *now)
{
	peer_id peer = (peer_id)chance(PEERS);
	prefix_id prefix = chance(PREFIXES);
	path_id there = peer_column(d->t, peer)[prefix];
	bool gone = chance(2);
	struct change c = {.prefix = prefix,
	    .peer = peer,
	    .kind = chance(20) ? CHANGE_ROUTE : CHANGE_RESET,
	    .old = gone ? there : PATH_NONE,
	    .new = gone ? PATH_NONE : there};

	*now += chance(2 * (unsigned)UTIME_SECOND);
	c.time = chance(10) ? *now : *now - chance(40) * UTIME_SECOND;
	journal_add(d, &c);
	return c.time;
}

static void same(const struct event *a, const struct event *b)
{
	assert_true(a->first_seen == b->first_seen);
	assert_int_equal(a->vantage, b->vantage);
	assert_int_equal(a->collectors, b->collectors);
	assert_int_equal(a->evidences, b->evidences);
	assert_memory_equal(a->evidence, b->evidence, sizeof a->evidence);
}

static void test_one_walk_is_two(void **arg)
{
	struct run r = up();
	struct detect *d = r.d;
	utime_t now = START, at;
	unsigned earlier = 0, seen = 0;

	for (unsigned i = 0; i < EVENTS; i++) {
		struct prefix p[PREFIXES];
		struct event one = {.prefix = p, .before = 0, .after = 0}, two, unread;
		struct matter what = {.origin = 900, .what = chance(2) ? MATTER_GONE : MATTER_ORIGIN};
		for (unsigned k = chance(6); k; k--)
			(void)change_at_random(d, &now);
		d->now = chance(4) ? now : now - chance(20) * UTIME_SECOND;
		for (prefix_id k = 0; k < PREFIXES; k++)
			if (chance(3) == 0)
				p[one.prefixes++] = *prefix_of(r.t, k);
		one.first_seen = at = now - chance(60) * UTIME_SECOND;
		unread = two = one;
		witness_begin(d, &unread, &(struct look){.at = UTIME_NONE}, NULL, &what);
		witness_all(d, &one, &what);
		assert_true(unread.first_seen == one.first_seen && unread.evidences == 0);
		two.first_seen = witness_first(d, &two, two.first_seen, &what);
		witness_evidence(d, &two, two.first_seen, d->now, &what);
		same(&one, &two);
		earlier += one.first_seen < at;
		seen += one.evidences;
	}
	assert_true(seen > EVENTS && earlier > EVENTS / 20);
	down(&r);
}

/* An event grows by a prefix at a time while changes come, some of them late: what was looked at is left out
 * only where looking at it again would find nothing. */
static void test_a_look_stands_while_nothing_came(void **arg)
{
	enum { GROWTHS = 40000 };
	struct run r = up();
	struct detect *d = r.d;
	struct matter what = {.what = MATTER_GONE};
	struct prefix p[PREFIXES];
	struct event e = {.prefix = p};
	struct look look = {.at = UTIME_NONE};
	struct trail then[PREFIXES] = {0}; /* at some time */
	utime_t then_at[PREFIXES] = {0}, now = START;
	unsigned moved = 0, short_ways = 0;

	for (unsigned i = 0; i < GROWTHS; i++) {
		struct event anew;
		prefix_id joined = chance(PREFIXES), kept = chance(PREFIXES);
		bool stands;
		for (unsigned k = chance(4); k; k--) {
			utime_t at = change_at_random(d, &now);
			if (at < d->now)
				d->late = d->now;
			else
				d->now = at;
		}
		then[kept] = d->prefix[kept].trail;
		then_at[kept] = d->now;
		if (e.prefixes == PREFIXES || chance(20) == 0) {
			e.prefixes = 0;
			look.at = UTIME_NONE;
		}
		if (e.prefixes == 0)
			e.first_seen = d->now - chance(60) * UTIME_SECOND;
		p[e.prefixes++] = *prefix_of(r.t, joined);
		if (chance(10) == 0)
			e.first_seen -= UTIME_SECOND;
		anew = e;
		witness_begin(d, &anew, &(struct look){.at = UTIME_NONE}, NULL, &what);
		moved += anew.first_seen < e.first_seen && look.at != UTIME_NONE;
		stands = e.first_seen <= then_at[joined] && trail_stands(d, then_at[joined]);
		short_ways += stands;
		witness_begin(d, &e, &look, stands ? &then[joined] : &d->prefix[joined].trail, &what);
		assert_true(e.first_seen == anew.first_seen);
	}
	assert_true(moved > GROWTHS / 20 && short_ways > GROWTHS / 20);
	down(&r);
}

/* As if it had been at work for years. */
static void numbers_forward(struct detect *d)
{
	uint32_t by = UINT32_MAX / JOURNAL_RING * JOURNAL_RING - JOURNAL_RING;

	d->journal.n += by;
	d->journal.end += by;
}

/* Every entry of each prefix that is not overwritten, latest first, while the ring fills, wraps and is
 * numbered anew. */
static void test_the_way_back_misses_none(void **arg)
{
	enum { SAID = 3 * JOURNAL_RING, ROUND = 50021 };
	struct run r = up();
	struct detect *d = r.d;
	uint8_t *said = mem_array(SAID, 1);
	size_t met = 0;

	for (size_t i = 0; i < SAID; i++) {
		said[i] = (uint8_t)(chance(100) ? chance(PREFIXES - 1) : PREFIXES - 1); /* one is seldom */
		journal_add(d, &(struct change){.prefix = said[i], .time = (utime_t)i, .kind = CHANGE_ROUTE});
		if (i == JOURNAL_RING / 2)
			numbers_forward(d);
		if (i % ROUND || i <= 2 * JOURNAL_RING - ROUND)
			continue;
		for (prefix_id p = 0; p < PREFIXES; p++) {
			struct back back;
			const struct entry *x = journal_last(d, p, &back);
			for (size_t k = i; d->journal.end - d->journal.n + 1 + i - k <= JOURNAL_RING; k--) {
				if (said[k] != p)
					continue;
				assert_non_null(x);
				assert_int_equal(x->time, k);
				x = journal_before(&back);
				met++;
			}
			assert_null(x);
		}
	}
	assert_true(met > 10 * JOURNAL_RING && d->journal.n < 4 * JOURNAL_RING);
	free(said);
	down(&r);
}

/* Returns whether the prefix need not be looked at, by the numbers of its entries. */
static bool numbers_tell(const struct detect *d, prefix_id prefix, utime_t from)
{
	bool passed_over = trail_latest(&d->prefix[prefix].trail) < journal_number(d, from);
	struct back b;

	for (const struct entry *x = journal_last(d, prefix, &b); passed_over && x; x = journal_before(&b))
		assert_true(x->time < from);
	return passed_over;
}

struct told { /* what was told, and where it stands */
	struct change c;
	uint32_t number;
};

/* Dense times, silences of minutes, and some that come too late. */
static void say(struct detect *d, struct told *x)
{
	static const utime_t most[] = {100, 100, 100, 100, 100, UTIME_SECOND, 4 * MINUTE};
	utime_t step = (utime_t)chance((unsigned)most[chance(20) ? chance(5) : 5 + (chance(500) == 0)]);
	bool late = chance(2000) == 0;

	x->c = (struct change){.time = late ? d->now - chance(90) * UTIME_SECOND : d->now + step,
	    .prefix = chance(200) ? chance(PREFIXES - 1) : PREFIXES - 1, /* one is seldom */
	    .peer = (peer_id)chance(UINT16_MAX),
	    .old = chance(3) ? PATH_NONE : 2 + chance(1U << 24) * 255,
	    .new = chance(3) ? 2 + chance(1U << 24) * 255 : PATH_NONE,
	    .kind = CHANGE_ROUTE};
	if (late)
		d->late = d->now;
	else
		d->now = x->c.time;
	journal_add(d, &x->c);
	x->number = d->journal.n - (x->c.old != PATH_NONE && x->c.new != PATH_NONE ? 2 : 1);
}

/* Goes back over what was told of the prefix; returns how many are there. */
static size_t told_back(const struct detect *d, const struct told *told, size_t n, prefix_id prefix)
{
	struct back back;
	const struct entry *x = journal_last(d, prefix, &back);
	size_t met = 0;

	while (n-- > 0) {
		const struct change *c = &told[n].c;
		if (c->prefix != prefix)
			continue;
		if (d->journal.end - told[n].number > JOURNAL_RING)
			break;
		assert_non_null(x);
		assert_true(x->time == c->time && x->peer == c->peer && x->old == c->old && x->new == c->new);
		x = journal_before(&back);
		met++;
	}
	assert_null(x);
	return met;
}

static void test_what_is_told_is_told_back(void **arg)
{
	enum { SAID = JOURNAL_RING + JOURNAL_RING / 4, ROUND = 70001 };
	struct run r = up();
	struct detect *d = r.d;
	struct told *told = mem_array(SAID, sizeof *told);
	size_t met = 0, passed_over = 0;

	for (size_t i = 0; i < SAID; i++) {
		say(d, &told[i]);
		if (i % 101 == 0)
			passed_over += numbers_tell(d, PREFIXES - 1, d->now - chance(60) * UTIME_SECOND / 10);
		if (i % ROUND && i + 1 < SAID)
			continue;
		for (prefix_id p = 0; p < PREFIXES; p++)
			met += told_back(d, told, i + 1, p);
	}
	assert_true(d->journal.n > JOURNAL_RING + JOURNAL_RING / 4 && met > 5 * JOURNAL_RING);
	assert_true(passed_over > 20);
	free(told);
	down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_walk_is_two),
	    cmocka_unit_test(test_a_look_stands_while_nothing_came),
	    cmocka_unit_test(test_what_is_told_is_told_back),
	    cmocka_unit_test(test_the_way_back_misses_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
