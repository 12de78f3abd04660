/*
 * table/route: one route in its column. In: peer, prefix, path. Out: what stood there before. Keeps the
 * counts of routes by peer and of peers by prefix; a prefix is announced from its first route to its last.
 */
#include "table/inner.h"

#include <sys/mman.h>

/* Pages of 4 KB: a partial feed touches few places of its column, and a large page would fill them all. */
path_id *column_reserve(void)
{
	path_id *column = pages_reserve(PREFIX_MAX_IDS * sizeof *column);

	(void)madvise(column, PREFIX_MAX_IDS * sizeof *column, MADV_NOHUGEPAGE);
	return column;
}

void column_free(path_id *column)
{
	pages_free(column, PREFIX_MAX_IDS * sizeof *column);
}

size_t column_bytes(const path_id *column, size_t n)
{
	size_t page = 4096, bytes = 0, pages = (n * sizeof *column + page - 1) / page;
	unsigned char here[1024];

	for (size_t at = 0; at < pages; at += sizeof here) {
		size_t k = pages - at < sizeof here ? pages - at : sizeof here;
		if (mincore((char *)(uintptr_t)column + at * page, k * page, here) != 0)
			return n * sizeof *column;
		for (size_t i = 0; i < k; i++)
			bytes += here[i] & 1 ? page : 0;
	}
	return bytes;
}

static void route_came(struct table *t, peer_id peer, prefix_id prefix)
{
	t->peer[peer].routes[family_index(t->prefixes.key[prefix].family)]++;
	if (t->prefixes.peers[prefix]++ == 0)
		prefix_announced(&t->prefixes, prefix, true);
}

static void route_went(struct table *t, peer_id peer, prefix_id prefix)
{
	t->peer[peer].routes[family_index(t->prefixes.key[prefix].family)]--;
	if (--t->prefixes.peers[prefix] == 0)
		prefix_announced(&t->prefixes, prefix, false);
}

path_id route_set(struct table *t, peer_id peer, prefix_id prefix, path_id path)
{
	path_id *cell = &t->column[peer][prefix], old = *cell;

	if (old == path)
		return old;
	*cell = path;
	if (old == PATH_NONE)
		route_came(t, peer, prefix);
	else if (path == PATH_NONE)
		route_went(t, peer, prefix);
	return old;
}

path_id route_set_addpath(struct table *t, peer_id peer, prefix_id prefix, uint32_t add_id, path_id path)
{
	t->peer[peer].addpath = true;
	path = path == PATH_NONE ? more_take(&t->more, peer, prefix, add_id)
				 : more_put(&t->more, peer, prefix, add_id, path);
	return route_set(t, peer, prefix, path);
}

void route_drop_more(struct table *t, peer_id peer, prefix_id prefix)
{
	if (t->peer[peer].addpath)
		more_clear(&t->more, peer, prefix);
}

size_t route_more_paths(const struct table *t, peer_id peer, prefix_id prefix, path_id *out, size_t cap)
{
	return t->peer[peer].addpath ? more_list(&t->more, peer, prefix, out, cap, 1) : 0;
}
