/*
 * keep/files: provenance. In: what was read. Out: the list of kept files, and whether one is known by its
 * content.
 */
#include "keep/store.h"

#include "base/mem.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_AT_ONCE = 1 << 20 };

int file_hash(const char *path, uint8_t hash[HASH_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *buf;
	XXH3_state_t *x;
	XXH128_canonical_t canonical;
	ssize_t n;

	if (fd < 0)
		return -1;
	buf = mem_alloc(READ_AT_ONCE);
	x = XXH3_createState();
	XXH3_128bits_reset(x);
	while ((n = read(fd, buf, READ_AT_ONCE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		XXH3_128bits_update(x, buf, (size_t)n);
	}
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(x));
	memcpy(hash, canonical.digest, HASH_SIZE);
	XXH3_freeState(x);
	free(buf);
	close(fd);
	return n < 0 ? -1 : 0;
}

struct sealer {
	XXH3_state_t *hash;
	int64_t size;
};

struct sealer *sealer_new(void)
{
	struct sealer *x = mem_alloc(sizeof *x);

	x->hash = XXH3_createState();
	XXH3_128bits_reset(x->hash);
	return x;
}

void sealer_pass(void *sealer, const void *p, size_t n)
{
	struct sealer *x = sealer;

	XXH3_128bits_update(x->hash, p, n);
	x->size += (int64_t)n;
}

int64_t sealer_end(struct sealer *x, uint8_t hash[HASH_SIZE])
{
	XXH128_canonical_t canonical;
	int64_t size = x->size;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(x->hash));
	memcpy(hash, canonical.digest, HASH_SIZE);
	XXH3_freeState(x->hash);
	free(x);
	return size;
}

int kept_file_cmp(const struct kept_file *a, const struct kept_file *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return strcmp(a->path, b->path);
}

void kept_file_free(struct kept_file *f)
{
	free(f->path);
	free(f->collector);
	free(f->registry);
	*f = (struct kept_file){0};
}

int store_file_known(struct store *s, const uint8_t hash[HASH_SIZE])
{
	sqlite3_stmt *q = store_sql(s, SQL_FILE_KNOWN);
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_blob(q, 1, hash, HASH_SIZE, SQLITE_STATIC);
	rc = sqlite3_step(q);
	sqlite3_reset(q);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : store_fail(s, "looking for a file");
}

static int64_t registry_row(struct store *s, const char *sources)
{
	sqlite3_stmt *q = store_sql(s, SQL_REGISTRY_ID);
	int64_t row = 0;

	if (!q)
		return -1;
	sqlite3_bind_text(q, 1, sources, -1, SQLITE_STATIC);
	if (sqlite3_step(q) == SQLITE_ROW)
		row = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	if (row || !(q = store_sql(s, SQL_REGISTRY_ADD)))
		return row ? row : -1;
	sqlite3_bind_text(q, 1, sources, -1, SQLITE_STATIC);
	return store_step(s, q, "noting the registry") ? -1 : sqlite3_last_insert_rowid(s->db);
}

void store_file(struct store *s, const struct kept_file *f)
{
	sqlite3_stmt *q;
	int64_t registry;

	if (store_begin(s) || (registry = registry_row(s, f->registry ? f->registry : "")) < 0 ||
	    !(q = store_sql(s, SQL_FILE_PUT))) {
		s->broken = true;
		return;
	}
	sqlite3_bind_blob(q, 1, f->hash, HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_text(q, 2, f->path, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 3, f->collector, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 4, f->first);
	sqlite3_bind_int64(q, 5, f->last);
	sqlite3_bind_int64(q, 6, (int64_t)f->size);
	sqlite3_bind_int(q, 7, f->rib);
	sqlite3_bind_int64(q, 8, (int64_t)f->records);
	sqlite3_bind_int64(q, 9, (int64_t)f->bad);
	sqlite3_bind_int64(q, 10, f->peers);
	sqlite3_bind_int64(q, 11, f->resets);
	sqlite3_bind_int64(q, 12, f->gaps);
	sqlite3_bind_int64(q, 13, s->cut_top + 1);
	sqlite3_bind_int64(q, 14, registry);
	store_step(s, q, "noting a file");
	sqlite3_clear_bindings(q);
}

int store_files(struct store *s, bool (*each)(void *arg, const struct kept_file *f), void *arg)
{
	sqlite3_stmt *q = store_sql(s, SQL_FILES);
	int rc;

	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct kept_file f = {.first = sqlite3_column_int64(q, 3),
		    .last = sqlite3_column_int64(q, 4),
		    .size = (uint64_t)sqlite3_column_int64(q, 5),
		    .rib = sqlite3_column_int(q, 6),
		    .records = (uint64_t)sqlite3_column_int64(q, 7),
		    .bad = (uint64_t)sqlite3_column_int64(q, 8),
		    .peers = (unsigned)sqlite3_column_int(q, 9),
		    .resets = (unsigned)sqlite3_column_int(q, 10),
		    .gaps = (unsigned)sqlite3_column_int(q, 11),
		    .cut = sqlite3_column_int64(q, 12)};
		bool more;
		if (sqlite3_column_bytes(q, 0) != HASH_SIZE) {
			sqlite3_reset(q);
			return store_say(s, "%s/history.db: the list of files is damaged", s->path);
		}
		memcpy(f.hash, sqlite3_column_blob(q, 0), HASH_SIZE);
		f.path = mem_strdup((const char *)sqlite3_column_text(q, 1));
		f.collector = mem_strdup((const char *)sqlite3_column_text(q, 2));
		f.registry = mem_strdup((const char *)sqlite3_column_text(q, 13));
		more = each(arg, &f);
		kept_file_free(&f);
		if (!more) {
			rc = SQLITE_DONE;
			break;
		}
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the list of files");
}
