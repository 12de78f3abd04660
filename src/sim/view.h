/*
 * sim/view: what the peers show of a territory at each moment. In: a story, a territory. Out: samples in
 * order of time, one whenever something of it changes. Formula: design 5; one vote per vantage AS, full feeds
 * only, addresses without those of more specifics.
 */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include "sim/story.h"

struct sample_of {
	utime_t at;
	double visible; /* weighted part of (vantage AS, prefix) pairs with a route */
	double *share;  /* by upstream */
	double *seen; /* by prefix: part of the vantage ASes with a route for it or for one that covers it */
	uint16_t *carry; /* prefix * upstreams + upstream: vantage ASes whose route enters there */
	uint16_t voters; /* vantage ASes */
};

struct view {
	const struct place *place;
	asn_t *asn; /* its own ASes, ascending */
	size_t asns;
	uint32_t *prefix; /* of the story */
	size_t prefixes;
	asn_t *upstream; /* ascending */
	size_t upstreams;
	struct sample_of *sample;
	size_t samples, samples_cap;
	struct arena arena;
};

void view_make(struct view *v, const struct story *story, const struct place *place);
void view_free(struct view *v);
bool view_domestic(const struct view *v, asn_t asn);
asn_t view_entry(const struct view *v, const asn_t *path, size_t n); /* the upstream; 0: seen from inside */

#endif
