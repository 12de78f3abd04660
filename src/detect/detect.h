/*
 * detect: happenings. In: batches of changes in time order, a table and facts. Out: struct event, when
 * confirmed, changed or ended (design.md 6). Owns the open events and the per-territory state. O(1) per
 * change plus work for the territories touched.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "measure/measure.h"

enum event_kind {
	EVENT_UPSTREAM_NEW,
	EVENT_UPSTREAM_LOST,
	EVENT_UPSTREAM_RETURN,
	EVENT_PRIMARY_CHANGED,
	EVENT_SHARE_SHIFT,
	EVENT_OUTAGE,
	EVENT_INSTABILITY,
	EVENT_ORIGIN_NEW,
	EVENT_SUBPREFIX_NEW,
	EVENT_ROUTE_LEAK,
	EVENT_RPKI_INVALID,
	EVENT_PEER_RESET,
	EVENT_COLLECTOR_GAP,
	EVENT_KINDS
};
const char *event_kind_text(enum event_kind kind); /* "upstream-new" */
bool event_kind_parse(const char *s, enum event_kind *kind);
enum event_scope { SCOPE_TERRITORY, SCOPE_AS, SCOPE_PREFIX, SCOPE_HEALTH };
enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
const char *severity_text(enum severity severity);
bool severity_parse(const char *s, enum severity *severity);

enum { EVIDENCE_MAX = 5, EVIDENCE_PATH_MAX = 32 };
struct evidence {
	struct peer_key peer;
	utime_t at;
	asn_t before[EVIDENCE_PATH_MAX], after[EVIDENCE_PATH_MAX]; /* from the peer to the origin */
	uint8_t before_n, after_n;
};

struct event {
	uint64_t id;      /* from 1, in order of first_seen within a run */
	uint64_t episode; /* id of the first event of the episode */
	enum event_kind kind;
	enum event_scope scope;
	char territory[64]; /* id, or "" */
	uint8_t family;
	asn_t asn;                          /* the AS it is about (origin, leaker), 0: none */
	asn_t upstream;                     /* 0: none */
	cc_t country;                       /* of the upstream */
	utime_t first_seen, confirmed, end; /* UTIME_NONE: not (yet) */
	struct prefix *prefix;              /* sorted; owned by the event */
	size_t prefixes;
	unsigned vantage, collectors; /* ASes and collectors that saw it */
	double before, after;         /* share or visibility; NAN: does not apply */
	enum severity severity;
	char why[256];
	struct evidence evidence[EVIDENCE_MAX];
	unsigned evidences;
};
void event_free(struct event *e); /* what it owns */
void event_copy(struct event *to, const struct event *from);

struct detect_options { /* defaults are design.md section 6's; one table of them in detect.c for --help and
			   the man page */
	uint8_t family; /* 4, 6, 0: both */
	const struct territory *const *who;
	size_t whos;   /* 0: every country */
	bool every_as; /* beside every country, every AS that originates prefixes */
	bool all_peers;
	utime_t warm_up; /* without a baseline: nothing is told before it has passed */
	bool baseline;   /* a dump or kept history was or will be loaded first */
	bool ready; /* it is there already: the table stands at the first change (a checkpoint, --from) */
	double share_min, shift_min, down_below, up_from;
	utime_t lost_after, primary_after, down_after, up_after, episode_gap, instability_window;
	unsigned vantage_min, down_vantage_min, instability_changes;
	enum severity least; /* outages and unrest below it are told without evidence and sentence: nobody
				reads them (one that grows is told again, with both) */
};
extern const struct detect_options detect_defaults;
/* Sets a threshold by its option's name ("lost-after", "30m"): 1 done, 0 no such name, -1 not a value for it.
 */
int detect_option(struct detect_options *o, const char *name, const char *value);
/* Which values it takes: "a number from 1 to 8". Into buf. */
const char *detect_option_values(const char *name, char buf[static 48]);

struct detect;
struct detect *detect_new(const struct table *t, const struct facts *f, const struct detect_options *o,
    void (*tell)(void *arg, const struct event *e), void *arg);
void detect_free(struct detect *d);
/*
 * A batch, after the table has applied it; it should span a second of data at most (pipe's step), for who
 * votes is looked at between batches. Events are told when confirmed, again when they grew, and when they end
 * (same id).
 */
void detect_changes(struct detect *d, const struct change *c, size_t n);
void detect_tick(struct detect *d, utime_t now); /* time passes without changes */
void detect_end(struct detect *d, utime_t now);  /* end of data: what is pending is judged by what is known */
/*
 * The whole state, to go on later with the same table (table_save), territories and thresholds. detect_save:
 * 0 or an errno value. detect_load: into a run just made by detect_new on the loaded table; false: the bytes
 * are not a state, of another version of the program, or cut; then only detect_free is left.
 */
int detect_save(const struct detect *d, struct out *o);
bool detect_load(struct detect *d, int fd);
/* History known from elsewhere (the store): upstream u carried this territory between first and last. */
void detect_known_upstream(
    struct detect *d, const char *territory, uint8_t family, asn_t upstream, utime_t first, utime_t last);

/* Running measure of a place, which is a territory in a family: told when a share changes, for the kept
 * series. */
struct sample {
	utime_t time;
	uint32_t place; /* its number in this run: detect_place */
	asn_t upstream; /* 0: the territory's own measures */
	float share;    /* share of upstream; for 0: visible part */
	uint32_t prefixes;
};
/* In batches; all of them by the end of detect_changes, detect_tick and detect_end. */
void detect_on_sample(
    struct detect *d, void (*sample)(void *arg, const struct sample *v, size_t n), void *arg);
size_t detect_places(const struct detect *d); /* known so far; their numbers stay, from 0 */
const char *detect_place(const struct detect *d, uint32_t place, uint8_t *family); /* the territory's id */

#endif
