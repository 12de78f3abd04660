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

struct crossed { /* the upstreams on a path */
	path_id path;
	size_t n;
	uint32_t upstream[256];
};

static void crossed_find(struct crossed *x, const struct crossing *c, const struct scope *s, path_id path)
{
	x->path = path;
	x->n = 0;
	for (path_id node = path; node && x->n < sizeof x->upstream / sizeof *x->upstream;
	     node = node_up(s, node)) {
		uint32_t u = idmap_find(c->upstream, node_asn(s, node));
		if (u != IDMAP_NONE)
			x->upstream[x->n++] = u;
	}
}

/* Weight of the territory this peer sees; sum[] gets what of it crosses each upstream. */
static double peer_crossings(struct crossing *c, struct scope *s, size_t peer)
{
	struct crossed crossed = {0};
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
		if (cell_path(s, m, peer) != crossed.path)
			crossed_find(&crossed, c, s, cell_path(s, m, peer));
		for (size_t k = 0; k < crossed.n; k++)
			c->sum[crossed.upstream[k]] += w;
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

static void prefix_common(struct common *c, const struct scope *s, const struct judged *row)
{
	path_id last = PATH_NONE;

	c->n = 0;
	c->any = false;
	for (size_t k = 0; k < s->peers && (c->n > 0 || !c->any); k++) {
		if (row[k].path == last || row[k].cell != CELL_CARRIED)
			continue;
		common_with(c, s, row[k].path);
		last = row[k].path;
	}
}

static int critical_cmp(const void *a, const void *b)
{
	const struct critical *x = a, *y = b;

	if (x->lost != y->lost)
		return x->lost < y->lost ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

struct critics {
	struct scope *scope;
	struct common common; /* of the last prefix */
	struct idmap index;
	double *lost, whole; /* lost: by index */
	size_t n, cap;
};

struct critics *critics_new(struct scope *s)
{
	struct critics *c = mem_alloc(sizeof *c);

	c->scope = s;
	return c;
}

void critics_add(struct critics *c, size_t prefix, const struct judged *row, bool other)
{
	double weight = c->scope->prefix[prefix].weight;

	if (other)
		prefix_common(&c->common, c->scope, row);
	c->whole += weight;
	for (size_t k = 0; k < c->common.n; k++) {
		uint32_t a = idmap_at(&c->index, c->common.asn[k]);
		if (a == c->n) {
			c->lost = vec_room(c->lost, c->n, &c->cap, sizeof *c->lost);
			c->lost[c->n++] = 0;
		}
		c->lost[a] += weight;
	}
}

void critics_end(struct critics *c, struct report *r)
{
	r->critical = mem_array(c->n + 1, sizeof *r->critical);
	for (size_t a = 0; a < c->n; a++)
		if (c->lost[a] > 0.01 * c->whole)
			r->critical[r->criticals++] =
			    (struct critical){(asn_t)c->index.key[a], c->lost[a] / c->whole};
	qsort(r->critical, r->criticals, sizeof *r->critical, critical_cmp);
	free(c->lost);
	idmap_free(&c->index);
	free(c);
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

struct behind {
	struct scope *scope;
	struct idmap index; /* edges */
	double *sum;
	size_t n, cap;
	uint32_t *seat; /* by peer: the edge of its path */
};

struct behind *behind_new(struct scope *s)
{
	struct behind *b = mem_alloc(sizeof *b);

	b->scope = s;
	b->seat = mem_array(s->peers + 1, sizeof *b->seat);
	return b;
}

void behind_add(struct behind *b, size_t prefix, const struct judged *row)
{
	const struct scope *s = b->scope;

	for (size_t k = 0; k < s->peers; k++) {
		if (row[k].cell != CELL_CARRIED || row[k].outer == 0)
			continue;
		if (!row[k].same)
			b->seat[k] =
			    idmap_at(&b->index, (uint64_t)row[k].border.upstream << 32 | row[k].outer);
		if (b->seat[k] == b->n) {
			b->sum = vec_room(b->sum, b->n, &b->cap, sizeof *b->sum);
			b->sum[b->n++] = 0;
		}
		b->sum[b->seat[k]] +=
		    s->prefix[prefix].weight / s->vantage[s->vantage_of[k]].peers / (double)s->vantages;
	}
}

void behind_end(struct behind *b, double carried, struct report *r)
{
	r->edges = b->n;
	r->edge = mem_array(b->n + 1, sizeof *r->edge);
	for (size_t e = 0; e < b->n; e++)
		r->edge[e] = (struct depth_edge){(asn_t)b->index.key[e], (asn_t)(b->index.key[e] >> 32),
		    carried > 0 ? b->sum[e] / carried : 0};
	qsort(r->edge, b->n, sizeof *r->edge, edge_cmp);
	free(b->sum);
	free(b->seat);
	idmap_free(&b->index);
	free(b);
}
