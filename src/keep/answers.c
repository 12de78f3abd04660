/*
 * keep/answers: answers kept whole, as compressed JSON, because the tables they were made from are gone. In
 * and out: bytes. Of each subject the last few stay, and of some kinds the last one of every month.
 */
#include "keep/store.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zstd.h>

#define ANSWERS_MONTHLY (366 * 86400 * UTIME_SECOND)
enum { ANSWER_MAX = 1 << 28, ANSWER_LEVEL = 3, ANSWERS_KEPT = 4 };

static const char *const kind_name[ANSWER_KINDS] = {
    [ANSWER_PAGE] = "page",
    [ANSWER_RANK] = "rank",
};

static void bind_subject(sqlite3_stmt *q, enum answer_kind kind, const char *territory, uint8_t family)
{
	sqlite3_bind_text(q, 1, territory, -1, SQLITE_STATIC);
	sqlite3_bind_int(q, 2, (int)kind);
	sqlite3_bind_int(q, 3, family);
}

static int answers_several(
    struct store *s, enum answer_kind kind, const char *territory, uint8_t family, bool *several)
{
	sqlite3_stmt *q = store_sql(s, SQL_ANSWER_SECOND);
	int rc;

	if (!q)
		return -1;
	bind_subject(q, kind, territory, family);
	rc = sqlite3_step(q);
	*several = rc == SQLITE_ROW;
	sqlite3_reset(q);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "reading the kept answers");
}

/*
 * The oldest of the last few goes unless it closes its month; of those older than a year, what does not close
 * its year.
 */
static int answers_thin(
    struct store *s, enum answer_kind kind, const char *territory, uint8_t family, utime_t at)
{
	static const enum statement steps[] = {SQL_ANSWER_THIN_MONTHS, SQL_ANSWER_THIN_YEARS};
	bool several;

	if (answers_several(s, kind, territory, family, &several))
		return -1;
	for (size_t i = 0; several && i < sizeof steps / sizeof *steps; i++) {
		sqlite3_stmt *q = store_sql(s, steps[i]);
		if (!q)
			return -1;
		bind_subject(q, kind, territory, family);
		sqlite3_bind_int64(q, 4, i == 0 ? ANSWERS_KEPT : at - ANSWERS_MONTHLY);
		if (store_step(s, q, "thinning the kept answers"))
			return -1;
	}
	return 0;
}

void *answer_pack(struct packer *p, const char *json, size_t n, size_t *packed)
{
	size_t cap = ZSTD_compressBound(n);
	void *data = mem_alloc(cap);

	*packed = ZSTD_compressCCtx(p->zstd, data, cap, json, n, ANSWER_LEVEL);
	return data;
}

int store_keep_answer(struct store *s, enum answer_kind kind, const char *territory, uint8_t family,
    utime_t at, const void *data, size_t packed)
{
	sqlite3_stmt *q = store_begin(s) ? NULL : store_sql(s, SQL_ANSWER_PUT);
	int rc;

	if (!q)
		return -1;
	bind_subject(q, kind, territory, family);
	sqlite3_bind_int64(q, 4, at);
	sqlite3_bind_int64(q, 5, s->cut_top + 1);
	sqlite3_bind_blob64(q, 6, data, packed, SQLITE_STATIC);
	rc = store_step(s, q, "keeping an answer");
	sqlite3_clear_bindings(q);
	return rc ? -1 : answers_thin(s, kind, territory, family, at);
}

static char *answer_text(const void *data, size_t n, size_t *out)
{
	unsigned long long raw = data ? ZSTD_getFrameContentSize(data, n) : ZSTD_CONTENTSIZE_ERROR;
	char *json;

	if (raw > ANSWER_MAX)
		return NULL;
	json = mem_alloc((size_t)raw + 1);
	*out = (size_t)raw;
	if (ZSTD_decompress(json, (size_t)raw, data, n) == raw)
		return json;
	free(json);
	return NULL;
}

int store_answer(struct store *s, enum answer_kind kind, const char *territory, uint8_t family, utime_t at,
    struct answer_kept *a)
{
	sqlite3_stmt *q = store_sql(s, SQL_ANSWER_GET);
	int rc;

	*a = (struct answer_kept){.at = UTIME_NONE};
	if (!q)
		return -1;
	bind_subject(q, kind, territory, family);
	sqlite3_bind_int64(q, 4, at);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		a->at = sqlite3_column_int64(q, 0);
		a->json = answer_text(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1), &a->n);
		rc = a->json ? 0
			     : store_say(s, "%s/history.db: the kept %s of \"%s\" is damaged", s->path,
				   kind_name[kind], territory);
	} else {
		rc = rc == SQLITE_DONE ? 0 : store_fail(s, "reading a kept answer");
	}
	sqlite3_reset(q);
	return rc;
}
