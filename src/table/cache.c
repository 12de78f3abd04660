/*
 * table/cache: raw path attributes met lately. In: AS_PATH and AS4_PATH bytes. Out: the line that holds them.
 * Compared whole, so never wrong; direct-mapped, so bounded: a dump repeats its paths, and most are found
 * here.
 */
#include "table/inner.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

void path_cache_init(struct path_cache *c)
{
	c->key = hash_key();
	c->line = pages_reserve(LINES_MAX * sizeof *c->line);
	c->lines = LINES_FIRST;
}

void path_cache_free(struct path_cache *c)
{
	pages_free(c->line, LINES_MAX * sizeof *c->line);
}

void path_cache_grow(struct path_cache *c, size_t paths)
{
	while (paths > c->lines && c->lines < LINES_MAX)
		c->lines *= 4;
}

void path_attr_hash(const struct path_cache *c, struct path_attr *a)
{
	size_t n = a->as_path.n + a->as4_path.n;

	a->hash = 0;
	if (n == 0 || n > sizeof c->line->raw)
		return;
	a->hash = XXH3_64bits_withSeed(a->as_path.p, a->as_path.n, c->key + a->as_size);
	if (a->as4_path.n)
		a->hash ^= XXH3_64bits_withSeed(a->as4_path.p, a->as4_path.n, c->key);
	a->hash |= 1;
	__builtin_prefetch(path_line_of(c, a));
}

void path_line_fill(struct path_line *l, const struct path_attr *a, path_id id)
{
	l->id = id;
	l->n = (uint8_t)a->as_path.n;
	l->n4 = (uint8_t)a->as4_path.n;
	l->as_size = a->as_size;
	bytes_copy(l->raw, a->as_path.p, l->n);
	bytes_copy(l->raw + l->n, a->as4_path.p, l->n4);
}
