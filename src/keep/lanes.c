/*
 * keep/lanes: from events back to prefixes over time. In: the kept events of a territory. Out: struct lanes,
 * the caller's. An event is two moves of each of its prefixes: one at its beginning, the reverse at its end.
 */
#include "keep/store.h"

#include "base/mem.h"

#include <stdlib.h>

struct move {
	utime_t at;
	size_t order; /* as told */
	struct prefix prefix;
	asn_t upstream; /* 0: the prefix's own state */
	bool there;     /* carried; for a state: up */
};

struct moves {
	uint8_t family;
	struct move *v;
	size_t n, cap;
};

static void move_add(struct moves *m, utime_t at, const struct prefix *p, asn_t upstream, bool there)
{
	m->v = vec_room(m->v, m->n, &m->cap, sizeof *m->v);
	m->v[m->n] = (struct move){at, m->n, *p, upstream, there};
	m->n++;
}

/* What an event says of its prefixes from its first sign on: carried (or up), or no longer. */
static bool event_moves(const struct event *e, bool *there)
{
	switch (e->kind) {
	case EVENT_UPSTREAM_NEW:
	case EVENT_UPSTREAM_RETURN:
		*there = true;
		return e->upstream != 0;
	case EVENT_UPSTREAM_LOST:
		*there = false;
		return e->upstream != 0;
	case EVENT_OUTAGE:
		*there = false;
		return true;
	default:
		return false;
	}
}

static bool event_take(void *arg, const struct event *e)
{
	struct moves *m = arg;
	bool there;

	if (!event_moves(e, &there))
		return true;
	for (size_t i = 0; i < e->prefixes; i++) {
		asn_t upstream = e->kind == EVENT_OUTAGE ? 0 : e->upstream;
		if (e->prefix[i].family != m->family)
			continue;
		move_add(m, e->first_seen, &e->prefix[i], upstream, there);
		if (e->end != UTIME_NONE)
			move_add(m, e->end, &e->prefix[i], upstream, !there);
	}
	return true;
}

static int move_cmp(const void *a, const void *b)
{
	const struct move *x = a, *y = b;
	int c = prefix_cmp(&x->prefix, &y->prefix);

	if (c)
		return c;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* ---- one lane ---- */
struct carried { /* who carries the prefix now, sorted */
	asn_t *asn;
	size_t n, cap;
};

static bool carried_set(struct carried *c, asn_t asn, bool there)
{
	size_t i = 0;

	while (i < c->n && c->asn[i] < asn)
		i++;
	if ((i < c->n && c->asn[i] == asn) == there)
		return false;
	if (there) {
		c->asn = vec_room(c->asn, c->n, &c->cap, sizeof *c->asn);
		memmove(c->asn + i + 1, c->asn + i, (c->n++ - i) * sizeof *c->asn);
		c->asn[i] = asn;
	} else {
		memmove(c->asn + i, c->asn + i + 1, (--c->n - i) * sizeof *c->asn);
	}
	return true;
}

static void lane_carried(struct lane *l, size_t *cap, utime_t t, const struct carried *c)
{
	struct lane_carriers now = {t, mem_array(c->n, sizeof(asn_t)), c->n};

	if (c->n)
		memcpy(now.asn, c->asn, c->n * sizeof *c->asn);
	if (l->changes && l->carriers[l->changes - 1].time == t)
		free(l->carriers[--l->changes].asn);
	l->carriers = vec_room(l->carriers, l->changes, cap, sizeof *l->carriers);
	l->carriers[l->changes++] = now;
}

static void lane_stated(struct lane *l, size_t *cap, utime_t t, enum lane_state state)
{
	if (l->steps && l->step[l->steps - 1].state == state)
		return;
	if (l->steps && l->step[l->steps - 1].time == t) {
		l->step[l->steps - 1].state = state;
		return;
	}
	l->step = vec_room(l->step, l->steps, cap, sizeof *l->step);
	l->step[l->steps++] = (struct lane_step){t, state};
}

static void lane_make(
    struct lane *l, const struct lanes *all, const struct move *m, size_t n, struct carried *c)
{
	size_t carrier_cap = 0, step_cap = 0;

	l->prefix = m->prefix;
	lane_stated(l, &step_cap, all->from, LANE_UP);
	lane_carried(l, &carrier_cap, all->from, c);
	for (size_t i = 0; i < n && m[i].at < all->to; i++) {
		utime_t t = m[i].at < all->from ? all->from : m[i].at;
		if (m[i].upstream == 0)
			lane_stated(l, &step_cap, t, m[i].there ? LANE_UP : LANE_DOWN);
		else if (carried_set(c, m[i].upstream, m[i].there))
			lane_carried(l, &carrier_cap, t, c);
	}
}

/*
 * Who carries the lane before its first move: those that carry all prefixes then, and those whose first move
 * is to be lost.
 */
static void lane_before(
    const struct series *s, size_t prefixes, const struct move *m, size_t n, struct carried *c)
{
	utime_t before = m[0].at;

	for (size_t i = 0; i < n; i++)
		before = m[i].at < before ? m[i].at : before;
	for (size_t i = 0; i < s->n; i++) {
		const struct point *p = line_point(&s->line[i], before - 1);
		if (s->line[i].upstream && p && p->prefixes >= prefixes)
			carried_set(c, s->line[i].upstream, true);
	}
	for (size_t i = n; i-- > 0;) /* so that the first of each upstream decides */
		if (m[i].upstream)
			carried_set(c, m[i].upstream, !m[i].there);
}

static void lanes_fill(struct lanes *l, const struct moves *m, const struct series *series)
{
	size_t prefixes = 0;

	for (size_t i = 0; i < m->n; i++)
		prefixes += i == 0 || prefix_cmp(&m->v[i].prefix, &m->v[i - 1].prefix) != 0;
	l->too_many = prefixes > LANES_MAX;
	if (l->too_many)
		return;
	l->lane = mem_array(prefixes, sizeof *l->lane);
	for (size_t i = 0, n; i < m->n; i += n) {
		struct carried c = {0};
		for (n = 1; i + n < m->n && prefix_cmp(&m->v[i + n].prefix, &m->v[i].prefix) == 0;)
			n++;
		lane_before(series, prefixes, &m->v[i], n, &c);
		lane_make(&l->lane[l->n++], l, &m->v[i], n, &c);
		free(c.asn);
	}
}

int store_lanes(
    struct store *s, const char *territory, uint8_t family, utime_t from, utime_t to, struct lanes *l)
{
	struct event_filter filter = EVENT_FILTER_ALL;
	struct moves m = {.family = family};
	struct series series;

	*l = (struct lanes){.from = from, .to = to};
	if (store_series(s, territory, family, UTIME_NONE, to, &series))
		return -1;
	filter.territory = territory;
	filter.to = to;
	if (store_events(s, &filter, event_take, &m)) {
		series_free(&series);
		free(m.v);
		return -1;
	}
	l->from = from < series.from ? series.from : from;
	l->to = to > series.to ? series.to : to;
	if (m.n) {
		qsort(m.v, m.n, sizeof *m.v, move_cmp);
		lanes_fill(l, &m, &series);
	}
	series_free(&series);
	free(m.v);
	return 0;
}

void lanes_free(struct lanes *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->lane[i].changes; k++)
			free(l->lane[i].carriers[k].asn);
		free(l->lane[i].carriers);
		free(l->lane[i].step);
	}
	free(l->lane);
	l->lane = NULL;
	l->n = 0;
}
