/*
 * base/out: a growing or flushing writing buffer. In: text and numbers. Out: bytes to a descriptor, or in
 * memory. The caller owns the struct; out_close flushes and frees the buffer. The first failed write sticks
 * in out->failed (errno value; EPIPE for a closed pipe), later writes are dropped: check once at the end.
 */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct out {
	char *buf;
	size_t n, cap;
	int fd;     /* -1: memory only, buf/n is the result */
	int failed; /* errno of the first failed write */
	/* told of all that goes to the descriptor, in order; NULL */
	void (*passing)(void *arg, const void *p, size_t n);
	void *passing_arg;
};

void out_open_fd(struct out *o, int fd); /* buffered, 64 KiB; does not own fd */
void out_open_mem(struct out *o);
void out_much(struct out *o, const void *p, size_t n); /* as out_bytes; to a descriptor without a copy */
int out_flush(struct out *o);                          /* 0, or -1 with o->failed */
int out_close(struct out *o);                          /* flush and free; 0, or -1 */
void out_more(struct out *o, size_t n);                /* makes room for n bytes, flushing or growing */

/* n bytes of room at the returned place; commit what was used with out_commit. */
static inline char *out_room(struct out *o, size_t n)
{
	if (o->cap - o->n < n)
		out_more(o, n);
	return o->buf + o->n;
}

static inline void out_commit(struct out *o, size_t n)
{
	o->n += n;
}

static inline void out_bytes(struct out *o, const void *p, size_t n)
{
	memcpy(out_room(o, n), p, n);
	o->n += n;
}

static inline void out_char(struct out *o, char c)
{
	*out_room(o, 1) = c;
	o->n++;
}

static inline void out_str(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

void out_u64(struct out *o, uint64_t v);
void out_i64(struct out *o, int64_t v);
void out_fixed(struct out *o, double v, int digits); /* rounded half away from zero, never -0 or exponent */
void out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Decimal digits of v at p (room for 20, and three at least are written); returns how many. */
size_t text_u64(char *p, uint64_t v);
size_t text_u32(char *p, uint32_t v);
extern const char digit_triples[];                   /* "000001002...999" */
static inline size_t text_small(char *p, unsigned v) /* v < 1000; no branch to mispredict */
{
	unsigned zeros = (v < 100 ? 1U : 0) + (v < 10 ? 1U : 0);

	memcpy(p, digit_triples + 3 * v + zeros, 3);
	return 3 - zeros;
}

#endif
