/*
 * detect/tally: the running votes. In: changes of one peer's route. Out: the sums of cells, carriers, members
 * and places, in O(1); what was touched is judged when its second is over (settle).
 */
#include "base/mem.h"
#include "detect/inner.h"

unsigned vantage_needed(const struct detect *d, const struct place *p)
{
	unsigned all = p->votes / VOTE;

	return all < d->o.vantage_min ? (all ? all : 1) : d->o.vantage_min;
}

double member_visibility(const struct detect *d, const struct member_of *m)
{
	uint32_t votes = d->place[m->place].votes;

	return votes ? (double)m->visible / votes : 0;
}

double place_visibility(const struct place *p)
{
	return p->whole && p->votes ? (double)p->seen / ((double)p->whole * p->votes) : 0;
}

double carrier_share(const struct detect *d, const struct carrier *c)
{
	uint64_t sum = d->place[c->place].sum;

	return sum ? (double)c->sum / (double)sum : 0;
}

static void touch_place(struct detect *d, uint32_t place)
{
	struct place *p = &d->place[place];

	if (p->dirty)
		return;
	p->dirty = true;
	p->touched_at = d->now;
	d->dirty_place = vec_room(d->dirty_place, d->n_dirty, &d->dirty_cap, sizeof *d->dirty_place);
	d->dirty_place[d->n_dirty++] = place;
}

static uint32_t *index_add(uint32_t *v, size_t *n, size_t *cap, uint32_t index)
{
	if (*n == *cap)
		v = vec_room(v, *n, cap, sizeof *v);
	v[(*n)++] = index;
	return v;
}

static void touch_carrier(struct detect *d, struct carrier *c, uint32_t carrier)
{
	if (c->touched)
		return;
	c->touched = true;
	d->touched_carrier =
	    index_add(d->touched_carrier, &d->n_touched_carriers, &d->touched_carrier_cap, carrier);
	touch_place(d, c->place);
}

void touch_member(struct detect *d, struct member_of *m, uint32_t member)
{
	if (m->touched)
		return;
	m->touched = true;
	d->touched_member =
	    index_add(d->touched_member, &d->n_touched_members, &d->touched_member_cap, member);
	touch_place(d, m->place);
}

struct vote { /* of one peer's route in one place */
	uint32_t member;
	struct member_of *m;
	struct place *p;
	peer_id peer;
	uint32_t weight;
	uint64_t sum; /* of the member's weight x that */
};

/* Returns the cell. */
static uint32_t vote_gained(struct detect *d, const struct vote *v, asn_t upstream)
{
	uint32_t cell = cell_find(d, v->member, upstream);
	struct cell *x = cell_at(d, cell);
	uint32_t carrier = x->carrier;
	struct carrier *c = &d->carrier[carrier];

	x->votes += v->weight;
	c->sum += v->sum;
	v->p->sum += v->sum;
	if (c->routes++ == 0)
		carrier_rise(d, carrier, d->now);
	if (x->votes == v->weight)
		cell_rise(d, v->member, cell, d->now);
	if (!x->held)
		cell_voted(d, v->member, cell, d->now);
	touch_carrier(d, c, carrier);
	return cell;
}

static uint32_t vote_lost(struct detect *d, const struct vote *v, asn_t upstream)
{
	uint32_t cell = cell_find(d, v->member, upstream);
	struct cell *x = cell_at(d, cell);
	uint32_t carrier = x->carrier;
	struct carrier *c = &d->carrier[carrier];

	if (x->votes < v->weight)
		return cell; /* never counted: the place was asked for late */
	x->votes -= v->weight;
	c->sum -= v->sum;
	v->p->sum -= v->sum;
	if (!d->quiet) {
		if (c->last_loss == UTIME_NONE || d->now - c->last_loss > DECLINE_GAP)
			c->fall = d->now;
		c->last_loss = d->now;
	}
	if (x->votes == 0) {
		x->last = v->peer < UINT16_MAX ? (uint16_t)v->peer : UINT16_MAX;
		cell_fall(d, v->member, cell, d->now);
	}
	if (--c->routes == 0) {
		c->last_peer = v->peer;
		carrier_fall(d, carrier, d->now);
	}
	touch_carrier(d, c, carrier);
	return cell;
}

/* A decline is a run of losses with gaps below a minute and a half; its first loss is an outage's first sign.
 */
static void decline_note(struct detect *d, const struct vote *v, bool gained)
{
	struct member_of *m = v->m;
	struct place *p = v->p;
	utime_t gap = DECLINE_GAP;

	if (gained) {
		if (m->last_gain == UTIME_NONE || d->now - m->last_gain > gap)
			member_more_at(d, v->member)->rise = d->now;
		if (p->last_gain == UTIME_NONE || d->now - p->last_gain > gap)
			p->rise = d->now;
		m->last_gain = p->last_gain = d->now;
		return;
	}
	if (m->last_loss == UTIME_NONE || d->now - m->last_loss > gap) {
		m->fall = d->now;
		m->before = (float)member_visibility(d, m);
		member_more_at(d, v->member)->fell = d->prefix[m->prefix].trail;
	}
	if (p->last_loss == UTIME_NONE || d->now - p->last_loss > gap) {
		p->fall = d->now;
		p->before = (float)place_visibility(p);
	}
	m->last_loss = p->last_loss = d->now;
}

static void visible_moved(struct detect *d, const struct vote *v, bool gained)
{
	struct member_of *m = v->m;
	struct place *p = v->p;

	if (!gained && m->visible < v->weight)
		return;
	if (!d->quiet)
		decline_note(d, v, gained);
	m->visible = gained ? m->visible + v->weight : m->visible - v->weight;
	if (m->established)
		p->seen = gained ? p->seen + v->sum : p->seen - v->sum;
	touch_place(d, m->place);
	if (!m->established || member_level_of(m, p) != m->level || !level_stays(p))
		member_level(d, v->member, d->now);
}

/*
 * Nothing for member_flip: the prefix has a main carrier, which is the one of more than half, or where nobody
 * has that, the last one that had. Only who gains can take it over; where the whole shrinks, anybody could,
 * but for one that has more than half itself.
 */
static bool main_stays(const struct detect *d, const struct member_of *m, uint32_t gained, uint32_t lost)
{
	const struct cell *x;
	bool is_main, most;

	if (m->level <= LEVEL_DOWN)
		return m->main == NO_INDEX; /* dark, as it was */
	if (m->main == NO_INDEX || (gained == NO_INDEX && lost == NO_INDEX))
		return false;
	x = cell_at(d, gained == NO_INDEX ? lost : gained);
	is_main = x->carrier == m->main;
	most = x->votes * 2 > m->visible;
	return gained == NO_INDEX ? is_main && most : is_main || !most;
}

/* From this upstream to that one. */
static void member_vote(struct detect *d, const struct vote *v, asn_t was, asn_t is)
{
	uint32_t gained = NO_INDEX, lost = NO_INDEX; /* cells */

	if (was == is)
		return;
	if (is != UP_NONE && is != UP_DARK)
		gained = vote_gained(d, v, is);
	if (was != UP_NONE && was != UP_DARK)
		lost = vote_lost(d, v, was);
	if ((was == UP_NONE) != (is == UP_NONE))
		visible_moved(d, v, was == UP_NONE);
	if (!main_stays(d, v->m, gained, lost))
		touch_member(d, v->m, v->member);
}

/* Where a route goes into a place that was asked for by name, or an AS: what begins elsewhere is no route. */
static asn_t route_into(struct detect *d, const struct place *p, path_id path)
{
	asn_t upstream = route_upstream(d, p, path);

	if (upstream == UP_DARK && p->kind == TERRITORY_AS &&
	    path_way(d, path)->origin != territory_asn(p->who))
		return UP_NONE;
	return upstream;
}

void route_moved(
    struct detect *d, const struct change *c, const struct way *old, const struct way *new, uint32_t weight)
{
	cc_t inside = d->peer_home[c->peer];

	for (uint32_t i = prefix_members(d, c->prefix); i != NO_INDEX; i = member_at(d, i)->next_of_prefix) {
		struct member_of *m = member_at(d, i);
		struct place *p = &d->place[m->place];
		struct vote v = {i, m, p, c->peer, weight, m->weight * weight};
		asn_t was, is;
		if (p->who ? peer_inside(d, p, c->peer) : p->country == inside)
			continue;
		was = p->who ? route_into(d, p, c->old) : way_upstream(old, p->country);
		is = p->who ? route_into(d, p, c->new) : way_upstream(new, p->country);
		member_vote(d, &v, was, is);
	}
}

/* A prefix announced or gone altogether changes what its parent covers alone. */
static void announced_moved(struct detect *d, prefix_id prefix)
{
	struct prefix_fact *pf = &d->prefix[prefix];
	bool is = prefix_routes(d->t, prefix) > 0;
	prefix_id parent;

	if (is == pf->announced)
		return;
	pf->announced = is;
	parent = prefix_parent(d->t, prefix);
	if (is)
		for (uint32_t m = pf->member; m != NO_INDEX; m = member_at(d, m)->next_of_prefix)
			member_reweigh(d, m);
	if (parent == PREFIX_NONE || parent >= d->prefixes)
		return;
	for (uint32_t m = d->prefix[parent].member; m != NO_INDEX; m = member_at(d, m)->next_of_prefix)
		member_reweigh(d, m);
}

/* Nothing for announced_moved: others who vote have a route. The usual case, so it is asked first. */
static bool announced_stays(const struct prefix_fact *pf, const struct change *c)
{
	if (c->new != PATH_NONE)
		return c->old != PATH_NONE || pf->announced;
	return pf->announced && pf->own.place != NO_INDEX && pf->own.visible > VOTE;
}

/* Nothing that a country could see: same way in, same origin, no leak. The usual case, so it is asked first.
 * Other places ask for more than the way tells. */
static bool change_is_inner(
    const struct detect *d, const struct change *c, const struct way *old, const struct way *new)
{
	if (d->o.whos || d->o.every_as || c->old == PATH_NONE || c->new == PATH_NONE)
		return false;
	return old == new && !(new->flags &WAY_LEAK) && new->origin == d->prefix[c->prefix].origin;
}

void tally_change(struct detect *d, const struct change *c)
{
	const struct prefix_fact *pf = &d->prefix[c->prefix];
	uint32_t weight = c->peer < d->peers ? d->vote[pf->row * d->peers + c->peer] : 0;
	const struct way *old = path_way(d, c->old), *new = path_way(d, c->new);

	if (change_is_inner(d, c, old, new))
		return;
	if (!weight) {
		if (!d->quiet)
			journal_add(d, c); /* it does not vote, but it may have seen it first */
		return;
	}
	if (d->o.whos || d->o.every_as)
		as_members_join(d, c->prefix, new->origin);
	journal_add(d, c);
	if (!announced_stays(pf, c))
		announced_moved(d, c->prefix);
	if (!origin_stays(pf, c, old, new))
		origin_change(d, c, old, new);
	if ((old->flags | new->flags) & WAY_LEAK || c->otc)
		leak_change(d, c, old, new);
	route_moved(d, c, path_way(d, c->old), path_way(d, c->new), weight);
}

/* ---- the end of a second ---- */

enum { NEXT = 8 }; /* how far ahead is fetched here */

static void members_settle(struct detect *d)
{
	size_t n = d->n_touched_members;

	for (size_t i = 0; i < n; i++) {
		if (i + NEXT < n)
			member_fetch(d, d->touched_member[i + NEXT]);
		member_flip(d, d->touched_member[i], d->now);
	}
	d->n_touched_members = 0;
}

static void carriers_settle(struct detect *d)
{
	size_t n = d->n_touched_carriers;

	for (size_t i = 0; i < n; i++) {
		if (i + 2 * NEXT < n)
			__builtin_prefetch(&d->carrier[d->touched_carrier[i + 2 * NEXT]], 1);
		if (i + NEXT < n) {
			const struct carrier *c = &d->carrier[d->touched_carrier[i + NEXT]];
			__builtin_prefetch(&d->place[c->place].ledger.row[c->row], 1);
		}
		carrier_settle(d, d->touched_carrier[i]);
	}
	d->n_touched_carriers = 0;
}

/* Both what a vote moves and what settling asks for. */
static void place_fetch(const struct place *p)
{
	for (size_t at = 0; at < sizeof *p; at += 64)
		__builtin_prefetch((const char *)p + at, 1);
}

void settle(struct detect *d)
{
	members_settle(d);
	carriers_settle(d);
	for (size_t i = 0; i < d->n_dirty; i++) {
		if (i + 1 < d->n_dirty)
			place_fetch(&d->place[d->dirty_place[i + 1]]);
		share_settle(d, d->dirty_place[i]);
	}
	for (size_t i = 0; i < d->n_dirty; i++)
		d->place[d->dirty_place[i]].dirty = false;
	d->n_dirty = 0;
}
