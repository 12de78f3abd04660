/*
 * detect/ledger: the running sums of a place's carriers, a row each. In: rows as carriers are born; sums that
 * others move. Out: the row on top, sought anew only where it may be another; the rows to be looked at. Owns
 * its columns.
 */
#include "detect/ledger.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static size_t mark_words(size_t rows)
{
	return (rows + 63) / 64;
}

void ledger_init(struct ledger *l)
{
	*l = (struct ledger){.top = SIZE_MAX, .bar = UINT64_MAX};
}

static void mark_grow(struct ledger *l, size_t had)
{
	size_t from = mark_words(had), to = mark_words(l->cap);

	l->mark = mem_grow(l->mark, to, sizeof *l->mark);
	memset(l->mark + from, 0, (to - from) * sizeof *l->mark);
}

void ledger_mark_all(struct ledger *l)
{
	mark_grow(l, 0);
	for (size_t i = 0; i < l->n; i++)
		ledger_mark(l, i);
	l->bar = 0;
}

uint32_t ledger_add(struct ledger *l, uint32_t carrier, asn_t asn)
{
	if (l->n == l->cap) {
		size_t had = l->cap;
		l->cap = l->cap ? 2 * l->cap : 4;
		l->row = mem_grow(l->row, l->cap, sizeof *l->row);
		l->told = mem_grow(l->told, l->cap, sizeof *l->told);
		l->carrier = mem_grow(l->carrier, l->cap, sizeof *l->carrier);
		l->asn = mem_grow(l->asn, l->cap, sizeof *l->asn);
		l->next = mem_grow(l->next, l->cap, sizeof *l->next);
		mark_grow(l, had);
	}
	l->row[l->n] = (struct row){.share = NOT_APART, .drift = NAN};
	l->told[l->n] = 0;
	l->carrier[l->n] = carrier;
	l->asn[l->n] = asn;
	l->next[l->n] = NOT_TOUCHED;
	if (l->bar == 0)
		ledger_mark(l, l->n);
	return (uint32_t)l->n++;
}

void ledger_free(struct ledger *l)
{
	free(l->row);
	free(l->told);
	free(l->carrier);
	free(l->asn);
	free(l->next);
	free(l->mark);
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

/* Where less counts than ever, rows are marked anew, with something to spare; where far more does, those that
 * are marked for nothing lose their marks as they are next looked at. */
void ledger_bar(struct ledger *l, uint64_t large)
{
	if (large >= l->bar && large / 16 <= l->bar)
		return;
	if (large < l->bar)
		for (size_t i = 0; i < l->n; i++)
			if (l->row[i].sum >= large / 2)
				ledger_mark(l, i);
	l->bar = large / 2;
}

size_t ledger_below(const struct ledger *l, size_t row)
{
	size_t word = row / 64;
	uint64_t marks = row % 64 ? l->mark[word] & ((UINT64_C(1) << (row % 64)) - 1) : 0;

	while (!marks) {
		if (word == 0)
			return SIZE_MAX;
		marks = l->mark[--word];
	}
	return word * 64 + 63 - (size_t)__builtin_clzll(marks);
}

void ledger_looked(struct ledger *l, uint64_t whole)
{
	l->base = whole;
	for (size_t i = l->n; (i = ledger_below(l, i)) != SIZE_MAX;) {
		struct row *r = &l->row[i];
		r->share = NOT_APART;
		if (isnan(r->drift) && r->sum < l->bar)
			l->mark[i / 64] &= ~(UINT64_C(1) << (i % 64));
	}
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
