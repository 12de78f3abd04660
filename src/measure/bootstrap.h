/*
 * measure/bootstrap: Efron's percentile interval of a ratio of sums over clusters. In: numerators and
 * denominators by cluster, none of them negative. Out: the 2.5th and 97.5th percentile of BOOTSTRAP_DRAWS
 * draws. The draws are the same for every call with as many clusters: made once, kept for the process, a kB a
 * cluster.
 */
#ifndef MEASURE_BOOTSTRAP_H
#define MEASURE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

enum { BOOTSTRAP_DRAWS = 1000, BOOTSTRAP_ROW = 1008 };
/* How often each of k clusters was drawn in each of BOOTSTRAP_DRAWS draws of k with replacement; the seed is
 * fixed. Row c holds cluster c's counts. Any thread may ask. */
const uint8_t *bootstrap_counts(size_t k);
/* 95 % percentile interval of sum(num)/sum(den) over the draws, with `point` in it. Draws without any
 * denominator give `point`. */
void bootstrap_interval(
    const double *num, const double *den, size_t k, double point, double *low, double *high);

#endif
