/*
 * measure/bootstrap: every interval equals, to the bit, that of the plain way: all thousand ratios in
 * doubles, sorted.
 */
#include "measure/bootstrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 300 };

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void plain(const double *num, const double *den, size_t k, double point, double *low, double *high)
{
	const uint8_t *counts = bootstrap_counts(k);
	double ratio[BOOTSTRAP_DRAWS];

	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++) {
		double top = 0, bottom = 0;
		for (size_t c = 0; c < k; c++) {
			top += counts[c * BOOTSTRAP_ROW + d] * num[c];
			bottom += counts[c * BOOTSTRAP_ROW + d] * den[c];
		}
		ratio[d] = bottom > 0 ? top / bottom : point;
	}
	qsort(ratio, BOOTSTRAP_DRAWS, sizeof *ratio, double_cmp);
	*low = ratio[24] < point ? ratio[24] : point;
	*high = ratio[975] > point ? ratio[975] : point;
}

static void same(const double *num, const double *den, size_t k)
{
	double top = 0, bottom = 0, want[2], is[2];

	for (size_t c = 0; c < k; c++) {
		top += num[c];
		bottom += den[c];
	}
	plain(num, den, k, bottom > 0 ? top / bottom : 0, &want[0], &want[1]);
	bootstrap_interval(num, den, k, bottom > 0 ? top / bottom : 0, &is[0], &is[1]);
	assert_memory_equal(is, want, sizeof want);
}

/* ---- clusters of every kind ---- */
enum kind { EVEN, UNEVEN, FEW, ONE, WHOLE, NEARLY, NONE, SOME_EMPTY, TINY, KINDS };

static void fill(enum kind kind, double *num, double *den, size_t k)
{
	for (size_t c = 0; c < k; c++) {
		double most = kind == EVEN ? 1 : (double)(1U << chance(24)) + chance(1000) / 7.;
		den[c] = kind == SOME_EMPTY && chance(3) == 0 ? 0 : most;
		num[c] = den[c] * (chance(1001) / 1000.);
		if (kind == EVEN)
			num[c] = chance(2);
		else if (kind == FEW)
			num[c] = chance(8) == 0 ? num[c] : 0;
		else if (kind == ONE)
			num[c] = c == k / 2 ? num[c] : 0;
		else if (kind == WHOLE)
			num[c] = den[c];
		else if (kind == NEARLY)
			num[c] = den[c] * (1 - chance(3) * 1e-9);
		else if (kind == NONE)
			num[c] = 0;
		else if (kind == TINY && chance(3) == 0)
			num[c] = den[c] * 1e-40;
	}
}

static void test_as_the_plain_way(void **arg)
{
	double num[MOST], den[MOST];

	for (size_t k = 1; k <= MOST; k += k < 60 ? 1 : 53)
		for (unsigned i = 0; i < KINDS * 4; i++) {
			fill((enum kind)(i % KINDS), num, den, k);
			same(num, den, k);
		}
}

static void test_no_denominator_at_all(void **arg)
{
	double num[3] = {0}, den[3] = {0};

	same(num, den, 3);
}

/* ---- the draws, and what they come to ---- */
static void test_a_draw_is_of_as_many_as_there_are(void **arg)
{
	static const size_t some[] = {2, 40, 255, 256, 300};

	for (size_t i = 0; i < sizeof some / sizeof *some; i++)
		for (size_t d = 0; d < BOOTSTRAP_ROW; d++) {
			size_t sum = 0;
			for (size_t c = 0; c < some[i]; c++)
				sum += bootstrap_counts(some[i])[c * BOOTSTRAP_ROW + d];
			assert_int_equal(sum, d < BOOTSTRAP_DRAWS ? some[i] : 0);
		}
	assert_ptr_equal(bootstrap_counts(40), bootstrap_counts(40));
}

static void test_a_binomial(void **arg)
{
	enum { K = 40 };
	double num[K], den[K], low, high;

	for (int i = 0; i < K; i++) {
		num[i] = i < 24;
		den[i] = 1;
	}
	/* of 40 at .6: .6 -+ 1.96 * sqrt(.6 * .4 / 40) = .448 .. .752 */
	bootstrap_interval(num, den, K, .6, &low, &high);
	assert_true(low > .418 && low < .478);
	assert_true(high > .722 && high < .782);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_the_plain_way),
	    cmocka_unit_test(test_no_denominator_at_all),
	    cmocka_unit_test(test_a_draw_is_of_as_many_as_there_are),
	    cmocka_unit_test(test_a_binomial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
