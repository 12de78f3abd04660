/* measure/carriers: see carriers.h. */
#include "measure/carriers.h"

#include "base/mem.h"
#include "measure/stats.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 8 }; /* prefixes that a peer's pass fetches ahead */

/* ---- hegemony ---- */
struct crossing { /* one peer's view */
	const struct scope *scope;
	struct idmap *upstream;
	bool *present;
	double *own;
	double *sum; /* by upstream: weight of routes that cross it */
};

/* Weight of the territory this peer sees; sum[] gets what of it crosses each upstream. */
static double peer_crossings(struct crossing *c, struct scope *s, size_t peer)
{
	double total = 0;

	for (size_t i = 0; i < s->prefixes; i++)
		c->present[i] = cell_path(s, &s->prefix[i], peer) != PATH_NONE;
	members_own(s->prefix, s->prefixes, c->present, c->own);
	for (size_t i = 0; i < s->prefixes; i++) {
		const struct weighed *m = &s->prefix[i];
		struct border b;
		unsigned cause;
		double w = s->options.weight == WEIGHT_PREFIXES ? 1 : c->own[i];
		cell_fetch(s, i + AHEAD, peer);
		if (!m->ours || cell_of(s, m, peer, &b, &cause) != CELL_CARRIED)
			continue;
		total += w;
		for (path_id node = cell_path(s, m, peer); node; node = node_up(s, node)) {
			uint32_t u = idmap_find(c->upstream, node_asn(s, node));
			if (u != IDMAP_NONE)
				c->sum[u] += w;
		}
	}
	return total;
}

/* Adds one vantage AS's value of each upstream, averaged over its peers that see the territory. */
static void vantage_values(struct crossing *c, struct scope *s, uint32_t vantage, double *value, size_t n)
{
	unsigned seeing = 0;

	memset(value, 0, n * sizeof *value);
	for (size_t k = 0; k < s->peers; k++) {
		double total;
		if (s->vantage_of[k] != vantage)
			continue;
		memset(c->sum, 0, n * sizeof *c->sum);
		total = peer_crossings(c, s, k);
		if (total <= 0)
			continue;
		seeing++;
		for (size_t u = 0; u < n; u++)
			value[u] += c->sum[u] / total;
	}
	for (size_t u = 0; u < n && seeing > 1; u++)
		value[u] /= seeing;
}

void carriers_hegemony(struct scope *s, struct upstream *u, size_t n)
{
	struct idmap index = {0};
	struct crossing c = {.scope = s, .upstream = &index};
	double *value = mem_array(n * s->vantages + 1, sizeof *value);
	double *column = mem_array(s->vantages + 1, sizeof *column);

	for (size_t k = 0; k < n; k++)
		idmap_at(&index, u[k].asn);
	c.present = mem_array(s->prefixes + 1, sizeof *c.present);
	c.own = mem_array(s->prefixes + 1, sizeof *c.own);
	c.sum = mem_array(n + 1, sizeof *c.sum);
	for (uint32_t v = 0; v < s->vantages; v++)
		vantage_values(&c, s, v, value + v * n, n);
	for (size_t k = 0; k < n; k++) {
		size_t m = 0;
		for (size_t v = 0; v < s->vantages; v++)
			if (value[v * n + k] > 0)
				column[m++] = value[v * n + k];
		u[k].hegemony = stats_trimmed_mean(column, m, s->vantages);
	}
	free(c.present);
	free(c.own);
	free(c.sum);
	free(value);
	free(column);
	idmap_free(&index);
}

/* ---- critical ASes ---- */
struct common { /* the ASes on every path so far */
	asn_t asn[256];
	size_t n;
	bool any;
};

static bool path_crosses(const struct scope *s, path_id path, asn_t asn)
{
	for (; path != PATH_NONE; path = node_up(s, path))
		if (node_asn(s, path) == asn)
			return true;
	return false;
}

static void common_with(struct common *c, const struct scope *s, path_id path)
{
	size_t n = 0;

	if (!c->any) {
		c->n = path_list(s->table, path, c->asn, sizeof c->asn / sizeof *c->asn);
		if (c->n > sizeof c->asn / sizeof *c->asn)
			c->n = sizeof c->asn / sizeof *c->asn;
		c->any = true;
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		if (path_crosses(s, path, c->asn[i]))
			c->asn[n++] = c->asn[i];
	c->n = n;
}

static void prefix_common(struct common *c, struct scope *s, const struct weighed *m)
{
	path_id last = PATH_NONE;

	c->n = 0;
	c->any = false;
	for (size_t k = 0; k < s->peers && (c->n > 0 || !c->any); k++) {
		struct border b;
		unsigned cause;
		path_id path = cell_path(s, m, k);
		if (path == last || cell_of(s, m, k, &b, &cause) != CELL_CARRIED)
			continue;
		common_with(c, s, path);
		last = path;
	}
}

static int critical_cmp(const void *a, const void *b)
{
	const struct critical *x = a, *y = b;

	if (x->lost != y->lost)
		return x->lost < y->lost ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

void carriers_critical(struct scope *s, struct report *r)
{
	struct common *c = mem_alloc(sizeof *c);
	struct idmap index = {0};
	double *lost = NULL, whole = 0;
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < s->prefixes; i++) {
		const struct weighed *m = &s->prefix[i];
		if (!m->ours || !m->seen)
			continue;
		cells_fetch(s, i + 1);
		whole += m->weight;
		prefix_common(c, s, m);
		for (size_t k = 0; k < c->n; k++) {
			uint32_t a = idmap_at(&index, c->asn[k]);
			if (a == n) {
				lost = vec_room(lost, n, &cap, sizeof *lost);
				lost[n++] = 0;
			}
			lost[a] += m->weight;
		}
	}
	r->critical = mem_array(n + 1, sizeof *r->critical);
	for (size_t a = 0; a < n; a++)
		if (lost[a] > 0.01 * whole)
			r->critical[r->criticals++] = (struct critical){(asn_t)index.key[a], lost[a] / whole};
	qsort(r->critical, r->criticals, sizeof *r->critical, critical_cmp);
	free(c);
	free(lost);
	idmap_free(&index);
}

/* ---- the carriers behind the carriers ---- */
static int edge_cmp(const void *a, const void *b)
{
	const struct depth_edge *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	if (x->carrier != y->carrier)
		return x->carrier > y->carrier ? 1 : -1;
	return (x->upstream > y->upstream) - (x->upstream < y->upstream);
}

/* The AS next outward of the upstream on this path; 0 where the path begins at the upstream. */
static asn_t carrier_behind(const struct scope *s, path_id path, asn_t upstream)
{
	asn_t outer = 0;

	for (; path != PATH_NONE && node_asn(s, path) != upstream; path = node_up(s, path))
		outer = node_asn(s, path);
	return path == PATH_NONE ? 0 : outer;
}

void carriers_behind(struct scope *s, const struct tally *t, struct report *r)
{
	struct idmap index = {0};
	double *sum = NULL;
	size_t cap = 0, n = 0;

	for (size_t i = 0; i < s->prefixes; i++) {
		const struct weighed *m = &s->prefix[i];
		if (!m->ours || !m->seen)
			continue;
		cells_fetch(s, i + 1);
		for (size_t k = 0; k < s->peers; k++) {
			struct border b;
			unsigned cause;
			asn_t behind;
			uint32_t e;
			if (cell_of(s, m, k, &b, &cause) != CELL_CARRIED)
				continue;
			behind = carrier_behind(s, cell_path(s, m, k), b.upstream);
			if (behind == 0)
				continue;
			e = idmap_at(&index, (uint64_t)b.upstream << 32 | behind);
			if (e == n) {
				sum = vec_room(sum, n, &cap, sizeof *sum);
				sum[n++] = 0;
			}
			sum[e] += m->weight / s->vantage[s->vantage_of[k]].peers / (double)s->vantages;
		}
	}
	r->edges = n;
	r->edge = mem_array(n + 1, sizeof *r->edge);
	for (size_t e = 0; e < n; e++)
		r->edge[e] = (struct depth_edge){(asn_t)index.key[e], (asn_t)(index.key[e] >> 32),
		    t->carried > 0 ? sum[e] / t->carried : 0};
	qsort(r->edge, n, sizeof *r->edge, edge_cmp);
	free(sum);
	idmap_free(&index);
}
