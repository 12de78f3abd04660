/* base/out: see out.h. Owns the buffer between open and close. */
#include "base/out.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_FLUSH_AT = 64 * 1024, OUT_PIECE = 256 * 1024 };

void out_open_fd(struct out *o, int fd)
{
	*o = (struct out){.cap = OUT_FLUSH_AT, .fd = fd};
	o->buf = mem_alloc(o->cap);
}

void out_open_mem(struct out *o)
{
	*o = (struct out){.cap = 256, .fd = -1};
	o->buf = mem_alloc(o->cap);
}

static void write_all(struct out *o, const char *p, size_t n)
{
	size_t done = 0;

	if (o->passing && n)
		o->passing(o->passing_arg, p, n);
	while (done < n && !o->failed) {
		ssize_t k = write(o->fd, p + done, n - done);
		if (k > 0)
			done += (size_t)k;
		else if (errno != EINTR)
			o->failed = errno;
	}
}

int out_flush(struct out *o)
{
	if (o->fd < 0)
		return 0;
	write_all(o, o->buf, o->n);
	o->n = 0;
	return o->failed ? -1 : 0;
}

void out_much(struct out *o, const void *p, size_t n)
{
	const char *at = p;

	if (n == 0)
		return; /* an empty array has no address */
	if (o->fd < 0 || n < OUT_FLUSH_AT / 4) {
		out_bytes(o, p, n);
		return;
	}
	(void)out_flush(o);
	while (n > 0) { /* in pieces that the processor's cache holds for both who look */
		size_t k = n < OUT_PIECE ? n : OUT_PIECE;
		write_all(o, at, k);
		at += k;
		n -= k;
	}
}

int out_close(struct out *o)
{
	int rc = out_flush(o);

	free(o->buf);
	o->buf = NULL;
	o->n = o->cap = 0;
	return rc;
}

void out_more(struct out *o, size_t n)
{
	if (o->fd >= 0)
		(void)out_flush(o);
	if (o->cap - o->n >= n)
		return;
	while (o->cap - o->n < n)
		o->cap *= 2;
	o->buf = mem_grow(o->buf, o->cap, 1);
}

#define TEN(h, t)               h t "0" h t "1" h t "2" h t "3" h t "4" h t "5" h t "6" h t "7" h t "8" h t "9"
#define FIFTY(h, a, b, c, d, e) TEN(h, a) TEN(h, b) TEN(h, c) TEN(h, d) TEN(h, e)
#define HUNDRED(h)              FIFTY(h, "0", "1", "2", "3", "4") FIFTY(h, "5", "6", "7", "8", "9")
const char digit_triples[] = HUNDRED("0") HUNDRED("1") HUNDRED("2") HUNDRED("3") HUNDRED("4") HUNDRED("5")
    HUNDRED("6") HUNDRED("7") HUNDRED("8") HUNDRED("9");

static char *triple(char *p, unsigned v)
{
	memcpy(p, digit_triples + 3 * v, 3);
	return p + 3;
}

size_t text_u32(char *p, uint32_t v)
{
	size_t n;

	if (v < 1000)
		return text_small(p, v);
	if (v < 1000000) {
		n = text_small(p, v / 1000);
		triple(p + n, v % 1000);
		return n + 3;
	}
	n = text_u32(p, v / 1000000);
	triple(triple(p + n, v / 1000 % 1000), v % 1000);
	return n + 6;
}

size_t text_u64(char *p, uint64_t v)
{
	size_t n;

	if (v <= UINT32_MAX)
		return text_u32(p, (uint32_t)v);
	n = text_u64(p, v / 1000000);
	triple(triple(p + n, (unsigned)(v / 1000 % 1000)), (unsigned)(v % 1000));
	return n + 6;
}

void out_u64(struct out *o, uint64_t v)
{
	o->n += text_u64(out_room(o, 20), v);
}

void out_i64(struct out *o, int64_t v)
{
	if (v < 0)
		out_char(o, '-');
	out_u64(o, v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v);
}

void out_fixed(struct out *o, double v, int digits)
{
	double scale = pow(10, digits);
	double r = round(v * scale) / scale;

	if (r == 0)
		r = 0; /* no minus zero */
	out_printf(o, "%.*f", digits, r);
}

void out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap, again;
	size_t left = o->cap - o->n;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(o->buf + o->n, left, fmt, ap);
	if (n > 0 && (size_t)n >= left) {
		out_more(o, (size_t)n + 1);
		n = vsnprintf(o->buf + o->n, o->cap - o->n, fmt, again);
	}
	va_end(again);
	va_end(ap);
	if (n > 0)
		o->n += (size_t)n;
}
