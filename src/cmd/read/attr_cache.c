/* cmd/read/attr_cache: see attr_cache.h. */
#include "cmd/read/attr_cache.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS = 4096 };

void attr_cache_init(struct attr_cache *c)
{
	c->seen = mem_array(SLOTS, sizeof *c->seen);
	c->slot = mem_array(SLOTS, sizeof *c->slot);
}

void attr_cache_free(struct attr_cache *c)
{
	free(c->seen);
	free(c->slot);
	*c = (struct attr_cache){NULL, NULL};
}

struct attr_slot *attr_cache_find(
    struct attr_cache *c, const struct attr_set *set, enum hop_form form, bool *found)
{
	uint64_t hash = hash_bytes(set->raw.p, set->raw.n);
	struct attr_slot *s = &c->slot[hash % SLOTS];
	uint32_t before = c->seen[hash % SLOTS], now = (uint32_t)(hash >> 32);

	*found = false;
	c->seen[hash % SLOTS] = now;
	if (before != now || set->raw.n > sizeof s->bytes / 2)
		return NULL;
	*found = s->hash == hash && s->raw_n == set->raw.n && s->as_size == set->as_size &&
		 s->rib_form == set->rib_form && s->form == form &&
		 memcmp(s->bytes, set->raw.p, set->raw.n) == 0;
	if (*found)
		return s;
	s->hash = hash;
	s->raw_n = (uint16_t)set->raw.n;
	s->as_size = set->as_size;
	s->rib_form = set->rib_form;
	s->form = (uint8_t)form;
	s->printed = false;
	memcpy(s->bytes, set->raw.p, set->raw.n);
	return s;
}

bool attr_slot_keep(struct attr_slot *s, struct text text)
{
	if (text.n > sizeof s->bytes - s->raw_n)
		return false;
	memcpy(s->bytes + s->raw_n, text.p, text.n);
	s->text_n = (uint16_t)text.n;
	s->printed = true;
	return true;
}
