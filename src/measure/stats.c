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
