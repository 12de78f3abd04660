/* keep/snapshot: answers kept whole, as compressed JSON. In and out: text. */
#include "keep/store.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zstd.h>

enum { SNAPSHOT_MAX = 1 << 26, SNAPSHOT_LEVEL = 3 };

int store_snapshot(struct store *s, const char *territory, uint8_t family, utime_t at, const char *json)
{
	size_t n = strlen(json), cap = ZSTD_compressBound(n);
	sqlite3_stmt *q = store_begin(s) ? NULL : store_sql(s, SQL_SNAPSHOT_PUT);
	void *data;
	int rc;

	if (!q)
		return -1;
	data = mem_alloc(cap);
	cap = ZSTD_compress(data, cap, json, n, SNAPSHOT_LEVEL);
	sqlite3_bind_text(q, 1, territory, -1, SQLITE_STATIC);
	sqlite3_bind_int(q, 2, family);
	sqlite3_bind_int64(q, 3, at);
	sqlite3_bind_int64(q, 4, s->cut_top + 1);
	sqlite3_bind_blob64(q, 5, data, cap, SQLITE_STATIC);
	rc = store_step(s, q, "keeping a report");
	sqlite3_clear_bindings(q);
	free(data);
	return rc;
}

int store_snapshot_get(struct store *s, const char *territory, uint8_t family, char **json)
{
	sqlite3_stmt *q = store_sql(s, SQL_SNAPSHOT_GET);
	int rc;

	*json = NULL;
	if (!q)
		return -1;
	sqlite3_bind_text(q, 1, territory, -1, SQLITE_STATIC);
	sqlite3_bind_int(q, 2, family);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		const void *data = sqlite3_column_blob(q, 0);
		size_t n = (size_t)sqlite3_column_bytes(q, 0);
		unsigned long long raw = data ? ZSTD_getFrameContentSize(data, n) : ZSTD_CONTENTSIZE_ERROR;
		if (raw <= SNAPSHOT_MAX) {
			*json = mem_alloc((size_t)raw + 1);
			if (ZSTD_decompress(*json, (size_t)raw, data, n) != raw) {
				free(*json);
				*json = NULL;
			}
		}
		rc = *json ? 0
			   : store_say(
				 s, "%s/history.db: the kept report of %s is damaged", s->path, territory);
	} else {
		rc = rc == SQLITE_DONE ? 0 : store_fail(s, "reading a kept report");
	}
	sqlite3_reset(q);
	return rc;
}
