/*
 * Every measure on real tables, against the plain ones of oracle_test.h: the file is decoded once more into a
 * matrix prefix by peer of ASN lists, without ids, tree or caches, and each number of a report, and each row
 * of a rank, must be the same. Skipped where ../shared/data is not there.
 */
#include "measure/oracle_test.h"

#include "base/hash.h"
#include "base/mem.h"
#include "input/input.h"
#include "measure/idmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants the four above it */
#include <cmocka.h>

#include "measure/agree_test.h"

struct real {
	struct world w;
	struct idmap prefix, peer; /* by hash, to index */
	size_t prefix_cap, peer_cap;
	uint8_t family;
	bool filling; /* the second time: everything is known, paths are put */
	const asn_t *drop;
	size_t drops;
	struct mrt_peers *peers;
	struct table *t;
	struct source *s;
	utime_t last;
};

/* ---- decoding into the matrix ---- */
static size_t peer_at(struct real *r, const struct peer_key *key)
{
	uint32_t i = idmap_at(&r->peer, hash_bytes(key->addr.b, 16) ^ hash_u64(key->asn));

	if (i == r->w.peers) {
		r->w.peer = vec_room(r->w.peer, r->w.peers, &r->peer_cap, sizeof *r->w.peer);
		r->w.peer[r->w.peers++] = key->asn;
	}
	return i;
}

static size_t prefix_at(struct real *r, const struct prefix *p)
{
	uint32_t i = idmap_at(&r->prefix, hash_bytes(p, sizeof *p));

	if (i == r->w.prefixes) {
		r->w.prefix = vec_room(r->w.prefix, r->w.prefixes, &r->prefix_cap, sizeof *r->w.prefix);
		r->w.prefix[r->w.prefixes++] = *p;
	}
	return i;
}

static void plain_drop(struct plain_path *p, const struct real *r, asn_t peer)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		bool drop = false;
		for (size_t k = 0; k < r->drops; k++)
			drop |= r->drop[k] == p->asn[i];
		if (!drop && !(n > 0 && p->asn[n - 1] == p->asn[i]))
			p->asn[n++] = p->asn[i];
	}
	if (n == 0)
		p->asn[n++] = peer;
	p->n = n;
}

/* NULL: the attributes make it a withdrawal (RFC 7606). In a dump only the path is looked at. */
static struct plain_path *path_of(const struct real *r, const struct attr_set *set, asn_t peer)
{
	struct attr_view view;
	struct fault_count faults = {0};
	struct span none = {0};
	struct plain_path *p;
	asn_t list[1024];
	unsigned flags = 0;
	size_t n;

	attrs_scan(set, &view, &faults, 0);
	if (!set->rib_form && (view.withdraw || !attr_seen(&view, ATTR_AS_PATH)))
		return NULL;
	n = as_path_flat(attr_seen(&view, ATTR_AS_PATH) ? view.value[ATTR_AS_PATH] : none,
	    attr_seen(&view, ATTR_AS4_PATH) ? view.value[ATTR_AS4_PATH] : none, set->as_size, list, 1024,
	    &flags);
	p = mem_alloc(sizeof *p);
	plain_clean(p, list, n);
	p->dirty |= (flags & (PATH_CUT | PATH_MALFORMED)) != 0;
	plain_drop(p, r, peer);
	return p;
}

static void put_route(
    struct real *r, const struct peer_key *key, const struct prefix *prefix, const struct attr_set *set)
{
	size_t peer = peer_at(r, key), at;
	struct plain_path **cell;

	if (prefix->family != r->family)
		return;
	at = prefix_at(r, prefix);
	if (!r->filling)
		return;
	cell = &r->w.path[at * r->w.peers + peer];
	r->w.routes[peer] -= *cell != NULL;
	free(*cell);
	*cell = set ? path_of(r, set, key->asn) : NULL;
	r->w.routes[peer] += *cell != NULL;
}

static void put_message(struct real *r, const struct update *u)
{
	struct fault_count faults = {0};
	struct prefix p;
	uint32_t id;

	for (int i = 0; i < 4; i++) {
		struct nlri list = i < 2 ? u->withdrawn[i] : u->announced[i - 2];
		while (list.family && list.safi == 1 && nlri_next(&list, &p, &id, &faults, 0))
			put_route(r, &u->peer, &p, i < 2 ? NULL : &u->attrs);
	}
}

static void put_state(struct real *r, const struct update *u)
{
	size_t peer = peer_at(r, &u->peer);

	for (size_t i = 0; r->filling && i < r->w.prefixes; i++) {
		free(r->w.path[i * r->w.peers + peer]);
		r->w.path[i * r->w.peers + peer] = NULL;
	}
	if (r->filling)
		r->w.routes[peer] = 0;
}

static void put_update(struct real *r, struct update *u)
{
	struct fault_count faults = {0};
	struct rib_entry e;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(r->peers, u, &faults);
	if (u->kind == UPDATE_MESSAGE)
		put_message(r, u);
	if (u->kind == UPDATE_STATE && (u->old_state == 6) != (u->new_state == 6))
		put_state(r, u);
	if (u->kind == UPDATE_RIB && u->safi == 1)
		while (rib_entry_next(u, &e, &faults)) {
			struct attr_set set = e.attrs;
			set.rib_form = true; /* TABLE_DUMP too: a dump's routes are no withdrawals */
			put_route(
			    r, u->own_peer ? &u->peer : &r->peers->peer[e.peer_index], &u->prefix, &set);
		}
}

static void read_file(struct real *r, const char *path)
{
	struct input *in = input_open(path);
	struct mrt mrt = {0};
	struct block b = {0};
	struct cur c = {0};
	struct update u;
	bool last = false;

	for (;;) {
		if (mrt_next(&mrt, &c, b.offset + (uint64_t)(c.p - b.data), last, &u) == MRT_UPDATE) {
			struct update again = u;
			put_update(r, &again);
			if (r->filling)
				table_apply(r->t, r->s, &u, &mrt.faults, NULL);
			r->last = u.time;
		} else if (last) {
			break;
		} else if (input_next(in, cur_left(&c), &b) == INPUT_BLOCK) {
			c = cur_of(b.data, b.len);
		} else {
			last = true;
		}
	}
	input_close(in);
}

static void real_make(struct real *r, const struct facts *f, const char *path, uint8_t family)
{
	*r = (struct real){.family = family, .peers = mem_alloc(sizeof *r->peers)};
	r->drops = facts_route_servers(f, &r->drop);
	r->t = table_new(&(struct table_options){.drop_asn = r->drop, .drop_asns = r->drops});
	r->s = source_new(r->t, "x");
	read_file(r, path);
	r->w.routes = mem_array(r->w.peers + 1, sizeof *r->w.routes);
	r->w.path = mem_array(r->w.prefixes * r->w.peers + 1, sizeof(struct plain_path *));
	r->filling = true;
	read_file(r, path);
}

static void real_free(struct real *r)
{
	for (size_t i = 0; i < r->w.prefixes * r->w.peers; i++)
		free(r->w.path[i]);
	free(r->w.path);
	free(r->w.routes);
	free(r->w.peer);
	free(r->w.prefix);
	free(r->peers);
	idmap_free(&r->prefix);
	idmap_free(&r->peer);
	source_free(r->s);
	table_free(r->t);
}

/* ---- comparing ---- */
static double sum_of(const struct plain_answer *a, asn_t asn, double *hegemony, unsigned *prefixes)
{
	for (size_t k = 0; k < a->upstreams; k++)
		if (a->upstream[k].asn == asn) {
			*hegemony = a->upstream[k].hegemony;
			*prefixes = a->upstream[k].prefixes;
			return a->upstream[k].sum;
		}
	fail_msg("AS%u carries nothing, the oracle says", asn);
	return 0;
}

static void same_upstreams(const struct report *r, const struct plain_answer *a)
{
	double hhi = 0, entropy = 0;

	assert_int_equal(r->upstreams, a->upstreams);
	for (size_t i = 0; i < r->upstreams; i++) {
		const struct upstream *u = &r->upstream[i];
		double hegemony = 0, s;
		unsigned prefixes = 0;
		s = a->carried > 0 ? sum_of(a, u->asn, &hegemony, &prefixes) / a->carried : 0;
		near("share", u->share, s);
		near("hegemony", u->hegemony, hegemony);
		assert_int_equal(u->prefixes, prefixes);
		assert_true(u->low <= u->share && u->share <= u->high && u->low >= 0 && u->high <= 1 + 1e-12);
		hhi += s * s;
		entropy -= s > 0 ? s * log2(s) : 0;
	}
	near("hhi", r->hhi, hhi);
	near("effective", r->effective, hhi > 0 ? 1 / hhi : 0);
	near("entropy", r->entropy, entropy);
}

static void same_countries(const struct facts *f, const struct report *r, const struct plain_answer *a)
{
	double hhi = 0;
	size_t n = 0;

	for (size_t k = 0; k < a->upstreams; k++) {
		double sum = 0;
		bool first = true;
		for (size_t j = 0; j < a->upstreams; j++) {
			bool same = asn_country(f, a->upstream[j].asn) == asn_country(f, a->upstream[k].asn);
			sum += same && a->carried > 0 ? a->upstream[j].sum / a->carried : 0;
			first &= !(same && j < k);
		}
		if (!first)
			continue;
		n++;
		hhi += sum * sum;
		for (size_t i = 0; i < r->countries; i++)
			if (r->country[i].country == asn_country(f, a->upstream[k].asn))
				near("country's share", r->country[i].share, sum);
	}
	assert_int_equal(r->countries, n);
	near("country hhi", r->country_hhi, hhi);
}

static void same_rest(const struct report *r, const struct plain_answer *a)
{
	size_t criticals = 0;

	assert_int_equal(r->ases, a->ases);
	assert_int_equal(r->prefixes, a->prefixes);
	near("addresses", (double)r->addresses, a->addresses);
	near("visible", r->visible, a->whole > 0 ? a->visible / a->whole : 0);
	near("invisible", r->invisible, a->whole > 0 ? a->invisible / a->whole : 0);
	near("single-homed", r->single_homed, a->homed > 0 ? a->single / a->homed : 0);
	assert_int_equal(r->gateways, a->gateways);
	for (size_t k = 0; k < a->gateways; k++) {
		size_t i = 0;
		while (i < r->gateways && r->gateway[i].asn != a->gateway[k].asn)
			i++;
		assert_true(i < r->gateways);
		near("gateway", r->gateway[i].share, a->carried > 0 ? a->gateway[k].sum / a->carried : 0);
	}
	for (size_t k = 0; k < a->criticals; k++) {
		size_t i = 0;
		if (a->critical[k].sum <= 0.01 * a->whole)
			continue;
		criticals++;
		while (i < r->criticals && r->critical[i].asn != a->critical[k].asn)
			i++;
		assert_true(i < r->criticals);
		near("critical", r->critical[i].lost, a->critical[k].sum / a->whole);
	}
	assert_int_equal(r->criticals, criticals);
}

static void same_report(struct real *x, const struct facts *f, const char *who, enum weight weight)
{
	const char *why;
	struct plain q = {.w = &x->w,
	    .facts = f,
	    .who = territory_find(f, who, &why),
	    .at = x->last,
	    .o = {.family = x->family, .weight = weight}};
	struct plain_answer *a;
	struct report r;

	assert_non_null(q.who);
	a = plain_report(&q, true);
	measure_report(x->t, f, q.who, x->last, &q.o, &r);
	print_message("  %s: %u prefixes, %zu upstreams, %zu gateways, %zu critical, %u vantage ASes\n", who,
	    r.prefixes, r.upstreams, r.gateways, r.criticals, r.ases);
	assert_true(r.prefixes > 0 && r.upstreams > 0);
	same_upstreams(&r, a);
	same_countries(f, &r, a);
	same_rest(&r, a);
	report_free(&r);
	free(a);
}

/* ---- the files ---- */
static const struct row {
	const char *file;
	uint8_t family;
	const char *who[10];
} rows[] = {
    {"mrt/pyasn.rib.20140523.0600_firstMB.bz2", FAMILY_IPV4,
	{"KZ", "TH", "IL", "PL", "AS12400", "AS24378", "1.0.128.0/17"}},
    {"mrt/pyasn.rib6.20151101.0600_firstMB.bz2", FAMILY_IPV6, {"ID", "TH", "SG", "AS133193"}},
    {"mrt/ripencc-bgpdump.bview.20020722.2337.gz", FAMILY_IPV4, {"BH", "VG", "MO"}},
    {"mrt/ripencc-bgpdump.updates.et-header.2015.gz", FAMILY_IPV4, {"KP", "AS131279"}},
    {"mrt-series-rrc04-2021/ris.rrc04.updates.1609477200.300.gz", FAMILY_IPV4, {"SD", "TJ", "KZ"}},
};

static void real_tables_give_the_plain_numbers(void **state)
{
	struct facts *f = facts_load(&(struct facts_options){.at = 0});
	int there = 0;

	if (asn_country(f, 9198) == CC_NONE) {
		facts_free(f);
		print_message("skipped: no default registry, which places the countries\n");
		skip();
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char path[256];
		struct real x;
		snprintf(path, sizeof path, "../shared/data/%s", rows[i].file);
		if (access(path, R_OK) != 0)
			continue;
		there++;
		real_make(&x, f, path, rows[i].family);
		print_message("%s: %zu prefixes, %zu peers\n", rows[i].file, x.w.prefixes, x.w.peers);
		assert_true(x.w.prefixes > 100);
		for (size_t k = 0; rows[i].who[k]; k++)
			for (int weight = 0; weight < 2; weight++)
				same_report(
				    &x, f, rows[i].who[k], weight ? WEIGHT_PREFIXES : WEIGHT_ADDRESSES);
		rank_agrees(
		    x.t, f, x.last, &(struct measure_options){.family = rows[i].family}, RANK_COUNTRY, 1);
		rank_agrees(
		    x.t, f, x.last, &(struct measure_options){.family = rows[i].family}, RANK_AS, 997);
		real_free(&x);
	}
	facts_free(f);
	if (!there) {
		print_message("skipped: no ../shared/data\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(real_tables_give_the_plain_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
