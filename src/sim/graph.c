/* sim/graph: see graph.h. */
#include "sim/graph.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void edges_add(struct edges *e, asn_t a, asn_t b, bool peers, bool down)
{
	e->v = vec_room(e->v, e->n, &e->cap, sizeof *e->v);
	e->v[e->n++] = (struct edge){a, b, peers, down};
}

void edges_free(struct edges *e)
{
	free(e->v);
	*e = (struct edges){0};
}

bool edges_line(struct edges *e, const char *line)
{
	const char *bar = strchr(line, '|'), *second = bar ? strchr(bar + 1, '|') : NULL;
	asn_t a, b;
	size_t n;

	if (!second || !asn_parse(line, (size_t)(bar - line), &a) ||
	    !asn_parse(bar + 1, (size_t)(second - bar - 1), &b) || a == b)
		return false;
	n = strcspn(second + 1, "|\r\n"); /* serial-2 files have a fourth field: the source */
	if (n == 2 && memcmp(second + 1, "-1", 2) == 0)
		edges_add(e, a, b, false, false);
	else if (n == 1 && second[1] == '0')
		edges_add(e, a, b, true, false);
	else
		return false;
	return true;
}

bool edges_read(struct edges *e, const char *file, char *why, size_t cap)
{
	gzFile f = gzopen(file, "rb");
	char line[256];
	size_t number = 0;
	bool ok = true;

	if (!f) {
		snprintf(why, cap, "%s: %s", file, strerror(errno));
		return false;
	}
	while (ok && gzgets(f, line, sizeof line)) {
		number++;
		if (line[0] == '#' || line[0] == '\n' || line[0] == '\r')
			continue;
		ok = edges_line(e, line);
		if (!ok)
			snprintf(why, cap,
			    "%s:%zu: want \"provider|customer|-1\" or \"peer|peer|0\", not \"%.60s\"", file,
			    number, strtok(line, "\r\n"));
	}
	gzclose(f);
	return ok;
}

static int asn_order(const void *x, const void *y)
{
	asn_t a = *(const asn_t *)x, b = *(const asn_t *)y;
	return a < b ? -1 : a > b;
}

static void nodes_build(struct graph *g, const struct edges *e, const asn_t *more, size_t n)
{
	asn_t *all = mem_array(2 * e->n + n + 1, sizeof *all);
	size_t k = 0;

	for (size_t i = 0; i < e->n; i++) {
		all[k++] = e->v[i].a;
		all[k++] = e->v[i].b;
	}
	for (size_t i = 0; i < n; i++)
		all[k++] = more[i];
	qsort(all, k, sizeof *all, asn_order);
	g->n = 0;
	for (size_t i = 0; i < k; i++)
		if (i == 0 || all[i] != all[i - 1])
			all[g->n++] = all[i];
	g->asn = all;
}

struct half { /* one side of an edge while sorting */
	uint32_t from, to;
	uint32_t line;
	uint8_t rel, down;
};

static int half_pair_order(const void *x, const void *y)
{
	const struct half *a = x, *b = y;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return a->line > b->line ? -1 : a->line < b->line; /* the last line first: it holds */
}

static int half_rel_order(const void *x, const void *y)
{
	const struct half *a = x, *b = y;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->rel != b->rel)
		return a->rel < b->rel ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

static size_t halves_build(const struct graph *g, const struct edges *e, struct half *h)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct edge *d = &e->v[i];
		uint32_t a = graph_node(g, d->a), b = graph_node(g, d->b);
		h[n++] = (struct half){a, b, (uint32_t)i, d->peers ? REL_PEER : REL_CUSTOMER, d->down};
		h[n++] = (struct half){b, a, (uint32_t)i, d->peers ? REL_PEER : REL_PROVIDER, d->down};
	}
	qsort(h, n, sizeof *h, half_pair_order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || h[i].from != h[kept - 1].from || h[i].to != h[kept - 1].to)
			h[kept++] = h[i];
	qsort(h, kept, sizeof *h, half_rel_order);
	return kept;
}

static void mirrors_find(struct graph *g)
{
	for (uint32_t i = 0; i < g->links; i++)
		if (g->link[i].from < g->link[i].to) {
			uint32_t m = graph_link(g, g->link[i].to, g->link[i].from);
			g->link[i].mirror = m;
			g->link[m].mirror = i;
		}
}

void graph_build(struct graph *g, const struct edges *e, const asn_t *more, size_t n)
{
	struct half *h = mem_array(2 * e->n + 1, sizeof *h);

	*g = (struct graph){.plain = true};
	nodes_build(g, e, more, n);
	g->links = (uint32_t)halves_build(g, e, h);
	g->link = mem_array((size_t)g->links + 1, sizeof *g->link);
	g->first = mem_array((size_t)g->n + 1, sizeof *g->first);
	for (uint32_t i = 0; i < g->links; i++) {
		g->link[i] = (struct link){
		    .to = h[i].to, .from = h[i].from, .rel = h[i].rel, .flags = h[i].down ? LINK_DOWN : 0};
		g->first[h[i].from + 1]++;
	}
	for (uint32_t i = 0; i < g->n; i++)
		g->first[i + 1] += g->first[i];
	mirrors_find(g);
	free(h);
}

void graph_free(struct graph *g)
{
	free(g->asn);
	free(g->first);
	free(g->link);
	*g = (struct graph){0};
}

uint32_t graph_node(const struct graph *g, asn_t asn)
{
	uint32_t low = 0, high = g->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (g->asn[mid] < asn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < g->n && g->asn[low] == asn ? low : NODE_NONE;
}

/* Links of a node lie in three runs (by relationship), each ascending. */
uint32_t graph_link(const struct graph *g, uint32_t from, uint32_t to)
{
	uint32_t end = g->first[from + 1];

	for (uint32_t run = g->first[from]; run < end;) {
		uint32_t low = run, high = end, stop;
		while (low < high) { /* where the run ends */
			uint32_t mid = low + (high - low) / 2;
			if (g->link[mid].rel == g->link[run].rel)
				low = mid + 1;
			else
				high = mid;
		}
		stop = low;
		for (low = run, high = stop; low < high;) {
			uint32_t mid = low + (high - low) / 2;
			if (g->link[mid].to < to)
				low = mid + 1;
			else
				high = mid;
		}
		if (low < stop && g->link[low].to == to)
			return low;
		run = stop;
	}
	return LINK_NONE;
}

void graph_set_down(struct graph *g, uint32_t link, bool down)
{
	uint32_t both[2] = {link, g->link[link].mirror};

	for (int i = 0; i < 2; i++) {
		uint8_t rest = g->link[both[i]].flags & (uint8_t)~LINK_DOWN;
		g->link[both[i]].flags = (uint8_t)(rest | (down ? LINK_DOWN : 0));
	}
}

void graph_judge(struct graph *g)
{
	g->plain = true;
	for (uint32_t i = 0; i < g->links && g->plain; i++)
		g->plain = !(g->link[i].flags & LINK_LEAK) && g->link[i].prefer == 0;
}
