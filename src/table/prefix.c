/*
 * table/prefix: prefix ids. In: prefixes. Out: dense ids, exact and longest match, and how much of each is
 * not covered by announced more specifics. own[p] is kept for every prefix in the table, announced or not, so
 * that one coming or going is a subtraction at its less specifics, up to the first that is announced: what
 * lies above already counted that space as covered.
 */
#include "table/inner.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

enum { SLOTS_FIRST = 1 << 12 };

void prefixes_init(struct prefixes *t)
{
	t->key = pages_reserve(PREFIX_MAX_IDS * sizeof *t->key);
	t->own = pages_reserve(PREFIX_MAX_IDS * sizeof *t->own);
	t->up = pages_reserve(PREFIX_MAX_IDS * sizeof *t->up);
	t->peers = pages_reserve(PREFIX_MAX_IDS * sizeof *t->peers);
	t->wanted = pages_reserve(PREFIX_MAX_IDS * sizeof *t->wanted);
	idmap_init(&t->map, PREFIX_BITS, SLOTS_FIRST);
	trie_init(&t->trie);
}

void prefixes_free(struct prefixes *t)
{
	pages_free(t->key, PREFIX_MAX_IDS * sizeof *t->key);
	pages_free(t->own, PREFIX_MAX_IDS * sizeof *t->own);
	pages_free(t->up, PREFIX_MAX_IDS * sizeof *t->up);
	pages_free(t->peers, PREFIX_MAX_IDS * sizeof *t->peers);
	pages_free(t->wanted, PREFIX_MAX_IDS * sizeof *t->wanted);
	idmap_free(&t->map);
	trie_free(&t->trie);
}

uint64_t prefix_hash(const struct prefix *p)
{
	return XXH3_64bits_withSeed(p, sizeof *p, hash_key());
}

void prefix_prefetch(const struct prefixes *t, uint64_t hash)
{
	__builtin_prefetch(&t->map.slot[hash & t->map.mask]);
}

void prefix_prefetch_key(const struct prefixes *t, uint64_t hash)
{
	uint32_t slot = t->map.slot[hash & t->map.mask] & (PREFIX_MAX_IDS - 1);

	if (slot) {
		__builtin_prefetch(&t->key[slot - 1]);
		__builtin_prefetch(&t->wanted[slot - 1]);
	}
}

prefix_id prefix_look(const struct prefixes *t, const struct prefix *p, uint64_t hash)
{
	uint32_t tag = idmap_tag(&t->map, hash);

	for (size_t i = hash & t->map.mask; t->map.slot[i]; i = (i + 1) & t->map.mask) {
		prefix_id id = (t->map.slot[i] & (PREFIX_MAX_IDS - 1)) - 1;
		if ((t->map.slot[i] ^ tag) >> PREFIX_BITS == 0 && memcmp(&t->key[id], p, sizeof *p) == 0)
			return id;
	}
	return PREFIX_NONE;
}

static void map_fill(struct prefixes *t, size_t slots)
{
	idmap_free(&t->map);
	idmap_init(&t->map, PREFIX_BITS, slots);
	for (prefix_id id = 0; id < t->n; id++)
		idmap_put(&t->map, prefix_hash(&t->key[id]), id);
}

void prefixes_rebuild(struct prefixes *t)
{
	size_t slots = SLOTS_FIRST;

	while (slots - slots / 8 <= t->n)
		slots *= 2;
	map_fill(t, slots);
}

/* Addresses, or /64s; longer IPv6 prefixes are less than one. */
static uint64_t prefix_units(const struct prefix *p)
{
	unsigned unit = p->family == FAMILY_IPV4 ? 32 : 64;

	if (p->len > unit)
		return 0;
	return unit - p->len == 64 ? UINT64_MAX : UINT64_C(1) << (unit - p->len);
}

struct adoption {
	struct prefixes *t;
	prefix_id parent;
};

/* A new prefix takes over the prefixes directly inside it. */
static bool adopt(void *arg, prefix_id id)
{
	struct adoption *a = arg;
	struct prefixes *t = a->t;
	uint64_t size;

	if (id == a->parent)
		return true;
	size = prefix_units(&t->key[id]);
	t->own[a->parent] -= t->peers[id] ? size : size - t->own[id];
	t->up[id] = a->parent;
	return false;
}

prefix_id prefix_born(struct table *table, const struct prefix *p, uint64_t hash)
{
	struct prefixes *t = &table->prefixes;
	prefix_id id = prefix_look(t, p, hash);

	if (id != PREFIX_NONE)
		return id;
	if (t->n + 1 >= PREFIX_MAX_IDS - 1)
		return PREFIX_NONE;
	if (idmap_full(&t->map))
		map_fill(t, (t->map.mask + 1) * 2);
	id = t->n++;
	t->key[id] = *p;
	t->wanted[id] = !table->options.want || table->options.want(table->options.want_arg, p);
	t->own[id] = prefix_units(p);
	t->up[id] = trie_longest(&t->trie, t->key, p, true);
	trie_add(&t->trie, t->key, id);
	trie_inside(&t->trie, t->key, p, adopt, &(struct adoption){t, id});
	idmap_put(&t->map, hash, id);
	return id;
}

void prefix_announced(struct prefixes *t, prefix_id id, bool now)
{
	uint64_t own = t->own[id];

	for (prefix_id above = t->up[id]; above != PREFIX_NONE; above = t->up[above]) {
		t->own[above] += now ? -own : own;
		if (t->peers[above])
			return;
	}
}

size_t prefix_count(const struct table *t)
{
	return t->prefixes.n;
}

const struct prefix *prefix_of(const struct table *t, prefix_id id)
{
	return &t->prefixes.key[id];
}

bool prefix_wanted(const struct table *t, prefix_id id)
{
	return t->prefixes.wanted[id];
}

unsigned prefix_routes(const struct table *t, prefix_id id)
{
	return t->prefixes.peers[id];
}

void prefix_routes_fetch(const struct table *t, prefix_id id)
{
	__builtin_prefetch(&t->prefixes.peers[id]);
}

prefix_id prefix_find(const struct table *t, const struct prefix *p)
{
	return prefix_look(&t->prefixes, p, prefix_hash(p));
}

static prefix_id announced_from(const struct prefixes *t, prefix_id id)
{
	while (id != PREFIX_NONE && !t->peers[id])
		id = t->up[id];
	return id;
}

prefix_id prefix_longest(const struct table *t, const struct prefix *p)
{
	return announced_from(&t->prefixes, trie_longest(&t->prefixes.trie, t->prefixes.key, p, false));
}

prefix_id prefix_parent(const struct table *t, prefix_id id)
{
	return announced_from(&t->prefixes, t->prefixes.up[id]);
}

struct listing {
	const struct prefixes *t;
	prefix_id *out;
	size_t n, cap;
};

static bool list_announced(void *arg, prefix_id id)
{
	struct listing *l = arg;

	if (!l->t->peers[id])
		return true;
	if (l->n < l->cap)
		l->out[l->n] = id;
	l->n++;
	return true;
}

size_t prefix_inside(const struct table *t, const struct prefix *p, prefix_id *out, size_t cap)
{
	struct listing l = {&t->prefixes, out, 0, cap};

	trie_inside(&t->prefixes.trie, t->prefixes.key, p, list_announced, &l);
	return l.n;
}

uint64_t prefix_own(const struct table *t, prefix_id id)
{
	const struct prefix *p = &t->prefixes.key[id];
	uint64_t own = t->prefixes.own[id];

	if (p->family == FAMILY_IPV4)
		return own;
	if (p->len > 64)
		return 1;
	return own && own >> 16 == 0 ? 1 : own >> 16;
}
