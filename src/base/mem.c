/* base/mem: see mem.h. Owns nothing; the only place where the lack of memory is judged. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static _Noreturn void mem_out(size_t n)
{
	fprintf(stderr, "isthmus: out of memory (%zu bytes wanted)\n", n);
	exit(1);
}

static size_t mem_size(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_out(SIZE_MAX);
	return bytes ? bytes : 1;
}

void *mem_alloc(size_t n)
{
	return mem_array(1, n);
}

void *mem_array(size_t n, size_t size)
{
	void *p = calloc(1, mem_size(n, size));

	if (!p)
		mem_out(n);
	return p;
}

void *mem_grow(void *p, size_t n, size_t size)
{
	size_t bytes = mem_size(n, size);
	void *q = realloc(p, bytes);

	if (!q)
		mem_out(bytes);
	return q;
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_out(0);
	return s;
}

void *vec_room(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 16;
	return mem_grow(v, *cap, size);
}

void *pages_reserve(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		mem_out(n);
	(void)madvise(p, n, MADV_HUGEPAGE);
	return p;
}

void pages_fill(void *p, size_t n)
{
	(void)madvise(p, n, MADV_POPULATE_WRITE); /* an older kernel lets them fault */
}

void pages_free(void *p, size_t n)
{
	if (p)
		munmap(p, n);
}

/* Address space costs nothing: the first room is for most who will ever ask. */
enum { VEC_PAGES_FIRST = 1 << 21 };

void *vec_pages(void *v, size_t n, size_t want, size_t *cap, size_t size)
{
	size_t room = VEC_PAGES_FIRST;
	void *q;

	if (want <= *cap)
		return v;
	while (room < want)
		room *= 4;
	q = pages_reserve(mem_size(room, size));
	if (n)
		memcpy(q, v, n * size);
	vec_pages_free(v, *cap, size);
	*cap = room;
	return q;
}

void vec_pages_free(void *v, size_t cap, size_t size)
{
	pages_free(v, cap * size);
}

size_t mem_peak_rss(void)
{
	struct rusage ru;

	return getrusage(RUSAGE_SELF, &ru) == 0 ? (size_t)ru.ru_maxrss * 1024 : 0;
}
