/*
 * keep/store: what the files of this room share: the connection, its prepared statements by name, and what
 * was told since the last cut. Private to src/keep/.
 */
#ifndef KEEP_STORE_H
#define KEEP_STORE_H

#include "keep/chunk.h"
#include "keep/keep.h"

#include <sqlite3.h>

enum statement { /* text in sql.c, same order */
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_META_GET,
	SQL_META_SET,
	SQL_TERRITORY_ID,
	SQL_TERRITORY_ADD,
	SQL_TERRITORIES,
	SQL_CARRIERS_ALL,
	SQL_CARRIERS_OF,
	SQL_CARRIERS_ROW,
	SQL_CARRIER_BORN,
	SQL_CARRIERS_BORN,
	SQL_CARRIER_PUT,
	SQL_CARRIER_DROP_OF,
	SQL_CHUNK_LAST,
	SQL_CHUNK_PUT,
	SQL_CHUNK_DROP,
	SQL_CHUNKS_OF,
	SQL_CHUNKS_RANGE,
	SQL_CHUNKS_AFTER_CUT,
	SQL_CHUNK_ALL,
	SQL_CHUNK_HEADS,
	SQL_CHUNKS_OLD,
	SQL_CHUNK_EXPIRE,
	SQL_EVENT_ADD,
	SQL_EVENT_PUT,
	SQL_EVENT_KEEP_PAST,
	SQL_EVENT_DROP_AFTER,
	SQL_EVENT_BRING_BACK,
	SQL_PAST_DROP_AFTER,
	SQL_PAST_PRUNE,
	SQL_EVENT_LAST,
	SQL_EVENT_EXPIRE,
	SQL_FILE_PUT,
	SQL_FILE_KNOWN,
	SQL_FILES,
	SQL_FILES_DROP_AFTER,
	SQL_REGISTRY_ID,
	SQL_REGISTRY_ADD,
	SQL_CUT_PUT,
	SQL_CUT_LAST,
	SQL_CUT_LIVE_AFTER,
	SQL_CUTS_DROP_AFTER,
	SQL_CHECKPOINTS,
	SQL_CHECKPOINT_FORGET,
	SQL_ANSWER_PUT,
	SQL_ANSWER_GET,
	SQL_ANSWER_SECOND,
	SQL_ANSWER_THIN_MONTHS,
	SQL_ANSWER_THIN_YEARS,
	SQL_ANSWER_DROP_AFTER,
	SQL_INFO,
	SQL_STATEMENTS
};
extern const char *const sql_text[SQL_STATEMENTS];
extern const char *const sql_upgrade[]; /* [v]: from format v to v + 1; ends with NULL */

struct kept_place; /* what a sample is of, see heads.h */
struct heads;      /* of every line the last value and what was told since, see heads.h */

enum { EVENT_TOP_UNKNOWN = -1 };
struct store {
	sqlite3 *db;
	char *path;
	int lock; /* descriptor of the lock file; -1: reader */
	enum store_mode mode;
	char error[512];
	sqlite3_stmt *stmt[SQL_STATEMENTS];
	bool open_txn;       /* a transaction of ours is under way */
	bool infant;         /* nothing was ever committed: see db_journal */
	bool broken;         /* a write failed since the last commit: the next commit refuses */
	int64_t cut_top;     /* highest number ever given to a cut */
	int64_t event_top;   /* highest id in the cuts before this one, or EVENT_TOP_UNKNOWN */
	struct event *event; /* told since the last flush; see events.c */
	size_t events, event_cap;
	uint32_t *held; /* their places by id; NULL: none was ever told */
	size_t held_cap;
	struct heads *heads;      /* NULL: not loaded */
	struct kept_place *place; /* by the number that samples have */
	size_t places;
	struct retention retention;
	struct packer *packer; /* of a writer */
};

/* The statement, reset and ready for bind; NULL with the error set. */
sqlite3_stmt *store_sql(struct store *s, enum statement which);
int store_fail(struct store *s, const char *what); /* -1, with SQLite's reason; marks a writer broken */
int store_say(struct store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* -1 */
int store_step(struct store *s, sqlite3_stmt *q, const char *what); /* a statement without rows: 0, -1 */
void store_grow_up(struct store *s); /* after a commit: an infant is one no more */
int store_begin(struct store *s);    /* no-op within a transaction */
int64_t meta_get(struct store *s, const char *key, int64_t otherwise);
int meta_set(struct store *s, const char *key, int64_t v);

/* territories, lines and their points (heads.c, points.c, back.c) */
int64_t territory_row(struct store *s, const char *id, bool make); /* 0: none; -1: error */
void points_born(struct store *s, const struct event *e); /* an upstream-new event: when it truly began */
int points_flush(struct store *s);                        /* what was told, into chunks */
int points_rollback(struct store *s, int64_t cut);
void places_free(struct store *s);
void points_forget(struct store *s); /* what was told, and the last values: loaded again when wanted */
/* A chunk of a row: columns data. */
int chunk_column(struct store *s, sqlite3_stmt *q, int column, struct chunk *c, const char *which);

int chunk_put(struct store *s, int64_t territory, uint8_t family, const struct chunk *c);
int chunk_drop(struct store *s, int64_t row);

/* events (events.c) */
int events_flush(struct store *s);   /* what was told, into rows */
void events_forget(struct store *s); /* what was told */
void events_free(struct store *s);
int events_rollback(struct store *s, int64_t cut);
/* checkpoints (cuts.c) */
int checkpoints_thin(struct store *s);
int checkpoints_judge(struct store *s, void (*each)(void *arg, const char *name, bool good), void *arg);
int store_commit_open(struct store *s); /* the open transaction as it stands, without a cut */
int64_t sealer_end(struct sealer *x, uint8_t hash[HASH_SIZE]); /* bytes; frees x (files.c) */
void checkpoints_sweep(struct store *s);                       /* removes files that no cut names */

#endif
