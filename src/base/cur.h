/*
 * base/cur: a view of bytes (span) and a reading cursor over one (cur).
 * In: bytes owned by somebody else, who must outlive both. Out: values in host order.
 * The cursor is sticky: the first read past the end marks it bad, later reads give zero and touch nothing,
 * so a caller checks once. Cut a child with cur_sub before judging it: the child can never read past its own
 * length.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n;
};

struct cur {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

static inline uint16_t be16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static inline struct cur cur_of(const void *p, size_t n)
{
	const uint8_t *b = p;
	return (struct cur){b, b ? b + n : b, false};
}

static inline struct cur cur_of_span(struct span s)
{
	return cur_of(s.p, s.n);
}

static inline size_t cur_left(const struct cur *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes for plain loads, or NULL (and the cursor is bad) where fewer are left. */
static inline const uint8_t *cur_take(struct cur *c, size_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || cur_left(c) < n) {
		c->bad = true;
		c->p = c->end;
		return NULL;
	}
	c->p = p + n;
	return p;
}

static inline uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p ? *p : 0;
}

static inline uint16_t cur_u16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);
	return p ? be16(p) : 0;
}

static inline uint32_t cur_u32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p ? be32(p) : 0;
}

static inline uint64_t cur_u64(struct cur *c)
{
	const uint8_t *p = cur_take(c, 8);
	return p ? be64(p) : 0;
}

/* The next n bytes as a view; empty (and the cursor is bad) where fewer are left. */
static inline struct span cur_span(struct cur *c, size_t n)
{
	const uint8_t *p = cur_take(c, n);
	return p ? (struct span){p, n} : (struct span){c->end, 0};
}

/* A child cursor over the next n bytes; the parent moves past them whatever the child will find. */
static inline struct cur cur_sub(struct cur *c, size_t n)
{
	struct span s = cur_span(c, n);
	struct cur child = cur_of_span(s);
	child.bad = c->bad;
	return child;
}

static inline struct span cur_rest(const struct cur *c)
{
	return (struct span){c->p, cur_left(c)};
}

#endif
