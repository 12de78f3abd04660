/* base/out: see out.h. Owns the buffer between open and close. */
#include "base/out.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_FLUSH_AT = 64 * 1024 };

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

int out_flush(struct out *o)
{
	size_t done = 0;

	if (o->fd < 0)
		return 0;
	while (done < o->n && !o->failed) {
		ssize_t k = write(o->fd, o->buf + done, o->n - done);
		if (k > 0)
			done += (size_t)k;
		else if (errno != EINTR)
			o->failed = errno;
	}
	o->n = 0;
	return o->failed ? -1 : 0;
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

static const char digit_pairs[] = "0001020304050607080910111213141516171819"
				  "2021222324252627282930313233343536373839"
				  "4041424344454647484950515253545556575859"
				  "6061626364656667686970717273747576777879"
				  "8081828384858687888990919293949596979899";

size_t text_u64(char *p, uint64_t v)
{
	char tmp[20];
	char *q = tmp + sizeof tmp;

	while (v >= 100) {
		q -= 2;
		memcpy(q, digit_pairs + 2 * (v % 100), 2);
		v /= 100;
	}
	if (v >= 10) {
		q -= 2;
		memcpy(q, digit_pairs + 2 * v, 2);
	} else {
		*--q = (char)('0' + v);
	}
	memcpy(p, q, (size_t)(tmp + sizeof tmp - q));
	return (size_t)(tmp + sizeof tmp - q);
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
