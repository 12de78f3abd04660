/*
 * enrich/asns: what is known of each AS, in two levels: a top table by the high bits, pages of 1,024 facts
 * where any are known (8 KiB a page; the public ASNs fill about 400). A look-up is two loads. In: rows of the
 * loaders, each with the rank of its source; the higher rank wins, of equals the later. Owns pages and names.
 */
#ifndef ENRICH_ASNS_H
#define ENRICH_ASNS_H

#include "enrich/enrich.h"

enum { AS_GLOBAL = 1, AS_ROUTE_SERVER = 2, AS_CURATED = 4 };

struct as_fact {
	uint32_t name; /* offset into names.text; 0: unknown */
	cc_t cc;
	uint8_t source; /* of the country, as in facts.source */
	uint8_t flags;
};

struct asns {
	uint32_t *top;        /* page number + 1 by asn >> 10; address space, touched where used */
	uint64_t *used;       /* a bit for each cell of top, to walk over what is used */
	size_t cells;         /* beyond the last of them in use */
	struct as_fact *page; /* pages of 1,024, one after the other */
	size_t pages, cap;
	char *text; /* names, each ended by a zero byte; text[0] is the empty one */
	size_t text_n, text_cap;
	uint8_t *named_by; /* beside page: the rank of the source of each name */
};

void asns_init(struct asns *a);
void asns_free(struct asns *a);
struct as_fact *asns_add(struct asns *a, asn_t asn); /* the fact to fill; valid until the next asns_add */
void asns_name(struct asns *a, asn_t asn, const char *s, size_t n, uint8_t rank);
/* The next AS at or after *asn of which something is known, in order; NULL at the end. */
const struct as_fact *asns_next(const struct asns *a, uint64_t *asn);

static inline const struct as_fact *asns_get(const struct asns *a, asn_t asn)
{
	uint32_t page = a->top[asn >> 10];
	return page ? &a->page[(size_t)(page - 1) << 10 | (asn & 1023)] : NULL;
}

#endif
