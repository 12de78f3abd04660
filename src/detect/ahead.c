/*
 * detect/ahead: what the next changes will ask for, fetched. In: changes not yet counted. Out: nothing but
 * lines in the processor's caches.
 *
 * What a change asks for lies at random places of a few hundred megabytes, one behind the other: the ways of
 * the paths, the facts of the prefix, the member, its first cell, that one's carrier and the next cell, and
 * its carrier. Fetched in five steps, each so many changes ahead of the one before it, the waits for memory
 * overlap; a step of each kind between two changes, for a processor waits with few lines at a time.
 */
#include "detect/inner.h"

enum { STEPS = 5, STEP = AHEAD_RING / (STEPS - 1) };

static void facts_fetch(const struct detect *d, const struct change *c)
{
	__builtin_prefetch(&d->path[c->old]);
	__builtin_prefetch(&d->path[c->new]);
	if (c->prefix == PREFIX_NONE)
		return;
	__builtin_prefetch(&d->prefix[c->prefix], 1);
	if (c->old == PATH_NONE || c->new == PATH_NONE)
		prefix_routes_fetch(d->t, c->prefix);
}

/* The ways, and the member. */
static uint32_t member_fetch(const struct detect *d, const struct change *c)
{
	uint32_t m;

	if (c->prefix == PREFIX_NONE)
		return NO_INDEX;
	__builtin_prefetch(path_way(d, c->old));
	__builtin_prefetch(path_way(d, c->new));
	m = d->prefix[c->prefix].member;
	if (m != NO_INDEX)
		__builtin_prefetch(&d->member[m], 1);
	return m;
}

static uint32_t cell_fetch(const struct detect *d, uint32_t m)
{
	uint32_t k = m == NO_INDEX ? NO_INDEX : d->member[m].cells;

	if (k != NO_INDEX)
		__builtin_prefetch(&d->cell[k], 1);
	return k;
}

/* Is the cell the only one that the change will ask for? Mostly so: a route comes or goes by the usual way.
 */
static bool cell_is_all(const struct detect *d, const struct change *c, const struct cell *x)
{
	const struct way *way = path_way(d, c->old == PATH_NONE ? c->new : c->old);

	return (c->old == PATH_NONE || c->new == PATH_NONE) &&
	       (x->asn == way->border || x->asn == way->origin);
}

/* The cell's carrier, and the next cell where that will be asked for. */
static uint32_t carrier_fetch(const struct detect *d, const struct change *c, uint32_t k)
{
	const struct cell *x = &d->cell[k];

	if (k == NO_INDEX)
		return NO_INDEX;
	__builtin_prefetch(&d->carrier[x->carrier], 1);
	if (x->next == NO_INDEX || cell_is_all(d, c, x))
		return NO_INDEX;
	__builtin_prefetch(&d->cell[x->next], 1);
	return x->next;
}

/* A step of each kind, of the changes at..; what one has found is kept for the next, at the change's place in
 * the ring. The first steps are those of the changes furthest ahead. */
static inline void fetch(const struct detect *d, struct ahead *a, const struct change *c, size_t at)
{
	const struct change *x = &c[at + STEPS * STEP];
	uint32_t *last[STEPS];

	for (size_t i = 0; i < STEPS; i++)
		last[i] = &a->last[(at + i * STEP) % AHEAD_RING];
	facts_fetch(d, x);
	*last[4] = member_fetch(d, x - STEP);
	*last[3] = cell_fetch(d, *last[3]);
	*last[2] = carrier_fetch(d, x - 3 * STEP, *last[2]);
	if (*last[1] != NO_INDEX)
		(void)carrier_fetch(d, x - 4 * STEP, *last[1]);
}

/* The same at either end of the batch. A change that is not, of those before the first one, finds nothing. */
static void fetch_some(const struct detect *d, struct ahead *a, const struct change *c, size_t n, size_t at)
{
	uint32_t *last = a->last;
	size_t i = at + STEPS * STEP;

	if (i < n)
		facts_fetch(d, &c[i]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = member_fetch(d, &c[i]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = cell_fetch(d, last[i % AHEAD_RING]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = carrier_fetch(d, &c[i], last[i % AHEAD_RING]);
	if ((i -= STEP) < n)
		(void)carrier_fetch(d, &c[i], last[i % AHEAD_RING]);
}

void changes_fetch(const struct detect *d, struct ahead *a, const struct change *c, size_t n, size_t at)
{
	if (at == 0)
		for (size_t i = (size_t)STEPS * STEP; i; i--)
			fetch_some(d, a, c, n, (size_t)0 - i);
	if (at + STEPS * STEP < n)
		fetch(d, a, c, at);
	else
		fetch_some(d, a, c, n, at);
}
