/* detect/map: u64 keys to u32 values, open addressing, linear probing, at most half full. Key 0 is not
 * stored. Owns the slots. */
#include "base/hash.h"
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

static size_t map_slot(const struct table_of *m, uint64_t key)
{
	size_t i = hash_u64(key) & (m->cap - 1);

	while (m->slot[i].key && m->slot[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

uint32_t map_get(const struct table_of *m, uint64_t key)
{
	size_t i;

	if (!m->n)
		return NO_INDEX;
	i = map_slot(m, key);
	return m->slot[i].key ? m->slot[i].value : NO_INDEX;
}

void map_fetch(const struct table_of *m, uint64_t key)
{
	if (m->cap)
		__builtin_prefetch(&m->slot[hash_u64(key) & (m->cap - 1)]);
}

static void map_double(struct table_of *m)
{
	struct table_of old = *m;

	m->cap = old.cap ? old.cap * 2 : 1024;
	m->slot = mem_array(m->cap, sizeof *m->slot);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slot[i].key)
			m->slot[map_slot(m, old.slot[i].key)] = old.slot[i];
	free(old.slot);
}

void map_put(struct table_of *m, uint64_t key, uint32_t value)
{
	size_t i;

	if (m->n * 2 >= m->cap)
		map_double(m);
	i = map_slot(m, key);
	m->n += !m->slot[i].key;
	m->slot[i] = (struct slot){key, value};
}

void map_free(struct table_of *m)
{
	free(m->slot);
	*m = (struct table_of){0};
}
