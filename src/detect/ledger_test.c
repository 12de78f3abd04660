/*
 * detect: what a ledger keeps, against what looking at every row finds: the row on top, and the shares as
 * they were last seen.
 */
#include "detect/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROWS = 40, STEPS = 200000 };

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static size_t slow_top(const struct ledger *l)
{
	size_t top = SIZE_MAX;

	for (size_t i = 0; i < l->n; i++)
		if (l->row[i].sum && (top == SIZE_MAX || l->row[i].sum > l->row[top].sum ||
					 (l->row[i].sum == l->row[top].sum && l->asn[i] < l->asn[top])))
			top = i;
	return top;
}

/* Small sums, so that rows are often equal, and often all zero. */
static void test_top_is_kept(void **arg)
{
	struct ledger l = {.top = SIZE_MAX};
	unsigned sought = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		size_t row;
		if (l.n < 2 || (l.n < ROWS && chance(100) == 0))
			ledger_add(&l, (uint32_t)l.n, 1 + chance(1000) * ROWS + (asn_t)l.n);
		row = chance((unsigned)l.n);
		l.row[row].sum = chance(2) ? chance(200) : 0;
		ledger_grew(&l, row);
		if (chance(4) == 0)
			continue; /* several may move before somebody asks */
		sought += l.top == SIZE_MAX || l.row[l.top].sum <= l.others;
		assert_int_equal(ledger_top(&l), slow_top(&l));
	}
	assert_true(sought > STEPS / 100 && sought < STEPS * 3 / 4);
	ledger_free(&l);
}

/* Beside it a plain array that is filled anew whenever the whole is looked at. */
static void test_shares_are_those_last_seen(void **arg)
{
	struct ledger l = {.top = SIZE_MAX};
	uint64_t now[ROWS], whole = 0, passed = 0;
	float seen[ROWS] = {0};

	for (unsigned i = 0; i < ROWS; i++) {
		ledger_add(&l, i, 1 + i);
		whole += now[i] = i < 3 ? 1000000 : chance(50) ? chance(20000) : 0;
	}
	for (unsigned step = 0; step < STEPS / 10; step++) {
		size_t row = chance(ROWS);
		uint64_t moved = chance(500), large;
		l.row[row].share = row_seen(&l, &l.row[row]);
		whole += moved - (now[row] > moved ? 2 * moved : 0);
		now[row] += moved - (now[row] > moved ? 2 * moved : 0);
		if (chance(3) == 0) { /* looked at alone */
			assert_true(row_seen(&l, &l.row[row]) == seen[row]);
			l.row[row].sum = now[row];
			l.row[row].share = seen[row] = (float)((double)now[row] / (double)whole);
		}
		if (chance(20))
			continue;
		large = ledger_still(&l, whole, 0.0005);
		for (size_t i = 0; i < ROWS; i++) {
			float share = (float)((double)now[i] / (double)whole);
			assert_true(row_seen(&l, &l.row[i]) == seen[i]);
			if (l.row[i].share < 0 && l.row[i].sum < large) {
				assert_true(fabsf(share - seen[i]) < 0.0005F);
				passed++;
			}
			l.row[i].sum = now[i];
			seen[i] = share;
		}
		ledger_looked(&l, whole);
	}
	assert_true(passed > STEPS / 100);
	ledger_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_top_is_kept), cmocka_unit_test(test_shares_are_those_last_seen)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
