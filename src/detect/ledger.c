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
		l->row = mem_grow(l->row, l->cap, sizeof *l->row);
		l->told = mem_grow(l->told, l->cap, sizeof *l->told);
		l->carrier = mem_grow(l->carrier, l->cap, sizeof *l->carrier);
		l->asn = mem_grow(l->asn, l->cap, sizeof *l->asn);
		l->next = mem_grow(l->next, l->cap, sizeof *l->next);
	}
	l->row[l->n] = (struct row){.share = NOT_APART, .drift = NAN};
	l->told[l->n] = 0;
	l->carrier[l->n] = carrier;
	l->asn[l->n] = asn;
	l->next[l->n] = NOT_TOUCHED;
	return (uint32_t)l->n++;
}

void ledger_free(struct ledger *l)
{
	free(l->row);
	free(l->told);
	free(l->carrier);
	free(l->asn);
	free(l->next);
}

/* sum/whole - sum/base in doubles, with a part in fifty to spare for the shares being floats. */
uint64_t ledger_still(const struct ledger *l, uint64_t whole, double step)
{
	double moved, still;

	if (!l->base || !whole)
		return 0;
	moved = fabs(1 / (double)whole - 1 / (double)l->base);
	still = step * 0.98 / moved;
	return moved > 0 && still < 1e18 ? (uint64_t)still : UINT64_MAX;
}

void ledger_looked(struct ledger *l, uint64_t whole)
{
	l->base = whole;
	for (size_t i = 0; i < l->n; i++)
		l->row[i].share = NOT_APART;
}

void ledger_grew(struct ledger *l, size_t row)
{
	if (row != l->top && l->row[row].sum > l->others)
		l->others = l->row[row].sum;
}

static void top_seek(struct ledger *l)
{
	uint64_t most = 0;

	l->top = SIZE_MAX;
	l->others = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->row[i].sum < most || l->row[i].sum == 0) {
			l->others = l->row[i].sum > l->others ? l->row[i].sum : l->others;
			continue;
		}
		l->others = most;
		if (l->row[i].sum > most || l->asn[i] < l->asn[l->top])
			l->top = i;
		most = l->row[i].sum;
	}
}

size_t ledger_top(struct ledger *l)
{
	if (l->top == SIZE_MAX || l->row[l->top].sum <= l->others)
		top_seek(l);
	return l->top;
}
