/*
 * measure/bootstrap: see bootstrap.h. A ratio of a draw is asked for only where it may be one of the two
 * percentiles: all are first worked out in floats, which tells within known bounds where each one stands.
 */
#include "measure/bootstrap.h"

#include "base/mem.h"

#include <float.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROW = BOOTSTRAP_ROW,
	ROWS = 4,                              /* clusters added at once */
	BUCKETS = 512,                         /* of equal width from the smallest ratio to the largest */
	LOW = BOOTSTRAP_DRAWS * 25 / 1000 - 1, /* of the ratios in order, from 0 */
	HIGH = BOOTSTRAP_DRAWS * 975 / 1000,
};

/* ---- the draws ---- */

/* splitmix64: small, even, and the same everywhere. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* A count beyond a few has no chance: it is as good as Poisson's with mean 1. */
static uint8_t *counts_make(size_t k)
{
	uint8_t *counts = mem_array(k, ROW);
	uint64_t state = 20171001;

	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		for (size_t i = 0; i < k; i++) {
			size_t c = (size_t)((draw(&state) >> 32) * k >> 32);
			counts[c * ROW + d]++;
		}
	return counts;
}

const uint8_t *bootstrap_counts(size_t k)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint8_t **made; /* by k */
	static size_t room;
	const uint8_t *counts;

	pthread_mutex_lock(&lock);
	if (k >= room) {
		made = mem_grow(made, k + 1, sizeof *made);
		while (room <= k)
			made[room++] = NULL;
	}
	if (!made[k])
		made[k] = counts_make(k);
	counts = made[k];
	pthread_mutex_unlock(&lock);
	return counts;
}

/* ---- the ratios ---- */
struct ratios {
	const uint8_t *counts;
	const double *num, *den;
	size_t k;
	double point;
	bool rough; /* they are known in floats */
	float ratio[ROW];
	float least, most;    /* of the ratios */
	float scale;          /* buckets to one */
	uint16_t bucket[ROW]; /* where it stands among the others, by draw */
	uint16_t n[BUCKETS + 2];
};

static double ratio_of(const struct ratios *r, size_t d)
{
	double top = 0, bottom = 0;

	for (size_t c = 0; c < r->k; c++) {
		double times = r->counts[c * ROW + d];
		top += times * r->num[c];
		bottom += times * r->den[c];
	}
	return bottom > 0 ? top / bottom : r->point;
}

/* In floats, as parts of the largest denominator; false: not all of it is a float's. */
static bool clusters_floats(const struct ratios *r, float *num, float *den)
{
	double most = 0;
	bool good = true;

	for (size_t c = 0; c < r->k; c++)
		most = r->den[c] > most ? r->den[c] : most;
	for (size_t c = 0; c < r->k && most > 0; c++) {
		num[c] = (float)(r->num[c] / most);
		den[c] = (float)(r->den[c] / most);
		good &= den[c] > 1e-30F && (r->num[c] <= 0 || num[c] > 1e-30F);
	}
	return good && most > 0;
}

/* Four clusters at once: a sum is fetched and put back less often. */
static inline __attribute__((always_inline)) void rows_add(const uint8_t *const row[ROWS], const float *num,
    const float *den, float *restrict top, float *restrict bottom)
{
	const uint8_t *restrict p = row[0], *restrict q = row[1], *restrict r = row[2], *restrict s = row[3];
	const float n0 = num[0], n1 = num[1], n2 = num[2], n3 = num[3];
	const float d0 = den[0], d1 = den[1], d2 = den[2], d3 = den[3];

	for (size_t i = 0; i < ROW; i++) {
		int a = p[i], b = q[i], c = r[i],
		    d = s[i]; /* from int to float the compiler does many at once */
		float w = (float)a, x = (float)b, y = (float)c, z = (float)d;
		top[i] += (w * n0 + x * n1) + (y * n2 + z * n3);
		bottom[i] += (w * d0 + x * d1) + (y * d2 + z * d3);
	}
}

typedef void rows_adder(const uint8_t *const row[ROWS], const float *num, const float *den,
    float *restrict top, float *restrict bottom);

static __attribute__((noinline)) void rows_add_any(const uint8_t *const row[ROWS], const float *num,
    const float *den, float *restrict top, float *restrict bottom)
{
	rows_add(row, num, den, top, bottom);
}

#ifdef __x86_64__
/* The same for processors of 2013 and later: twice as many at once. */
static __attribute__((noinline, target("avx2"))) void rows_add_avx2(const uint8_t *const row[ROWS],
    const float *num, const float *den, float *restrict top, float *restrict bottom)
{
	rows_add(row, num, den, top, bottom);
}
#endif

static rows_adder *rows_best(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return rows_add_avx2;
#endif
	return rows_add_any;
}

static void ratios_floats(struct ratios *r, const float *num, const float *den)
{
	rows_adder *add = rows_best();
	float bottom[ROW] = {0};

	for (size_t c = 0; c < r->k; c += ROWS) {
		const uint8_t *row[ROWS];
		for (size_t i = 0; i < ROWS; i++) /* beyond the last one: any row, as none of it is taken */
			row[i] = r->counts + (c + i < r->k ? c + i : 0) * ROW;
		add(row, num + c, den + c, r->ratio, bottom);
	}
	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		r->ratio[d] /= bottom[d];
}

/* Smallest and largest; by turns, for each comparison waits for the one before. */
static void ends_of(const float *ratio, float *least, float *most)
{
	enum { TURNS = 8 };
	float low[TURNS], high[TURNS];

	for (size_t i = 0; i < TURNS; i++)
		low[i] = high[i] = ratio[i];
	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d += TURNS)
		for (size_t i = 0; i < TURNS; i++) {
			low[i] = ratio[d + i] < low[i] ? ratio[d + i] : low[i];
			high[i] = ratio[d + i] > high[i] ? ratio[d + i] : high[i];
		}
	*least = low[0];
	*most = high[0];
	for (size_t i = 1; i < TURNS; i++) {
		*least = low[i] < *least ? low[i] : *least;
		*most = high[i] > *most ? high[i] : *most;
	}
}

/* Where a ratio stands, one of them or one between them: none that is larger stands before it. */
static uint16_t bucket_of(const struct ratios *r, float ratio)
{
	return (uint16_t)(int)((ratio - r->least) * r->scale);
}

/* Every draw into its bucket: no more than a way to find the one at a place soon. */
static void buckets_fill(struct ratios *r)
{
	ends_of(r->ratio, &r->least, &r->most);
	if (r->most - r->least > 1e-30F)
		r->scale = BUCKETS / (r->most - r->least);
	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		r->bucket[d] = bucket_of(r, r->ratio[d]);
	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		r->n[r->bucket[d]]++;
}

static void ratios_find(struct ratios *r)
{
	float *num = mem_array(r->k + ROWS, sizeof *num), *den = mem_array(r->k + ROWS, sizeof *den);

	r->rough = clusters_floats(r, num, den);
	if (r->rough) {
		ratios_floats(r, num, den);
		buckets_fill(r);
	}
	free(num);
	free(den);
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

/* The draws of the buckets from `low` to `high`. */
static size_t draws_in(const struct ratios *r, uint16_t low, uint16_t high, uint16_t *draw)
{
	enum { BLOCK = 8 }; /* most hold none, and are passed over at once */
	uint16_t span = (uint16_t)(high - low);
	size_t n = 0;

	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d += BLOCK) {
		uint16_t any = 0;
		for (size_t i = d; i < d + BLOCK; i++)
			any |= (uint16_t)(r->bucket[i] - low) <= span ? 0xffff : 0;
		for (size_t i = d; any && i < d + BLOCK; i++)
			if ((uint16_t)(r->bucket[i] - low) <= span)
				draw[n++] = (uint16_t)i;
	}
	return n;
}

/* The one at that place among the floats. */
static float rough_at(const struct ratios *r, size_t place)
{
	double near[BOOTSTRAP_DRAWS];
	uint16_t bucket = 0, draw[BOOTSTRAP_DRAWS];
	size_t n;

	while (r->n[bucket] <= place)
		place -= r->n[bucket++];
	n = draws_in(r, bucket, bucket, draw);
	for (size_t i = 0; i < n; i++)
		near[i] = (double)r->ratio[draw[i]];
	return (float)nth_smallest(near, n, place);
}

static double exact_at(const struct ratios *r, size_t place)
{
	double all[BOOTSTRAP_DRAWS];

	for (size_t d = 0; d < BOOTSTRAP_DRAWS; d++)
		all[d] = ratio_of(r, d);
	return nth_smallest(all, BOOTSTRAP_DRAWS, place);
}

/*
 * The ratio at that place of all in order. A sum of k products of floats, none negative, is off by a part of
 * k + 2 roundings at most, a ratio of two by twice that and one: so the one at a place in floats is off from
 * the one at that place by no more, and what is off by more than twice that is on the right side of it.
 */
static double ratio_at(const struct ratios *r, size_t place)
{
	float rough = r->rough ? rough_at(r, place) : 0, slack = (float)(2 * r->k + 12) * FLT_EPSILON;
	float low = rough / (1 + slack), high = rough * (1 + slack);
	double near[BOOTSTRAP_DRAWS];
	uint16_t first, last, draw[BOOTSTRAP_DRAWS];
	size_t draws, n = 0, before = 0;

	if (!r->rough)
		return exact_at(r, place);
	if (rough <= 0)
		return 0; /* it is not off at all */
	first = low > r->least ? bucket_of(r, low) : 0;
	last = high < r->most ? bucket_of(r, high) : BUCKETS + 1;
	draws = draws_in(r, first, last, draw);
	for (size_t b = 0; b < first; b++)
		before += r->n[b];
	for (size_t i = 0; i < draws; i++) {
		float ratio = r->ratio[draw[i]];
		before += ratio < low;
		if (ratio >= low && ratio <= high)
			near[n++] = ratio_of(r, draw[i]);
	}
	return nth_smallest(near, n, place - before);
}

/* Nothing in any cluster, or all of it in each: every ratio is the same. */
static bool is_plain(const double *num, const double *den, size_t k, double *ratio)
{
	bool none = true, all = true;

	for (size_t c = 0; c < k; c++) {
		none &= num[c] <= 0;
		all &= num[c] >= den[c] && num[c] <= den[c];
		if (den[c] <= 0 || !(none || all))
			return false;
	}
	*ratio = none ? 0 : 1;
	return true;
}

void bootstrap_interval(
    const double *num, const double *den, size_t k, double point, double *low, double *high)
{
	struct ratios r = {.num = num, .den = den, .k = k, .point = point};
	double ratio;

	if (is_plain(num, den, k, &ratio)) {
		*low = *high = ratio;
	} else {
		r.counts = bootstrap_counts(k);
		ratios_find(&r);
		*low = ratio_at(&r, LOW);
		*high = ratio_at(&r, HIGH);
	}
	/* the estimate itself lies in its interval, also where rounding says otherwise */
	if (*low > point)
		*low = point;
	if (*high < point)
		*high = point;
}
