/*
 * table/prepare: what the next updates will ask for, fetched together. In: updates not yet applied. Out:
 * their paths in the cache of paths, their prefixes and cells on the way into the processor's caches. A big
 * table lies in memory, not in those: one update after the other would wait a dozen times for it.
 */
#include "table/inner.h"

enum { AHEAD_PREFIXES = 128 };

struct asked { /* a prefix that an update names */
	struct prefix prefix;
	uint64_t hash;
	peer_id peer;
};

static size_t ask_prefixes(
    const struct table *t, struct nlri list, peer_id peer, struct asked *asked, size_t n)
{
	struct fault_count unused = {0};
	uint32_t add_id;

	if (!list.family || list.safi != 1)
		return n;
	for (; n < AHEAD_PREFIXES && nlri_next(&list, &asked[n].prefix, &add_id, &unused, 0); n++) {
		asked[n].hash = prefix_hash(&asked[n].prefix);
		asked[n].peer = peer;
		prefix_prefetch(&t->prefixes, asked[n].hash);
	}
	return n;
}

static size_t ask_one(const struct table *t, const struct prefix *p, struct asked *asked, size_t n)
{
	if (n == AHEAD_PREFIXES || !p->family)
		return n;
	asked[n] = (struct asked){*p, prefix_hash(p), PEER_NONE};
	prefix_prefetch(&t->prefixes, asked[n].hash);
	return n + 1;
}

static bool ask_path(const struct table *t, const struct update *u, struct path_attr *a)
{
	if (!u->attrs.raw.n || t->options.want)
		return false;
	attrs_paths(&u->attrs, &a->as_path, &a->as4_path);
	a->as_size = u->attrs.as_size;
	if (a->as_path.n == 0)
		return false;
	path_attr_hash(&t->paths.cache, a);
	return a->hash != 0;
}

void table_prepare(struct table *t, struct source *s, const struct update *u, size_t n)
{
	struct asked asked[AHEAD_PREFIXES];
	struct path_attr attr[BATCH], *path[BATCH] = {NULL};
	size_t prefixes = 0, paths = 0;

	for (size_t i = 0; i < n && i < BATCH; i++) {
		peer_id peer;
		if (u[i].kind == UPDATE_RIB)
			prefixes = ask_one(t, &u[i].prefix, asked, prefixes);
		if (u[i].kind != UPDATE_MESSAGE)
			continue;
		peer = peer_look(t, s->collector, &u[i].peer);
		if (peer == PEER_NONE)
			continue;
		for (int k = 0; k < 2; k++) {
			prefixes = ask_prefixes(t, u[i].withdrawn[k], peer, asked, prefixes);
			prefixes = ask_prefixes(t, u[i].announced[k], peer, asked, prefixes);
		}
		attr[paths].peer_asn = u[i].peer.asn;
		path[paths] = &attr[paths];
		paths += ask_path(t, &u[i], &attr[paths]);
	}
	for (size_t i = 0; i < prefixes; i++)
		prefix_prefetch_key(&t->prefixes, asked[i].hash);
	paths_intern(&t->paths, path, paths);
	for (size_t i = 0; i < prefixes; i++) {
		prefix_id id = asked[i].peer == PEER_NONE
				   ? PREFIX_NONE
				   : prefix_look(&t->prefixes, &asked[i].prefix, asked[i].hash);
		if (id != PREFIX_NONE)
			__builtin_prefetch(&t->column[asked[i].peer][id], 1);
	}
}
