/*
 * cmd/watch: what the files of the verb `watch` share. The flow: configuration -> sources (input/live) ->
 * parcels -> feed (decode, table) -> changes -> detect -> events -> store and alerts.
 */
#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include "alert/alert.h"
#include "base/arena.h"
#include "detect/detect.h"
#include "input/live.h"
#include "keep/keep.h"
#include "table/table.h"

/* ---- configuration: isthmus.conf(5) ---- */

enum source_kind { SOURCE_BMP, SOURCE_BGP, SOURCE_RIS, SOURCE_FOLLOW };
struct watch_source {
	enum source_kind kind;
	struct live_listen listen; /* BMP, BGP */
	struct live_ris ris;
	struct live_follow follow;
	bool ris_all;
	enum bmp_choice { CHOOSE_AUTO, CHOOSE_PRE, CHOOSE_POST, CHOOSE_LOC, CHOOSE_OUT } rib;
	utime_t silence; /* dead-man: told when nothing came for so long; 0: never */
};

struct watch_config {
	struct arena arena; /* all texts and lists below */
	const char *path;
	const char *store, *spool, *territories;
	const char **registry;
	size_t registries;
	const char **who;
	size_t whos;
	struct detect_options detect;
	struct watch_source *source;
	size_t sources;
	struct alert_route *route;
	size_t routes;
	uint64_t sources_digest; /* of the lines that describe sources: unchanged ones go on over a reload */
	unsigned errors;
};
const char *source_name(const struct watch_source *s);
/* Errors go to `tell`, one line each: "FILE:LINE: what". False: there were some. */
bool watch_config_read(struct watch_config *c, const char *path, void (*tell)(const char *line));
void watch_config_free(struct watch_config *c);

/* ---- parcels to the table ---- */

struct feed;
struct feed *feed_new(struct table *t, const struct watch_config *c);
void feed_free(struct feed *f);
void feed_config(
    struct feed *f, const struct watch_config *c); /* after a reload: where sources are described */
void feed_restart(struct feed *f, struct changes *out, utime_t now); /* every connection ended at once */
/*
 * Applies a parcel. Changes go to `out`; those of a peer whose table is being transferred are CHANGE_LOAD: no
 * news. `second` is called before an update of a later second is applied.
 */
void feed_parcel(struct feed *f, const struct parcel *p, struct changes *out,
    void (*second)(void *arg, utime_t time), void *arg);
struct feed_count {
	uint64_t parcels, bytes, messages, updates, faults;
};
const struct feed_count *feed_count(const struct feed *f);

/* ---- the verb at work ---- */

struct heard { /* dead-man: by source */
	utime_t last;
	bool silent;
};

struct watch {
	struct watch_config config;
	struct facts *facts;
	const struct territory **who;
	struct table *table;
	struct detect *detect;
	struct live *live;
	struct feed *feed;
	struct alerts *alerts;
	struct store *store;
	uint64_t id_base; /* events are numbered on from those kept */
	struct changes batch;
	utime_t clock; /* second that was ticked last */
	utime_t data;  /* latest time of an update */
	utime_t upto;  /* how far what is kept reaches */
	utime_t committed, said;
	bool dirty; /* something to commit */
	struct heard *heard;
	struct watch_config *kept; /* whose sources still run, and those before */
	size_t n_kept;
};

utime_t watch_wall(void);
bool watch_open_sources(struct watch *w);                 /* false: some do not work; each is said */
void watch_hear(struct watch *w, const struct parcel *p); /* a source's word, and the first after silence */
void watch_look_for_silence(struct watch *w);

#endif
