/*
 * detect: the samples of a place whose routes move at random. After every second each carrier's last sample
 * is within twice the resolution (a two-thousandth) of its share as measure_report finds it in the table:
 * whoever looks only at what was touched must not miss what the others' shares do.
 */
#include "detect/detect.h"

#include "base/mem.h"
#include "table/make_test.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PEERS = 6, PREFIXES = 200, STILL = 80 /* always AS300's */, CARRIERS = 12, SECONDS = 600 };
#define START  (INT64_C(1500000000) * UTIME_SECOND)
#define HOLDER "20.0.0.0/16"

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static void on_event(void *arg, const struct event *e)
{
	++*(unsigned *)arg;
}

struct heard {
	double share[CARRIERS]; /* of AS 300 and up */
	size_t n;
};

static void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct heard *h = arg;

	h->n += n;
	for (size_t i = 0; i < n; i++)
		if (v[i].upstream)
			h->share[v[i].upstream - 300] = (double)v[i].share;
}

static void hear(struct table *t, struct source *s, struct detect *d, struct out *bytes)
{
	struct changes c = {0};

	assert_int_equal(feed(t, s, bytes, &c), 0);
	detect_changes(d, c.v, c.n);
	free(c.v);
	out_close(bytes);
}

static void dump(struct out *o, const struct peer_key *peer)
{
	out_open_mem(o);
	mk_peers(o, START, peer, PEERS);
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct said_entry entry[PEERS];
		char prefix[32], path[PEERS][32];
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", i);
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(path[k], sizeof path[k], "%u %u 900", 100 + k,
			    i < STILL ? 300 : 301 + i % (CARRIERS - 1));
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(o, START, prefix, false, entry, PEERS);
	}
	mk_announce(o, START + UTIME_SECOND, &peer[0], "100 300 900", "20.0.0.0/24");
}

/* Few words a second, so that most carriers are untouched; now and then a quarter goes away, or comes back.
 */
static void second(struct out *o, utime_t at, const struct peer_key *peer)
{
	bool much = chance(60) == 0, away = chance(2);
	unsigned n = much ? PREFIXES : 1 + chance(3), quarter = chance(4);

	for (unsigned i = 0; i < n; i++) {
		unsigned k = chance(PEERS), p = much ? i : STILL + chance(PREFIXES - STILL);
		char prefix[32], path[32];
		if (p < STILL || (much && p % 4 != quarter))
			continue;
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", p);
		snprintf(path, sizeof path, "%u %u 900", 100 + k, 301 + chance(CARRIERS - 1));
		if (much ? away : chance(5) == 0)
			mk_withdraw(o, at, &peer[k], prefix);
		else
			mk_announce(o, at, &peer[k], path, prefix);
	}
}

static void compare(const struct table *t, const struct facts *f, const struct territory *who, utime_t at,
    const struct heard *h)
{
	struct measure_options o = {.family = FAMILY_IPV4, .all_peers = true, .depth = 1};
	double share[CARRIERS] = {0};
	struct report r;

	measure_report(t, f, who, at, &o, &r);
	for (size_t i = 0; i < r.upstreams; i++)
		share[r.upstream[i].asn - 300] = r.upstream[i].share;
	for (unsigned i = 0; i < CARRIERS; i++)
		if (fabs(share[i] - h->share[i]) > 1.0 / 1000)
			fail_msg("second %lld: AS%u has %.5f, last told %.5f",
			    (long long)((at - START) / UTIME_SECOND), 300 + i, share[i], h->share[i]);
	report_free(&r);
}

static void test_samples_follow_the_shares(void **arg)
{
	struct peer_key peer[PEERS];
	struct heard h = {0};
	unsigned events = 0;
	struct table *t = table_new(&(struct table_options){0});
	struct source *s = source_new(t, "rrc99");
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	struct detect_options o = detect_defaults;
	const char *why;
	const struct territory *who = territory_find(f, HOLDER, &why);
	struct detect *d;
	struct out bytes;

	for (unsigned i = 0; i < PEERS; i++) {
		char addr[32];
		snprintf(addr, sizeof addr, "192.0.2.%u", i + 1);
		peer[i] = mk_peer(addr, 100 + i);
	}
	o.who = &who;
	o.whos = 1;
	o.all_peers = o.baseline = true;
	d = detect_new(t, f, &o, on_event, &events);
	detect_on_sample(d, on_samples, &h);
	dump(&bytes, peer);
	hear(t, s, d, &bytes);
	for (unsigned i = 2; i < SECONDS; i++) {
		utime_t at = START + i * UTIME_SECOND;
		out_open_mem(&bytes);
		second(&bytes, at, peer);
		hear(t, s, d, &bytes);
		detect_tick(d, at + UTIME_SECOND);
		compare(t, f, who, at, &h);
	}
	assert_true(h.n > SECONDS);
	detect_free(d);
	source_free(s);
	table_free(t);
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples_follow_the_shares)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
