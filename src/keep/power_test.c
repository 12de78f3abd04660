/*
 * Tests of what a power cut may take: a file system between SQLite and the disk that knows what was written
 * since the last sync. At some moment a child undoes a random part of that, as a disk that had not yet
 * written it, tears a write in two, and dies; the shared memory is gone too. What the child had said was kept
 * must be there. And a checkpoint is synced, with its folder, before the commit that names it.
 */
#include "keep/store.h"

#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define T(s) ((utime_t)(1506800000 + (s)) * UTIME_SECOND)

static char folder[64];
static uint32_t state;
static unsigned writes, cut_at; /* the power goes at that write; 0: never */

static uint32_t chance(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* ---- a file system that may forget ---- */
struct undo {                   /* what a write took away */
	sqlite3_int64 at, size; /* size: of the file before */
	uint8_t *old;
	int n, had;
};
struct lossy {
	sqlite3_file head;
	struct lossy *next;
	struct undo *undo;
	size_t undos, cap;
	/* the real file follows */
};
static struct lossy *files; /* open ones */
static struct {             /* a file whose end was not synced with its folder: it may be there again */
	char *name;
	uint8_t *bytes;
	size_t n;
} gone;
static sqlite3_vfs lossy_vfs, *unix_vfs;

static sqlite3_file *real(sqlite3_file *f)
{
	return (sqlite3_file *)((struct lossy *)f + 1);
}

static void forget(struct lossy *l)
{
	for (size_t i = 0; i < l->undos; i++)
		free(l->undo[i].old);
	l->undos = 0;
}

/* Backward, so that each place ends with one of the contents it had since the sync. */
static void undo_some(struct lossy *l, uint32_t part)
{
	sqlite3_file *f = real(&l->head);

	for (size_t i = l->undos; i-- > 0;) {
		const struct undo *u = &l->undo[i];
		int torn = chance(8) ? 0 : (int)chance((uint32_t)u->n / 512 + 1) * 512;
		if (chance(100) >= part)
			continue;
		if (u->had > torn)
			f->pMethods->xWrite(f, u->old + torn, u->had - torn, u->at + torn);
		if (u->size < u->at + u->n && i + 1 == l->undos && chance(2))
			f->pMethods->xTruncate(f, u->size);
	}
}

static void gone_forget(void)
{
	free(gone.name);
	free(gone.bytes);
	gone.name = NULL;
	gone.bytes = NULL;
}

static int lossy_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
	FILE *f = sync_folder ? NULL : fopen(name, "r");

	gone_forget();
	if (f) {
		gone.name = mem_strdup(name);
		gone.bytes = mem_alloc(1 << 20);
		gone.n = fread(gone.bytes, 1, 1 << 20, f);
		fclose(f);
	}
	return unix_vfs->xDelete(unix_vfs, name, sync_folder);
}

static void power_goes(void)
{
	uint32_t part = chance(101); /* none to all of it is lost */

	if (gone.name && access(gone.name, F_OK) != 0 && chance(2)) {
		FILE *f = fopen(gone.name, "w");
		if (f && fwrite(gone.bytes, 1, gone.n, f) == gone.n)
			fclose(f);
	}
	for (struct lossy *l = files; l; l = l->next)
		undo_some(l, part);
	_exit(0);
}

static int lossy_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct lossy *l = (struct lossy *)f;
	struct undo u = {.at = at, .n = n, .old = mem_alloc((size_t)n)};

	if (cut_at && ++writes == cut_at)
		power_goes();
	real(f)->pMethods->xFileSize(real(f), &u.size);
	u.had = u.size <= at ? 0 : u.size - at < n ? (int)(u.size - at) : n;
	if (u.had)
		real(f)->pMethods->xRead(real(f), u.old, u.had, at);
	l->undo = vec_room(l->undo, l->undos, &l->cap, sizeof *l->undo);
	l->undo[l->undos++] = u;
	return real(f)->pMethods->xWrite(real(f), from, n, at);
}

static int lossy_sync(sqlite3_file *f, int flags)
{
	int rc = real(f)->pMethods->xSync(real(f), flags);

	forget((struct lossy *)f);
	return rc;
}

static int lossy_close(sqlite3_file *f)
{
	struct lossy **at = &files, *l = (struct lossy *)f;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
	forget(l);
	free(l->undo);
	return real(f)->pMethods->xClose(real(f));
}

static int lossy_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), to, n, at);
}

static int lossy_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	forget((struct lossy *)f); /* taken as durable, and all before it */
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int lossy_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int lossy_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int lossy_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int lossy_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int lossy_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int lossy_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int lossy_device(sqlite3_file *f)
{
	return 0; /* promises nothing */
}

static int lossy_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int lossy_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void lossy_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int lossy_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

static const sqlite3_io_methods methods = {2, lossy_close, lossy_read, lossy_write, lossy_truncate,
    lossy_sync, lossy_size, lossy_lock, lossy_unlock, lossy_reserved, lossy_control, lossy_sector,
    lossy_device, lossy_shm_map, lossy_shm_lock, lossy_shm_barrier, lossy_shm_unmap, NULL, NULL};

static int lossy_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct lossy *l = (struct lossy *)f;
	int rc;

	memset(l, 0, sizeof *l);
	rc = unix_vfs->xOpen(unix_vfs, name, real(f), flags, out);
	if (rc != SQLITE_OK)
		return rc;
	l->head.pMethods = &methods;
	l->next = files;
	files = l;
	return rc;
}

static void lossy_register(void)
{
	unix_vfs = sqlite3_vfs_find(NULL);
	lossy_vfs = *unix_vfs;
	lossy_vfs.pNext = NULL;
	lossy_vfs.zName = "lossy";
	lossy_vfs.szOsFile = (int)sizeof(struct lossy) + unix_vfs->szOsFile;
	lossy_vfs.xOpen = lossy_open;
	lossy_vfs.xDelete = lossy_delete;
	sqlite3_vfs_register(&lossy_vfs, 1); /* the store's own stands on the default */
}

/* ---- the order of syncs: this program's fsync is the one that everything in it calls ---- */
static ino_t synced[64];
static unsigned syncs;

static int sync_noted(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		gone_forget();
	if (fstat(fd, &st) == 0 && syncs < sizeof synced / sizeof *synced)
		synced[syncs++] = st.st_ino;
	return (int)syscall(SYS_fsync, fd);
}

int fsync(int fd)
{
	return sync_noted(fd);
}

int fdatasync(int fd)
{
	return sync_noted(fd);
}

static unsigned first_sync_of(const char *name)
{
	char *path = mem_printf("%s/%s", folder, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	for (unsigned i = 0; i < syncs; i++)
		if (synced[i] == st.st_ino)
			return i;
	fail_msg("%s was never synced", name);
	return 0;
}

/* ---- the tests ---- */
static void folder_clear(void)
{
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(folder);
}

static int setup(void **unused)
{
	snprintf(folder, sizeof folder, "/tmp/isthmus-power-%d", (int)getpid());
	folder_clear();
	return 0;
}

static int teardown(void **unused)
{
	folder_clear();
	return 0;
}

static int cut(struct store *s, unsigned i)
{
	struct store_cut cut = {.upto = T(i), .final = true};
	struct kept_file f = {
	    .path = "/none", .collector = "rrc00", .first = T(i), .last = T(i), .registry = "r"};
	struct event e = {.id = i,
	    .kind = EVENT_OUTAGE,
	    .territory = "KP",
	    .family = 4,
	    .first_seen = T(i),
	    .end = UTIME_NONE};

	memcpy(f.hash, &i, sizeof i);
	store_place(s, 0, "KP", FAMILY_IPV4);
	for (unsigned k = 0; k < 60; k++) {
		struct sample x = {T(i), 0, 1000 + k, (float)((i + k) % 100) / 100 + 0.001F, 1 + i % 7};
		store_samples(s, &x, 1);
	}
	store_event(s, &e);
	store_file(s, &f);
	return store_commit(s, &cut);
}

static void write_until_it_goes(int to, unsigned begin, unsigned at)
{
	struct store *s = store_open(folder, STORE_WRITE, NULL);

	cut_at = at;
	for (unsigned i = begin; s; i++)
		if (cut(s, i) || write(to, &i, sizeof i) != sizeof i)
			break;
	_exit(1);
}

static void count_fault(void *arg, const char *line)
{
	snprintf(arg, 512, "%s", line);
}

static bool count_event(void *arg, const struct event *e)
{
	++*(unsigned *)arg;
	return true;
}

/* All that was said, or one cut more: that one was kept and not yet said. */
static unsigned judge(unsigned said)
{
	const char *why = "";
	struct store *s = store_open(folder, STORE_WRITE, &why);
	struct store_info info;
	char line[512] = "";
	unsigned events = 0;

	if (!s)
		fail_msg("after %u cuts: %s", said, why);
	if (store_check(s, count_fault, line))
		fail_msg("after %u cuts: %s", said, line);
	assert_int_equal(store_info(s, &info), 0);
	assert_in_range(info.cut, said, said + 1);
	assert_int_equal(info.files, info.cut);
	assert_int_equal(store_events(s, &EVENT_FILTER_ALL, count_event, &events), 0);
	assert_int_equal(events, info.cut);
	store_close(s);
	return (unsigned)info.cut;
}

static void test_power_cut(void **unused)
{
	const char *more = getenv("ISTHMUS_KILLS");
	unsigned rounds = more ? (unsigned)atoi(more) : 60, kept = 0;

	for (unsigned round = 0; round < rounds; round++) {
		char *shm = mem_printf("%s/history.db-shm", folder);
		int pipes[2];
		unsigned i, said;
		pid_t child;
		state = round * 2654435761u + 1;
		if (round % 4 == 0) { /* from nothing, or on */
			folder_clear();
			kept = 0;
		}
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			write_until_it_goes(pipes[1], kept + 1, 1 + chance(round % 4 ? 400 : 900));
		close(pipes[1]);
		waitpid(child, NULL, 0);
		for (said = kept; read(pipes[0], &i, sizeof i) == sizeof i;)
			said = i;
		close(pipes[0]);
		unlink(shm);
		free(shm);
		kept = judge(said);
	}
}

/* At each write of a new store's first commits, which are made in another way than all later ones. */
static void test_power_cut_of_a_new_store(void **unused)
{
	bool cut_off = true;

	for (unsigned at = 1; cut_off; at++) {
		int pipes[2];
		unsigned i, said = 0;
		struct store *reader;
		struct store_info info;
		pid_t child;
		state = at * 2654435761u + 1;
		folder_clear();
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			write_until_it_goes(pipes[1], 1, at);
		close(pipes[1]);
		waitpid(child, NULL, 0);
		while (read(pipes[0], &i, sizeof i) == sizeof i)
			said = i;
		close(pipes[0]);
		cut_off = said < 3;
		reader = at % 2 ? store_open(folder, STORE_READ, NULL) : NULL;
		assert_true(reader || at % 2 == 0 || said == 0);
		if (reader && said) {
			assert_int_equal(store_info(reader, &info), 0);
			assert_in_range(info.cut, said, said + 1);
		}
		store_close(reader);
		(void)judge(said);
	}
}

static void checkpoint_commit(struct store *s, int64_t upto, char name[32])
{
	struct store_cut cut = {.upto = T(upto), .final = true};
	char *path;
	FILE *f;

	store_checkpoint_name(s, name);
	path = store_file_path(s, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("the tables", f);
	fclose(f);
	free(path);
	cut.checkpoint = name;
	syncs = 0;
	assert_int_equal(store_commit(s, &cut), 0);
}

static void test_checkpoint_is_synced_first(void **unused)
{
	struct store *s = store_open(folder, STORE_WRITE, NULL);
	char name[32];

	assert_non_null(s);
	checkpoint_commit(s, 1, name);
	assert_true(first_sync_of(name) < first_sync_of("."));
	assert_true(first_sync_of(".") < first_sync_of("history.db"));
	checkpoint_commit(s, 2, name);
	assert_true(first_sync_of(name) < first_sync_of("."));
	assert_true(first_sync_of(".") < first_sync_of("history.db-wal"));
	assert_true(first_sync_of("history.db-wal") < first_sync_of("history.db"));
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_power_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_power_cut_of_a_new_store, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_checkpoint_is_synced_first, setup, teardown),
	};

	lossy_register();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
