/* measure/tally: see tally.h. */
#include "measure/tally.h"

#include "measure/bootstrap.h"

#include <stdlib.h>

struct sketch { /* of one interval: by vantage, then by cluster */
	double *mine, *best, *num, *den;
	asn_t *next;
	struct idmap cluster;
};

static uint64_t vote_key(uint64_t vantage, uint64_t upstream, uint64_t next)
{
	return upstream << 40 | vantage << 24 | next; /* upstreams, vantage ASes, next ASes by index */
}
static size_t vote_upstream(uint64_t key)
{
	return (size_t)(key >> 40);
}
static uint32_t vote_vantage(uint64_t key)
{
	return (uint32_t)(key >> 24 & 0xffff);
}
static uint32_t vote_next(uint64_t key)
{
	return (uint32_t)(key & 0xffffff);
}

/* Grows v, zeroed beyond what was there, to hold index i. */
static void *room(void *v, size_t i, size_t *cap, size_t size)
{
	size_t was = *cap;

	if (i < was)
		return v;
	*cap = i < 16 ? 32 : i * 2;
	v = mem_grow(v, *cap, size);
	memset((char *)v + was * size, 0, (*cap - was) * size);
	return v;
}

/* The AS next to the vantage AS on its way to the upstream: what groups vantage ASes into clusters. */
static asn_t next_toward(const struct scope *s, path_id path, asn_t vantage, asn_t upstream)
{
	asn_t first = node_asn(s, path);
	path_id rest = node_up(s, path);

	if (first != vantage || first == upstream || rest == PATH_NONE)
		return first;
	return node_asn(s, rest);
}

/* One prefix's votes while they are counted: few upstreams, so a list. */
struct open {
	struct {
		uint32_t upstream;
		double votes;
	} * v;
	size_t n, cap;
};

static void open_add(struct open *o, uint32_t upstream, double vote)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].upstream == upstream) {
			o->v[i].votes += vote;
			return;
		}
	o->v = vec_room(o->v, o->n, &o->cap, sizeof *o->v);
	o->v[o->n].upstream = upstream;
	o->v[o->n++].votes = vote;
}

struct seat {
	double vote; /* of the peer */
	uint32_t upstream, votes, gateway;
};

/* Where the votes of a path go. */
static void seat_find(struct tally *t, const struct scope *s, size_t peer, const struct judged *x)
{
	struct seat *seat = &t->seat[peer];
	uint32_t vantage = s->vantage_of[peer], next;

	seat->upstream = idmap_at(&t->upstream, x->border.upstream);
	t->sum = room(t->sum, seat->upstream, &t->sums, sizeof *t->sum);
	next = idmap_at(&t->next, next_toward(s, x->path, s->vantage[vantage].asn, x->border.upstream));
	seat->votes = idmap_at(&t->vote, vote_key(vantage, seat->upstream, next));
	t->votes = room(t->votes, seat->votes, &t->vote_cap, sizeof *t->votes);
	if (!x->border.gateway)
		return;
	seat->gateway = idmap_at(&t->gateway, x->border.gateway);
	t->gateway_sum = room(t->gateway_sum, seat->gateway, &t->gateway_sums, sizeof *t->gateway_sum);
}

static void count_carried(
    struct tally *t, const struct scope *s, size_t peer, const struct judged *x, double w)
{
	struct seat *seat = &t->seat[peer];

	if (!x->same)
		seat_find(t, s, peer, x);
	t->sum[seat->upstream] += w;
	t->carried += w;
	t->votes[seat->votes] += w;
	if (x->border.gateway)
		t->gateway_sum[seat->gateway] += w;
}

/* Does the peer have a route for a less specific prefix that covers this one? (Visibility, design.md 5.) */
static bool covered(const struct scope *s, prefix_id id, size_t peer)
{
	for (id = prefix_parent(s->table, id); id != PREFIX_NONE; id = prefix_parent(s->table, id))
		if (s->column[peer][id] != PATH_NONE && prefix_in_limits(prefix_of(s->table, id)))
			return true;
	return false;
}

static void close_prefix(struct tally *t, size_t i, const struct open *open)
{
	struct prefix_row *row = &t->row[i];
	double votes = 0, most = 0;

	for (size_t k = 0; k < open->n; k++) {
		uint32_t u = open->v[k].upstream;
		asn_t asn = (asn_t)t->upstream.key[u];
		t->prefixes_of = room(t->prefixes_of, u, &t->prefix_caps, sizeof *t->prefixes_of);
		t->prefixes_of[u]++;
		votes += open->v[k].votes;
		if (open->v[k].votes > most || (open->v[k].votes >= most && asn < row->main_upstream)) {
			most = open->v[k].votes;
			row->main_upstream = asn;
		}
	}
	row->upstreams = (unsigned)open->n;
	row->main_share = votes > 0 ? most / votes : 0;
	if (open->n > 0)
		t->homed += row->weight;
	if (open->n == 1)
		t->single += row->weight;
}

void tally_prefix(struct tally *t, struct scope *s, size_t i, const struct judged *row)
{
	const struct weighed *m = &s->prefix[i];

	t->open->n = 0;
	t->row[i] = (struct prefix_row){.prefix = m->id, .weight = m->weight};
	t->whole += m->weight;
	for (size_t k = 0; k < s->peers; k++) {
		const struct judged *x = &row[k];
		double vote = t->seat[k].vote;
		if (x->cell == CELL_NONE)
			t->invisible += m->weight * vote;
		else if (x->cell != CELL_ELSEWHERE)
			t->visible += m->weight * vote;
		if (x->cell == CELL_LEFT || x->cell == CELL_ELSEWHERE)
			s->cleaned[x->cause]++;
		if (x->cell != CELL_NONE || covered(s, m->id, k))
			t->row[i].visible += vote;
		if (x->cell == CELL_CARRIED) {
			count_carried(t, s, k, x, m->weight * vote);
			open_add(t->open, t->seat[k].upstream, vote);
		}
	}
	close_prefix(t, i, t->open);
}

static int size_cmp(const void *a, const void *b, void *arg)
{
	const uint64_t *key = arg;
	uint64_t x = key[*(const size_t *)a], y = key[*(const size_t *)b];
	return (x > y) - (x < y);
}

/* The votes by upstream, and by vantage AS its sum and the next AS of most of it (the lower ASN among
 * equals). */
static void sort_votes(struct tally *t, const struct scope *s)
{
	size_t n = t->vote.n, pairs = 0;
	struct idmap pair = {0};
	double *weight = NULL, *best = mem_array(s->vantages + 1, sizeof *best);

	t->by_upstream = mem_array(n + 1, sizeof *t->by_upstream);
	t->first = mem_array(t->upstream.n + 2, sizeof *t->first);
	t->carried_of = mem_array(s->vantages + 1, sizeof *t->carried_of);
	t->main_next = mem_array(s->vantages + 1, sizeof *t->main_next);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = t->vote.key[i];
		uint32_t p = idmap_at(&pair, (uint64_t)vote_vantage(key) << 32 | vote_next(key));
		weight = room(weight, p, &pairs, sizeof *weight);
		weight[p] += t->votes[i];
		t->by_upstream[i] = i;
		t->first[vote_upstream(key) + 1]++;
		t->carried_of[vote_vantage(key)] += t->votes[i];
	}
	for (size_t u = 0; u < t->upstream.n; u++)
		t->first[u + 1] += t->first[u];
	qsort_r(t->by_upstream, n, sizeof *t->by_upstream, size_cmp, t->vote.key);
	for (size_t v = 0; v < s->vantages; v++)
		t->main_next[v] = s->vantage[v].asn;
	for (size_t p = 0; p < pair.n; p++) {
		size_t v = (size_t)(pair.key[p] >> 32);
		asn_t asn = (asn_t)t->next.key[pair.key[p] & 0xffffffff];
		if (weight[p] > best[v] || (weight[p] >= best[v] && asn < t->main_next[v])) {
			best[v] = weight[p];
			t->main_next[v] = asn;
		}
	}
	idmap_free(&pair);
	free(weight);
	free(best);
}

static struct sketch *sketch_new(size_t n)
{
	struct sketch *k = mem_alloc(sizeof *k);

	k->mine = mem_array(4 * n + 1, sizeof *k->mine);
	k->best = k->mine + n;
	k->num = k->best + n;
	k->den = k->num + n;
	k->next = mem_array(n + 1, sizeof *k->next);
	return k;
}

static void sketch_free(struct sketch *k)
{
	free(k->mine);
	free(k->next);
	idmap_free(&k->cluster);
	free(k);
}

void tally_begin(struct tally *t, struct scope *s)
{
	*t = (struct tally){.scope = s};
	t->row = mem_array(s->prefixes + 1, sizeof *t->row);
	t->seat = mem_array(s->peers + 1, sizeof *t->seat);
	t->open = mem_alloc(sizeof *t->open);
	for (size_t k = 0; k < s->peers; k++)
		t->seat[k].vote = 1. / s->vantage[s->vantage_of[k]].peers / (double)s->vantages;
}

void tally_end(struct tally *t)
{
	sort_votes(t, t->scope);
	t->sketch = sketch_new(t->scope->vantages);
}

void tally_free(struct tally *t)
{
	sketch_free(t->sketch);
	free(t->open->v);
	free(t->open);
	free(t->seat);
	idmap_free(&t->upstream);
	idmap_free(&t->gateway);
	idmap_free(&t->vote);
	idmap_free(&t->next);
	free(t->sum);
	free(t->gateway_sum);
	free(t->prefixes_of);
	free(t->row);
	free(t->votes);
	free(t->by_upstream);
	free(t->first);
	free(t->carried_of);
	free(t->main_next);
}

/*
 * Vantage ASes whose routes through this upstream begin with the same next AS are one observation; one that
 * does not route through it is clustered by the next AS of most of its routes.
 */
static void sketch_clusters(struct sketch *k, const struct tally *t, size_t upstream)
{
	size_t n = t->scope->vantages;

	memset(k->mine, 0, 4 * n * sizeof *k->mine);
	memcpy(k->next, t->main_next, n * sizeof *k->next);
	idmap_clear(&k->cluster);
	for (size_t i = t->first[upstream]; i < t->first[upstream + 1]; i++) {
		size_t vote = t->by_upstream[i], v = vote_vantage(t->vote.key[vote]);
		asn_t asn = (asn_t)t->next.key[vote_next(t->vote.key[vote])];
		k->mine[v] += t->votes[vote];
		if (t->votes[vote] > k->best[v] || (t->votes[vote] >= k->best[v] && asn < k->next[v])) {
			k->best[v] = t->votes[vote];
			k->next[v] = asn;
		}
	}
	for (size_t v = 0; v < n; v++) {
		uint32_t c;
		if (t->carried_of[v] <= 0)
			continue; /* sees nothing of the territory: no observation */
		c = idmap_at(&k->cluster, k->next[v]);
		k->num[c] += k->mine[v];
		k->den[c] += t->carried_of[v];
	}
}

void tally_interval(struct tally *t, size_t upstream, double share, double *low, double *high)
{
	struct sketch *k = t->sketch;

	sketch_clusters(k, t, upstream);
	*low = *high = share;
	if (k->cluster.n > 1)
		bootstrap_interval(k->num, k->den, k->cluster.n, share, low, high);
}
