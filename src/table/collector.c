/*
 * table/collector: what a collector said of late. Keeps the updates of the last 60 s (the backlog rule of
 * dumps, and updates that come too late), and the minutes in which it spoke, so that its silence is noticed:
 * a collector that spoke in nearly every minute and then in none for four has a gap, one that spoke in fewer
 * after a longer silence.
 * Source of the rules: BGPCorsaro routingtables (Orsini et al., IMC 2016).
 */
#include "table/inner.h"

#include <math.h>
#include <string.h>

enum {
	GAP_MINUTES_KNOWN = 20,
	GAP_SECONDS = 240,
};
static const double STEADY = 1 / 20.0; /* of the minutes without a word; fewer are not told apart */

collector_id table_collector(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->collectors; i++)
		if (strcmp(t->collector[i].name, name) == 0)
			return (collector_id)i;
	if (t->collectors == COLLECTORS_MAX)
		return (collector_id)(COLLECTORS_MAX - 1);
	t->collector[t->collectors] = (struct collector){.name = mem_strdup(name), .last = UTIME_NONE};
	return (collector_id)t->collectors++;
}

const char *collector_name(const struct table *t, collector_id id)
{
	return t->collector[id].name;
}

size_t collector_count(const struct table *t)
{
	return t->collectors;
}

/*
 * A silence says something where it is no accident: with one silent minute in twenty, four in a row come by
 * chance once in 160,000. With more of them it takes more in a row to be as rare, 7.4 with one in five; who
 * is silent more often than that has no rhythm to judge by.
 */
static bool silence_is_gap(const struct collector *c, utime_t silence)
{
	unsigned known = c->minutes_known < 60 ? c->minutes_known : 60;
	uint64_t recent = c->minutes & ((UINT64_C(1) << known) - 1);
	unsigned silent = known - (unsigned)__builtin_popcountll(recent);
	double part;

	if (silence < GAP_SECONDS * UTIME_SECOND || known < GAP_MINUTES_KNOWN || silent * 5 > known)
		return false;
	part = fmax(STEADY, (double)silent / known);
	return (double)silence / (60.0 * UTIME_SECOND) >= GAP_SECONDS / 60.0 * log(STEADY) / log(part);
}

static void gap(struct table *t, collector_id c, utime_t now, struct changes *out)
{
	/* whole seconds of the clock, so that the last second heard of can be told */
	int64_t seconds = now / UTIME_SECOND - t->collector[c].last / UTIME_SECOND;

	t->health.gaps++;
	change_add(out, (struct change){.time = now,
			    .old = seconds < UINT32_MAX ? (path_id)seconds : UINT32_MAX,
			    .prefix = PREFIX_NONE,
			    .peer = c,
			    .kind = CHANGE_GAP});
	for (size_t id = 0; id < t->peers; id++)
		if (t->peer[id].collector == c && t->peer[id].state == PEER_UP)
			peer_enter(t, (peer_id)id, PEER_DOUBTFUL, now, out);
}

void collector_spoke(struct table *t, collector_id id, utime_t now, struct changes *out)
{
	struct collector *c = &t->collector[id];
	int64_t minute = UTIME_SECOND * 60,
		passed = c->last == UTIME_NONE ? 0 : now / minute - c->last / minute;

	if (now <= c->last)
		return;
	if (c->last != UTIME_NONE && silence_is_gap(c, now - c->last)) {
		gap(t, id, now, out);
		c->minutes = c->minutes_known = 0;
		passed = 0;
	}
	if (passed > 0 || c->minutes_known == 0) {
		c->minutes = passed < 64 ? c->minutes << passed : 0;
		c->minutes_known = passed < 64 - (int64_t)c->minutes_known
				       ? c->minutes_known + (unsigned)passed + (c->minutes_known == 0)
				       : 64;
	}
	c->minutes |= 1;
	c->last = now;
}

static void touches_grow(struct collector *c)
{
	size_t cap = c->touch_cap ? c->touch_cap * 2 : TOUCHES_FIRST;
	struct touch *ring = mem_array(cap, sizeof *ring);

	for (size_t i = 0; i < c->touches; i++)
		ring[i] = c->touch[(c->touch_head + i) & (c->touch_cap - 1)];
	free(c->touch);
	c->touch = ring;
	c->touch_cap = cap;
	c->touch_head = 0;
}

static void touch_drop(struct collector *c)
{
	c->touch_head = (c->touch_head + 1) & (c->touch_cap - 1);
	c->touches--;
}

void collector_touch(struct table *t, collector_id id, peer_id peer, prefix_id prefix, utime_t time)
{
	struct collector *c = &t->collector[id];

	if (time < c->last)
		time = c->last; /* keeps the ring in order */
	if (c->touches == c->touch_cap) {
		while (c->touches && c->touch[c->touch_head].time < time - BACKLOG)
			touch_drop(c);
		if (c->touches * 2 > c->touch_cap && c->touch_cap < TOUCHES_MAX)
			touches_grow(c);
		else if (c->touches == c->touch_cap)
			c->touch_cap ? touch_drop(c) : touches_grow(c);
	}
	c->touch[(c->touch_head + c->touches++) & (c->touch_cap - 1)] = (struct touch){time, prefix, peer};
	for (struct source *s = c->dumping; s; s = s->next)
		dump_keep(s, peer, prefix);
}

bool collector_knows_later(const struct collector *c, peer_id peer, prefix_id prefix, utime_t time)
{
	for (size_t i = c->touches; i-- > 0;) {
		const struct touch *x = &c->touch[(c->touch_head + i) & (c->touch_cap - 1)];
		if (x->time <= time)
			return false;
		if (x->peer == peer && x->prefix == prefix)
			return true;
	}
	return false;
}
