/*
 * detect/outage: prefixes and places that go dark and come back. In: visibility as it moves. Out: outage
 * events: one for a place, or one for the prefixes of a network that went together. States UP (>= up_from),
 * DEGRADED, DOWN (< down_below); never "zero", for peers miss withdrawals. What is still reached under a
 * covering prefix, or is wholly covered by more specifics, is not down.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t level_of(const struct detect_options *o, double visibility)
{
	if (visibility < o->down_below)
		return LEVEL_DOWN;
	return visibility >= o->up_from ? LEVEL_UP : LEVEL_DEGRADED;
}

/* With a billionth to spare at either end for the rounding of visibilities; empty where that leaves nothing.
 */
struct still level_still(const struct detect_options *o, uint8_t level, uint64_t whole, uint32_t votes)
{
	static const double spare = 1e-9, most = 1e18;
	double all = (double)whole * votes, down = o->down_below * all,
	       up = o->up_from > o->down_below ? o->up_from * all : down, from = 0, to = most;

	if (level == LEVEL_UNKNOWN || all < 1 || all > most)
		return (struct still){.from = 1};
	if (level != LEVEL_DOWN)
		from = (level == LEVEL_UP ? up : down) * (1 + spare) + 1;
	if (level != LEVEL_UP)
		to = (level == LEVEL_DOWN ? down : up) * (1 - spare) - 1;
	if (to < from)
		return (struct still){.from = 1};
	return (struct still){(uint64_t)from, (uint64_t)to, whole, votes};
}

/* Established prefixes of a network in a place: counted as they come and go. */
static uint64_t network_key(const struct detect *d, const struct member_of *m)
{
	return (uint64_t)(m->place + 1) << 32 | d->prefix[m->prefix].origin | UINT64_C(1) << 62;
}

static uint32_t network_size(const struct detect *d, const struct member_of *m)
{
	uint32_t n = map_get(&d->groups, network_key(d, m));

	return n == NO_INDEX ? 0 : n;
}

static void member_establish(struct detect *d, uint32_t member, utime_t at)
{
	struct member_of *m = member_at(d, member);
	struct place *p = &d->place[m->place];

	m->established = true;
	m->state = LEVEL_UP;
	member_more_at(d, member)->up_since = at;
	p->seen += m->weight * m->visible;
	p->whole += m->weight;
	p->up_members++;
	map_put(&d->groups, network_key(d, m), network_size(d, m) + 1);
}

/* It is gone for good, or reached otherwise: it no longer counts as missing. */
static void member_forget(struct detect *d, struct member_of *m)
{
	struct place *p = &d->place[m->place];

	m->established = false;
	p->seen -= m->weight * m->visible;
	p->whole -= m->weight;
	p->up_members--;
	if (network_size(d, m))
		map_put(&d->groups, network_key(d, m), network_size(d, m) - 1);
}

/* A step by a change of who votes alone is no happening; after withdrawals seen lately it shows what they
 * began. */
static bool falls(const struct detect *d, utime_t last_loss)
{
	return !d->quiet || (d->armed && last_loss != UTIME_NONE && d->now - last_loss <= d->o.lost_after);
}

void place_level(struct detect *d, uint32_t place, utime_t at)
{
	struct place *p = &d->place[place];
	uint8_t level;

	if (level_stays(p))
		return;
	level = p->whole ? level_of(&d->o, place_visibility(p)) : LEVEL_UNKNOWN;
	p->still = level_still(&d->o, level, p->whole, p->votes);
	if (level == p->level)
		return;
	if (level == LEVEL_UP && p->level != LEVEL_UP) {
		p->visible_since = at;
		if (p->state == LEVEL_DOWN)
			due_add(d, DUE_PLACE_UP, at + d->o.up_after, place, 0, at);
		else
			p->state = LEVEL_UP;
	}
	p->crossed = at;
	p->level = level;
	if (level == LEVEL_DOWN && p->state == LEVEL_UP && falls(d, p->last_loss) && d->o.baseline)
		due_add(d, DUE_PLACE_DOWN, at + d->o.down_after, place, 0, at);
}

void member_level(struct detect *d, uint32_t member, utime_t at)
{
	struct member_of *m = member_at(d, member);
	const struct place *p = &d->place[m->place];
	uint8_t level = member_level_of(m, p);

	if (!m->established && level == LEVEL_UP)
		member_establish(d, member, at);
	if (m->established)
		place_level(d, m->place, at);
	if (level == m->level)
		return;
	m->level = level;
	touch_member(d, m, member);
	member_more_at(d, member)->crossed = at;
	if (!m->established)
		return;
	if (level == LEVEL_DOWN && m->state == LEVEL_UP && falls(d, m->last_loss))
		due_add(d, DUE_DOWN, at + d->o.down_after, member, 0, at);
	if (level != LEVEL_UP)
		return;
	if (m->state == LEVEL_DOWN)
		due_add(d, DUE_UP, at + d->o.up_after, member, 0, at);
	member_more_at(d, member)->up_since = at;
}

/* ---- what is down really ---- */

/* What part of the vantage ASes has a route for a prefix that covers this one. */
static double visible_above(const struct detect *d, prefix_id prefix)
{
	double best = 0;

	for (prefix_id i = prefix_parent(d->t, prefix); i != PREFIX_NONE && i < d->prefixes;
	     i = prefix_parent(d->t, i)) {
		uint32_t m = d->prefix[i].member;
		if (m != NO_INDEX)
			best = fmax(best, member_visibility(d, member_at(d, m)));
	}
	return best;
}

/* At least half of it is in no announced more specific. */
static bool mostly_own(const struct detect *d, prefix_id id)
{
	const struct prefix *p = prefix_of(d->t, id);
	unsigned unit = p->family == FAMILY_IPV4 ? 32 : 48;

	return p->len + 1U < unit && prefix_own(d->t, id) >= UINT64_C(1) << (unit - p->len - 1);
}

/* Are its more specifics all of it, and up? */
static bool covered_by_parts(const struct detect *d, prefix_id id)
{
	enum { PARTS = 256 };
	prefix_id inside[PARTS];
	const struct prefix *p = prefix_of(d->t, id);
	size_t n = prefix_inside(d->t, p, inside, PARTS);
	double part = 0;

	for (size_t i = 0; i < n && i < PARTS; i++) {
		uint32_t m =
		    inside[i] == id || inside[i] >= d->prefixes ? NO_INDEX : d->prefix[inside[i]].member;
		prefix_id above = prefix_parent(d->t, inside[i]);
		bool outer = above == id || above == PREFIX_NONE || !prefix_covers(p, prefix_of(d->t, above));
		if (outer && m != NO_INDEX && member_visibility(d, member_at(d, m)) >= d->o.up_from)
			part += exp2((double)p->len - prefix_of(d->t, inside[i])->len);
	}
	return part >= 0.999;
}

static bool member_is_down(struct detect *d, struct member_of *m)
{
	const struct place *p = &d->place[m->place];
	uint32_t lost = p->votes > m->visible ? p->votes - m->visible : 0;
	unsigned needed = p->votes / VOTE < d->o.down_vantage_min ? p->votes / VOTE : d->o.down_vantage_min;

	if (lost < needed * VOTE || needed == 0)
		return false;
	if (visible_above(d, m->prefix) >= d->o.up_from)
		return false;
	return mostly_own(d, m->prefix) || !covered_by_parts(d, m->prefix);
}

/* ---- events ---- */

static uint64_t group_key(const struct detect *d, const struct member_of *m)
{
	return (uint64_t)(m->place + 1) << 32 | d->prefix[m->prefix].origin;
}

static uint32_t group_get(struct detect *d, const struct member_of *m)
{
	const struct place *p = &d->place[m->place];

	return place_is_small(d, p) ? p->group : map_get(&d->groups, group_key(d, m));
}

static void group_put(struct detect *d, const struct member_of *m, uint32_t event)
{
	struct place *p = &d->place[m->place];

	if (place_is_small(d, p))
		p->group = event;
	else
		map_put(&d->groups, group_key(d, m), event);
}

static void outage_why(struct detect *d, struct event *e, const struct place *p)
{
	char where[64], who[96] = "";

	place_text(d, p, where, sizeof where);
	if (e->asn)
		asn_text(d, e->asn, who, sizeof who);
	if (e->scope == SCOPE_TERRITORY)
		event_why(e, "%s is dark: %zu prefix%s down, visibility %.2f to %.2f", where, e->prefixes,
		    es(e->prefixes), e->before, e->after);
	else if (d->o.baseline)
		event_why(e, "%zu of %u prefix%s of %s%s%s%s down, visibility %.2f to %.2f", e->prefixes,
		    p->members, es(p->members), where, *who ? " (" : "", who, *who ? ")" : "", e->before,
		    e->after);
	else
		event_why(e, "%zu prefix%s of %s%s%s%s down, visibility %.2f to %.2f", e->prefixes,
		    es(e->prefixes), where, *who ? " (" : "", who, *who ? ")" : "", e->before, e->after);
}

static void outage_add(struct detect *d, uint32_t index, uint32_t member)
{
	struct member_of *m = member_at(d, member);

	m->state = LEVEL_DOWN;
	member_more_at(d, member)->outage = index;
	event_add_prefix(d, index, prefix_of(d->t, m->prefix));
	d->event[index]->live++;
	if (m->fall > d->event[index]->last)
		d->event[index]->last = m->fall;
}

/* Where the way back to the first sign of a member's outage begins. */
static const struct trail *outage_trail(const struct detect *d, uint32_t member, utime_t first_seen)
{
	const struct member_of *m = member_at(d, member);
	const struct trail *fell = &member_more_at(d, member)->fell;

	return first_seen <= m->fall && trail_stands(d, m->fall) ? fell : &d->prefix[m->prefix].trail;
}

/* joined: the one member that is new to it; NO_INDEX: several are. */
static void outage_tell(
    struct detect *d, uint32_t index, uint32_t joined, double weight, double before, double after)
{
	struct event *e = event_at(d, index);
	struct look *look = &d->event[index]->look;
	struct place *p = &d->place[d->event[index]->place];
	struct matter what = {.place = p, .what = MATTER_GONE};

	event_sort(d, index);
	e->before = before;
	e->after = after;
	e->severity = severity_of(d, p, p->whole ? weight / (double)p->whole : 1, e);
	if (event_is_read(d, e)) {
		witness_all(d, e, &what);
		outage_why(d, e, p);
		look->at = UTIME_NONE;
	} else {
		witness_begin(
		    d, e, look, joined == NO_INDEX ? NULL : outage_trail(d, joined, e->first_seen), &what);
	}
	place_explain(p, e->first_seen);
	event_tell(d, index);
}

/* Every established prefix of the network that is down, in this place: is that the whole network? */
static enum event_scope group_scope(const struct detect *d, const struct member_of *m, size_t down)
{
	const struct place *p = &d->place[m->place];

	if (place_is_small(d, p))
		return down >= p->up_members ? SCOPE_TERRITORY : SCOPE_PREFIX;
	return down >= network_size(d, m) && d->o.baseline ? SCOPE_AS : SCOPE_PREFIX;
}

static void outage_join(struct detect *d, uint32_t index, struct place *p)
{
	event_join(d, index, &p->trouble_episode, &p->trouble_last);
}

static void group_down(struct detect *d, uint32_t member)
{
	struct member_of *m = member_at(d, member);
	struct place *p = &d->place[m->place];
	uint32_t index = group_get(d, m);
	double weight = 0;
	struct event *e = event_at(d, index);

	if (!e || m->fall - d->event[index]->last > GROUP_WITHIN) {
		index = event_open(d, EVENT_OUTAGE, SCOPE_PREFIX, m->place, m->fall);
		e = event_at(d, index);
		group_put(d, m, index);
		if (place_is_small(d, p))
			outage_join(d, index, p);
	}
	if (m->fall < e->first_seen)
		e->first_seen = m->fall;
	outage_add(d, index, member);
	event_sort(d, index);
	e->scope = group_scope(d, m, e->prefixes);
	e->asn = d->prefix[m->prefix].origin;
	for (size_t i = 0; i < e->prefixes; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		weight += id == PREFIX_NONE || d->prefix[id].member == NO_INDEX
			      ? 0
			      : (double)member_at(d, d->prefix[id].member)->weight;
	}
	outage_tell(d, index, member, weight, m->before, member_visibility(d, m));
}

void down_fetch(const struct detect *d, const struct due *due)
{
	const struct member_of *m = member_at(d, due->subject);

	if (m->level != LEVEL_DOWN)
		return;
	journal_fetch(d, &member_more_at(d, due->subject)->fell);
	map_fetch(&d->groups, group_key(d, m));
	map_fetch(&d->groups, network_key(d, m));
}

void down_judge(struct detect *d, const struct due *due)
{
	struct member_of *m = member_at(d, due->subject);
	struct place *p = &d->place[m->place];

	if (!m->established || m->level != LEVEL_DOWN || m->state == LEVEL_DOWN ||
	    member_more_at(d, due->subject)->crossed != due->stamp)
		return;
	if (!member_is_down(d, m)) {
		member_forget(d, m);
		return;
	}
	if (event_at(d, p->outage)) {
		outage_add(d, p->outage, due->subject);
		outage_tell(d, p->outage, due->subject, (double)p->whole, p->before, place_visibility(p));
	} else if (d->o.baseline && p->level == LEVEL_DOWN && p->state == LEVEL_UP &&
		   p->crossed + d->o.down_after >= due->at) {
		/* the place itself is about to be judged */
		due_add(d, DUE_DOWN, p->crossed + d->o.down_after + 1, due->subject, 0, due->stamp);
	} else {
		group_down(d, due->subject);
	}
}

void up_judge(struct detect *d, const struct due *due)
{
	struct member_of *m = member_at(d, due->subject);
	struct member_more *more = member_more_at(d, due->subject);
	uint32_t index = more->outage;

	if (m->state != LEVEL_DOWN || m->level != LEVEL_UP || more->crossed != due->stamp)
		return;
	m->state = LEVEL_UP;
	more->outage = NO_INDEX;
	place_explain(&d->place[m->place], more->crossed);
	if (event_at(d, index) && --d->event[index]->live == 0 && d->place[m->place].outage != index)
		event_close(d, index, more->crossed);
}

void place_down_judge(struct detect *d, const struct due *due)
{
	uint32_t place = due->subject;
	struct place *p = &d->place[place];
	uint32_t index;

	if (p->level != LEVEL_DOWN || p->state != LEVEL_UP || p->crossed != due->stamp)
		return;
	p->state = LEVEL_DOWN;
	index = event_open(d, EVENT_OUTAGE, SCOPE_TERRITORY, place, p->fall);
	for (uint32_t i = p->first_member; i != NO_INDEX; i = member_more_at(d, i)->next_of_place) {
		struct member_of *m = member_at(d, i);
		if (m->established && m->level == LEVEL_DOWN && m->state == LEVEL_UP && member_is_down(d, m))
			outage_add(d, index, i);
	}
	if (d->event[index]->live == 0) { /* reached otherwise, all of it */
		event_drop(d, index);
		return;
	}
	p->outage = index;
	outage_join(d, index, p);
	if (event_at(d, p->group) && p->group != index)
		event_at(d, index)->episode = event_at(d, p->group)->episode;
	outage_tell(d, index, NO_INDEX, (double)p->whole, p->before, place_visibility(p));
}

void place_up_judge(struct detect *d, const struct due *due)
{
	struct place *p = &d->place[due->subject];

	if (p->level != LEVEL_UP || p->crossed != due->stamp)
		return;
	p->state = LEVEL_UP;
	place_explain(p, p->crossed);
	event_close(d, p->outage, p->crossed);
	p->outage = NO_INDEX;
}
