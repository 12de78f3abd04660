/*
 * keep/points: from samples to chunks. In: samples in the order they are told. Out: rows of `chunk` and
 * `carrier`. The last value of every line stays in memory while writing, so that a sample that changes
 * nothing costs a look-up and no row.
 */
#include "keep/store.h"

#include "base/hash.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { CHUNK_FULL = 8192, TOLD_MAX = 1 << 20, MILLION = 1000000 };

struct head { /* a line as it stands; key 0: free slot */
	uint64_t key;
	utime_t first, last;
	uint32_t share, prefixes;
	bool dirty;
};

struct heads {
	struct head *slot;
	size_t n, cap; /* cap: a power of two */
	utime_t *end;  /* by territory id and family: time of its last point */
	size_t ends;
	struct name {
		char *text;
		int64_t id;
	} * name;
	size_t names, name_cap;
};

static uint64_t line_key(int64_t territory, uint8_t family, asn_t upstream)
{
	return (uint64_t)territory << 33 | (uint64_t)(family == FAMILY_IPV6) << 32 | upstream;
}

/* ---- last values ---- */
static struct head *head_slot(struct head *slot, size_t cap, uint64_t key)
{
	size_t i = hash_u64(key) & (cap - 1);

	while (slot[i].key && slot[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

static struct head *head_of(struct heads *h, uint64_t key)
{
	struct head *at;

	if ((h->n + 1) * 4 > h->cap * 3) {
		size_t cap = h->cap ? h->cap * 2 : 1024;
		struct head *grown = mem_array(cap, sizeof *grown);
		for (size_t i = 0; i < h->cap; i++)
			if (h->slot[i].key)
				*head_slot(grown, cap, h->slot[i].key) = h->slot[i];
		free(h->slot);
		h->slot = grown;
		h->cap = cap;
	}
	at = head_slot(h->slot, h->cap, key);
	if (!at->key) {
		*at = (struct head){.key = key, .first = UTIME_NONE, .last = UTIME_NONE};
		h->n++;
	}
	return at;
}

static utime_t *end_of(struct heads *h, int64_t territory, uint8_t family)
{
	size_t i = (size_t)territory * 2 + family_index(family);

	if (i >= h->ends) {
		size_t n = i + 64;
		h->end = mem_grow(h->end, n, sizeof *h->end);
		for (size_t k = h->ends; k < n; k++)
			h->end[k] = UTIME_NONE;
		h->ends = n;
	}
	return &h->end[i];
}

void points_forget(struct store *s)
{
	struct heads *h = s->heads;

	if (!h)
		return;
	for (size_t i = 0; i < h->name_cap; i++)
		free(h->name[i].text);
	free(h->name);
	free(h->slot);
	free(h->end);
	free(h);
	s->heads = NULL;
}

static bool head_load(void *arg, const struct carrier *c)
{
	struct store *s = arg;
	int64_t id = territory_row(s, c->territory, false);
	struct head *h;

	if (id <= 0)
		return false;
	h = head_of(s->heads, line_key(id, c->family, c->upstream));
	h->first = c->first;
	h->last = c->last;
	h->share = c->share;
	h->prefixes = c->prefixes;
	return true;
}

static int heads_load(struct store *s)
{
	sqlite3_stmt *q;
	int rc;

	if (s->heads)
		return 0;
	s->heads = mem_alloc(sizeof *s->heads);
	if (store_carriers(s, NULL, head_load, s))
		return -1;
	q = store_sql(s, SQL_CHUNK_HEADS);
	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		*end_of(s->heads, sqlite3_column_int64(q, 0), (uint8_t)sqlite3_column_int(q, 1)) =
		    sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading the last values");
}

/* ---- territories by name ---- */
static struct name *name_slot(struct name *name, size_t cap, const char *text)
{
	size_t i = hash_bytes(text, strlen(text)) & (cap - 1);

	while (name[i].text && strcmp(name[i].text, text) != 0)
		i = (i + 1) & (cap - 1);
	return &name[i];
}

static struct name *name_of(struct heads *h, const char *text)
{
	if ((h->names + 1) * 2 > h->name_cap) {
		size_t cap = h->name_cap ? h->name_cap * 2 : 512;
		struct name *grown = mem_array(cap, sizeof *grown);
		for (size_t i = 0; i < h->name_cap; i++)
			if (h->name[i].text)
				*name_slot(grown, cap, h->name[i].text) = h->name[i];
		free(h->name);
		h->name = grown;
		h->name_cap = cap;
	}
	return name_slot(h->name, h->name_cap, text);
}

static int64_t territory_ask(struct store *s, const char *id, bool make)
{
	sqlite3_stmt *q = store_sql(s, SQL_TERRITORY_ID);
	int64_t row = 0;
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		row = sqlite3_column_int64(q, 0);
	else if (rc != SQLITE_DONE)
		row = store_fail(s, "looking for a territory");
	sqlite3_reset(q);
	if (row || !make)
		return row;
	q = store_sql(s, SQL_TERRITORY_ADD);
	if (!q || store_begin(s))
		return -1;
	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	return store_step(s, q, "adding a territory") ? -1 : sqlite3_last_insert_rowid(s->db);
}

int64_t territory_row(struct store *s, const char *id, bool make)
{
	struct name *at;
	int64_t row;

	if (!s->heads)
		return territory_ask(s, id, make);
	at = name_of(s->heads, id);
	if (at->text)
		return at->id;
	row = territory_ask(s, id, make);
	if (row > 0) {
		at->text = mem_strdup(id);
		at->id = row;
		s->heads->names++;
	}
	return row;
}

/* ---- samples ---- */
static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* Smaller than what the store resolves, and neither a beginning nor an end. */
static bool too_small(const struct store *s, const struct head *h, uint32_t share, uint32_t prefixes)
{
	uint64_t least = s->retention.resolution;

	if ((prefixes == 0) != (h->prefixes == 0) || (share == 0) != (h->share == 0))
		return false;
	if (share == h->share && prefixes == h->prefixes)
		return true;
	return distance(share, h->share) < least &&
	       (uint64_t)distance(prefixes, h->prefixes) * MILLION <= least * 10 * h->prefixes;
}

static void head_move(struct head *h, asn_t upstream, utime_t t, uint32_t share, uint32_t prefixes)
{
	bool there = upstream == 0 || share || prefixes;

	if (there && h->first == UTIME_NONE)
		h->first = t;
	h->last = there ? UTIME_NONE : t;
	h->share = share;
	h->prefixes = prefixes;
	h->dirty = true;
}

void store_sample(struct store *s, const struct sample *sample)
{
	double clipped = isfinite(sample->share) ? fmin(fmax(sample->share, 0), 1) : 0;
	uint32_t share = (uint32_t)lround(clipped * MILLION);
	struct head *h;
	int64_t territory;
	utime_t *end;

	if (store_begin(s) || heads_load(s) || (territory = territory_row(s, sample->territory, true)) <= 0) {
		s->broken = true;
		return;
	}
	h = head_of(s->heads, line_key(territory, sample->family, sample->upstream));
	if (h->first == UTIME_NONE && sample->upstream && !share && !sample->prefixes)
		return; /* it never was there */
	if (h->first != UTIME_NONE && too_small(s, h, share, sample->prefixes))
		return;
	end = end_of(s->heads, territory, sample->family);
	if (*end == UTIME_NONE || sample->time > *end)
		*end = sample->time;
	head_move(h, sample->upstream, *end, share, sample->prefixes);
	s->told = vec_room(s->told, s->tolds, &s->told_cap, sizeof *s->told);
	s->told[s->tolds] = (struct told){territory, sample->family, (uint32_t)s->tolds,
	    {*end, s->cut_top + 1, sample->upstream, share, sample->prefixes}};
	s->tolds++;
	if (s->tolds == TOLD_MAX && points_flush(s))
		s->broken = true;
}

/* ---- into chunks ---- */
static int told_cmp(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->territory != y->territory)
		return x->territory < y->territory ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->p.time != y->p.time)
		return x->p.time < y->p.time ? -1 : 1;
	if (x->p.upstream != y->p.upstream)
		return x->p.upstream < y->p.upstream ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int month_of(utime_t t)
{
	time_t seconds = (time_t)(t >= 0 ? t / UTIME_SECOND : -((-t + UTIME_SECOND - 1) / UTIME_SECOND));
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return tm.tm_year * 12 + tm.tm_mon;
}

struct writer { /* the chunk being filled */
	struct store *s;
	int64_t territory;
	uint8_t family;
	struct chunk c;
	size_t cap;
};

int chunk_put(struct store *s, int64_t territory, uint8_t family, struct chunk *c)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNK_PUT);
	utime_t start = UTIME_MAX, end = UTIME_NONE;
	int64_t cut = 0;
	uint8_t *bytes;
	size_t n;
	int rc;

	if (!q)
		return -1;
	for (size_t i = 0; i < c->points; i++) {
		const struct change_point *p = &c->point[i];
		start = p->time < start ? p->time : start;
		end = p->time > end ? p->time : end;
		cut = p->cut > cut ? p->cut : cut;
	}
	qsort(c->point, c->points, sizeof *c->point, change_point_cmp);
	chunk_encode(c, &bytes, &n);
	sqlite3_bind_int64(q, 1, territory);
	sqlite3_bind_int(q, 2, family);
	sqlite3_bind_int64(q, 3, start);
	sqlite3_bind_int64(q, 4, end);
	sqlite3_bind_int64(q, 5, (int64_t)c->points);
	sqlite3_bind_int64(q, 6, cut);
	sqlite3_bind_blob64(q, 7, bytes, n, SQLITE_STATIC);
	rc = store_step(s, q, "writing the series");
	sqlite3_clear_bindings(q);
	free(bytes);
	return rc;
}

int chunk_drop(struct store *s, int64_t row)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNK_DROP);

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, row);
	return store_step(s, q, "writing the series");
}

/* The next chunk begins with what this one ends with. */
static void chunk_roll(struct writer *w)
{
	struct chunk *c = &w->c, next = {0};
	size_t n = c->bases + c->points, k = 0;
	struct change_point *all = mem_array(n, sizeof *all);

	for (size_t i = 0; i < c->bases; i++) {
		all[k] = c->base[i];
		all[k].time = UTIME_NONE;
		all[k++].cut = 0;
	}
	memcpy(all + k, c->point, c->points * sizeof *all);
	qsort(all, n, sizeof *all, change_point_cmp);
	k = 0;
	for (size_t i = 0; i < n; i++)
		if ((i + 1 == n || all[i + 1].upstream != all[i].upstream) &&
		    (all[i].share || all[i].prefixes))
			all[k++] = all[i];
	chunk_free(c);
	next.base = all;
	next.bases = k;
	w->c = next;
	w->cap = 0;
}

static int writer_open(struct writer *w)
{
	sqlite3_stmt *q = store_sql(w->s, SQL_CHUNK_LAST);
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, w->territory);
	sqlite3_bind_int(q, 2, w->family);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		rc = chunk_column(w->s, q, 3, &w->c, "the last chunk");
	else
		rc = rc == SQLITE_DONE ? 0 : store_fail(w->s, "reading the last chunk");
	sqlite3_reset(q);
	w->cap = w->c.points;
	return rc;
}

static int group_flush(struct store *s, const struct told *t, size_t n)
{
	struct writer w = {.s = s, .territory = t->territory, .family = t->family};
	utime_t end = UTIME_NONE;
	int rc = writer_open(&w);

	for (size_t i = 0; i < w.c.points; i++)
		end = w.c.point[i].time > end ? w.c.point[i].time : end;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (i + 1 < n && t[i + 1].p.time == t[i].p.time && t[i + 1].p.upstream == t[i].p.upstream)
			continue; /* said again within the same instant */
		if (w.c.points && t[i].p.time > end &&
		    (w.c.points >= CHUNK_FULL || month_of(end) != month_of(t[i].p.time))) {
			rc = chunk_put(s, w.territory, w.family, &w.c);
			chunk_roll(&w);
		}
		w.c.point = vec_room(w.c.point, w.c.points, &w.cap, sizeof *w.c.point);
		w.c.point[w.c.points++] = t[i].p;
		end = t[i].p.time;
	}
	if (rc == 0)
		rc = chunk_put(s, w.territory, w.family, &w.c);
	chunk_free(&w.c);
	return rc;
}

/*
 * A sample stands at the end of its second, and an upstream may be confirmed later still; the event knows the
 * first update. Whichever comes first, the row ends up with the earlier time.
 */
void points_born(struct store *s, const struct event *e)
{
	int64_t territory;
	struct head *h;

	if (e->kind != EVENT_UPSTREAM_NEW || !e->upstream || heads_load(s))
		return;
	territory = territory_row(s, e->territory, false);
	if (territory <= 0)
		return;
	h = head_of(s->heads, line_key(territory, e->family, e->upstream));
	if (h->first != UTIME_NONE)
		h->dirty = true;
}

static int carrier_first(struct store *s, uint64_t key, utime_t *first)
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
	if (rc == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL &&
	    sqlite3_column_int64(q, 0) < *first)
		*first = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return rc == SQLITE_ROW ? 0 : store_fail(s, "looking for the first sight of a carrier");
}

static int carrier_put(struct store *s, uint64_t key, const struct head *h)
{
	utime_t first = h->first;
	sqlite3_stmt *q;

	if ((key & UINT32_MAX) && carrier_first(s, key, &first))
		return -1;
	q = store_sql(s, SQL_CARRIER_PUT);
	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, (int64_t)(key >> 33));
	sqlite3_bind_int(q, 2, key >> 32 & 1 ? FAMILY_IPV6 : FAMILY_IPV4);
	sqlite3_bind_int64(q, 3, (int64_t)(key & UINT32_MAX));
	sqlite3_bind_int64(q, 4, first);
	if (h->last != UTIME_NONE)
		sqlite3_bind_int64(q, 5, h->last);
	sqlite3_bind_int64(q, 6, h->share);
	sqlite3_bind_int64(q, 7, h->prefixes);
	return store_step(s, q, "writing the carriers");
}

int points_flush(struct store *s)
{
	if (!s->heads)
		return 0;
	if (s->tolds > 0) /* an empty list has no address */
		qsort(s->told, s->tolds, sizeof *s->told, told_cmp);
	for (size_t i = 0, n; i < s->tolds; i += n) {
		for (n = 1; i + n < s->tolds && s->told[i + n].territory == s->told[i].territory &&
			    s->told[i + n].family == s->told[i].family;)
			n++;
		if (group_flush(s, &s->told[i], n))
			return -1;
	}
	s->tolds = 0;
	for (size_t i = 0; i < s->heads->cap; i++)
		if (s->heads->slot[i].key && s->heads->slot[i].dirty) {
			if (carrier_put(s, s->heads->slot[i].key, &s->heads->slot[i]))
				return -1;
			s->heads->slot[i].dirty = false;
		}
	return 0;
}

/* ---- back to a cut ---- */
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
	for (size_t i = 0; rc == 0 && i < h.cap; i++)
		if (h.slot[i].key && h.slot[i].first != UTIME_NONE)
			rc = carrier_put(s, h.slot[i].key, &h.slot[i]);
	free(h.slot);
	return rc;
}

/* One territory's chunks: points of later cuts go. */
static int territory_back(struct store *s, int64_t territory, uint8_t family, int64_t cut)
{
	for (;;) { /* from the end; a chunk without later points ends it */
		struct writer w = {.s = s, .territory = territory, .family = family};
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
		rc = chunk_column(s, q, 3, &w.c, "the last chunk");
		sqlite3_reset(q);
		if (rc)
			return -1;
		for (size_t i = 0; i < w.c.points; i++)
			if (w.c.point[i].cut <= cut)
				w.c.point[n++] = w.c.point[i];
		if (n == w.c.points) {
			chunk_free(&w.c);
			return 0;
		}
		w.c.points = n;
		rc = chunk_drop(s, row);
		if (rc == 0 && n > 0)
			rc = chunk_put(s, w.territory, w.family, &w.c);
		chunk_free(&w.c);
		if (rc || n > 0)
			return rc;
	}
}

int points_rollback(struct store *s, int64_t cut)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNKS_AFTER_CUT);
	struct told *pair = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!q)
		return -1;
	points_forget(s);
	s->tolds = 0;
	sqlite3_bind_int64(q, 1, cut);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		pair = vec_room(pair, n, &cap, sizeof *pair);
		pair[n++] = (struct told){
		    .territory = sqlite3_column_int64(q, 0), .family = (uint8_t)sqlite3_column_int(q, 1)};
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
