/*
 * detect/health: peers and collectors that fall silent. In: state changes, gaps, withdrawals counted by peer.
 * Out: peer-reset and collector-gap, scope health. A peer that loses more than 30 % of its table within a
 * minute is frozen (does not vote) until it has nine tenths of it back (methods: BGPCorsaro routingtables).
 */
#include "detect/inner.h"

#include <stdio.h>

static const double gone_part = 0.30, back_part = 0.90;
static const uint32_t few_gone = 15; /* of however small a table */
static const utime_t thaw_after = 2 * MINUTE, give_up = 60 * MINUTE;

static uint32_t peer_routes(const struct detect *d, peer_id peer)
{
	const struct peer *p = peer_of(d->t, peer);

	return p->routes[0] + p->routes[1];
}

/* Its table is gone or doubtful: until it is back it neither votes nor makes news. */
static void peer_freeze(struct detect *d, peer_id peer)
{
	struct peer_watch *w = &d->watch[peer];

	if (w->frozen || !d->armed)
		return;
	w->frozen = true;
	w->frozen_at = d->now;
	w->whole = UTIME_NONE;
	w->back_at = (uint32_t)(back_part * w->routes);
	d->voters_due = true;
}

static void reset_tell(struct detect *d, peer_id peer, utime_t at, const char *how)
{
	const struct peer *p = peer_of(d->t, peer);
	char text[ADDR_TEXT + 1];
	uint32_t index;
	struct event *e;

	if (event_at(d, d->watch[peer].event))
		return;
	index = event_open(d, EVENT_PEER_RESET, SCOPE_HEALTH, NO_INDEX, at);
	e = event_at(d, index);
	d->watch[peer].event = index;
	e->asn = p->key.asn;
	e->vantage = e->collectors = 1;
	text[addr_text(text, &p->key.addr)] = '\0';
	event_why(e, "Peer AS%u (%s) of %s: %s", p->key.asn, text, collector_name(d->t, p->collector), how);
	event_tell(d, index);
}

static void gap_tell(struct detect *d, const struct change *c)
{
	uint32_t index = event_open(d, EVENT_COLLECTOR_GAP, SCOPE_HEALTH, NO_INDEX,
	    (c->time / UTIME_SECOND - (utime_t)c->old) * UTIME_SECOND);
	struct event *e = event_at(d, index);

	e->collectors = 1;
	event_why(e, "%s was silent for %u s", collector_name(d->t, (collector_id)c->peer), c->old);
	event_tell(d, index);
	event_close(d, index, c->time);
}

void health_change(struct detect *d, const struct change *c)
{
	switch (c->kind) {
	case CHANGE_PEER_DOWN:
		if (c->peer < d->peers)
			peer_freeze(d, c->peer);
		if (d->armed && c->peer < d->peers)
			reset_tell(d, c->peer, c->time, "the session went down");
		break;
	case CHANGE_PEER_UP:
		d->voters_due = true;
		if (c->peer < d->peers)
			event_close(d, d->watch[c->peer].event, c->time);
		break;
	case CHANGE_GAP:
		d->voters_due = true;
		if (d->armed)
			gap_tell(d, c);
		break;
	case CHANGE_DUMP_BEGIN:
		d->dumped = true;
		break;
	case CHANGE_DUMP_END:
		d->voters_due = true;
		break;
	default:
		break;
	}
}

/* Counts a peer's withdrawals a minute at a time. */
void health_withdrawal(struct detect *d, const struct change *c)
{
	struct peer_watch *w = &d->watch[c->peer];

	if (w->start == UTIME_NONE || c->time - w->start >= MINUTE) {
		uint32_t part = (uint32_t)(gone_part * peer_routes(d, c->peer));
		w->start = c->time;
		w->gone = 1;
		w->most = part > few_gone ? part : few_gone;
		return;
	}
	if (w->frozen)
		return;
	peer_freeze(d, c->peer);
	reset_tell(d, c->peer, w->start, "more than 30 % of its table went within a minute");
}

void health_reset(struct detect *d, peer_id peer)
{
	peer_freeze(d, peer);
}

void health_thaw(struct detect *d)
{
	for (peer_id i = 0; i < d->peers; i++) {
		struct peer_watch *w = &d->watch[i];
		uint32_t routes = peer_routes(d, i);
		if (!w->frozen) {
			if (w->routes_at == UTIME_NONE || d->now - w->routes_at > MINUTE) {
				w->routes = routes;
				w->routes_at = d->now;
			}
			continue;
		}
		if (routes < w->back_at)
			w->whole = UTIME_NONE;
		else if (w->whole == UTIME_NONE)
			w->whole = d->now;
		/* the last tenth of its table may still come, where not all of it is there */
		if ((w->whole == UTIME_NONE || (routes < w->routes && d->now - w->whole < thaw_after)) &&
		    d->now - w->frozen_at < give_up)
			continue;
		w->frozen = false;
		d->voters_due = true;
		if (peer_of(d->t, i)->state == PEER_UP) /* given up, but down is down */
			event_close(d, w->event, d->now);
	}
}
