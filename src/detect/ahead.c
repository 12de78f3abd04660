/*
 * detect/ahead: what the next changes will ask for, fetched. In: changes not yet counted. Out: nothing but
 * lines in the processor's caches.
 *
 * What a change asks for lies at random places of a few hundred megabytes, one behind the other: the ways of
 * the paths, the facts of the prefix, the member, its first cell, that one's carrier and the next cell, and
 * its carrier. A block of changes takes each of these steps together, so that their waits for memory overlap.
 */
#include "detect/inner.h"

static void facts_fetch(const struct detect *d, const struct change *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(&d->path[c[i].old]);
		__builtin_prefetch(&d->path[c[i].new]);
		if (c[i].prefix == PREFIX_NONE)
			continue;
		__builtin_prefetch(&d->prefix[c[i].prefix], 1);
		if (c[i].new == PATH_NONE)
			prefix_routes_fetch(d->t, c[i].prefix);
	}
}

/* The ways, and the members. */
static void members_fetch(const struct detect *d, const struct change *c, size_t n, uint32_t *member)
{
	for (size_t i = 0; i < n; i++) {
		member[i] = c[i].prefix == PREFIX_NONE ? NO_INDEX : d->prefix[c[i].prefix].member;
		if (member[i] == NO_INDEX)
			continue;
		__builtin_prefetch(path_way(d, c[i].old));
		__builtin_prefetch(path_way(d, c[i].new));
		__builtin_prefetch(&d->member[member[i]], 1);
	}
}

static void cells_fetch(const struct detect *d, const uint32_t *member, size_t n, uint32_t *cell)
{
	for (size_t i = 0; i < n; i++) {
		cell[i] = member[i] == NO_INDEX ? NO_INDEX : d->member[member[i]].cells;
		if (cell[i] != NO_INDEX)
			__builtin_prefetch(&d->cell[cell[i]], 1);
	}
}

/* Is the cell the only one that the change will ask for? Mostly so: a route comes or goes by the usual way.
 */
static bool cell_is_all(const struct detect *d, const struct change *c, const struct cell *x)
{
	const struct way *way = path_way(d, c->old == PATH_NONE ? c->new : c->old);

	return (c->old == PATH_NONE || c->new == PATH_NONE) &&
	       (x->asn == way->border || x->asn == way->origin);
}

/* The cells' carriers, and the next cells where those will be asked for. */
static void carriers_fetch(const struct detect *d, const struct change *c, size_t n, uint32_t *cell)
{
	for (size_t i = 0; i < n; i++) {
		const struct cell *x;
		if (cell[i] == NO_INDEX)
			continue;
		x = &d->cell[cell[i]];
		__builtin_prefetch(&d->carrier[x->carrier], 1);
		cell[i] = cell_is_all(d, &c[i], x) ? NO_INDEX : x->next;
		if (cell[i] != NO_INDEX)
			__builtin_prefetch(&d->cell[cell[i]], 1);
	}
}

void changes_fetch(const struct detect *d, const struct change *c, size_t n)
{
	uint32_t at[BLOCK];
	size_t now = n < BLOCK ? n : BLOCK, next = n - now < BLOCK ? n - now : BLOCK;

	members_fetch(d, c, now, at);
	facts_fetch(d, c + now, next);
	cells_fetch(d, at, now, at);
	carriers_fetch(d, c, now, at);
	for (size_t i = 0; i < now; i++)
		if (at[i] != NO_INDEX)
			__builtin_prefetch(&d->carrier[d->cell[at[i]].carrier], 1);
}
