/*
 * detect/leak: routes that went where they must not. In: routes whose path has a valley that the baseline did
 * not have (border.c), or whose Only-To-Customer attribute (RFC 9234 section 5) was carried uphill. Out:
 * route-leak, one a leaker, with what it leaked; the valley kind needs two vantage ASes, the OTC kind is
 * certain.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdio.h>

/* The AS that passed a route marked by `otc` to a provider or peer of its own, or 0. */
static asn_t otc_leaker(const struct detect *d, path_id path, asn_t otc)
{
	asn_t list[64], leaker = 0;
	size_t n = path_list(d->t, path, list, 64), at;

	for (at = n; at-- > 0;)
		if (list[at] == otc)
			break;
	if (at >= n || at < 2)
		return 0;
	for (size_t i = at - 1; i > 0; i--) { /* list[i] gave it to list[i-1] */
		enum relation r = asn_relation(d->f, list[i - 1], list[i]);
		if (r == REL_CUSTOMER || r == REL_PEER)
			leaker = list[i];
	}
	return leaker;
}

static asn_t leaker_of(const struct detect *d, path_id path, asn_t *from, asn_t *to)
{
	uint32_t otc = map_get(&d->otc, (uint64_t)path + 1);

	*from = *to = 0;
	if (otc != NO_INDEX)
		return otc;
	return path_leaker(d, path, from, to);
}

static uint32_t leak_of(struct detect *d, asn_t leaker)
{
	uint64_t key = (uint64_t)(EVENT_ROUTE_LEAK + 1) << 32 | leaker;
	uint32_t index = map_get(&d->origins, key);

	if (index != NO_INDEX)
		return index;
	d->incident = vec_room(d->incident, d->n_incidents, &d->incident_cap, sizeof *d->incident);
	index = (uint32_t)d->n_incidents++;
	d->incident[index] = (struct incident){.kind = EVENT_ROUTE_LEAK,
	    .asn = leaker,
	    .first = UTIME_NONE,
	    .zero = UTIME_NONE,
	    .event = NO_INDEX};
	map_put(&d->origins, key, index);
	return index;
}

static enum severity leak_severity(size_t prefixes)
{
	return prefixes >= 1000  ? SEVERITY_CRITICAL
	       : prefixes >= 100 ? SEVERITY_HIGH
	       : prefixes >= 10  ? SEVERITY_MEDIUM
	       : prefixes >= 3   ? SEVERITY_LOW
				 : SEVERITY_INFO;
}

static void leak_tell(struct detect *d, struct incident *x, asn_t from, asn_t to, bool certain)
{
	struct event *e = event_at(d, x->event);
	struct matter what = {.what = MATTER_LEAK};
	char who[96], whom[96], source[96];

	event_sort(d, x->event);
	witness_all(d, e, &what);
	e->severity = leak_severity(e->prefixes);
	asn_text(d, x->asn, who, sizeof who);
	asn_text(d, from, source, sizeof source);
	asn_text(d, to, whom, sizeof whom);
	if (certain)
		event_why(e, "%s passes on %zu prefix%s marked Only-To-Customer (RFC 9234)", who, e->prefixes,
		    es(e->prefixes));
	else
		event_why(e, "%s passes %zu prefix%s learnt from %s on to %s", who, e->prefixes,
		    es(e->prefixes), source, whom);
	if (to)
		event_upstream(d, e, to);
	incident_explains(d, e, x->first);
	event_tell(d, x->event);
}

static void leak_gain(struct detect *d, const struct change *c, bool certain)
{
	asn_t from, to, leaker = leaker_of(d, c->new, &from, &to), vantage = d->peer_asn[c->peer];
	uint32_t index = leak_of(d, leaker);
	struct incident *x = &d->incident[index];
	unsigned all = d->ases[family_index(prefix_of(d->t, c->prefix)->family)];
	unsigned needed = certain ? 1 : all < d->o.down_vantage_min ? all : d->o.down_vantage_min;
	unsigned i;

	if (x->live++ == 0 && x->event == NO_INDEX) {
		x->first = c->time;
		x->seers = 0;
		x->prefixes = 0;
	}
	x->zero = UTIME_NONE;
	if (d->quiet)
		return;
	for (i = 0; i < x->seers && x->seer[i] != vantage; i++)
		;
	if (i == x->seers && i < CANDIDATES)
		x->seer[x->seers++] = vantage;
	x->prefix = vec_room(x->prefix, x->prefixes, &x->cap, sizeof *x->prefix);
	x->prefix[x->prefixes++] = c->prefix;
	if (x->seers < needed)
		return;
	if (x->event == NO_INDEX) {
		x->event = event_open(d, EVENT_ROUTE_LEAK, SCOPE_AS, NO_INDEX, x->first);
		event_at(d, x->event)->asn = leaker;
		event_at(d, x->event)->family = prefix_of(d->t, c->prefix)->family;
	}
	for (size_t k = 0; k < x->prefixes; k++) {
		event_add_prefix(d, x->event, prefix_of(d->t, x->prefix[k]));
		incident_strikes(d, index, x->prefix[k]);
	}
	x->prefixes = 0;
	if (x->told && x->last + MINUTE > c->time)
		return;
	x->told = true;
	x->last = c->time;
	leak_tell(d, x, from, to, certain);
}

static void leak_lose(struct detect *d, const struct change *c)
{
	asn_t from, to, leaker = leaker_of(d, c->old, &from, &to);
	uint32_t index = leak_of(d, leaker);
	struct incident *x = &d->incident[index];

	if (x->live == 0 || --x->live)
		return;
	x->zero = c->time;
	if (x->event != NO_INDEX)
		due_add(d, DUE_LEAK_END, c->time + GROUP_WITHIN, index, 0, c->time);
}

void leak_change(struct detect *d, const struct change *c, const struct way *old, const struct way *new)
{
	bool certain = map_get(&d->otc, (uint64_t)c->new + 1) != NO_INDEX;

	if (c->otc && c->new != PATH_NONE && !certain) {
		asn_t leaker = otc_leaker(d, c->new, c->otc);
		if (leaker) {
			map_put(&d->otc, (uint64_t)c->new + 1, leaker);
			path_leaks(d, c->new);
			certain = true;
			old = path_way(d, c->old);
			new = path_way(d, c->new);
		}
	}
	if (c->new != PATH_NONE &&new->flags & WAY_LEAK)
		leak_gain(d, c, certain);
	if (c->old != PATH_NONE && old->flags & WAY_LEAK)
		leak_lose(d, c);
}

void leak_end_judge(struct detect *d, const struct due *due)
{
	struct incident *x = &d->incident[due->subject];

	if (x->live || x->zero != due->stamp || x->event == NO_INDEX)
		return;
	if (event_at(d, x->event))
		incident_explains(d, event_at(d, x->event), x->zero);
	event_close(d, x->event, x->zero);
	x->event = NO_INDEX;
	x->told = false;
}
