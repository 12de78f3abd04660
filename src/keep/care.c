/* keep/care: what is in a store, and what of it goes with time. */
#include "keep/store.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int store_info(struct store *s, struct store_info *info)
{
	sqlite3_stmt *q = store_sql(s, SQL_INFO);
	char *path = store_file_path(s, "history.db");
	struct stat st;

	*info = (struct store_info){.from = UTIME_NONE, .upto = UTIME_NONE};
	if (stat(path, &st) == 0)
		info->bytes = (uint64_t)st.st_size;
	free(path);
	if (!q || sqlite3_step(q) != SQLITE_ROW)
		return store_fail(s, "reading what is kept");
	info->from = sqlite3_column_type(q, 0) == SQLITE_NULL ? UTIME_NONE : sqlite3_column_int64(q, 0);
	info->files = (uint64_t)sqlite3_column_int64(q, 1);
	info->file_bytes = (uint64_t)sqlite3_column_int64(q, 2);
	info->records = (uint64_t)sqlite3_column_int64(q, 3);
	info->bad = (uint64_t)sqlite3_column_int64(q, 4);
	info->territories = (uint64_t)sqlite3_column_int64(q, 5);
	info->carriers = (uint64_t)sqlite3_column_int64(q, 6);
	info->points = (uint64_t)sqlite3_column_int64(q, 7);
	info->events = (uint64_t)sqlite3_column_int64(q, 8);
	info->cuts = (uint64_t)sqlite3_column_int64(q, 9);
	info->checkpoint_bytes = (uint64_t)sqlite3_column_int64(q, 10);
	if (info->from == UTIME_NONE && sqlite3_column_type(q, 11) != SQLITE_NULL)
		info->from = sqlite3_column_int64(q, 11);
	sqlite3_reset(q);
	return store_progress(s, &info->cut, &info->upto) || (info->version = store_version(s)) < 0 ? -1 : 0;
}

int store_progress(struct store *s, int64_t *cut, utime_t *upto)
{
	sqlite3_stmt *q = store_sql(s, SQL_CUT_LAST);
	int rc;

	*cut = 0;
	*upto = UTIME_NONE;
	if (!q)
		return -1;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		*cut = sqlite3_column_int64(q, 0);
		*upto = sqlite3_column_int64(q, 1);
	}
	sqlite3_reset(q);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "reading how far it has come");
}

/* ---- retention ---- */
enum { RESOLUTION = 500, CHECKPOINTS = 3 };

int store_retention(struct store *s, struct retention *r)
{
	s->error[0] = '\0';
	r->keep = meta_get(s, "retention_keep", 0);
	r->detail = meta_get(s, "retention_detail", 0);
	r->resolution = (uint32_t)meta_get(s, "retention_resolution", RESOLUTION);
	r->every_as = meta_get(s, "every_as", 0) != 0;
	r->checkpoints = (unsigned)meta_get(s, "retention_checkpoints", CHECKPOINTS);
	return s->error[0] ? -1 : 0;
}

int store_set_retention(struct store *s, const struct retention *r)
{
	sqlite3_stmt *q;

	if (store_begin(s) || meta_set(s, "retention_keep", r->keep) ||
	    meta_set(s, "retention_detail", r->detail) ||
	    meta_set(s, "retention_resolution", r->resolution) ||
	    meta_set(s, "retention_checkpoints", r->checkpoints) || meta_set(s, "every_as", r->every_as) ||
	    !(q = store_sql(s, SQL_COMMIT)) || store_step(s, q, "committing"))
		return -1;
	s->open_txn = false;
	s->retention = *r;
	return 0;
}

/* Of each upstream's points within an hour the last stays; so does what opens the chunk, for its base holds
 * until there. */
static size_t chunk_coarsen(struct chunk *c, utime_t start)
{
	const utime_t hour = 3600 * UTIME_SECOND;
	size_t n = 0, before = c->points;

	for (size_t i = 0; i < c->points; i++)
		if (c->point[i].time == start || i + 1 == c->points ||
		    c->point[i + 1].upstream != c->point[i].upstream ||
		    c->point[i + 1].time / hour != c->point[i].time / hour)
			c->point[n++] = c->point[i];
	c->points = n;
	return before - n;
}

static int coarsen_old(struct store *s, utime_t horizon)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNKS_OLD);
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, horizon);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(q, 0);
		struct chunk c;
		if (chunk_column(s, q, 3, &c, "a chunk"))
			break;
		if (chunk_coarsen(&c, sqlite3_column_int64(q, 1)) &&
		    (chunk_drop(s, row) ||
			chunk_put(s, sqlite3_column_int64(q, 4), (uint8_t)sqlite3_column_int(q, 5), &c))) {
			chunk_free(&c);
			break;
		}
		chunk_free(&c);
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int expire(struct store *s, enum statement which, utime_t horizon)
{
	sqlite3_stmt *q = store_sql(s, which);

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, horizon);
	return store_step(s, q, "forgetting what is old");
}

int store_compact(struct store *s)
{
	struct retention r = s->retention;
	utime_t upto;
	int64_t cut;

	if (store_progress(s, &cut, &upto))
		return -1;
	if (upto != UTIME_NONE) {
		if (store_begin(s) || (r.detail && coarsen_old(s, upto - r.detail)) ||
		    (r.keep && (expire(s, SQL_CHUNK_EXPIRE, upto - r.keep) ||
				   expire(s, SQL_EVENT_EXPIRE, upto - r.keep))) ||
		    meta_set(s, "version", meta_get(s, "version", 0) + 1))
			return -1;
		if (store_commit_open(s))
			return -1;
	}
	/* the copy of the whole that VACUUM makes is for the disk */
	if (sqlite3_exec(s->db,
		"PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY; PRAGMA "
		"wal_checkpoint(TRUNCATE)",
		NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, "giving space back");
	return 0;
}
