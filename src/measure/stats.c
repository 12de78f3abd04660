/* measure/stats: see stats.h. */
#include "measure/stats.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double stats_hhi(const double *share, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += share[i] * share[i];
	return sum;
}

double stats_entropy(const double *share, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (share[i] > 0)
			sum -= share[i] * log2(share[i]);
	return sum > 0 ? sum : 0;
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Few values, often: no call for each comparison. */
static void sort_doubles(double *v, size_t n)
{
	if (n > 48) {
		qsort(v, n, sizeof *v, double_cmp);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;
		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

double stats_trimmed_mean(double *v, size_t m, size_t n)
{
	size_t cut = n / 10, zeros = n - m;
	double sum = 0;

	if (n == 0)
		return 0;
	sort_doubles(v, m);
	/* v stands behind `zeros` zeros in the sorted whole: cut from both ends */
	for (size_t i = cut > zeros ? cut - zeros : 0; i < m && i + zeros < n - cut; i++)
		sum += v[i];
	return sum / (double)(n - 2 * cut);
}

static int u32_down(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x < y) - (x > y);
}

double stats_median_top_tenth(const uint32_t *v, size_t n)
{
	uint32_t *sorted;
	size_t k = n / 10 ? n / 10 : 1;
	double median;

	if (n == 0)
		return 0;
	sorted = mem_array(n, sizeof *sorted);
	memcpy(sorted, v, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, u32_down);
	median = k % 2 ? sorted[k / 2] : ((double)sorted[k / 2 - 1] + sorted[k / 2]) / 2;
	free(sorted);
	return median;
}

const char *stats_class(unsigned gateways)
{
	return gateways <= 2    ? "severe"
	       : gateways <= 9  ? "significant"
	       : gateways <= 39 ? "low"
				: "resistant";
}

/* splitmix64: small, even, and the same everywhere. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

float *bootstrap_counts(size_t k)
{
	float *counts = mem_array(k * BOOTSTRAP_DRAWS, sizeof *counts);
	uint64_t state = 20171001;

	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		for (size_t i = 0; i < k; i++) {
			size_t c = (size_t)((draw(&state) >> 32) * k >> 32);
			counts[c * BOOTSTRAP_DRAWS + d] += 1;
		}
	return counts;
}

/* Hoare's selection: v[k] as if v were sorted; moves its elements about. */
static double nth_smallest(double *v, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = v[low + (high - low) / 2];
		size_t i = low, j = high;
		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			double swap = v[i];
			v[i++] = v[j];
			v[j--] = swap;
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return v[k];
}

void bootstrap_interval(const float *counts, const double *num, const double *den, size_t k, double point,
    double *low, double *high)
{
	double top[BOOTSTRAP_DRAWS] = {0}, bottom[BOOTSTRAP_DRAWS] = {0};

	for (size_t c = 0; c < k; c++) {
		const float *row = counts + c * BOOTSTRAP_DRAWS;
		for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++) {
			top[d] += (double)row[d] * num[c];
			bottom[d] += (double)row[d] * den[c];
		}
	}
	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		top[d] = bottom[d] > 0 ? top[d] / bottom[d] : point;
	*low = nth_smallest(top, BOOTSTRAP_DRAWS, BOOTSTRAP_DRAWS * 25 / 1000 - 1);
	*high = nth_smallest(top, BOOTSTRAP_DRAWS, BOOTSTRAP_DRAWS * 975 / 1000);
	/* the estimate itself lies in its interval, also where rounding says otherwise */
	if (*low > point)
		*low = point;
	if (*high < point)
		*high = point;
}
