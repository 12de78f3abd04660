/*
 * cmd/watch: what the files of the verb `watch` share. The flow: configuration -> sources (input/live) ->
 * parcels -> feed (decode, table) -> changes -> detect -> events -> store and alerts.
 */
#ifndef CMD_WATCH_WATCH_H
#define CMD_WATCH_WATCH_H

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
	/* of the lines that describe sources, and of those that say what is watched and how: what is
	 * described as before goes on over a reload */
	uint64_t sources_digest, watched_digest;
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
	bool silent; /* told */
};

struct watch {
	struct watch_config config;
	struct facts *facts;
	const struct territory **who;
	uint64_t watched; /* digest of what is watched and by which facts */
	struct table *table;
	struct detect *detect;
	size_t places; /* of it, whose names the store knows */
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
	struct facts **old_facts; /* that alerts of before point into */
	size_t n_old_facts;
};

/* ---- events and samples to alerts and store ---- */
void watch_event(void *watch, const struct event *told);
void watch_samples(void *watch, const struct sample *v, size_t n);
void watch_deliver(struct watch *w); /* the changes waiting, to the detector */
void watch_commit(struct watch *w);

/* ---- the configuration in force ---- */
struct facts *watch_load_facts(const struct watch_config *c);
const struct territory **watch_find_who(const struct watch_config *c, const struct facts *f); /* NULL: said */
/* The territories of alert routes by their ids; false: one is unknown or not watched, which is said. */
bool watch_find_routes(struct watch_config *c, const struct facts *f, const struct territory *const *who);
bool watch_force(struct watch *w); /* w->config; false: it cannot work, which is said */
/* On HUP. Takes `fresh` over and says what of it does not work; nothing of it where a territory is unknown.
 */
void watch_force_again(struct watch *w, struct watch_config *fresh);

/* ---- sources ---- */
utime_t watch_wall(void);
bool watch_open_sources(struct watch *w);                 /* false: some do not work; each is said */
void watch_hear(struct watch *w, const struct parcel *p); /* a source's word, and the first after silence */
void watch_look_for_silence(struct watch *w);
void watch_begin_hearing(struct watch *w);

/* ---- what it says of itself ---- */
void watch_notify(const char *state); /* sd_notify(3) */
void watch_notify_reload(void);
void watch_say_state(const struct watch *w);
void watch_say_end(const struct watch *w); /* the same, to the log */
int watch_test_alerts(struct watch *w);    /* an exit status */

#endif
