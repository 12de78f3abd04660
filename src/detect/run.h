/*
 * detect/run: what one run knows. Its state hangs off struct detect: the way of each path, the facts of
 * each prefix, a member per (place, prefix), a cell per (member, upstream) holding its votes, a carrier per
 * (place, upstream) holding the running sums, a ring of the changes that mattered (journal), and one heap of
 * things to be judged later (due). A place is a territory in one family. All of it is owned by struct detect;
 * state.c walks it.
 */
#ifndef DETECT_RUN_H
#define DETECT_RUN_H

#include "detect/detect.h"
#include "detect/journal.h"
#include "detect/ledger.h"
#include "detect/witness.h"

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
#define AS_NEAR      (1U << 19) /* all but private ASNs, as handed out by 2026 */

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
	uint64_t weight;
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

struct cell {
	uint32_t carrier;
	uint32_t next, votes;
	asn_t asn;       /* the carrier's: the chain is searched by it */
	bool held : 1;   /* carried by enough vantage ASes since it rose */
	bool before : 1; /* was held in an earlier stay, or in the baseline */
	bool going : 1;  /* without a vote: judged when it was so long enough */
	uint16_t last;   /* the peer that had its last vote, where that fits */
	uint32_t event;  /* open, that told of its last move */
	utime_t at;      /* of the first vote of this stay, or of the last one's end */
};

/*
 * All that a change asks for of its prefix stands side by side: two neighbouring lines of the processor's
 * caches. `own` is the member of the first place the prefix is of, `cell` the first cell of that; what a
 * prefix has beyond them lies far. Indexes of both tell which it is: those from FAR are far, those below are
 * the prefix's own.
 */
#define FAR (UINT32_C(1) << 31)
struct prefix_fact {
	_Alignas(128) struct member_of own; /* place: NO_INDEX where it is of none */
	struct cell cell;
	uint32_t member; /* chain, NO_INDEX */
	asn_t origin;    /* the established one, 0: none yet */
	struct trail trail;
	cc_t country;   /* of the partition */
	uint8_t row;    /* family_index */
	bool known : 1; /* member looked for */
	bool announced : 1;
	bool watched : 1; /* origins are counted in pairs */
};

struct member_more {               /* of a member, by its index: what is seldom asked for */
	_Alignas(64) utime_t rise; /* first vote of a recovery */
	utime_t crossed, up_since; /* level entered; state UP entered */
	uint32_t next_of_place;
	uint32_t outage;   /* open event it is part of */
	uint32_t flips;    /* NO_INDEX: it never wavered */
	struct trail fell; /* of the prefix, with the vote of `fall` as its latest */
};

struct flips { /* of a member, for instability */
	utime_t at[FLIPS];
	uint8_t n;
	uint8_t dark; /* bit i: at[i] is of visibility, not of the carrier */
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
	uint32_t live;    /* prefixes still in the state it tells of */
	utime_t last;     /* latest sign */
	struct look look; /* outages: for a first sign */
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

struct peer_mark { /* whom witness_evidence has met: it holds the number of the look under way */
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
	utime_t late;       /* when a change last came that was older than one before it */
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
	struct as_fact {
		asn_t asn;
		asn_t carried; /* an origin it was seen to carry, 0: none */
		cc_t home;
		bool transit; /* it carries at least two */
	} * as;               /* the first is nobody's */
	size_t n_as, as_cap;
	uint32_t *as_near;        /* asn -> index into as, below AS_NEAR; 0: none yet */
	struct table_of as_far;   /* the same from there on */
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
	struct member_more *member_more; /* of the prefixes' own members */
	size_t member_more_cap;
	struct member_of *far_member;
	struct member_more *far_more;
	size_t n_far_members, far_member_cap, far_more_cap;
	struct flips *flips;
	size_t n_flips, flips_cap;
	struct cell *far_cell;
	size_t n_far_cells, far_cell_cap;
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

	struct sight { /* for witness_all alone */
		struct entry x;
		utime_t oldest; /* of those of the prefix on the way back to it */
	} * sight;
	size_t sight_cap;
	struct journal journal;

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

#endif
