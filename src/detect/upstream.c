/*
 * detect/upstream: who begins and ceases to carry a place, or a prefix of it. In: the first and last vote of
 * carriers and cells. Out: upstream-new, upstream-lost, upstream-return.
 *
 * A carrier's stay: absent, rising (routes, but not yet enough vantage ASes), present, fading (no route left,
 * not yet for long enough), lost. A peer's loss or a table load moves nothing here: quiet changes make a
 * carrier present and known, and never absent.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define YEAR (365 * DAY)

static bool seen_within_a_year(const struct detect *d, const struct carrier *c)
{
	return c->known && (c->last_known == UTIME_NONE || d->now - c->last_known <= YEAR);
}

/* ---- the carrier as a whole ---- */

/* What went before is of no decline of this stay, however shortly before. */
static void stay_begins(struct carrier *c, utime_t at)
{
	c->since = at;
	c->last_loss = UTIME_NONE;
}

void carrier_rise(struct detect *d, uint32_t carrier, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];

	if (d->quiet) {
		if (c->stay == STAY_ABSENT || c->stay == STAY_LOST)
			stay_begins(c, at);
		c->stay = STAY_PRESENT;
		c->known = true;
		c->zero = UTIME_NONE;
		return;
	}
	switch (c->stay) {
	case STAY_FADING:
		c->stay = STAY_PRESENT;
		c->zero = UTIME_NONE;
		break;
	case STAY_ABSENT:
	case STAY_LOST:
		c->returning = c->stay == STAY_LOST;
		stay_begins(c, at);
		c->established = false;
		c->stay = STAY_RISING;
		break;
	default:
		break;
	}
}

/* The cell moved the other way: the event that told of its last move may be over. */
static void cell_over(struct detect *d, struct cell *cell, utime_t at)
{
	uint32_t index = cell->event;

	cell->event = NO_INDEX;
	if (event_at(d, index) && --d->event[index]->live == 0)
		event_close(d, index, at);
}

static void cell_told(struct detect *d, uint32_t cell, uint32_t member, uint32_t event)
{
	event_add_prefix(d, event, prefix_of(d->t, d->member[member].prefix));
	d->cell[cell].event = event;
	d->event[event]->live++;
}

static void carrier_prefixes(struct detect *d, uint32_t carrier, uint32_t event, bool gained)
{
	const struct carrier *c = &d->carrier[carrier];

	for (uint32_t m = d->place[c->place].first_member; m != NO_INDEX; m = d->member[m].next_of_place)
		for (uint32_t k = d->member[m].cells; k != NO_INDEX; k = d->cell[k].next) {
			struct cell *cell = &d->cell[k];
			if (cell->carrier != carrier || !cell->held || (!gained && cell->votes))
				continue;
			event_add_prefix(d, event, prefix_of(d->t, d->member[m].prefix));
			cell_over(d, cell, cell->at);
			if (!gained) {
				cell->held = false;
				cell->before = true;
			}
		}
}

static void carrier_lets_go(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];

	for (uint32_t m = d->place[c->place].first_member; m != NO_INDEX; m = d->member[m].next_of_place)
		for (uint32_t k = d->member[m].cells; k != NO_INDEX; k = d->cell[k].next)
			if (d->cell[k].carrier == carrier)
				d->cell[k].held = false;
	c->held = 0;
}

static void carrier_witnesses(struct detect *d, uint32_t index, bool gained)
{
	struct event *e = event_at(d, index);
	struct matter m = {.place = &d->place[d->event[index]->place],
	    .upstream = e->upstream,
	    .what = gained ? MATTER_GAIN : MATTER_LOSS};

	event_sort(d, index);
	e->first_seen = journal_first(d, e, e->first_seen, &m);
	journal_evidence(d, e, e->first_seen, d->now, &m);
}

/* Updates alone show what moved, not the whole of which a share or a count would be. */
static void gain_why(struct detect *d, struct event *e, const struct carrier *c)
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
static bool carrier_is_real(struct detect *d, uint32_t carrier)
{
	const struct carrier *c = &d->carrier[carrier];

	if (asn_is_transit(d, c->asn))
		return true;
	for (uint32_t m = d->place[c->place].first_member; m != NO_INDEX; m = d->member[m].next_of_place)
		for (uint32_t k = d->member[m].cells; k != NO_INDEX; k = d->cell[k].next)
			if (d->cell[k].carrier == carrier && d->cell[k].votes && d->member[m].established)
				return true;
	return false;
}

/* Who originates what is another's, or carries it, is told with the new origin: no way to the real one. */
static bool carrier_is_taker(const struct detect *d, uint32_t carrier, bool gained)
{
	const struct carrier *c = &d->carrier[carrier];
	bool any = false;

	for (uint32_t m = d->place[c->place].first_member; m != NO_INDEX; m = d->member[m].next_of_place)
		for (uint32_t k = d->member[m].cells; k != NO_INDEX; k = d->cell[k].next) {
			if (d->cell[k].carrier != carrier ||
			    !(gained ? d->cell[k].votes > 0 : d->cell[k].held))
				continue;
			if (!prefix_is_taken(d, d->member[m].prefix, c->asn) &&
			    !prefix_is_hijacked(d, d->member[m].prefix, gained ? c->since : c->fall))
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
	const struct place *p = &d->place[c->place];
	struct matter gain = {.place = p, .upstream = c->asn, .what = MATTER_GAIN};
	utime_t first = c->since, one;

	for (uint32_t m = p->first_member; m != NO_INDEX; m = d->member[m].next_of_place) {
		one = journal_first_of(d, d->member[m].prefix, c->since, &gain);
		first = one < first ? one : first;
	}
	return first;
}

static void carrier_confirm(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	bool back = c->returning;
	uint32_t index, over = c->event;
	struct event *e;

	c->stay = STAY_PRESENT;
	place_moved(&d->place[c->place], c->since);
	c->event = NO_INDEX;
	if ((!back && seen_within_a_year(d, c)) || /* seen, by too few to be told of */
	    (!back && !carrier_is_real(d, carrier)) || carrier_is_taker(d, carrier, true)) {
		event_close(d, over, c->since);
		return;
	}
	index = event_open(d, back ? EVENT_UPSTREAM_RETURN : EVENT_UPSTREAM_NEW, whole_scope(d), c->place,
	    carrier_began(d, carrier));
	e = event_at(d, index);
	c->known = true;
	c->event = index;
	event_upstream(d, e, c->asn);
	event_join(d, index, &c->episode, &c->episode_last);
	carrier_prefixes(d, carrier, index, true);
	carrier_witnesses(d, index, true);
	e->before = 0;
	e->after = carrier_share(d, c);
	e->severity = severity_of(d, &d->place[c->place], e->after, e);
	gain_why(d, e, c);
	place_explain(&d->place[c->place], e->first_seen);
	event_close(d, over, e->first_seen);
	event_tell(d, index);
	due_add(d, DUE_RETELL, c->since + GROUP_WITHIN, carrier, 0, c->since);
}

/* Five minutes after the first sign the shares have found their place. */
void carrier_retell(struct detect *d, const struct due *due)
{
	struct carrier *c = &d->carrier[due->subject];
	struct event *e = event_at(d, c->event);

	if (!e || c->since != due->stamp || c->stay != STAY_PRESENT)
		return;
	e->after = carrier_share(d, c);
	e->severity = severity_of(d, &d->place[c->place], e->after, e);
	carrier_witnesses(d, c->event, true);
	gain_why(d, e, c);
	event_tell(d, c->event);
}

void carrier_fall(struct detect *d, uint32_t carrier, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];

	if (d->quiet)
		return; /* nobody is left who could see it */
	if (c->stay == STAY_RISING || !c->established) {
		c->stay = c->stay == STAY_RISING && c->returning ? STAY_LOST : STAY_ABSENT;
		return;
	}
	c->stay = STAY_FADING;
	c->zero = at;
	place_moved(&d->place[c->place], c->fall);
	due_add(d, DUE_LOST, at + d->o.lost_after, carrier, 0, at);
}

static void loss_why(struct detect *d, struct event *e, asn_t asn, const struct place *p)
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

/* When a place may be asked again, or UTIME_NONE where it has been visible for long enough since `since`. */
static utime_t ask_again(const struct detect *d, uint8_t level, utime_t visible_since)
{
	if (level == LEVEL_DOWN)
		return d->now + d->o.lost_after;
	if (visible_since != UTIME_NONE && visible_since + d->o.lost_after > d->now)
		return visible_since + d->o.lost_after;
	return UTIME_NONE;
}

void carrier_judge_lost(struct detect *d, const struct due *due)
{
	struct carrier *c = &d->carrier[due->subject];
	const struct place *p = &d->place[c->place];
	utime_t again = ask_again(d, p->level, p->visible_since);
	uint32_t index, over = c->event;
	struct event *e;

	if (c->stay != STAY_FADING || c->zero != due->stamp)
		return;
	if (again != UTIME_NONE) {
		due_add(d, DUE_LOST, again, due->subject, 0, due->stamp);
		return;
	}
	c->stay = STAY_LOST;
	c->event = NO_INDEX;
	if (carrier_is_taker(d, due->subject, false)) {
		event_close(d, over, c->fall);
		carrier_lets_go(d, due->subject);
		return;
	}
	index = event_open(d, EVENT_UPSTREAM_LOST, whole_scope(d), c->place, c->fall);
	e = event_at(d, index);
	c->event = index;
	event_upstream(d, e, c->asn);
	event_join(d, index, &c->episode, &c->episode_last);
	carrier_prefixes(d, due->subject, index, false);
	c->held = 0;
	carrier_witnesses(d, index, false);
	e->before = c->calm;
	e->after = 0;
	e->severity = severity_of(d, p, e->before, e);
	loss_why(d, e, c->asn, p);
	place_explain(&d->place[c->place], e->first_seen);
	event_close(d, over, e->first_seen);
	event_tell(d, index);
}

/* ---- single prefixes ---- */

static void move_add(struct detect *d, uint32_t carrier, uint32_t member, bool gained, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];
	struct move *m = gained ? &c->gain : &c->loss;
	utime_t after = gained ? GROUP_WITHIN : GROUP_WITHIN + d->o.lost_after;

	if (m->start == UTIME_NONE) {
		m->start = at;
		m->n = 0;
		m->held = c->held;
		due_add(d, gained ? DUE_MOVE_GAIN : DUE_MOVE_LOSS, at + after, carrier, 0, at);
	}
	m->member = vec_room(m->member, m->n, &m->cap, sizeof *m->member);
	m->member[m->n++] = member;
}

void cell_goes(struct detect *d, uint32_t member, uint32_t cell, utime_t at)
{
	struct cell *x = &d->cell[cell];

	x->at = at;
	x->going = true;
	if (place_is_small(d, &d->place[d->member[member].place]))
		due_add(d, DUE_CELL_LOST, at + d->o.lost_after, cell, member, at);
	else
		move_add(d, x->carrier, member, false, at);
}

void cell_rise(struct detect *d, uint32_t member, uint32_t cell, utime_t at)
{
	d->cell[cell].at = d->quiet ? UTIME_NONE : at;
	d->cell[cell].going = false;
}

/* Since when it carries the prefix, as far as that was told: no loss of this stay is older. */
static utime_t cell_since(struct detect *d, const struct cell *x)
{
	const struct event *e = event_at(d, x->event);
	utime_t since = d->carrier[x->carrier].since;

	return e && e->kind != EVENT_UPSTREAM_LOST && e->first_seen > since ? e->first_seen : since;
}

static utime_t cell_fell(struct detect *d, uint32_t member, const struct cell *x)
{
	const struct member_of *m = &d->member[member];

	return journal_decline(d, &d->place[m->place], m->prefix, x->asn, cell_since(d, x), x->at);
}

/* Opens or extends the event of a prefix gained or lost in a small place. */
static void prefix_tell(struct detect *d, uint32_t carrier, uint32_t member, uint32_t cell, bool gained)
{
	struct carrier *c = &d->carrier[carrier];
	struct move *m = gained ? &c->gain : &c->loss;
	utime_t at = gained ? d->cell[cell].at : cell_fell(d, member, &d->cell[cell]);
	struct event *e = event_at(d, m->event);
	enum event_kind kind = !gained                ? EVENT_UPSTREAM_LOST
			       : d->cell[cell].before ? EVENT_UPSTREAM_RETURN
						      : EVENT_UPSTREAM_NEW;

	if (prefix_is_struck(d, d->member[member].prefix, at))
		return;
	if (!e || e->kind != kind || at - e->first_seen > GROUP_WITHIN) {
		m->event = event_open(d, kind, SCOPE_PREFIX, c->place, at);
		e = event_at(d, m->event);
		event_upstream(d, e, c->asn);
		event_join(d, m->event, &c->episode, &c->episode_last);
		e->before = c->calm;
	}
	place_moved(&d->place[c->place], at);
	cell_over(d, &d->cell[cell], at);
	cell_told(d, cell, member, m->event);
	event_sort(d, m->event);
	e->after = carrier_share(d, c);
	e->severity = severity_of(d, &d->place[c->place], fabs(e->after - e->before), e);
	carrier_witnesses(d, m->event, gained);
	if (gained)
		gain_why(d, e, c);
	else
		loss_why(d, e, c->asn, &d->place[c->place]);
	place_explain(&d->place[c->place], e->first_seen);
	event_tell(d, m->event);
}

void cell_voted(struct detect *d, uint32_t member, uint32_t cell, utime_t at)
{
	struct cell *x = &d->cell[cell];
	struct carrier *c = &d->carrier[x->carrier];
	struct place *p = &d->place[c->place];
	bool fresh = !d->member[member].established;

	if (x->votes < vantage_needed(d, p) * VOTE)
		return;
	x->held = true;
	c->held++;
	c->established = true;
	if (c->stay == STAY_RISING) { /* those who begin to vote may show that enough see it */
		carrier_confirm(d, x->carrier);
		return;
	}
	if (x->at == UTIME_NONE) { /* there when the baseline was */
		x->before = true;
		return;
	}
	if (c->stay != STAY_PRESENT)
		return; /* the carrier's own event will name it */
	if (c->event != NO_INDEX && x->at - c->since <= GROUP_WITHIN &&
	    event_at(d, c->event)->kind != EVENT_UPSTREAM_LOST) {
		event_add_prefix(d, c->event, prefix_of(d->t, d->member[member].prefix));
		if (d->now > c->since + GROUP_WITHIN) /* seen when those who were away are back */
			due_add(d, DUE_RETELL, d->now, x->carrier, 0, c->since);
		return;
	}
	if (fresh)
		return; /* a prefix announced for the first time moved to nobody */
	if (place_is_small(d, p))
		prefix_tell(d, x->carrier, member, cell, true);
	else
		move_add(d, x->carrier, member, true, x->at);
}

void cell_fall(struct detect *d, uint32_t member, uint32_t cell, utime_t at)
{
	struct cell *x = &d->cell[cell];

	if (!x->held || d->quiet)
		return;
	cell_goes(d, member, cell, at);
}

void cell_judge_lost(struct detect *d, const struct due *due)
{
	struct cell *x = &d->cell[due->subject];
	const struct member_of *m = &d->member[due->other];
	struct carrier *c = &d->carrier[x->carrier];
	utime_t again = ask_again(d, m->level, m->up_since);

	if (!x->held || x->votes || x->at != due->stamp)
		return;
	if (c->stay == STAY_FADING || c->stay == STAY_LOST)
		return; /* the carrier's own event names it */
	if (again != UTIME_NONE) {
		due_add(d, DUE_CELL_LOST, again, due->subject, due->other, due->stamp);
		return;
	}
	x->held = false;
	x->before = true;
	c->held--;
	prefix_tell(d, x->carrier, due->other, due->subject, false);
}

/* ---- many prefixes at once, in a large place ---- */

static uint32_t cell_of(const struct detect *d, uint32_t member, uint32_t carrier)
{
	uint32_t k = d->member[member].cells;

	while (k != NO_INDEX && d->cell[k].carrier != carrier)
		k = d->cell[k].next;
	return k;
}

struct sifted {
	size_t returned; /* carried by it before */
	uint32_t *dark;
	size_t n_dark, cap;
};

static void move_tell(
    struct detect *d, uint32_t carrier, struct move *m, bool gained, bool returned, uint64_t weight)
{
	struct carrier *c = &d->carrier[carrier];
	const struct place *p = &d->place[c->place];
	uint32_t index = event_open(d,
	    !gained    ? EVENT_UPSTREAM_LOST
	    : returned ? EVENT_UPSTREAM_RETURN
		       : EVENT_UPSTREAM_NEW,
	    SCOPE_PREFIX, c->place, m->start);
	struct event *e = event_at(d, index);

	event_upstream(d, e, c->asn);
	event_join(d, index, &c->episode, &c->episode_last);
	for (size_t i = 0; i < m->n; i++) {
		uint32_t k = cell_of(d, m->member[i], carrier);
		cell_over(d, &d->cell[k], d->cell[k].at);
		cell_told(d, k, m->member[i], index);
	}
	event_sort(d, index);
	e->after = carrier_share(d, c);
	e->before = c->calm;
	e->severity = severity_of(d, p, p->whole ? (double)weight / (double)p->whole : 0, e);
	carrier_witnesses(d, index, gained);
	if (gained)
		gain_why(d, e, c);
	else
		loss_why(d, e, c->asn, p);
	place_explain(&d->place[c->place], e->first_seen);
	event_tell(d, index);
	m->event = index;
}

/*
 * Keeps of the moved members those that stayed moved; returns their weight. A prefix that is dark says
 * nothing of who carries it: *dark of them are left at the end of the list, to be asked again.
 */
static uint64_t move_sift(struct detect *d, uint32_t carrier, struct move *m, bool gained, struct sifted *s)
{
	uint64_t weight = 0;
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		uint32_t member = m->member[i], k = cell_of(d, member, carrier);
		const struct member_of *x = &d->member[member];
		struct cell *cell = k == NO_INDEX ? NULL : &d->cell[k];
		bool told; /* by an incident */
		if (!cell || !cell->held || (gained ? cell->votes == 0 : cell->votes > 0))
			continue;
		if (x->level != LEVEL_UP) {
			s->dark = vec_room(s->dark, s->n_dark, &s->cap, sizeof *s->dark);
			s->dark[s->n_dark++] = member;
			continue;
		}
		told = prefix_is_struck(d, x->prefix, cell->at);
		if (!gained) {
			cell->held = false;
			cell->before = true;
			d->carrier[carrier].held--;
		}
		if (told)
			continue;
		weight += x->weight;
		s->returned += cell->before;
		m->member[kept++] = member;
	}
	m->n = kept;
	return weight;
}

static void move_judge(struct detect *d, const struct due *due, bool gained)
{
	uint32_t carrier = due->subject;
	struct carrier *c = &d->carrier[carrier];
	struct move *m = gained ? &c->gain : &c->loss;
	struct sifted s = {0};
	uint64_t weight;

	if (m->start != due->stamp)
		return;
	if (c->stay == STAY_PRESENT) {
		weight = move_sift(d, carrier, m, gained, &s);
		if (m->n && (double)m->n >= 0.1 * m->held && m->held)
			move_tell(d, carrier, m, gained, s.returned * 2 > m->n, weight);
	}
	free(m->member);
	if (!gained && s.n_dark) {
		*m = (struct move){m->start, m->held, m->event, s.dark, s.n_dark, s.cap};
		due_add(d, DUE_MOVE_LOSS, d->now + d->o.lost_after, carrier, 0, m->start);
		return;
	}
	free(s.dark);
	*m = (struct move){.start = UTIME_NONE, .event = m->event};
}

void move_judge_gain(struct detect *d, const struct due *due)
{
	move_judge(d, due, true);
}

void move_judge_loss(struct detect *d, const struct due *due)
{
	move_judge(d, due, false);
}

void detect_known_upstream(
    struct detect *d, const char *territory, uint8_t family, asn_t upstream, utime_t first, utime_t last)
{
	uint32_t place = place_by_id(d, territory, family), carrier;
	struct carrier *c;

	if (place == NO_INDEX)
		return;
	carrier = carrier_find(d, place, upstream);
	c = &d->carrier[carrier];
	if (c->known && c->last_known != UTIME_NONE && c->last_known > last)
		return;
	c->known = true;
	c->last_known = last;
	if (c->stay == STAY_ABSENT) {
		c->stay = STAY_LOST;
		c->zero = last;
		c->since = first;
	}
}
