/* sim/happen: see happen.h. What happens to a territory. */
#include "sim/happen.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * UTIME_SECOND)

/* design 6 */
static const double DOWN_BELOW = 0.2 - 1e-9, UP_FROM = 0.5 - 1e-9; /* sums of parts are not exact */
enum { VANTAGE_MIN = 3, PREFIXES_ONE_BY_ONE = 20 };
static const utime_t LOST_AFTER = 30 * MINUTE, TOGETHER = 5 * MINUTE, DOWN_AFTER = MINUTE, UP_AFTER = MINUTE;

struct happening *happening_add(struct happenings *h, const char *kind, const char *scope, utime_t first_seen)
{
	h->v = vec_room(h->v, h->n, &h->cap, sizeof *h->v);
	h->v[h->n] = (struct happening){.kind = kind,
	    .scope = scope,
	    .first_seen = first_seen,
	    .settled = UTIME_NONE,
	    .end = UTIME_NONE,
	    .before = NAN,
	    .after = NAN};
	return &h->v[h->n++];
}

void happening_prefix(struct happening *e, uint32_t prefix)
{
	uint32_t i = e->prefixes;

	while (i > 0 && e->prefix[i - 1] > prefix)
		i--;
	if (i > 0 && e->prefix[i - 1] == prefix)
		return;
	e->prefix = vec_room(e->prefix, e->prefixes, &e->prefixes_cap, sizeof *e->prefix);
	memmove(&e->prefix[i + 1], &e->prefix[i], (e->prefixes++ - i) * sizeof prefix);
	e->prefix[i] = prefix;
}

/* ---- words: what a step was first seen by ---- */
/* All peers have told a step within this time. */
static utime_t spread(const struct story *t)
{
	const struct scenario *s = t->s;
	utime_t low = 0, high = 0;

	for (size_t i = 0; i < s->collectors; i++) {
		low = s->collector[i].skew < low ? s->collector[i].skew : low;
		high = s->collector[i].skew > high ? s->collector[i].skew : high;
	}
	return s->convergence + high - low;
}

static bool word_tells(const struct word_of *w, enum step step, asn_t upstream)
{
	if (step == STEP_GONE)
		return w->had && !w->has;
	if (step == STEP_MOVE) /* a share's; that a route comes or goes is none of it (design 5) */
		return w->before && w->after && w->before != w->after &&
		       (w->before == upstream || w->after == upstream);
	return step == STEP_GAIN ? w->after == upstream && w->before != upstream
				 : w->before == upstream && w->after != upstream;
}

/* An event is first seen with the first word of its step at any peer, voting or not (design 6: "the earliest
 * update"), though what makes it one, the condition at `at`, may come when all have told it. */
utime_t happen_first(
    const struct story *t, const struct sight *v, enum step step, asn_t upstream, long p, utime_t at)
{
	for (size_t i = 0; i < v->words && v->word[i].at < at; i++) {
		const struct word_of *w = &v->word[i];
		if (w->at + spread(t) >= at && (p == ANY || (size_t)p == w->p) &&
		    word_tells(w, step, upstream))
			return w->at;
	}
	return at;
}

/*
 * The end of a fall may go unseen, while a collector is off or a session down: then it began with the last
 * word of it seen, if that was lately. UTIME_NONE: nobody saw anything go; those who saw it are away.
 */
static utime_t fall_begins(
    const struct story *t, const struct sight *v, enum step step, asn_t upstream, long p, utime_t at)
{
	utime_t last = UTIME_NONE;

	for (size_t i = 0; i < v->words && v->word[i].at <= at; i++)
		if ((p == ANY || (size_t)p == v->word[i].p) && word_tells(&v->word[i], step, upstream))
			last = v->word[i].at;
	if (last == UTIME_NONE || at - last > LOST_AFTER)
		return UTIME_NONE;
	return happen_first(t, v, step, upstream, p, last);
}

/* ---- stays: how long an upstream carries a prefix, or any of them ---- */
struct stay {
	utime_t from, to; /* UTIME_NONE: there at the start; still there at the end */
	unsigned most;    /* vantage ASes at its best */
	unsigned of;      /* voters then */
	bool counts;
};
struct stays {
	struct stay *v;
	size_t n, cap;
};

static unsigned carried_by(const struct sight *v, size_t sample, size_t u, long p)
{
	const uint16_t *carry = v->sample[sample].carry;
	unsigned most = 0;

	if (p != ANY)
		return carry[(size_t)p * v->upstreams + u];
	for (size_t i = 0; i < v->prefixes; i++)
		if (carry[i * v->upstreams + u] > most)
			most = carry[i * v->upstreams + u];
	return most;
}

static double seen_at(const struct sight *v, size_t sample, long p)
{
	return p == ANY ? v->sample[sample].visible : v->sample[sample].seen[p];
}

utime_t happen_until(const struct story *t, const struct sight *v, size_t sample)
{
	return sample + 1 < v->samples ? v->sample[sample + 1].at : t->s->end;
}

/* A gap shorter than LOST_AFTER, counting only the time in which the rest is visible, does not end a stay;
 * nor does it end when those who saw it go away, for a peer's loss is no withdrawal. */
static struct stays stays_find(const struct story *t, const struct sight *v, size_t u, long p)
{
	struct stays s = {0};
	utime_t gap = 0;
	bool there = false, unseen = false;

	for (size_t i = 0; i < v->samples; i++) {
		unsigned n = carried_by(v, i, u, p);
		if (n && !there) {
			if (s.n && gap < LOST_AFTER) {
				s.v[s.n - 1].to = UTIME_NONE;
			} else {
				s.v = vec_room(s.v, s.n, &s.cap, sizeof *s.v);
				s.v[s.n++] =
				    (struct stay){.from = i ? v->sample[i].at : UTIME_NONE, .to = UTIME_NONE};
			}
		}
		if (!n && there) {
			utime_t at = v->sample[i].at;
			unseen = fall_begins(t, v, STEP_LOSS, v->upstream[u], p, at) == UTIME_NONE;
			s.v[s.n - 1].to = unseen ? UTIME_NONE : at;
			gap = 0;
		}
		there = n > 0;
		if (there && n > s.v[s.n - 1].most) {
			s.v[s.n - 1].most = n;
			s.v[s.n - 1].of = v->sample[i].voters;
		}
		if (!there && !unseen && seen_at(v, i, p) >= DOWN_BELOW)
			gap += happen_until(t, v, i) - v->sample[i].at;
	}
	if (s.n && !there && gap < LOST_AFTER)
		s.v[s.n - 1].to = UTIME_NONE; /* not yet lost when the data ends */
	for (size_t i = 0; i < s.n; i++)
		s.v[i].counts =
		    s.v[i].from == UTIME_NONE || s.v[i].most >= VANTAGE_MIN || s.v[i].most == s.v[i].of;
	return s;
}

static utime_t stay_begins(
    const struct story *t, const struct sight *v, size_t u, long p, const struct stay *s)
{
	return s->from == UTIME_NONE ? s->from : happen_first(t, v, STEP_GAIN, v->upstream[u], p, s->from);
}

static utime_t stay_ends(const struct story *t, const struct sight *v, size_t u, long p, const struct stay *s)
{
	return s->to == UTIME_NONE ? s->to : fall_begins(t, v, STEP_LOSS, v->upstream[u], p, s->to);
}

struct happening *happening_upstream(
    struct happenings *h, const struct sight *v, const char *kind, const char *scope, size_t u, utime_t at)
{
	struct happening *e = happening_add(h, kind, scope, at);

	e->territory = v->place->id;
	e->upstream = v->upstream[u];
	return e;
}

/* The prefixes that come or go with the territory's own event. */
static void prefixes_with(
    struct happening *e, const struct sight *v, const struct stays *of, bool comes, utime_t at)
{
	for (size_t p = 0; p < v->prefixes; p++)
		for (size_t k = 0; k < of[p].n; k++) {
			utime_t x = comes ? of[p].v[k].from : of[p].v[k].to;
			if (of[p].v[k].counts && x != UTIME_NONE && x <= at + TOGETHER && x >= at - TOGETHER)
				happening_prefix(e, v->prefix[p]);
		}
}

static void territory_stays(struct happenings *h, const struct story *t, const struct sight *v, size_t u,
    const struct stays *all, const struct stays *of)
{
	bool before = false;

	for (size_t k = 0; k < all->n; k++) {
		const struct stay *s = &all->v[k];
		struct happening *e;
		utime_t next = UTIME_NONE;
		if (!s->counts)
			continue;
		if (s->from != UTIME_NONE) {
			e = happening_upstream(h, v, before ? "upstream-return" : "upstream-new", "territory",
			    u, stay_begins(t, v, u, ANY, s));
			e->settled = s->from;
			e->end = stay_ends(t, v, u, ANY, s);
			e->vantage = s->most;
			prefixes_with(e, v, of, true, s->from);
		}
		before = true;
		if (s->to == UTIME_NONE)
			continue;
		for (size_t n = k + 1; n < all->n && next == UTIME_NONE; n++)
			if (all->v[n].counts)
				next = stay_begins(t, v, u, ANY, &all->v[n]);
		e = happening_upstream(h, v, "upstream-lost", "territory", u, stay_ends(t, v, u, ANY, s));
		e->settled = s->to;
		e->end = next;
		prefixes_with(e, v, of, false, s->to);
	}
}

static bool with_territory(const struct stays *all, utime_t at)
{
	for (size_t k = 0; k < all->n; k++) {
		const utime_t edge[2] = {all->v[k].from, all->v[k].to};
		for (int i = 0; i < 2; i++)
			if (edge[i] != UTIME_NONE && at <= edge[i] + TOGETHER && at >= edge[i] - TOGETHER)
				return true;
	}
	return false;
}

/* One prefix of several: joined to an event of the same kind and moment. */
static void prefix_event(struct happenings *h, size_t since, const struct sight *v, const char *kind,
    size_t u, size_t p, utime_t at, utime_t end)
{
	struct happening *e = NULL;

	for (size_t i = since; i < h->n && !e; i++)
		if (strcmp(h->v[i].kind, kind) == 0 && strcmp(h->v[i].scope, "prefix") == 0 &&
		    h->v[i].upstream == v->upstream[u] && at - h->v[i].first_seen < TOGETHER &&
		    h->v[i].first_seen - at < TOGETHER)
			e = &h->v[i];
	if (!e)
		e = happening_upstream(h, v, kind, "prefix", u, at);
	if (at < e->first_seen)
		e->first_seen = at;
	e->lasting |= end == UTIME_NONE; /* over when the last of its prefixes is */
	if (e->lasting)
		e->end = UTIME_NONE;
	else if (e->end == UTIME_NONE || end > e->end)
		e->end = end;
	happening_prefix(e, v->prefix[p]);
}

/* Carried by anybody before this step: a prefix announced for the first time moved to nobody. */
static bool seen_before(const struct story *t, const struct sight *v, size_t p, utime_t at)
{
	for (size_t i = 0; i < v->samples && v->sample[i].at + spread(t) < at; i++)
		for (size_t u = 0; u < v->upstreams; u++)
			if (v->sample[i].carry[p * v->upstreams + u])
				return true;
	return false;
}

static void prefix_stays(struct happenings *h, const struct story *t, const struct sight *v, size_t u,
    const struct stays *all, const struct stays *of)
{
	size_t since = h->n, kept, carried = 0;

	for (size_t p = 0; p < v->prefixes; p++) {
		bool before = false;
		carried += of[p].n > 0;
		for (size_t k = 0; k < of[p].n; k++) {
			const struct stay *s = &of[p].v[k];
			if (!s->counts)
				continue;
			if (s->from != UTIME_NONE && !with_territory(all, s->from) &&
			    seen_before(t, v, p, s->from))
				prefix_event(h, since, v, before ? "upstream-return" : "upstream-new", u, p,
				    stay_begins(t, v, u, (long)p, s), stay_ends(t, v, u, (long)p, s));
			if (s->to != UTIME_NONE && !with_territory(all, s->to))
				prefix_event(h, since, v, "upstream-lost", u, p,
				    stay_ends(t, v, u, (long)p, s),
				    k + 1 < of[p].n ? stay_begins(t, v, u, (long)p, &of[p].v[k + 1])
						    : UTIME_NONE);
			before = true;
		}
	}
	kept = since;
	for (size_t i = since; i < h->n; i++) {
		bool told = v->prefixes <= PREFIXES_ONE_BY_ONE || h->v[i].prefixes * 10 >= carried;
		if (!told)
			free(h->v[i].prefix);
		else
			h->v[kept++] = h->v[i];
	}
	h->n = kept;
}

void happen_upstreams(struct happenings *h, const struct story *t, const struct sight *v)
{
	struct stays *of = mem_array(v->prefixes + 1, sizeof *of);

	for (size_t u = 0; u < v->upstreams; u++) {
		struct stays all = stays_find(t, v, u, ANY);
		for (size_t p = 0; p < v->prefixes; p++)
			of[p] = stays_find(t, v, u, (long)p);
		territory_stays(h, t, v, u, &all, of);
		prefix_stays(h, t, v, u, &all, of);
		for (size_t p = 0; p < v->prefixes; p++)
			free(of[p].v);
		free(all.v);
	}
	free(of);
}

/* ---- outages ---- */

static bool in_outage(const struct happenings *h, size_t since, utime_t at)
{
	for (size_t i = since; i < h->n; i++)
		if (strcmp(h->v[i].scope, "territory") == 0 && strcmp(h->v[i].kind, "outage") == 0 &&
		    at >= h->v[i].first_seen - MINUTE && (h->v[i].end == UTIME_NONE || at <= h->v[i].end))
			return true;
	return false;
}

static void outage_add(
    struct happenings *h, const struct story *t, const struct sight *v, long p, size_t from)
{
	struct happening *e = happening_add(h, "outage", p == ANY ? "territory" : "prefix",
	    fall_begins(t, v, STEP_GONE, 0, p, v->sample[from].at));

	e->territory = v->place->id;
	e->settled = v->sample[from].at;
	e->asn = v->asns == 1 ? v->asn[0] : 0;
	for (size_t k = 0; k < v->prefixes; k++)
		if (p == ANY ? v->sample[from].seen[k] < DOWN_BELOW : (size_t)p == k)
			happening_prefix(e, v->prefix[k]);
}

/* What follows into the dark of a territory's outage is part of it. */
static void outage_grow(struct happening *e, const struct story *t, const struct sight *v, size_t i)
{
	for (size_t p = 0; p < v->prefixes; p++) {
		size_t k = i;
		while (k > 0 && v->sample[k - 1].seen[p] < DOWN_BELOW)
			k--;
		if (v->sample[i].seen[p] < DOWN_BELOW && seen_before(t, v, p, v->sample[i].at) &&
		    happen_until(t, v, i) - v->sample[k].at >= DOWN_AFTER)
			happening_prefix(e, v->prefix[p]);
	}
}

/* UP, then below the line for a minute: DOWN; then half of them for a minute: UP. */
static void outages_of(
    struct happenings *h, const struct story *t, const struct sight *v, long p, size_t since)
{
	size_t from = SIZE_MAX, mine = SIZE_MAX;
	utime_t up = UTIME_NONE;
	bool known = false, down = false;

	for (size_t i = 0; i < v->samples; i++) {
		double x = seen_at(v, i, p);
		known |= x >= UP_FROM;
		if (!down && x >= DOWN_BELOW)
			from = SIZE_MAX;
		else if (!down && known && from == SIZE_MAX)
			from = i;
		if (!down && from != SIZE_MAX && happen_until(t, v, i) - v->sample[from].at >= DOWN_AFTER) {
			down = true;
			mine = SIZE_MAX;
			if (fall_begins(t, v, STEP_GONE, 0, p, v->sample[from].at) == UTIME_NONE)
				continue; /* those who saw it are away */
			if (p == ANY || !in_outage(h, since, v->sample[from].at)) {
				mine = h->n;
				outage_add(h, t, v, p, from);
			}
		}
		if (!down)
			continue;
		if (p == ANY && mine != SIZE_MAX)
			outage_grow(&h->v[mine], t, v, i);
		up = x < UP_FROM ? UTIME_NONE : up == UTIME_NONE ? v->sample[i].at : up;
		if (up == UTIME_NONE || happen_until(t, v, i) - up < UP_AFTER)
			continue;
		if (mine != SIZE_MAX)
			h->v[mine].end = up;
		down = false;
		from = SIZE_MAX;
		up = UTIME_NONE;
	}
}

void happen_outages(struct happenings *h, const struct story *t, const struct sight *v)
{
	size_t since = h->n;

	outages_of(h, t, v, ANY, since);
	for (size_t p = 0; p < v->prefixes; p++)
		outages_of(h, t, v, (long)p, since);
}
