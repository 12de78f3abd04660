/*
 * table/path: the path tree. In: raw AS_PATH and AS4_PATH bytes. Out: path ids. A node is {asn, parent}; its
 * parent is the rest toward the origin, so tails are shared, and what depends on the tail alone (origin,
 * length, flags) is computed once, at birth. In front stands a cache keyed by the raw bytes (compared whole,
 * so never wrong; direct-mapped, so bounded): only paths not met lately are decoded.
 * Cleaning follows design.md 5: confederations stripped and AS4_PATH merged (by decode), prepending
 * collapsed, sets, reserved ASNs and loops flagged, route servers taken out last.
 */
#include "table/inner.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

enum {
	LINES_FIRST = 1 << 12,
	LINES_MAX = 1 << 18, /* 16 MB */
	FLAT_MAX = 1024,
};

static uint64_t node_hash(asn_t asn, path_id parent, unsigned flags)
{
	return hash_u64(((uint64_t)asn << 32 | parent) ^ (uint64_t)flags << 58 ^ hash_key());
}

static path_id node_new(struct paths *t, asn_t asn, path_id parent, unsigned flags)
{
	unsigned length = parent ? (unsigned)(t->meta[parent] >> PATH_FLAG_BITS) + 1 : 1;
	path_id id = t->n++;

	t->asn[id] = asn;
	t->parent[id] = parent;
	t->origin[id] = parent ? t->origin[parent] : asn;
	t->meta[id] = (uint16_t)(length << PATH_FLAG_BITS | flags);
	return id;
}

void paths_init(struct paths *t, const struct table_options *o)
{
	t->asn = pages_reserve(PATH_MAX_IDS * sizeof *t->asn);
	t->parent = pages_reserve(PATH_MAX_IDS * sizeof *t->parent);
	t->origin = pages_reserve(PATH_MAX_IDS * sizeof *t->origin);
	t->meta = pages_reserve(PATH_MAX_IDS * sizeof *t->meta);
	t->line = pages_reserve(LINES_MAX * sizeof *t->line);
	t->lines = LINES_FIRST;
	t->drop = o->drop_asn;
	t->drops = o->drop_asns;
	idmap_init(&t->map, PATH_BITS, 1 << 12);
	t->n = PATH_UNREAD;
	node_new(t, 0, PATH_NONE, PATH_REFUSED);
}

void paths_free(struct paths *t)
{
	pages_free(t->asn, PATH_MAX_IDS * sizeof *t->asn);
	pages_free(t->parent, PATH_MAX_IDS * sizeof *t->parent);
	pages_free(t->origin, PATH_MAX_IDS * sizeof *t->origin);
	pages_free(t->meta, PATH_MAX_IDS * sizeof *t->meta);
	pages_free(t->line, LINES_MAX * sizeof *t->line);
	idmap_free(&t->map);
}

/* The map again from the columns, with this many slots. */
static void map_fill(struct paths *t, size_t slots)
{
	idmap_free(&t->map);
	idmap_init(&t->map, PATH_BITS, slots);
	for (path_id id = PATH_UNREAD + 1; id < t->n; id++)
		idmap_put(&t->map, node_hash(t->asn[id], t->parent[id], t->meta[id] & PATH_FLAG_MASK), id);
}

void paths_rebuild(struct paths *t)
{
	size_t slots = 1 << 12;

	while (slots - slots / 4 <= t->n)
		slots *= 2;
	map_fill(t, slots);
	while (t->n > t->lines && t->lines < LINES_MAX)
		t->lines *= 4;
}

static path_id node_find(struct paths *t, asn_t asn, path_id parent, unsigned flags)
{
	uint64_t hash = node_hash(asn, parent, flags);
	uint32_t tag = idmap_tag(&t->map, hash);
	path_id id;

	for (size_t i = hash & t->map.mask; t->map.slot[i]; i = (i + 1) & t->map.mask) {
		if ((t->map.slot[i] ^ tag) >> PATH_BITS)
			continue;
		id = (t->map.slot[i] & (PATH_MAX_IDS - 1)) - 1;
		if (t->asn[id] == asn && t->parent[id] == parent && (t->meta[id] & PATH_FLAG_MASK) == flags)
			return id;
	}
	if (t->n + 1 >= PATH_MAX_IDS - 1)
		return PATH_UNREAD; /* no ids left: 268 million paths */
	if (idmap_full(&t->map))
		map_fill(t, (t->map.mask + 1) * 2);
	id = node_new(t, asn, parent, flags);
	idmap_put(&t->map, hash, id);
	if (t->n > t->lines && t->lines < LINES_MAX)
		t->lines *= 4;
	return id;
}

static bool dropped(const struct paths *t, asn_t asn)
{
	size_t lo = 0, hi = t->drops;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (t->drop[mid] < asn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->drops && t->drop[lo] == asn;
}

static size_t collapse(asn_t *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

static bool stands_later(const asn_t *list, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (list[k] == list[i])
			return true;
	return false;
}

/* What the AS at list[i] adds to the flags of the path from there to the origin. */
static unsigned asn_flags(const asn_t *list, size_t n, size_t i, unsigned found)
{
	unsigned flags = stands_later(list, n, i) ? PATH_LOOPED : 0;

	if (list[i] == 0 && (found & PATH_HAS_SET))
		return flags | PATH_SET;
	return asn_reserved(list[i]) ? flags | PATH_RESERVED : flags;
}

static void count_cleaned(struct paths *t, unsigned flags)
{
	for (unsigned bit = 0; bit < PATH_FLAG_BITS; bit++)
		t->cleaned[bit] += flags >> bit & 1;
}

path_id path_clean(struct paths *t, asn_t *list, size_t n, unsigned found, asn_t peer_asn)
{
	unsigned flags = found & (PATH_CUT | PATH_MALFORMED) ? PATH_BAD : 0;
	uint32_t born = t->n;
	path_id id = PATH_NONE;
	asn_t last = 0;

	n = collapse(list, n);
	if (n > PATH_LENGTH_MAX) {
		n = PATH_LENGTH_MAX;
		flags |= PATH_BAD;
	}
	for (size_t i = n; i-- > 0;) {
		flags |= asn_flags(list, n, i, found);
		if (dropped(t, list[i]))
			continue;
		/* What stood apart only by a route server is one AS, with the flags found on the way. */
		id = node_find(t, list[i], id != PATH_NONE && list[i] == last ? t->parent[id] : id, flags);
		last = list[i];
		if (id == PATH_UNREAD)
			return id;
	}
	if (id == PATH_NONE)
		id = node_find(t, peer_asn, PATH_NONE, flags | PATH_EMPTY);
	if (id >= born)
		count_cleaned(t, path_flags_of(t, id));
	return id;
}

void path_attr_hash(const struct paths *t, struct path_attr *a)
{
	size_t n = a->as_path.n + a->as4_path.n;

	a->hash = 0;
	if (n == 0 || n > sizeof t->line->raw)
		return;
	a->hash = XXH3_64bits_withSeed(a->as_path.p, a->as_path.n, hash_key() + a->as_size);
	if (a->as4_path.n)
		a->hash ^= XXH3_64bits_withSeed(a->as4_path.p, a->as4_path.n, hash_key());
	a->hash |= 1;
	__builtin_prefetch(&t->line[a->hash >> 16 & (t->lines - 1)]);
}

static bool line_holds(const struct path_line *l, const struct path_attr *a)
{
	return l->n == a->as_path.n && l->n4 == a->as4_path.n && l->as_size == a->as_size &&
	       memcmp(l->raw, a->as_path.p, l->n) == 0 &&
	       (l->n4 == 0 || memcmp(l->raw + l->n, a->as4_path.p, l->n4) == 0);
}

static void line_fill(struct path_line *l, const struct path_attr *a, path_id id)
{
	l->id = id;
	l->n = (uint8_t)a->as_path.n;
	l->n4 = (uint8_t)a->as4_path.n;
	l->as_size = a->as_size;
	memcpy(l->raw, a->as_path.p, l->n);
	if (l->n4)
		memcpy(l->raw + l->n, a->as4_path.p, l->n4);
}

path_id path_intern(struct paths *t, const struct path_attr *a, asn_t peer_asn)
{
	struct path_line *line = &t->line[a->hash >> 16 & (t->lines - 1)];
	asn_t list[FLAT_MAX];
	unsigned found = 0;
	path_id id;
	size_t n;

	if (a->hash && line->id && line_holds(line, a))
		return line->id;
	n = as_path_flat(a->as_path, a->as4_path, a->as_size, list, FLAT_MAX, &found);
	id = path_clean(t, list, n, found, peer_asn);
	line = &t->line[a->hash >> 16 & (t->lines - 1)]; /* the cache may have grown */
	if (a->hash && !(path_flags_of(t, id) & PATH_EMPTY))
		line_fill(line, a, id);
	return id;
}

asn_t path_asn(const struct table *t, path_id id)
{
	return t->paths.asn[id];
}

path_id path_parent(const struct table *t, path_id id)
{
	return t->paths.parent[id];
}

asn_t path_origin(const struct table *t, path_id id)
{
	return t->paths.origin[id];
}

unsigned path_length(const struct table *t, path_id id)
{
	return t->paths.meta[id] >> PATH_FLAG_BITS;
}

unsigned path_flags(const struct table *t, path_id id)
{
	return path_flags_of(&t->paths, id);
}

size_t path_count(const struct table *t)
{
	return t->paths.n;
}

size_t path_list(const struct table *t, path_id id, asn_t *out, size_t cap)
{
	size_t n = 0;

	for (; id != PATH_NONE && n < cap; id = t->paths.parent[id])
		out[n++] = t->paths.asn[id];
	return n;
}

const asn_t *path_asn_column(const struct table *t)
{
	return t->paths.asn;
}

const path_id *path_parent_column(const struct table *t)
{
	return t->paths.parent;
}
