/*
 * keep/points: from samples to chunks. In: samples in the order they are told. Out: rows of `chunk` and
 * `carrier`. What is told of a territory is a list in order of time; once it fills a chunk, and at a flush,
 * each run of it that fits a chunk is put in the chunk's order (by upstream, then time) by counting, and
 * merged with what the chunk has.
 */
#include "keep/heads.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TOLD_MAX = 1 << 20, MILLION = 1000000 };

/* ---- into chunks ---- */
struct month { /* that a time is in, half-open; start with {0} */
	utime_t from, to;
};

static void month_find(struct month *m, utime_t t)
{
	time_t seconds = (time_t)(t >= 0 ? t / UTIME_SECOND : -((-t + UTIME_SECOND - 1) / UTIME_SECOND));
	struct tm tm;

	gmtime_r(&seconds, &tm);
	tm = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = 1};
	m->from = timegm(&tm) * UTIME_SECOND;
	tm.tm_mon++;
	m->to = timegm(&tm) * UTIME_SECOND;
}

/* later is after t. */
static bool month_ends(struct month *m, utime_t t, utime_t later)
{
	if (t < m->from || t >= m->to)
		month_find(m, t);
	return later >= m->to;
}

struct writer { /* the chunk being filled */
	struct store *s;
	int64_t territory;
	uint8_t family;
	struct chunk c;
};

int chunk_put(struct store *s, int64_t territory, uint8_t family, const struct chunk *c)
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
	chunk_encode(s->packer, c, &bytes, &n);
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

/* The next chunk begins with what this one ends with; its points are in order. */
static void chunk_roll(struct writer *w)
{
	struct chunk *c = &w->c, next = {.base = mem_array(c->bases + c->points, sizeof *next.base)};

	for (size_t b = 0, p = 0; b < c->bases || p < c->points;) {
		const struct change_point *last;
		bool kept = p == c->points || (b < c->bases && c->base[b].upstream < c->point[p].upstream);
		if (kept) {
			last = &c->base[b++];
		} else {
			b += b < c->bases && c->base[b].upstream == c->point[p].upstream;
			while (p + 1 < c->points && c->point[p + 1].upstream == c->point[p].upstream)
				p++;
			last = &c->point[p++];
		}
		if (last->share || last->prefixes)
			next.base[next.bases++] = *last;
	}
	chunk_free(c);
	w->c = next;
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
	return rc;
}

struct listed { /* a listing being put in order */
	const struct listing *l;
	uint32_t *line; /* orders by upstream */
	uint32_t *rank; /* of an order among the upstreams */
	size_t *count;  /* by rank: where the next point of that upstream goes */
	int64_t cut;
};

static int line_cmp(const void *a, const void *b, void *arg)
{
	const asn_t *line = arg;
	asn_t x = line[*(const uint32_t *)a], y = line[*(const uint32_t *)b];

	return (x > y) - (x < y);
}

static void listed_open(struct listed *x, const struct listing *l, int64_t cut)
{
	*x = (struct listed){l, mem_array(l->lines, sizeof *x->line), mem_array(l->lines, sizeof *x->rank),
	    mem_array(l->lines + 1, sizeof *x->count), cut};
	for (size_t i = 0; i < l->lines; i++)
		x->line[i] = (uint32_t)i;
	qsort_r(x->line, l->lines, sizeof *x->line, line_cmp, l->line);
	for (size_t i = 0; i < l->lines; i++)
		x->rank[x->line[i]] = (uint32_t)i;
}

static void listed_close(struct listed *x)
{
	free(x->line);
	free(x->rank);
	free(x->count);
}

/*
 * What was told from `from` to `to` joins the chunk. Of an upstream it comes behind what the chunk has: it is
 * no older, and of a later cut.
 */
static void chunk_join(struct chunk *c, struct listed *x, size_t from, size_t to)
{
	struct change_point *all = mem_array(c->points + to - from, sizeof *all);
	size_t n = 0, p = 0;

	memset(x->count, 0, (x->l->lines + 1) * sizeof *x->count);
	for (size_t i = from; i < to; i++)
		x->count[x->rank[x->l->told[i].order] + 1]++;
	for (size_t r = 0; r < x->l->lines; r++) { /* from how many to where the first goes */
		asn_t upstream = x->l->line[x->line[r]];
		size_t told = x->count[r + 1];
		while (p < c->points && c->point[p].upstream <= upstream)
			all[n++] = c->point[p++];
		x->count[r + 1] = n;
		n += told;
	}
	if (c->points > p)
		memcpy(all + n, c->point + p, (c->points - p) * sizeof *all);
	for (size_t i = from; i < to; i++) {
		const struct told *t = &x->l->told[i];
		all[x->count[x->rank[t->order] + 1]++] =
		    (struct change_point){t->time, x->cut, x->l->line[t->order], t->share, t->prefixes};
	}
	free(c->point);
	c->point = all;
	c->points += to - from;
}

static size_t chunk_full(const struct chunk *c)
{
	size_t n = 4 * c->bases;

	return n < CHUNK_LEAST ? CHUNK_LEAST : n > CHUNK_MOST ? CHUNK_MOST : n;
}

/* What was told goes into the chunk under way, and into new ones whenever it is full or its month is over. */
static int listing_write(struct writer *w, const struct listing *l)
{
	struct listed x;
	struct month month = {0};
	utime_t end = UTIME_NONE;
	size_t from = 0;
	int rc = 0;

	for (size_t i = 0; i < w->c.points; i++)
		end = w->c.point[i].time > end ? w->c.point[i].time : end;
	listed_open(&x, l, w->s->cut_top + 1);
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		size_t n = w->c.points + i - from;
		if (n && l->told[i].time > end &&
		    (n >= chunk_full(&w->c) || month_ends(&month, end, l->told[i].time))) {
			chunk_join(&w->c, &x, from, i);
			if (i > from)
				rc = chunk_put(w->s, w->territory, w->family, &w->c);
			from = i;
			chunk_roll(w);
		}
		end = l->told[i].time;
	}
	if (rc == 0) {
		chunk_join(&w->c, &x, from, l->n);
		rc = chunk_put(w->s, w->territory, w->family, &w->c);
	}
	listed_close(&x);
	return rc;
}

/* over: what is told next is of a later instant, so that a full chunk is done with. */
static int listing_flush(struct store *s, int64_t territory, uint8_t family, struct listing *l, bool over)
{
	struct writer w = {.s = s, .territory = territory, .family = family, .c = l->next};
	int rc = l->closed ? 0 : writer_open(&w);

	l->next = (struct chunk){0};
	if (rc == 0)
		rc = listing_write(&w, l);
	s->heads->told -= l->n;
	l->n = l->lines = 0;
	l->round++;
	l->closed = over && rc == 0 && w.c.points >= chunk_full(&w.c);
	if (l->closed) {
		chunk_roll(&w);
		l->next = w.c;
		l->room = chunk_full(&w.c);
	} else {
		l->room = w.c.points < chunk_full(&w.c) ? chunk_full(&w.c) - w.c.points : 1;
		chunk_free(&w.c);
	}
	return rc;
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

/* Said again within the same instant: the last word stands. */
static void listing_add(struct heads *all, struct listing *l, struct head *h, asn_t upstream)
{
	if (h->round == l->round && l->told[h->place].time == l->end) {
		l->told[h->place].share = h->share;
		l->told[h->place].prefixes = h->prefixes;
		return;
	}
	if (h->round != l->round) {
		l->line = vec_room(l->line, l->lines, &l->line_cap, sizeof *l->line);
		h->round = l->round;
		h->order = (uint32_t)l->lines;
		l->line[l->lines++] = upstream;
	}
	l->told = vec_room(l->told, l->n, &l->cap, sizeof *l->told);
	h->place = (uint32_t)l->n;
	l->told[l->n++] = (struct told){l->end, h->order, h->share, h->prefixes};
	all->told++;
}

static void sample_add(struct store *s, const struct kept_place *p, const struct sample *x)
{
	double part = isfinite(x->share) && x->share > 0 ? (double)x->share : 0;
	uint32_t share = (uint32_t)((part < 1 ? part : 1) * MILLION + 0.5);
	struct head *h = head_of(s->heads, line_key(p->row, p->family, x->upstream));
	struct listing *l;

	if (h->first == UTIME_NONE && x->upstream && !share && !x->prefixes)
		return; /* it never was there */
	if (h->first != UTIME_NONE && too_small(s, h, share, x->prefixes))
		return;
	l = listing_of(s->heads, p->row, p->family);
	if (l->end == UTIME_NONE || x->time > l->end) {
		if (l->n >= l->room && listing_flush(s, p->row, p->family, l, true))
			s->broken = true;
		l->end = x->time;
	}
	head_move(h, x->upstream, l->end, share, x->prefixes);
	listing_add(s->heads, l, h, x->upstream);
}

void store_samples(struct store *s, const struct sample *v, size_t n)
{
	if (store_begin(s) || heads_load(s))
		s->broken = true;
	for (size_t i = 0; i < n && !s->broken; i++) {
		struct kept_place *p = &s->place[v[i].place];
		if (!p->row && (p->row = territory_row(s, p->territory, true)) <= 0)
			s->broken = true;
		else
			sample_add(s, p, &v[i]);
		if (s->heads->told >= TOLD_MAX && points_flush(s))
			s->broken = true;
	}
}

void store_place(struct store *s, uint32_t place, const char *territory, uint8_t family)
{
	struct kept_place *p;

	if (place >= s->places) {
		size_t n = place + 64;
		s->place = mem_grow(s->place, n, sizeof *s->place);
		memset(s->place + s->places, 0, (n - s->places) * sizeof *s->place);
		s->places = n;
	}
	p = &s->place[place];
	*p = (struct kept_place){.family = family};
	snprintf(p->territory, sizeof p->territory, "%s", territory);
}

void places_free(struct store *s)
{
	free(s->place);
	s->place = NULL;
	s->places = 0;
}

/* ---- carriers ---- */
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
	territory = territory_row(s, e->territory, true);
	if (territory <= 0)
		return;
	h = head_of(s->heads, line_key(territory, e->family, e->upstream));
	if (h->born == UTIME_NONE || e->first_seen < h->born)
		h->born = e->first_seen;
	h->dirty = true;
}

int carrier_put(struct store *s, uint64_t key, const struct head *h)
{
	utime_t first = h->born != UTIME_NONE && h->born < h->first ? h->born : h->first;
	sqlite3_stmt *q;

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

static int key_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* In the order of their rows, so that each page is met once. */
static int carriers_flush(struct store *s)
{
	struct heads *h = s->heads;
	uint64_t *key = mem_array(h->n + 1, sizeof *key);
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < h->cap; i++)
		if (h->slot[i].key && h->slot[i].dirty && h->slot[i].first != UTIME_NONE)
			key[n++] = h->slot[i].key;
	qsort(key, n, sizeof *key, key_cmp);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct head *at = head_of(h, key[i]);
		rc = carrier_put(s, key[i], at);
		at->dirty = false;
	}
	free(key);
	return rc;
}

int points_flush(struct store *s)
{
	struct heads *h = s->heads;

	if (!h)
		return 0;
	for (size_t i = 0; i < h->listings; i++)
		if (h->listing[i].n && listing_flush(s, (int64_t)(i / 2), i % 2 ? FAMILY_IPV6 : FAMILY_IPV4,
					   &h->listing[i], false))
			return -1;
	return carriers_flush(s);
}
