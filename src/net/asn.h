/* net/asn: autonomous system numbers as values. Sources: RFC 6793 (4 bytes), RFC 5396 (asplain and asdot
 * text). */
#ifndef NET_ASN_H
#define NET_ASN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t asn_t;

enum { ASN_TRANS = 23456 }; /* RFC 6793 section 9 */

/*
 * Never a real network on a public path: 0 (RFC 7607), AS_TRANS, documentation and private ranges (RFC 5398,
 * 6996), last ASN (RFC 7300), and the block IANA keeps (65552..131071).
 */
static inline bool asn_reserved(asn_t asn)
{
	return asn == 0 || asn == ASN_TRANS || (asn >= 64496 && asn <= 131071) || asn >= 4200000000U;
}

/* "131279", "AS131279", "as2.207" -> asn; false where it is something else. n bytes, no terminator needed. */
bool asn_parse(const char *s, size_t n, asn_t *asn);

#endif
