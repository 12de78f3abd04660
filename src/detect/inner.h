/*
 * detect/inner: what the files of this room ask of each other, file by file; what they share is in run.h.
 */
#ifndef DETECT_INNER_H
#define DETECT_INNER_H

#include "detect/run.h"

#include <math.h>

static inline struct carrier_more *more_of(const struct detect *d, const struct carrier *c)
{
	return &d->carrier_more[c - d->carrier];
}

static inline struct member_of *member_at(const struct detect *d, uint32_t i)
{
	return i < FAR ? &d->prefix[i].own : &d->far_member[i - FAR];
}
static inline struct member_more *member_more_at(const struct detect *d, uint32_t i)
{
	return i < FAR ? &d->member_more[i] : &d->far_more[i - FAR];
}
static inline struct cell *cell_at(const struct detect *d, uint32_t i)
{
	return i < FAR ? &d->prefix[i].cell : &d->far_cell[i - FAR];
}
static inline void member_fetch(const struct detect *d, uint32_t i)
{
	__builtin_prefetch(member_at(d, i), 1);
	if (i < FAR)
		__builtin_prefetch(cell_at(d, i), 1);
}

/* ---- maps (map.c) ---- */
uint32_t map_get(const struct table_of *m, uint64_t key); /* NO_INDEX: none */
void map_fetch(const struct table_of *m, uint64_t key);   /* ahead of map_get */
void map_put(struct table_of *m, uint64_t key, uint32_t value);
void map_free(struct table_of *m);

/* ---- border.c: what a path says of a place ---- */
void paths_grow(struct detect *d);
static inline const struct way *path_way(const struct detect *d, path_id path)
{
	return &d->way[d->path[path].way];
}
void path_leaks(struct detect *d, path_id path); /* it is known of this one path */
void ases_index(struct detect *d);               /* of as[], after it was read back */
cc_t asn_home(struct detect *d, asn_t asn);
bool asn_is_transit(struct detect *d, asn_t asn); /* seen to carry at least two other networks */
asn_t route_upstream(struct detect *d, const struct place *p, path_id path);
/* The same of a country of the partition, by a route's way; of no route: UP_NONE. */
static inline asn_t way_upstream(const struct way *x, cc_t country)
{
	if (x->flags & WAY_DIRTY)
		return UP_DARK;
	if (x->home != country)
		return x->origin;
	return x->border ? x->border : UP_DARK;
}
bool peer_inside(struct detect *d, const struct place *p, peer_id peer);
asn_t path_leaker(const struct detect *d, path_id path, asn_t *from, asn_t *to);

/* ---- place.c: places, members, carriers, cells ---- */
void prefixes_grow(struct detect *d);
void members_look(struct detect *d, prefix_id prefix);
static inline uint32_t prefix_members(
    struct detect *d, prefix_id prefix) /* first one; looks the first time */
{
	if (!d->prefix[prefix].known)
		members_look(d, prefix);
	return d->prefix[prefix].member;
}
uint32_t member_from(const struct detect *d, uint32_t i); /* the first of all members from there on */
uint32_t place_by_id(struct detect *d, const char *id, uint8_t family);
uint32_t carrier_find(struct detect *d, uint32_t place, asn_t asn);    /* finds or makes */
uint32_t cell_seek(struct detect *d, uint32_t member, asn_t upstream); /* finds or makes, the carrier too */
static inline uint32_t cell_find(struct detect *d, uint32_t member, asn_t upstream)
{
	uint32_t first = member_at(d, member)->cells;

	return first != NO_INDEX && cell_at(d, first)->asn == upstream ? first
								       : cell_seek(d, member, upstream);
}
bool prefix_in_shares(const struct prefix *p);
bool prefix_is_asked(const struct detect *d, prefix_id prefix, asn_t origin);
void member_reweigh(struct detect *d, uint32_t member);
void as_members_join(struct detect *d, prefix_id prefix, asn_t origin); /* asked-for ASes */

/* ---- ahead.c ---- */
enum { BLOCK = 32 };
/* Called before each BLOCK of n changes that are left: what they will ask for is fetched. */
void changes_fetch(const struct detect *d, const struct change *c, size_t n);

/* ---- tally.c: votes ---- */
void tally_change(struct detect *d, const struct change *c);
void route_moved(struct detect *d, const struct change *c, const struct way *old, const struct way *new,
    uint32_t weight); /* of one peer, in every place of the prefix */
void touch_member(struct detect *d, struct member_of *m, uint32_t member); /* to be settled */
double member_visibility(const struct detect *d, const struct member_of *m);
double place_visibility(const struct place *p);
double carrier_share(const struct detect *d, const struct carrier *c);
static inline float share_seen(const struct detect *d, const struct carrier *c) /* as last looked at */
{
	const struct ledger *l = &d->place[c->place].ledger;

	return row_seen(l, &l->row[c->row]);
}
unsigned vantage_needed(const struct detect *d, const struct place *p);
void settle(struct detect *d); /* end of a second: touched members, carriers and places */

/* ---- voters.c ---- */
void voters_refresh(struct detect *d); /* between batches: who votes is looked for anew */
void peers_grow(struct detect *d);
void place_entitle(struct detect *d, struct place *p); /* counts who may vote on it */

/* ---- due.c ---- */
void due_add(
    struct detect *d, enum due_kind kind, utime_t at, uint32_t subject, uint32_t other, utime_t stamp);
void due_run(struct detect *d, utime_t until);

/* ---- tell.c: events ---- */
uint32_t event_open(
    struct detect *d, enum event_kind kind, enum event_scope scope, uint32_t place, utime_t at);
struct event *event_at(struct detect *d, uint32_t index); /* NULL: closed */
void event_add_prefix(struct detect *d, uint32_t index, const struct prefix *p);
void event_sort(struct detect *d, uint32_t index); /* its prefixes, each once */
void event_tell(struct detect *d, uint32_t index);
void event_drop(struct detect *d, uint32_t index);               /* never told, forgotten */
void event_close(struct detect *d, uint32_t index, utime_t end); /* tells the end, forgets it */
/* Joins the episode where its last sign is within the gap, else begins one. */
void event_join(struct detect *d, uint32_t index, uint64_t *episode, utime_t *last);
static inline bool event_is_read(const struct detect *d, const struct event *e)
{
	return e->severity >= d->o.least;
}
void event_why(struct event *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline const char *es(size_t n) /* one prefix, two prefixes */
{
	return n == 1 ? "" : "es";
}
void event_upstream(struct detect *d, struct event *e, asn_t upstream);
void place_text(const struct detect *d, const struct place *p, char *buf, size_t n);
void asn_text(const struct detect *d, asn_t asn, char *buf, size_t n);
/* Few prefixes, all of them known: told one by one, judged by absolute states. Updates alone never show all.
 */
static inline bool place_is_small(const struct detect *d, const struct place *p)
{
	return d->o.baseline && p->members <= SMALL_PLACE;
}
enum severity severity_of(struct detect *d, const struct place *p, double part, const struct event *e);

/* ---- upstream.c ---- */
void carrier_rise(struct detect *d, uint32_t carrier, utime_t at);
void carrier_fall(struct detect *d, uint32_t carrier, utime_t at);
void carrier_confirm(struct detect *d, uint32_t carrier); /* enough vantage ASes see it */
void carrier_retell(struct detect *d, const struct due *due);
void carrier_judge_lost(struct detect *d, const struct due *due);
/* A loss that cannot be judged yet is asked for again, and never in the same moment. */
static inline utime_t lost_later(const struct detect *d)
{
	return d->now + (d->o.lost_after > UTIME_SECOND ? d->o.lost_after : UTIME_SECOND);
}
/* When a loss may be judged again, or UTIME_NONE where what lost it has been visible for long enough. */
utime_t ask_again(const struct detect *d, uint8_t level, utime_t visible_since);
/* Of a carrier's event: first_seen and evidence; the sentence. */
void carrier_witnesses(struct detect *d, uint32_t event, bool gained);
void gain_why(struct detect *d, struct event *e, const struct carrier *c);
void loss_why(struct detect *d, struct event *e, asn_t asn, const struct place *p);

/* ---- move.c ---- */
void cell_rise(struct detect *d, uint32_t member, uint32_t cell, utime_t at);
void cell_voted(struct detect *d, uint32_t member, uint32_t cell, utime_t at);
void cell_fall(struct detect *d, uint32_t member, uint32_t cell, utime_t at);
void cell_over(struct detect *d, struct cell *cell, utime_t at);
void cell_judge_lost(struct detect *d, const struct due *due);
void move_judge_gain(struct detect *d, const struct due *due);
void move_judge_loss(struct detect *d, const struct due *due);
void cell_goes(struct detect *d, uint32_t member, uint32_t cell, utime_t at); /* judged later */
uint32_t cell_of(const struct detect *d, uint32_t member, uint32_t carrier);  /* NO_INDEX: none */

/* ---- gone.c ---- */
void carriers_gone(struct detect *d); /* after a change of who votes */
void members_gone(struct detect *d);

/* ---- share.c ---- */
void samples_tell(struct detect *d); /* what was said since the last time */
void share_settle(struct detect *d, uint32_t place);
void carrier_settle(struct detect *d, uint32_t carrier);
void share_rebase(struct detect *d); /* voters changed: no step is a happening */
void primary_judge(struct detect *d, const struct due *due);

/* ---- drift.c ---- */
#define DRIFT_FROM 0.10
/* Nothing for the CUSUM: not followed (`last` is NAN) and too small to be, or where it was. */
static inline bool drift_stays(float share, float last)
{
	return isnan(last) ? share < DRIFT_FROM : fabsf(share - last) < 0.005F;
}
static inline bool drift_is_none(const struct row *r) /* apart: neither followed nor to be */
{
	return isnan(r->drift) && r->share < DRIFT_FROM;
}
void drift_update(struct detect *d, uint32_t carrier);
void drift_learn(struct detect *d, struct carrier *c, float moved);
void drift_judge(struct detect *d, const struct due *due);
void place_explain(struct place *p, utime_t at); /* an event tells what happened then */

/* ---- outage.c ---- */
void member_level(struct detect *d, uint32_t member, utime_t at);
void place_level(struct detect *d, uint32_t place, utime_t at);
static inline uint8_t member_level_of(const struct member_of *m, const struct place *p)
{
	return m->visible < p->down ? LEVEL_DOWN : m->visible >= p->up ? LEVEL_UP : LEVEL_DEGRADED;
}
static inline bool level_stays(const struct place *p)
{
	return p->seen >= p->still.from && p->seen <= p->still.to && p->whole == p->still.whole &&
	       p->votes == p->still.votes;
}
struct still level_still(const struct detect_options *o, uint8_t level, uint64_t whole, uint32_t votes);
uint8_t level_of(const struct detect_options *o, double visibility);
void down_judge(struct detect *d, const struct due *due);
void down_fetch(const struct detect *d, const struct due *due); /* ahead of down_judge */
void up_judge(struct detect *d, const struct due *due);
void place_down_judge(struct detect *d, const struct due *due);
void place_up_judge(struct detect *d, const struct due *due);

/* ---- unstable.c ---- */
void place_moved(struct place *p, utime_t at); /* an upstream came or went: not unrest */
/* The carrier of more than half of the visible votes, else the last one that had so many; NO_INDEX where the
 * prefix is dark. */
uint32_t member_main(const struct detect *d, const struct member_of *m);
void member_flip(struct detect *d, uint32_t member, utime_t at);
void quiet_judge(struct detect *d, const struct due *due);

/* ---- origin.c ---- */
bool prefix_is_struck(const struct detect *d, prefix_id prefix, utime_t at); /* hijacked or leaked then */
bool prefix_is_hijacked(const struct detect *d, prefix_id prefix, utime_t at);
bool prefix_is_taken(const struct detect *d, prefix_id prefix, asn_t origin); /* told as a new origin's */
void incident_strikes(struct detect *d, uint32_t incident, prefix_id prefix);
void incident_explains(struct detect *d, const struct event *e, utime_t at);
void origin_change(struct detect *d, const struct change *c, const struct way *old, const struct way *new);
/* The prefix has an origin, and what comes and goes is that one's: nothing for origin_change. */
static inline bool origin_stays(
    const struct prefix_fact *pf, const struct change *c, const struct way *old, const struct way *new)
{
	return pf->origin && (c->old == PATH_NONE || old->origin == pf->origin) &&
	       (c->new == PATH_NONE || new->origin == pf->origin);
}
void victims_text(struct detect *d, struct incident *x, char *buf, size_t n);
void incident_place(struct detect *d, uint32_t index, prefix_id held, size_t others);
void origin_look(struct detect *d, const struct due *due);
void origin_end_judge(struct detect *d, const struct due *due);

/* ---- rpki.c ---- */
void rpki_start(struct detect *d);
void roa_judge(struct detect *d, const struct due *due);
void rpki_look(struct detect *d, const struct due *due);

/* ---- leak.c ---- */
void leak_change(struct detect *d, const struct change *c, const struct way *old, const struct way *new);
void leak_end_judge(struct detect *d, const struct due *due);

/* ---- health.c ---- */
void health_change(struct detect *d, const struct change *c);
void health_reset(struct detect *d, peer_id peer);
void health_thaw(struct detect *d); /* at the end of a batch */
void health_withdrawal(struct detect *d, const struct change *c);
/* Counts it: is it one of a minute that has had few as yet, so that health_withdrawal need not look? */
static inline bool withdrawal_is_usual(struct peer_watch *w, utime_t at)
{
	return w->start != UTIME_NONE && at - w->start < MINUTE && ++w->gone <= w->most;
}

#endif
