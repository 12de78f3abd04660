/* detect/map: u64 keys to u32 values, open addressing, linear probing, at most half full. Key 0 is not
 * stored. Owns its two arrays. */
#include "base/hash.h"
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

static size_t map_slot(const struct table_of *m, uint64_t key)
{
	size_t i = hash_u64(key) & (m->cap - 1);

	while (m->key[i] && m->key[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

uint32_t map_get(const struct table_of *m, uint64_t key)
{
	size_t i;

	if (!m->n)
		return NO_INDEX;
	i = map_slot(m, key);
	return m->key[i] ? m->value[i] : NO_INDEX;
}

static void map_double(struct table_of *m)
{
	struct table_of old = *m;

	m->cap = old.cap ? old.cap * 2 : 1024;
	m->key = mem_array(m->cap, sizeof *m->key);
	m->value = mem_array(m->cap, sizeof *m->value);
	for (size_t i = 0; i < old.cap; i++)
		if (old.key[i]) {
			size_t k = map_slot(m, old.key[i]);
			m->key[k] = old.key[i];
			m->value[k] = old.value[i];
		}
	free(old.key);
	free(old.value);
}

void map_put(struct table_of *m, uint64_t key, uint32_t value)
{
	size_t i;

	if (m->n * 2 >= m->cap)
		map_double(m);
	i = map_slot(m, key);
	if (!m->key[i]) {
		m->key[i] = key;
		m->n++;
	}
	m->value[i] = value;
}

void map_free(struct table_of *m)
{
	free(m->key);
	free(m->value);
	*m = (struct table_of){0};
}
