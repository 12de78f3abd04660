/*
 * sim/parallel: the same work on many things by a few threads. In: a function and how many things. Out: when
 * all are done. Which thread did what never shows in a result.
 */
#ifndef SIM_PARALLEL_H
#define SIM_PARALLEL_H

#include <stddef.h>

enum { PARALLEL_MAX = 64 };

/* work(arg, thread, i) for each i < n; thread < threads tells working memories apart. */
void parallel(size_t n, unsigned threads, void (*work)(void *arg, unsigned thread, size_t i), void *arg);
unsigned parallel_cores(void);

#endif
