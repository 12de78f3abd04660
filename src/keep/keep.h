/*
 * keep: memory across restarts. In: samples, events, per-file provenance and health. Out: series, events,
 * known upstreams, files, checkpoints. A store is a folder: `history.db` (SQLite whose every page carries a
 * checksum; tables in isthmus-store(5)) and the checkpoints of the routing tables beside it. Needs no server.
 *
 * What is kept is a function of the set of files: their records merged by time. It grows by cuts: a cut is a
 * moment of that stream at which no file is half read; everything since the last cut becomes visible together
 * or not at all. A file older than the last cut is merged by going back to a checkpoint before it.
 *
 * Calls return 0, or -1 with store_error. A failed write leaves the store as it was at the last commit. The
 * store owns its connection; results are the caller's (free with the call named beside them). One thread at a
 * time per struct store; any number of processes may read while one writes.
 */
#ifndef KEEP_KEEP_H
#define KEEP_KEEP_H

#include "detect/detect.h"

struct store;
enum store_mode {
	STORE_READ,     /* as it stands at each call; works on a read-only file system */
	STORE_WRITE,    /* made where missing; waits while another process writes */
	STORE_WRITE_NOW /* the same, but is refused where another process writes */
};
/* NULL with *why (text valid until the next call) where it cannot be opened. */
struct store *store_open(const char *path, enum store_mode mode, const char **why);
void store_close(struct store *s); /* what was not committed is dropped */
const char *store_error(const struct store *s);
const char *store_path(const struct store *s);

struct store_info {
	unsigned format;
	int64_t version;    /* goes up with every commit: the ETag of everything kept */
	int64_t cut;        /* the last cut, 0: none */
	utime_t from, upto; /* first record, and how far the stream has come; UTIME_NONE: nothing kept */
	uint64_t files, file_bytes, records, bad;
	uint64_t territories, carriers, points, events, cuts;
	uint64_t bytes; /* of the store on disk, checkpoints apart */
	uint64_t checkpoint_bytes;
};
int store_info(struct store *s, struct store_info *info);
int64_t store_version(struct store *s);                           /* cheap; -1: error */
int store_progress(struct store *s, int64_t *cut, utime_t *upto); /* cheap: the last cut */

/* ---- files ---- */
enum { HASH_SIZE = 16 };
struct kept_file {
	uint8_t hash[HASH_SIZE]; /* XXH3-128 of its bytes as they lie on disk */
	char *path, *collector;  /* path: absolute */
	utime_t first, last;     /* of its records */
	uint64_t size;
	bool rib;
	uint64_t records, bad;
	unsigned peers, resets, gaps;
	int64_t cut;    /* that brought it */
	char *registry; /* facts_sources of the run */
};
int file_hash(const char *path, uint8_t hash[HASH_SIZE]); /* -1: errno says why */
void kept_file_free(struct kept_file *f);
int store_file_known(struct store *s, const uint8_t hash[HASH_SIZE]); /* 1, 0, -1 */
/* In stream order (first, path); the file is lent for the call; false ends. */
int store_files(struct store *s, bool (*each)(void *arg, const struct kept_file *f), void *arg);
/* The order of two files in the stream: the earlier first record, then the path, as the pipeline has it. */
int kept_file_cmp(const struct kept_file *a, const struct kept_file *b);

/* ---- writing: samples and events as they come, then a cut ---- */
/* What a place's number in samples means, from now on: to be told before the first of them. */
void store_place(struct store *s, uint32_t place, const char *territory, uint8_t family);
/* Of one place in time order; an older one is taken at the time of the one before. */
void store_samples(struct store *s, const struct sample *v, size_t n);
void store_event(struct store *s, const struct event *e); /* same id again: replaces */
void store_file(struct store *s, const struct kept_file *f);
/*
 * Ends the cut: everything told since the last becomes one transaction. checkpoint: name of a file in the
 * store's folder (written before, see store_checkpoint_name), or NULL.
 * final = false: the cut is noted but stays inside the open transaction (a span that is being derived again).
 */
struct seal { /* of a checkpoint that is on the disk */
	int64_t size;
	uint8_t hash[HASH_SIZE];
};
struct store_cut {
	utime_t upto;
	bool live; /* not from files: cannot be derived again */
	const char *checkpoint;
	const struct seal *seal; /* of it; NULL: made by the commit */
	bool final;
};
int store_commit(struct store *s, const struct store_cut *cut);
int store_flush(struct store *s); /* what was told, into the open transaction: store_carriers then tells it */
void store_abandon(struct store *s);                            /* what was not committed */
void store_checkpoint_name(struct store *s, char name[32]);     /* a new one, in the store's folder */
char *store_file_path(const struct store *s, const char *name); /* free() it */
/* A checkpoint is on the disk at the return; 0, or -1 with errno. Any thread may, beside the store's. */
int store_seal(const struct store *s, const char *name, struct seal *seal);
/* What is sealed while it is written, so that it need not be read again: told of every byte, in order. */
struct sealer;
struct sealer *sealer_new(void);
void sealer_pass(void *sealer, const void *p, size_t n);
int sealer_seal(struct sealer *x, const struct store *s, const char *name,
    struct seal *seal); /* as store_seal; frees x */

/*
 * Where to begin so that `fresh` files (sorted by kept_file_cmp, none of them known) are merged right.
 * The answer: a checkpoint to load (NULL: begin with empty tables), and the files to read in stream order
 * from there, fresh and kept ones. A fresh file at the path of a kept one replaces it. Where kept files have
 * to be read again and one is gone or changed, store_error names it and -1 is returned.
 */
struct plan {
	int64_t cut; /* after which everything is derived again; 0: everything */
	char *checkpoint;
	utime_t upto; /* of that cut, UTIME_NONE */
	struct kept_file *file;
	size_t n;
	size_t again; /* how many of them were kept before */
};
int store_plan(struct store *s, const struct kept_file *fresh, size_t n, struct plan *plan);
/*
 * How to have the tables as they stood just before `begin`, and every kept record from there to `until`: a
 * checkpoint, and kept files to read behind it. begin = UTIME_MAX: as they stand at the end.
 */
int store_plan_at(struct store *s, utime_t begin, utime_t until, struct plan *plan);
void plan_free(struct plan *plan);
int store_rollback(struct store *s, int64_t cut); /* opens the transaction that store_commit will end */

/*
 * ---- answers: made when the tables were at hand, as JSON the room does not look into ----
 * Of each subject the last four stay, then the last of every month for a year, then the last of every year.
 */
enum answer_kind {
	ANSWER_PAGE, /* of a territory: show/snapshot's object: report, prefixes, nodes, links */
	ANSWER_RANK, /* territory "": `rank -o json`, an object a line */
	ANSWER_KINDS
};
struct packer; /* what compresses, again and again: one a thread */
struct packer *packer_new(void);
void packer_free(struct packer *p);
void *answer_pack(struct packer *p, const char *json, size_t n, size_t *packed); /* free(); asks no store */
int store_keep_answer(struct store *s, enum answer_kind kind, const char *territory, uint8_t family,
    utime_t at, const void *data, size_t packed);
struct answer_kept {
	char *json; /* free(); terminated; NULL: none */
	size_t n;
	utime_t at; /* the instant it was true at */
};
/* The newest at or before `at` (UTIME_MAX: the newest). */
int store_answer(struct store *s, enum answer_kind kind, const char *territory, uint8_t family, utime_t at,
    struct answer_kept *a);

/* ---- reading: series ---- */
struct point {
	utime_t time;
	uint32_t share; /* millionths; of upstream 0: the visible part */
	uint32_t prefixes;
};
struct line {           /* one upstream's step function: a value holds until the next point */
	asn_t upstream; /* 0: the territory's own */
	struct point *point;
	size_t n;
	utime_t first_seen, last_seen; /* in all that is kept; last_seen UTIME_NONE: still there */
};
struct series {
	char territory[64];
	uint8_t family;
	utime_t from, to;  /* what is known: the asked range cut to the kept one, half-open */
	struct line *line; /* by upstream; each begins with its value at `from` where it has one */
	size_t n;
};
/* family 4 or 6. UTIME_NONE / UTIME_MAX: everything. n = 0 where nothing is known. */
int store_series(
    struct store *s, const char *territory, uint8_t family, utime_t from, utime_t to, struct series *series);
void series_free(struct series *series);
uint32_t line_at(const struct line *line, utime_t t);                /* share at t */
const struct point *line_point(const struct line *line, utime_t t);  /* NULL: not yet there */
double line_mean(const struct line *line, utime_t from, utime_t to); /* time-weighted share, 0..1 */

/* ---- periods: a series in steps ---- */
struct step {
	int months;   /* 12: calendar years, 1: calendar months; 0: */
	utime_t span; /* equal steps, counted from 1970 */
};
bool step_parse(const char *s, struct step *step); /* year, month, day, hour, or a span as 15m */
struct step step_for(utime_t span);                /* one that gives a readable number of periods */
utime_t step_after(const struct step *step, utime_t t);
struct period_share {
	asn_t upstream;
	double share; /* time-weighted mean over the time anybody carried */
};
struct period {
	utime_t from, to;
	double visible, effective;  /* mean; effective number of the mean shares, NAN: nobody */
	struct period_share *share; /* largest first */
	size_t n;
};
struct spell { /* a time with a single carrier */
	utime_t from, to;
	asn_t upstream;
};
struct periods {
	struct step step;
	struct period *period;
	size_t n;
	struct spell *spell;
	size_t spells;
};
bool periods_make(const struct series *s, const struct step *step, struct periods *p); /* false: too many */
void periods_free(struct periods *p);

struct kept_territory {
	char id[64];
	uint8_t family;
	unsigned carriers, now; /* ever, and at the end */
	utime_t first;
};
int store_territories(
    struct store *s, bool (*each)(void *arg, const struct kept_territory *t), void *arg); /* by id, family */
struct carrier {
	char territory[64];
	uint8_t family;
	asn_t upstream;
	utime_t first, last;      /* last: UTIME_NONE while it carries */
	uint32_t share, prefixes; /* at the end */
};
/* territory NULL: all; by territory, family, upstream. For detect_known_upstream and rank. */
int store_carriers(
    struct store *s, const char *territory, bool (*each)(void *arg, const struct carrier *c), void *arg);

/* ---- reading: events ---- */
struct event_filter {
	const char *territory;  /* NULL: all */
	uint32_t kinds;         /* a bit (1 << kind) each; 0: all */
	asn_t upstream;         /* 0: all; else upstream or asn */
	uint8_t family;         /* 0: both */
	int scope;              /* -1: all */
	enum severity severity; /* this or graver */
	utime_t from, to;       /* first_seen in [from, to); UTIME_NONE, UTIME_MAX */
	int64_t after_cut;      /* only those told after that cut; 0: all */
	uint64_t id, episode;   /* 0: all */
	size_t limit, skip;     /* 0: all */
	bool newest_first;
};
#define EVENT_FILTER_ALL ((struct event_filter){.scope = -1, .from = UTIME_NONE, .to = UTIME_MAX})
/* In order of first_seen; the event is lent for the call; false ends. */
int store_events(struct store *s, const struct event_filter *filter,
    bool (*each)(void *arg, const struct event *e), void *arg);
uint64_t store_last_event(struct store *s); /* highest id kept */

/*
 * ---- lanes: a territory's prefixes over time, as its kept events tell it ----
 * A prefix is in a lane if an event names it. States come from outages; carriers from upstream events, and at
 * the beginning those that carry every prefix of the territory. No events: n = 0.
 */
enum lane_state { LANE_UP, LANE_DEGRADED, LANE_DOWN };
struct lane_step { /* holds until the next */
	utime_t time;
	enum lane_state state;
};
struct lane_carriers { /* holds until the next */
	utime_t time;
	asn_t *asn; /* sorted */
	size_t n;
};
struct lane {
	struct prefix prefix;
	struct lane_step *step; /* the first at `from` */
	size_t steps;
	struct lane_carriers *carriers; /* the first at `from` */
	size_t changes;
};
enum { LANES_MAX = 40 };
struct lanes {
	utime_t from, to;
	struct lane *lane; /* by prefix */
	size_t n;
	bool too_many; /* more than LANES_MAX prefixes: n = 0 */
};
int store_lanes(
    struct store *s, const char *territory, uint8_t family, utime_t from, utime_t to, struct lanes *l);
void lanes_free(struct lanes *l);

/* ---- care ---- */
struct retention {            /* kept in the store; 0: for ever */
	utime_t keep;         /* series and events older than this (counted from the end) go */
	utime_t detail;       /* older than this, at most a point an hour */
	uint32_t resolution;  /* smallest change of a share that is kept, millionths */
	bool every_as;        /* every AS is kept beside every country; decided by the first ingest */
	unsigned checkpoints; /* at most so many, thinned toward the past */
};
int store_retention(struct store *s, struct retention *r);
int store_set_retention(struct store *s, const struct retention *r);
int store_compact(struct store *s); /* applies the retention and gives space back */
/* Everything that can be wrong, one line each: pages, chunks, sums, order, references, checkpoints.
 * Returns the number of faults, -1 where it could not go on. */
int store_check(struct store *s, void (*fault)(void *arg, const char *line), void *arg);

#endif
