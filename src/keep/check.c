/*
 * keep/check: everything that can be wrong with a store. In: a store, opened for reading. Out: a line a
 * fault. Pages by their sums, SQLite's own structure, then what this room promises of its rows.
 */
#include "keep/store.h"

#include "base/mem.h"
#include "keep/vfs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SHARE_MAX = 1000000, FAULTS_TOLD = 200 };

struct check {
	struct store *s;
	void (*fault)(void *arg, const char *line);
	void *arg;
	int n;
};

static void say(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct check *c, const char *fmt, ...)
{
	char line[700];
	va_list ap;

	if (c->n++ >= FAULTS_TOLD)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	c->fault(c->arg, line);
}

/* Rows of text that a pragma or query gives; `good` is the one that means none. */
static int check_rows(struct check *c, const char *sql, const char *good, const char *what)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(c->s->db, sql, -1, &q, NULL);

	vfs_forget_bad_page();
	while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(q, 0);
		if (!good || !text || strcmp(text, good) != 0)
			say(c, "%s: %s", what, text ? text : "?");
	}
	rc = sqlite3_finalize(q) ? -1 : rc ? -1 : 0;
	if (vfs_bad_page())
		say(c, "page %" PRId64 " of history.db is damaged: its checksum does not match",
		    vfs_bad_page());
	else if (rc)
		say(c, "%s: %s", what, sqlite3_errmsg(c->s->db));
	return rc;
}

/* ---- chunks ---- */
struct before { /* the chunk before, of the same territory and family */
	int64_t territory, end;
	int family;
	struct change_point *state; /* by upstream */
	size_t n;
};

static const struct change_point *state_of(const struct before *b, asn_t upstream)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->state[i].upstream == upstream)
			return &b->state[i];
	return NULL;
}

/* The base must be what the chunks before ended with: lines at zero are left out. */
static bool base_fits(const struct before *b, const struct chunk *c)
{
	size_t live = 0;

	for (size_t i = 0; i < b->n; i++)
		live += b->state[i].share || b->state[i].prefixes;
	if (live != c->bases)
		return false;
	for (size_t i = 0; i < c->bases; i++) {
		const struct change_point *p = state_of(b, c->base[i].upstream);
		if (!p || p->share != c->base[i].share || p->prefixes != c->base[i].prefixes)
			return false;
	}
	return true;
}

static void state_next(struct before *b, const struct chunk *c)
{
	size_t n = c->bases + c->points, k = 0;
	struct change_point *all = mem_array(n, sizeof *all);

	for (size_t i = 0; i < c->bases; i++) {
		all[k] = c->base[i];
		all[k++].time = UTIME_NONE;
	}
	memcpy(all + k, c->point, c->points * sizeof *all);
	qsort(all, n, sizeof *all, change_point_cmp);
	k = 0;
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || all[i + 1].upstream != all[i].upstream)
			all[k++] = all[i];
	free(b->state);
	b->state = all;
	b->n = k;
}

static void chunk_judge(struct check *c, sqlite3_stmt *q, const struct chunk *k, const struct before *b)
{
	long long row = sqlite3_column_int64(q, 0);
	utime_t start = UTIME_MAX, end = UTIME_NONE;
	int64_t cut = 0;
	bool order = true, shares = true;

	for (size_t i = 0; i < k->points; i++) {
		const struct change_point *p = &k->point[i];
		start = p->time < start ? p->time : start;
		end = p->time > end ? p->time : end;
		cut = p->cut > cut ? p->cut : cut;
		shares &= p->share <= SHARE_MAX;
		order &= i == 0 || change_point_cmp(p - 1, p) < 0;
	}
	if (start != sqlite3_column_int64(q, 1) || end != sqlite3_column_int64(q, 6) ||
	    (int64_t)k->points != sqlite3_column_int64(q, 2) || cut != sqlite3_column_int64(q, 7))
		say(c, "chunk %lld: its row and its content tell different times or counts", row);
	if (!order)
		say(c, "chunk %lld: points out of order", row);
	if (!shares)
		say(c, "chunk %lld: a share above 1", row);
	if (b->territory != sqlite3_column_int64(q, 4) || b->family != sqlite3_column_int(q, 5))
		return;
	if (b->end > start)
		say(c, "chunk %lld: begins before the one before it ends", row);
	if (!base_fits(b, k))
		say(c, "chunk %lld: does not begin with what the one before it ended with", row);
}

static void carriers_judge(struct check *c, const struct before *b)
{
	sqlite3_stmt *q = store_sql(c->s, SQL_CARRIERS_ROW);
	size_t n = 0;

	if (!q || !b->territory)
		return;
	sqlite3_bind_int64(q, 1, b->territory);
	sqlite3_bind_int(q, 2, b->family);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const struct change_point *p = state_of(b, (asn_t)sqlite3_column_int64(q, 0));
		int64_t share = sqlite3_column_int64(q, 1), prefixes = sqlite3_column_int64(q, 2);
		n++;
		if (p ? p->share != share || p->prefixes != prefixes : share || prefixes)
			say(c,
			    "carrier AS%lld of territory %" PRId64 ": its row and its series end differently",
			    (long long)sqlite3_column_int64(q, 0), b->territory);
	}
	sqlite3_reset(q);
	if (n < b->n)
		say(c, "territory %" PRId64 ": a series without its carrier row", b->territory);
}

static void chunks_check(struct check *c)
{
	struct before b = {0};
	sqlite3_stmt *q = store_sql(c->s, SQL_CHUNK_ALL);
	int rc = SQLITE_ERROR;

	while (q && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t territory = sqlite3_column_int64(q, 4);
		int family = sqlite3_column_int(q, 5);
		struct chunk k;
		if (chunk_column(c->s, q, 3, &k, "a chunk")) {
			say(c, "%s", store_error(c->s));
			continue;
		}
		if (b.territory != territory || b.family != family) {
			carriers_judge(c, &b);
			free(b.state);
			b = (struct before){0};
		}
		chunk_judge(c, q, &k, &b);
		state_next(&b, &k);
		b.territory = territory;
		b.family = family;
		b.end = sqlite3_column_int64(q, 6);
		chunk_free(&k);
	}
	if (rc != SQLITE_DONE) {
		store_fail(c->s, "reading the series");
		say(c, "%s", store_error(c->s));
	} else {
		carriers_judge(c, &b);
	}
	free(b.state);
	if (q)
		sqlite3_reset(q);
}

/* ---- events, references, checkpoints ---- */
static bool event_judge(void *arg, const struct event *e)
{
	struct check *c = arg;

	if (e->end != UTIME_NONE && e->end < e->first_seen)
		say(c, "event %" PRIu64 ": ends before it begins", e->id);
	for (size_t i = 1; i < e->prefixes; i++)
		if (prefix_cmp(&e->prefix[i - 1], &e->prefix[i]) > 0) {
			say(c, "event %" PRIu64 ": prefixes out of order", e->id);
			break;
		}
	return true;
}

static const struct {
	const char *sql, *what;
} references[] = {
    {"SELECT 'chunk ' || rowid FROM chunk WHERE cut NOT IN (SELECT id FROM cut)", "no such cut"},
    {"SELECT 'event ' || id FROM event WHERE cut NOT IN (SELECT id FROM cut)", "no such cut"},
    {"SELECT 'file ' || path FROM file WHERE cut NOT IN (SELECT id FROM cut)", "no such cut"},
    {"SELECT 'file ' || path FROM file JOIN cut ON cut.id = file.cut WHERE file.last > cut.upto",
	"ends after its cut"},
    {"SELECT 'cut ' || id FROM cut a WHERE EXISTS (SELECT 1 FROM cut b WHERE b.id < a.id AND b.upto > "
     "a.upto)",
	"runs backward"},
    {"SELECT 'row ' || rowid || ' of ' || \"table\" FROM pragma_foreign_key_check", "refers to nothing"},
};

static void checkpoint_judge(void *arg, const char *name, bool good)
{
	if (!good)
		say(arg, "checkpoint %s: missing or damaged; the next ingest begins from an older one", name);
}

static void page_bad(void *arg, int64_t page)
{
	say(arg, "page %" PRId64 " of history.db (byte %" PRId64 ") is damaged: its checksum does not match",
	    page, (page - 1) * PAGE_BYTES);
}

/*
 * Every page, used or not. What the journal holds stands in the place of a page, which may then be anything;
 * SQLite's own check, which comes next, reads those that are used through it.
 */
static void pages_check(struct check *c)
{
	char *path = store_file_path(c->s, "history.db"), *journal = mem_printf("%s-wal", path);
	struct stat st;

	if (stat(journal, &st) == 0 && st.st_size > 0) {
		free(journal);
		free(path);
		return;
	}
	free(journal);
	if (vfs_pages_check(path, page_bad, c))
		say(c, "%s: %s", path, strerror(errno));
	free(path);
}

int store_check(struct store *s, void (*fault)(void *arg, const char *line), void *arg)
{
	struct check c = {.s = s, .fault = fault, .arg = arg};

	pages_check(&c);
	if (c.n)
		return c.n; /* what stands in them is not to be judged */
	if (check_rows(&c, "PRAGMA integrity_check(100)", "ok", "structure") && c.n == 0)
		return -1;
	if (c.n)
		return c.n; /* rows that cannot be read cannot be judged */
	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		check_rows(&c, references[i].sql, NULL, references[i].what);
	chunks_check(&c);
	if (store_events(s, &EVENT_FILTER_ALL, event_judge, &c))
		say(&c, "%s", store_error(s));
	if (checkpoints_judge(s, checkpoint_judge, &c))
		say(&c, "%s", store_error(s));
	return c.n;
}
