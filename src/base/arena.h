/*
 * base/arena: bump memory in chunks, all given back at once. The arena owns everything taken from it; memory
 * is zeroed. arena_reset keeps the chunks for the next batch, so a warm arena allocates nothing.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *first, *now;
};

void *arena_take(struct arena *a, size_t n); /* aligned to 16; {0} is a valid empty arena */
char *arena_strn(struct arena *a, const char *s, size_t n);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
