/*
 * detect/drift: shares that move. In: a carrier's share when it made a step. Out: share-shift. CUSUM after
 * Page (1954), two-sided: allowance half of the step looked for, alarm at five sigma, against the median of
 * seven days. A step must outlast the time in which an upstream is found lost, so that what tells it better
 * is told first; it ends with the last move before an hour near one level.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEEK        (7 * DAY)
#define BIN         (5 * MINUTE)
#define SETTLED_FOR (60 * MINUTE)
static const double sigma_floor = 0.01, sigmas = 5;

struct level_part {
	float level;
	double time;
};

static int part_cmp(const void *a, const void *b)
{
	float x = ((const struct level_part *)a)->level, y = ((const struct level_part *)b)->level;

	return x < y ? -1 : x > y;
}

static double parts_median(struct level_part *v, size_t n)
{
	double all = 0, run = 0;

	qsort(v, n, sizeof *v, part_cmp);
	for (size_t i = 0; i < n; i++)
		all += v[i].time;
	for (size_t i = 0; i < n; i++) {
		run += v[i].time;
		if (run * 2 >= all)
			return v[i].level;
	}
	return n ? v[n - 1].level : 0;
}

/* Median and sigma of the share over its last seven days, weighted by time; the step under way is left out.
 */
static void drift_reference(const struct detect *d, const struct drift *x, double *mu, double *sigma)
{
	struct level_part v[DRIFT_STEPS];
	size_t n = 0;

	for (unsigned i = 0; i + 1 < x->n; i++) {
		utime_t from = x->at[i] < d->now - WEEK ? d->now - WEEK : x->at[i];
		if (x->at[i + 1] > from)
			v[n++] = (struct level_part){x->level[i], (double)(x->at[i + 1] - from)};
	}
	if (!n)
		v[n++] = (struct level_part){x->level[0], 1};
	*mu = parts_median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i].level = (float)fabs(v[i].level - *mu);
	*sigma = fmax(1.4826 * parts_median(v, n), sigma_floor);
}

static void drift_step(struct drift *x, utime_t at, float level)
{
	if (x->n && x->at[x->n - 1] >= at) {
		x->level[x->n - 1] = level;
		return;
	}
	if (x->n == DRIFT_STEPS) {
		for (unsigned i = 1; i < x->n; i++) {
			x->at[i - 1] = x->at[i];
			x->level[i - 1] = x->level[i];
		}
		x->n--;
	}
	x->at[x->n] = at;
	x->level[x->n++] = level;
}

static void drift_restart(struct drift *x, utime_t at, float level)
{
	x->n = 0;
	x->since = x->over = UTIME_NONE;
	drift_step(x, at, level);
}

/* The ledger's copy of the last step. */
static void drift_copy(struct detect *d, const struct carrier *c)
{
	struct ledger *l = &d->place[c->place].ledger;
	const struct drift *x = more_of(d, c)->drift;

	l->row[c->row].drift = x->level[x->n - 1];
	ledger_mark(l, c->row);
}

/* The share may go on: it has settled when it stays near one level for an hour. */
static void drift_follow(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct drift *x = more->drift;

	if (fabs(share_seen(d, c) - x->settle_level) <= d->o.shift_min / 2 && d->now - x->settle_at > MINUTE)
		return; /* off by half a step a run of moves begins, which goes on while they follow closely
			 */
	x->settle_level = share_seen(d, c);
	x->settle_at = d->now;
	if (x->event != NO_INDEX)
		due_add(d, DUE_DRIFT, d->now + SETTLED_FOR, carrier, 0, x->settle_at);
}

/* What is beyond the allowance, up to now, of the share as it was until now. */
static void drift_sum(const struct detect *d, struct drift *x, double share)
{
	x->sum += (fabs(share - x->mu) - d->o.shift_min / 2) * (double)(d->now - x->summed) / BIN;
	x->sum = fmax(0, x->sum);
	x->summed = d->now;
}

/* How long a step must last: by then an event that tells it better is confirmed. */
static utime_t drift_wait(const struct detect *d)
{
	return (d->o.lost_after > d->o.primary_after ? d->o.lost_after : d->o.primary_after) + BIN;
}

static void drift_new(struct detect *d, struct carrier *c)
{
	struct carrier_more *more = more_of(d, c);
	struct drift *x = more->drift = mem_alloc(sizeof *x);

	x->event = NO_INDEX;
	drift_restart(x, d->quiet || more->burst == UTIME_NONE ? d->now : more->burst - 1,
	    d->quiet ? share_seen(d, c) : more->calm);
	drift_copy(d, c);
}

static void drift_deviates(struct detect *d, uint32_t carrier, float was)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct drift *x = more->drift;
	double off;

	if (x->since == UTIME_NONE) {
		drift_reference(d, x, &x->mu, &x->sigma);
		if (fabs(share_seen(d, c) - x->mu) <= d->o.shift_min / 2)
			return;
		x->since = x->summed = x->settle_at = d->now;
		x->settle_level = share_seen(d, c);
		x->over = UTIME_NONE;
		x->sum = 0;
	}
	drift_sum(d, x, was);
	off = fabs(share_seen(d, c) - x->mu);
	if (off <= d->o.shift_min / 2) {
		x->since = x->over = UTIME_NONE;
		return;
	}
	drift_follow(d, carrier);
	if (off < d->o.shift_min - 1e-6) {
		x->over = UTIME_NONE;
	} else if (x->over == UTIME_NONE) {
		x->over = d->now;
		due_add(d, DUE_DRIFT, d->now + drift_wait(d), carrier, 0, x->over);
	}
}

void drift_update(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct drift *x = more->drift;
	float share = share_seen(d, c), was;

	if (drift_stays(share, d->place[c->place].ledger.row[c->row].drift) &&
	    !(x && (x->since != UTIME_NONE || x->event != NO_INDEX)))
		return;
	if (!x) {
		drift_new(d, c);
		x = more->drift;
	}
	was = x->level[x->n - 1];
	drift_step(x, more->burst, share);
	drift_copy(d, c);
	if (d->quiet || fabsf(share - was) < 0.0005F)
		return;
	if (x->event != NO_INDEX)
		drift_follow(d, carrier);
	else
		drift_deviates(d, carrier, was);
}

static int64_t peer_weight(const struct detect *d, const struct place *p, peer_id peer)
{
	return peer < d->peers ? d->vote[family_index(p->family) * d->peers + peer] : 0;
}

/* From here on, whatever led here. */
static void drift_again(struct detect *d, struct carrier *c)
{
	drift_restart(more_of(d, c)->drift, d->now, share_seen(d, c));
	drift_copy(d, c);
}

/* The prefixes of which it carries more than before, or less. */
static void drift_prefixes(struct detect *d, const struct carrier *c, uint32_t index, utime_t from)
{
	const struct place *p = &d->place[c->place];

	for (uint32_t i = p->first_member; i != NO_INDEX; i = member_more_at(d, i)->next_of_place) {
		prefix_id id = member_at(d, i)->prefix;
		struct back back;
		int64_t net = 0;
		for (const struct entry *x = journal_last(d, id, &back); x && x->time >= from;
		     x = journal_before(&back)) {
			if (peer_inside(d, p, x->peer))
				continue;
			net += (route_upstream(d, p, x->new) == c->asn) ? peer_weight(d, p, x->peer) : 0;
			net -= (route_upstream(d, p, x->old) == c->asn) ? peer_weight(d, p, x->peer) : 0;
		}
		if (net)
			event_add_prefix(d, index, prefix_of(d->t, id));
	}
	event_sort(d, index);
}

static void drift_tell(struct detect *d, uint32_t carrier)
{
	struct carrier *c = &d->carrier[carrier];
	struct carrier_more *more = &d->carrier_more[carrier];
	struct drift *x = more->drift;
	const struct place *p = &d->place[c->place];
	struct matter move = {.place = p, .upstream = c->asn, .what = MATTER_MOVE};
	char who[96], where[64];
	struct event *e;

	x->event = event_open(d, EVENT_SHARE_SHIFT, SCOPE_TERRITORY, c->place, x->since);
	e = event_at(d, x->event);
	event_upstream(d, e, c->asn);
	drift_prefixes(d, c, x->event, x->since - MINUTE / 2);
	e->first_seen = witness_first(d, e, x->since, &move);
	event_join(d, x->event, &more->episode, &more->episode_last);
	move.what = share_seen(d, c) > x->mu ? MATTER_GAIN : MATTER_LOSS;
	witness_evidence(d, e, e->first_seen, d->now, &move);
	e->before = x->mu;
	e->after = share_seen(d, c);
	e->severity = severity_of(d, p, fabs(e->after - x->mu) / 2, e);
	asn_text(d, c->asn, who, sizeof who);
	place_text(d, p, where, sizeof where);
	event_why(e, "%s carries %.3f of %s, after a median of %.3f over up to seven days", who, e->after,
	    where, x->mu);
	event_tell(d, x->event);
	due_add(d, DUE_DRIFT, x->settle_at + SETTLED_FOR > d->now ? x->settle_at + SETTLED_FOR : d->now,
	    carrier, 0, x->settle_at);
}

void place_explain(struct place *p, utime_t at)
{
	size_t n = sizeof p->explained / sizeof *p->explained;

	for (size_t i = 0; i < n; i++)
		if (p->explained[i] != UTIME_NONE && at - p->explained[i] < MINUTE && p->explained[i] <= at)
			return;
	memmove(p->explained, p->explained + 1, (n - 1) * sizeof *p->explained);
	p->explained[n - 1] = at;
}

static bool place_is_explained(const struct place *p, utime_t at)
{
	for (size_t i = 0; i < sizeof p->explained / sizeof *p->explained; i++)
		if (p->explained[i] != UTIME_NONE && p->explained[i] <= at + GROUP_WITHIN &&
		    at <= p->explained[i] + GROUP_WITHIN)
			return true;
	return false;
}

/* A carrier without a path left, which may yet turn out to be lost since then. */
static bool place_is_fading(const struct detect *d, const struct place *p, utime_t at)
{
	for (size_t i = 0; i < p->ledger.n; i++) {
		const struct carrier *c = &d->carrier[p->ledger.carrier[i]];
		if (c->stay == STAY_FADING && c->fall <= at + GROUP_WITHIN && at <= c->fall + GROUP_WITHIN)
			return true;
	}
	return false;
}

/* An upstream-*, primary-changed, outage, origin or leak tells a step better: a shift is not told beside it.
 */
void drift_judge(struct detect *d, const struct due *due)
{
	struct carrier *c = &d->carrier[due->subject];
	struct carrier_more *more = &d->carrier_more[due->subject];
	struct drift *x = more->drift;
	const struct place *p = &d->place[c->place];

	if (!x)
		return;
	if (x->event != NO_INDEX) {
		if (x->settle_at != due->stamp)
			return;
		event_close(d, x->event, x->settle_at);
		x->event = NO_INDEX;
		drift_again(d, c);
		return;
	}
	if (x->since == UTIME_NONE || x->over != due->stamp)
		return;
	drift_sum(d, x, share_seen(d, c));
	if (place_is_explained(p, x->since))
		drift_again(d, c);
	else if ((p->challenger != NO_INDEX && !p->lead_quiet) || place_is_fading(d, p, x->since) ||
		 p->level != LEVEL_UP || x->sum <= sigmas * x->sigma)
		due_add(d, DUE_DRIFT, d->now + BIN, due->subject, 0, x->over);
	else
		drift_tell(d, due->subject);
}

/* Others vote than before: what that alone moved is moved in all that was known. */
void drift_learn(struct detect *d, struct carrier *c, float moved)
{
	struct drift *x = more_of(d, c)->drift;

	for (unsigned i = 0; i < x->n; i++)
		x->level[i] += moved;
	x->mu += moved;
	x->settle_level += moved;
	drift_copy(d, c);
}
