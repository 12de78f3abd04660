/*
 * detect: a prefix that no vote touched has the main carrier it had, by the way that looks at all of its
 * cells; one is announced as long as the table has a route. Six peers go from one of four upstreams to
 * another, away and back, about once a second: a rate at which none is taken for broken.
 */
#include "detect/inner.h"
#include "detect/world_test.h"

enum { WORDS = 20000 };

static uint32_t random_state = 1;

static unsigned chance(unsigned n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void on_any(void *arg, const struct event *e)
{
	++*(size_t *)arg;
}

static void say_at_random(struct world *w)
{
	unsigned peer = chance(PEERS);
	char path[64], prefix[32];

	snprintf(prefix, sizeof prefix, "20.0.%u.0/24", chance(4));
	snprintf(path, sizeof path, "%u %u 900", w->peer[peer].asn, 300 + chance(4));
	says(w, w->at + chance(3 * (unsigned)UTIME_SECOND / 2), peer, chance(3) ? path : NULL, prefix);
}

static void test_untouched_keep_their_main_carrier(void **arg)
{
	struct world *w = world_new(HOLDER, NULL, 0, true);
	struct detect_options o = detect_defaults;
	size_t told = 0, kept = 0, taken = 0, gone = 0;

	o.who = &w->who;
	o.whos = 1;
	o.all_peers = true; /* who votes stays, so that votes alone move levels */
	detect_free(w->d);
	w->d = detect_new(w->t, w->f, &o, on_any, &told);
	baseline(w);
	for (unsigned i = 0; i < WORDS; i++) {
		say_at_random(w);
		for (uint32_t m = member_from(w->d, 0); m != NO_INDEX; m = member_from(w->d, m + 1)) {
			const struct member_of *x = member_at(w->d, m);
			bool same = member_main(w->d, x) == x->main;
			assert_true(x->touched || same);
			kept += !x->touched;
			taken += !same;
		}
		for (prefix_id p = 0; p < w->d->prefixes; p++) {
			assert_true(w->d->prefix[p].announced == (prefix_routes(w->t, p) > 0));
			gone += !w->d->prefix[p].announced;
		}
	}
	assert_true(kept > WORDS && taken > WORDS / 100 && gone > 20 && told > 0);
	*arg = w;
	down(arg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_untouched_keep_their_main_carrier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
