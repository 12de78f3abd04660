/*
 * detect/ledger: the running sums of a place's carriers, a row each. In: rows as carriers are born; sums that
 * others move. Out: the row on top, sought anew only where it may be another. Owns its columns.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdlib.h>

uint32_t ledger_add(struct ledger *l, uint32_t carrier, asn_t asn)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 4;
		l->sum = mem_grow(l->sum, l->cap, sizeof *l->sum);
		l->share = mem_grow(l->share, l->cap, sizeof *l->share);
		l->told = mem_grow(l->told, l->cap, sizeof *l->told);
		l->drift = mem_grow(l->drift, l->cap, sizeof *l->drift);
		l->carrier = mem_grow(l->carrier, l->cap, sizeof *l->carrier);
		l->asn = mem_grow(l->asn, l->cap, sizeof *l->asn);
		l->next = mem_grow(l->next, l->cap, sizeof *l->next);
	}
	l->sum[l->n] = 0;
	l->share[l->n] = l->told[l->n] = 0;
	l->drift[l->n] = NAN;
	l->carrier[l->n] = carrier;
	l->asn[l->n] = asn;
	l->next[l->n] = NOT_TOUCHED;
	return (uint32_t)l->n++;
}

void ledger_free(struct ledger *l)
{
	free(l->sum);
	free(l->share);
	free(l->told);
	free(l->drift);
	free(l->carrier);
	free(l->asn);
	free(l->next);
}

void ledger_grew(struct ledger *l, size_t row)
{
	if (row != l->top && l->sum[row] > l->others)
		l->others = l->sum[row];
}

static void top_seek(struct ledger *l)
{
	uint64_t most = 0;

	l->top = SIZE_MAX;
	l->others = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->sum[i] < most || l->sum[i] == 0) {
			l->others = l->sum[i] > l->others ? l->sum[i] : l->others;
			continue;
		}
		l->others = most;
		if (l->sum[i] > most || l->asn[i] < l->asn[l->top])
			l->top = i;
		most = l->sum[i];
	}
}

size_t ledger_top(struct ledger *l)
{
	if (l->top == SIZE_MAX || l->sum[l->top] <= l->others)
		top_seek(l);
	return l->top;
}
