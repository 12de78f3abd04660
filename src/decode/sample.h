/*
 * decode/sample: bytes for the tests of this room, written field by field. A sample grows in memory of its
 * own (fixed room); lengths are put in afterwards with sample_len16/32 at the place that sample_hole left.
 */
#ifndef DECODE_SAMPLE_H
#define DECODE_SAMPLE_H

#include "decode/decode.h"

struct sample {
	uint8_t b[1 << 18];
	size_t n;
};

static inline void put8(struct sample *s, unsigned v)
{
	s->b[s->n++] = (uint8_t)v;
}
static inline void put16(struct sample *s, unsigned v)
{
	put8(s, v >> 8);
	put8(s, v);
}
static inline void put32(struct sample *s, uint32_t v)
{
	put16(s, v >> 16);
	put16(s, v & 0xffff);
}
static inline void put_bytes(struct sample *s, const void *p, size_t n)
{
	memcpy(s->b + s->n, p, n);
	s->n += n;
}
static inline size_t hole16(struct sample *s)
{
	s->n += 2;
	return s->n;
}
static inline void fill16(struct sample *s, size_t hole)
{
	size_t n = s->n - hole;
	s->b[hole - 2] = (uint8_t)(n >> 8);
	s->b[hole - 1] = (uint8_t)n;
}
/* The common header; close it with sample_end. */
static inline size_t sample_record(struct sample *s, uint32_t time, unsigned type, unsigned subtype)
{
	put32(s, time);
	put16(s, type);
	put16(s, subtype);
	put32(s, 0);
	return s->n;
}
static inline void sample_end(struct sample *s, size_t body)
{
	size_t end = s->n;
	s->n = body - 4;
	put32(s, (uint32_t)(end - body));
	s->n = end;
}
static inline void put_addr(struct sample *s, const char *text)
{
	struct addr a = {0};
	addr_parse(text, strlen(text), &a);
	put_bytes(s, a.b, a.family == FAMILY_IPV6 ? 16 : 4);
}
static inline void put_asn(struct sample *s, asn_t asn, unsigned as_size)
{
	if (as_size == 4)
		put32(s, asn);
	else
		put16(s, asn);
}
/* "10.0.0.0/8": length and the bytes it needs */
static inline void put_nlri(struct sample *s, const char *text)
{
	struct prefix p = {0};
	prefix_parse(text, strlen(text), &p);
	put8(s, p.len);
	put_bytes(s, p.b, (p.len + 7U) / 8);
}
static inline void put_attr(struct sample *s, unsigned flags, unsigned code, const void *p, size_t n)
{
	put8(s, flags);
	put8(s, code);
	put8(s, (unsigned)n);
	put_bytes(s, p, n);
}
/* ORIGIN IGP, AS_PATH of one sequence, NEXT_HOP 192.0.2.1 */
static inline void put_attrs(struct sample *s, const asn_t *path, unsigned n, unsigned as_size)
{
	put_attr(s, 0x40, ATTR_ORIGIN, "\0", 1);
	put8(s, 0x40);
	put8(s, ATTR_AS_PATH);
	put8(s, 2 + n * as_size);
	put8(s, SEGMENT_SEQUENCE);
	put8(s, n);
	for (unsigned i = 0; i < n; i++)
		put_asn(s, path[i], as_size);
	put_attr(s, 0x40, ATTR_NEXT_HOP, "\300\000\002\001", 4);
}
/* The BGP header; close with fill_bgp. */
static inline size_t put_bgp(struct sample *s, unsigned type)
{
	size_t begin = s->n;
	memset(s->b + s->n, 0xff, 16);
	s->n += 18;
	put8(s, type);
	return begin;
}
static inline void fill_bgp(struct sample *s, size_t begin)
{
	size_t n = s->n - begin;
	s->b[begin + 16] = (uint8_t)(n >> 8);
	s->b[begin + 17] = (uint8_t)n;
}
static inline void put_session(struct sample *s, asn_t peer, const char *addr, unsigned as_size)
{
	put_asn(s, peer, as_size);
	put_asn(s, 64500, as_size);
	put16(s, 0);
	put16(s, strchr(addr, ':') ? 2 : 1);
	put_addr(s, addr);
	put_addr(s, strchr(addr, ':') ? "2001:db8::ff" : "192.0.2.255");
}
/* A whole BGP4MP_MESSAGE_AS4 that announces the prefixes (ended by NULL) over path {peer, 3356, origin}. */
static inline void put_announcement(
    struct sample *s, uint32_t time, asn_t peer, asn_t origin, const char *const *prefix)
{
	asn_t path[3] = {peer, 3356, origin};
	size_t record = sample_record(s, time, 16, 4), bgp, hole;

	put_session(s, peer, "192.0.2.9", 4);
	bgp = put_bgp(s, 2);
	put16(s, 0);
	hole = hole16(s);
	put_attrs(s, path, 3, 4);
	fill16(s, hole);
	for (; *prefix; prefix++)
		put_nlri(s, *prefix);
	fill_bgp(s, bgp);
	sample_end(s, record);
}
/* PEER_INDEX_TABLE of n peers 10.0.0.i AS 65536+i */
static inline void put_peers(struct sample *s, uint32_t time, unsigned n)
{
	size_t record = sample_record(s, time, 13, 1);

	put32(s, 0x01020304);
	put16(s, 4);
	put_bytes(s, "view", 4);
	put16(s, n);
	for (unsigned i = 0; i < n; i++) {
		put8(s, 2);
		put32(s, 0x0a000000 + i);
		put32(s, 0x0a000000 + i);
		put32(s, 65536 + i);
	}
	sample_end(s, record);
}
/* A RIB record of one prefix with n entries, peer i over path {65536+i, 3356, origin}. */
static inline void put_rib(
    struct sample *s, uint32_t time, unsigned subtype, const char *prefix, unsigned n, asn_t origin)
{
	size_t record = sample_record(s, time, 13, subtype), hole;
	bool addpath = subtype >= 8;

	put32(s, 7);
	put_nlri(s, prefix);
	put16(s, n);
	for (unsigned i = 0; i < n; i++) {
		asn_t path[3] = {65536 + i, 3356, origin};
		put16(s, i);
		put32(s, time - 100);
		if (addpath)
			put32(s, i + 1);
		hole = hole16(s);
		put_attrs(s, path, 3, 4);
		fill16(s, hole);
	}
	sample_end(s, record);
}
/* A TABLE_DUMP entry behind its view and sequence. */
static inline void put_dump_entry(struct sample *s, const char *prefix, asn_t peer, asn_t origin)
{
	struct prefix p = {0};
	asn_t path[2] = {peer, origin};
	size_t hole;

	prefix_parse(prefix, strlen(prefix), &p);
	put_bytes(s, p.b, p.family == FAMILY_IPV6 ? 16 : 4);
	put8(s, p.len);
	put8(s, 1);
	put32(s, 946684800);
	put_addr(s, p.family == FAMILY_IPV6 ? "2001:db8::9" : "192.0.2.9");
	put16(s, peer);
	hole = hole16(s);
	put_attrs(s, path, 2, 2);
	fill16(s, hole);
}

#endif
