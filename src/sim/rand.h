/*
 * sim/rand: chance from a seed. Out: numbers that depend on the seed and on nothing else, on every machine.
 */
#ifndef SIM_RAND_H
#define SIM_RAND_H

#include "base/hash.h"

struct rand {
	uint64_t state;
};

static inline uint64_t rand_next(struct rand *r)
{
	r->state += 0x9e3779b97f4a7c15U;
	return hash_u64(r->state);
}

/* A number of 0..n-1; n > 0. The bias of the product is below n / 2^32. */
static inline uint32_t rand_below(struct rand *r, uint32_t n)
{
	return (uint32_t)((rand_next(r) >> 32) * n >> 32);
}

static inline double rand_unit(struct rand *r)
{
	return (double)(rand_next(r) >> 11) * 0x1p-53;
}

/* Without state: the same three numbers always give the same one. */
static inline uint64_t rand_of(uint64_t a, uint64_t b, uint64_t c)
{
	return hash_u64(hash_u64(hash_u64(a + 0x9e3779b97f4a7c15U) ^ b) + 0x9e3779b97f4a7c15U * c + 1);
}

static inline double rand_unit_of(uint64_t a, uint64_t b, uint64_t c)
{
	return (double)(rand_of(a, b, c) >> 11) * 0x1p-53;
}

#endif
