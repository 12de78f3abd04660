/*
 * detect/witness: who saw what, before and after, and when first. In: an event with its prefixes, and what of
 * the journal matters for it. Out: its first sign, vantage ASes, collectors and evidence. What the journal
 * has overwritten can no longer be shown, and an event then has fewer witnesses, never wrong ones.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>
#include <string.h>

utime_t witness_decline(
    struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream, utime_t since, utime_t end)
{
	utime_t first = end;
	struct back back;

	for (const struct entry *x = journal_last(d, prefix, &back); x && first - x->time <= DECLINE_GAP;
	     x = journal_before(&back))
		if (x->time < first && x->time > since && route_upstream(d, p, x->old) == upstream &&
		    route_upstream(d, p, x->new) != upstream)
			first = x->time;
	return first;
}

utime_t witness_last_loss(struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream)
{
	struct back back;

	for (const struct entry *x = journal_last(d, prefix, &back); x && d->now - x->time <= d->o.lost_after;
	     x = journal_before(&back))
		if (route_upstream(d, p, x->old) == upstream && route_upstream(d, p, x->new) != upstream)
			return x->time;
	return UTIME_NONE;
}

static bool route_moves(struct detect *d, const struct entry *x, const struct matter *m)
{
	asn_t old = route_upstream(d, m->place, x->old), new = route_upstream(d, m->place, x->new);

	return old != new && (old == m->upstream || new == m->upstream) &&
	       old != UP_NONE &&new != UP_NONE &&old != UP_DARK &&new != UP_DARK;
}

static bool entry_matters(struct detect *d, const struct entry *x, const struct matter *m)
{
	switch (m->what) {
	case MATTER_GAIN:
		return route_upstream(d, m->place, x->new) == m->upstream &&
		       route_upstream(d, m->place, x->old) != m->upstream;
	case MATTER_LOSS:
		return route_upstream(d, m->place, x->old) == m->upstream &&
		       route_upstream(d, m->place, x->new) != m->upstream;
	case MATTER_MOVE:
		return route_moves(d, x, m);
	case MATTER_GONE:
		return x->old != PATH_NONE && x->new == PATH_NONE;
	case MATTER_ORIGIN:
		return x->new != PATH_NONE &&path_way(d, x->new)->origin == m->origin;
	case MATTER_LEAK:
		return x->new != PATH_NONE &&path_way(d, x->new)->flags &WAY_LEAK;
	default:
		return true;
	}
}

enum { PEERS_SHOWN = 1024 };
struct seen { /* entries that matter, one a peer: its earliest */
	struct entry v[PEERS_SHOWN];
	size_t n;
};

static void marks_grow(struct detect *d)
{
	size_t n = d->peers > collector_count(d->t) ? d->peers : collector_count(d->t);

	if (n <= d->n_marks)
		return;
	d->mark = mem_grow(d->mark, n, sizeof *d->mark);
	for (size_t i = d->n_marks; i < n; i++) {
		peer_id first = 0;
		while (i < d->peers && d->peer_asn[first] != d->peer_asn[i])
			first++;
		d->mark[i] = (struct peer_mark){.first = first};
	}
	d->n_marks = n;
}

static void seen_add(struct detect *d, struct seen *s, const struct entry *x)
{
	struct peer_mark *m = &d->mark[x->peer];

	if (m->peer == d->look) {
		if (x->time <= s->v[m->at].time)
			s->v[m->at] = *x;
	} else if (s->n < PEERS_SHOWN) {
		m->peer = d->look;
		m->at = (uint16_t)s->n;
		s->v[s->n++] = *x;
	}
}

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->peer < y->peer ? -1 : x->peer > y->peer;
}

static void evidence_take(struct detect *d, struct event *e, const struct entry *x)
{
	struct evidence *v = &e->evidence[e->evidences++];

	memset(v, 0, sizeof *v);
	v->peer = peer_of(d->t, x->peer)->key;
	v->at = x->time;
	if (x->old != PATH_NONE)
		v->before_n = (uint8_t)path_list(d->t, x->old, v->before, EVIDENCE_PATH_MAX);
	if (x->new != PATH_NONE)
		v->after_n = (uint8_t)path_list(d->t, x->new, v->after, EVIDENCE_PATH_MAX);
	if (v->before_n > EVIDENCE_PATH_MAX)
		v->before_n = EVIDENCE_PATH_MAX;
	if (v->after_n > EVIDENCE_PATH_MAX)
		v->after_n = EVIDENCE_PATH_MAX;
}

static void event_count(struct detect *d, struct event *e, const struct seen *s)
{
	e->vantage = e->collectors = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct peer *p = peer_of(d->t, s->v[i].peer);
		struct peer_mark *as = &d->mark[d->mark[s->v[i].peer].first],
				 *collector = &d->mark[p->collector];
		e->vantage += as->as != d->look;
		as->as = d->look;
		e->collectors += collector->collector != d->look;
		collector->collector = d->look;
	}
}

enum { PREFIXES_LOOKED_AT = 256 };

/* A turn the other way: before it lies another rise or fall of the same upstream, not this one. */
static bool entry_turns_back(struct detect *d, const struct entry *x, const struct matter *what)
{
	struct matter opposite = *what;

	if (what->what != MATTER_GAIN && what->what != MATTER_LOSS)
		return false;
	opposite.what = what->what == MATTER_GAIN ? MATTER_LOSS : MATTER_GAIN;
	return entry_matters(d, x, &opposite);
}

/* The first word of it at any peer, voting or not, in the half minute before `at`. */
utime_t witness_first_of(struct detect *d, prefix_id prefix, utime_t at, const struct matter *what)
{
	utime_t first = at;
	struct back back;

	for (const struct entry *x = journal_last(d, prefix, &back); x && x->time >= at - MINUTE / 2;
	     x = journal_before(&back)) {
		if (x->time < at && entry_turns_back(d, x, what))
			break;
		if (x->time < first && entry_matters(d, x, what))
			first = x->time;
	}
	return first;
}

utime_t witness_first(struct detect *d, const struct event *e, utime_t at, const struct matter *what)
{
	utime_t first = at, one;

	for (size_t i = 0; i < e->prefixes && i < PREFIXES_LOOKED_AT; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		if (id == PREFIX_NONE || id >= d->prefixes)
			continue;
		one = witness_first_of(d, id, at, what);
		first = one < first ? one : first;
	}
	return first;
}

static void evidence_fill(struct detect *d, struct event *e, struct seen *s)
{
	if (!s->n)
		return;
	qsort(s->v, s->n, sizeof *s->v, entry_cmp);
	event_count(d, e, s);
	e->evidences = 0;
	for (size_t i = 0; i < s->n && i < EVIDENCE_MAX; i++)
		evidence_take(d, e, &s->v[i]);
}

void witness_evidence(struct detect *d, struct event *e, utime_t from, utime_t to, const struct matter *what)
{
	struct seen s;
	struct back back;

	s.n = 0;
	marks_grow(d);
	d->look++;
	for (size_t i = 0; i < e->prefixes && i < PREFIXES_LOOKED_AT; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		if (id == PREFIX_NONE || id >= d->prefixes)
			continue;
		for (const struct entry *x = journal_last(d, id, &back); x && x->time >= from;
		     x = journal_before(&back))
			if (x->time <= to && entry_matters(d, x, what))
				seen_add(d, &s, x);
	}
	evidence_fill(d, e, &s);
}

/* What matters of the prefixes since `from`, in the order of the way back; returns how many. */
static size_t sights_gather(struct detect *d, const struct event *e, utime_t from, const struct matter *what)
{
	struct back back;
	size_t n = 0;

	for (size_t i = 0; i < e->prefixes && i < PREFIXES_LOOKED_AT; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		utime_t oldest = UTIME_MAX;
		if (id == PREFIX_NONE || id >= d->prefixes)
			continue;
		for (const struct entry *x = journal_last(d, id, &back); x && x->time >= from;
		     x = journal_before(&back)) {
			oldest = x->time < oldest ? x->time : oldest;
			if (!entry_matters(d, x, what))
				continue;
			d->sight = vec_room(d->sight, n, &d->sight_cap, sizeof *d->sight);
			d->sight[n++] = (struct sight){*x, oldest};
		}
	}
	return n;
}

/* first_seen becomes that of the earliest; returns how many there are. */
static size_t sights_begin(struct detect *d, struct event *e, const struct matter *what)
{
	size_t n = sights_gather(d, e, e->first_seen - MINUTE / 2, what);

	for (size_t i = 0; i < n; i++)
		if (d->sight[i].x.time < e->first_seen)
			e->first_seen = d->sight[i].x.time;
	return n;
}

static bool look_stands(const struct detect *d, const struct event *e, const struct look *look)
{
	return look->at != UTIME_NONE && trail_stands(d, look->at) &&
	       e->first_seen - MINUTE / 2 >= look->from && e->prefixes <= PREFIXES_LOOKED_AT;
}

void witness_begin(struct detect *d, struct event *e, struct look *look, const struct trail *joined,
    const struct matter *what)
{
	utime_t from = e->first_seen - MINUTE / 2;
	struct back back;

	if (joined && (e->prefixes == 1 || look_stands(d, e, look))) {
		for (const struct entry *x = journal_from(d, joined, &back); x && x->time >= from;
		     x = journal_before(&back))
			if (x->time < e->first_seen && entry_matters(d, x, what))
				e->first_seen = x->time;
	} else {
		(void)sights_begin(d, e, what);
	}
	*look = (struct look){d->now, from};
}

void witness_all(struct detect *d, struct event *e, const struct matter *what)
{
	size_t n = sights_begin(d, e, what);
	struct seen s;

	s.n = 0;
	marks_grow(d);
	d->look++;
	for (size_t i = 0; i < n; i++)
		if (d->sight[i].oldest >= e->first_seen && d->sight[i].x.time <= d->now)
			seen_add(d, &s, &d->sight[i].x);
	evidence_fill(d, e, &s);
}
