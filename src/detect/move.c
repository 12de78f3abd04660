/*
 * detect/move: who begins and ceases to carry a prefix of a place that it carries before and after. In: the
 * first and last vote of cells. Out: upstream-new, upstream-lost, upstream-return of scope prefix: one by one
 * in small places, else what moves within five minutes where it is a tenth of what the carrier has.
 *
 * A cell is held once enough vantage ASes see it, and is let go when none has for long enough.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

/* The cell moved the other way: the event that told of its last move may be over. */
void cell_over(struct detect *d, struct cell *cell, utime_t at)
{
	uint32_t index = cell->event;

	cell->event = NO_INDEX;
	if (event_at(d, index) && --d->event[index]->live == 0)
		event_close(d, index, at);
}

/* The event tells of its move at that time, in place of the one before. */
static void cell_told(struct detect *d, uint32_t cell, uint32_t member, uint32_t event, utime_t at)
{
	struct cell *x = cell_at(d, cell);

	if (x->event == event)
		return; /* what lay between was not told */
	cell_over(d, x, at);
	event_add_prefix(d, event, prefix_of(d->t, member_at(d, member)->prefix));
	x->event = event;
	d->event[event]->live++;
}

/* ---- single prefixes ---- */

static void move_add(struct detect *d, uint32_t carrier, uint32_t member, bool gained, utime_t at)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct move *m = gained ? &more->gain : &more->loss;
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
	struct cell *x = cell_at(d, cell);

	x->at = at;
	x->going = true;
	if (place_is_small(d, &d->place[member_at(d, member)->place]))
		due_add(d, DUE_CELL_LOST, at + d->o.lost_after, cell, member, at);
	else
		move_add(d, x->carrier, member, false, at);
}

void cell_rise(struct detect *d, uint32_t member, uint32_t cell, utime_t at)
{
	cell_at(d, cell)->at = d->quiet ? UTIME_NONE : at;
	cell_at(d, cell)->going = false;
}

/* Since when it carries the prefix, as far as that was told: no loss of this stay is older. */
static utime_t cell_since(struct detect *d, const struct cell *x)
{
	const struct event *e = event_at(d, x->event);
	utime_t since = d->carrier_more[x->carrier].since;

	return e && e->kind != EVENT_UPSTREAM_LOST && e->first_seen > since ? e->first_seen : since;
}

static utime_t cell_fell(struct detect *d, uint32_t member, const struct cell *x)
{
	const struct member_of *m = member_at(d, member);

	return witness_decline(d, &d->place[m->place], m->prefix, x->asn, cell_since(d, x), x->at);
}

/* Opens or extends the event of a prefix gained or lost in a small place. */
static void prefix_tell(struct detect *d, uint32_t carrier, uint32_t member, uint32_t cell, bool gained)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct move *m = gained ? &more->gain : &more->loss;
	utime_t at = gained ? cell_at(d, cell)->at : cell_fell(d, member, cell_at(d, cell));
	struct event *e = event_at(d, m->event);
	enum event_kind kind = !gained                    ? EVENT_UPSTREAM_LOST
			       : cell_at(d, cell)->before ? EVENT_UPSTREAM_RETURN
							  : EVENT_UPSTREAM_NEW;

	if (prefix_is_struck(d, member_at(d, member)->prefix, at))
		return;
	if (!e || e->kind != kind || at - e->first_seen > GROUP_WITHIN) {
		m->event = event_open(d, kind, SCOPE_PREFIX, c->place, at);
		e = event_at(d, m->event);
		event_upstream(d, e, c->asn);
		event_join(d, m->event, &more->episode, &more->episode_last);
		e->before = more->calm;
	}
	place_moved(&d->place[c->place], at);
	cell_told(d, cell, member, m->event, at);
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
	struct cell *x = cell_at(d, cell);
	struct carrier *c = &d->carrier[x->carrier];
	struct carrier_more *more = &d->carrier_more[x->carrier];
	struct place *p = &d->place[c->place];
	bool fresh = !member_at(d, member)->established;

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
	if (more->event != NO_INDEX && x->at - more->since <= GROUP_WITHIN &&
	    event_at(d, more->event)->kind != EVENT_UPSTREAM_LOST) {
		event_add_prefix(d, more->event, prefix_of(d->t, member_at(d, member)->prefix));
		if (d->now > more->since + GROUP_WITHIN) /* seen when those who were away are back */
			due_add(d, DUE_RETELL, d->now, x->carrier, 0, more->since);
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
	struct cell *x = cell_at(d, cell);

	if (!x->held || d->quiet)
		return;
	cell_goes(d, member, cell, at);
}

void cell_judge_lost(struct detect *d, const struct due *due)
{
	struct cell *x = cell_at(d, due->subject);
	const struct member_of *m = member_at(d, due->other);
	struct carrier *c = &d->carrier[x->carrier];
	utime_t again = ask_again(d, m->level, member_more_at(d, due->other)->up_since);

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

uint32_t cell_of(const struct detect *d, uint32_t member, uint32_t carrier)
{
	uint32_t k = member_at(d, member)->cells;

	while (k != NO_INDEX && cell_at(d, k)->carrier != carrier)
		k = cell_at(d, k)->next;
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
	struct carrier_more *more = &d->carrier_more[carrier];
	const struct place *p = &d->place[c->place];
	uint32_t index = event_open(d,
	    !gained    ? EVENT_UPSTREAM_LOST
	    : returned ? EVENT_UPSTREAM_RETURN
		       : EVENT_UPSTREAM_NEW,
	    SCOPE_PREFIX, c->place, m->start);
	struct event *e = event_at(d, index);

	event_upstream(d, e, c->asn);
	event_join(d, index, &more->episode, &more->episode_last);
	for (size_t i = 0; i < m->n; i++) {
		uint32_t k = cell_of(d, m->member[i], carrier);
		cell_told(d, k, m->member[i], index, cell_at(d, k)->at);
	}
	event_sort(d, index);
	e->after = carrier_share(d, c);
	e->before = more->calm;
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

static int member_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * Keeps of the moved members those that stayed moved, each once; returns their weight. A prefix that is dark
 * says nothing of who carries it: *dark of them are left at the end of the list, to be asked again.
 */
static uint64_t move_sift(struct detect *d, uint32_t carrier, struct move *m, bool gained, struct sifted *s)
{
	uint64_t weight = 0;
	uint32_t last = NO_INDEX;
	size_t kept = 0;

	if (m->n)
		qsort(m->member, m->n, sizeof *m->member, member_cmp);
	for (size_t i = 0; i < m->n; i++) {
		uint32_t member = m->member[i], k = cell_of(d, member, carrier);
		const struct member_of *x = member_at(d, member);
		struct cell *cell = k == NO_INDEX ? NULL : cell_at(d, k);
		bool told, again = member == last; /* told: by an incident */
		last = member;
		if (again || !cell || !cell->held || (gained ? cell->votes == 0 : cell->votes > 0))
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
	struct carrier_more *more = &d->carrier_more[carrier];
	struct move *m = gained ? &more->gain : &more->loss;
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
		due_add(d, DUE_MOVE_LOSS, lost_later(d), carrier, 0, m->start);
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
