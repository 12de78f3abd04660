/*
 * keep/cuts: commits, checkpoints, and where a late file makes us begin again. In: a moment at which no file
 * is half read. Out: one transaction that names its checkpoint. A checkpoint is written to the folder and
 * made durable before the transaction that names it; one that no cut names is swept away at the next opening.
 */
#include "keep/store.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHECKPOINT_PREFIX "table-"

/* ---- checkpoints ---- */
void store_checkpoint_name(struct store *s, char name[32])
{
	snprintf(name, 32, CHECKPOINT_PREFIX "%lld.ckpt", (long long)s->cut_top + 1);
}

/* The file is on the disk, and its name too; path: its own. */
static int seal_sync(const struct store *s, const char *path, struct seal *seal)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), dir = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int failed = 0;

	if (fd < 0 || dir < 0 || fsync(fd) || fsync(dir) || fstat(fd, &st))
		failed = errno;
	else
		seal->size = st.st_size;
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	errno = failed;
	return failed ? -1 : 0;
}

int store_seal(const struct store *s, const char *name, struct seal *seal)
{
	char *path = store_file_path(s, name);
	int rc = seal_sync(s, path, seal);

	if (!rc)
		rc = file_hash(path, seal->hash);
	free(path);
	return rc;
}

int sealer_seal(struct sealer *x, const struct store *s, const char *name, struct seal *seal)
{
	char *path = store_file_path(s, name);
	int64_t size = sealer_end(x, seal->hash);
	int rc = seal_sync(s, path, seal);

	if (!rc && seal->size != size) {
		errno = EIO; /* it is not what was written */
		rc = -1;
	}
	free(path);
	return rc;
}

struct checkpoint {
	int64_t cut;
	utime_t upto;
	char name[32];
	uint8_t hash[HASH_SIZE];
	int64_t size;
};

/* Newest first; free() *list. */
static int checkpoints_list(struct store *s, struct checkpoint **list, size_t *n)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHECKPOINTS);
	size_t cap = 0;
	int rc;

	*list = NULL;
	*n = 0;
	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct checkpoint c = {.cut = sqlite3_column_int64(q, 0),
		    .upto = sqlite3_column_int64(q, 1),
		    .size = sqlite3_column_int64(q, 4)};
		snprintf(c.name, sizeof c.name, "%s", (const char *)sqlite3_column_text(q, 2));
		if (sqlite3_column_bytes(q, 3) == HASH_SIZE)
			memcpy(c.hash, sqlite3_column_blob(q, 3), HASH_SIZE);
		*list = vec_room(*list, *n, &cap, sizeof **list);
		(*list)[(*n)++] = c;
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the list of checkpoints");
}

static bool checkpoint_good(struct store *s, const struct checkpoint *c)
{
	char *path = store_file_path(s, c->name);
	uint8_t hash[HASH_SIZE];
	bool good = file_hash(path, hash) == 0 && memcmp(hash, c->hash, HASH_SIZE) == 0;

	free(path);
	return good;
}

int checkpoints_judge(struct store *s, void (*each)(void *arg, const char *name, bool good), void *arg)
{
	struct checkpoint *c;
	size_t n;

	if (checkpoints_list(s, &c, &n))
		return -1;
	for (size_t i = 0; i < n; i++)
		each(arg, c[i].name, checkpoint_good(s, &c[i]));
	free(c);
	return 0;
}

/* The one whose loss widens the gap least, measured against its age; never the newest. */
static size_t checkpoint_spare(const struct checkpoint *c, size_t n)
{
	size_t worst = n - 1;
	double least = INFINITY;

	for (size_t i = 1; i + 1 < n; i++) {
		double gap = (double)(c[i - 1].upto - c[i + 1].upto),
		       age = (double)(c[0].upto - c[i].upto) + 1;
		if (gap / age < least) {
			least = gap / age;
			worst = i;
		}
	}
	return worst;
}

int checkpoints_thin(struct store *s)
{
	struct checkpoint *c;
	size_t n, most = s->retention.checkpoints ? s->retention.checkpoints : 1;
	sqlite3_stmt *q;
	int rc = checkpoints_list(s, &c, &n);

	while (rc == 0 && n > most) {
		size_t i = checkpoint_spare(c, n);
		q = store_sql(s, SQL_CHECKPOINT_FORGET);
		if (!q) {
			rc = -1;
			break;
		}
		sqlite3_bind_int64(q, 1, c[i].cut);
		rc = store_step(s, q, "thinning the checkpoints");
		memmove(c + i, c + i + 1, (--n - i) * sizeof *c);
	}
	if (rc == 0 && n > 0 && (q = store_sql(s, SQL_PAST_PRUNE))) {
		sqlite3_bind_int64(q, 1, c[n - 1].cut);
		rc = store_step(s, q, "pruning old versions of events");
	}
	free(c);
	return rc;
}

void checkpoints_sweep(struct store *s)
{
	struct checkpoint *c;
	size_t n;
	DIR *dir;

	if (checkpoints_list(s, &c, &n))
		return;
	dir = opendir(s->path);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		bool named = strncmp(e->d_name, CHECKPOINT_PREFIX, strlen(CHECKPOINT_PREFIX)) != 0;
		for (size_t i = 0; i < n; i++)
			named |= strcmp(c[i].name, e->d_name) == 0;
		if (!named)
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	free(c);
}

/* ---- commit ---- */
static int cut_put(struct store *s, const struct store_cut *cut)
{
	struct seal seal = {0};
	sqlite3_stmt *q;

	if (cut->seal)
		seal = *cut->seal;
	else if (cut->checkpoint && store_seal(s, cut->checkpoint, &seal))
		return store_say(s, "%s/%s: %s", s->path, cut->checkpoint, strerror(errno));
	q = store_sql(s, SQL_CUT_PUT);
	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, s->cut_top + 1);
	sqlite3_bind_int64(q, 2, cut->upto);
	sqlite3_bind_int(q, 3, cut->live);
	sqlite3_bind_int64(q, 4, (int64_t)time(NULL));
	if (cut->checkpoint) {
		sqlite3_bind_text(q, 5, cut->checkpoint, -1, SQLITE_STATIC);
		sqlite3_bind_blob(q, 6, seal.hash, HASH_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(q, 7, seal.size);
	}
	if (store_step(s, q, "ending a cut"))
		return -1;
	s->cut_top++;
	s->event_top = EVENT_TOP_UNKNOWN;
	return meta_set(s, "cut_top", s->cut_top);
}

int store_commit_open(struct store *s)
{
	sqlite3_stmt *q;

	if (meta_set(s, "version", meta_get(s, "version", 0) + 1) || checkpoints_thin(s) ||
	    !(q = store_sql(s, SQL_COMMIT)) || store_step(s, q, "committing"))
		return -1;
	s->open_txn = false;
	if (s->infant)
		store_grow_up(s);
	else /* what readers hold open stays in the journal until the next time */
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	checkpoints_sweep(s);
	return 0;
}

int store_flush(struct store *s)
{
	return s->broken || events_flush(s) || points_flush(s) ? -1 : 0;
}

int store_commit(struct store *s, const struct store_cut *cut)
{
	char why[sizeof s->error];

	if (store_begin(s) == 0 && store_flush(s) == 0 && cut_put(s, cut) == 0 &&
	    (!cut->final || store_commit_open(s) == 0))
		return 0;
	memcpy(why, s->error, sizeof why);
	store_abandon(s);
	memcpy(s->error, why, sizeof why);
	return -1;
}

int store_rollback(struct store *s, int64_t cut)
{
	static const enum statement steps[] = {SQL_FILES_DROP_AFTER, SQL_CUTS_DROP_AFTER};

	events_forget(s);
	/* events first: when a carrier was first seen is asked of those that stay */
	if (store_begin(s) || events_rollback(s, cut) || points_rollback(s, cut))
		return -1;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		sqlite3_stmt *q = store_sql(s, steps[i]);
		if (!q)
			return -1;
		sqlite3_bind_int64(q, 1, cut);
		if (store_step(s, q, "going back"))
			return -1;
	}
	return 0;
}

/* ---- the plan ---- */
struct kept_list {
	struct kept_file *file;
	size_t n, cap;
};

static void kept_list_add(struct kept_list *l, const struct kept_file *f)
{
	struct kept_file copy = *f;

	copy.path = mem_strdup(f->path);
	copy.collector = mem_strdup(f->collector);
	copy.registry = mem_strdup(f->registry ? f->registry : "");
	l->file = vec_room(l->file, l->n, &l->cap, sizeof *l->file);
	l->file[l->n++] = copy;
}

static bool kept_list_each(void *arg, const struct kept_file *f)
{
	kept_list_add(arg, f);
	return true;
}

static void kept_list_free(struct kept_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		kept_file_free(&l->file[i]);
	free(l->file);
}

/*
 * May a stream that stands at this cut go on with f? A dump comes before updates of the same instant. A kept
 * file (one that is being replaced) must be after the cut itself.
 */
static bool cut_before(int64_t cut, utime_t upto, const struct kept_list *kept, const struct kept_file *f)
{
	if (f->cut > 0)
		return f->cut > cut;
	if (upto > f->first || (upto == f->first && f->rib))
		return false;
	for (size_t i = kept->n; i-- > 0 && kept->file[i].first >= f->first;)
		if (kept->file[i].cut <= cut && kept_file_cmp(&kept->file[i], f) > 0)
			return false;
	return true;
}

/* The newest checkpoint that is before both f and g (NULL: no matter). */
static int plan_begin(struct store *s, const struct kept_list *kept, const struct kept_file *f,
    const struct kept_file *g, struct plan *plan)
{
	struct checkpoint *c;
	size_t n;

	if (checkpoints_list(s, &c, &n))
		return -1;
	for (size_t i = 0; i < n && !plan->checkpoint; i++)
		if (cut_before(c[i].cut, c[i].upto, kept, f) &&
		    (!g || cut_before(c[i].cut, c[i].upto, kept, g)) && checkpoint_good(s, &c[i])) {
			plan->cut = c[i].cut;
			plan->upto = c[i].upto;
			plan->checkpoint = mem_strdup(c[i].name);
		}
	free(c);
	return 0;
}

static int plan_live(struct store *s, const struct plan *plan, const struct kept_file *fresh)
{
	sqlite3_stmt *q = store_sql(s, SQL_CUT_LIVE_AFTER);
	int64_t live;

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, plan->cut);
	live = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	return live ? store_say(s,
			  "%s is older than what was kept live, which cannot be derived again: it was not "
			  "merged",
			  fresh->path)
		    : 0;
}

/* Are the kept files of the plan still what they were? */
static int plan_readable(struct store *s, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		uint8_t hash[HASH_SIZE];
		const char *path = plan->file[i].path;
		if (plan->file[i].cut == 0)
			continue;
		if (file_hash(path, hash))
			return store_say(s,
			    "%s has to be read again, and is gone (%s): put it back, or leave the request "
			    "out",
			    path, strerror(errno));
		if (memcmp(hash, plan->file[i].hash, HASH_SIZE) != 0)
			return store_say(s,
			    "%s has to be read again, and its content has changed since it was kept: put it "
			    "back as it "
			    "was",
			    path);
	}
	return 0;
}

static int plan_possible(struct store *s, const struct plan *plan, const struct kept_file *fresh)
{
	char why[sizeof s->error];

	if (plan_live(s, plan, fresh))
		return -1;
	if (plan_readable(s, plan) == 0)
		return 0;
	memcpy(why, s->error, sizeof why);
	return store_say(s, "%s is older than what is kept; to merge it, %.400s", fresh->path, why);
}

static bool is_replaced(const struct kept_file *old, const struct kept_file *fresh, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(old->path, fresh[i].path) == 0)
			return true;
	return false;
}

static int plan_file_cmp(const void *a, const void *b)
{
	return kept_file_cmp(a, b);
}

int store_plan(struct store *s, const struct kept_file *fresh, size_t n, struct plan *plan)
{
	struct kept_list kept = {0}, run = {0};
	const struct kept_file *replaced = NULL; /* the one of the earliest cut */
	int rc = 0;

	*plan = (struct plan){.upto = UTIME_NONE};
	if (n == 0)
		return 0;
	rc = store_files(s, kept_list_each, &kept);
	for (size_t i = 0; i < kept.n; i++)
		if (is_replaced(&kept.file[i], fresh, n) && (!replaced || kept.file[i].cut < replaced->cut))
			replaced = &kept.file[i];
	if (rc || plan_begin(s, &kept, fresh, replaced, plan)) {
		kept_list_free(&kept);
		return -1;
	}
	for (size_t i = 0; i < kept.n; i++)
		if (kept.file[i].cut > plan->cut && !is_replaced(&kept.file[i], fresh, n))
			kept_list_add(&run, &kept.file[i]);
	plan->again = run.n;
	for (size_t i = 0; i < n; i++) {
		kept_list_add(&run, &fresh[i]);
		run.file[run.n - 1].cut = 0;
	}
	qsort(run.file, run.n, sizeof *run.file, plan_file_cmp);
	plan->file = run.file;
	plan->n = run.n;
	kept_list_free(&kept);
	rc = plan_possible(s, plan, fresh);
	if (rc)
		plan_free(plan);
	return rc;
}

int store_plan_at(struct store *s, utime_t begin, utime_t until, struct plan *plan)
{
	struct kept_list kept = {0}, run = {0};
	struct checkpoint *c;
	size_t n;

	*plan = (struct plan){.upto = UTIME_NONE};
	if (checkpoints_list(s, &c, &n))
		return -1;
	for (size_t i = 0; i < n && !plan->checkpoint; i++)
		if ((c[i].upto < begin || begin == UTIME_MAX) && checkpoint_good(s, &c[i])) {
			plan->cut = c[i].cut;
			plan->upto = c[i].upto;
			plan->checkpoint = mem_strdup(c[i].name);
		}
	free(c);
	if (store_files(s, kept_list_each, &kept)) {
		plan_free(plan);
		return -1;
	}
	for (size_t i = 0; i < kept.n; i++)
		if (kept.file[i].cut > plan->cut && kept.file[i].first < until)
			kept_list_add(&run, &kept.file[i]);
	kept_list_free(&kept);
	plan->file = run.file;
	plan->n = plan->again = run.n;
	if (plan_readable(s, plan) == 0)
		return 0;
	plan_free(plan);
	return -1;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		kept_file_free(&plan->file[i]);
	free(plan->file);
	free(plan->checkpoint);
	*plan = (struct plan){0};
}
