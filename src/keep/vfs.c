/*
 * keep/vfs: see vfs.h. A file of ours is SQLite's unix file with a small head; every call goes through, and
 * only reads and writes of whole pages of the main database are looked at. The sum is seeded by the page's
 * place, so a page written to the wrong place is found too. Journals have sums of their own.
 */
#include "keep/vfs.h"

#include "base/mem.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct page_file {
	sqlite3_file head;
	uint8_t *page; /* a copy to put the sum into: SQLite's buffer is not ours to write */
	size_t cap;
	/* the real file follows */
};

static sqlite3_vfs vfs;
static _Thread_local int64_t bad_page;

int64_t vfs_bad_page(void)
{
	return bad_page;
}

void vfs_forget_bad_page(void)
{
	bad_page = 0;
}

static sqlite3_vfs *root(void)
{
	return vfs.pAppData;
}

static sqlite3_file *real(sqlite3_file *f)
{
	return (sqlite3_file *)((struct page_file *)f + 1);
}

static bool whole_page(int n, sqlite3_int64 at)
{
	return n >= 512 && (n & (n - 1)) == 0 && at % n == 0;
}

static uint64_t page_sum(const void *page, int n, sqlite3_int64 at)
{
	return XXH3_64bits_withSeed(page, (size_t)n - PAGE_SUM, (uint64_t)(at / n));
}

static int page_close(sqlite3_file *f)
{
	int rc = real(f)->pMethods->xClose(real(f));

	free(((struct page_file *)f)->page);
	return rc;
}

static bool page_good(const uint8_t *page, int n, sqlite3_int64 at)
{
	uint64_t sum;

	memcpy(&sum, page + n - PAGE_SUM, sizeof sum);
	return sum == page_sum(page, n, at);
}

/* A page that a writer is just putting there is whole a moment later. */
static bool page_stays_bad(int fd, uint8_t *page, int n, off_t at)
{
	for (int tries = 0; tries < 3; tries++) {
		const struct timespec moment = {.tv_nsec = 20000000};
		ssize_t got = pread(fd, page, (size_t)n, at);
		if (got == 0 || (got == n && page_good(page, n, at)))
			return false;
		nanosleep(&moment, NULL);
	}
	return true;
}

int vfs_pages_check(const char *path, void (*bad)(void *arg, int64_t page), void *arg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), n = PAGE_BYTES;
	uint8_t *page;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	page = mem_alloc((size_t)n);
	for (off_t at = 0; at < st.st_size; at += n)
		if (page_stays_bad(fd, page, n, at))
			bad(arg, at / n + 1);
	free(page);
	close(fd);
	return 0;
}

static int page_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	int rc = real(f)->pMethods->xRead(real(f), to, n, at);

	if (rc != SQLITE_OK || !whole_page(n, at))
		return rc;
	if (page_good(to, n, at))
		return SQLITE_OK;
	bad_page = at / n + 1;
	return SQLITE_IOERR_DATA;
}

static int page_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	struct page_file *p = (struct page_file *)f;
	uint64_t sum;

	if (!whole_page(n, at))
		return real(f)->pMethods->xWrite(real(f), from, n, at);
	if (p->cap < (size_t)n) {
		p->page = mem_grow(p->page, (size_t)n, 1);
		p->cap = (size_t)n;
	}
	sum = page_sum(from, n, at);
	memcpy(p->page, from, (size_t)n - PAGE_SUM);
	memcpy(p->page + n - PAGE_SUM, &sum, sizeof sum);
	return real(f)->pMethods->xWrite(real(f), p->page, n, at);
}

static int page_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int page_sync(sqlite3_file *f, int flags)
{
	return real(f)->pMethods->xSync(real(f), flags);
}

static int page_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int page_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int page_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int page_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int page_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int page_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int page_device(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int page_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int page_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void page_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int page_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory-mapped reads, which would pass the sums by */
    .xClose = page_close,
    .xRead = page_read,
    .xWrite = page_write,
    .xTruncate = page_truncate,
    .xSync = page_sync,
    .xFileSize = page_size,
    .xLock = page_lock,
    .xUnlock = page_unlock,
    .xCheckReservedLock = page_reserved,
    .xFileControl = page_control,
    .xSectorSize = page_sector,
    .xDeviceCharacteristics = page_device,
    .xShmMap = page_shm_map,
    .xShmLock = page_shm_lock,
    .xShmBarrier = page_shm_barrier,
    .xShmUnmap = page_shm_unmap,
};

static int page_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct page_file *p = (struct page_file *)f;
	int rc;

	if (!(flags & SQLITE_OPEN_MAIN_DB)) /* its place is large enough for a bare file */
		return root()->xOpen(root(), name, f, flags, out);
	memset(p, 0, sizeof *p);
	rc = root()->xOpen(root(), name, real(f), flags, out);
	p->head.pMethods = rc == SQLITE_OK ? &methods : NULL;
	return rc;
}

static void vfs_make(void)
{
	sqlite3_vfs *base;

	/* nobody asks how much memory it has, and the count costs a lock each time it takes any */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	base = sqlite3_vfs_find(NULL);
	vfs = *base; /* every other call works on names, and is the default's own */
	vfs.pNext = NULL;
	vfs.zName = "isthmus";
	vfs.pAppData = base;
	vfs.szOsFile = (int)sizeof(struct page_file) + base->szOsFile;
	vfs.xOpen = page_open;
	sqlite3_vfs_register(&vfs, 0);
}

const char *vfs_name(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, vfs_make);
	return vfs.zName;
}
