/*
 * measure/wayin: the way into a territory, as weighted edges. In: a table at rest. Out: struct wayin. One
 * pass over the cells (prefix by voting peer); a vote weighs as in measure/tally.
 */
#include "base/mem.h"
#include "measure/idmap.h"
#include "measure/scope.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_LAYER = WAYIN_GATEWAY + 1 };

struct way { /* of a peer's path: its edges, and the node before the prefix */
	uint32_t network, upstream, last;
};

struct ways { /* weight by edge; keys are indexes into the node map */
	struct scope *scope;
	struct idmap node, edge;
	double *weight;
	size_t cap;
	double carried;
	struct way *way; /* by peer */
};

/* A node is what it is called in its layer; a prefix stands in a layer of its own. */
static uint32_t node_of(struct ways *w, unsigned layer, uint32_t id)
{
	return idmap_at(&w->node, (uint64_t)layer << 32 | id);
}

static uint32_t edge_of(struct ways *w, uint32_t from, uint32_t to)
{
	uint32_t e = idmap_at(&w->edge, (uint64_t)from << 32 | to);

	if (e >= w->cap) {
		size_t was = w->cap;
		w->cap = e < 16 ? 32 : (size_t)e * 2;
		w->weight = mem_grow(w->weight, w->cap, sizeof *w->weight);
		memset(w->weight + was, 0, (w->cap - was) * sizeof *w->weight);
	}
	return e;
}

static void way_find(struct ways *w, const struct judged *x, struct way *way)
{
	uint32_t upstream = node_of(w, WAYIN_UPSTREAM, x->border.upstream);

	if (x->outer)
		way->network = edge_of(w, node_of(w, WAYIN_NETWORK, x->outer), upstream);
	way->last = upstream;
	if (!x->border.gateway)
		return;
	way->last = node_of(w, WAYIN_GATEWAY, x->border.gateway);
	way->upstream = edge_of(w, upstream, way->last);
}

struct ways *ways_new(struct scope *s)
{
	struct ways *w = mem_alloc(sizeof *w);

	w->scope = s;
	w->way = mem_array(s->peers + 1, sizeof *w->way);
	return w;
}

void ways_add(struct ways *w, size_t prefix, const struct judged *row)
{
	const struct scope *s = w->scope;
	const struct weighed *m = &s->prefix[prefix];
	uint32_t to = UINT32_MAX, from = UINT32_MAX, edge = 0; /* the last one that led to the prefix */

	for (size_t k = 0; k < s->peers; k++) {
		double vote = m->weight / s->vantage[s->vantage_of[k]].peers / (double)s->vantages;
		struct way *way = &w->way[k];
		if (row[k].cell != CELL_CARRIED)
			continue;
		w->carried += vote;
		if (!row[k].same)
			way_find(w, &row[k], way);
		if (row[k].outer)
			w->weight[way->network] += vote;
		if (row[k].border.gateway)
			w->weight[way->upstream] += vote;
		if (to == UINT32_MAX)
			to = node_of(w, PREFIX_LAYER, m->id);
		if (way->last != from) {
			from = way->last;
			edge = edge_of(w, from, to);
		}
		w->weight[edge] += vote;
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

static void fill_edges(struct wayin *e, const struct ways *s)
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

void ways_end(struct ways *w, struct wayin *e)
{
	fill_edges(e, w);
	idmap_free(&w->node);
	idmap_free(&w->edge);
	free(w->weight);
	free(w->way);
	free(w);
}

void wayin_free(struct wayin *e)
{
	free(e->edge);
	*e = (struct wayin){0};
}
