/*
 * detect/ahead: what the next changes will ask for, fetched. In: changes not yet counted. Out: nothing but
 * lines in the processor's caches.
 *
 * What a change asks for lies at random places of a few hundred megabytes, one behind the other: the facts of
 * path and prefix, the member, its first cell, that one's carrier and the next cell, and its carrier. Fetched
 * in five steps, each so many changes ahead of the one before it, the waits for memory overlap; a step of
 * each kind between two changes, for a processor waits with few lines at a time.
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

static uint32_t member_fetch(const struct detect *d, const struct change *c)
{
	uint32_t m = c->prefix == PREFIX_NONE ? NO_INDEX : d->prefix[c->prefix].member;

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

/* The cell's carrier, and the next cell. */
static uint32_t carrier_fetch(const struct detect *d, uint32_t k)
{
	uint32_t next = k == NO_INDEX ? NO_INDEX : d->cell[k].next;

	if (k != NO_INDEX)
		__builtin_prefetch(&d->carrier[d->cell[k].carrier], 1);
	if (next != NO_INDEX)
		__builtin_prefetch(&d->cell[next], 1);
	return next;
}

/* A step of each kind; what one has found is kept for the next, at the change's place in the ring. A change
 * that is not, of those before the first one, finds nothing to fetch. */
static void fetch(const struct detect *d, struct ahead *a, const struct change *c, size_t n, size_t at)
{
	uint32_t *last = a->last;
	size_t i = at + STEPS * STEP; /* the first steps are those of the changes furthest ahead */

	if (i < n)
		facts_fetch(d, &c[i]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = member_fetch(d, &c[i]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = cell_fetch(d, last[i % AHEAD_RING]);
	if ((i -= STEP) < n)
		last[i % AHEAD_RING] = carrier_fetch(d, last[i % AHEAD_RING]);
	if ((i -= STEP) < n)
		(void)carrier_fetch(d, last[i % AHEAD_RING]);
}

void changes_fetch(const struct detect *d, struct ahead *a, const struct change *c, size_t n, size_t at)
{
	if (at == 0)
		for (size_t i = (size_t)STEPS * STEP; i; i--)
			fetch(d, a, c, n, (size_t)0 - i);
	fetch(d, a, c, n, at);
}
