/*
 * cmd/read/attr_cache: what was made of an attribute set, by its raw bytes. A dump repeats the same sets
 * thousands of times; each is decoded, filtered and printed once. One that comes for the first time is only
 * remembered by its hash: in updates most come once. Owns its slots (4 MB); one thread.
 */
#ifndef CMD_READ_ATTR_CACHE_H
#define CMD_READ_ATTR_CACHE_H

#include "cmd/read/elem.h"

struct attr_slot {
	uint64_t hash;
	uint16_t raw_n, text_n;
	uint8_t as_size, rib_form, form;
	bool passes;         /* the filter's verdict */
	bool home;           /* originated in a wanted country */
	bool printed;        /* text was made */
	uint8_t bytes[1006]; /* raw, then text */
};
struct attr_cache {
	uint32_t *seen; /* of the hash that asked for the slot last */
	struct attr_slot *slot;
};

void attr_cache_init(struct attr_cache *c);
void attr_cache_free(struct attr_cache *c);
/* The slot of this set: *found, or empty with its key set; NULL where it is too large to be kept, or new. */
struct attr_slot *attr_cache_find(
    struct attr_cache *c, const struct attr_set *set, enum hop_form form, bool *found);
static inline struct text attr_slot_text(const struct attr_slot *s)
{
	return (struct text){(const char *)s->bytes + s->raw_n, s->text_n};
}
/* false: no room; the slot stays without text */
bool attr_slot_keep(struct attr_slot *s, struct text text);

#endif
