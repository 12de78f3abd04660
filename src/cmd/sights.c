/* cmd/sights: see sights.h. Open addressing, at most half full; 0 stands for an empty place. */
#include "cmd/sights.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

static void set_put(uint64_t *v, size_t cap, uint64_t hash, size_t *n)
{
	size_t i = hash & (cap - 1);

	while (v[i] && v[i] != hash)
		i = (i + 1) & (cap - 1);
	*n += v[i] == 0;
	v[i] = hash;
}

static void set_grow(struct sight_set *s)
{
	size_t cap = s->cap ? s->cap * 2 : 1024, n = 0;
	uint64_t *v = mem_array(cap, sizeof *v);

	for (size_t i = 0; i < s->cap; i++)
		if (s->v[i])
			set_put(v, cap, s->v[i], &n);
	free(s->v);
	s->v = v;
	s->cap = cap;
}

void sight(struct sight_set *s, const void *p, size_t n)
{
	if (s->n * 2 >= s->cap)
		set_grow(s);
	set_put(s->v, s->cap, hash_bytes(p, n) | 1, &s->n);
}

void sights_free(struct sights *s)
{
	free(s->prefix[0].v);
	free(s->prefix[1].v);
	free(s->peer.v);
	free(s->origin.v);
	free(s->path.v);
}
