/* sim/sight: see sight.h. */
#include "sim/sight.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Full feed: 0.75 of the median of the top tenth; once in, out below 0.70; once out, in from 0.80. */
static const double FULL_FROM = 0.75, FULL_BELOW = 0.70, FULL_AGAIN = 0.80;

static int asn_order(const void *x, const void *y)
{
	asn_t a = *(const asn_t *)x, b = *(const asn_t *)y;
	return a < b ? -1 : a > b;
}

bool sight_domestic(const struct sight *v, asn_t asn)
{
	return v->asns && bsearch(&asn, v->asn, v->asns, sizeof asn, asn_order) != NULL;
}

asn_t sight_entry(const struct sight *v, const asn_t *path, size_t n)
{
	/* Of a territory that is an AS, a route with another origin is elsewhere (design 4). */
	if (!v->place->by_country && v->place->prefixes.n == 0 && n && !sight_domestic(v, path[n - 1]))
		return 0;
	while (n-- > 0)
		if (!sight_domestic(v, path[n]))
			return path[n];
	return 0;
}

/* ---- who belongs ---- */
static void asns_find(struct sight *v, const struct scenario *s)
{
	const struct place *p = v->place;

	v->asn = arena_take(&v->arena, (s->facts + p->asns.n + 1) * sizeof *v->asn);
	for (uint32_t i = 0; i < p->asns.n; i++)
		v->asn[v->asns++] = p->asns.v[i];
	for (size_t i = 0; p->by_country && i < s->facts; i++)
		if (strcmp(s->fact[i].country, p->id) == 0)
			v->asn[v->asns++] = s->fact[i].asn;
	qsort(v->asn, v->asns, sizeof *v->asn, asn_order);
}

static bool belongs(const struct sight *v, const struct scenario *s, const struct prefix *x)
{
	const struct place *p = v->place;

	for (uint32_t i = 0; i < p->prefixes.n; i++)
		if (prefix_covers(&p->prefixes.v[i], x))
			return true;
	if (p->prefixes.n)
		return false;
	for (size_t i = 0; i < s->actions && s->action[i].at == UTIME_NONE; i++) {
		const struct action *a = &s->action[i];
		for (uint32_t k = 0; a->deed == DEED_ANNOUNCE && k < a->prefixes.n; k++)
			if (sight_domestic(v, a->a) && prefix_covers(&a->prefixes.v[k], x))
				return true;
	}
	return false;
}

static void prefixes_find(struct sight *v, const struct story *t)
{
	v->prefix = arena_take(&v->arena, ((size_t)t->prefixes + 1) * sizeof *v->prefix);
	for (uint32_t i = 0; i < t->prefixes; i++)
		if (belongs(v, t->s, &t->prefix[i]))
			v->prefix[v->prefixes++] = i;
}

/* ---- the moving state ---- */
struct looker {
	struct sight *v;
	const struct story *t;
	struct retell r;
	asn_t *entry;       /* by path id */
	uint32_t *count[2]; /* routes by session, by family */
	bool *full;         /* by session */
	bool started;
	uint32_t *as_of; /* session -> vantage AS, dense */
	uint32_t ases;
	uint32_t *order;   /* sessions, those of one AS side by side */
	unsigned *votes;   /* by vantage AS: voting sessions */
	uint32_t *seen_by; /* by story prefix: sessions with a route */
	bool *known;       /* by story prefix: seen so far */
	double *sum;       /* by upstream, of one prefix */
	unsigned *mark;    /* by upstream: the last (AS, prefix) counted */
};

static unsigned family_of(const struct looker *k, uint32_t prefix)
{
	return k->t->prefix[prefix].family == FAMILY_IPV6;
}

static int count_order(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	return a > b ? -1 : a < b;
}

/* Returns whether the voters changed. */
static bool voters_find(struct looker *k, unsigned family)
{
	const struct scenario *s = k->t->s;
	uint32_t *sorted = mem_array(s->sessions, sizeof *sorted);
	size_t n = 0, top;
	double median;
	bool changed = false;

	for (size_t i = 0; i < s->sessions; i++)
		if (k->r.up[i] && k->count[family][i])
			sorted[n++] = k->count[family][i];
	qsort(sorted, n, sizeof *sorted, count_order);
	top = n / 10 ? n / 10 : 1;
	median = n == 0 ? 0 : top % 2 ? sorted[top / 2] : (sorted[top / 2 - 1] + sorted[top / 2]) / 2.0;
	free(sorted);
	for (size_t i = 0; i < s->sessions; i++) {
		double of = median > 0 ? k->count[family][i] / median : 0;
		bool mine = (s->session[i].addr.family == FAMILY_IPV6) == family, now;
		if (!mine)
			continue;
		now = k->r.up[i] && of >= (!k->started ? FULL_FROM : k->full[i] ? FULL_BELOW : FULL_AGAIN);
		now = now && !sight_domestic(k->v, s->session[i].asn);
		changed |= now != k->full[i];
		k->full[i] = now;
	}
	return changed;
}

static double size_of(const struct prefix *p)
{
	return p->family == FAMILY_IPV4 ? exp2(32 - p->len) : p->len >= 48 ? 1 : exp2(48 - p->len);
}

/* Addresses of a prefix without those of more specifics in the set. */
static double own_size(const struct looker *k, uint32_t prefix, bool now)
{
	const struct prefix *p = &k->t->prefix[prefix], *taken = NULL;
	double own = size_of(p);

	for (uint32_t i = prefix + 1; i < k->t->prefixes && prefix_covers(p, &k->t->prefix[i]); i++) {
		if (!(now ? k->seen_by[i] > 0 : k->known[i]))
			continue;
		if (taken && prefix_covers(taken, &k->t->prefix[i]))
			continue;
		taken = &k->t->prefix[i];
		own -= size_of(taken);
	}
	return own > 0 ? own : 0;
}

static uint32_t path_at(const struct looker *k, size_t session, uint32_t prefix)
{
	return k->r.table[session * k->t->prefixes + prefix];
}

static bool covered_at(const struct looker *k, size_t session, uint32_t prefix)
{
	for (uint32_t i = prefix + 1; i-- > 0;)
		if (prefix_covers(&k->t->prefix[i], &k->t->prefix[prefix]) && path_at(k, session, i))
			return true;
	return false;
}

static size_t upstream_index(const struct sight *v, asn_t asn)
{
	const asn_t *p = bsearch(&asn, v->upstream, v->upstreams, sizeof asn, asn_order);
	return (size_t)(p - v->upstream);
}

/* One prefix: part of the vantage ASes per upstream in k->sum; seen and carry in the sample. Returns the part
 * with a route. */
static double prefix_look(struct looker *k, size_t i, struct sample_of *m)
{
	const struct scenario *s = k->t->s;
	uint32_t prefix = k->v->prefix[i];
	bool v6 = k->t->prefix[prefix].family == FAMILY_IPV6;
	double all = 0, seen = 0;
	size_t voters = 0;

	memset(k->votes, 0, k->ases * sizeof *k->votes);
	memset(k->sum, 0, k->v->upstreams * sizeof *k->sum);
	memset(k->mark, 0, k->v->upstreams * sizeof *k->mark);
	for (size_t c = 0; c < s->sessions; c++)
		if (k->full[c] && (s->session[c].addr.family == FAMILY_IPV6) == v6 &&
		    k->votes[k->as_of[c]]++ == 0)
			voters++;
	m->voters = (uint16_t)voters;
	for (size_t x = 0; x < s->sessions; x++) {
		uint32_t c = k->order[x], path = path_at(k, c, prefix);
		double part;
		size_t u;
		if (!k->full[c] || (s->session[c].addr.family == FAMILY_IPV6) != v6)
			continue;
		part = 1.0 / k->votes[k->as_of[c]] / (double)voters;
		if (path || covered_at(k, c, prefix))
			seen += part;
		if (!path || k->entry[path] == 0)
			continue;
		u = upstream_index(k->v, k->entry[path]);
		k->sum[u] += part;
		all += part;
		if (k->mark[u] != k->as_of[c] + 1)
			m->carry[i * k->v->upstreams + u]++;
		k->mark[u] = k->as_of[c] + 1;
	}
	m->seen[i] = seen;
	return all;
}

static void sample_add(struct looker *k, utime_t at, bool others)
{
	struct sight *v = k->v;
	struct sample_of m = {.at = at, .others = others};
	double total = 0, known = 0, visible = 0;

	m.share = arena_take(&v->arena, (v->upstreams + 1) * sizeof *m.share);
	m.seen = arena_take(&v->arena, (v->prefixes + 1) * sizeof *m.seen);
	m.carry = arena_take(&v->arena, (v->prefixes * v->upstreams + 1) * sizeof *m.carry);
	for (size_t i = 0; i < v->prefixes; i++) {
		double part = prefix_look(k, i, &m), own = own_size(k, v->prefix[i], true);
		for (size_t u = 0; u < v->upstreams; u++)
			m.share[u] += own * k->sum[u];
		total += own * part;
		if (!k->known[v->prefix[i]])
			continue;
		own = own_size(k, v->prefix[i], false);
		known += own;
		visible += own * m.seen[i];
	}
	for (size_t u = 0; u < v->upstreams && total > 0; u++)
		m.share[u] /= total;
	m.visible = known > 0 ? visible / known : 0;
	v->sample = vec_room(v->sample, v->samples, &v->samples_cap, sizeof m);
	v->sample[v->samples++] = m;
}

static void cell_moved(struct looker *k, uint32_t session, uint32_t prefix, uint32_t before, uint32_t after)
{
	int change = (after != 0) - (before != 0);

	k->count[family_of(k, prefix)][session] += (uint32_t)change;
	k->seen_by[prefix] += (uint32_t)change;
	if (after)
		k->known[prefix] = true;
}

/* A session's whole row is about to be forgotten. */
static void row_forgotten(struct looker *k, uint32_t session)
{
	for (uint32_t i = 0; i < k->t->prefixes; i++)
		if (path_at(k, session, i))
			cell_moved(k, session, i, path_at(k, session, i), 0);
}

/* A session's table after it was away is no change, where a record says that it was. */
static bool told_anew(const struct looker *k, const struct line_told *l)
{
	const struct scenario *s = k->t->s;
	const struct action *a = l->cause == CAUSE_NONE ? NULL : &s->action[l->cause];

	if (!a || (a->deed != DEED_BACK && a->deed != DEED_STARTED))
		return false;
	return !a->silent && !s->collector[a->collector].no_states;
}

static void word_add(struct looker *k, const struct line_told *l, uint32_t before, uint32_t p)
{
	struct sight *v = k->v;

	v->word = vec_room(v->word, v->words, &v->words_cap, sizeof *v->word);
	v->word[v->words++] = (struct word_of){.at = l->at,
	    .p = p,
	    .before = before ? k->entry[before] : 0,
	    .after = l->path ? k->entry[l->path] : 0,
	    .had = before != 0,
	    .has = l->path != 0};
}

static void look_through(struct looker *k)
{
	const struct story *t = k->t;
	uint32_t *mine = mem_array((size_t)t->prefixes + 1, sizeof *mine); /* its index + 1 */

	for (size_t i = 0; i < k->v->prefixes; i++)
		mine[k->v->prefix[i]] = (uint32_t)i + 1;
	for (unsigned f = 0; f < 2; f++)
		(void)voters_find(k, f);
	k->started = true;
	sample_add(k, t->s->start, false);
	while (k->r.next < t->lines) {
		utime_t at = t->line[k->r.next].at;
		bool moved = false, counts = false, others = false;
		while (k->r.next < t->lines && t->line[k->r.next].at == at) {
			const struct line_told *l = &t->line[k->r.next];
			uint32_t before;
			if (l->told == TOLD_STATE && !l->hidden) {
				row_forgotten(k, l->session);
				counts = true;
			}
			(void)retell_next(&k->r, &before);
			if (l->told == TOLD_STATE || before == l->path)
				continue;
			cell_moved(k, l->session, l->prefix, before, l->path);
			counts |= !before != !l->path;
			if (!mine[l->prefix])
				continue;
			moved = true;
			others |= told_anew(k, l);
			if (!told_anew(k, l))
				word_add(k, l, before, mine[l->prefix] - 1);
		}
		if (counts) {
			bool v4 = voters_find(k, 0), v6 = voters_find(k, 1);
			others |= v4 || v6;
		}
		if (moved || others)
			sample_add(k, at, others);
	}
	free(mine);
}

/* Every upstream that ever stands in a path of a member prefix. */
static void upstreams_find(struct looker *k)
{
	struct sight *v = k->v;
	const struct story *t = k->t;
	asn_t *all = mem_array(t->paths.n + 1, sizeof *all);
	size_t n = 0;

	for (uint32_t id = 1; id < t->paths.n; id++) {
		size_t length;
		const asn_t *path = story_paths_of(&t->paths, id, &length);
		k->entry[id] = sight_entry(v, path, length);
		if (k->entry[id])
			all[n++] = k->entry[id];
	}
	qsort(all, n, sizeof *all, asn_order);
	v->upstream = arena_take(&v->arena, (n + 1) * sizeof *v->upstream);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || all[i] != all[i - 1])
			v->upstream[v->upstreams++] = all[i];
	free(all);
}

/* Only those of the territory's own prefixes are upstreams of it. */
static void upstreams_narrow(struct looker *k)
{
	struct sight *v = k->v;
	const struct story *t = k->t;
	bool *used = mem_array(v->upstreams + 1, sizeof *used);
	bool *mine = mem_array((size_t)t->prefixes + 1, sizeof *mine);
	size_t n = 0;

	for (size_t i = 0; i < v->prefixes; i++) {
		mine[v->prefix[i]] = true;
		for (size_t c = 0; c < t->s->sessions; c++) {
			uint32_t path = path_at(k, c, v->prefix[i]);
			if (path && k->entry[path])
				used[upstream_index(v, k->entry[path])] = true;
		}
	}
	for (size_t i = 0; i < t->lines; i++) {
		const struct line_told *l = &t->line[i];
		if (l->told != TOLD_STATE && mine[l->prefix] && l->path && k->entry[l->path])
			used[upstream_index(v, k->entry[l->path])] = true;
	}
	for (size_t i = 0; i < v->upstreams; i++)
		if (used[i])
			v->upstream[n++] = v->upstream[i];
	v->upstreams = n;
	free(mine);
	free(used);
}

static void looker_open(struct looker *k)
{
	const struct scenario *s = k->t->s;
	uint32_t n = 0;

	retell_start(&k->r, k->t);
	k->order = mem_array(s->sessions, sizeof *k->order);
	k->entry = mem_array(k->t->paths.n + 1, sizeof *k->entry);
	for (unsigned f = 0; f < 2; f++)
		k->count[f] = mem_array(s->sessions, sizeof **k->count);
	k->full = mem_array(s->sessions, sizeof *k->full);
	k->as_of = mem_array(s->sessions, sizeof *k->as_of);
	k->seen_by = mem_array((size_t)k->t->prefixes + 1, sizeof *k->seen_by);
	k->known = mem_array((size_t)k->t->prefixes + 1, sizeof *k->known);
	for (uint32_t i = 0; i < s->sessions; i++) {
		uint32_t j = 0;
		while (s->session[j].asn != s->session[i].asn)
			j++;
		k->as_of[i] = j == i ? k->ases++ : k->as_of[j];
		for (uint32_t x = 0; x < k->t->prefixes; x++)
			cell_moved(k, i, x, 0, path_at(k, i, x));
	}
	k->votes = mem_array(k->ases, sizeof *k->votes);
	for (uint32_t as = 0; as < k->ases; as++)
		for (uint32_t i = 0; i < s->sessions; i++)
			if (k->as_of[i] == as)
				k->order[n++] = i;
	upstreams_find(k);
	upstreams_narrow(k);
	k->sum = mem_array(k->v->upstreams + 1, sizeof *k->sum);
	k->mark = mem_array(k->v->upstreams + 1, sizeof *k->mark);
}

void sight_make(struct sight *v, const struct story *story, const struct place *place)
{
	struct looker k = {.v = v, .t = story};

	*v = (struct sight){.place = place};
	asns_find(v, story->s);
	prefixes_find(v, story);
	looker_open(&k);
	look_through(&k);
	retell_free(&k.r);
	free(k.entry);
	free(k.count[0]);
	free(k.count[1]);
	free(k.full);
	free(k.as_of);
	free(k.order);
	free(k.votes);
	free(k.seen_by);
	free(k.known);
	free(k.sum);
	free(k.mark);
}

void sight_free(struct sight *v)
{
	free(v->sample);
	free(v->word);
	arena_free(&v->arena);
	*v = (struct sight){0};
}
