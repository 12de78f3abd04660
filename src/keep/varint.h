/* keep/varint: integers of variable length (LEB128), signed ones folded (zigzag). */
#ifndef KEEP_VARINT_H
#define KEEP_VARINT_H

#include "base/cur.h"
#include "base/out.h"

static inline void put_uint(struct out *o, uint64_t v)
{
	char *p = out_room(o, 10);
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (char)(v | 0x80);
	p[n++] = (char)v;
	out_commit(o, n);
}

static inline void put_int(struct out *o, int64_t v)
{
	put_uint(o, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static inline uint64_t take_uint(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = cur_u8(c);
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	return 0;
}

static inline int64_t take_int(struct cur *c)
{
	uint64_t v = take_uint(c);

	return (int64_t)(v >> 1 ^ -(v & 1));
}

#endif
