/*
 * show/graph: the way into a territory as nodes and links for a picture (show/snapshot.h). In: measure's
 * edges. Out: JSON. A picture holds a dozen nodes a layer: the largest stay, the others of a layer become
 * one. Owns its lists for the call.
 */
#include "base/mem.h"
#include "show/snapshot.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRAPH_NODES = 12, LAYER_PREFIX = 3, DIGITS = 6, NODE_TEXT = 80 };
#define OTHERS UINT64_MAX

static const char *const layer_name[] = {"network", "carrier", "gateway", "prefix"};

struct node {
	unsigned layer;
	uint64_t id; /* ASN, prefix id, or OTHERS */
};
struct mass { /* of a node, or of a link */
	struct node from, to;
	double share;
};
struct masses {
	struct mass *v;
	size_t n;
};

static int node_cmp(struct node a, struct node b)
{
	if (a.layer != b.layer)
		return a.layer < b.layer ? -1 : 1;
	return (a.id > b.id) - (a.id < b.id);
}

static int mass_cmp(const void *a, const void *b)
{
	const struct mass *x = a, *y = b;
	int d = node_cmp(x->from, y->from);

	return d ? d : node_cmp(x->to, y->to);
}

static int heaviest_first(const void *a, const void *b)
{
	const struct mass *x = a, *y = b;

	if (x->from.layer != y->from.layer)
		return x->from.layer < y->from.layer ? -1 : 1;
	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return node_cmp(x->from, y->from);
}

/* Sorts, and makes one of equal ones. */
static void masses_merge(struct masses *w)
{
	size_t n = 0;

	qsort(w->v, w->n, sizeof *w->v, mass_cmp);
	for (size_t i = 0; i < w->n; i++) {
		if (n && mass_cmp(&w->v[n - 1], &w->v[i]) == 0)
			w->v[n - 1].share += w->v[i].share;
		else
			w->v[n++] = w->v[i];
	}
	w->n = n;
}

static struct node edge_to(const struct wayin_edge *e)
{
	if (e->prefix != PREFIX_NONE)
		return (struct node){LAYER_PREFIX, e->prefix};
	return (struct node){(unsigned)e->from + 1, e->to};
}

/* The nodes to show: by layer, the largest first. A node weighs what leaves it; a prefix what reaches it. */
static void graph_nodes(struct masses *w, const struct wayin *e)
{
	size_t in_layer = 0, n = 0;

	w->v = mem_array(2 * e->n + 1, sizeof *w->v);
	for (size_t i = 0; i < e->n; i++) {
		const struct wayin_edge *x = &e->edge[i];
		w->v[w->n++] = (struct mass){.from = {x->from, x->asn}, .share = x->share};
		if (edge_to(x).layer == LAYER_PREFIX)
			w->v[w->n++] = (struct mass){.from = edge_to(x), .share = x->share};
	}
	masses_merge(w);
	qsort(w->v, w->n, sizeof *w->v, heaviest_first);
	for (size_t i = 0; i < w->n; i++) {
		in_layer = n && w->v[i].from.layer == w->v[n - 1].from.layer ? in_layer + 1 : 0;
		if (in_layer < GRAPH_NODES)
			w->v[n++] = w->v[i];
		else if (in_layer == GRAPH_NODES)
			w->v[n++] =
			    (struct mass){.from = {w->v[i].from.layer, OTHERS}, .share = w->v[i].share};
		else
			w->v[n - 1].share += w->v[i].share;
	}
	w->n = n;
}

static struct node shown(const struct masses *nodes, struct node node)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (node_cmp(nodes->v[i].from, node) == 0)
			return node;
	return (struct node){node.layer, OTHERS};
}

static void graph_links(struct masses *w, const struct wayin *e, const struct masses *nodes)
{
	w->v = mem_array(e->n + 1, sizeof *w->v);
	for (size_t i = 0; i < e->n; i++)
		w->v[w->n++] =
		    (struct mass){.from = shown(nodes, (struct node){e->edge[i].from, e->edge[i].asn}),
			.to = shown(nodes, edge_to(&e->edge[i])),
			.share = e->edge[i].share};
	masses_merge(w);
}

static void node_id(char text[NODE_TEXT], struct node node, const struct table *t)
{
	if (node.id == OTHERS) {
		snprintf(text, NODE_TEXT, "%s:others", layer_name[node.layer]);
	} else if (node.layer == LAYER_PREFIX) {
		char p[PREFIX_TEXT];
		int n = (int)prefix_text(p, prefix_of(t, (prefix_id)node.id));
		snprintf(text, NODE_TEXT, "%s:%.*s", layer_name[node.layer], n, p);
	} else {
		snprintf(text, NODE_TEXT, "%s:AS%u", layer_name[node.layer], (unsigned)node.id);
	}
}

static void print_node(struct json *j, const struct answer *a, struct node node)
{
	char id[NODE_TEXT], cc[3];

	node_id(id, node, a->table);
	json_open(j);
	json_key(j, "id");
	json_str(j, id);
	json_key(j, "layer");
	json_str(j, layer_name[node.layer]);
	json_key(j, "name");
	if (node.id == OTHERS || node.layer == LAYER_PREFIX || !*asn_name(a->facts, (asn_t)node.id)) {
		json_str(j, id + strlen(layer_name[node.layer]) + 1);
	} else {
		json_str(j, asn_name(a->facts, (asn_t)node.id));
	}
	if (node.id != OTHERS && node.layer != LAYER_PREFIX) {
		cc_text(cc, asn_country(a->facts, (asn_t)node.id));
		json_key(j, "asn");
		json_u64(j, node.id);
		json_key(j, "country");
		json_str(j, cc);
	}
	json_end(j);
}

void graph_json(struct json *j, const struct answer *a, const struct wayin *e)
{
	struct masses nodes = {0}, links = {0};
	char id[NODE_TEXT];

	graph_nodes(&nodes, e);
	graph_links(&links, e, &nodes);
	json_key(j, "nodes");
	json_list(j);
	for (size_t i = 0; i < nodes.n; i++)
		print_node(j, a, nodes.v[i].from);
	json_done(j);
	json_key(j, "links");
	json_list(j);
	for (size_t i = 0; i < links.n; i++) {
		json_open(j);
		json_key(j, "source");
		node_id(id, links.v[i].from, a->table);
		json_str(j, id);
		json_key(j, "target");
		node_id(id, links.v[i].to, a->table);
		json_str(j, id);
		json_key(j, "share");
		json_num(j, links.v[i].share, DIGITS);
		json_end(j);
	}
	json_done(j);
	free(nodes.v);
	free(links.v);
}
