/* cmd/read/sights: see sights.h. Open addressing, at most three quarters full; 0 is an empty place. */
#include "cmd/read/sights.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

/* Room of each set; three quarters of it are counted exactly: 1.5 million IPv4 prefixes and paths, where the
 * Internet of 2025 has about one million prefixes. */
static const size_t most[SIGHT_KINDS] = {[SIGHT_PREFIX4] = 1U << 21,
    [SIGHT_PREFIX6] = 1U << 20,
    [SIGHT_PEER] = 1U << 16,
    [SIGHT_ORIGIN] = 1U << 18,
    [SIGHT_PATH] = 1U << 21};

static bool set_keeps(const struct sight_set *s, uint64_t hash)
{
	return s->dropped == 0 || hash >> (64 - s->dropped) == 0;
}

static void set_put(struct sight_set *s, uint64_t hash)
{
	size_t i = hash_u64(hash ^ hash_key()) & (s->cap - 1); /* which is nobody's to choose */

	while (s->v[i] && s->v[i] != hash)
		i = (i + 1) & (s->cap - 1);
	s->n += s->v[i] == 0;
	s->v[i] = hash;
}

/* The hashes still kept, once more into `cap` places. Before those are there the old ones draw together, so
 * that two tables never lie side by side. */
static void set_remake(struct sight_set *s, size_t cap)
{
	uint64_t *old = s->v;
	size_t n = 0;

	for (size_t i = 0; i < s->cap; i++)
		if (old[i] && set_keeps(s, old[i]))
			old[n++] = old[i];
	old = mem_grow(old, n + 1, sizeof *old);
	s->v = mem_array(cap, sizeof *s->v);
	s->cap = cap;
	s->n = 0;
	for (size_t i = 0; i < n; i++)
		set_put(s, old[i]);
	free(old);
}

void sight(struct sights *sights, enum sight_kind kind, const void *p, size_t n)
{
	struct sight_set *s = &sights->set[kind];
	uint64_t hash = hash_same(p, n);

	if (!set_keeps(s, hash))
		return;
	if (s->n >= s->cap / 4 * 3) {
		s->dropped += s->cap == most[kind];
		set_remake(s, s->cap == 0 ? 1024 : s->cap < most[kind] ? s->cap * 2 : s->cap);
		if (!set_keeps(s, hash))
			return;
	}
	set_put(s, hash ? hash : 1);
}

uint64_t sights_count(const struct sights *sights, enum sight_kind kind, bool *exact)
{
	const struct sight_set *s = &sights->set[kind];

	*exact = s->dropped == 0;
	return (uint64_t)s->n << s->dropped;
}

void sights_free(struct sights *s)
{
	for (unsigned i = 0; i < SIGHT_KINDS; i++)
		free(s->set[i].v);
}
