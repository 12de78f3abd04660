/*
 * net/prefix: addresses and prefixes of both families as values. Bits past the length are zero in every
 * prefix made here, so equal prefixes have equal bytes (memcmp, hash_bytes over the whole struct).
 */
#ifndef NET_PREFIX_H
#define NET_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct addr addr_v4(const uint8_t b[4]);
struct addr addr_v6(const uint8_t b[16]);
bool addr_parse(const char *s, size_t n, struct addr *a);
size_t addr_text(
    char *p, const struct addr *a); /* RFC 5952; room for ADDR_TEXT; no terminator; returns length */
/* The same as programs before RFC 5952 wrote it: "::" may stand for a single zero group. */
size_t addr_text_old(char *p, const struct addr *a);
int addr_cmp(const struct addr *a, const struct addr *b); /* IPv4 first, then by value */

struct prefix prefix_make(uint8_t family, const uint8_t *bytes, unsigned len); /* clears the bits past len */
bool prefix_parse(
    const char *s, size_t n, struct prefix *p);      /* "10.0.0.0/8"; an address alone is a host prefix */
size_t prefix_text(char *p, const struct prefix *x); /* room for PREFIX_TEXT; no terminator */
int prefix_cmp(
    const struct prefix *a, const struct prefix *b); /* family, value, then length: parents before children */
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_covers(const struct prefix *a, const struct prefix *b); /* a equals b or contains it */
bool prefix_bit(const struct prefix *p, unsigned i);                /* bit i, 0 the first */

#endif
