/* detect: the row on top of a ledger, kept, against the one found by looking at every row. */
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
		if (l->sum[i] && (top == SIZE_MAX || l->sum[i] > l->sum[top] ||
				     (l->sum[i] == l->sum[top] && l->asn[i] < l->asn[top])))
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
		l.sum[row] = chance(2) ? chance(200) : 0;
		ledger_grew(&l, row);
		if (chance(4) == 0)
			continue; /* several may move before somebody asks */
		sought += l.top == SIZE_MAX || l.sum[l.top] <= l.others;
		assert_int_equal(ledger_top(&l), slow_top(&l));
	}
	assert_true(sought > STEPS / 100 && sought < STEPS * 3 / 4);
	ledger_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_top_is_kept)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
