/*
 * detect/inner: what the files of this room share. One run's state hangs off struct detect: the way of each
 * path, a line of facts per prefix, a member per (place, prefix), a cell per (member, upstream) holding its
 * votes, a carrier per (place, upstream) holding the running sums, a ring of the changes that mattered
 * (journal), and one heap of things to be judged later (due). A place is a territory in one family.
 */
#ifndef DETECT_INNER_H
#define DETECT_INNER_H

#include "detect/detect.h"
#include "detect/journal.h"
#include "detect/ledger.h"

#include <math.h>

/* One vantage AS's vote; an AS with k voting peers gives each a k-th of it. Divisible by 1..10. */
enum { VOTE = 5040 };
enum { SMALL_PLACE = 20 }; /* territories up to this many prefixes are told prefix by prefix */
enum { CANDIDATES = 8 };   /* vantage ASes told apart while an upstream is not yet established */
enum { FLIPS = 5 };        /* times kept for instability */
enum { SAMPLES_SAID = 512 };
#define MINUTE       (60 * UTIME_SECOND)
#define GROUP_WITHIN (5 * MINUTE)        /* what happens together is told together */
#define DECLINE_GAP  (90 * UTIME_SECOND) /* losses closer than this are one decline */
#define DAY          (24 * 60 * MINUTE)
#define NO_INDEX     UINT32_MAX

/* What a route says of a place: no route, a route without a clean way in, or the upstream's ASN. */
#define UP_NONE ((asn_t)0)
#define UP_DARK ((asn_t)UINT32_MAX)

enum { WAY_DIRTY = 1, WAY_LEAK = 2 };
enum phase { PHASE_UP, PHASE_OVER, PHASE_DOWN }; /* how a path has run so far, from the origin outward */

/* What paths say of a place: millions of them say the same few hundred thousand things, each kept once. */
struct way {
	_Alignas(16) asn_t origin;
	asn_t border; /* first AS outside the origin's own country; 0: never left it */
	cc_t home;
	uint8_t flags;
};
struct path_fact { /* inherited from the tail at birth */
	uint32_t way : 30, phase : 2;
};

struct prefix_fact {
	_Alignas(64) uint32_t member; /* first member, NO_INDEX */
	asn_t origin;                 /* the established one, 0: none yet */
	uint32_t trail[TRAIL];        /* its latest entries of the journal, around; 0: none */
	cc_t country;                 /* of the partition */
	uint8_t last;                 /* of the trail */
	uint8_t row;                  /* family_index */
	bool known;                   /* member looked for */
	bool announced;
	bool watched; /* origins are counted in pairs */
};

struct place {
	/* what a vote moves: a few lines of the processor's caches */
	const struct territory *who;  /* NULL in the partition */
	cc_t country;                 /* partition, or kind country */
	uint8_t family, level, state; /* enum level, now and as judged */
	bool dirty, stale;            /* stale: sums moved enough for every carrier to be looked at */
	uint32_t votes;               /* of everyone entitled */
	uint32_t down, up;            /* votes from which a prefix is not down, and up */
	uint64_t sum;                 /* of weight x votes with an upstream */
	uint64_t seen, whole;         /* of weight x votes visible; of weight; both over established */
	struct still { /* the level stays while `seen` does in here, of the same whole and votes */
		uint64_t from, to, whole;
		uint32_t votes;
	} still;
	utime_t fall, last_loss, rise, last_gain;
	enum territory_kind kind;
	uint32_t members, up_members; /* up: established and UP */
	/* what is seldom asked for */
	char id[64];
	uint32_t first_member; /* chain */
	struct ledger ledger;
	utime_t crossed, visible_since;
	float before;
	uint32_t outage;  /* open territory outage, NO_INDEX */
	uint32_t group;   /* small places: open outage of some prefixes */
	uint32_t primary; /* carrier, NO_INDEX */
	uint32_t challenger;
	utime_t challenge; /* since when the challenger leads */
	bool lead_quiet;   /* by a change of who votes */
	uint32_t primary_event;
	uint64_t primary_episode;
	uint64_t trouble_episode; /* of outages and instability */
	utime_t trouble_last;
	utime_t explained[4]; /* when what was told lately happened: no share-shift beside it; latest last */
	float told_visible;
	float size; /* addresses or /48s registered, for severities without a baseline; below 0: not looked up
		     */
	uint32_t instability;
	utime_t moved[8];   /* when upstreams came and went, latest last */
	utime_t touched_at; /* first change of the second under way */
	bool contest;       /* the lead may have changed */
	bool sample_due;    /* a share moved enough to be told */
	bool learned;       /* routes were met for the first time in this second: no step */
	uint64_t stale_sum;
	uint32_t first_touched; /* row of the ledger, NO_INDEX; a row that is in no chain has NOT_TOUCHED */
	uint64_t sampled_low, sampled_high; /* range of sum since every carrier was last sampled */
};

enum level { LEVEL_UNKNOWN, LEVEL_DOWN, LEVEL_DEGRADED, LEVEL_UP };

struct member_of { /* what a vote moves: one line of the processor's caches */
	_Alignas(64) uint64_t weight;
	uint32_t place, next_of_prefix;
	uint32_t cells;   /* chain */
	uint32_t visible; /* votes with a route */
	uint32_t main;    /* carrier with most votes when last looked at; NO_INDEX: none, or down */
	uint8_t level, state;
	bool established, touched;
	utime_t fall, last_loss; /* first and latest vote lost of a decline */
	utime_t last_gain;       /* of a recovery */
	float before;            /* visibility before the decline */
	prefix_id prefix;
};

struct member_more {               /* of a member, by its index: what is seldom asked for */
	utime_t rise;              /* first vote of a recovery */
	utime_t crossed, up_since; /* level entered; state UP entered */
	uint32_t next_of_place;
	uint32_t outage; /* open event it is part of */
	uint32_t flips;  /* NO_INDEX: it never wavered */
};

struct flips { /* of a member, for instability */
	utime_t at[FLIPS];
	uint8_t n;
	uint8_t dark; /* bit i: at[i] is of visibility, not of the carrier */
};

struct cell {
	_Alignas(32) uint32_t carrier;
	uint32_t next, votes;
	asn_t asn;       /* the carrier's: the chain is searched by it */
	bool held : 1;   /* carried by enough vantage ASes since it rose */
	bool before : 1; /* was held in an earlier stay, or in the baseline */
	bool going : 1;  /* without a vote: judged when it was so long enough */
	uint16_t last;   /* the peer that had its last vote, where that fits */
	uint32_t event;  /* open, that told of its last move */
	utime_t at;      /* of the first vote of this stay, or of the last one's end */
};

enum stay { STAY_ABSENT, STAY_RISING, STAY_PRESENT, STAY_FADING, STAY_LOST };

struct carrier { /* what a vote moves: one line of the processor's caches */
	_Alignas(64) uint32_t place;
	uint32_t row; /* of the place's ledger */
	asn_t asn;
	uint8_t stay;
	bool returning;   /* this stay began from lost */
	bool known;       /* seen in kept history, the baseline or the warm-up */
	bool established; /* enough vantage ASes saw it in this stay */
	bool touched;
	peer_id last_peer; /* who had its last route */
	uint32_t held, routes;
	uint64_t sum;            /* of weight x votes */
	utime_t fall, last_loss; /* first and latest route lost of a decline */
};

struct carrier_more { /* of a carrier, by its index: what is seldom asked for */
	utime_t since, zero, last_known;
	float calm;              /* share before the burst under way */
	uint32_t event;          /* index of the event of this stay, NO_INDEX */
	utime_t share_at, burst; /* last move; first one of the burst under way */
	uint64_t episode;
	utime_t episode_last;
	struct move {
		utime_t start;
		uint32_t held;    /* prefixes carried when it began */
		uint32_t event;   /* small places: told at once */
		uint32_t *member; /* large ones: judged when the five minutes are over */
		size_t n, cap;
	} gain, loss;
	struct drift *drift; /* NULL until it ever held a tenth */
};

enum { DRIFT_STEPS = 96 };
struct drift { /* steps of a share within seven days, for the CUSUM */
	unsigned n;
	utime_t at[DRIFT_STEPS];
	float level[DRIFT_STEPS];
	double mu, sigma; /* the reference of the deviation under way */
	double sum;       /* of what is beyond the allowance, by bins */
	utime_t summed;
	utime_t since, over; /* off by half a step, by a step; UTIME_NONE: not */
	uint32_t event;
	float settle_level;
	utime_t settle_at; /* since when the share is near it */
};

enum due_kind {
	DUE_RETELL,      /* subject: carrier; its event has settled */
	DUE_LOST,        /* carrier */
	DUE_CELL_LOST,   /* cell */
	DUE_MOVE_GAIN,   /* carrier */
	DUE_MOVE_LOSS,   /* carrier */
	DUE_DOWN,        /* member */
	DUE_UP,          /* member */
	DUE_PLACE_DOWN,  /* place */
	DUE_PLACE_UP,    /* place */
	DUE_PRIMARY,     /* place */
	DUE_DRIFT,       /* carrier */
	DUE_QUIET,       /* instability: event */
	DUE_ORIGIN_END,  /* incident */
	DUE_LEAK_END,    /* incident */
	DUE_ORIGIN_LOOK, /* incident */
	DUE_ROA,         /* none: a ROA comes or goes */
	DUE_RPKI_LOOK,   /* event */
	DUE_KINDS
};
struct due {
	utime_t at, stamp; /* stamp: the subject's own time then; judged void if it moved on */
	uint32_t subject;
	uint32_t other; /* a member, where the subject is a cell */
	uint64_t order; /* of entry: equal times keep it */
	uint8_t kind;
};

struct pair { /* a prefix and an origin that is not its established one */
	prefix_id prefix;
	asn_t origin;
	uint32_t routes;
	bool known;
	uint8_t seers;
	asn_t seer[CANDIDATES];
	utime_t since, zero;
	uint32_t incident;
};

struct victim {
	asn_t asn;
	unsigned n;
};

struct incident { /* of one new origin or one leaker */
	enum event_kind kind;
	asn_t asn;
	utime_t first, last, zero;
	uint32_t event; /* NO_INDEX: not told yet */
	uint32_t live;  /* routes under way */
	uint8_t seers;
	asn_t seer[CANDIDATES];
	struct victim *victim;
	size_t victims, victim_cap;
	size_t strangers; /* prefixes whose holder is no neighbour of it */
	prefix_id *prefix;
	size_t prefixes, cap;
	bool told;
};

struct open_event { /* an event that may still change */
	struct event e;
	size_t cap; /* of e.prefix */
	uint32_t place;
	uint32_t live; /* prefixes still in the state it tells of */
	utime_t last;  /* latest sign */
	bool told, unsorted;
};

struct peer_watch {          /* mass withdrawals of one peer */
	utime_t start;       /* of the minute under way */
	uint32_t gone, most; /* routes withdrawn in it; as many are no loss of the table */
	uint32_t routes;     /* of its table, a minute ago or more */
	utime_t routes_at;
	bool frozen;
	uint32_t back_at;         /* routes at which it may vote again */
	utime_t frozen_at, whole; /* whole: since when that many are there */
	uint32_t event;
};

struct peer_mark { /* whom journal_evidence has met: it holds the number of the look under way */
	uint64_t peer, as, collector; /* as: at the first peer of it; collector: at its own number */
	peer_id first;                /* peer of the same AS */
	uint16_t at;                  /* place among the entries kept */
};

struct table_of { /* open addressing; key 0 is free */
	struct slot {
		uint64_t key;
		uint32_t value;
	} * slot;
	size_t cap, n;
};

struct detect {
	const struct table *t;
	const struct facts *f;
	struct detect_options o;
	void (*tell)(void *, const struct event *);
	void *tell_arg;
	void (*sample)(void *, const struct sample *, size_t);
	void *sample_arg;
	struct sample *said; /* SAMPLES_SAID of them: not told yet, none between two calls */
	size_t n_said;

	utime_t now, start; /* time of the latest change; of the first */
	utime_t armed_at;
	utime_t second;    /* it begins */
	bool armed, quiet; /* armed: changes are news; quiet: this one is not */
	bool voters_due, votes_ever;
	bool dumped; /* a table dump has begun: with a baseline, nothing is news before */
	bool roas_known;
	utime_t roas_next; /* when a ROA next comes or goes */
	utime_t voters_at;

	struct path_fact *path;
	size_t paths, path_cap;
	struct way *way; /* the first is of no route */
	size_t n_ways, way_cap;
	struct table_of ways; /* a shorter way and what it is followed by -> way */
	struct prefix_fact *prefix;
	size_t prefixes, prefix_cap;
	struct table_of home; /* asn -> index into as */
	struct as_fact {
		cc_t home;
		asn_t carried; /* an origin it was seen to carry, 0: none */
		bool transit;  /* it carries at least two */
	} * as;
	size_t n_as, as_cap;
	struct table_of carriers; /* place, asn -> carrier */
	struct table_of places;   /* country, family -> place (partition) */
	struct table_of pairs;    /* prefix, origin -> pair */
	struct table_of origins;  /* new origin, kind -> incident */
	struct table_of triples;  /* hash of a valley -> 1: known */
	struct table_of otc;      /* path -> leaker told by Only-To-Customer */
	struct table_of groups;   /* origin, family, kind -> open event of some of its prefixes */
	struct table_of struck;   /* prefix -> the latest incident (new origin, leak) it is of */

	struct place *place;
	size_t n_places, place_cap;
	struct member_of *member;
	struct member_more *member_more;
	size_t n_members, member_cap, member_more_cap;
	struct flips *flips;
	size_t n_flips, flips_cap;
	struct cell *cell;
	size_t n_cells, cell_cap;
	struct carrier *carrier;
	struct carrier_more *carrier_more;
	size_t n_carriers, carrier_cap, carrier_more_cap;
	struct pair *pair;
	size_t n_pairs, pair_cap;
	struct incident *incident;
	size_t n_incidents, incident_cap;
	struct open_event **event;
	size_t n_events, event_cap;
	uint64_t next_id;

	uint32_t *touched_member;
	size_t n_touched_members, touched_member_cap;
	uint32_t *touched_carrier;
	size_t n_touched_carriers, touched_carrier_cap;
	uint32_t *dirty_place;
	size_t n_dirty, dirty_cap;

	struct due *due;
	size_t n_due, due_cap;
	uint64_t due_order;

	struct sight { /* for journal_witness alone */
		const struct entry *x;
		utime_t oldest; /* of those of the prefix on the way back to it */
	} * sight;
	size_t sight_cap;
	struct entry *journal;
	uint32_t journal_n; /* entries ever written, + 1 */

	uint16_t *vote; /* weight by peer, one row a family */
	size_t peers;
	asn_t *peer_asn;
	cc_t *peer_home;
	struct voters voters[2];
	uint32_t votes[2]; /* of all voters */
	unsigned ases[2];
	struct peer_watch *watch;
	struct peer_mark *mark; /* by peer; no part of the state that is kept */
	size_t n_marks;
	uint64_t look;
	uint64_t **met; /* without a baseline: prefixes a peer has shown, a bit each */
	size_t *met_words;
};

static inline struct carrier_more *more_of(const struct detect *d, const struct carrier *c)
{
	return &d->carrier_more[c - d->carrier];
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
uint32_t place_by_id(struct detect *d, const char *id, uint8_t family);
uint32_t carrier_find(struct detect *d, uint32_t place, asn_t asn);    /* finds or makes */
uint32_t cell_seek(struct detect *d, uint32_t member, asn_t upstream); /* finds or makes, the carrier too */
static inline uint32_t cell_find(struct detect *d, uint32_t member, asn_t upstream)
{
	uint32_t first = d->member[member].cells;

	return first != NO_INDEX && d->cell[first].asn == upstream ? first : cell_seek(d, member, upstream);
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
