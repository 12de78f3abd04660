/*
 * net/prefix: addresses and prefixes of both families as values. Bits past the length are zero in every
 * prefix made here, so equal prefixes have equal bytes (memcmp, hash_bytes over the whole struct).
 */
#ifndef NET_PREFIX_H
#define NET_PREFIX_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };
enum { ADDR_TEXT = 46, PREFIX_TEXT = 50 };

struct addr {
	uint8_t b[16];  /* network order; IPv4 in the first four, the rest zero */
	uint8_t family; /* FAMILY_IPV4, FAMILY_IPV6, 0: none */
};

struct prefix {
	uint8_t b[16];
	uint8_t family;
	uint8_t len;
};

static inline unsigned family_bits(uint8_t family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

/* These three are in the hottest loop of decoding, and here so that their values stay in registers. */
static inline struct addr addr_v4(const uint8_t b[4])
{
	struct addr a = {.family = FAMILY_IPV4};

	memcpy(a.b, b, 4);
	return a;
}

static inline struct addr addr_v6(const uint8_t b[16])
{
	struct addr a = {.family = FAMILY_IPV6};

	memcpy(a.b, b, 16);
	return a;
}

/*
 * The first len bits at `bytes`; those past len are cleared. Reads no byte past them. Field by field: a whole
 * struct would be put together in memory and wait for itself.
 */
static inline void prefix_set(struct prefix *p, uint8_t family, const uint8_t *bytes, unsigned len)
{
	unsigned n = (len + 7) / 8, spare = 8 * n - len;

	memset(p->b, 0, sizeof p->b);
	p->family = family;
	p->len = (uint8_t)len;
	if (family == FAMILY_IPV4) {
		uint32_t v = n ? bytes[0] : 0;
		if (n > 1) { /* two loads that overlap */
			uint16_t first, last;
			memcpy(&first, bytes, 2);
			memcpy(&last, bytes + n - 2, 2);
			v = le16toh(first) | (uint32_t)le16toh(last) << 8 * (n - 2);
		}
		if (spare)
			v &= ~((0xffU >> (8 - spare)) << 8 * (n - 1));
		v = htole32(v);
		memcpy(p->b, &v, 4);
		return;
	}
	memcpy(p->b, bytes, n);
	if (spare)
		p->b[n - 1] &= (uint8_t)(0xffU << spare);
}

static inline struct prefix prefix_make(uint8_t family, const uint8_t *bytes, unsigned len)
{
	struct prefix p;

	prefix_set(&p, family, bytes, len);
	return p;
}

bool addr_parse(const char *s, size_t n, struct addr *a);
size_t addr_text(
    char *p, const struct addr *a); /* RFC 5952; room for ADDR_TEXT; no terminator; returns length */
/* The same as programs before RFC 5952 wrote it: "::" may stand for a single zero group. */
size_t addr_text_old(char *p, const struct addr *a);
int addr_cmp(const struct addr *a, const struct addr *b); /* IPv4 first, then by value */

bool prefix_parse(
    const char *s, size_t n, struct prefix *p);      /* "10.0.0.0/8"; an address alone is a host prefix */
size_t prefix_text(char *p, const struct prefix *x); /* room for PREFIX_TEXT; no terminator */
int prefix_cmp(
    const struct prefix *a, const struct prefix *b); /* family, value, then length: parents before children */
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_covers(const struct prefix *a, const struct prefix *b); /* a equals b or contains it */
double prefix_size(const struct prefix *p);          /* addresses (IPv4), or /48s (at least 1) */
bool prefix_bit(const struct prefix *p, unsigned i); /* bit i, 0 the first */

#endif
