/*
 * keep/store: opening, locking, upgrading, transactions. In: a folder. Out: a connection whose pages are
 * verified. The writer holds an flock(2) on `lock` in the folder for as long as the store is open; the kernel
 * gives it back when the process dies, however it dies.
 */
#include "keep/store.h"

#include "base/mem.h"
#include "keep/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local char open_why[640];

int store_say(struct store *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	return -1;
}

int store_fail(struct store *s, const char *what)
{
	int code = sqlite3_extended_errcode(s->db);

	if (s->open_txn)
		s->broken = true;
	if (code == SQLITE_IOERR_DATA)
		return store_say(s,
		    "%s/history.db: page %lld is damaged (its checksum does not match): %s; restore the "
		    "store from "
		    "a copy or ingest the files again",
		    s->path, (long long)vfs_bad_page(), what);
	if ((code & 0xff) == SQLITE_FULL)
		return store_say(s, "%s: no space left: %s; nothing of this step was kept", s->path, what);
	return store_say(s, "%s/history.db: %s: %s", s->path, what, sqlite3_errmsg(s->db));
}

sqlite3_stmt *store_sql(struct store *s, enum statement which)
{
	sqlite3_stmt **q = &s->stmt[which];

	if (!*q && sqlite3_prepare_v3(s->db, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, q, NULL)) {
		store_fail(s, "cannot be read");
		return NULL;
	}
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
	return *q;
}

int store_step(struct store *s, sqlite3_stmt *q, const char *what)
{
	int rc = sqlite3_step(q);

	if (rc == SQLITE_DONE || rc == SQLITE_ROW) {
		sqlite3_reset(q);
		return 0;
	}
	store_fail(s, what);
	sqlite3_reset(q);
	return -1;
}

static int store_run(struct store *s, enum statement which, const char *what)
{
	sqlite3_stmt *q = store_sql(s, which);

	return q ? store_step(s, q, what) : -1;
}

int64_t meta_get(struct store *s, const char *key, int64_t otherwise)
{
	sqlite3_stmt *q = store_sql(s, SQL_META_GET);

	if (!q)
		return otherwise;
	sqlite3_bind_text(q, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(q) == SQLITE_ROW)
		otherwise = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return otherwise;
}

int meta_set(struct store *s, const char *key, int64_t v)
{
	sqlite3_stmt *q = store_sql(s, SQL_META_SET);

	if (!q)
		return -1;
	sqlite3_bind_text(q, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, v);
	return store_step(s, q, "noting");
}

/* ---- transactions ---- */
int store_begin(struct store *s)
{
	if (s->open_txn)
		return s->broken ? -1 : 0;
	if (s->mode == STORE_READ)
		return store_say(s, "%s is open for reading only", s->path);
	if (store_run(s, SQL_BEGIN, "beginning to write"))
		return -1;
	s->open_txn = true;
	return 0;
}

void store_abandon(struct store *s)
{
	if (s->open_txn) {
		sqlite3_stmt *q = store_sql(s, SQL_ROLLBACK);
		if (q)
			sqlite3_step(
			    q); /* SQLite may have rolled back by itself already: then this is refused */
		if (q)
			sqlite3_reset(q);
	}
	s->open_txn = s->broken = false;
	events_forget(s);
	points_forget(s);
	s->event_top = EVENT_TOP_UNKNOWN;
	s->cut_top = meta_get(s, "cut_top", 0);
}

/* ---- opening ---- */
static int lock_take(struct store *s)
{
	char *name = mem_printf("%s/lock", s->path);
	int how = LOCK_EX | LOCK_NB;

	s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	free(name);
	if (s->lock < 0)
		return store_say(s, "%s: cannot be written: %s", s->path, strerror(errno));
	while (flock(s->lock, how) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return store_say(s, "%s: cannot be locked: %s", s->path, strerror(errno));
		if (s->mode == STORE_WRITE_NOW)
			return store_say(s, "%s: another process is writing to this store", s->path);
		fprintf(stderr, "%s: another process is writing to this store; waiting for it\n", s->path);
		how = LOCK_EX;
	}
	return 0;
}

static bool has_bytes(const char *name, const char *suffix)
{
	char *path = mem_printf("%s%s", name, suffix);
	struct stat st;
	bool has = stat(path, &st) == 0 && st.st_size > 0;

	free(path);
	return has;
}

/* A store nobody could be writing to (a read-only folder) is read without shared memory beside it. */
static int db_open(struct store *s)
{
	bool lone = s->mode == STORE_READ && access(s->path, W_OK) != 0;
	char *name = mem_printf("%s/history.db", s->path), *uri = NULL;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, rc;

	if (s->mode == STORE_READ)
		flags |= SQLITE_OPEN_READONLY;
	else
		flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	if (lone) {
		if (!has_bytes(name, "-wal") && !has_bytes(name, "-journal")) {
			sqlite3_str *quoted = sqlite3_str_new(NULL);
			sqlite3_str_appendall(quoted, "file:");
			for (const char *p = name; *p; p++)
				sqlite3_str_appendf(
				    quoted, strchr("?#%", *p) ? "%%%02X" : "%c", (unsigned char)*p);
			sqlite3_str_appendall(quoted, "?immutable=1");
			uri = sqlite3_str_finish(quoted);
			flags |= SQLITE_OPEN_URI;
		}
	}
	rc = sqlite3_open_v2(uri ? uri : name, &s->db, flags, vfs_name());
	sqlite3_free(uri);
	free(name);
	if (rc != SQLITE_OK)
		return store_fail(s, s->mode == STORE_READ ? "no store here" : "cannot be opened");
	sqlite3_busy_timeout(s->db, 20000);
	return 0;
}

static int64_t pragma_int(struct store *s, const char *text)
{
	sqlite3_stmt *q = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	else
		store_fail(s, "is not a store, or is damaged");
	sqlite3_finalize(q);
	return v;
}

static unsigned formats(void)
{
	unsigned n = 0;

	while (sql_upgrade[n])
		n++;
	return n;
}

/* Step by step, in one transaction: the old format or the new one, nothing between. */
static int db_upgrade(struct store *s, unsigned from)
{
	char set[128];

	if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, "cannot be upgraded");
	for (unsigned v = from; sql_upgrade[v]; v++)
		if (sqlite3_exec(s->db, sql_upgrade[v], NULL, NULL, NULL) != SQLITE_OK)
			return store_fail(s, "cannot be upgraded");
	snprintf(set, sizeof set, "PRAGMA user_version = %u; PRAGMA application_id = 0x49534d53; COMMIT",
	    formats());
	if (sqlite3_exec(s->db, set, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, "cannot be upgraded");
	return 0;
}

/*
 * A write-ahead log is written, synced, and copied into the file: twice of everything. What a new store is
 * first given has nothing to be kept beside it; a rollback journal notes the few pages there are, and the
 * rest is written to its place. Its end is durable by the folder's sync (EXTRA). Readers have nothing to read
 * before that, and are let in again at its end.
 */
static int db_journal(struct store *s)
{
	const char *how = s->infant ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA"
				    : "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";

	if (sqlite3_exec(s->db, how, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return store_fail(s, "cannot be written");
}

/* A reader may be in the way, or a full disk: then it is tried again after the next commit. */
void store_grow_up(struct store *s)
{
	sqlite3_stmt *q = NULL;
	bool done = false;

	if (sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		done = strcmp((const char *)sqlite3_column_text(q, 0), "wal") == 0;
	sqlite3_finalize(q);
	s->infant = !done;
	if (done)
		(void)db_journal(s);
}

/* A writer that was killed left a rollback journal, which a reader's own connection may not apply. */
static int db_recover(struct store *s)
{
	char *name = mem_printf("%s/history.db", s->path);
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(name, &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, vfs_name());

	if (rc == SQLITE_OK)
		sqlite3_busy_timeout(db, 20000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA user_version", NULL, NULL, NULL);
	sqlite3_close(db);
	free(name);
	return rc == SQLITE_OK ? 0 : -1;
}

static int db_ready(struct store *s)
{
	int64_t version;
	int reserve = PAGE_SUM;

	if (s->mode != STORE_READ) {
		sqlite3_file_control(s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
		if (sqlite3_exec(s->db,
			"PRAGMA page_size = 4096; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY",
			NULL, NULL, NULL) != SQLITE_OK)
			return store_fail(s, "cannot be written");
	}
	version = pragma_int(s, "PRAGMA user_version");
	if (version < 0)
		return -1;
	s->infant = version == 0;
	if (s->mode != STORE_READ && db_journal(s))
		return -1;
	if (version > formats())
		return store_say(s,
		    "%s: format %lld was made by a newer isthmus; this one knows formats up to %u", s->path,
		    (long long)version, formats());
	if (version > 0 && pragma_int(s, "PRAGMA application_id") != 0x49534d53)
		return store_say(s, "%s/history.db: a SQLite file, but not a store of isthmus", s->path);
	if (version < formats()) {
		if (s->mode == STORE_READ)
			return store_say(s,
			    version ? "%s: format %lld is older than this isthmus: open it once for "
				      "writing (isthmus ingest --store %s) and it is upgraded"
				    : "%s: an empty store (format %lld)",
			    s->path, (long long)version, s->path);
		return db_upgrade(s, (unsigned)version);
	}
	return 0;
}

static int store_start(struct store *s)
{
	struct stat st;

	if (s->mode != STORE_READ && mkdir(s->path, 0777) != 0 && errno != EEXIST)
		return store_say(s, "%s: cannot be made: %s", s->path, strerror(errno));
	if (stat(s->path, &st) != 0)
		return store_say(s, "%s: %s", s->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return store_say(s, "%s: a store is a folder, this is not one", s->path);
	if (s->mode != STORE_READ && lock_take(s))
		return -1;
	if (db_open(s))
		return -1;
	if (db_ready(s) &&
	    (sqlite3_extended_errcode(s->db) != SQLITE_READONLY_ROLLBACK || db_recover(s) || db_ready(s)))
		return -1;
	s->cut_top = meta_get(s, "cut_top", 0);
	if (store_retention(s, &s->retention))
		return -1;
	if (s->mode != STORE_READ)
		checkpoints_sweep(s);
	return 0;
}

struct store *store_open(const char *path, enum store_mode mode, const char **why)
{
	struct store *s = mem_alloc(sizeof *s);

	s->path = mem_strdup(path);
	for (size_t n = strlen(s->path); n > 1 && s->path[n - 1] == '/'; n--)
		s->path[n - 1] = '\0';
	s->mode = mode;
	s->lock = -1;
	s->event_top = EVENT_TOP_UNKNOWN;
	if (mode != STORE_READ)
		s->packer = packer_new();
	if (store_start(s) == 0)
		return s;
	snprintf(open_why, sizeof open_why, "%s", s->error);
	if (why)
		*why = open_why;
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->open_txn)
		store_abandon(s);
	events_free(s);
	points_forget(s);
	places_free(s);
	packer_free(s->packer);
	for (size_t i = 0; i < SQL_STATEMENTS; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	free(s);
}

const char *store_error(const struct store *s)
{
	return s->error;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

char *store_file_path(const struct store *s, const char *name)
{
	return mem_printf("%s/%s", s->path, name);
}

int64_t store_version(struct store *s)
{
	s->error[0] = '\0';
	int64_t v = meta_get(s, "version", 0);

	return s->error[0] ? -1 : v;
}
