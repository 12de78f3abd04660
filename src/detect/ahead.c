/*
 * detect/ahead: what the next changes will ask for, fetched. In: changes not yet counted. Out: nothing but
 * lines in the processor's caches.
 *
 * What a change asks for lies at random places of a few hundred megabytes, one behind the other: the facts of
 * path and prefix, the member, its first cell, that one's carrier and the next cell, and its carrier. Fetched
 * in five steps, each a round of changes ahead of the one before it, the waits for memory overlap.
 */
#include "detect/inner.h"

enum { ROUND = 16 };

static const struct member_of *member_ahead(const struct detect *d, const struct change *c)
{
	uint32_t m = c->prefix == PREFIX_NONE ? NO_INDEX : d->prefix[c->prefix].member;

	return m == NO_INDEX ? NULL : &d->member[m];
}

static const struct cell *cell_ahead(const struct detect *d, const struct change *c)
{
	const struct member_of *m = member_ahead(d, c);

	return m && m->cells != NO_INDEX ? &d->cell[m->cells] : NULL;
}

static const struct cell *next_ahead(const struct detect *d, const struct change *c)
{
	const struct cell *x = cell_ahead(d, c);

	return x && x->next != NO_INDEX ? &d->cell[x->next] : NULL;
}

static const struct carrier *carrier_ahead(const struct detect *d, const struct cell *x)
{
	return x ? &d->carrier[x->carrier] : NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The prefetches stand in one function: gcc takes a function that has nothing but some for one without
 * effect. */
void changes_fetch(const struct detect *d, const struct change *c, size_t n, size_t at)
{
	size_t end[6]; /* of the rounds from here on; the first one finds nothing fetched */

	if (at % ROUND)
		return;
	for (size_t i = 0; i < 6; i++)
		end[i] = least(n, at + i * ROUND);
	for (size_t i = at ? end[4] : 0; i < end[5]; i++) {
		__builtin_prefetch(&d->path[c[i].old]);
		__builtin_prefetch(&d->path[c[i].new]);
		if (c[i].prefix == PREFIX_NONE)
			continue;
		__builtin_prefetch(&d->prefix[c[i].prefix], 1);
		if (c[i].old == PATH_NONE || c[i].new == PATH_NONE)
			prefix_routes_fetch(d->t, c[i].prefix);
	}
	for (size_t i = at ? end[3] : 0; i < end[4]; i++)
		__builtin_prefetch(member_ahead(d, &c[i]), 1);
	for (size_t i = at ? end[2] : 0; i < end[3]; i++)
		__builtin_prefetch(cell_ahead(d, &c[i]), 1);
	for (size_t i = at ? end[1] : 0; i < end[2]; i++) {
		__builtin_prefetch(carrier_ahead(d, cell_ahead(d, &c[i])), 1);
		__builtin_prefetch(next_ahead(d, &c[i]), 1);
	}
	for (size_t i = at; i < end[1]; i++)
		__builtin_prefetch(carrier_ahead(d, next_ahead(d, &c[i])), 1);
}
