/*
 * table/path: the path tree. In: raw AS_PATH and AS4_PATH bytes. Out: path ids. A node is {asn, parent}; its
 * parent is the rest toward the origin, so tails are shared, and flags are inherited, computed once, at
 * birth. Origin and length are a walk of a few steps over tails that stay in the processor's caches: kept,
 * they would cost a byte a route. In front stands a cache keyed by the raw bytes (cache.c): only paths not
 * met lately are cleaned (clean.c) and walked.
 */
#include "table/inner.h"

#include "base/hash.h"

enum { MAP_AHEAD = 16 }; /* slots fetched ahead while the map is filled */

static uint64_t node_hash(const struct paths *t, struct path_node n)
{
	return hash_u64(((uint64_t)n.asn << 32 | n.up) ^ t->key);
}

static struct path_node node_of(asn_t asn, path_id parent, unsigned flags)
{
	return (struct path_node){asn, parent | flags << PATH_ID_BITS};
}

void paths_init(struct paths *t, const struct table_options *o)
{
	t->node = pages_reserve((PATH_MAX_IDS + MAP_AHEAD) * sizeof *t->node);
	t->key = hash_key();
	path_cache_init(&t->cache);
	cleaner_init(&t->cleaner, o);
	idmap_init(&t->map, PATH_ID_BITS, 1 << 12);
	t->n = PATH_UNREAD + 1;
}

void paths_free(struct paths *t)
{
	pages_free(t->node, (PATH_MAX_IDS + MAP_AHEAD) * sizeof *t->node);
	path_cache_free(&t->cache);
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
	path_cache_grow(&t->cache, t->n);
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
	path_cache_grow(&t->cache, t->n);
	return id;
}

static void count_cleaned(struct paths *t, unsigned flags)
{
	for (unsigned bit = 0; bit < 8; bit++)
		t->cleaned[bit] += flags >> bit & 1;
}

static bool near_holds(const struct path_near *near, struct path_node node)
{
	return near->id != PATH_NONE && near->node.asn == node.asn && near->node.up == node.up;
}

/* The next step of a walk; `near` was not it, before the batch. */
static path_id walk_find(struct paths *t, const struct walk *w, struct path_near *near, bool last)
{
	uint32_t n = t->n;
	path_id id;

	if (near_holds(near, w->node)) /* a walk of the batch was here */
		return near->id;
	id = node_find(t, w->hash, w->node);
	*near = (struct path_near){w->node, id};
	if (last && t->n > n)
		count_cleaned(t, node_flags(w->node));
	return id;
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
		w->next = near_holds(near[i], w->node) ? near[i]->id : PATH_NONE;
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
		w->id = w->next ? w->next : walk_find(t, w, near[i], at + 1 == w->n);
		if (at + 1 < w->n && w->id != PATH_UNREAD)
			open[left++] = w;
	}
	return left;
}

void paths_walk(struct paths *t, struct walk *w, size_t n)
{
	struct walk *open[BATCH];

	for (size_t i = 0; i < n; i++) {
		w[i].id = PATH_NONE;
		open[i] = &w[i];
	}
	for (unsigned at = 0; n > 0; at++)
		n = walks_step(t, open, n, at);
}

path_id path_clean(struct paths *t, asn_t *list, size_t n, unsigned found, asn_t peer_asn)
{
	struct step step[PATH_LENGTH_MAX];
	struct walk w = {.step = step};
	uint32_t flags;

	w.n = (unsigned)clean_list(&t->cleaner, list, n, found, step, &flags);
	if (w.n == 0)
		step[w.n++] = (struct step){peer_asn, flags};
	paths_walk(t, &w, 1);
	return w.id;
}

void paths_intern(struct paths *t, struct path_attr *const *a, size_t n)
{
	struct step step[BATCH][PATH_LENGTH_MAX];
	struct walk walk[BATCH];
	struct path_attr *of[BATCH];
	size_t walks = 0;

	for (size_t i = 0; i < n; i++) {
		const struct path_line *line = path_line_of(&t->cache, a[i]);
		struct walk *w = &walk[walks];
		uint32_t flags;
		if (path_line_holds(line, a[i])) {
			a[i]->id = line->id;
			continue;
		}
		w->step = step[walks];
		w->n = (unsigned)clean_attr(&t->cleaner, a[i], step[walks], &flags);
		if (w->n == 0)
			step[walks][w->n++] = (struct step){a[i]->peer_asn, flags};
		of[walks++] = a[i];
	}
	paths_walk(t, walk, walks);
	for (size_t i = 0; i < walks; i++) {
		of[i]->id = walk[i].id;
		if (of[i]->hash && !(node_flags(t->node[walk[i].id]) & PATH_EMPTY))
			path_line_fill(path_line_of(&t->cache, of[i]), of[i], walk[i].id);
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
