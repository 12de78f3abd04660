/*
 * keep/series: chunks back to step functions. In: a territory and a range. Out: struct series, owned by the
 * caller. One range read: the chunk that holds the beginning, and those up to the end.
 */
#include "keep/store.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

int chunk_column(struct store *s, sqlite3_stmt *q, int column, struct chunk *c, const char *which)
{
	const void *data = sqlite3_column_blob(q, column);
	int n = sqlite3_column_bytes(q, column);

	if (data && chunk_decode(data, (size_t)n, c))
		return 0;
	if (s->open_txn)
		s->broken = true;
	return store_say(s, "%s/history.db: %s (row %lld) is damaged", s->path, which,
	    (long long)sqlite3_column_int64(q, 0));
}

struct gather { /* points of all chunks of the range */
	struct change_point *p;
	size_t n, cap;
};

static void gather_add(struct gather *g, const struct change_point *p)
{
	g->p = vec_room(g->p, g->n, &g->cap, sizeof *g->p);
	g->p[g->n++] = *p;
}

static void gather_chunk(struct gather *g, const struct chunk *c, bool first, utime_t start, utime_t to)
{
	for (size_t i = 0; first && i < c->bases; i++) {
		struct change_point p = c->base[i];
		p.time = start - 1; /* before every point of the chunk */
		gather_add(g, &p);
	}
	for (size_t i = 0; i < c->points; i++)
		if (c->point[i].time < to)
			gather_add(g, &c->point[i]);
}

static int gather_range(
    struct store *s, const char *territory, uint8_t family, utime_t from, utime_t to, struct gather *g)
{
	int64_t id = territory_row(s, territory, false);
	sqlite3_stmt *q;
	bool first = true;
	int rc;

	if (id <= 0)
		return (int)id;
	q = store_sql(s, SQL_CHUNKS_RANGE);
	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, id);
	sqlite3_bind_int(q, 2, family);
	sqlite3_bind_int64(q, 3, from);
	sqlite3_bind_int64(q, 4, to);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct chunk c;
		if (chunk_column(s, q, 3, &c, "a chunk of the series")) {
			sqlite3_reset(q);
			return -1;
		}
		gather_chunk(g, &c, first, sqlite3_column_int64(q, 1), to);
		chunk_free(&c);
		first = false;
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the series");
}

/* The points of one upstream, sorted: those up to `from` become the value at `from`. */
static void line_make(struct line *line, const struct change_point *p, size_t n, utime_t from)
{
	line->upstream = p->upstream;
	line->point = mem_array(n, sizeof *line->point);
	line->first_seen = line->last_seen = UTIME_NONE;
	for (size_t i = 0; i < n; i++) {
		utime_t t = p[i].time < from ? from : p[i].time;
		if (line->n && line->point[line->n - 1].time == t)
			line->n--;
		line->point[line->n++] = (struct point){t, p[i].share, p[i].prefixes};
	}
	if (line->point[0].time == from && line->point[0].share == 0 && line->point[0].prefixes == 0 &&
	    line->upstream != 0) /* gone before the range */
		memmove(line->point, line->point + 1, --line->n * sizeof *line->point);
}

static bool line_seen(void *arg, const struct carrier *c)
{
	struct series *series = arg;

	for (size_t i = 0; c->family == series->family && i < series->n; i++)
		if (series->line[i].upstream == c->upstream) {
			series->line[i].first_seen = c->first;
			series->line[i].last_seen = c->last;
		}
	return true;
}

int store_series(
    struct store *s, const char *territory, uint8_t family, utime_t from, utime_t to, struct series *series)
{
	struct gather g = {0};
	struct store_info info;
	utime_t begin = UTIME_MAX;

	*series = (struct series){.family = family, .from = from, .to = to};
	snprintf(series->territory, sizeof series->territory, "%s", territory);
	if (store_info(s, &info) || gather_range(s, territory, family, from, to, &g)) {
		free(g.p);
		return -1;
	}
	for (size_t i = 0; i < g.n; i++)
		begin = g.p[i].time < begin ? g.p[i].time : begin;
	if (series->from < begin)
		series->from = begin;
	if (series->to > info.upto)
		series->to = info.upto;
	if (g.n)
		qsort(g.p, g.n, sizeof *g.p, change_point_cmp);
	for (size_t i = 0, n; i < g.n; i += n) {
		size_t cap = series->n;
		for (n = 1; i + n < g.n && g.p[i + n].upstream == g.p[i].upstream;)
			n++;
		series->line = mem_grow(series->line, cap + 1, sizeof *series->line);
		series->line[series->n] = (struct line){0};
		line_make(&series->line[series->n], &g.p[i], n, series->from);
		if (series->line[series->n].n)
			series->n++;
		else
			free(series->line[series->n].point);
	}
	free(g.p);
	if (store_carriers(s, territory, line_seen, series)) {
		series_free(series);
		return -1;
	}
	return 0;
}

void series_free(struct series *series)
{
	for (size_t i = 0; i < series->n; i++)
		free(series->line[i].point);
	free(series->line);
	series->line = NULL;
	series->n = 0;
}

/* Index behind the last point at or before t. */
static size_t line_find(const struct line *line, utime_t t)
{
	size_t low = 0, high = line->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (line->point[mid].time <= t)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct point *line_point(const struct line *line, utime_t t)
{
	size_t i = line_find(line, t);

	return i ? &line->point[i - 1] : NULL;
}

uint32_t line_at(const struct line *line, utime_t t)
{
	const struct point *p = line_point(line, t);

	return p ? p->share : 0;
}

double line_mean(const struct line *line, utime_t from, utime_t to)
{
	double sum = 0;
	utime_t t = from;
	uint32_t now = line_at(line, from);

	if (to <= from)
		return 0;
	for (size_t i = line_find(line, from); i < line->n && line->point[i].time < to; i++) {
		sum += (double)now * (double)(line->point[i].time - t);
		t = line->point[i].time;
		now = line->point[i].share;
	}
	sum += (double)now * (double)(to - t);
	return sum / (double)(to - from) / 1e6;
}

/* ---- who is there ---- */
int store_carriers(
    struct store *s, const char *territory, bool (*each)(void *arg, const struct carrier *c), void *arg)
{
	sqlite3_stmt *q = store_sql(s, territory ? SQL_CARRIERS_OF : SQL_CARRIERS_ALL);
	int rc;

	if (!q)
		return -1;
	if (territory)
		sqlite3_bind_text(q, 1, territory, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct carrier c = {.family = (uint8_t)sqlite3_column_int(q, 1),
		    .upstream = (asn_t)sqlite3_column_int64(q, 2),
		    .first = sqlite3_column_int64(q, 3),
		    .last =
			sqlite3_column_type(q, 4) == SQLITE_NULL ? UTIME_NONE : sqlite3_column_int64(q, 4),
		    .share = (uint32_t)sqlite3_column_int64(q, 5),
		    .prefixes = (uint32_t)sqlite3_column_int64(q, 6)};
		snprintf(c.territory, sizeof c.territory, "%s", (const char *)sqlite3_column_text(q, 0));
		if (!each(arg, &c)) {
			rc = SQLITE_DONE;
			break;
		}
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the carriers");
}

int store_territories(struct store *s, bool (*each)(void *arg, const struct kept_territory *t), void *arg)
{
	sqlite3_stmt *q = store_sql(s, SQL_TERRITORIES);
	int rc;

	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct kept_territory t = {.family = (uint8_t)sqlite3_column_int(q, 1),
		    .carriers = (unsigned)sqlite3_column_int(q, 2),
		    .now = (unsigned)sqlite3_column_int(q, 3),
		    .first = sqlite3_column_int64(q, 4)};
		snprintf(t.id, sizeof t.id, "%s", (const char *)sqlite3_column_text(q, 0));
		if (!each(arg, &t)) {
			rc = SQLITE_DONE;
			break;
		}
	}
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the territories");
}
