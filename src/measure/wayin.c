/*
 * measure/wayin: the way into a territory, as weighted edges. In: a table at rest. Out: struct wayin. One
 * pass over the cells (prefix by voting peer); a vote weighs as in measure/tally.
 */
#include "base/mem.h"
#include "measure/idmap.h"
#include "measure/scope.h"

#include <stdlib.h>
#include <string.h>

struct sums { /* weight by edge; keys are indexes into the node map */
	struct idmap node, edge;
	double *weight;
	size_t cap;
	double carried;
};

/* A node is what it is called in its layer; a prefix stands in a layer of its own. */
static uint32_t node_of(struct sums *s, unsigned layer, uint32_t id)
{
	return idmap_at(&s->node, (uint64_t)layer << 32 | id);
}

static void edge_add(struct sums *s, uint32_t from, uint32_t to, double vote)
{
	uint32_t e = idmap_at(&s->edge, (uint64_t)from << 32 | to);

	if (e >= s->cap) {
		size_t was = s->cap;
		s->cap = e < 16 ? 32 : (size_t)e * 2;
		s->weight = mem_grow(s->weight, s->cap, sizeof *s->weight);
		memset(s->weight + was, 0, (s->cap - was) * sizeof *s->weight);
	}
	s->weight[e] += vote;
}

/* The AS next outward of the upstream on this path; 0 where the vantage AS is the upstream itself. */
static asn_t outward_of(const struct scope *s, path_id path, asn_t upstream)
{
	asn_t outer = 0;

	for (; path != PATH_NONE && node_asn(s, path) != upstream; path = node_up(s, path))
		outer = node_asn(s, path);
	return path == PATH_NONE ? 0 : outer;
}

static void count_cell(struct sums *s, struct scope *sc, const struct weighed *m, size_t peer, double vote)
{
	enum { PREFIX_LAYER = 3 };
	struct border b;
	unsigned cause;
	uint32_t upstream, prefix;
	asn_t outer;

	if (cell_of(sc, m, peer, &b, &cause) != CELL_CARRIED)
		return;
	s->carried += vote;
	upstream = node_of(s, WAYIN_UPSTREAM, b.upstream);
	prefix = node_of(s, PREFIX_LAYER, m->id);
	outer = outward_of(sc, cell_path(sc, m, peer), b.upstream);
	if (outer)
		edge_add(s, node_of(s, WAYIN_NETWORK, outer), upstream, vote);
	if (b.gateway) {
		uint32_t gateway = node_of(s, WAYIN_GATEWAY, b.gateway);
		edge_add(s, upstream, gateway, vote);
		edge_add(s, gateway, prefix, vote);
	} else {
		edge_add(s, upstream, prefix, vote);
	}
}

static int edge_cmp(const void *a, const void *b)
{
	const struct wayin_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	if (x->asn != y->asn)
		return x->asn < y->asn ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->prefix > y->prefix) - (x->prefix < y->prefix);
}

static void fill_edges(struct wayin *e, const struct sums *s)
{
	e->n = s->edge.n;
	e->edge = mem_array(e->n + 1, sizeof *e->edge);
	for (size_t i = 0; i < e->n; i++) {
		uint64_t from = s->node.key[s->edge.key[i] >> 32],
			 to = s->node.key[s->edge.key[i] & UINT32_MAX];
		bool prefix = to >> 32 > WAYIN_GATEWAY;
		e->edge[i] = (struct wayin_edge){
		    .from = (enum wayin_layer)(from >> 32),
		    .asn = (asn_t)from,
		    .to = prefix ? 0 : (asn_t)to,
		    .prefix = prefix ? (prefix_id)to : PREFIX_NONE,
		    .share = s->carried > 0 ? s->weight[i] / s->carried : 0,
		};
	}
	qsort(e->edge, e->n, sizeof *e->edge, edge_cmp);
}

void wayin_make(struct scope *sc, struct wayin *e)
{
	struct sums s = {0};

	for (size_t i = 0; i < sc->prefixes; i++) {
		const struct weighed *m = &sc->prefix[i];
		cells_fetch(sc, i + 1);
		for (size_t peer = 0; m->ours && m->seen && peer < sc->peers; peer++) {
			const struct vantage *v = &sc->vantage[sc->vantage_of[peer]];
			count_cell(&s, sc, m, peer, m->weight / v->peers / (double)sc->vantages);
		}
	}
	fill_edges(e, &s);
	idmap_free(&s.node);
	idmap_free(&s.edge);
	free(s.weight);
}

void wayin_free(struct wayin *e)
{
	free(e->edge);
	*e = (struct wayin){0};
}
