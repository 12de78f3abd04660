/* cmd/attr_cache: see attr_cache.h. */
#include "cmd/attr_cache.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS = 4096 };

void attr_cache_init(struct attr_cache *c)
{
	c->slot = mem_array(SLOTS, sizeof *c->slot);
}

void attr_cache_free(struct attr_cache *c)
{
	free(c->slot);
	c->slot = NULL;
}

struct attr_slot *attr_cache_find(
    struct attr_cache *c, const struct attr_set *set, enum hop_form form, bool *found)
{
	uint64_t hash = hash_bytes(set->raw.p, set->raw.n);
	struct attr_slot *s = &c->slot[hash % SLOTS];

	*found = s->hash == hash && s->raw_n == set->raw.n && s->as_size == set->as_size &&
		 s->rib_form == set->rib_form && s->form == form &&
		 memcmp(s->bytes, set->raw.p, set->raw.n) == 0;
	if (*found)
		return s;
	if (set->raw.n > sizeof s->bytes / 2)
		return NULL;
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
