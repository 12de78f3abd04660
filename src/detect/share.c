/*
 * detect/share: who leads, and by how much. In: carriers and places touched in a second. Out: samples,
 * primary-changed; what moved goes on to drift.c. A change of who votes shifts every reference by what it
 * alone moved (share_rebase), so that only routes make steps.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_STEP 0.0005F        /* smaller moves of a share are none */
enum { LEDGER_SHORT = 64 };       /* rows that are looked at whenever a share may have stepped */
enum { SAMPLES_PER_UNIT = 2000 }; /* a share is told again when it moved by a two-thousandth */

void samples_tell(struct detect *d)
{
	if (d->n_said)
		d->sample(d->sample_arg, d->said, d->n_said);
	d->n_said = 0;
}

static void sample_say(
    struct detect *d, const struct place *p, utime_t at, asn_t upstream, float share, uint32_t prefixes)
{
	if (d->n_said == SAMPLES_SAID)
		samples_tell(d);
	d->said[d->n_said++] = (struct sample){at, (uint32_t)(p - d->place), upstream, share, prefixes};
}

static float row_share(const struct place *p, size_t row)
{
	return p->sum ? (float)((double)p->ledger.row[row].sum / (double)p->sum) : 0;
}

static bool sample_is_due(float share, float told)
{
	return fabsf(share - told) * SAMPLES_PER_UNIT >= 1 || (share > 0) != (told > 0);
}

static void row_sample(struct detect *d, const struct place *p, size_t row, utime_t at)
{
	const struct carrier *c = &d->carrier[p->ledger.carrier[row]];
	float share, *told = &p->ledger.told[row];

	if (!p->ledger.row[row].sum && !(*told > 0))
		return; /* it had nothing, and has nothing */
	share = row_share(p, row);
	if (fabsf(share - *told) <= 1e-4F && (share > 0) == (*told > 0))
		return;
	*told = share;
	sample_say(d, p, at, c->asn, share, p->ledger.row[row].sum ? c->held : 0);
}

static void row_touched(struct place *p, uint32_t row)
{
	if (p->ledger.next[row] != NOT_TOUCHED)
		return;
	p->ledger.next[row] = p->first_touched;
	p->first_touched = row;
}

/*
 * A carrier that was not touched moves only as the place's sum does: while that stays within a
 * two-thousandth, none of them is due, and they need not be looked at.
 */
static bool only_touched(const struct place *p)
{
	uint64_t low = p->sum < p->sampled_low ? p->sum : p->sampled_low,
		 high = p->sum > p->sampled_high ? p->sum : p->sampled_high;

	return (high - low) * SAMPLES_PER_UNIT < low;
}

static void carriers_sample(struct detect *d, struct place *p, utime_t at)
{
	bool few = only_touched(p);

	while (p->first_touched != NO_INDEX) {
		uint32_t row = p->first_touched;
		p->first_touched = p->ledger.next[row];
		p->ledger.next[row] = NOT_TOUCHED;
		if (few)
			row_sample(d, p, row, at);
	}
	if (few) {
		p->sampled_low = p->sum < p->sampled_low ? p->sum : p->sampled_low;
		p->sampled_high = p->sum > p->sampled_high ? p->sum : p->sampled_high;
		return;
	}
	for (size_t i = p->ledger.n; i-- > 0;)
		row_sample(d, p, i, at);
	p->sampled_low = p->sampled_high = p->sum;
}

/*
 * All that moved of a place since it was last told, under one time: that of the first change of the second. A
 * chart that stacks the shares then sums to one at every step.
 */
static void place_sample(struct detect *d, struct place *p, utime_t at)
{
	float visible;

	if (!d->sample)
		return;
	visible = (float)place_visibility(p);
	if (!p->sample_due && !sample_is_due(visible, p->told_visible))
		return;
	p->sample_due = false;
	carriers_sample(d, p, at);
	p->told_visible = visible;
	sample_say(d, p, at, 0, visible, p->members);
}

/* ---- carriers ---- */

static void carrier_learn(struct detect *d, struct carrier *c, float share)
{
	struct carrier_more *more = more_of(d, c);
	float moved = share - share_seen(d, c);

	more->calm += moved;
	if (more->calm < 0)
		more->calm = 0;
	if (more->drift)
		drift_learn(d, c, moved);
	d->place[c->place].ledger.row[c->row].share = share;
}

/* Only the first, its challenger, or one above it can change the lead; more than half cannot be led. */
static bool may_lead(const struct detect *d, const struct place *p, uint32_t carrier, uint64_t sum)
{
	if (p->primary == NO_INDEX || p->challenger != NO_INDEX)
		return true;
	return carrier == p->primary ? sum * 2 <= p->sum : sum > d->carrier[p->primary].sum;
}

static bool share_steps(float share, float seen)
{
	return fabsf(share - seen) >= SHARE_STEP || (share > 0) != (seen > 0);
}

/* The ledger takes over what the carrier has by now; its share stays what was seen of it, which is returned.
 */
static float row_sync(struct place *p, const struct carrier *c)
{
	struct row *r = &p->ledger.row[c->row];

	r->share = row_seen(&p->ledger, r);
	r->sum = c->sum;
	ledger_mark(&p->ledger, c->row);
	ledger_grew(&p->ledger, c->row);
	return r->share;
}

void carrier_settle(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct place *p = &d->place[c->place];
	float share, seen = row_sync(p, c);

	c->touched = false;
	share = row_share(p, c->row);
	p->contest |= may_lead(d, p, carrier, c->sum);
	if (d->sample) {
		p->sample_due |= sample_is_due(share, p->ledger.told[c->row]);
		row_touched(p, c->row);
	}
	if (p->level == LEVEL_DOWN || p->sum == 0) {
		/* nothing seen is no share: the last one seen stands */
	} else if (p->learned) {
		carrier_learn(d, c, share);
	} else if (share_steps(share, seen)) {
		if (more->share_at == UTIME_NONE || d->now - more->share_at > MINUTE ||
		    d->now - more->burst > GROUP_WITHIN) {
			more->calm = seen;
			more->burst = d->now;
		}
		more->share_at = d->now;
		p->ledger.row[c->row].share = share;
	} else {
		p->ledger.row[c->row].share = share;
	}
	if (p->level != LEVEL_DOWN && p->sum && d->o.baseline && !drift_is_none(&p->ledger.row[c->row]))
		drift_update(d, carrier);
}

/* ---- the place: who leads ---- */

static uint32_t place_leader(struct place *p)
{
	size_t row = ledger_top(&p->ledger);

	return row == SIZE_MAX ? NO_INDEX : p->ledger.carrier[row];
}

static bool leads_by_margin(const struct detect *d, uint32_t top, uint32_t other)
{
	return carrier_share(d, &d->carrier[top]) - carrier_share(d, &d->carrier[other]) >=
	       d->o.share_min - 1e-9;
}

static void primary_contest(struct detect *d, uint32_t place)
{
	struct place *p = &d->place[place];
	bool quiet = d->quiet || p->learned;
	uint32_t top;

	if (!p->contest && !quiet)
		return;
	p->contest = false;
	top = place_leader(p);
	if (top == NO_INDEX || p->level == LEVEL_DOWN || !d->o.baseline)
		return; /* updates alone show a share of what moved, not of what is */
	if (p->primary == NO_INDEX || !d->armed) {
		p->primary = top;
		return;
	}
	if (top == p->primary || !leads_by_margin(d, top, p->primary)) {
		p->challenger = NO_INDEX;
		return;
	}
	if (top == p->challenger)
		return;
	p->challenger = top;
	p->lead_quiet =
	    quiet; /* others look than before: when that lasts, it is how things are, and no news */
	p->challenge =
	    quiet || d->carrier_more[top].burst == UTIME_NONE ? d->now : d->carrier_more[top].burst;
	if (!quiet && d->carrier_more[p->primary].burst != UTIME_NONE &&
	    d->carrier_more[p->primary].burst < p->challenge &&
	    p->challenge - d->carrier_more[p->primary].burst < GROUP_WITHIN)
		p->challenge = d->carrier_more[p->primary].burst;
	due_add(d, DUE_PRIMARY, p->challenge + d->o.primary_after, place, top, p->challenge);
}

static void primary_tell(struct detect *d, uint32_t place)
{
	struct place *p = &d->place[place];
	const struct carrier *now = &d->carrier[p->challenger], *was = &d->carrier[p->primary];
	struct carrier_more *its = more_of(d, now), *other = more_of(d, was);
	struct matter m = {.place = p, .upstream = now->asn, .what = MATTER_GAIN},
		      moved = {.place = p, .upstream = now->asn, .what = MATTER_MOVE}, lost = moved;
	utime_t first;
	uint32_t index = event_open(d, EVENT_PRIMARY_CHANGED, SCOPE_TERRITORY, place, p->challenge);
	char who[96], whom[96], where[64];
	struct event *e = event_at(d, index);

	event_upstream(d, e, now->asn);
	event_join(d, index, &its->episode, &its->episode_last);
	other->episode = its->episode;
	other->episode_last = its->episode_last;
	for (uint32_t i = p->first_member; i != NO_INDEX; i = member_more_at(d, i)->next_of_place)
		for (uint32_t k = member_at(d, i)->cells; k != NO_INDEX; k = cell_at(d, k)->next)
			if (cell_at(d, k)->carrier == p->challenger && cell_at(d, k)->votes)
				event_add_prefix(d, index, prefix_of(d->t, member_at(d, i)->prefix));
	event_sort(d, index);
	lost.upstream = was->asn;
	first = witness_first(d, e, p->challenge, &lost);
	e->first_seen = witness_first(d, e, p->challenge, &moved);
	if (first < e->first_seen)
		e->first_seen = first;
	witness_evidence(d, e, e->first_seen, d->now, &m);
	e->before = its->calm;
	e->after = carrier_share(d, now);
	e->severity = severity_of(d, p, 0.5, e);
	asn_text(d, now->asn, who, sizeof who);
	asn_text(d, was->asn, whom, sizeof whom);
	place_text(d, p, where, sizeof where);
	event_why(e, "%s is now the largest carrier of %s with %.3f, before %s with %.3f", who, where,
	    e->after, whom, carrier_share(d, was));
	place_explain(p, e->first_seen);
	event_tell(d, index);
	event_close(d, p->primary_event, e->first_seen);
	p->primary_event = index;
	p->primary = p->challenger;
	p->challenger = NO_INDEX;
}

void primary_judge(struct detect *d, const struct due *due)
{
	struct place *p = &d->place[due->subject];

	if (p->challenger == NO_INDEX || p->challenger != due->other || p->challenge != due->stamp)
		return;
	if (p->lead_quiet) {
		event_close(d, p->primary_event, p->challenge);
		p->primary_event = NO_INDEX;
		p->primary = p->challenger;
		p->challenger = NO_INDEX;
	} else if (p->level != LEVEL_UP)
		due_add(d, DUE_PRIMARY, d->now + d->o.primary_after, due->subject, due->other, due->stamp);
	else
		primary_tell(d, due->subject);
}

/* One row of a place that moved as a whole: carrier_settle, where there is anything for it to do. Carriers
 * that had votes have been settled before. */
static void row_settle(struct detect *d, struct place *p, size_t row, bool plain)
{
	struct ledger *l = &p->ledger;
	struct row *r = &l->row[row];
	float seen = row_seen(l, r), share = row_share(p, row);
	bool leads = l->carrier[row] == p->primary && p->challenger == NO_INDEX;

	r->share = seen;
	if (!r->sum && !(seen > 0))
		return;
	if (!plain || leads || share_steps(share, seen) || (d->o.baseline && !drift_stays(share, r->drift))) {
		carrier_settle(d, l->carrier[row]);
		return;
	}
	r->share = share;
	p->contest |= may_lead(d, p, l->carrier[row], r->sum);
	if (d->sample) {
		p->sample_due |= sample_is_due(share, l->told[row]);
		row_touched(p, (uint32_t)row);
	}
}

/* all: when a sample is due every row will be looked at, touched or not. */
static void row_passed(struct place *p, size_t row, bool all)
{
	if (!p->ledger.row[row].sum || (all && p->sample_due))
		return;
	p->sample_due |= sample_is_due(row_share(p, row), p->ledger.told[row]);
	row_touched(p, (uint32_t)row);
}

/*
 * The whole place moved, and every share with it. Looked at are the rows that moved themselves, that are
 * followed, or that are large enough to make a step, to be followed or to lead: a few of a country's
 * thousands.
 */
static void ledger_settle(struct detect *d, struct place *p)
{
	struct ledger *l = &p->ledger;
	bool seen = p->level != LEVEL_DOWN && p->sum, plain = seen && !p->learned;
	bool led = p->primary != NO_INDEX && p->challenger == NO_INDEX, all = !only_touched(p);
	uint64_t large = plain ? ledger_still(l, p->sum, SHARE_STEP) : 0;

	if (p->sum / 11 < large) /* of DRIFT_FROM */
		large = p->sum / 11;
	if (led && d->carrier[p->primary].sum < large)
		large = d->carrier[p->primary].sum;
	p->contest |= !led;
	if (d->sample) {
		for (size_t i = l->n; i-- > 0;)
			if (ledger_moved(l, i, large))
				row_settle(d, p, i, plain);
			else
				row_passed(p, i, all);
	} else {
		ledger_bar(l, large);
		for (size_t i = l->n; (i = ledger_below(l, i)) != SIZE_MAX;)
			if (ledger_moved(l, i, large))
				row_settle(d, p, i, plain);
	}
	if (seen)
		ledger_looked(l, p->sum);
}

void share_settle(struct detect *d, uint32_t place)
{
	struct place *p = &d->place[place];
	uint64_t moved = p->sum > p->stale_sum ? p->sum - p->stale_sum : p->stale_sum - p->sum;
	uint64_t slack = p->sum / (p->ledger.n <= LEDGER_SHORT ? 2000 : 100); /* of every share, at most */

	if (p->stale || moved > slack) {
		ledger_settle(d, p);
		p->stale = false;
		p->stale_sum = p->sum;
	}
	primary_contest(d, place);
	p->learned = false;
	place_sample(d, p, p->dirty ? p->touched_at : d->now);
}

/* Who votes has changed: what moved by that alone is no step of anybody's share. */
void share_rebase(struct detect *d)
{
	for (uint32_t i = 0; i < d->n_carriers; i++) {
		struct carrier *c = &d->carrier[i];
		(void)row_sync(&d->place[c->place], c);
		carrier_learn(d, c, (float)carrier_share(d, c));
		drift_update(d, i);
	}
	for (uint32_t i = 0; i < d->n_places; i++) {
		d->place[i].ledger.top = SIZE_MAX;
		d->place[i].sampled_low = 0; /* every carrier is looked at */
		share_settle(d, i);
	}
}
