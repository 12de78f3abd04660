/*
 * enrich/ranges: addresses to a value, by flat sorted arrays. In: intervals of addresses, which may overlap,
 * each with a rank. Out: disjoint ranges; where intervals overlap the higher rank wins, of equals the smaller
 * interval, of equals the later one. A look-up is one load of the index (by the top bits) and a short binary
 * search. Both families are keys of 64 bits: an IPv4 address in the high half, the first half of an IPv6
 * address (nothing smaller than a /64 is registered to a country).
 */
#ifndef ENRICH_RANGES_H
#define ENRICH_RANGES_H

#include "enrich/enrich.h"

struct interval {
	uint64_t first, last; /* keys, both inside */
	uint32_t value;
	uint32_t rank;
};

struct intervals {
	struct interval *v;
	size_t n, cap;
};

struct ranges {
	uint64_t *start; /* of each range, ascending; start[0] is 0 and start[n] UINT64_MAX */
	uint32_t *value; /* 0: nothing known */
	uint32_t *index; /* by key >> shift: the last range that begins at or before the cell */
	size_t n;
	unsigned shift;
	bool borrowed; /* start and value are somebody else's */
};

enum { RANGES_INDEX4 = 16, RANGES_INDEX6 = 20 }; /* bits of the index at most: 256 KiB, 4 MiB */

static inline uint64_t prefix_first(const struct prefix *p)
{
	uint64_t key;

	__builtin_memcpy(&key, p->b, sizeof key);
	key = __builtin_bswap64(key);
	return p->family == FAMILY_IPV4 ? key & 0xffffffff00000000U : key;
}

static inline uint64_t prefix_last(const struct prefix *p)
{
	return p->len >= 64 ? prefix_first(p) : prefix_first(p) | UINT64_MAX >> p->len;
}

void intervals_add(struct intervals *list, uint64_t first, uint64_t last, uint32_t value, uint32_t rank);
void intervals_join(struct intervals *to, const struct intervals *from);
void ranges_build(struct ranges *r, struct intervals *list, unsigned index_bits); /* sorts list */
void ranges_index(struct ranges *r, unsigned index_bits); /* of ranges that are there */
void ranges_free(struct ranges *r);

/* The range that holds key: start[i] <= key. */
static inline size_t ranges_at(const struct ranges *r, uint64_t key)
{
	size_t cell = key >> r->shift, low = r->index[cell], high = r->index[cell + 1];

	while (low < high) {
		size_t mid = (low + high + 1) / 2;
		if (r->start[mid] <= key)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static inline uint64_t ranges_last(const struct ranges *r, size_t i)
{
	return i + 1 < r->n ? r->start[i + 1] - 1 : UINT64_MAX;
}

/* The value of a prefix. It may reach over several ranges: the country (value >> 8) with most of its
 * addresses has it. */
uint32_t ranges_of(const struct ranges *r, const struct prefix *p);

#endif
