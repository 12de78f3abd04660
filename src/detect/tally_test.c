/*
 * detect: a prefix that no vote touched has the main carrier it had, by the way that looks at all of its
 * cells; one is announced as long as the table has a route. And votes are those of the table, recounted. Six
 * peers go from one of four upstreams to another, away and back, about once a second: a rate at which none is
 * taken for broken.
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

/* Where the peer's route of the prefix goes into an AS; UP_NONE: it has none, or another AS's. */
static asn_t upstream_now(struct detect *d, const struct place *p, peer_id peer, prefix_id prefix)
{
	path_id path = peer_column(d->t, peer)[prefix];

	if (path == PATH_NONE || path_way(d, path)->origin != territory_asn(p->who))
		return UP_NONE;
	return route_upstream(d, p, path);
}

static void recount(struct detect *d, const struct member_of *m)
{
	const struct place *p = &d->place[m->place];
	uint32_t visible = 0, votes = 0;

	for (peer_id k = 0; k < d->peers; k++)
		visible += upstream_now(d, p, k, m->prefix) != UP_NONE ? d->vote[k] : 0;
	assert_int_equal(m->visible, visible);
	for (uint32_t c = m->cells; c != NO_INDEX; c = cell_at(d, c)->next) {
		uint32_t of = 0;
		for (peer_id k = 0; k < d->peers; k++)
			of += upstream_now(d, p, k, m->prefix) == cell_at(d, c)->asn ? d->vote[k] : 0;
		assert_int_equal(cell_at(d, c)->votes, of);
		votes += of;
	}
	assert_int_equal(votes, visible); /* nobody's way is dark here */
}

/* Every AS is a place, and a prefix has two origins: who goes over from one upstream to another within one
 * country, or from one origin to the other, is counted in the right places. */
static void test_votes_are_the_tables(void **arg)
{
	struct world *w = world_new(HOLDER, NULL, 0, true);
	struct detect_options o = detect_defaults;
	size_t told = 0, far = 0;

	o.every_as = true;
	o.all_peers = true;
	detect_free(w->d);
	w->d = detect_new(w->t, w->f, &o, on_any, &told);
	baseline(w);
	for (unsigned i = 0; i < WORDS; i++) {
		unsigned peer = chance(PEERS);
		char path[64], prefix[32];
		snprintf(prefix, sizeof prefix, "20.0.%u.0/24", chance(4));
		snprintf(path, sizeof path, "%u %u %u", w->peer[peer].asn, 300 + chance(4), 900 + chance(2));
		says(
		    w, w->at + chance(3 * (unsigned)UTIME_SECOND / 2), peer, chance(3) ? path : NULL, prefix);
		for (uint32_t m = member_from(w->d, 0); m != NO_INDEX; m = member_from(w->d, m + 1)) {
			recount(w->d, member_at(w->d, m));
			far += m >= FAR;
		}
	}
	assert_true(far > WORDS && told > 0);
	*arg = w;
	down(arg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_untouched_keep_their_main_carrier),
	    cmocka_unit_test(test_votes_are_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
