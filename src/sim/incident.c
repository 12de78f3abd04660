/* sim/incident: see happen.h. What happens to prefixes, origins, links and sessions, wherever they belong. */
#include "base/mem.h"
#include "sim/happen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * UTIME_SECOND)
static const utime_t TOGETHER = 5 * MINUTE, HOUR = 60 * MINUTE;
enum { CHANGES_MIN = 5 };

/* ---- instability: five changes within an hour ---- */
struct beat {
	utime_t first, last;
	uint32_t cause;
};

/* The times at which a prefix changed, one a cause. */
static struct beat *beats_of(const struct story *t, uint32_t prefix, size_t *n)
{
	struct beat *b = NULL;
	size_t cap = 0;

	*n = 0;
	for (size_t i = 0; i < t->lines; i++) {
		const struct line_told *l = &t->line[i];
		size_t k = *n;
		enum deed deed;
		if (l->told != TOLD_ROUTE || l->prefix != prefix || l->cause == CAUSE_NONE)
			continue;
		deed = t->s->action[l->cause].deed;
		if (deed == DEED_BACK || deed == DEED_STARTED)
			continue; /* a table told again is no change */
		while (k > 0 && b[k - 1].cause != l->cause)
			k--;
		if (k > 0) {
			b[k - 1].last = l->at;
			continue;
		}
		b = vec_room(b, *n, &cap, sizeof *b);
		b[(*n)++] = (struct beat){l->at, l->at, l->cause};
	}
	return b;
}

static void unstable(
    struct happenings *h, size_t since, const struct sight *v, uint32_t prefix, utime_t from, utime_t to)
{
	struct happening *e = NULL;

	for (size_t i = since; i < h->n && !e; i++)
		if (from <= h->v[i].end + HOUR && to + HOUR >= h->v[i].first_seen)
			e = &h->v[i];
	if (!e) {
		e = happening_add(h, "instability", "prefix", from);
		e->territory = v->place->id;
		e->end = to;
	}
	e->first_seen = from < e->first_seen ? from : e->first_seen;
	e->end = to > e->end ? to : e->end;
	happening_prefix(e, prefix);
}

void happen_instability(struct happenings *h, const struct story *t, const struct sight *v)
{
	size_t since = h->n;

	for (size_t p = 0; p < v->prefixes; p++) {
		size_t n, from = 0;
		struct beat *b = beats_of(t, v->prefix[p], &n);
		bool shaky = false;
		for (size_t i = 0; i < n; i++) {
			if (i > 0 && b[i].first - b[i - 1].first >= HOUR) { /* an hour without: over */
				if (shaky)
					unstable(h, since, v, v->prefix[p], b[from].first, b[i - 1].last);
				shaky = false;
				from = i;
			}
			if (!shaky && i + 1 >= CHANGES_MIN && i + 1 - CHANGES_MIN >= from &&
			    b[i].first - b[i + 1 - CHANGES_MIN].first < HOUR) {
				shaky = true;
				from = i + 1 - CHANGES_MIN;
			}
		}
		if (shaky)
			unstable(h, since, v, v->prefix[p], b[from].first, b[n - 1].last);
		free(b);
	}
}

/* ---- origins ---- */
struct pair {
	uint32_t prefix;
	asn_t origin;
	uint32_t routes;
	size_t happening; /* SIZE_MAX: known from the start */
	utime_t gone;
};
struct pairs {
	struct pair *v;
	size_t n, cap;
};

static asn_t origin_of(const struct story *t, uint32_t path)
{
	size_t n;
	const asn_t *p = story_paths_of(&t->paths, path, &n);

	return p[n - 1];
}

static struct pair *pair_of(struct pairs *all, uint32_t prefix, asn_t origin)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].prefix == prefix && all->v[i].origin == origin)
			return &all->v[i];
	all->v = vec_room(all->v, all->n, &all->cap, sizeof *all->v);
	all->v[all->n] = (struct pair){prefix, origin, 0, SIZE_MAX, UTIME_NONE};
	return &all->v[all->n++];
}

/* Announced at the start: the prefix itself, or one that covers it; its origin. */
static bool known_before(const struct story *t, const struct pairs *all, size_t first, uint32_t prefix,
    bool *exact, asn_t origin, bool *same)
{
	bool found = false;

	*exact = *same = false;
	for (size_t i = 0; i < first; i++) {
		const struct pair *p = &all->v[i];
		if (!prefix_covers(&t->prefix[p->prefix], &t->prefix[prefix]))
			continue;
		found = true;
		*exact |= p->prefix == prefix;
		*same |= p->origin == origin;
	}
	return found;
}

static void origin_told(struct happenings *h, const struct story *t, struct pairs *all, size_t first,
    size_t since, struct pair *p, utime_t at)
{
	bool exact, same;
	const char *kind;

	if (!known_before(t, all, first, p->prefix, &exact, p->origin, &same))
		return;
	kind = exact ? "origin-new" : "subprefix-new";
	for (size_t i = since; i < h->n && p->happening == SIZE_MAX; i++)
		if (strcmp(h->v[i].kind, kind) == 0 && h->v[i].asn == p->origin &&
		    at - h->v[i].first_seen < TOGETHER)
			p->happening = i;
	if (p->happening == SIZE_MAX) {
		struct happening *e = happening_add(h, kind, "prefix", at);
		e->asn = p->origin;
		e->same_origin = same;
		p->happening = h->n - 1;
	}
	happening_prefix(&h->v[p->happening], p->prefix);
}

void happen_origins(struct happenings *h, const struct story *t)
{
	struct pairs all = {0};
	struct retell r;
	size_t cells = t->s->sessions * t->prefixes, since = h->n, first;
	const struct line_told *l;
	uint32_t before;

	retell_start(&r, t);
	for (size_t i = 0; i < cells; i++)
		if (r.table[i])
			pair_of(&all, (uint32_t)(i % t->prefixes), origin_of(t, r.table[i]))->routes++;
	first = all.n;
	while ((l = retell_next(&r, &before))) {
		if (l->told != TOLD_ROUTE || before == l->path)
			continue;
		if (before) {
			struct pair *p = pair_of(&all, l->prefix, origin_of(t, before));
			if (p->routes && --p->routes == 0)
				p->gone = l->at;
		}
		if (l->path) {
			struct pair *p = pair_of(&all, l->prefix, origin_of(t, l->path));
			p->routes++;
			p->gone = UTIME_NONE;
			if ((size_t)(p - all.v) >= first && p->happening == SIZE_MAX)
				origin_told(h, t, &all, first, since, p, l->at);
		}
	}
	for (size_t i = first; i < all.n; i++) { /* over when the last of its prefixes is */
		struct happening *e = all.v[i].happening == SIZE_MAX ? NULL : &h->v[all.v[i].happening];
		bool open = false;
		for (size_t k = first; e && k < all.n; k++)
			open |= all.v[k].happening == all.v[i].happening && all.v[k].routes > 0;
		if (e && !open && (e->end == UTIME_NONE || e->end < all.v[i].gone))
			e->end = all.v[i].gone;
	}
	retell_free(&r);
	free(all.v);
}

/* ---- leaks ---- */

static bool is_customer(const struct graph *g, asn_t of, asn_t asn)
{
	uint32_t x = graph_node(g, of), y = graph_node(g, asn);
	uint32_t link = x == NODE_NONE || y == NODE_NONE ? LINK_NONE : graph_link(g, x, y);

	return link != LINK_NONE && g->link[link].rel == REL_CUSTOMER;
}

/* Does the path go from the leaker on to one of those it leaks to? Its own and its customers' routes are
 * none. */
static asn_t leaks_over(const struct story *t, uint32_t path, const struct action *a)
{
	size_t n;
	const asn_t *p = story_paths_of(&t->paths, path, &n);

	for (size_t i = 1; i + 1 < n; i++)
		for (uint32_t k = 0; p[i] == a->a && p[i + 1] != a->a && k < a->asns.n; k++)
			if (p[i - 1] == a->asns.v[k] && !is_customer(&t->graph, a->a, p[i + 1]))
				return p[i - 1];
	return 0;
}

static void leak_find(struct happenings *h, const struct story *t, const struct action *a)
{
	struct retell r;
	const struct line_told *l;
	struct happening *e = NULL;
	bool *seen = mem_array(t->s->sessions, sizeof *seen);
	uint32_t before, routes = 0;

	retell_start(&r, t);
	while ((l = retell_next(&r, &before))) {
		if (l->told != TOLD_ROUTE)
			continue;
		if (before && leaks_over(t, before, a) && routes && --routes == 0 && e)
			e->end = l->at;
		if (!l->path || !leaks_over(t, l->path, a))
			continue;
		routes++;
		if (!e) {
			e = happening_add(h, "route-leak", "prefix", l->at);
			e->asn = a->a;
			e->by = leaks_over(t, l->path, a);
		}
		e->end = UTIME_NONE;
		happening_prefix(e, l->prefix);
		if (!seen[l->session])
			e->vantage++;
		for (size_t i = 0; i < t->s->sessions; i++) /* one AS is one witness */
			seen[i] |= t->s->session[i].asn == t->s->session[l->session].asn;
	}
	retell_free(&r);
	free(seen);
}

void happen_leaks(struct happenings *h, const struct story *t)
{
	for (size_t i = 0; i < t->s->actions; i++)
		if (t->s->action[i].deed == DEED_LEAK && t->s->action[i].at != UTIME_NONE)
			leak_find(h, t, &t->s->action[i]);
}

/* ---- health ---- */
void happen_health(struct happenings *h, const struct story *t)
{
	for (size_t i = 0; i < t->s->actions; i++) {
		const struct action *a = &t->s->action[i];
		const struct collector *c = &t->s->collector[a->collector];
		struct happening *e;
		if (a->deed != DEED_RESTART && (a->deed != DEED_RESET || a->silent || c->no_states))
			continue;
		e = happening_add(
		    h, a->deed == DEED_RESTART ? "collector-gap" : "peer-reset", "health", a->at + c->skew);
		e->collector = c->name;
		e->asn = a->a;
		e->peer = a->addr;
		e->end = a->end == UTIME_NONE ? UTIME_NONE : a->end + c->skew;
	}
}

/* ---- all of it ---- */
static int happening_order(const void *x, const void *y)
{
	const struct happening *a = x, *b = y;
	int d;

	if (a->first_seen != b->first_seen)
		return a->first_seen < b->first_seen ? -1 : 1;
	d = strcmp(a->kind, b->kind);
	if (d == 0)
		d = strcmp(a->territory ? a->territory : "", b->territory ? b->territory : "");
	if (d == 0)
		d = a->upstream < b->upstream ? -1 : a->upstream > b->upstream;
	return d ? d : a->prefixes && b->prefixes ? (a->prefix[0] < b->prefix[0] ? -1 : 1) : 0;
}

static void json_asn(struct json *j, const char *key, asn_t asn)
{
	if (!asn)
		return;
	json_key(j, key);
	json_u64(j, asn);
}

static void json_part(struct json *j, const char *key, double v)
{
	if (isnan(v))
		return;
	json_key(j, key);
	json_num(j, v, 6);
}

/* When what was told at that moment was done. */
static utime_t cause_time(const struct story *t, utime_t told)
{
	for (size_t i = 0; i < t->lines && t->line[i].at <= told; i++)
		if (t->line[i].at == told && t->line[i].cause != CAUSE_NONE)
			return t->s->action[t->line[i].cause].at;
	return UTIME_NONE;
}

static void json_happening(struct json *j, const struct story *t, const struct happening *e)
{
	char text[ADDR_TEXT];

	json_open(j);
	json_key(j, "kind");
	json_str(j, e->kind);
	json_key(j, "scope");
	json_str(j, e->scope);
	if (e->territory) {
		json_key(j, "territory");
		json_str(j, e->territory);
	}
	json_asn(j, "asn", e->asn);
	json_asn(j, "upstream", e->upstream);
	json_asn(j, "by", e->by);
	if (e->collector) {
		json_key(j, "collector");
		json_str(j, e->collector);
	}
	if (e->peer.family) {
		json_key(j, "peer");
		json_strn(j, text, addr_text(text, &e->peer));
	}
	truth_time(j, "cause", cause_time(t, e->first_seen));
	truth_time(j, "first_seen", e->first_seen);
	truth_time(j, "settled", e->settled);
	truth_time(j, "end", e->end);
	json_part(j, "before", e->before);
	json_part(j, "after", e->after);
	if (e->vantage) {
		json_key(j, "vantage");
		json_u64(j, e->vantage);
	}
	if (e->same_origin) {
		json_key(j, "same_origin");
		json_bool(j, true);
	}
	if (e->prefixes) {
		json_key(j, "prefixes");
		json_list(j);
		for (uint32_t i = 0; i < e->prefixes; i++)
			truth_prefix(j, &t->prefix[e->prefix[i]]);
		json_done(j);
	}
	json_end(j);
}

void truth_happenings(struct json *j, const struct story *t, const struct sight *sights)
{
	struct happenings h = {0};

	for (size_t i = 0; i < t->s->places; i++) {
		struct happenings shaky = {0};
		happen_upstreams(&h, t, &sights[i]);
		happen_shares(&h, t, &sights[i]);
		happen_outages(&h, t, &sights[i]);
		happen_instability(&shaky, t, &sights[i]);
		for (size_t k = 0; k < shaky.n; k++) {
			h.v = vec_room(h.v, h.n, &h.cap, sizeof *h.v);
			h.v[h.n++] = shaky.v[k];
		}
		free(shaky.v);
	}
	happen_origins(&h, t);
	happen_leaks(&h, t);
	happen_health(&h, t);
	if (h.n)
		qsort(h.v, h.n, sizeof *h.v, happening_order);
	json_key(j, "events");
	json_list(j);
	for (size_t i = 0; i < h.n; i++) {
		truth_line(j);
		json_happening(j, t, &h.v[i]);
		free(h.v[i].prefix);
	}
	json_done(j);
	free(h.v);
}
