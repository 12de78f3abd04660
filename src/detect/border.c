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

static struct as_fact *as_of(struct detect *d, asn_t asn)
{
	uint64_t key = (uint64_t)asn + 1;
	uint32_t index = map_get(&d->home, key);

	if (index == NO_INDEX) {
		d->as = vec_room(d->as, d->n_as, &d->as_cap, sizeof *d->as);
		index = (uint32_t)d->n_as++;
		d->as[index] = (struct as_fact){.home = asn_territory(d->f, asn, d->now)};
		map_put(&d->home, key, index);
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

static void fact_valley(struct detect *d, struct path_fact *x, const struct path_fact *tail, path_id id)
{
	path_id parent = path_parent(d->t, id);
	asn_t leaker = path_asn(d->t, parent), from = path_asn(d->t, path_parent(d->t, parent));

	x->phase = tail->phase;
	if (tail->flags & FACT_LEAK) {
		x->flags |= FACT_LEAK;
		return;
	}
	if (!step_is_valley(d, leaker, path_asn(d->t, id), &x->phase))
		return;
	if (path_parent(d->t, parent) == PATH_NONE)
		return;
	if (d->armed && map_get(&d->triples, triple_key(from, leaker, path_asn(d->t, id))) == NO_INDEX)
		x->flags |= FACT_LEAK;
	else
		map_put(&d->triples, triple_key(from, leaker, path_asn(d->t, id)), 1);
}

asn_t path_leaker(const struct detect *d, path_id path, asn_t *from, asn_t *to)
{
	path_id parent = path_parent(d->t, path);

	while (parent != PATH_NONE && d->path[parent].flags & FACT_LEAK) {
		path = parent;
		parent = path_parent(d->t, path);
	}
	*to = path_asn(d->t, path);
	*from = path_asn(d->t, path_parent(d->t, parent));
	return path_asn(d->t, parent);
}

static void fact_born(struct detect *d, path_id id)
{
	struct path_fact *x = &d->path[id];
	path_id parent = path_parent(d->t, id);
	asn_t asn = path_asn(d->t, id);
	struct as_fact *as = as_of(d, asn);

	*x = (struct path_fact){0};
	if (parent == PATH_NONE) {
		x->origin = asn;
		x->home = as->home;
	} else {
		const struct path_fact *tail = &d->path[parent];
		x->origin = tail->origin;
		x->home = tail->home;
		x->border = tail->border;
		as_carries(as, tail->origin);
		if (!x->border && as->home != x->home)
			x->border = asn;
		fact_valley(d, x, tail, id);
	}
	if (path_flags(d->t, id) & UNCLEAN)
		x->flags |= FACT_DIRTY;
}

void paths_grow(struct detect *d)
{
	size_t n = path_count(d->t);

	d->path = vec_pages(d->path, d->paths, n, &d->path_cap, sizeof *d->path);
	for (size_t id = d->paths ? d->paths : 2; id < n; id++)
		fact_born(d, (path_id)id);
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
	const struct path_fact *x = &d->path[path];

	if (path == PATH_NONE)
		return UP_NONE;
	if (!p->who)
		return fact_upstream(x, p->country);
	if (x->flags & FACT_DIRTY)
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
