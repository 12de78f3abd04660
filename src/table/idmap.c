/* table/idmap: open addressing of 32-bit ids, linear probing, a tag of the hash beside each id so that most
 * look-ups that fail touch nothing but the slots. The owner keeps the keys, in arrays indexed by id. */
#include "table/inner.h"

void idmap_init(struct idmap *m, unsigned id_bits, size_t slots)
{
	*m = (struct idmap){.id_bits = id_bits, .mask = slots - 1};
	m->slot = pages_reserve(slots * sizeof *m->slot);
	pages_fill(m->slot, slots * sizeof *m->slot);
}

void idmap_free(struct idmap *m)
{
	pages_free(m->slot, (m->mask + 1) * sizeof *m->slot);
}

void idmap_put(struct idmap *m, uint64_t hash, uint32_t id)
{
	size_t i = hash & m->mask;

	while (m->slot[i])
		i = (i + 1) & m->mask;
	m->slot[i] = idmap_tag(m, hash) | (id + 1);
	m->n++;
}
