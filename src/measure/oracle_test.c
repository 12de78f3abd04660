/* The fast measures against the slow, plain ones of oracle_test.h: on random small worlds, and on real
 * tables. */
#include "measure/oracle_test.h"

#include "base/mem.h"
#include "input/input.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "measure/agree_test.h"

#define T0 (INT64_C(1506848400) * UTIME_SECOND)

static uint64_t seed;
static uint32_t roll(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((seed >> 33) % n);
}

/* ---- facts ---- */
static const char territories[] = "[KP]\nasn = 10\nasn = 11\nasn = 12\nasn = 13\nprefix = 10.0.0.0/8\n"
				  "prefix = 2a00::/16\n"
				  "[RU]\nasn = 20\nasn = 21\nasn = 22\nprefix = 20.0.0.0/7\n";

static struct facts *facts_of(const char *text)
{
	char path[] = "/tmp/isthmus-oracle-XXXXXX";
	int fd = mkstemp(path);
	struct facts_options o = {.territories = path, .no_default = true};
	struct facts *f;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	f = facts_load(&o);
	unlink(path);
	return f;
}

/* ---- comparing ---- */
static void same_upstreams(const struct report *r, const struct plain_answer *a, bool hegemony)
{
	double hhi = 0;

	assert_int_equal(r->upstreams, a->upstreams);
	for (size_t i = 0; i < r->upstreams; i++) {
		const struct upstream *u = &r->upstream[i];
		size_t k = 0;
		while (k < a->upstreams && a->upstream[k].asn != u->asn)
			k++;
		assert_true(k < a->upstreams);
		near("share", u->share, a->carried > 0 ? a->upstream[k].sum / a->carried : 0);
		assert_int_equal(u->prefixes, a->upstream[k].prefixes);
		assert_true(u->low <= u->share && u->share <= u->high && u->low >= 0 && u->high <= 1 + 1e-12);
		if (hegemony)
			near("hegemony", u->hegemony, a->upstream[k].hegemony);
		if (i > 0)
			assert_true(r->upstream[i - 1].share >= u->share);
		hhi += u->share * u->share;
	}
	near("hhi", r->hhi, hhi);
}

static void same_rest(const struct report *r, const struct plain_answer *a)
{
	assert_int_equal(r->ases, a->ases);
	assert_int_equal(r->prefixes, a->prefixes);
	near("addresses", (double)r->addresses, a->addresses);
	near("visible", r->visible, a->whole > 0 ? a->visible / a->whole : 0);
	near("invisible", r->invisible, a->whole > 0 ? a->invisible / a->whole : 0);
	near("single", r->single_homed, a->homed > 0 ? a->single / a->homed : 0);
	assert_int_equal(r->gateways, a->gateways);
	for (size_t i = 0; i < r->gateways; i++)
		for (size_t k = 0; k < a->gateways; k++)
			if (a->gateway[k].asn == r->gateway[i].asn)
				near("gateway", r->gateway[i].share,
				    a->carried > 0 ? a->gateway[k].sum / a->carried : 0);
	size_t criticals = 0;
	for (size_t k = 0; k < a->criticals; k++) {
		bool found = false;
		if (a->critical[k].sum <= 0.01 * a->whole)
			continue;
		criticals++;
		for (size_t i = 0; i < r->criticals; i++)
			if (r->critical[i].asn == a->critical[k].asn) {
				found = true;
				near("lost", r->critical[i].lost, a->critical[k].sum / a->whole);
			}
		assert_true(found);
	}
	assert_int_equal(r->criticals, criticals);
}

static void compare(const struct world *w, const struct table *t, const struct facts *f, const char *who,
    const struct measure_options *o, bool hegemony)
{
	const char *why;
	struct plain q = {.w = w, .facts = f, .who = territory_find(f, who, &why), .at = T0, .o = *o};
	struct report r;
	struct plain_answer *a;

	assert_non_null(q.who);
	a = plain_report(&q, hegemony);
	measure_report(t, f, q.who, T0, o, &r);
	same_upstreams(&r, a, hegemony);
	same_rest(&r, a);
	report_free(&r);
	free(a);
}

/* ---- random small worlds ---- */
struct small {
	struct world w;
	struct table *t;
	struct source *s;
	struct peer_key *key;
	struct changes changes;
	char (*name)[PREFIX_TEXT + 1];
	utime_t now;
};

static asn_t some_asn(void)
{
	static const asn_t pool[] = {
	    10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41};
	return pool[roll(sizeof pool / sizeof *pool)];
}

/* A random path from the peer, as text and as the oracle keeps it: now and then prepended, looped, private, a
 * set. */
static struct plain_path *some_path(struct small *s, size_t prefix, size_t peer, char *text, size_t cap)
{
	asn_t list[64];
	size_t n = 0, at = 0;
	struct plain_path *p = mem_alloc(sizeof *p);
	const struct prefix *x = &s->w.prefix[prefix];

	list[n++] = s->w.peer[peer];
	for (size_t hops = roll(4); hops > 0; hops--)
		list[n++] = some_asn();
	if (roll(8) > 0)
		list[n++] = (x->b[0] == 10 || x->b[0] == 0x2a ? 10 : 20) + roll(3);
	if (roll(6) == 0) {
		list[n] = list[n - 1];
		n++;
	}
	if (roll(40) == 0)
		list[roll((uint32_t)n)] = 64512;
	plain_clean(p, list, n);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, cap - at, "%s%u", i ? " " : "", list[i]);
	if (roll(40) == 0) {
		p->dirty = true; /* {40 41} behind the origin: the origin is no longer known */
		p->asn[p->n++] = 0;
		snprintf(text + at, cap - at, " {40 41}");
	}
	return p;
}

static void feed_one(struct small *s, struct out *in)
{
	assert_int_equal(feed(s->t, s->s, in, &s->changes), 0);
	out_close(in);
}

static void set_route(struct small *s, size_t prefix, size_t peer, bool withdraw)
{
	struct plain_path **cell = &s->w.path[prefix * s->w.peers + peer];
	char text[512];
	struct out in;

	if (withdraw && !*cell)
		return;
	out_open_mem(&in);
	if (withdraw) {
		free(*cell);
		*cell = NULL;
		s->w.routes[peer]--;
		mk_withdraw(&in, s->now, &s->key[peer], s->name[prefix]);
	} else {
		s->w.routes[peer] += *cell == NULL;
		free(*cell);
		*cell = some_path(s, prefix, peer, text, sizeof text);
		mk_announce(&in, s->now, &s->key[peer], text, s->name[prefix]);
	}
	feed_one(s, &in);
}

static void some_prefix(struct small *s, size_t i, uint8_t family)
{
	struct prefix *p = &s->w.prefix[i];

	for (bool twice = true; twice;) {
		uint8_t b[16] = {10, (uint8_t)roll(8), (uint8_t)roll(16), (uint8_t)(roll(4) << 6)};
		static const uint8_t length[] = {7, 8, 12, 15, 16, 18, 20, 22, 23, 24, 24, 24, 25};
		static const uint8_t length6[] = {16, 17, 30, 31, 32, 34, 47, 48, 49};
		b[0] = roll(2) ? 10 : 20;
		if (family == FAMILY_IPV6)
			b[0] = 0x2a, b[1] = 0, b[2] = (uint8_t)roll(256), b[3] = 0, b[5] = (uint8_t)roll(40);
		*p = prefix_make(family, b, family == FAMILY_IPV6 ? length6[roll(9)] : length[roll(13)]);
		twice = false;
		for (size_t k = 0; k < i && !twice; k++)
			twice = prefix_equal(p, &s->w.prefix[k]);
	}
	s->name[i][prefix_text(s->name[i], p)] = '\0';
}

static void small_make(struct small *s, size_t prefixes, size_t peers, uint8_t family)
{
	struct world *w = &s->w;

	*s = (struct small){.t = table_new(NULL), .now = T0 - 3600 * UTIME_SECOND};
	s->s = source_new(s->t, "rrc00");
	*w = (struct world){.prefixes = prefixes, .peers = peers};
	w->prefix = mem_array(prefixes, sizeof *w->prefix);
	w->peer = mem_array(peers, sizeof *w->peer);
	w->routes = mem_array(peers, sizeof *w->routes);
	w->path = mem_array(prefixes * peers, sizeof *w->path);
	s->key = mem_array(peers, sizeof *s->key);
	s->name = mem_array(prefixes, sizeof *s->name);
	for (size_t k = 0; k < peers; k++) {
		char addr[32];
		snprintf(addr, sizeof addr, "192.0.2.%zu", k + 1);
		w->peer[k] = k > 0 && roll(4) == 0 ? w->peer[k - 1] : some_asn();
		s->key[k] = mk_peer(addr, w->peer[k]);
	}
	for (size_t i = 0; i < prefixes; i++)
		some_prefix(s, i, family);
	for (size_t i = 0; i < prefixes; i++)
		for (size_t k = 0; k < peers; k++)
			if (i == 0 || roll(10) > 2 + k % 5)
				set_route(s, i, k, false);
}

static void small_free(struct small *s)
{
	for (size_t i = 0; i < s->w.prefixes * s->w.peers; i++)
		free(s->w.path[i]);
	free(s->w.path);
	free(s->w.prefix);
	free(s->w.peer);
	free(s->w.routes);
	free(s->key);
	free(s->name);
	free(s->changes.v);
	source_free(s->s);
	table_free(s->t);
}

static const char *const whos[] = {"KP", "RU", "AS10", "AS20", "AS33", "10.0.0.0/16", "20.1.0.0/16", "AS999"};

static void random_worlds(void **state)
{
	struct facts *f = facts_of(territories);

	for (uint32_t i = 0; i < 60; i++) {
		struct small s;
		uint8_t family = i % 5 == 4 ? FAMILY_IPV6 : FAMILY_IPV4;
		seed = i;
		small_make(
		    &s, i % 7 == 6 && family == FAMILY_IPV4 ? 130 : 3 + roll(25), 1 + roll(24), family);
		for (size_t k = 0; k < sizeof whos / sizeof *whos; k++)
			for (int o = 0; o < 4; o++)
				if (!(family == FAMILY_IPV6 && k >= 5 && k < 7))
					compare(&s.w, s.t, f, whos[k],
					    &(struct measure_options){.family = family,
						.weight = o & 1 ? WEIGHT_PREFIXES : WEIGHT_ADDRESSES,
						.all_peers = o & 2},
					    o < 2);
		small_free(&s);
	}
	facts_free(f);
}

static void rank_is_the_reports(void **state)
{
	struct facts *f = facts_of(territories);

	for (uint32_t i = 0; i < 30; i++) {
		struct small s;
		seed = 1000 + i;
		small_make(&s, 3 + roll(40), 1 + roll(20), FAMILY_IPV4);
		for (int o = 0; o < 2; o++) {
			struct measure_options m = {
			    .family = FAMILY_IPV4, .weight = o ? WEIGHT_PREFIXES : WEIGHT_ADDRESSES};
			rank_agrees(s.t, f, T0, &m, RANK_COUNTRY, 1);
			rank_agrees(s.t, f, T0, &m, RANK_AS, 1);
		}
		small_free(&s);
	}
	facts_free(f);
}

/* ---- hegemony of every AS for every origin ---- */
static double plain_origin_hegemony(const struct world *w, asn_t origin, asn_t asn, enum weight weight)
{
	double value[512] = {0}, part[512];
	size_t n = 0;

	for (size_t k = 0; k < w->peers; k++) {
		bool votes[512] = {false};
		struct plain q = {.w = w, .votes = votes};
		double all = 0, crossing = 0;
		votes[k] = true;
		for (size_t p = 0; p < w->prefixes; p++) {
			const struct plain_path *r = w->path[p * w->peers + k];
			double own = r ? weight == WEIGHT_PREFIXES ? 1 : plain_own(&q, p, k) : 0;
			bool on = false;
			if (!r || r->dirty || r->asn[r->n - 1] != origin || !plain_in_limits(&w->prefix[p]))
				continue;
			for (size_t j = 0; j < r->n; j++)
				on |= r->asn[j] == asn;
			all += own;
			crossing += on ? own : 0;
		}
		part[k] = all > 0 ? crossing / all : -1;
	}
	for (size_t k = 0; k < w->peers; k++) {
		double sum = 0, seeing = 0;
		bool first = true;
		for (size_t j = 0; j < w->peers; j++) {
			first &= !(j < k && w->peer[j] == w->peer[k]);
			sum += w->peer[j] == w->peer[k] && part[j] >= 0 ? part[j] : 0;
			seeing += w->peer[j] == w->peer[k] && part[j] >= 0;
		}
		if (first)
			value[n++] = seeing > 0 ? sum / seeing : 0;
	}
	return plain_trimmed(value, n);
}

static void hegemony_of_every_origin(void **state)
{
	for (uint32_t i = 0; i < 12; i++) {
		struct small s;
		struct hegemony h;
		struct measure_options o = {.family = FAMILY_IPV4,
		    .weight = i % 2 ? WEIGHT_PREFIXES : WEIGHT_ADDRESSES,
		    .all_peers = true};
		size_t at = 0;
		seed = 500 + i;
		small_make(&s, 3 + roll(20), 2 + roll(24), FAMILY_IPV4);
		measure_hegemony(s.t, &o, &h);
		for (asn_t origin = 10; origin < 42; origin++)
			for (asn_t asn = 10; asn < 42; asn++) {
				double want = plain_origin_hegemony(&s.w, origin, asn, o.weight), got = 0;
				if (at < h.n && h.row[at].origin == origin && h.row[at].asn == asn)
					got = h.row[at++].score;
				near("hegemony", got, want);
			}
		assert_int_equal(at, h.n); /* every row was asked for, in order */
		hegemony_free(&h);
		small_free(&s);
	}
}

/* ---- over time ---- */
static void moment_is_the_report(struct small *s, const struct facts *f, const struct territory *who,
    const struct measure_options *o, const struct timeline *t)
{
	const struct moment *m = &t->moment[t->moments - 1];
	struct report r;

	measure_report(s->t, f, who, s->now, o, &r);
	assert_int_equal(m->n, r.upstreams);
	near("visible then", m->visible, r.visible);
	for (size_t i = 0; i < m->n; i++) {
		double share = -1;
		for (size_t k = 0; k < r.upstreams; k++)
			if (r.upstream[k].asn == t->share[m->first + i].upstream) {
				share = r.upstream[k].share;
				assert_int_equal(r.upstream[k].prefixes, t->share[m->first + i].prefixes);
			}
		near("share then", t->share[m->first + i].share, share);
	}
	report_free(&r);
}

static void every_moment_is_a_report(void **state)
{
	struct facts *f = facts_of(territories);

	for (uint32_t i = 0; i < 24; i++) {
		struct small s;
		const char *why;
		const struct territory *who = territory_find(f, whos[i % 7], &why);
		struct measure_options o = {
		    .family = FAMILY_IPV4, .weight = i % 3 ? WEIGHT_ADDRESSES : WEIGHT_PREFIXES};
		struct running *run;
		size_t before = 0;
		seed = 9000 + i;
		small_make(&s, 4 + roll(20), 2 + roll(12), FAMILY_IPV4);
		run = running_new(s.t, f, who, &o, UTIME_NONE, s.now + 86400 * UTIME_SECOND, 0);
		running_changes(run, s.changes.v, s.changes.n);
		for (int k = 0; k < 150; k++) {
			const struct timeline *t = running_end(run, s.now);
			assert_true(t->moments >= before);
			if (t->moments > 0)
				moment_is_the_report(&s, f, who, &o, t);
			before = t->moments;
			s.now += (1 + roll(90)) * UTIME_SECOND;
			s.changes.n = 0;
			set_route(&s, roll((uint32_t)s.w.prefixes), roll((uint32_t)s.w.peers), roll(3) == 0);
			running_changes(run, s.changes.v, s.changes.n);
		}
		running_free(run);
		small_free(&s);
	}
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_worlds),
	    cmocka_unit_test(rank_is_the_reports),
	    cmocka_unit_test(hegemony_of_every_origin),
	    cmocka_unit_test(every_moment_is_a_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
