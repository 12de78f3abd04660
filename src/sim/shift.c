/*
 * sim/shift: see happen.h. Who leads, and shares that move. A change of who votes moves every share without a
 * route having moved: the references move with it, and it makes no step (design 6: shares compare only peers
 * on both sides of a step).
 */
#include "base/mem.h"
#include "sim/happen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * UTIME_SECOND)

/* design 6. A shift must outlast the time in which an upstream counts as lost; it has settled when it stayed
 * within half a step for an hour. */
static const double DOWN_BELOW = 0.2, MARGIN = 0.10, HALF = 0.05, MOVES = 0.0005;
static const utime_t HOLDS = 30 * MINUTE, LASTS = 35 * MINUTE, SETTLES = 60 * MINUTE, TOGETHER = 5 * MINUTE;

/* ---- who leads ---- */
static size_t leader(const struct sight *v, size_t sample)
{
	size_t best = 0;

	for (size_t u = 1; u < v->upstreams; u++)
		if (v->sample[sample].share[u] > v->sample[sample].share[best])
			best = u;
	return best;
}

/* It ends when the reverse holds, however that came to be seen. */
static void primary_ends(struct happenings *h, const struct sight *v, size_t before, utime_t at)
{
	for (size_t k = before; k-- > 0;)
		if (strcmp(h->v[k].kind, "primary-changed") == 0 && h->v[k].territory == v->place->id) {
			if (h->v[k].end == UTIME_NONE)
				h->v[k].end = at;
			return;
		}
}

static void primary_add(struct happenings *h, const struct story *t, const struct sight *v, size_t i,
    size_t first, size_t now, utime_t since)
{
	utime_t gain = happen_first(t, v, STEP_MOVE, v->upstream[now], ANY, since);
	utime_t loss = happen_first(t, v, STEP_MOVE, v->upstream[first], ANY, since);
	struct happening *e =
	    happening_upstream(h, v, "primary-changed", "territory", now, gain < loss ? gain : loss);

	e->settled = since;
	e->asn = v->upstream[first];
	e->before = v->sample[i].share[first];
	e->after = v->sample[i].share[now];
	for (size_t p = 0; p < v->prefixes; p++)
		if (v->sample[i].carry[p * v->upstreams + now])
			happening_prefix(e, v->prefix[p]);
	primary_ends(h, v, h->n - 1, e->first_seen);
}

/* The lead must hold for a time in which the territory is seen: nothing seen is no share. */
void happen_primary(struct happenings *h, const struct story *t, const struct sight *v)
{
	size_t first = v->upstreams ? leader(v, 0) : 0, rival = first;
	utime_t since = UTIME_NONE, dark = 0;
	bool quiet = false;

	for (size_t i = 0; i < v->samples && v->upstreams; i++) {
		size_t now = leader(v, i);
		const double *share = v->sample[i].share;
		bool ahead = now != first && share[now] >= share[first] + MARGIN - 1e-9;
		if (v->sample[i].visible < DOWN_BELOW) {
			dark += happen_until(t, v, i) - v->sample[i].at;
			continue;
		}
		if (!ahead) {
			since = UTIME_NONE;
		} else if (since == UTIME_NONE || now != rival) {
			since = v->sample[i].at;
			quiet = v->sample[i].others; /* others look at it than before: no news */
			dark = 0;
		}
		rival = now;
		if (!ahead || happen_until(t, v, i) - since - dark < HOLDS)
			continue;
		if (quiet)
			primary_ends(h, v, h->n, since);
		else
			primary_add(h, t, v, i, first, now, since);
		first = now;
		since = UTIME_NONE;
	}
}

/* ---- shares that move ---- */
struct level {
	double x, time;
};
struct shift { /* of one upstream */
	struct level *v;
	size_t n, cap;
	utime_t onset, over; /* off the median; off it by a step */
	double mu;
	bool told;
	utime_t level_at; /* the last move of the run of moves that brought it to this level */
	double level, last;
	size_t happening;
};

/* Ascending; the same level again is more time at it. */
static void level_add(struct shift *s, double x, utime_t time)
{
	size_t i = s->n;

	while (i > 0 && s->v[i - 1].x > x)
		i--;
	if (i > 0 && s->v[i - 1].x >= x) {
		s->v[i - 1].time += (double)time;
		return;
	}
	s->v = vec_room(s->v, s->n, &s->cap, sizeof *s->v);
	memmove(&s->v[i + 1], &s->v[i], (s->n++ - i) * sizeof *s->v);
	s->v[i] = (struct level){x, (double)time};
}

/* Weighted by time. Scenarios last days, not weeks: nothing is older than seven. */
static double median(const struct shift *s)
{
	double all = 0, run = 0;
	size_t i = 0;

	for (size_t k = 0; k < s->n; k++)
		all += s->v[k].time;
	while (i + 1 < s->n && (run += s->v[i].time) * 2 < all)
		i++;
	return s->v[i].x;
}

static bool near(utime_t a, utime_t b)
{
	return a != UTIME_NONE && a <= b + TOGETHER && b <= a + TOGETHER;
}

static bool is_about(const struct happening *e, const struct sight *v)
{
	if (e->territory)
		return e->territory == v->place->id;
	for (uint32_t i = 0; i < e->prefixes; i++)
		for (size_t p = 0; p < v->prefixes; p++)
			if (e->prefix[i] == v->prefix[p])
				return true;
	return false;
}

/* The same episode is told once: another event of that moment and place tells the step. */
static bool told_otherwise(const struct happenings *h, size_t upto, const struct sight *v, utime_t at)
{
	for (size_t i = 0; i < upto; i++)
		if (strcmp(h->v[i].kind, "instability") != 0 && is_about(&h->v[i], v) &&
		    (near(h->v[i].first_seen, at) || near(h->v[i].end, at)))
			return true;
	return false;
}

static void shift_restart(struct shift *s)
{
	s->n = 0;
	s->onset = s->over = UTIME_NONE;
	s->told = false;
}

/* What those on both sides of each step moved; who left or came meanwhile moved nothing. */
static int carry_moved(const struct sample_of *was, const struct sample_of *is, size_t cell)
{
	int moved = 0;

	for (const struct sample_of *m = was + 1; m <= is; m++)
		if (!m->others)
			moved += m->carry[cell] - m[-1].carry[cell];
	return moved;
}

static void shift_add(
    struct happenings *h, const struct story *t, const struct sight *v, size_t u, struct shift *s, size_t i)
{
	asn_t asn = v->upstream[u];
	struct happening *e = happening_upstream(
	    h, v, "share-shift", "territory", u, happen_first(t, v, STEP_MOVE, asn, ANY, s->onset));
	const struct sample_of *is = &v->sample[i], *was = is;

	while (was > v->sample && was->at >= e->first_seen)
		was--; /* as it was before the step */
	e->settled = s->over;
	e->before = s->mu;
	e->after = is->share[u];
	for (size_t p = 0; p < v->prefixes; p++)
		if (carry_moved(was, is, p * v->upstreams + u))
			happening_prefix(e, v->prefix[p]);
	s->told = true;
	s->happening = h->n - 1;
}

/* Off the level by half a step, a run of moves begins: it goes on as long as they follow each other closely.
 */
static void shift_follow(const struct sight *v, struct shift *s, size_t i)
{
	double x = s->last;
	utime_t at = v->sample[i].at;

	if (fabs(x - s->level) <= HALF &&
	    (v->sample[i].others || at - s->level_at > MINUTE || fabs(x - s->level) < MOVES))
		return;
	s->level = x;
	s->level_at = at;
}

/* The hour is over within the sample, or the share is off again. */
static void shift_settle(
    struct happenings *h, const struct story *t, const struct sight *v, struct shift *s, size_t i)
{
	shift_follow(v, s, i);
	if (happen_until(t, v, i) - s->level_at < SETTLES)
		return;
	h->v[s->happening].end = s->level_at;
	shift_restart(s);
}

static void shift_look(struct happenings *h, size_t upto, const struct story *t, const struct sight *v,
    size_t u, struct shift *s, size_t i)
{
	double x = v->sample[i].share[u], off;
	utime_t at = v->sample[i].at, until = happen_until(t, v, i);

	s->last = x;
	if (s->told) {
		shift_settle(h, t, v, s, i);
		return;
	}
	off = s->n ? fabs(x - median(s)) : 0;
	if (s->onset == UTIME_NONE && off > HALF) {
		s->onset = s->level_at = at;
		s->level = x;
		s->mu = median(s);
	} else if (s->onset != UTIME_NONE && fabs(x - s->mu) <= HALF) {
		s->onset = s->over = UTIME_NONE;
	}
	if (s->onset == UTIME_NONE)
		return;
	if (told_otherwise(h, upto, v, s->onset)) {
		shift_restart(s);
		return;
	}
	shift_follow(v, s, i);
	if (fabs(x - s->mu) < MARGIN)
		s->over = UTIME_NONE;
	else if (s->over == UTIME_NONE)
		s->over = at;
	if (s->over == UTIME_NONE || until - s->over < LASTS)
		return;
	shift_add(h, t, v, u, s, i);
	shift_settle(h, t, v, s, i);
}

static void shifts_find(
    struct happenings *h, size_t upto, const struct story *t, const struct sight *v, size_t u)
{
	struct shift s = {.onset = UTIME_NONE, .over = UTIME_NONE};
	double last = NAN;

	for (size_t i = 0; i < v->samples; i++) {
		double x = v->sample[i].share[u];
		if (v->sample[i].visible < DOWN_BELOW)
			continue; /* nothing seen is no share */
		if (v->sample[i].others && !isnan(last)) {
			for (size_t k = 0; k < s.n; k++)
				s.v[k].x += x - last;
			s.mu += x - last;
			s.level += x - last;
		}
		last = x;
		shift_look(h, upto, t, v, u, &s, i);
		level_add(&s, x, happen_until(t, v, i) - v->sample[i].at);
	}
	free(s.v);
}

void happen_shifts(struct happenings *h, const struct story *t, const struct sight *v)
{
	size_t upto = h->n;

	for (size_t u = 0; u < v->upstreams; u++)
		shifts_find(h, upto, t, v, u);
}
