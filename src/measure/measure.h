/*
 * measure: numbers about territories. In: a table and facts (for answers at one instant), or batches of
 * changes (running). Out: struct report, struct rank, struct sample. Definitions and sources: design.md
 * section 5; Fontugne, Shah, Aben, PAM 2018 (hegemony); Cowie, Renesys 2012 (classes); Herfindahl-Hirschman.
 * Owns only what it returns (free with *_free) and its running sums.
 */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include "enrich/enrich.h"
#include "table/table.h"

enum weight { WEIGHT_ADDRESSES, WEIGHT_PREFIXES };
struct measure_options {
	uint8_t family; /* FAMILY_IPV4, FAMILY_IPV6 */
	enum weight weight;
	bool all_peers; /* every peer votes, not only full feeds */
	unsigned depth; /* 1; 2: the carriers of the carriers */
	/* of a country: no other prefix can be its own (many reports at once); NULL: all are looked at */
	const prefix_id *candidate;
	size_t candidates;
	struct wayin
	    *wayin; /* measure_report fills it too, from the same look at the table; NULL: not wanted */
	struct measure_room *room; /* for many reports of one table, a room a thread; NULL: none */
};

struct upstream {
	asn_t asn;
	cc_t country;
	double share, low, high; /* share of the visible routes; 95 % interval */
	double hegemony;
	unsigned prefixes; /* carried, seen by at least one vantage AS */
	utime_t first_seen,
	    last_seen; /* UTIME_NONE: unknown / still there; filled where a timeline was read */
};
struct country_share {
	cc_t country;
	double share;
};
struct gateway {
	asn_t asn;
	double share;
};
struct critical {
	asn_t asn;
	double lost; /* part of the addresses without any path once it is gone */
};
struct prefix_row {
	prefix_id prefix;
	double weight, visible;
	asn_t main_upstream;
	double main_share;
	unsigned upstreams;
};
struct depth_edge { /* --depth 2: carrier behind an upstream */
	asn_t carrier, upstream;
	double share; /* of the territory's visible routes that cross carrier next outward of upstream */
};

struct report {
	const struct territory *territory;
	struct measure_options options;
	utime_t at;
	unsigned peers, full_feed, ases, collectors;
	bool no_full_feed; /* small data: all peers counted; the answer must say so */
	unsigned prefixes;
	uint64_t addresses; /* or /48s */
	double visible, invisible;
	struct upstream *upstream; /* by share, then ASN */
	size_t upstreams;
	struct country_share *country;
	size_t countries;
	struct gateway *gateway;
	size_t gateways;
	const char *resilience_class; /* severe, significant, low, resistant; none where nothing is visible */
	double hhi, effective, entropy, country_hhi, single_homed;
	struct critical *critical; /* lost > 1 % */
	size_t criticals;
	struct prefix_row *prefix;
	struct depth_edge *edge;
	size_t edges;
	uint64_t cleaned[8]; /* routes of voting peers left out of the shares, by enum cleaned */
};
enum cleaned { /* the first four in the order of path_flag's bits */
	CLEANED_SET,
	CLEANED_RESERVED,
	CLEANED_LOOPED,
	CLEANED_BAD,
	CLEANED_LENGTH,    /* prefixes outside /8-/24 (IPv4) or /16-/48 (IPv6) */
	CLEANED_INSIDE,    /* no foreign AS on the path */
	CLEANED_ELSEWHERE, /* another origin's route of a territory that is an AS */
};
const char *cleaned_text(enum cleaned cause);
/* What the table says of the territory now. Every list sorted, so the same table gives the same bytes. */
void measure_report(const struct table *t, const struct facts *f, const struct territory *who, utime_t at,
    const struct measure_options *o, struct report *r);
void report_free(struct report *r);
struct measure_room *measure_room_new(void); /* memory that reports one after another use */
void measure_room_free(struct measure_room *room);

/*
 * Which peers vote: full feeds by the rule of design.md 5. Hysteresis: give the same struct again. A table
 * whose top tenth of peers has a median below FULL_FEED_MIN prefixes of the family has no full feed (small
 * data): then every peer that has, or has lost, routes of the family votes.
 */
enum { FULL_FEED_MIN = 100 };
struct voters {                /* start with {0} */
	bool *votes;           /* by peer id */
	size_t n, full, peers; /* peers known; full feeds; peers of the family */
	bool no_full_feed, all_peers;
};
void voters_find(const struct table *t, uint8_t family, bool all_peers, struct voters *v);
/* The rule alone: prefixes per peer in, flags and `full` out. */
void voters_rule(struct voters *v, const uint32_t *routes, size_t n);
void voters_free(struct voters *v);

/*
 * ---- over time ----
 * The shares as a step function: a moment holds until the next one. Fed with the table's changes in order, it
 * keeps its own copy of the territory's routes, so that a moment has the time of the change that made it.
 * Voters are found anew at the end of each dump and once a minute of data; weights whenever a prefix comes or
 * goes.
 */
struct moment_share {
	asn_t upstream;
	unsigned prefixes;
	double share;
};
struct moment {
	utime_t at;
	double visible;
	unsigned ases;
	size_t first, n; /* its shares, largest first */
};
struct life { /* of an upstream, in what was read */
	asn_t upstream;
	utime_t first_seen; /* UTIME_NONE: there since before the data */
	utime_t last_seen;  /* UTIME_NONE: still there */
	unsigned routes;    /* now */
};
struct timeline {
	utime_t from, to, step; /* step 0: at every change */
	struct moment *moment;
	size_t moments, moment_cap;
	struct moment_share *share;
	size_t shares, share_cap;
	struct life *life; /* by order of first sight */
	size_t lives, life_cap;
};
struct running;
struct running *running_new(const struct table *t, const struct facts *f, const struct territory *who,
    const struct measure_options *o, utime_t from, utime_t to, utime_t step);
void running_changes(struct running *r, const struct change *c, size_t n); /* a batch the table has applied */
/* The end of the data or of the range. The timeline is the running's; freed with it. */
const struct timeline *running_end(struct running *r, utime_t at);
void running_free(struct running *r);
/* first_seen and last_seen of the report's upstreams; adds those that were there and are gone, with share 0.
 */
void report_lives(struct report *r, const struct timeline *t, const struct facts *f);

/*
 * ---- the way in ----
 * Where a territory's routes come from, as edges between four layers: the network next outward of the
 * upstream, the upstream, the gateway, the prefix. A share is of the visible routes' weight, as in struct
 * report; a foreign-originated route has no gateway edge (its upstream leads straight to the prefix), a
 * vantage AS that is itself the upstream no network edge. Sorted by layer, then share, largest first.
 */
enum wayin_layer { WAYIN_NETWORK, WAYIN_UPSTREAM, WAYIN_GATEWAY };
struct wayin_edge {
	enum wayin_layer from; /* what `asn` is */
	asn_t asn, to;         /* to: an AS of the next layer; 0 where the edge leads to `prefix` */
	prefix_id prefix;      /* PREFIX_NONE where it leads to an AS */
	double share;
};
struct wayin {
	struct wayin_edge *edge;
	size_t n;
};
void wayin_free(struct wayin *e);

struct rank_row {
	cc_t country; /* or */
	asn_t asn;
	unsigned prefixes, upstreams, gateways;
	uint64_t addresses;
	asn_t top;
	double top_share, hhi, effective, country_hhi, visible, single_homed;
	const char *resilience_class;
};
enum rank_by { RANK_COUNTRY, RANK_AS };
struct rank {
	struct rank_row *row; /* most dependent first: hhi, then addresses, then name */
	size_t n;
};
void measure_rank(const struct table *t, const struct facts *f, utime_t at, const struct measure_options *o,
    enum rank_by by, struct rank *r);
void rank_free(struct rank *r);

/* Hegemony of every AS for every origin AS, bottom-up over the path nodes. */
struct hegemony_row {
	asn_t origin, asn;
	double score;
};
struct hegemony {
	struct hegemony_row *row; /* by origin, then asn */
	size_t n;
	unsigned peers;
};
void measure_hegemony(const struct table *t, const struct measure_options *o, struct hegemony *h);
void hegemony_free(struct hegemony *h);

#endif
