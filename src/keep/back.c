/*
 * keep/back: going back to a cut. In: a cut. Out: chunks and carriers as they stood at it. A chunk keeps with
 * every point the cut that brought it, so that what came later is told apart.
 */
#include "keep/heads.h"

#include "base/mem.h"

#include <stdlib.h>

/* When the kept events say that a line was born. */
static int carrier_born(struct store *s, uint64_t key, utime_t *born)
{
	sqlite3_stmt *q = store_sql(s, SQL_CARRIER_BORN);
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, (int64_t)(key >> 33));
	sqlite3_bind_int(q, 2, key >> 32 & 1 ? FAMILY_IPV6 : FAMILY_IPV4);
	sqlite3_bind_int64(q, 3, (int64_t)(key & UINT32_MAX));
	sqlite3_bind_int(q, 4, EVENT_UPSTREAM_NEW);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
		*born = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return rc == SQLITE_ROW ? 0 : store_fail(s, "looking for the first sight of a carrier");
}

/* The carriers of a territory again from its chunks. */
static int carriers_again(struct store *s, int64_t territory, uint8_t family)
{
	struct heads h = {0};
	sqlite3_stmt *q = store_sql(s, SQL_CARRIER_DROP_OF);
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, territory);
	sqlite3_bind_int(q, 2, family);
	if (store_step(s, q, "writing the carriers") || !(q = store_sql(s, SQL_CHUNKS_OF)))
		return -1;
	sqlite3_bind_int64(q, 1, territory);
	sqlite3_bind_int(q, 2, family);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct chunk c;
		if (chunk_column(s, q, 3, &c, "a chunk")) {
			rc = SQLITE_ERROR;
			break;
		}
		/* a base says more than the chunks before only where retention took those away */
		for (size_t i = 0; i < c.bases; i++) {
			struct head *at = head_of(&h, line_key(territory, family, c.base[i].upstream));
			if (at->first == UTIME_NONE)
				head_move(at, c.base[i].upstream, sqlite3_column_int64(q, 1), c.base[i].share,
				    c.base[i].prefixes);
		}
		for (size_t i = 0; i < c.points; i++)
			head_move(head_of(&h, line_key(territory, family, c.point[i].upstream)),
			    c.point[i].upstream, c.point[i].time, c.point[i].share, c.point[i].prefixes);
		chunk_free(&c);
	}
	sqlite3_reset(q);
	if (rc != SQLITE_DONE)
		rc = rc == SQLITE_ERROR ? -1 : store_fail(s, "reading the series");
	else
		rc = 0;
	for (size_t i = 0; rc == 0 && i < h.cap; i++) /* upstream 0 has no birth, and no event either */
		if (h.slot[i].key && h.slot[i].first != UTIME_NONE)
			rc = carrier_born(s, h.slot[i].key, &h.slot[i].born) ||
			     carrier_put(s, h.slot[i].key, &h.slot[i]);
	free(h.slot);
	return rc;
}

/* One territory's chunks: points of later cuts go. */
static int territory_back(struct store *s, int64_t territory, uint8_t family, int64_t cut)
{
	for (;;) { /* from the end; a chunk without later points ends it */
		struct chunk c;
		sqlite3_stmt *q = store_sql(s, SQL_CHUNK_LAST);
		int64_t row;
		size_t n = 0;
		int rc;
		if (!q)
			return -1;
		sqlite3_bind_int64(q, 1, territory);
		sqlite3_bind_int(q, 2, family);
		rc = sqlite3_step(q);
		if (rc != SQLITE_ROW) {
			sqlite3_reset(q);
			return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the series");
		}
		row = sqlite3_column_int64(q, 0);
		rc = chunk_column(s, q, 3, &c, "the last chunk");
		sqlite3_reset(q);
		if (rc)
			return -1;
		for (size_t i = 0; i < c.points; i++)
			if (c.point[i].cut <= cut)
				c.point[n++] = c.point[i];
		if (n == c.points) {
			chunk_free(&c);
			return 0;
		}
		c.points = n;
		rc = chunk_drop(s, row);
		if (rc == 0 && n > 0)
			rc = chunk_put(s, territory, family, &c);
		chunk_free(&c);
		if (rc || n > 0)
			return rc;
	}
}

int points_rollback(struct store *s, int64_t cut)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNKS_AFTER_CUT);
	struct pair {
		int64_t territory;
		uint8_t family;
	} *pair = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!q)
		return -1;
	points_forget(s);
	sqlite3_bind_int64(q, 1, cut);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		pair = vec_room(pair, n, &cap, sizeof *pair);
		pair[n++] = (struct pair){sqlite3_column_int64(q, 0), (uint8_t)sqlite3_column_int(q, 1)};
	}
	sqlite3_reset(q);
	rc = rc == SQLITE_DONE ? 0 : store_fail(s, "reading the series");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = territory_back(s, pair[i].territory, pair[i].family, cut);
		if (rc == 0)
			rc = carriers_again(s, pair[i].territory, pair[i].family);
	}
	free(pair);
	return rc;
}
