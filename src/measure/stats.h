/*
 * measure/stats: the formulas, as plain functions of numbers. In: arrays. Out: numbers. No state, no memory
 * kept. Sources: Herfindahl-Hirschman (hhi), Shannon (entropy, bits), Fontugne, Shah, Aben, PAM 2018 (trimmed
 * mean), Cowie, Renesys 2012 (classes).
 */
#ifndef MEASURE_STATS_H
#define MEASURE_STATS_H

#include <stddef.h>
#include <stdint.h>

double stats_hhi(const double *share, size_t n);     /* sum of squares; 0 for none */
double stats_entropy(const double *share, size_t n); /* bits */
/*
 * Mean of n values of which m are given and the rest are zero, floor(n * 0.1) cut from each end (sorts v).
 * n < m is a mistake of the caller.
 */
double stats_trimmed_mean(double *v, size_t m, size_t n);
double stats_median_top_tenth(
    const uint32_t *v, size_t n);           /* of the largest max(1, n/10) values; 0 for none */
const char *stats_class(unsigned gateways); /* severe <= 2, significant <= 9, low <= 39, resistant */

#endif
