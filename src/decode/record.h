/*
 * decode/record: the body of one MRT record, by type and subtype. In: the common header and the body's bytes.
 * Out: struct update. Owns nothing.
 */
#ifndef DECODE_RECORD_H
#define DECODE_RECORD_H

#include "decode/decode.h"

enum { MRT_HEADER = 12 }; /* RFC 6396 2 */

enum mrt_type {
	MRT_BGP = 5, /* RFC 6396 B.2 */
	MRT_TABLE_DUMP = 12,
	MRT_TABLE_DUMP_V2 = 13,
	MRT_BGP4MP = 16,
	MRT_BGP4MP_ET = 17,
};

struct mrt_header {
	uint32_t time;
	uint16_t type, subtype;
	uint32_t length;
};
static inline struct mrt_header mrt_header_of(const uint8_t *p)
{
	return (struct mrt_header){be32(p), be16(p + 4), be16(p + 6), be32(p + 8)};
}

/* A type and subtype that record_read knows, with a length that it can have. */
bool record_known(const struct mrt_header *h);
/* That, or another registered type of a length that is not absurd. */
bool record_plausible(const struct mrt_header *h);
/* A body of this (known) type that fits cannot be chance: 16 bytes of marker, or nested lengths that add up.
 */
bool record_certain(const struct mrt_header *h);

/*
 * The body into *u (zeroed by the caller, with time and record set). FAULT_NONE: it fits. Any other fault: it
 * does not; u->kind then says whether something of it can still be used (UPDATE_OTHER: nothing).
 * *rest: bytes of the body left for further updates (TABLE_DUMP of 2000: many entries behind one header).
 */
enum fault record_read(const struct mrt_header *h, struct cur body, struct update *u, unsigned *rest);

/* One entry of a TABLE_DUMP behind its view and sequence. */
enum fault table_dump_entry(uint16_t subtype, struct cur *body, struct update *u);
size_t table_dump_entry_size(uint16_t subtype, struct span body); /* 0: does not fit */

#endif
