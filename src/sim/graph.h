/*
 * sim/graph: the ASes and their business relationships as arrays. In: edges, from CAIDA's as-rel text or by
 * hand. Out: nodes 0..n-1 in ASN order, each with its links side by side. The graph owns its arrays; links
 * are never added once it is built, only taken down and up, so a link's index is its name.
 */
#ifndef SIM_GRAPH_H
#define SIM_GRAPH_H

#include "net/asn.h"

enum rel { REL_CUSTOMER, REL_PEER, REL_PROVIDER }; /* what the neighbour is to this AS */
enum link_flag {
	LINK_DOWN = 1,
	LINK_LEAK = 2, /* everything is exported over it, against the rule */
};

#define NODE_NONE UINT32_MAX
#define LINK_NONE UINT32_MAX

struct link {
	uint32_t to, from;
	uint32_t mirror; /* the same link seen from the other side */
	uint8_t rel;     /* enum rel: what `to` is to `from` */
	uint8_t flags;   /* enum link_flag; LINK_DOWN stands on both sides */
	uint8_t prepend; /* times `from` stands once more in paths exported over it */
	int8_t prefer;   /* added to the local preference of routes `from` learns over it: 100 a class */
};

struct graph {
	asn_t *asn; /* by node, ascending */
	uint32_t n;
	uint32_t
	    *first; /* n + 1: links of node x are first[x] .. first[x + 1] - 1, customers, peers, providers */
	struct link *link;
	uint32_t links;
	bool plain; /* no leak and no preference: the three passes alone are right */
};

struct edge {
	asn_t a, b;
	bool peers; /* else a is the provider of b */
	bool down;  /* not there at the start */
};
struct edges { /* the later of two lines about the same pair holds */
	struct edge *v;
	size_t n, cap;
};

void edges_add(struct edges *e, asn_t a, asn_t b, bool peers, bool down);
/* CAIDA as-rel text, plain or gzip: "provider|customer|-1", "peer|peer|0", '#' comments. false: text in why.
 */
bool edges_read(struct edges *e, const char *file, char *why, size_t cap);
bool edges_line(struct edges *e, const char *line);
void edges_free(struct edges *e);

/* more: ASes that may stand in no edge. */
void graph_build(struct graph *g, const struct edges *e, const asn_t *more, size_t n);
void graph_free(struct graph *g);
uint32_t graph_node(const struct graph *g, asn_t asn);                  /* NODE_NONE */
uint32_t graph_link(const struct graph *g, uint32_t from, uint32_t to); /* LINK_NONE */
void graph_set_down(struct graph *g, uint32_t link, bool down);
void graph_judge(struct graph *g); /* sets plain, after flags or preferences changed */

#endif
