/* base/arena: see arena.h. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CHUNK = 64 * 1024, ARENA_ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, cap;
	alignas(ARENA_ALIGN) unsigned char bytes[];
};

static struct arena_chunk *arena_chunk(size_t n)
{
	size_t cap = n > ARENA_CHUNK ? n : ARENA_CHUNK;
	struct arena_chunk *c = mem_alloc(sizeof *c + cap);

	c->cap = cap;
	return c;
}

void *arena_take(struct arena *a, size_t n)
{
	n = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!a->now)
		a->now = a->first = arena_chunk(n);
	while (a->now->cap - a->now->used < n) {
		if (!a->now->next || a->now->next->cap < n) {
			struct arena_chunk *c = arena_chunk(n);
			c->next = a->now->next;
			a->now->next = c;
		}
		a->now = a->now->next;
	}
	void *p = a->now->bytes + a->now->used;
	a->now->used += n;
	return memset(p, 0, n);
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	char *p = arena_take(a, n + 1);

	memcpy(p, s, n);
	return p;
}

void arena_reset(struct arena *a)
{
	for (struct arena_chunk *c = a->first; c; c = c->next)
		c->used = 0;
	a->now = a->first;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->first; c; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct arena){0};
}
