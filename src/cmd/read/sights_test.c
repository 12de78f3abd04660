/* Different things are counted: exactly while there is room, closely beyond it, and in bounded memory. */
#include "cmd/read/sights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void see(struct sights *s, enum sight_kind kind, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		sight(s, kind, &i, sizeof i);
}

static void test_exact(void **state)
{
	struct sights s = {0};
	bool exact;

	assert_int_equal(sights_count(&s, SIGHT_PATH, &exact), 0);
	assert_true(exact);
	sight(&s, SIGHT_PATH, "", 0); /* an empty path is one, too */
	see(&s, SIGHT_PREFIX4, 0, 1500000);
	see(&s, SIGHT_PREFIX4, 1000, 1500000); /* again */
	assert_int_equal(sights_count(&s, SIGHT_PREFIX4, &exact), 1500000);
	assert_true(exact);
	assert_int_equal(sights_count(&s, SIGHT_PATH, &exact), 1);
	assert_int_equal(sights_count(&s, SIGHT_PREFIX6, &exact), 0);
	sights_free(&s);
}

/* Within four standard errors: 1.2 / sqrt(kept), where at least three eighths of the room are kept. */
static void test_estimate(void **state)
{
	static const struct {
		enum sight_kind kind;
		uint32_t n;
		double room;
	} rows[] = {{SIGHT_PEER, 60000, 1 << 16}, {SIGHT_PEER, 1000000, 1 << 16},
	    {SIGHT_ORIGIN, 2000000, 1 << 18}, {SIGHT_PREFIX6, 5000000, 1 << 20},
	    {SIGHT_PATH, 5000000, 1 << 21}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sights s = {0};
		bool exact;
		double n, error;

		see(&s, rows[i].kind, 0, rows[i].n);
		n = (double)sights_count(&s, rows[i].kind, &exact);
		error = (n - rows[i].n) / rows[i].n;
		assert_false(exact);
		if (error * error * rows[i].room * 3 / 8 > 16 * 1.2 * 1.2)
			fail_msg("%u things: %.0f", rows[i].n, n);
		assert_true(s.set[rows[i].kind].cap <= (size_t)rows[i].room);
		see(&s, rows[i].kind, 0, rows[i].n); /* again: the same */
		assert_true(n == (double)sights_count(&s, rows[i].kind, &exact));
		sights_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_estimate)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
