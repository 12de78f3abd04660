/*
 * detect/ahead: what the next changes will ask for, fetched. In: changes not yet counted. Out: nothing but
 * lines in the processor's caches.
 *
 * What a change asks for lies at random places of a hundred megabytes, one behind the other: the facts of the
 * prefix and of its paths, the ways of those and the cell's carrier, and where one cell is not enough, the
 * next one and its carrier. A block of changes takes each of these steps together, so that their waits for
 * memory overlap.
 */
#include "detect/inner.h"

static void facts_fetch(const struct detect *d, const struct change *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		__builtin_prefetch(&d->path[c[i].old]);
		__builtin_prefetch(&d->path[c[i].new]);
		if (c[i].prefix == PREFIX_NONE)
			continue;
		__builtin_prefetch(&d->prefix[c[i].prefix].own, 1);
		__builtin_prefetch(&d->prefix[c[i].prefix].cell, 1);
		if (c[i].new == PATH_NONE)
			prefix_routes_fetch(d->t, c[i].prefix);
	}
}

/* Is the cell the only one that the change will ask for? Mostly so: a route comes or goes by the usual way.
 */
static bool cell_is_all(const struct change *c, const struct way *old, const struct way *new, asn_t asn)
{
	const struct way *way = c->old == PATH_NONE ? new : old;

	return (c->old == PATH_NONE || c->new == PATH_NONE) && (asn == way->border || asn == way->origin);
}

/* The ways, the first cells' carriers, and the next cells where those will be asked for. */
static void carriers_fetch(const struct detect *d, const struct change *c, size_t n, uint32_t *next)
{
	for (size_t i = 0; i < n; i++) {
		const struct way *old = path_way(d, c[i].old), *new = path_way(d, c[i].new);
		const struct cell *x;
		uint32_t cell;
		next[i] = NO_INDEX;
		__builtin_prefetch(old);
		__builtin_prefetch(new);
		if (c[i].prefix == PREFIX_NONE || d->prefix[c[i].prefix].member == NO_INDEX)
			continue;
		cell = member_at(d, d->prefix[c[i].prefix].member)->cells;
		if (cell == NO_INDEX)
			continue;
		x = cell_at(d, cell);
		__builtin_prefetch(&d->carrier[x->carrier], 1);
		next[i] = x->next;
	}
}

static void cells_fetch(const struct detect *d, const struct change *c, size_t n, uint32_t *next)
{
	for (size_t i = 0; i < n; i++) {
		if (next[i] == NO_INDEX)
			continue;
		if (cell_is_all(
			&c[i], path_way(d, c[i].old), path_way(d, c[i].new), d->prefix[c[i].prefix].cell.asn))
			next[i] = NO_INDEX;
		else
			__builtin_prefetch(cell_at(d, next[i]), 1);
	}
}

void changes_fetch(const struct detect *d, const struct change *c, size_t n)
{
	uint32_t at[BLOCK];
	size_t now = n < BLOCK ? n : BLOCK, next = n - now < BLOCK ? n - now : BLOCK;

	carriers_fetch(d, c, now, at);
	facts_fetch(d, c + now, next);
	cells_fetch(d, c, now, at);
	for (size_t i = 0; i < now; i++)
		if (at[i] != NO_INDEX)
			__builtin_prefetch(&d->carrier[cell_at(d, at[i])->carrier], 1);
}
