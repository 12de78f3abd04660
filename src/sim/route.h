/*
 * sim/route: who hears an announcement, and over which path (Gao and Rexford, IEEE/ACM ToN 2001). In: a graph
 * and the seeds of one announcement (its origins). Out: a route per node. A route is 8 bytes; a path is read
 * by walking from node to node, so it costs nothing until wanted.
 *
 * Choice: customer before peer before provider, then the shortest path (prepending counts), then the
 * tie-break. Export: own and customer routes to everybody, other routes to customers only.
 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "sim/graph.h"

enum route_class { CLASS_NONE, CLASS_PROVIDER, CLASS_PEER, CLASS_CUSTOMER, CLASS_OWN };
enum tie { TIE_LOWEST, TIE_EVEN }; /* lowest neighbour ASN; or spread evenly by hash */

struct route {
	uint32_t link; /* the node's link toward the origin; LINK_NONE at a seed */
	uint16_t length;
	uint8_t class;
	uint8_t seed;
};

struct seed_toward { /* what a seed does with one neighbour */
	uint32_t node;
	uint8_t prepend;
};
struct seed {
	uint32_t node;
	const asn_t *tail; /* the forged rest of the path behind node, toward the pretended origin */
	uint32_t tails;
	uint8_t prepend;             /* toward everybody */
	const uint32_t *only, *not ; /* neighbours it is announced to (none given: all), and not */
	uint32_t onlys, nots;
	const struct seed_toward *toward;
	uint32_t towards;
};

struct announcement {
	const struct seed *seed;
	uint32_t seeds;       /* up to 255 */
	const uint32_t *leak; /* links over which this announcement alone is leaked */
	uint32_t leaks;
	uint64_t salt; /* of TIE_EVEN: what makes ties fall differently from one announcement to the next */
	enum tie tie;
};

struct spread; /* working memory of one thread, for one graph */
struct spread *spread_new(const struct graph *g);
void spread_free(struct spread *s);

/*
 * From nothing: three passes (customer routes up, one peer hop, provider routes down), O(V + E); where the
 * graph is not plain or the announcement leaks, by route_settle. false: does not settle (the preferences
 * contradict one another).
 */
bool route_spread(
    struct spread *s, const struct graph *g, const struct announcement *a, struct route *routes);
/*
 * From routes that were right before: nodes whose choice may have changed look again, then their neighbours,
 * until nothing changes. The general way: leaks, preferences, loops. Also the incremental way: after a link
 * went down or up, its two ends are the nodes to start with. Added to *looked: how many choices were made.
 */
bool route_settle(struct spread *s, const struct graph *g, const struct announcement *a, struct route *routes,
    const uint32_t *start, size_t n, uint64_t *looked);
/* Would this link's going down or up touch these routes? */
bool route_uses(const struct graph *g, const struct route *routes, uint32_t link);

/* The path from node x to the origin, x first, prepending and forged tail included; 0: no route, or longer
 * than cap. */
size_t route_path(const struct graph *g, const struct announcement *a, const struct route *routes, uint32_t x,
    asn_t *out, size_t cap);
/*
 * With all equal-best neighbours kept and the weight split among them: what part of each node's routes enters
 * the seed's AS over `link` (a link of the first seed's node). part: g->n numbers.
 */
void route_parts(struct spread *s, const struct graph *g, const struct announcement *a,
    const struct route *routes, uint32_t link, double *part);

#endif
