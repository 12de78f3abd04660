/*
 * detect/border: what a path says of a place. In: path ids and facts. Out: the upstream (the first foreign AS
 * from the origin outward) and the gateway before it. In the countries' partition a path's border depends on
 * its tail alone and is inherited when the path is born; for places asked for by name the path is walked.
 * Valleys (Gao 2001; RFC 7908 types 1-4) are marked at birth likewise, where relationships are known.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "detect/inner.h"

enum { CLEAN = 0, UNCLEAN = PATH_SET | PATH_RESERVED | PATH_LOOPED | PATH_BAD | PATH_EMPTY };

static uint32_t as_seek(const struct detect *d, asn_t asn) /* 0: none yet */
{
	uint32_t index;

	if (asn < AS_NEAR)
		return d->as_near[asn];
	index = map_get(&d->as_far, asn);
	return index == NO_INDEX ? 0 : index;
}

static void as_put(struct detect *d, asn_t asn, uint32_t index)
{
	if (asn < AS_NEAR)
		d->as_near[asn] = index;
	else
		map_put(&d->as_far, asn, index);
}

void ases_index(struct detect *d)
{
	d->as_near = pages_reserve(AS_NEAR * sizeof *d->as_near);
	for (size_t i = 1; i < d->n_as; i++)
		as_put(d, d->as[i].asn, (uint32_t)i);
}

static struct as_fact *as_of(struct detect *d, asn_t asn)
{
	uint32_t index = as_seek(d, asn);

	if (!index) {
		d->as = vec_room(d->as, d->n_as, &d->as_cap, sizeof *d->as);
		index = (uint32_t)d->n_as++;
		d->as[index] = (struct as_fact){.asn = asn, .home = asn_territory(d->f, asn, d->now)};
		as_put(d, asn, index);
	}
	return &d->as[index];
}

cc_t asn_home(struct detect *d, asn_t asn)
{
	return as_of(d, asn)->home;
}

bool asn_is_transit(struct detect *d, asn_t asn)
{
	return as_of(d, asn)->transit;
}

static void as_carries(struct as_fact *as, asn_t origin)
{
	if (!as->carried)
		as->carried = origin;
	else if (as->carried != origin)
		as->transit = true;
}

static uint64_t triple_key(asn_t from, asn_t leaker, asn_t to)
{
	return (hash_u64((uint64_t)from << 32 | leaker) ^
		   hash_u64((uint64_t)to + UINT64_C(0x9e3779b97f4a7c15))) |
	       1;
}

/* One step outward, from `inner` to `outer`, after a path that ran in `phase`: true where it makes a valley.
 */
static bool step_is_valley(struct detect *d, asn_t inner, asn_t outer, uint8_t *phase)
{
	enum relation r = asn_relation(d->f, outer, inner); /* REL_CUSTOMER: inner is outer's customer */
	bool over = *phase != PHASE_UP;

	switch (r) {
	case REL_CUSTOMER:
		return over;
	case REL_PEER:
		*phase = PHASE_OVER;
		return over;
	case REL_PROVIDER:
		*phase = PHASE_DOWN;
		return false;
	default:
		*phase = PHASE_UP; /* nothing can be said past an unknown step */
		return false;
	}
}

/* Does the path run through a valley, its tail's or one that its own first step makes? */
static bool path_is_leak(struct detect *d, path_id id, bool tail_is, uint8_t *phase)
{
	path_id parent = path_parent(d->t, id);
	asn_t to = path_asn(d->t, id), leaker = path_asn(d->t, parent);
	uint64_t triple;

	if (tail_is)
		return true;
	if (!step_is_valley(d, leaker, to, phase) || path_parent(d->t, parent) == PATH_NONE)
		return false;
	triple = triple_key(path_asn(d->t, path_parent(d->t, parent)), leaker, to);
	if (d->armed && map_get(&d->triples, triple) == NO_INDEX)
		return true;
	map_put(&d->triples, triple, 1);
	return false;
}

asn_t path_leaker(const struct detect *d, path_id path, asn_t *from, asn_t *to)
{
	path_id parent = path_parent(d->t, path);

	while (parent != PATH_NONE && path_way(d, parent)->flags & WAY_LEAK) {
		path = parent;
		parent = path_parent(d->t, path);
	}
	*to = path_asn(d->t, path);
	*from = path_asn(d->t, path_parent(d->t, parent));
	return path_asn(d->t, parent);
}

static uint32_t way_step(struct detect *d, uint64_t key, const struct way *is)
{
	uint32_t way = map_get(&d->ways, key);

	if (way != NO_INDEX)
		return way;
	way = (uint32_t)d->n_ways;
	d->way = vec_pages(d->way, d->n_ways, d->n_ways + 1, &d->way_cap, sizeof *d->way);
	d->way[d->n_ways++] = *is;
	map_put(&d->ways, key, way);
	return way;
}

/* Finds or makes, going on from a shorter way: the origin alone, then behind the border, then with flags. */
static uint32_t way_find(struct detect *d, uint32_t from, const struct way *x)
{
	enum { BEHIND = 30, FLAGGED = 31 };
	uint64_t behind = UINT64_C(1) << (BEHIND + 32), flagged = UINT64_C(1) << (FLAGGED + 32);
	uint32_t way = d->way[from].flags ? 0 : from;

	if (!way)
		way =
		    way_step(d, (uint64_t)x->origin + 1, &(struct way){.origin = x->origin, .home = x->home});
	if (x->border && !d->way[way].border)
		way = way_step(d, behind | (uint64_t)way << 32 | x->border,
		    &(struct way){.origin = x->origin, .border = x->border, .home = x->home});
	if (x->flags)
		way = way_step(d, flagged | (uint64_t)way << 32 | x->flags, x);
	return way;
}

static void path_takes(struct detect *d, path_id path, uint32_t way, unsigned phase)
{
	d->path[path] = (struct path_fact){.way = way & ((1U << 30) - 1), .phase = phase & 3U};
}

static void path_born(struct detect *d, path_id id)
{
	path_id parent = path_parent(d->t, id);
	asn_t asn = path_asn(d->t, id);
	struct as_fact *as = as_of(d, asn);
	struct path_fact tail = d->path[parent];
	struct way is = d->way[tail.way], was = is;
	uint32_t way = tail.way;
	uint8_t phase = tail.phase;

	if (parent == PATH_NONE) {
		is.origin = asn;
		is.home = as->home;
	} else {
		as_carries(as, is.origin);
		if (!is.border && as->home != is.home)
			is.border = asn;
		if (path_is_leak(d, id, is.flags & WAY_LEAK, &phase))
			is.flags |= WAY_LEAK;
	}
	if (path_flags(d->t, id) & UNCLEAN)
		is.flags |= WAY_DIRTY;
	if (parent == PATH_NONE || is.border != was.border || is.flags != was.flags)
		way = way_find(d, tail.way, &is);
	path_takes(d, id, way, phase);
}

enum { BIRTHS_AHEAD = 8 };
static void path_born_fetch(const struct detect *d, path_id id)
{
	asn_t asn = path_asn(d->t, id);

	__builtin_prefetch(&d->path[path_parent(d->t, id)]);
	if (asn < AS_NEAR)
		__builtin_prefetch(&d->as_near[asn]);
}

static void path_born_fetch_next(const struct detect *d, path_id id)
{
	__builtin_prefetch(&d->as[as_seek(d, path_asn(d->t, id))]);
	__builtin_prefetch(&d->way[d->path[path_parent(d->t, id)].way]);
}

void path_leaks(struct detect *d, path_id path)
{
	struct way is = *path_way(d, path);

	is.flags |= WAY_LEAK;
	path_takes(d, path, way_find(d, 0, &is), d->path[path].phase);
}

void paths_grow(struct detect *d)
{
	size_t n = path_count(d->t);

	if (!d->n_as) {
		d->as = vec_room(d->as, 0, &d->as_cap, sizeof *d->as);
		d->as[d->n_as++] = (struct as_fact){0};
		ases_index(d);
	}
	if (!d->n_ways) {
		d->way = vec_pages(d->way, 0, 1, &d->way_cap, sizeof *d->way);
		d->way[d->n_ways++] = (struct way){0};
	}
	d->path = vec_pages(d->path, d->paths, n, &d->path_cap, sizeof *d->path);
	for (size_t id = d->paths ? d->paths : 2; id < n; id++) {
		if (id + 2 * BIRTHS_AHEAD < n)
			path_born_fetch(d, (path_id)(id + 2 * BIRTHS_AHEAD));
		if (id + BIRTHS_AHEAD < n)
			path_born_fetch_next(d, (path_id)(id + BIRTHS_AHEAD));
		path_born(d, (path_id)id);
	}
	d->paths = n < 2 ? 2 : n;
}

/* The AS before the origin: the upstream of a territory that is an AS or a prefix. */
static asn_t before_origin(const struct detect *d, path_id path)
{
	path_id parent = path_parent(d->t, path);

	if (parent == PATH_NONE)
		return UP_DARK; /* the origin itself is the peer */
	while (path_parent(d->t, parent) != PATH_NONE) {
		path = parent;
		parent = path_parent(d->t, path);
	}
	return path_asn(d->t, path);
}

static bool domestic(const struct detect *d, const struct place *p, asn_t asn)
{
	return territory_has_asn(p->who, asn, d->now) != MEMBER_NO;
}

/* The outermost step of the domestic tail decides; a foreign origin is the upstream itself. */
static asn_t walk_border(const struct detect *d, const struct place *p, path_id path)
{
	asn_t list[64];
	size_t n = path_list(d->t, path, list, 64);

	while (n && domestic(d, p, list[n - 1]))
		n--;
	return n ? list[n - 1] : UP_DARK;
}

asn_t route_upstream(struct detect *d, const struct place *p, path_id path)
{
	const struct way *x = path_way(d, path);

	if (path == PATH_NONE)
		return UP_NONE;
	if (!p->who)
		return way_upstream(x, p->country);
	if (x->flags & WAY_DIRTY)
		return UP_DARK;
	if (p->kind == TERRITORY_AS && x->origin != territory_asn(p->who))
		return UP_DARK;
	if (p->kind == TERRITORY_AS || p->kind == TERRITORY_PREFIX)
		return before_origin(d, path);
	return walk_border(d, p, path);
}

bool peer_inside(struct detect *d, const struct place *p, peer_id peer)
{
	asn_t asn = d->peer_asn[peer];

	if (!p->who)
		return d->peer_home[peer] == p->country;
	if (p->kind == TERRITORY_AS)
		return asn == territory_asn(p->who);
	return p->kind != TERRITORY_PREFIX && domestic(d, p, asn);
}
