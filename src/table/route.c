/*
 * table/route: one route in its column. In: peer, prefix, path. Out: what stood there before. Keeps the
 * counts of routes by peer and of peers by prefix; a prefix is announced from its first route to its last.
 */
#include "table/inner.h"

#include <sys/mman.h>

enum { APART = 512, PLACES = APART * 4096 /* areas begin at a multiple of this */ };

/*
 * Where a column begins in its area: each at another cache line of another page. Areas all begin at the same
 * place modulo PLACES, and the cells of a prefix, one in each column, would share a set of every cache and of
 * the address translation: a dump of 40 peers would find none of them there when it comes back.
 */
static size_t colour(peer_id id)
{
	return (size_t)(id % APART) * (4096 + 64);
}

static size_t column_size(peer_id id)
{
	return (PREFIX_MAX_IDS * sizeof(path_id) + colour(id) + 4095) / 4096 * 4096;
}

/* Pages of 4 KB: a partial feed touches few places of its column, and a large page would fill them all. */
path_id *column_reserve(peer_id id)
{
	size_t size = column_size(id), before;
	char *area = pages_reserve(size + PLACES);

	before = (size_t)(-(uintptr_t)area % PLACES);
	if (before)
		pages_free(area, before);
	pages_free(area + before + size, PLACES - before);
	area += before;
	(void)madvise(area, size, MADV_NOHUGEPAGE);
	return (path_id *)(void *)(area + colour(id));
}

void column_free(path_id *column, peer_id id)
{
	pages_free((char *)column - colour(id), column_size(id));
}

size_t column_bytes(const path_id *column, size_t n)
{
	size_t page = 4096, bytes = 0, before = (uintptr_t)column % page,
	       pages = (before + n * sizeof *column + page - 1) / page;
	unsigned char here[1024];

	for (size_t at = 0; at < pages; at += sizeof here) {
		size_t k = pages - at < sizeof here ? pages - at : sizeof here;
		if (mincore((char *)(uintptr_t)column - before + at * page, k * page, here) != 0)
			return n * sizeof *column;
		for (size_t i = 0; i < k; i++)
			bytes += here[i] & 1 ? page : 0;
	}
	return bytes;
}

void route_came(struct table *t, peer_id peer, prefix_id prefix)
{
	t->peer[peer].routes[family_index(t->prefixes.key[prefix].family)]++;
	if (t->prefixes.peers[prefix]++ == 0)
		prefix_announced(&t->prefixes, prefix, true);
}

void route_went(struct table *t, peer_id peer, prefix_id prefix)
{
	t->peer[peer].routes[family_index(t->prefixes.key[prefix].family)]--;
	if (--t->prefixes.peers[prefix] == 0)
		prefix_announced(&t->prefixes, prefix, false);
}

path_id route_set_addpath(struct table *t, peer_id peer, prefix_id prefix, uint32_t add_id, path_id path)
{
	t->peer[peer].addpath = true;
	path = path == PATH_NONE ? more_take(&t->more, peer, prefix, add_id)
				 : more_put(&t->more, peer, prefix, add_id, path);
	return route_set(t, peer, prefix, path);
}

size_t route_more_paths(const struct table *t, peer_id peer, prefix_id prefix, path_id *out, size_t cap)
{
	return t->peer[peer].addpath ? more_list(&t->more, peer, prefix, out, cap, 1) : 0;
}
