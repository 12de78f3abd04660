/* sim/happen: see happen.h. What happens to a territory. */
#include "sim/happen.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * UTIME_SECOND)

/* design 6 */
static const double DOWN_BELOW = 0.2, UP_FROM = 0.5, MARGIN = 0.10;
enum { VANTAGE_MIN = 3, PREFIXES_ONE_BY_ONE = 20 };
static const utime_t LOST_AFTER = 30 * MINUTE, TOGETHER = 5 * MINUTE, DOWN_AFTER = MINUTE, UP_AFTER = MINUTE,
		     HOLDS = 30 * MINUTE;

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

/* ---- stays: how long an upstream carries a prefix, or any of them ---- */
enum { ANY = -1 };
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

static utime_t until(const struct story *t, const struct sight *v, size_t sample)
{
	return sample + 1 < v->samples ? v->sample[sample + 1].at : t->s->end;
}

/* A gap shorter than LOST_AFTER, counting only the time in which the rest is visible, does not end a stay. */
static struct stays stays_find(const struct story *t, const struct sight *v, size_t u, long p)
{
	struct stays s = {0};
	utime_t gap = 0;
	bool there = false;

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
			s.v[s.n - 1].to = v->sample[i].at;
			gap = 0;
		}
		there = n > 0;
		if (there && n > s.v[s.n - 1].most) {
			s.v[s.n - 1].most = n;
			s.v[s.n - 1].of = v->sample[i].voters;
		}
		if (!there && seen_at(v, i, p) >= DOWN_BELOW)
			gap += until(t, v, i) - v->sample[i].at;
	}
	if (s.n && !there && gap < LOST_AFTER)
		s.v[s.n - 1].to = UTIME_NONE; /* not yet lost when the data ends */
	for (size_t i = 0; i < s.n; i++)
		s.v[i].counts =
		    s.v[i].from == UTIME_NONE || s.v[i].most >= VANTAGE_MIN || s.v[i].most == s.v[i].of;
	return s;
}

/* The first word of it at any peer, voting or not. */
static utime_t first_word(const struct story *t, const struct sight *v, asn_t upstream, long p, utime_t at)
{
	for (size_t i = 0; i < t->lines && t->line[i].at < at; i++) {
		const struct line_told *l = &t->line[i];
		size_t n;
		const asn_t *path;
		bool mine = false;
		if (l->told != TOLD_ROUTE || !l->path || l->at + t->s->convergence < at)
			continue;
		for (size_t k = 0; k < v->prefixes; k++)
			mine |= v->prefix[k] == l->prefix && (p == ANY || (size_t)p == k);
		path = story_paths_of(&t->paths, l->path, &n);
		if (mine && sight_entry(v, path, n) == upstream)
			return l->at;
	}
	return at;
}

static struct happening *upstream_event(
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
			if (x != UTIME_NONE && x <= at + TOGETHER && x >= at - TOGETHER)
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
			e = upstream_event(h, v, before ? "upstream-return" : "upstream-new", "territory", u,
			    first_word(t, v, v->upstream[u], ANY, s->from));
			e->end = s->to;
			e->vantage = s->most;
			prefixes_with(e, v, of, true, s->from);
		}
		before = true;
		if (s->to == UTIME_NONE)
			continue;
		for (size_t n = k + 1; n < all->n && next == UTIME_NONE; n++)
			if (all->v[n].counts)
				next = all->v[n].from;
		e = upstream_event(h, v, "upstream-lost", "territory", u, s->to);
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
		e = upstream_event(h, v, kind, "prefix", u, at);
	if (at < e->first_seen)
		e->first_seen = at;
	if (e->end == UTIME_NONE)
		e->end = end;
	happening_prefix(e, v->prefix[p]);
}

static bool seen_before(const struct sight *v, size_t p, utime_t at)
{
	for (size_t i = 0; i < v->samples && v->sample[i].at < at; i++)
		if (v->sample[i].seen[p] > 0)
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
			    seen_before(v, p, s->from))
				prefix_event(h, since, v, before ? "upstream-return" : "upstream-new", u, p,
				    first_word(t, v, v->upstream[u], (long)p, s->from), s->to);
			if (s->to != UTIME_NONE && !with_territory(all, s->to))
				prefix_event(h, since, v, "upstream-lost", u, p, s->to,
				    k + 1 < of[p].n ? of[p].v[k + 1].from : UTIME_NONE);
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

/* ---- shares ---- */
static size_t leader(const struct sight *v, size_t sample)
{
	size_t best = 0;

	for (size_t u = 1; u < v->upstreams; u++)
		if (v->sample[sample].share[u] > v->sample[sample].share[best])
			best = u;
	return best;
}

static void primary_find(struct happenings *h, const struct story *t, const struct sight *v)
{
	size_t first = leader(v, 0);
	utime_t since = UTIME_NONE;
	size_t rival = first;

	for (size_t i = 0; i < v->samples; i++) {
		size_t now = leader(v, i);
		const double *share = v->sample[i].share;
		bool ahead = now != first && share[now] >= share[first] + MARGIN;
		struct happening *e;
		if (!ahead)
			since = UTIME_NONE;
		else if (since == UTIME_NONE || now != rival)
			since = v->sample[i].at;
		rival = now;
		if (!ahead || until(t, v, i) - since < HOLDS)
			continue;
		for (size_t k = h->n; k-- > 0;) /* the reverse ends the one before */
			if (strcmp(h->v[k].kind, "primary-changed") == 0 &&
			    h->v[k].territory == v->place->id) {
				h->v[k].end = since;
				break;
			}
		e = upstream_event(h, v, "primary-changed", "territory", now, since);
		e->asn = v->upstream[first];
		e->before = share[first];
		e->after = share[now];
		first = now;
		since = UTIME_NONE;
	}
}

/* From one plateau (30 minutes without a change) to the next. */
static void shifts_find(struct happenings *h, const struct story *t, const struct sight *v, size_t u)
{
	double before = NAN;
	utime_t moved = UTIME_NONE;

	for (size_t i = 0; i < v->samples; i++) {
		double x = v->sample[i].share[u];
		bool plateau =
		    until(t, v, i) - v->sample[i].at >= HOLDS && v->sample[i].visible >= DOWN_BELOW;
		if (v->sample[i].visible < DOWN_BELOW)
			continue; /* nothing seen is no share */
		if (moved == UTIME_NONE && !isnan(before) && fabs(x - before) > 1e-9)
			moved = v->sample[i].at;
		if (!plateau)
			continue;
		if (!isnan(before) && fabs(x - before) >= MARGIN) {
			struct happening *e = upstream_event(h, v, "share-shift", "territory", u, moved);
			e->settled = v->sample[i].at;
			e->before = before;
			e->after = x;
		}
		before = x;
		moved = UTIME_NONE;
	}
}

void happen_shares(struct happenings *h, const struct story *t, const struct sight *v)
{
	if (v->upstreams == 0)
		return;
	primary_find(h, t, v);
	for (size_t u = 0; u < v->upstreams; u++)
		shifts_find(h, t, v, u);
}

/* ---- outages ---- */

/* The first update of the fall that led below the line at sample i. */
static utime_t fall_begins(const struct story *t, const struct sight *v, size_t i, long p)
{
	while (i > 1 && seen_at(v, i - 1, p) <= seen_at(v, i - 2, p) &&
	       seen_at(v, i, p) <= seen_at(v, i - 1, p) &&
	       v->sample[i].at - v->sample[i - 1].at <= t->s->convergence)
		i--;
	return v->sample[i].at;
}

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
	struct happening *e =
	    happening_add(h, "outage", p == ANY ? "territory" : "prefix", fall_begins(t, v, from, p));

	e->territory = v->place->id;
	e->settled = v->sample[from].at;
	e->asn = v->asns == 1 ? v->asn[0] : 0;
	for (size_t k = 0; k < v->prefixes; k++)
		if (p == ANY ? v->sample[from].seen[k] < DOWN_BELOW : (size_t)p == k)
			happening_prefix(e, v->prefix[k]);
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
		if (!down && from != SIZE_MAX && until(t, v, i) - v->sample[from].at >= DOWN_AFTER) {
			down = true;
			mine = SIZE_MAX;
			if (p == ANY || !in_outage(h, since, v->sample[from].at)) {
				mine = h->n;
				outage_add(h, t, v, p, from);
			}
		}
		if (!down)
			continue;
		up = x < UP_FROM ? UTIME_NONE : up == UTIME_NONE ? v->sample[i].at : up;
		if (up == UTIME_NONE || until(t, v, i) - up < UP_AFTER)
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
