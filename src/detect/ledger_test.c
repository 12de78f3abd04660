/*
 * detect: what a ledger keeps, against what looking at every row finds: the row on top, the shares as they
 * were last seen, and the rows that moved; and the range in which a place's level stays.
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
	struct ledger l;
	unsigned sought = 0;

	ledger_init(&l);
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
	struct ledger l;
	uint64_t now[ROWS], whole = 0, passed = 0;
	float seen[ROWS] = {0};

	ledger_init(&l);
	for (unsigned i = 0; i < ROWS; i++) {
		ledger_add(&l, i, 1 + i);
		whole += now[i] = i < 3 ? 1000000 : chance(50) ? chance(20000) : 0;
	}
	for (unsigned step = 0; step < STEPS / 10; step++) {
		size_t row = chance(ROWS);
		uint64_t moved = chance(500), large;
		l.row[row].share = row_seen(&l, &l.row[row]);
		ledger_mark(&l, row);
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

/* Rows move, are followed and are born; the marks must name every row that a look at all of them would. */
static void test_marked_are_all_that_moved(void **arg)
{
	struct ledger l;
	size_t marked = 0, rows = 0;

	ledger_init(&l);
	for (unsigned step = 0; step < STEPS / 10; step++) {
		uint64_t large = chance(20) ? 1000 + chance(100000) : chance(2) ? chance(3) : UINT64_MAX;
		size_t next;
		if (l.n < 5 * ROWS && (l.n < 3 || chance(40) == 0))
			ledger_add(&l, (uint32_t)l.n, 1 + (asn_t)l.n);
		if (chance(1000) == 0)
			ledger_mark_all(&l);
		for (unsigned k = chance(5); k; k--) {
			size_t row = chance((unsigned)l.n);
			l.row[row].share = row_seen(&l, &l.row[row]);
			l.row[row].sum = chance(20) ? chance(2000) : chance(200000);
			if (chance(500) == 0)
				l.row[row].drift = 0.1F;
			ledger_mark(&l, row);
		}
		if (chance(3))
			continue;
		ledger_bar(&l, large);
		next = ledger_below(&l, l.n);
		for (size_t i = l.n; i-- > 0;) {
			assert_true(next == i || !ledger_moved(&l, i, large));
			if (next != i)
				continue;
			next = ledger_below(&l, i);
			marked++;
		}
		assert_true(next == SIZE_MAX);
		rows += l.n;
		if (chance(10) == 0)
			continue;
		ledger_looked(&l, 1000000 + chance(1000));
		for (size_t i = 0; i < l.n; i++)
			assert_true(l.row[i].share < 0);
	}
	assert_true(marked > rows / 100 && marked < rows / 2);
	ledger_free(&l);
}

static const double edges[][2] = {{0.2, 0.5}, {0.5, 0.2}, {0, 0}, {1, 1}, {0.3, 0.3}, {1.0 / 3, 2.0 / 3}};

/* Beside the level worked out from the visibility. */
static void test_level_stays_in_its_range(void **arg)
{
	unsigned inside = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		const double *edge = edges[chance(sizeof edges / sizeof *edges)];
		struct detect_options o = {.down_below = edge[0], .up_from = edge[1]};
		uint32_t votes = VOTE * chance(60) + chance(3);
		uint64_t whole = (uint64_t)chance(1 << 24) << chance(20);
		double all = (double)whole * votes;
		uint64_t seen = (uint64_t)(all * (chance(4) ? edge[chance(2)] : chance(1000) / 1000.0));
		uint64_t other = seen + chance(5) - 2 < UINT64_MAX / 2 ? seen + chance(5) - 2 : seen;
		uint8_t level;
		struct still still;
		if (all < 1)
			continue;
		level = level_of(&o, (double)seen / all);
		still = level_still(&o, level, whole, votes);
		if (other < still.from || other > still.to)
			continue;
		inside++;
		assert_int_equal(level_of(&o, (double)other / all), level);
		assert_true(still.whole == whole && still.votes == votes);
	}
	assert_true(inside > STEPS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_top_is_kept),
	    cmocka_unit_test(test_shares_are_those_last_seen),
	    cmocka_unit_test(test_marked_are_all_that_moved),
	    cmocka_unit_test(test_level_stays_in_its_range)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
