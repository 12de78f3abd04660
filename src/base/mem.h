/*
 * base/mem: memory that does not fail, growing arrays, and big lazily-touched areas.
 * Out of memory ends the program in one place (mem.c) with a message; no caller checks.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t n);              /* zeroed; free() gives it back */
void *mem_array(size_t n, size_t size); /* zeroed n*size with overflow check */
void *mem_grow(
    void *p, size_t n, size_t size); /* realloc to n*size with overflow check; new bytes undefined */
char *mem_strdup(const char *s);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Room for one more element in array v of *cap elements with n in use: returns v, moved if need be, with *cap
 * doubled. Amortised O(1). Use: v = vec_room(v, n, &cap, sizeof *v); v[n++] = x;
 */
void *vec_room(void *v, size_t n, size_t *cap, size_t size);

/*
 * Room for `want` elements in array v of *cap with n in use, on pages of its own (pages_reserve): for arrays
 * of a hundred thousand and more that are gone through at random. They begin at a page, what is not in use is
 * zero, and growth is seldom. vec_pages_free takes the same cap and size.
 */
void *vec_pages(void *v, size_t n, size_t want, size_t *cap, size_t size);
void vec_pages_free(void *v, size_t cap, size_t size);

/*
 * Address space for n bytes, zero when first touched, counted by the kernel only where touched: for columns
 * and id pools that must never move. Asks for huge pages and takes what it gets. pages_free takes the same n.
 */
void *pages_reserve(size_t n);
/* Makes all n bytes memory now: for what is soon touched everywhere, where each page would fault twice, read
 * as zero and then written. */
void pages_fill(void *p, size_t n);
void pages_free(void *p, size_t n);
size_t mem_peak_rss(void); /* bytes; from getrusage(2) */

#endif
