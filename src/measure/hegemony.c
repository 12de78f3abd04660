/*
 * measure/hegemony: every AS's hegemony over every origin AS. In: a table. Out: rows (origin, asn, score).
 * Method as the IHR's code has it (Fontugne, Shah, Aben, PAM 2018): per peer and origin, the part of the
 * weight the peer sees that crosses the AS, more specifics as in that peer's own table; peers of one AS
 * averaged over those that see the origin; trimmed mean over the vantage ASes, zeros included. A path node is
 * an AS on the way to one origin, so one pass over the nodes from high ids to low sums a peer's weights: a
 * parent's id is below its child's.
 */
#include "base/mem.h"
#include "measure/idmap.h"
#include "measure/measure.h"
#include "measure/scope.h"
#include "measure/stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 16 };

/* ---- what all peers share ---- */
struct nodes {
	const struct table *table;
	size_t paths;
	uint32_t *pair;         /* by path id: index of (origin, asn) */
	uint32_t *root;         /* by pair: index of (origin, origin), whose weight is all of the origin */
	struct idmap pairs;     /* key: origin << 32 | asn */
	struct weighed *prefix; /* of the family, in address order */
	size_t prefixes;
	enum weight weight;
};

static int prefix_order(const void *a, const void *b, void *arg)
{
	const struct table *t = arg;
	return prefix_cmp(
	    prefix_of(t, ((const struct weighed *)a)->id), prefix_of(t, ((const struct weighed *)b)->id));
}

static void nodes_prefixes(struct nodes *n, uint8_t family)
{
	size_t all = prefix_count(n->table);

	n->prefix = mem_array(all + 1, sizeof *n->prefix);
	for (prefix_id id = 0; id < all; id++) {
		const struct prefix *p = prefix_of(n->table, id);
		if (p->family == family && prefix_in_limits(p))
			n->prefix[n->prefixes++] = (struct weighed){.id = id, .size = prefix_size(p)};
	}
	qsort_r(n->prefix, n->prefixes, sizeof *n->prefix, prefix_order, (void *)(uintptr_t)n->table);
	members_nest(n->prefix, n->prefixes, n->table);
}

static bool path_leaves(const struct table *t, path_id id)
{
	return path_flags(t, id) & ~(unsigned)PATH_EMPTY;
}

static void nodes_pairs(struct nodes *n)
{
	const struct path_node *node = path_nodes(n->table);

	n->pair = mem_array(n->paths + 1, sizeof *n->pair);
	n->root = mem_array(n->paths + 1, sizeof *n->root);
	for (path_id id = 1; id < n->paths; id++) {
		path_id parent = path_node_parent(node[id]);
		uint64_t origin;
		if (path_leaves(n->table, id))
			continue;
		origin = path_origin(n->table, id);
		n->pair[id] = idmap_at(&n->pairs, origin << 32 | node[id].asn);
		n->root[n->pair[id]] = parent == PATH_NONE ? n->pair[id] : n->root[n->pair[parent]];
	}
}

/* ---- one peer's view ---- */
struct view {
	double *node;  /* by path id: weight of the peer's routes that pass it */
	bool *present; /* by index into nodes.prefix */
	double *own;
	double *value; /* by pair */
	uint32_t *touched;
	size_t touches;
};

static void view_init(struct view *v, const struct nodes *n)
{
	v->node = mem_array(n->paths + 1, sizeof *v->node);
	v->present = mem_array(n->prefixes + 1, sizeof *v->present);
	v->own = mem_array(n->prefixes + 1, sizeof *v->own);
	v->value = mem_array(n->pairs.n + 1, sizeof *v->value);
	v->touched = mem_array(n->pairs.n + 1, sizeof *v->touched);
	v->touches = 0;
}

static void view_free(struct view *v)
{
	free(v->node);
	free(v->present);
	free(v->own);
	free(v->value);
	free(v->touched);
}

static void view_weights(struct view *v, const struct nodes *n, const path_id *column)
{
	for (size_t i = 0; i < n->prefixes; i++)
		v->present[i] = column[n->prefix[i].id] != PATH_NONE;
	if (n->weight == WEIGHT_ADDRESSES)
		members_own(n->prefix, n->prefixes, v->present, v->own);
	memset(v->node, 0, n->paths * sizeof *v->node);
	for (size_t i = 0; i < n->prefixes; i++) {
		path_id path = column[n->prefix[i].id];
		if (path != PATH_NONE && !path_leaves(n->table, path))
			v->node[path] += n->weight == WEIGHT_ADDRESSES ? v->own[i] : 1;
	}
}

/* value[] becomes the peer's weight by (origin, asn); [(origin, origin)] is all it sees of the origin. */
static void view_of(struct view *v, const struct nodes *n, const path_id *column)
{
	const struct path_node *node = path_nodes(n->table);

	for (size_t i = 0; i < v->touches; i++)
		v->value[v->touched[i]] = 0;
	v->touches = 0;
	view_weights(v, n, column);
	for (path_id id = (path_id)n->paths; id-- > 1;) {
		uint32_t pair = n->pair[id];
		if (v->node[id] <= 0)
			continue;
		if (path_node_parent(node[id]) != PATH_NONE)
			v->node[path_node_parent(node[id])] += v->node[id];
		if (v->value[pair] <= 0)
			v->touched[v->touches++] = pair;
		v->value[pair] += v->node[id];
	}
}

/* ---- vantage ASes ---- */
struct score { /* what one vantage AS says of a pair */
	uint32_t pair;
	double value;
};
struct scores {
	struct score *v;
	size_t n, cap;
};
struct work { /* a thread's part: every threads-th vantage AS */
	const struct nodes *nodes;
	const struct vantage_list *list;
	size_t first, step;
	struct scores scores;
};
struct vantage_list {
	peer_id *peer; /* by AS */
	size_t *first; /* of each vantage AS, and the end */
	size_t vantages;
};

static void scores_add(struct scores *s, uint32_t pair, double value)
{
	s->v = vec_room(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n++] = (struct score){pair, value};
}

static int score_cmp(const void *a, const void *b)
{
	const struct score *x = a, *y = b;
	return (x->pair > y->pair) - (x->pair < y->pair);
}

/* Several peers of one AS: the mean over those that see the origin, an AS missing from one of them counting 0
 * there. */
static void scores_average(struct scores *s, size_t from, const unsigned *seeing, const uint32_t *root)
{
	size_t n = from;

	qsort(s->v + from, s->n - from, sizeof *s->v, score_cmp);
	for (size_t i = from; i < s->n; i++) {
		if (n > from && s->v[n - 1].pair == s->v[i].pair)
			s->v[n - 1].value += s->v[i].value;
		else
			s->v[n++] = s->v[i];
	}
	s->n = n;
	for (size_t i = from; i < n; i++)
		s->v[i].value /= seeing[root[s->v[i].pair]];
}

static void vantage_scores(struct work *w, struct view *v, size_t vantage)
{
	const struct nodes *n = w->nodes;
	size_t first = w->list->first[vantage], end = w->list->first[vantage + 1], from = w->scores.n;
	unsigned *seeing = end - first > 1 ? mem_array(n->pairs.n + 1, sizeof *seeing) : NULL;

	for (size_t k = first; k < end; k++) {
		view_of(v, n, peer_column(n->table, w->list->peer[k]));
		for (size_t i = 0; i < v->touches; i++) {
			uint32_t pair = v->touched[i], root = n->root[pair];
			scores_add(&w->scores, pair, v->value[pair] / v->value[root]);
			if (seeing && pair == root)
				seeing[root]++;
		}
	}
	if (seeing)
		scores_average(&w->scores, from, seeing, n->root);
	free(seeing);
}

static void *work_run(void *arg)
{
	struct work *w = arg;
	struct view v;

	view_init(&v, w->nodes);
	for (size_t i = w->first; i < w->list->vantages; i += w->step)
		vantage_scores(w, &v, i);
	view_free(&v);
	return NULL;
}

/* ---- the scores of all vantage ASes, pair by pair ---- */
static int row_cmp(const void *a, const void *b)
{
	const struct hegemony_row *x = a, *y = b;

	if (x->origin != y->origin)
		return x->origin > y->origin ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static void rows_make(
    struct hegemony *h, const struct nodes *n, const struct work *w, size_t works, size_t vantages)
{
	size_t *first = mem_array(n->pairs.n + 2, sizeof *first);
	double *value;

	for (size_t k = 0; k < works; k++)
		for (size_t i = 0; i < w[k].scores.n; i++)
			first[w[k].scores.v[i].pair + 1]++;
	for (size_t i = 0; i < n->pairs.n; i++)
		first[i + 1] += first[i];
	value = mem_array(first[n->pairs.n] + 1, sizeof *value);
	for (size_t k = 0; k < works; k++)
		for (size_t i = 0; i < w[k].scores.n; i++)
			value[first[w[k].scores.v[i].pair]++] = w[k].scores.v[i].value;
	h->row = mem_array(n->pairs.n + 1, sizeof *h->row);
	for (size_t i = 0, at = 0; i < n->pairs.n; at = first[i++]) { /* first[i] is now the end of i */
		double score = stats_trimmed_mean(value + at, first[i] - at, vantages);
		if (score > 0)
			h->row[h->n++] = (struct hegemony_row){
			    (asn_t)(n->pairs.key[i] >> 32), (asn_t)n->pairs.key[i], score};
	}
	free(first);
	free(value);
	qsort(h->row, h->n, sizeof *h->row, row_cmp);
}

static int peer_order(const void *a, const void *b, void *arg)
{
	const struct table *t = arg;
	peer_id p = *(const peer_id *)a, q = *(const peer_id *)b;
	asn_t x = peer_of(t, p)->key.asn, y = peer_of(t, q)->key.asn;

	return x != y ? (x > y) - (x < y) : (p > q) - (p < q);
}

static void vantages_list(struct vantage_list *l, const struct table *t, const struct voters *v)
{
	size_t peers = 0;

	l->peer = mem_array(v->n + 1, sizeof *l->peer);
	l->first = mem_array(v->n + 2, sizeof *l->first);
	for (size_t k = 0; k < v->n; k++)
		if (v->votes[k])
			l->peer[peers++] = (peer_id)k;
	qsort_r(l->peer, peers, sizeof *l->peer, peer_order, (void *)(uintptr_t)t);
	for (size_t k = 0; k < peers; k++)
		if (k == 0 || peer_of(t, l->peer[k])->key.asn != peer_of(t, l->peer[k - 1])->key.asn)
			l->first[l->vantages++] = k;
	l->first[l->vantages] = peers;
}

static void work_all(struct work *w, size_t n)
{
	pthread_t thread[WORKERS];
	bool started[WORKERS] = {false};

	for (size_t k = 1; k < n; k++)
		started[k] = pthread_create(&thread[k], NULL, work_run, &w[k]) == 0;
	work_run(&w[0]);
	for (size_t k = 1; k < n; k++) {
		if (started[k])
			pthread_join(thread[k], NULL);
		else
			work_run(&w[k]);
	}
}

void measure_hegemony(const struct table *t, const struct measure_options *o, struct hegemony *h)
{
	struct nodes nodes = {.table = t, .paths = path_count(t), .weight = o->weight};
	struct voters voters = {0};
	struct vantage_list list = {0};
	struct work work[WORKERS] = {0};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t works = cores < 1 ? 1 : cores > WORKERS ? WORKERS : (size_t)cores;

	*h = (struct hegemony){0};
	voters_find(t, o->family, o->all_peers, &voters);
	vantages_list(&list, t, &voters);
	nodes_prefixes(&nodes, o->family);
	nodes_pairs(&nodes);
	for (size_t k = 0; k < works; k++)
		work[k] = (struct work){.nodes = &nodes, .list = &list, .first = k, .step = works};
	work_all(work, works);
	h->peers = (unsigned)list.vantages;
	rows_make(h, &nodes, work, works, list.vantages);
	for (size_t k = 0; k < works; k++)
		free(work[k].scores.v);
	free(list.peer);
	free(list.first);
	free(nodes.pair);
	free(nodes.root);
	free(nodes.prefix);
	idmap_free(&nodes.pairs);
	voters_free(&voters);
}

void hegemony_free(struct hegemony *h)
{
	free(h->row);
	*h = (struct hegemony){0};
}
