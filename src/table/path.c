/*
 * table/path: the path tree. In: raw AS_PATH and AS4_PATH bytes. Out: path ids. A node is {asn, parent}; its
 * parent is the rest toward the origin, so tails are shared, and flags are inherited, computed once, at
 * birth. Origin and length are a walk of a few steps over tails that stay in the processor's caches: kept,
 * they would cost a byte a route. In front stands a cache keyed by the raw bytes (compared whole, so never
 * wrong; direct-mapped, so bounded): only paths not met lately are decoded. Cleaning follows design.md 5:
 * confederations stripped and AS4_PATH merged (by decode), prepending collapsed, sets, reserved ASNs and
 * loops flagged, route servers taken out last.
 */
#include "table/inner.h"

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

enum {
	LINES_FIRST = 1 << 12,
	LINES_MAX = 1 << 16, /* 4 MB */
	FLAT_MAX = 1024,
	MAP_AHEAD = 16, /* slots fetched ahead while the map is filled */
};

static uint64_t node_hash(const struct paths *t, struct path_node n)
{
	return hash_u64(((uint64_t)n.asn << 32 | n.up) ^ t->key);
}

static struct path_node node_of(asn_t asn, path_id parent, unsigned flags)
{
	return (struct path_node){asn, parent | flags << PATH_ID_BITS};
}

/* 12 bits of it, for sets of ASNs as bits. */
static uint32_t asn_mix(asn_t asn)
{
	return asn * UINT32_C(0x9e3779b1) >> 20;
}

void paths_init(struct paths *t, const struct table_options *o)
{
	t->node = pages_reserve((PATH_MAX_IDS + MAP_AHEAD) * sizeof *t->node);
	t->line = pages_reserve(LINES_MAX * sizeof *t->line);
	t->lines = LINES_FIRST;
	t->key = hash_key();
	t->drop = o->drop_asn;
	t->drops = o->drop_asns;
	for (size_t i = 0; i < t->drops; i++)
		t->drop_bits[asn_mix(t->drop[i]) / 64] |= UINT64_C(1) << asn_mix(t->drop[i]) % 64;
	idmap_init(&t->map, PATH_ID_BITS, 1 << 12);
	t->n = PATH_UNREAD + 1;
}

void paths_free(struct paths *t)
{
	pages_free(t->node, (PATH_MAX_IDS + MAP_AHEAD) * sizeof *t->node);
	pages_free(t->line, LINES_MAX * sizeof *t->line);
	idmap_free(&t->map);
}

/* The map again from the columns, with this many slots. */
static void map_fill(struct paths *t, size_t slots)
{
	idmap_free(&t->map);
	idmap_init(&t->map, PATH_ID_BITS, slots);
	for (path_id id = PATH_UNREAD + 1; id < t->n; id++) {
		/* Behind the last node there is address space all the same: zeros. */
		__builtin_prefetch(&t->map.slot[node_hash(t, t->node[id + MAP_AHEAD]) & t->map.mask], 1);
		idmap_put(&t->map, node_hash(t, t->node[id]), id);
	}
}

void paths_rebuild(struct paths *t)
{
	size_t slots = 1 << 12;

	while (slots - slots / 8 <= t->n)
		slots *= 2;
	map_fill(t, slots);
	while (t->n > t->lines && t->lines < LINES_MAX)
		t->lines *= 4;
}

static path_id node_find(struct paths *t, uint64_t hash, struct path_node node)
{
	uint32_t tag = idmap_tag(&t->map, hash);
	size_t i = hash & t->map.mask;
	path_id id;

	for (uint32_t slot; (slot = t->map.slot[i]); i = (i + 1) & t->map.mask) {
		if ((slot ^ tag) >> PATH_ID_BITS)
			continue;
		id = (slot & (PATH_MAX_IDS - 1)) - 1;
		if (t->node[id].asn == node.asn && t->node[id].up == node.up)
			return id;
	}
	if (t->n + 1 >= PATH_MAX_IDS - 1)
		return PATH_UNREAD; /* no ids left: 134 million paths */
	id = t->n++;
	t->node[id] = node;
	if (idmap_full(&t->map)) {
		map_fill(t, (t->map.mask + 1) * 2); /* the new one among them */
	} else {
		t->map.slot[i] = tag | (id + 1);
		t->map.n++;
	}
	if (t->n > t->lines && t->lines < LINES_MAX)
		t->lines *= 4;
	return id;
}

static bool dropped(const struct paths *t, asn_t asn)
{
	size_t lo = 0, hi = t->drops;

	if (!(t->drop_bits[asn_mix(asn) / 64] >> asn_mix(asn) % 64 & 1))
		return false;
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
	for (unsigned bit = 0; bit < 8; bit++)
		t->cleaned[bit] += flags >> bit & 1;
}

struct walk { /* a cleaned path on its way into the tree, from the origin outward */
	unsigned n;
	path_id id;            /* of the part already in */
	struct path_node node; /* the next */
	uint64_t hash;
	path_id next; /* its id */
	size_t of;    /* place in the batch */
	struct step {
		asn_t asn;
		unsigned flags; /* of the path from there to the origin */
	} step[PATH_LENGTH_MAX];
};

static void walk_push(struct walk *w, asn_t asn, unsigned flags)
{
	/* What stood apart only by a route server is one AS, with the flags found on the way. */
	if (w->n == 0 || w->step[w->n - 1].asn != asn)
		w->n++;
	w->step[w->n - 1] = (struct step){asn, flags};
}

static void walk_clean(
    const struct paths *t, struct walk *w, asn_t *list, size_t n, unsigned found, asn_t peer_asn)
{
	unsigned flags = found & (PATH_CUT | PATH_MALFORMED) ? PATH_BAD : 0;

	w->n = 0;
	w->id = PATH_NONE;
	n = collapse(list, n);
	if (n > PATH_LENGTH_MAX) {
		n = PATH_LENGTH_MAX;
		flags |= PATH_BAD;
	}
	for (size_t i = n; i-- > 0;) {
		flags |= asn_flags(list, n, i, found);
		if (!dropped(t, list[i]))
			walk_push(w, list[i], flags);
	}
	if (w->n == 0)
		walk_push(w, peer_asn, flags | PATH_EMPTY);
}

/*
 * One AS further for each walk, in three steps, so that the cache misses of all overlap; what stands near
 * needs none. Leaves those that have more, and gives how many they are.
 */
static size_t walks_step(struct paths *t, struct walk **open, size_t n, unsigned at)
{
	struct path_near *near[BATCH];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct walk *w = open[i];
		w->node = node_of(w->step[at].asn, w->id, w->step[at].flags);
		w->hash = node_hash(t, w->node);
		near[i] = &t->near[w->hash >> 20 & (PATH_NEAR - 1)];
		if (near[i]->id != PATH_NONE && near[i]->node.asn == w->node.asn &&
		    near[i]->node.up == w->node.up)
			w->next = near[i]->id;
		else
			w->next = PATH_NONE;
		__builtin_prefetch(&t->map.slot[w->hash & t->map.mask]);
	}
	for (size_t i = 0; i < n && n > 1; i++) {
		uint32_t slot =
		    open[i]->next ? 0 : t->map.slot[open[i]->hash & t->map.mask] & (PATH_MAX_IDS - 1);
		if (slot)
			__builtin_prefetch(&t->node[slot - 1]);
	}
	for (size_t i = 0; i < n; i++) {
		struct walk *w = open[i];
		if (w->next == PATH_NONE) {
			w->next = node_find(t, w->hash, w->node);
			*near[i] = (struct path_near){w->node, w->next};
		}
		w->id = w->next;
		if (at + 1 < w->n && w->id != PATH_UNREAD)
			open[left++] = w;
	}
	return left;
}

static void walks_run(struct paths *t, struct walk *w, size_t walks)
{
	struct walk *open[BATCH];
	uint32_t born = t->n;
	size_t n = walks;

	for (size_t i = 0; i < walks; i++)
		open[i] = &w[i];
	for (unsigned at = 0; n > 0; at++)
		n = walks_step(t, open, n, at);
	for (size_t i = 0; i < walks; i++)
		if (w[i].id >= born && w[i].id != PATH_UNREAD)
			count_cleaned(t, node_flags(t->node[w[i].id]));
}

path_id path_clean(struct paths *t, asn_t *list, size_t n, unsigned found, asn_t peer_asn)
{
	struct walk w;

	walk_clean(t, &w, list, n, found, peer_asn);
	walks_run(t, &w, 1);
	return w.id;
}

void path_attr_hash(const struct paths *t, struct path_attr *a)
{
	size_t n = a->as_path.n + a->as4_path.n;

	a->hash = 0;
	if (n == 0 || n > sizeof t->line->raw)
		return;
	a->hash = XXH3_64bits_withSeed(a->as_path.p, a->as_path.n, t->key + a->as_size);
	if (a->as4_path.n)
		a->hash ^= XXH3_64bits_withSeed(a->as4_path.p, a->as4_path.n, t->key);
	a->hash |= 1;
	__builtin_prefetch(&t->line[a->hash >> 16 & (t->lines - 1)]);
}

static bool line_holds(const struct path_line *l, const struct path_attr *a)
{
	return l->n == a->as_path.n && l->n4 == a->as4_path.n && l->as_size == a->as_size &&
	       bytes_same(l->raw, a->as_path.p, l->n) && bytes_same(l->raw + l->n, a->as4_path.p, l->n4);
}

static void line_fill(struct path_line *l, const struct path_attr *a, path_id id)
{
	l->id = id;
	l->n = (uint8_t)a->as_path.n;
	l->n4 = (uint8_t)a->as4_path.n;
	l->as_size = a->as_size;
	bytes_copy(l->raw, a->as_path.p, l->n);
	bytes_copy(l->raw + l->n, a->as4_path.p, l->n4);
}

static struct path_line *line_of(const struct paths *t, const struct path_attr *a)
{
	return &t->line[a->hash >> 16 & (t->lines - 1)];
}

static bool walk_has(const struct walk *w, asn_t asn)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->step[i].asn == asn)
			return true;
	return false;
}

/* The common case in one go: one sequence of ASNs of four bytes with nothing to clean but prepending. false:
 * something else, nothing is done. */
static bool walk_plain(const struct paths *t, struct walk *w, const struct path_attr *a)
{
	const uint8_t *p = a->as_path.p;
	size_t n = a->as_path.n;
	uint64_t met = 0; /* bits of the ASNs so far */

	if (a->as_size != 4 || n < 6 || p[0] != SEGMENT_SEQUENCE || n != 2 + 4 * (size_t)p[1])
		return false;
	w->n = 0;
	w->id = PATH_NONE;
	for (; n > 2; n -= 4) {
		asn_t asn = be32(p + n - 4);
		uint64_t bit = UINT64_C(1) << asn_mix(asn) % 64;
		if (w->n > 0 && asn == w->step[w->n - 1].asn)
			continue;
		if (asn_reserved(asn) || (met & bit && walk_has(w, asn)) || dropped(t, asn))
			return false;
		met |= bit;
		w->step[w->n++] = (struct step){asn, 0};
	}
	return true;
}

static void walk_read(const struct paths *t, struct walk *w, size_t of, const struct path_attr *a)
{
	asn_t list[FLAT_MAX];
	unsigned found = 0;
	size_t n;

	w->of = of;
	if (walk_plain(t, w, a))
		return;
	n = as_path_flat(a->as_path, a->as4_path, a->as_size, list, FLAT_MAX, &found);
	walk_clean(t, w, list, n, found, a->peer_asn);
}

void paths_intern(struct paths *t, struct path_attr *const *a, size_t n)
{
	struct walk walk[BATCH];
	size_t walks = 0;

	for (size_t i = 0; i < n; i++) {
		const struct path_line *line = line_of(t, a[i]);
		if (a[i]->hash && line->id && line_holds(line, a[i]))
			a[i]->id = line->id;
		else
			walk_read(t, &walk[walks++], i, a[i]);
	}
	walks_run(t, walk, walks);
	for (size_t i = 0; i < walks; i++) {
		struct path_attr *of = a[walk[i].of];
		of->id = walk[i].id;
		if (of->hash && !(node_flags(t->node[of->id]) & PATH_EMPTY))
			line_fill(line_of(t, of), of, of->id);
	}
}

asn_t path_asn(const struct table *t, path_id id)
{
	return t->paths.node[id].asn;
}

path_id path_parent(const struct table *t, path_id id)
{
	return path_node_parent(t->paths.node[id]);
}

asn_t path_origin(const struct table *t, path_id id)
{
	path_id up;

	while ((up = path_node_parent(t->paths.node[id])) != PATH_NONE)
		id = up;
	return t->paths.node[id].asn;
}

unsigned path_length(const struct table *t, path_id id)
{
	unsigned n = 0;

	for (; id != PATH_NONE; id = path_node_parent(t->paths.node[id]))
		n++;
	return n;
}

unsigned path_flags(const struct table *t, path_id id)
{
	return id == PATH_UNREAD ? PATH_REFUSED : node_flags(t->paths.node[id]);
}

size_t path_count(const struct table *t)
{
	return t->paths.n;
}

size_t path_list(const struct table *t, path_id id, asn_t *out, size_t cap)
{
	size_t n = 0;

	for (; id != PATH_NONE && n < cap; id = path_node_parent(t->paths.node[id]))
		out[n++] = t->paths.node[id].asn;
	return n;
}

const struct path_node *path_nodes(const struct table *t)
{
	return t->paths.node;
}
