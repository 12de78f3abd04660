/*
 * detect/ledger: the running sums of a place's carriers, a row each in the order of birth. They stand apart
 * from the carriers, for when the whole of a place moves, every share of it does: thousands in a large
 * country. Of those that did nothing themselves the share is worked out when it is asked for (row_seen), and
 * they are not even looked at: a bit a row says which ones must be.
 */
#ifndef DETECT_LEDGER_H
#define DETECT_LEDGER_H

#include "net/asn.h"

#include <math.h>

struct ledger {
	struct row {
		uint64_t sum; /* of weight x votes, as last looked at */
		float share;  /* as last looked at, where that was alone, or is about to be; else NOT_APART */
		float drift;  /* last step kept for the CUSUM, NAN: it is not followed */
	} * row;
	float *told; /* share as last sampled */
	uint32_t *carrier;
	asn_t *asn;
	uint32_t *next; /* of those touched since they were last sampled: a chain of rows */
	size_t n, cap;
	uint64_t base;   /* the place's sum when all of it was last looked at */
	size_t top;      /* the row with most, as last sought; SIZE_MAX: not known */
	uint64_t others; /* no other row has more than this */
	uint64_t *mark;  /* a bit a row: all that are apart, followed, or have `bar`; perhaps others too */
	uint64_t bar;
};
#define NOT_APART   (-1.0F)
#define NOT_TOUCHED (UINT32_MAX - 1)

void ledger_init(struct ledger *l);
uint32_t ledger_add(struct ledger *l, uint32_t carrier, asn_t asn); /* its row */
void ledger_mark_all(struct ledger *l);                             /* of rows that came another way */
void ledger_free(struct ledger *l);
void ledger_grew(struct ledger *l, size_t row); /* to be called when a sum has changed, before ledger_top */
size_t ledger_top(struct ledger *l); /* most; of equal ones the lowest ASN; SIZE_MAX: all are zero */

static inline float row_seen(const struct ledger *l, const struct row *r) /* its share as last looked at */
{
	if (r->share >= 0)
		return r->share;
	return l->base ? (float)((double)r->sum / (double)l->base) : 0;
}

/* To be called where a row's share is set apart, or its drift begins. */
static inline void ledger_mark(struct ledger *l, size_t row)
{
	l->mark[row / 64] |= UINT64_C(1) << (row % 64);
}

/* Rows that are not apart and have less than this have not moved by `step` since all were looked at. */
uint64_t ledger_still(const struct ledger *l, uint64_t whole, double step);
/* Must the row be looked at, where those that have less than `large` have done nothing of note? */
static inline bool ledger_moved(const struct ledger *l, size_t row, uint64_t large)
{
	return l->row[row].share >= 0 || !isnan(l->row[row].drift) || l->row[row].sum >= large;
}
void ledger_bar(struct ledger *l, uint64_t large); /* before ledger_below: no row of as much is unmarked */
size_t ledger_below(const struct ledger *l, size_t row); /* the next marked one, downwards; SIZE_MAX */
void ledger_looked(struct ledger *l, uint64_t whole);    /* at all of it: whose share is whole's part now */

#endif
