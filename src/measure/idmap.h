/*
 * measure/idmap: our own 64-bit keys to dense indexes in order of birth (open addressing, linear probing).
 * In: keys made of ids. Out: 0, 1, 2 ... and the key of each. Start with {0}; owns its arrays until
 * idmap_free.
 */
#ifndef MEASURE_IDMAP_H
#define MEASURE_IDMAP_H

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define IDMAP_NONE UINT32_MAX

struct idmap {
	uint64_t *key;  /* by index */
	uint32_t *slot; /* index + 1; 0: empty */
	size_t n, cap, slots;
};

static inline void idmap_rehash(struct idmap *m, size_t slots)
{
	free(m->slot);
	m->slot = mem_array(slots, sizeof *m->slot);
	m->slots = slots;
	for (size_t i = 0; i < m->n; i++) {
		size_t at = hash_u64(m->key[i]) & (slots - 1);
		while (m->slot[at])
			at = (at + 1) & (slots - 1);
		m->slot[at] = (uint32_t)i + 1;
	}
}

static inline uint32_t idmap_find(const struct idmap *m, uint64_t key)
{
	if (m->slots == 0)
		return IDMAP_NONE;
	for (size_t at = hash_u64(key) & (m->slots - 1); m->slot[at]; at = (at + 1) & (m->slots - 1))
		if (m->key[m->slot[at] - 1] == key)
			return m->slot[at] - 1;
	return IDMAP_NONE;
}

/* The key's index, born if need be. */
static inline uint32_t idmap_at(struct idmap *m, uint64_t key)
{
	size_t at;

	if ((m->n + 1) * 2 > m->slots)
		idmap_rehash(m, m->slots ? m->slots * 2 : 64);
	for (at = hash_u64(key) & (m->slots - 1); m->slot[at]; at = (at + 1) & (m->slots - 1))
		if (m->key[m->slot[at] - 1] == key)
			return m->slot[at] - 1;
	m->key = vec_room(m->key, m->n, &m->cap, sizeof *m->key);
	m->key[m->n] = key;
	m->slot[at] = (uint32_t)++m->n;
	return (uint32_t)m->n - 1;
}

static inline void idmap_clear(struct idmap *m)
{
	if (m->slots)
		memset(m->slot, 0, m->slots * sizeof *m->slot);
	m->n = 0;
}

static inline void idmap_free(struct idmap *m)
{
	free(m->key);
	free(m->slot);
	*m = (struct idmap){0};
}

#endif
