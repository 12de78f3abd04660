/*
 * measure/tally: the sums behind the shares. In: a scope. Out: weighted votes by upstream, by gateway, by
 * vantage AS and next AS. A peer's vote weighs 1 / (voting peers of its AS) / (voting ASes), a prefix W(p).
 * Owns its arrays.
 */
#ifndef MEASURE_TALLY_H
#define MEASURE_TALLY_H

#include "measure/idmap.h"
#include "measure/scope.h"

struct tally {
	const struct scope *scope;
	double whole, visible, invisible, carried; /* sums of W(p) times parts of the vantage ASes */
	double homed, single;                      /* W of prefixes with an upstream, and with one only */
	struct idmap upstream, gateway;            /* ASNs in order of first sight */
	double *sum, *gateway_sum;                 /* by index */
	unsigned *prefixes_of;
	size_t sums, gateway_sums, prefix_caps; /* room */
	struct prefix_row *row;                 /* by index into scope->prefix */
	/* votes by (vantage, upstream, next AS): the material of the clusters */
	struct idmap vote; /* key: vote_key */
	double *votes;
	size_t vote_cap;
	struct idmap next; /* ASNs next to a vantage AS */
	/* made by tally_init for tally_interval */
	size_t *by_upstream; /* votes sorted by upstream; first index of upstream u in first[u] */
	size_t *first;
	double *carried_of;    /* by vantage: sum of its votes */
	uint32_t *main_next;   /* by vantage: next AS of most of its votes */
	struct sketch *sketch; /* room for it */
	/* of the last prefix, by peer: where its votes went */
	struct seat *seat;
	struct open *open;
};
/* Between the two, every prefix that is ours and seen, in the order of the scope. */
void tally_begin(struct tally *t, struct scope *s);
void tally_prefix(struct tally *t, struct scope *s, size_t i, const struct judged *row);
void tally_end(struct tally *t);
void tally_free(struct tally *t);
void tally_interval(struct tally *t, size_t upstream, double share, double *low, double *high);

#endif
