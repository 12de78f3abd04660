/*
 * measure/running: the shares over time. In: batches of changes. Out: struct timeline. Keeps the paths of the
 * territory's prefixes at every peer (a row a prefix), so that a change costs the sums of its row, and no
 * more unless a prefix comes or goes (weights) or the voters change (all rows). Owns its rows, sums and the
 * timeline.
 */
#include "base/mem.h"
#include "measure/idmap.h"
#include "measure/measure.h"
#include "measure/scope.h"

#include <math.h>
#include <stdlib.h>

struct part { /* of a row: what an upstream has of it */
	uint32_t upstream;
	double votes;
};
struct row {
	prefix_id id;
	bool by_origin;
	bool present;                      /* somebody who votes has a route for it */
	bool seen;                         /* ... that is the territory's */
	double weight, visible, invisible; /* as added to the sums */
	path_id *path;                     /* by peer id */
	struct part *part;
	size_t parts, part_cap;
};

enum { ROW_UNKNOWN, ROW_NOT_OURS, ROW_FIRST }; /* row_of: else index + ROW_FIRST */

struct running {
	const struct facts *facts;
	struct scope scope; /* territory, borders and who votes; its prefix list stays empty */
	struct voters voters;
	utime_t checked; /* voters, last */
	size_t peers;    /* room in path[] */
	struct row *row;
	size_t rows, row_cap;
	uint32_t *row_of; /* by prefix id */
	size_t row_of_cap;
	struct idmap upstream;
	double *sum;
	unsigned *carries; /* by upstream: rows it has a part of */
	size_t upstream_cap;
	double whole, visible, invisible, carried;
	struct idmap life_of;
	uint8_t *based;   /* by peer: what it has is known from a dump */
	unsigned loading; /* first dumps under way */
	uint8_t *loaded;  /* by collector: 1 under way, 2 in place */
	size_t loaded_cap;
	bool stale; /* rows whose sums wait for the end of a first dump */
	bool series, begun, dirty;
	utime_t next; /* step: when the next moment is due */
	struct timeline line;
};

static void *grown(void *v, size_t i, size_t *cap, size_t size)
{
	size_t was = *cap;

	if (i < was)
		return v;
	*cap = i < 64 ? 128 : i * 2;
	v = mem_grow(v, *cap, size);
	memset((char *)v + was * size, 0, (*cap - was) * size);
	return v;
}

/* ---- sums ---- */
static void row_remove(struct running *r, struct row *row)
{
	for (size_t i = 0; i < row->parts; i++) {
		uint32_t u = row->part[i].upstream;
		r->sum[u] -= row->weight * row->part[i].votes;
		r->carried -= row->weight * row->part[i].votes;
		if (--r->carries[u] == 0)
			r->sum[u] = 0; /* no rest of rounding */
	}
	r->whole -= row->weight;
	r->visible -= row->weight * row->visible;
	r->invisible -= row->weight * row->invisible;
	row->parts = 0;
	row->weight = row->visible = row->invisible = 0;
}

static void part_add(struct running *r, struct row *row, asn_t upstream, double vote)
{
	uint32_t u = idmap_at(&r->upstream, upstream);
	size_t i = 0;

	if (u >= r->upstream_cap) {
		size_t cap = r->upstream_cap;
		r->sum = grown(r->sum, u, &cap, sizeof *r->sum);
		cap = r->upstream_cap;
		r->carries = grown(r->carries, u, &cap, sizeof *r->carries);
		r->upstream_cap = cap;
	}
	while (i < row->parts && row->part[i].upstream != u)
		i++;
	if (i == row->parts) {
		row->part = vec_room(row->part, i, &row->part_cap, sizeof *row->part);
		row->part[row->parts++] = (struct part){u, 0};
	}
	row->part[i].votes += vote;
}

/* Addresses of the row's prefix that no more specific seen one covers. */
static double row_own(struct running *r, const struct row *row)
{
	const struct scope *s = &r->scope;
	const struct prefix *p = prefix_of(s->table, row->id), *last = NULL;
	size_t n = prefix_inside(s->table, p, NULL, 0);
	prefix_id *inside = mem_array(n + 1, sizeof *inside);
	double own = prefix_size(p);

	n = prefix_inside(s->table, p, inside, n);
	for (size_t i = 0; i < n; i++) {
		const struct prefix *q = prefix_of(s->table, inside[i]);
		uint32_t k = inside[i] < r->row_of_cap ? r->row_of[inside[i]] : ROW_UNKNOWN;
		bool seen = false;
		if (inside[i] == row->id || !prefix_in_limits(q) || (last && prefix_covers(last, q)))
			continue;
		if (k >= ROW_FIRST)
			seen = r->row[k - ROW_FIRST].present;
		else /* another's: as the table has it now */
			for (size_t v = 0; v < s->peers && !seen; v++)
				seen = s->column[v][inside[i]] != PATH_NONE;
		if (!seen)
			continue;
		own -= prefix_size(q);
		last = q;
	}
	free(inside);
	return own;
}

static void row_add(struct running *r, struct row *row)
{
	struct scope *s = &r->scope;

	if (!row->seen)
		return;
	row->weight = s->options.weight == WEIGHT_PREFIXES ? 1 : row_own(r, row);
	for (size_t k = 0; k < s->peers; k++) {
		double vote = 1. / s->vantage[s->vantage_of[k]].peers / (double)s->vantages;
		struct border b;
		unsigned cause;
		enum cell cell = cell_judge(s, row->by_origin, row->path[s->peer[k]], &b, &cause);
		if (cell == CELL_CARRIED)
			part_add(r, row, b.upstream, vote);
		if (cell == CELL_NONE)
			row->invisible += vote;
		else if (cell != CELL_ELSEWHERE)
			row->visible += vote;
	}
	for (size_t i = 0; i < row->parts; i++) {
		r->sum[row->part[i].upstream] += row->weight * row->part[i].votes;
		r->carried += row->weight * row->part[i].votes;
		r->carries[row->part[i].upstream]++;
	}
	r->whole += row->weight;
	r->visible += row->weight * row->visible;
	r->invisible += row->weight * row->invisible;
}

static void row_look(const struct running *r, struct row *row)
{
	const struct scope *s = &r->scope;

	row->present = row->seen = false;
	for (size_t k = 0; k < s->peers && !row->seen; k++) {
		path_id path = row->path[s->peer[k]];
		row->present |= path != PATH_NONE;
		row->seen = path != PATH_NONE && (!row->by_origin || origin_ours(s, path));
	}
}

/* The less specific rows take back, or give up, what this one covers. */
static void row_reweigh_above(struct running *r, prefix_id id)
{
	while ((id = prefix_parent(r->scope.table, id)) != PREFIX_NONE) {
		uint32_t k = id < r->row_of_cap ? r->row_of[id] : ROW_UNKNOWN;
		if (k < ROW_FIRST || !r->row[k - ROW_FIRST].seen)
			continue;
		row_remove(r, &r->row[k - ROW_FIRST]);
		row_add(r, &r->row[k - ROW_FIRST]);
		r->dirty = true;
		return;
	}
}

static void row_update(struct running *r, struct row *row)
{
	bool was = row->present;

	row_remove(r, row);
	row_look(r, row);
	row_add(r, row);
	if (was != row->present && r->scope.options.weight == WEIGHT_ADDRESSES)
		row_reweigh_above(r, row->id);
	r->dirty = true;
}

static void rows_update_all(struct running *r)
{
	for (size_t i = 0; i < r->rows; i++)
		row_remove(r, &r->row[i]);
	r->whole = r->visible = r->invisible = r->carried = 0;
	for (size_t i = 0; i < r->rows; i++)
		row_look(r, &r->row[i]);
	for (size_t i = 0; i < r->rows; i++)
		row_add(r, &r->row[i]);
	r->dirty = true;
}

/* ---- rows ---- */
static void peers_room(struct running *r)
{
	size_t n = peer_count(r->scope.table), was = r->peers, cap;

	if (n <= was)
		return;
	cap = n * 2;
	for (size_t i = 0; i < r->rows; i++) {
		r->row[i].path = mem_grow(r->row[i].path, cap, sizeof(path_id));
		memset(r->row[i].path + was, 0, (cap - was) * sizeof(path_id));
	}
	r->based = mem_grow(r->based, cap, sizeof *r->based);
	memset(r->based + was, 0, cap - was);
	r->peers = cap;
}

/* Is this change of a prefix of the territory? A first one makes it a row. */
static struct row *row_for(struct running *r, const struct change *c)
{
	const struct scope *s = &r->scope;
	const struct prefix *p;
	bool ours, by_origin;
	struct row *row;

	r->row_of = grown(r->row_of, c->prefix, &r->row_of_cap, sizeof *r->row_of);
	if (r->row_of[c->prefix] >= ROW_FIRST)
		return &r->row[r->row_of[c->prefix] - ROW_FIRST];
	p = prefix_of(s->table, c->prefix);
	by_origin = territory_kind(s->who) == TERRITORY_AS || r->row_of[c->prefix] == ROW_NOT_OURS;
	ours = !by_origin && prefix_ours(s, p);
	if (!ours && r->row_of[c->prefix] == ROW_UNKNOWN)
		r->row_of[c->prefix] = ROW_NOT_OURS;
	if (!ours && (territory_kind(s->who) == TERRITORY_AS || territory_kind(s->who) == TERRITORY_NAMED))
		ours = by_origin = p->family == s->options.family && prefix_in_limits(p) &&
				   c->new != PATH_NONE &&origin_ours(s, c->new);
	if (!ours)
		return NULL;
	r->row = vec_room(r->row, r->rows, &r->row_cap, sizeof *r->row);
	row = &r->row[r->rows++];
	*row = (struct row){.id = c->prefix, .by_origin = by_origin};
	row->path = mem_array(r->peers + 1, sizeof *row->path);
	if (by_origin) /* other peers' routes were passed over so far */
		for (size_t k = 0; k < peer_count(s->table); k++)
			row->path[k] = peer_column(s->table, (peer_id)k)[c->prefix];
	r->row_of[c->prefix] = (uint32_t)(r->rows - 1) + ROW_FIRST;
	return row;
}

/* ---- lives of upstreams ---- */
static struct life *life_of(struct running *r, asn_t upstream, bool *born)
{
	size_t n = r->life_of.n;
	uint32_t i = idmap_at(&r->life_of, upstream);

	*born = r->life_of.n > n;
	if (*born) {
		r->line.life = vec_room(r->line.life, n, &r->line.life_cap, sizeof *r->line.life);
		r->line.life[r->line.lives++] = (struct life){upstream, UTIME_NONE, UTIME_NONE, 0};
	}
	return &r->line.life[i];
}

static asn_t carrier_of(struct running *r, const struct row *row, path_id path)
{
	struct border b;
	unsigned cause;

	return cell_judge(&r->scope, row->by_origin, path, &b, &cause) == CELL_CARRIED ? b.upstream : 0;
}

/*
 * An upstream's first route has a date where the peer's route before it is known: it replaced one, or the
 * peer's table had been given by a dump. Else it was there before the data began, as far as anybody knows.
 */
static void lives_change(struct running *r, const struct row *row, const struct change *c)
{
	asn_t old = carrier_of(r, row, c->old), new = carrier_of(r, row, c->new);
	bool born;
	struct life *l;

	if (old == new)
		return;
	if (new) {
		l = life_of(r, new, &born);
		if (born && (c->old != PATH_NONE || r->based[c->peer]))
			l->first_seen = c->time;
		l->routes++;
		l->last_seen = UTIME_NONE;
	}
	if (old) {
		l = life_of(r, old, &born);
		l->routes -= l->routes > 0;
		if (l->routes == 0 && c->kind != CHANGE_RESET) /* a peer's loss is no withdrawal */
			l->last_seen = c->time;
	}
}

/* ---- moments ---- */
static int share_cmp(const void *a, const void *b)
{
	const struct moment_share *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return (x->upstream > y->upstream) - (x->upstream < y->upstream);
}

static bool same_as_last(const struct timeline *t, const struct moment *m)
{
	const struct moment *last = t->moments ? &t->moment[t->moments - 1] : NULL;

	if (!last || last->n != m->n || last->ases != m->ases || fabs(last->visible - m->visible) > 1e-9)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		const struct moment_share *x = &t->share[last->first + i], *y = &t->share[m->first + i];
		if (x->upstream != y->upstream || x->prefixes != y->prefixes ||
		    fabs(x->share - y->share) > 1e-9)
			return false;
	}
	return true;
}

static void moment_add(struct running *r, utime_t at)
{
	struct timeline *t = &r->line;
	struct moment m = {.at = at, .first = t->shares, .ases = (unsigned)r->scope.vantages};

	m.visible = r->whole > 0 ? r->visible / r->whole : 0;
	for (uint32_t u = 0; u < r->upstream.n; u++) {
		if (u >= r->upstream_cap || r->carries[u] == 0)
			continue;
		t->share = vec_room(t->share, t->shares, &t->share_cap, sizeof *t->share);
		t->share[t->shares++] =
		    (struct moment_share){(asn_t)r->upstream.key[u], r->carries[u], r->sum[u] / r->carried};
		m.n++;
	}
	if (m.n > 0)
		qsort(t->share + m.first, m.n, sizeof *t->share, share_cmp);
	if (same_as_last(t, &m)) {
		t->shares = m.first;
		return;
	}
	if (t->moments && t->moment[t->moments - 1].at == at) { /* the same instant, known better */
		t->moment[t->moments - 1] = m;
		return;
	}
	t->moment = vec_room(t->moment, t->moments, &t->moment_cap, sizeof *t->moment);
	t->moment[t->moments++] = m;
}

/* Moments that are due before a change at `now` is looked at. */
static void moments_before(struct running *r, utime_t now)
{
	utime_t from = r->line.from;

	if (r->loading)
		return;
	if (!r->begun && from != UTIME_NONE && now >= from && r->rows > 0) {
		moment_add(r, from);
		r->begun = true;
		r->next = from + r->line.step;
	}
	if (r->line.step == 0 || !r->begun)
		return;
	for (; r->next <= now; r->next += r->line.step)
		moment_add(r, r->next);
}

static void moments_after(struct running *r, utime_t now)
{
	if (!r->dirty || r->loading || (r->line.from != UTIME_NONE && now < r->line.from))
		return;
	if (!r->begun)
		r->next = r->line.step ? now - now % r->line.step + r->line.step : 0;
	if (!r->begun || r->line.step == 0)
		moment_add(r, now);
	r->begun = true;
	r->dirty = false;
}

/* ---- the stream of changes ---- */
static void voters_check(struct running *r, utime_t now, bool sure)
{
	const struct scope *s = &r->scope;
	bool *before;
	size_t n = r->voters.n;

	if (!sure && r->checked != UTIME_NONE && now < r->checked + 60 * UTIME_SECOND)
		return;
	r->checked = now;
	before = mem_array(n + 1, sizeof *before);
	if (n)
		memcpy(before, r->voters.votes, n);
	voters_find(s->table, s->options.family, s->options.all_peers, &r->voters);
	if (n != r->voters.n || memcmp(before, r->voters.votes, n) != 0) {
		scope_peers(&r->scope, &r->voters);
		rows_update_all(r);
	}
	free(before);
}

/* A dump begins or is in place: a collector's first one is no news while it loads. */
static void dump_mark(struct running *r, const struct change *c)
{
	const struct table *t = r->scope.table;

	r->loaded = grown(r->loaded, c->peer, &r->loaded_cap, sizeof *r->loaded);
	if (c->kind == CHANGE_DUMP_BEGIN && r->loaded[c->peer] == 0) {
		r->loaded[c->peer] = 1;
		r->loading++;
	}
	if (c->kind != CHANGE_DUMP_END)
		return;
	if (r->loaded[c->peer] == 1 && --r->loading == 0)
		r->stale = true;
	r->loaded[c->peer] = 2;
	for (size_t k = 0; k < peer_count(t); k++)
		if (peer_of(t, (peer_id)k)->collector == c->peer)
			r->based[k] = 1;
}

static bool one_change(struct running *r, const struct change *c)
{
	struct row *row;

	if (c->kind == CHANGE_DUMP_BEGIN || c->kind == CHANGE_DUMP_END)
		dump_mark(r, c);
	if (c->prefix == PREFIX_NONE)
		return c->kind == CHANGE_PEER_UP || c->kind == CHANGE_PEER_DOWN || c->kind == CHANGE_DUMP_END;
	row = row_for(r, c);
	if (!row) {
		if (r->series && !r->loading && (c->old == PATH_NONE) != (c->new == PATH_NONE))
			row_reweigh_above(r, c->prefix); /* another's more specific one */
		return false;
	}
	if (!asn_inside(&r->scope, peer_of(r->scope.table, c->peer)->key.asn))
		lives_change(r, row, c);
	row->path[c->peer] = c->new;
	if (r->series && !r->loading)
		row_update(r, row);
	return false;
}

static void settle(struct running *r, utime_t now, bool sure)
{
	if (!r->series || r->loading)
		return;
	voters_check(r, now, sure || r->stale);
	if (territory_kind(r->scope.who) == TERRITORY_PREFIX && r->dirty) {
		scope_peers(&r->scope, &r->voters); /* who stands inside follows from the origins */
		r->stale = true;
	}
	if (r->stale)
		rows_update_all(r);
	r->stale = false;
}

void running_changes(struct running *r, const struct change *c, size_t n)
{
	bool sure = false;

	if (n == 0)
		return;
	peers_room(r);
	if (r->scope.at == UTIME_NONE)
		r->scope.at = r->scope.borders.at = c[0].time;
	if (r->series)
		moments_before(r, c[0].time);
	for (size_t i = 0; i < n; i++)
		sure |= one_change(r, &c[i]);
	settle(r, c[n - 1].time, sure);
	if (r->series)
		moments_after(r, c[n - 1].time);
}

struct running *running_new(const struct table *t, const struct facts *f, const struct territory *who,
    const struct measure_options *o, utime_t from, utime_t to, utime_t step)
{
	struct running *r = mem_alloc(sizeof *r);

	r->facts = f;
	r->series = from != UTIME_NONE || to != UTIME_NONE;
	r->checked = UTIME_NONE;
	r->line = (struct timeline){.from = from, .to = to, .step = step};
	scope_begin(&r->scope, t, who, from != UTIME_NONE ? from : to, o);
	return r;
}

const struct timeline *running_end(struct running *r, utime_t at)
{
	struct timeline *t = &r->line;

	if (!r->series)
		return t;
	if (r->loading) { /* a dump that never ended */
		r->loading = 0;
		r->stale = true;
	}
	settle(r, at, true);
	moments_before(r, r->line.step ? at - 1 : at);
	moments_after(r, at);
	if (t->moments > 0 && t->from == UTIME_NONE)
		t->from = t->moment[0].at;
	t->to = at;
	return t;
}

void running_free(struct running *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->rows; i++) {
		free(r->row[i].path);
		free(r->row[i].part);
	}
	free(r->row);
	free(r->row_of);
	free(r->sum);
	free(r->carries);
	free(r->based);
	free(r->loaded);
	free(r->line.moment);
	free(r->line.share);
	free(r->line.life);
	idmap_free(&r->upstream);
	idmap_free(&r->life_of);
	voters_free(&r->voters);
	scope_free(&r->scope);
	free(r);
}

void report_lives(struct report *r, const struct timeline *t, const struct facts *f)
{
	for (size_t i = 0; i < t->lives; i++) {
		const struct life *l = &t->life[i];
		size_t u = 0;
		while (u < r->upstreams && r->upstream[u].asn != l->upstream)
			u++;
		if (u == r->upstreams && l->last_seen == UTIME_NONE)
			continue; /* there, but at no peer that votes */
		if (u == r->upstreams) {
			r->upstream = mem_grow(r->upstream, r->upstreams + 1, sizeof *r->upstream);
			r->upstream[r->upstreams++] =
			    (struct upstream){.asn = l->upstream, .country = asn_country(f, l->upstream)};
		}
		r->upstream[u].first_seen = l->first_seen;
		r->upstream[u].last_seen = l->last_seen;
	}
}
