/*
 * sim/sight: what the peers show of a territory at each moment. In: a story, a territory. Out: samples in
 * order of time, one whenever something of it changes. Formula: design 5; one vote per vantage AS, full feeds
 * only, addresses without those of more specifics.
 */
#ifndef SIM_SIGHT_H
#define SIM_SIGHT_H

#include "sim/story.h"

struct sample_of {
	utime_t at;
	double visible; /* weighted part of (vantage AS, prefix) pairs with a route */
	double *share;  /* by upstream */
	double *seen; /* by prefix: part of the vantage ASes with a route for it or for one that covers it */
	uint16_t *carry; /* prefix * upstreams + upstream: vantage ASes whose route enters there */
	uint16_t voters; /* vantage ASes */
	bool others;     /* who votes, or the table of who came back, is what moved: nobody's step */
};

/* One peer's word about one of its prefixes, the first tables and tables told again left out. */
struct word_of {
	utime_t at;
	uint32_t p;          /* index of the prefix */
	asn_t before, after; /* the upstream; 0: none, or no route */
	bool had, has;       /* a route */
};

struct sight {
	const struct place *place;
	asn_t *asn; /* its own ASes, ascending */
	size_t asns;
	uint32_t *prefix; /* of the story */
	size_t prefixes;
	asn_t *upstream; /* ascending */
	size_t upstreams;
	struct sample_of *sample;
	size_t samples, samples_cap;
	struct word_of *word; /* in order of time */
	size_t words, words_cap;
	struct arena arena;
};

void sight_make(struct sight *v, const struct story *story, const struct place *place);
void sight_free(struct sight *v);
bool sight_domestic(const struct sight *v, asn_t asn);
asn_t sight_entry(const struct sight *v, const asn_t *path, size_t n); /* the upstream; 0: seen from inside */

#endif
