/*
 * detect/tally: the running votes. In: changes of one peer's route. Out: the sums of cells, carriers, members
 * and places, in O(1); what was touched is judged when its second is over (settle). A peer that begins or
 * ceases to vote moves the sums quietly: that is health, not a happening (design.md 6).
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void member_is_touched(struct detect *d, uint32_t member)
{
	struct member_of *m = &d->member[member];

	m->touched = true;
	d->touched_member =
	    index_add(d->touched_member, &d->n_touched_members, &d->touched_member_cap, member);
	touch_place(d, m->place);
}

static inline void touch_member(struct detect *d, uint32_t member)
{
	if (!d->member[member].touched)
		member_is_touched(d, member);
}

static void vote_gained(struct detect *d, uint32_t member, asn_t upstream, uint32_t weight)
{
	uint32_t cell = cell_find(d, member, upstream);
	struct cell *x = &d->cell[cell];
	uint32_t carrier = x->carrier;
	struct carrier *c = &d->carrier[carrier];
	uint64_t sum = d->member[member].weight * weight;

	x->votes += weight;
	c->sum += sum;
	d->place[c->place].sum += sum;
	if (c->routes++ == 0)
		carrier_rise(d, carrier, d->now);
	if (x->votes == weight)
		cell_rise(d, member, cell, d->now);
	if (!x->held)
		cell_voted(d, member, cell, d->now);
	touch_carrier(d, c, carrier);
	touch_member(d, member);
}

static void vote_lost(struct detect *d, uint32_t member, asn_t upstream, peer_id peer, uint32_t weight)
{
	uint32_t cell = cell_find(d, member, upstream);
	struct cell *x = &d->cell[cell];
	uint32_t carrier = x->carrier;
	struct carrier *c = &d->carrier[carrier];
	uint64_t sum = d->member[member].weight * weight;

	if (x->votes < weight)
		return; /* never counted: the place was asked for late */
	x->votes -= weight;
	c->sum -= sum;
	d->place[c->place].sum -= sum;
	if (!d->quiet) {
		if (c->last_loss == UTIME_NONE || d->now - c->last_loss > DECLINE_GAP)
			c->fall = d->now;
		c->last_loss = d->now;
	}
	if (x->votes == 0) {
		x->last = peer < UINT16_MAX ? (uint16_t)peer : UINT16_MAX;
		cell_fall(d, member, cell, d->now);
	}
	if (--c->routes == 0) {
		c->last_peer = peer;
		carrier_fall(d, carrier, d->now);
	}
	touch_carrier(d, c, carrier);
}

/* A decline is a run of losses with gaps below a minute and a half; its first loss is an outage's first sign.
 */
static void decline_note(struct detect *d, uint32_t member, bool gained)
{
	struct member_of *m = &d->member[member];
	struct place *p = &d->place[m->place];
	utime_t gap = DECLINE_GAP;

	if (gained) {
		if (m->last_gain == UTIME_NONE || d->now - m->last_gain > gap)
			m->rise = d->now;
		if (p->last_gain == UTIME_NONE || d->now - p->last_gain > gap)
			p->rise = d->now;
		m->last_gain = p->last_gain = d->now;
		return;
	}
	if (m->last_loss == UTIME_NONE || d->now - m->last_loss > gap) {
		m->fall = d->now;
		m->before = (float)member_visibility(d, m);
	}
	if (p->last_loss == UTIME_NONE || d->now - p->last_loss > gap) {
		p->fall = d->now;
		p->before = (float)place_visibility(p);
	}
	m->last_loss = p->last_loss = d->now;
}

static void visible_moved(struct detect *d, uint32_t member, bool gained, uint32_t weight)
{
	struct member_of *m = &d->member[member];
	struct place *p = &d->place[m->place];

	if (!gained && m->visible < weight)
		return;
	if (!d->quiet)
		decline_note(d, member, gained);
	m->visible = gained ? m->visible + weight : m->visible - weight;
	if (m->established)
		p->seen = gained ? p->seen + m->weight * weight : p->seen - m->weight * weight;
	touch_member(d, member);
	member_level(d, member, d->now);
}

/* One peer's route of one member: from this upstream to that one. */
static void member_vote(
    struct detect *d, uint32_t member, peer_id peer, asn_t old, asn_t new, uint32_t weight)
{
	if (old != new &&new != UP_NONE &&new != UP_DARK)
		vote_gained(d, member, new, weight);
	if (old != new &&old != UP_NONE && old != UP_DARK)
		vote_lost(d, member, old, peer, weight);
	if ((old == UP_NONE) != (new == UP_NONE))
		visible_moved(d, member, old == UP_NONE, weight);
}

/* A place that was asked for by name, or an AS. */
static void route_moved_there(struct detect *d, uint32_t member, const struct change *c, uint32_t weight)
{
	const struct place *p = &d->place[d->member[member].place];
	asn_t was, is;

	if (peer_inside(d, p, c->peer))
		return;
	was = route_upstream(d, p, c->old);
	is = route_upstream(d, p, c->new);
	if (p->kind == TERRITORY_AS && was == UP_DARK && c->old &&
	    path_way(d, c->old)->origin != territory_asn(p->who))
		was = UP_NONE;
	if (p->kind == TERRITORY_AS && is == UP_DARK &&
	    c->new &&path_way(d, c->new)->origin != territory_asn(p->who))
		is = UP_NONE;
	member_vote(d, member, c->peer, was, is, weight);
}

static void route_moved(
    struct detect *d, const struct change *c, const struct way *old, const struct way *new, uint32_t weight)
{
	cc_t inside = d->peer_home[c->peer];

	for (uint32_t m = prefix_members(d, c->prefix); m != NO_INDEX; m = d->member[m].next_of_prefix) {
		const struct place *p = &d->place[d->member[m].place];
		if (p->who)
			route_moved_there(d, m, c, weight);
		else if (p->country != inside)
			member_vote(d, m, c->peer, way_upstream(old, p->country),
			    way_upstream(new, p->country), weight);
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
		for (uint32_t m = pf->member; m != NO_INDEX; m = d->member[m].next_of_prefix)
			member_reweigh(d, m);
	if (parent == PREFIX_NONE || parent >= d->prefixes)
		return;
	for (uint32_t m = d->prefix[parent].member; m != NO_INDEX; m = d->member[m].next_of_prefix)
		member_reweigh(d, m);
}

/* Nothing that a place could see: same way in, same origin, no leak. The usual case, so it is asked first. */
static bool change_is_inner(
    const struct detect *d, const struct change *c, const struct way *old, const struct way *new)
{
	if (d->o.whos || c->old == PATH_NONE || c->new == PATH_NONE)
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
	if ((c->old == PATH_NONE) != (c->new == PATH_NONE))
		announced_moved(d, c->prefix);
	if (!origin_stays(pf, c, old, new))
		origin_change(d, c, old, new);
	if ((old->flags | new->flags) & WAY_LEAK || c->otc)
		leak_change(d, c, old, new);
	route_moved(d, c, path_way(d, c->old), path_way(d, c->new), weight);
}

/* ---- who votes ---- */

static void votes_move(struct detect *d, const struct change *c, size_t n, uint32_t weight)
{
	struct ahead a;

	for (size_t i = 0; i < n; i++) {
		const struct prefix_fact *pf = &d->prefix[c[i].prefix];
		const struct way *old = path_way(d, c[i].old), *new = path_way(d, c[i].new);
		changes_fetch(d, &a, c, n, i);
		if (d->o.whos || d->o.every_as)
			as_members_join(d, c[i].prefix, c[i].new == PATH_NONE ? old->origin : new->origin);
		d->prefix[c[i].prefix].announced = true;
		if (!origin_stays(pf, &c[i], old, new))
			origin_change(d, &c[i], old, new);
		if ((old->flags | new->flags) & WAY_LEAK)
			leak_change(d, &c[i], old, new);
		route_moved(d, &c[i], path_way(d, c[i].old), path_way(d, c[i].new), weight);
	}
}

static void column_vote(struct detect *d, peer_id peer, size_t row, uint32_t weight, bool gained)
{
	enum { MOVED_AT_ONCE = 512 };
	const path_id *column = peer_column(d->t, peer);
	size_t all = prefix_count(d->t), n = 0;
	struct change c[MOVED_AT_ONCE];

	for (prefix_id i = 0; i < all; i++) {
		if (column[i] <= PATH_UNREAD || d->prefix[i].row != row)
			continue;
		c[n++] = (struct change){.time = d->now,
		    .prefix = i,
		    .peer = peer,
		    .kind = CHANGE_LOAD,
		    .old = gained ? PATH_NONE : column[i],
		    .new = gained ? column[i] : PATH_NONE};
		if (n == MOVED_AT_ONCE) {
			votes_move(d, c, n, weight);
			n = 0;
		}
	}
	votes_move(d, c, n, weight);
}

/* The fewest that are this part of all. */
static uint32_t votes_from(uint32_t all, double part)
{
	uint32_t n = (uint32_t)(part * all);

	if (!all)
		return part > 0 ? UINT32_MAX : 0;
	while (n > 0 && (double)(n - 1) / all >= part)
		n--;
	while ((double)n / all < part)
		n++;
	return n;
}

void place_entitle(struct detect *d, struct place *p)
{
	const uint16_t *vote = d->vote + family_index(p->family) * d->peers;

	p->votes = 0;
	for (peer_id k = 0; k < d->peers; k++)
		if (vote[k] && !peer_inside(d, p, k))
			p->votes += vote[k];
	p->down = votes_from(p->votes, d->o.down_below);
	p->up = votes_from(p->votes, d->o.up_from);
}

/* The weights peers should have now. */
static void votes_wanted(struct detect *d, unsigned row, uint16_t *want)
{
	const struct voters *v = &d->voters[row];

	for (size_t i = 0; i < d->peers; i++) {
		unsigned same = 0;
		want[i] = 0;
		if (i >= v->n || !v->votes[i] || d->watch[i].frozen)
			continue;
		for (size_t k = 0; k < d->peers && k < v->n; k++)
			same += v->votes[k] && !d->watch[k].frozen && d->peer_asn[k] == d->peer_asn[i];
		want[i] = (uint16_t)(VOTE / same);
	}
}

void peers_grow(struct detect *d)
{
	size_t n = peer_count(d->t);
	uint16_t *vote;

	if (n == d->peers)
		return;
	vote = mem_array(2 * n, sizeof *vote);
	for (unsigned row = 0; row < 2; row++)
		if (d->peers)
			memcpy(vote + row * n, d->vote + row * d->peers, d->peers * sizeof *vote);
	free(d->vote);
	d->vote = vote;
	d->peer_asn = mem_grow(d->peer_asn, n, sizeof *d->peer_asn);
	d->peer_home = mem_grow(d->peer_home, n, sizeof *d->peer_home);
	d->watch = mem_grow(d->watch, n, sizeof *d->watch);
	for (size_t i = d->peers; i < n; i++) {
		d->peer_asn[i] = peer_of(d->t, (peer_id)i)->key.asn;
		d->peer_home[i] = asn_home(d, d->peer_asn[i]);
		d->watch[i] = (struct peer_watch){.start = UTIME_NONE,
		    .routes_at = UTIME_NONE,
		    .frozen_at = UTIME_NONE,
		    .whole = UTIME_NONE,
		    .event = NO_INDEX};
	}
	if (!d->o.baseline) {
		d->met = mem_grow(d->met, n, sizeof *d->met);
		d->met_words = mem_grow(d->met_words, n, sizeof *d->met_words);
		for (size_t i = d->peers; i < n; i++) {
			d->met[i] = NULL;
			d->met_words[i] = 0;
		}
	}
	d->peers = n;
}

static bool row_refresh(struct detect *d, unsigned row, uint16_t *want)
{
	uint16_t *vote = d->vote + row * d->peers;
	uint8_t family = row ? FAMILY_IPV6 : FAMILY_IPV4;
	bool moved = false;

	if (d->o.family && d->o.family != family)
		return false;
	voters_find(d->t, family, d->o.all_peers || !d->o.baseline, &d->voters[row]);
	votes_wanted(d, row, want);
	for (size_t i = 0; i < d->peers; i++) {
		if (want[i] == vote[i])
			continue;
		if (vote[i])
			column_vote(d, (peer_id)i, row, vote[i], false);
		if (want[i])
			column_vote(d, (peer_id)i, row, want[i], true);
		vote[i] = want[i];
		moved = true;
	}
	d->votes[row] = 0;
	for (size_t i = 0; i < d->peers; i++)
		d->votes[row] += vote[i];
	d->ases[row] = (d->votes[row] + VOTE - 1) / VOTE;
	return moved;
}

/* At the end of a batch, when the columns are what the changes have told. */
void voters_refresh(struct detect *d)
{
	uint16_t *want;
	bool quiet = d->quiet, moved = false;

	if (!d->armed && d->o.baseline && !(d->voters_due && d->dumped))
		return;
	peers_grow(d);
	want = mem_array(d->peers + 1, sizeof *want);
	d->quiet = true;
	for (unsigned row = 0; row < 2; row++)
		moved |= row_refresh(d, row, want);
	free(want);
	if (moved) {
		for (uint32_t m = 0; m < d->n_members; m++)
			member_reweigh(d, m);
		for (size_t i = 0; i < d->n_places; i++)
			place_entitle(d, &d->place[i]);
		for (uint32_t m = 0; m < d->n_members; m++)
			member_level(d, m, d->now);
		share_rebase(d);
		carriers_gone(d);
		members_gone(d);
	}
	d->quiet = quiet;
	d->votes_ever |= moved;
	if (!d->armed && d->o.baseline && d->votes_ever) {
		d->armed = true;
		d->armed_at = d->now;
	}
	d->voters_due = false;
	d->voters_at = d->now;
}

/* ---- the end of a second ---- */

enum { NEXT = 8 }; /* how far ahead is fetched here */

static void members_settle(struct detect *d)
{
	size_t n = d->n_touched_members;

	for (size_t i = 0; i < n; i++) {
		if (i + 2 * NEXT < n)
			__builtin_prefetch(&d->member[d->touched_member[i + 2 * NEXT]], 1);
		if (i + NEXT < n) {
			uint32_t k = d->member[d->touched_member[i + NEXT]].cells;
			__builtin_prefetch(k == NO_INDEX ? NULL : &d->cell[k]);
		}
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

void settle(struct detect *d)
{
	members_settle(d);
	carriers_settle(d);
	for (size_t i = 0; i < d->n_dirty; i++)
		share_settle(d, d->dirty_place[i]);
	for (size_t i = 0; i < d->n_dirty; i++)
		d->place[d->dirty_place[i]].dirty = false;
	d->n_dirty = 0;
}
