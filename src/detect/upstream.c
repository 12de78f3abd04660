/*
 * detect/upstream: who begins and ceases to carry a place. In: the first and last vote of carriers. Out:
 * upstream-new, upstream-lost, upstream-return of all that a carrier has; of some of it: move.c.
 *
 * A carrier's stay: absent, rising (routes, but not yet enough vantage ASes), present, fading (no route left,
 * not yet for long enough), lost. A peer's loss or a table load moves nothing here: quiet changes make a
 * carrier present and known, and never absent.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

#define YEAR (365 * DAY)

static bool seen_within_a_year(const struct detect *d, const struct carrier *c)
{
	utime_t last = more_of(d, c)->last_known;

	return c->known && (last == UTIME_NONE || d->now - last <= YEAR);
}

/* What went before is of no decline of this stay, however shortly before. */
static void stay_begins(struct detect *d, struct carrier *c, utime_t at)
{
	more_of(d, c)->since = at;
	c->last_loss = UTIME_NONE;
}

void carrier_rise(struct detect *d, uint32_t carrier, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];

	if (d->quiet) {
		if (c->stay == STAY_ABSENT || c->stay == STAY_LOST)
			stay_begins(d, c, at);
		c->stay = STAY_PRESENT;
		c->known = true;
		more->zero = UTIME_NONE;
		return;
	}
	switch (c->stay) {
	case STAY_FADING:
		c->stay = STAY_PRESENT;
		more->zero = UTIME_NONE;
		break;
	case STAY_ABSENT:
	case STAY_LOST:
		c->returning = c->stay == STAY_LOST;
		stay_begins(d, c, at);
		c->established = false;
		c->stay = STAY_RISING;
		break;
	default:
		break;
	}
}

/* The cells of a carrier: to find them all of the place's members are walked over, so that is done once. */
struct carried {
	struct one {
		uint32_t member, cell;
	} * v;
	size_t n, cap;
};

static struct carried carrier_cells(const struct detect *d, uint32_t carrier)
{
	uint32_t m = d->place[d->carrier[carrier].place].first_member;
	struct carried all = {0};

	for (; m != NO_INDEX; m = member_more_at(d, m)->next_of_place) {
		uint32_t k = cell_of(d, m, carrier);
		if (k == NO_INDEX)
			continue;
		all.v = vec_room(all.v, all.n, &all.cap, sizeof *all.v);
		all.v[all.n++] = (struct one){m, k};
	}
	return all;
}

static void carrier_prefixes(struct detect *d, const struct carried *all, uint32_t event, bool gained)
{
	for (size_t i = 0; i < all->n; i++) {
		struct cell *cell = cell_at(d, all->v[i].cell);
		if (!cell->held || (!gained && cell->votes))
			continue;
		event_add_prefix(d, event, prefix_of(d->t, member_at(d, all->v[i].member)->prefix));
		cell_over(d, cell, cell->at);
		if (!gained) {
			cell->held = false;
			cell->before = true;
		}
	}
}

static void carrier_lets_go(struct detect *d, uint32_t carrier, const struct carried *all)
{
	for (size_t i = 0; i < all->n; i++)
		cell_at(d, all->v[i].cell)->held = false;
	d->carrier[carrier].held = 0;
}

void carrier_witnesses(struct detect *d, uint32_t index, bool gained)
{
	struct event *e = event_at(d, index);
	struct matter m = {.place = &d->place[d->event[index]->place],
	    .upstream = e->upstream,
	    .what = gained ? MATTER_GAIN : MATTER_LOSS};

	event_sort(d, index);
	e->first_seen = witness_first(d, e, e->first_seen, &m);
	witness_evidence(d, e, e->first_seen, d->now, &m);
}

/* Updates alone show what moved, not the whole of which a share or a count would be. */
void gain_why(struct detect *d, struct event *e, const struct carrier *c)
{
	const struct place *p = &d->place[c->place];
	const char *forged = asn_is_transit(d, c->asn)
				 ? ""
				 : "; it is not known to carry anybody else, the path may be forged";
	const char *known = e->kind != EVENT_UPSTREAM_NEW ? "it had carried it before"
			    : d->o.baseline               ? "not seen carrying it before"
							  : "not seen carrying it since the data begins";
	char who[96], where[64];

	asn_text(d, c->asn, who, sizeof who);
	place_text(d, p, where, sizeof where);
	if (d->o.baseline) {
		event_why(e, "%s carries %zu of %u prefix%s of %s, share %.3f to %.3f; %s%s", who,
		    e->prefixes, p->members, es(p->members), where, e->before, e->after, known, forged);
		return;
	}
	e->before = e->after = NAN;
	event_why(e, "%s carries %zu prefix%s of %s; %s%s", who, e->prefixes, es(e->prefixes), where, known,
	    forged);
}

/* An AS that carries nobody else must at least carry what was there before it: else a path was made up. */
static bool carrier_is_real(struct detect *d, uint32_t carrier, const struct carried *all)
{
	if (asn_is_transit(d, d->carrier[carrier].asn))
		return true;
	for (size_t i = 0; i < all->n; i++)
		if (cell_at(d, all->v[i].cell)->votes && member_at(d, all->v[i].member)->established)
			return true;
	return false;
}

/* Who originates what is another's, or carries it, is told with the new origin: no way to the real one. */
static bool carrier_is_taker(const struct detect *d, uint32_t carrier, const struct carried *all, bool gained)
{
	const struct carrier *c = &d->carrier[carrier];
	utime_t at = gained ? d->carrier_more[carrier].since : c->fall;
	bool any = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct cell *cell = cell_at(d, all->v[i].cell);
		prefix_id prefix = member_at(d, all->v[i].member)->prefix;
		if (!(gained ? cell->votes > 0 : cell->held))
			continue;
		if (!prefix_is_taken(d, prefix, c->asn) && !prefix_is_hijacked(d, prefix, at))
			return false;
		any = true;
	}
	return any;
}

/* Updates alone show some of its prefixes, never all: then nothing is said of the territory. */
static enum event_scope whole_scope(const struct detect *d)
{
	return d->o.baseline ? SCOPE_TERRITORY : SCOPE_PREFIX;
}

/* It began with the first word of any of its prefixes, of those too that few have seen it carry as yet. */
static utime_t carrier_began(struct detect *d, uint32_t carrier)
{
	const struct carrier *c = &d->carrier[carrier];
	const struct carrier_more *more = &d->carrier_more[carrier];
	const struct place *p = &d->place[c->place];
	struct matter gain = {.place = p, .upstream = c->asn, .what = MATTER_GAIN};
	uint32_t from = journal_number(d, more->since - MINUTE / 2);
	utime_t first = more->since, one;

	for (uint32_t m = p->first_member; m != NO_INDEX; m = member_more_at(d, m)->next_of_place) {
		prefix_id prefix = member_at(d, m)->prefix;
		if (trail_latest(&d->prefix[prefix].trail) < from)
			continue; /* nothing came of it since */
		one = witness_first_of(d, prefix, more->since, &gain);
		first = one < first ? one : first;
	}
	return first;
}

static void carrier_tell(struct detect *d, uint32_t carrier, const struct carried *all, uint32_t over)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	uint32_t index = event_open(d, c->returning ? EVENT_UPSTREAM_RETURN : EVENT_UPSTREAM_NEW,
	    whole_scope(d), c->place, carrier_began(d, carrier));
	struct event *e = event_at(d, index);

	c->known = true;
	more->event = index;
	event_upstream(d, e, c->asn);
	event_join(d, index, &more->episode, &more->episode_last);
	carrier_prefixes(d, all, index, true);
	carrier_witnesses(d, index, true);
	e->before = 0;
	e->after = carrier_share(d, c);
	e->severity = severity_of(d, &d->place[c->place], e->after, e);
	gain_why(d, e, c);
	place_explain(&d->place[c->place], e->first_seen);
	event_close(d, over, e->first_seen);
	event_tell(d, index);
	due_add(d, DUE_RETELL, more->since + GROUP_WITHIN, carrier, 0, more->since);
}

void carrier_confirm(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	uint32_t over = more->event;
	struct carried all;

	c->stay = STAY_PRESENT;
	place_moved(&d->place[c->place], more->since);
	more->event = NO_INDEX;
	if (!c->returning && seen_within_a_year(d, c)) { /* seen, by too few to be told of */
		event_close(d, over, more->since);
		return;
	}
	all = carrier_cells(d, carrier);
	if ((!c->returning && !carrier_is_real(d, carrier, &all)) || carrier_is_taker(d, carrier, &all, true))
		event_close(d, over, more->since);
	else
		carrier_tell(d, carrier, &all, over);
	free(all.v);
}

/* Five minutes after the first sign the shares have found their place. */
void carrier_retell(struct detect *d, const struct due *due)
{
	struct carrier *c = &d->carrier[due->subject];
	struct carrier_more *more = &d->carrier_more[due->subject];
	struct event *e = event_at(d, more->event);

	if (!e || more->since != due->stamp || c->stay != STAY_PRESENT)
		return;
	e->after = carrier_share(d, c);
	e->severity = severity_of(d, &d->place[c->place], e->after, e);
	carrier_witnesses(d, more->event, true);
	gain_why(d, e, c);
	event_tell(d, more->event);
}

void carrier_fall(struct detect *d, uint32_t carrier, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];

	if (d->quiet)
		return; /* nobody is left who could see it */
	if (c->stay == STAY_RISING || !c->established) {
		c->stay = c->stay == STAY_RISING && c->returning ? STAY_LOST : STAY_ABSENT;
		return;
	}
	c->stay = STAY_FADING;
	more->zero = at;
	place_moved(&d->place[c->place], c->fall);
	due_add(d, DUE_LOST, at + d->o.lost_after, carrier, 0, at);
}

void loss_why(struct detect *d, struct event *e, asn_t asn, const struct place *p)
{
	char who[96], where[64];

	asn_text(d, asn, who, sizeof who);
	place_text(d, p, where, sizeof where);
	if (!d->o.baseline) {
		e->before = e->after = NAN;
		event_why(
		    e, "%s carries %zu prefix%s of %s no longer", who, e->prefixes, es(e->prefixes), where);
	} else if (e->scope == SCOPE_TERRITORY)
		event_why(e, "No path to %s through %s any more, share %.3f to %.3f", where, who, e->before,
		    e->after);
	else
		event_why(e, "%s carries %zu prefix%s of %s no longer, share %.3f to %.3f", who, e->prefixes,
		    es(e->prefixes), where, e->before, e->after);
}

utime_t ask_again(const struct detect *d, uint8_t level, utime_t visible_since)
{
	if (level == LEVEL_DOWN)
		return lost_later(d);
	if (visible_since != UTIME_NONE && visible_since + d->o.lost_after > d->now)
		return visible_since + d->o.lost_after;
	return UTIME_NONE;
}

static void loss_tell(struct detect *d, uint32_t carrier, const struct carried *all, uint32_t over)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	const struct place *p = &d->place[c->place];
	uint32_t index = event_open(d, EVENT_UPSTREAM_LOST, whole_scope(d), c->place, c->fall);
	struct event *e = event_at(d, index);

	more->event = index;
	event_upstream(d, e, c->asn);
	event_join(d, index, &more->episode, &more->episode_last);
	carrier_prefixes(d, all, index, false);
	c->held = 0;
	carrier_witnesses(d, index, false);
	e->before = more->calm;
	e->after = 0;
	e->severity = severity_of(d, p, e->before, e);
	loss_why(d, e, c->asn, p);
	place_explain(&d->place[c->place], e->first_seen);
	event_close(d, over, e->first_seen);
	event_tell(d, index);
}

void carrier_judge_lost(struct detect *d, const struct due *due)
{
	struct carrier *c = &d->carrier[due->subject];
	struct carrier_more *more = &d->carrier_more[due->subject];
	const struct place *p = &d->place[c->place];
	utime_t again = ask_again(d, p->level, p->visible_since);
	uint32_t over = more->event;
	struct carried all;

	if (c->stay != STAY_FADING || more->zero != due->stamp)
		return;
	if (again != UTIME_NONE) {
		due_add(d, DUE_LOST, again, due->subject, 0, due->stamp);
		return;
	}
	c->stay = STAY_LOST;
	more->event = NO_INDEX;
	all = carrier_cells(d, due->subject);
	if (carrier_is_taker(d, due->subject, &all, false)) {
		event_close(d, over, c->fall);
		carrier_lets_go(d, due->subject, &all);
	} else {
		loss_tell(d, due->subject, &all, over);
	}
	free(all.v);
}

void detect_known_upstream(
    struct detect *d, const char *territory, uint8_t family, asn_t upstream, utime_t first, utime_t last)
{
	uint32_t place = place_by_id(d, territory, family), carrier;
	struct carrier_more *more;
	struct carrier *c;

	if (place == NO_INDEX)
		return;
	carrier = carrier_find(d, place, upstream);
	c = &d->carrier[carrier];
	more = more_of(d, c);
	if (c->known && more->last_known != UTIME_NONE && more->last_known > last)
		return;
	c->known = true;
	more->last_known = last;
	if (c->stay == STAY_ABSENT) {
		c->stay = STAY_LOST;
		more->zero = last;
		more->since = first;
	}
}
