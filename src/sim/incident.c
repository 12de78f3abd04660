/* sim/incident: see happen.h. What happens to prefixes, origins, links and sessions, wherever they belong. */
#include "base/mem.h"
#include "sim/happen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * UTIME_SECOND)
static const utime_t TOGETHER = 5 * MINUTE, HOUR = 60 * MINUTE, GAP = 4 * MINUTE;
enum { CHANGES_MIN = 5, SEERS = 2 };

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

/* A change that an upstream-* event of that prefix tells is no unrest. */
static bool beat_is_told(const struct happenings *told, const struct sight *v, uint32_t prefix, utime_t at)
{
	for (size_t i = 0; i < told->n; i++) {
		const struct happening *e = &told->v[i];
		utime_t to = e->settled == UTIME_NONE ? e->first_seen + MINUTE : e->settled;
		if (strncmp(e->kind, "upstream-", 9) != 0 || e->territory != v->place->id ||
		    at < e->first_seen || at > to)
			continue;
		for (uint32_t k = 0; k < e->prefixes; k++)
			if (e->prefix[k] == prefix)
				return true;
	}
	return false;
}

static void beats_sift(
    struct beat *b, size_t *n, const struct happenings *told, const struct sight *v, uint32_t prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!beat_is_told(told, v, prefix, b[i].first))
			b[kept++] = b[i];
	*n = kept;
}

void happen_instability(
    struct happenings *h, const struct happenings *told, const struct story *t, const struct sight *v)
{
	size_t since = h->n;

	for (size_t p = 0; p < v->prefixes; p++) {
		size_t n, from = 0;
		struct beat *b = beats_of(t, v->prefix[p], &n);
		beats_sift(b, &n, told, v, v->prefix[p]);
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
	for (size_t i = since; i < h->n; i++)
		if (h->v[i].prefixes == v->prefixes)
			h->v[i].scope = "territory";
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

/* Over is what nobody who votes sees any more; one who tells a part of its table does not vote. */
static bool votes(const struct story *t, uint32_t session)
{
	return t->s->session[session].feed == FEED_FULL;
}

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

	if (!known_before(t, all, first, p->prefix, &exact, p->origin, &same) || same)
		return; /* nobody held it, or the holder cuts it up: nothing changes hands */
	kind = exact ? "origin-new" : "subprefix-new";
	for (size_t i = since; i < h->n && p->happening == SIZE_MAX; i++)
		if (strcmp(h->v[i].kind, kind) == 0 && h->v[i].asn == p->origin &&
		    at - h->v[i].first_seen < TOGETHER)
			p->happening = i;
	if (p->happening == SIZE_MAX) {
		struct happening *e = happening_add(h, kind, "prefix", at);
		e->asn = p->origin;
		p->happening = h->n - 1;
	}
	happening_prefix(&h->v[p->happening], p->prefix);
}

/* The session whose table the next line forgets. What it alone still showed is over with it, unless it shows
 * it again. */
static bool forgets(const struct story *t, const struct retell *r, uint32_t *session)
{
	const struct line_told *l = r->next < t->lines ? &t->line[r->next] : NULL;

	if (!l || l->told != TOLD_STATE || l->hidden || !votes(t, l->session))
		return false;
	*session = l->session;
	return true;
}

static void origins_forget(const struct story *t, const struct retell *r, struct pairs *all)
{
	uint32_t session;

	if (!forgets(t, r, &session))
		return;
	for (uint32_t i = 0; i < t->prefixes; i++) {
		uint32_t path = r->table[(size_t)session * t->prefixes + i];
		struct pair *p = path ? pair_of(all, i, origin_of(t, path)) : NULL;
		if (p && p->routes && --p->routes == 0)
			p->gone = t->line[r->next].at;
	}
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
			pair_of(&all, (uint32_t)(i % t->prefixes), origin_of(t, r.table[i]))->routes +=
			    votes(t, (uint32_t)(i / t->prefixes));
	first = all.n;
	for (;;) {
		origins_forget(t, &r, &all);
		if (!(l = retell_next(&r, &before)))
			break;
		if (l->told != TOLD_ROUTE || before == l->path)
			continue;
		if (before) {
			struct pair *p = pair_of(&all, l->prefix, origin_of(t, before));
			if (p->routes && votes(t, l->session) && --p->routes == 0)
				p->gone = l->at;
		}
		if (l->path) {
			struct pair *p = pair_of(&all, l->prefix, origin_of(t, l->path));
			p->routes += votes(t, l->session);
			if (votes(t, l->session))
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

static uint32_t leaks_forgotten(const struct story *t, const struct retell *r, const struct action *a)
{
	uint32_t session, n = 0;

	if (!forgets(t, r, &session))
		return 0;
	for (uint32_t i = 0; i < t->prefixes; i++) {
		uint32_t path = r->table[(size_t)session * t->prefixes + i];
		n += path && leaks_over(t, path, a);
	}
	return n;
}

static void leak_find(struct happenings *h, const struct story *t, const struct action *a)
{
	struct retell r;
	const struct line_told *l;
	struct happening *e = NULL;
	bool *seen = mem_array(t->s->sessions, sizeof *seen);
	uint32_t before, routes = 0;

	retell_start(&r, t);
	for (;;) {
		uint32_t gone = leaks_forgotten(t, &r, a);
		if (e && gone && gone >= routes)
			e->end = t->line[r.next].at;
		routes -= gone < routes ? gone : routes;
		if (!(l = retell_next(&r, &before)))
			break;
		if (l->told != TOLD_ROUTE)
			continue;
		if (before && leaks_over(t, before, a) && votes(t, l->session) && routes && --routes == 0 &&
		    e)
			e->end = l->at;
		if (!l->path || !leaks_over(t, l->path, a))
			continue;
		routes += votes(t, l->session);
		if (!e) {
			e = happening_add(h, "route-leak", "as", l->at);
			e->asn = a->a;
			e->by = leaks_over(t, l->path, a);
		}
		if (votes(t, l->session))
			e->end = UTIME_NONE;
		happening_prefix(e, l->prefix);
		if (!seen[l->session] && votes(t, l->session))
			e->vantage++;
		for (size_t i = 0; i < t->s->sessions; i++) /* one AS is one witness */
			seen[i] |=
			    votes(t, l->session) && t->s->session[i].asn == t->s->session[l->session].asn;
	}
	if (e && e->vantage < SEERS) { /* one AS alone tells nothing for certain */
		free(e->prefix);
		h->n--;
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
static asn_t peer_asn(const struct scenario *s, const struct action *a)
{
	for (size_t i = 0; !a->a && i < s->sessions; i++)
		if (s->session[i].collector == a->collector && addr_cmp(&s->session[i].addr, &a->addr) == 0)
			return s->session[i].asn;
	return a->a;
}

/* From the last record of a collector before it fell silent. */
static utime_t silent_from(const struct story *t, uint32_t collector, utime_t at)
{
	utime_t last = UTIME_NONE;

	for (size_t i = 0; i < t->lines && t->line[i].at < at; i++)
		if (t->s->session[t->line[i].session].collector == collector && !t->line[i].hidden)
			last = t->line[i].at;
	return last == UTIME_NONE ? at : last;
}

/* When it is written that a session goes or comes, UTIME_NONE: never. What does so while its collector is off
 * is found when that is back. */
static utime_t written_at(const struct scenario *s, uint32_t collector, utime_t at)
{
	for (size_t i = 0; i < s->actions; i++) { /* in order of time */
		const struct action *a = &s->action[i];
		if (a->deed == DEED_RESTART && a->collector == collector && at >= a->at && at < a->end)
			at = a->end;
	}
	return at;
}

void happen_health(struct happenings *h, const struct story *t)
{
	for (size_t i = 0; i < t->s->actions; i++) {
		const struct action *a = &t->s->action[i];
		const struct collector *c = &t->s->collector[a->collector];
		bool gap = a->deed == DEED_RESTART;
		utime_t from = a->at + c->skew, to = a->end == UTIME_NONE ? UTIME_NONE : a->end + c->skew;
		struct happening *e;
		if (!gap && (a->deed != DEED_RESET || a->silent || c->no_states))
			continue;
		if (gap)
			from = silent_from(t, a->collector, from);
		if (!gap && written_at(t->s, a->collector, a->at) != a->at)
			continue; /* it goes while nobody writes */
		if (!gap) {
			to = written_at(t->s, a->collector, a->end);
			to = to == UTIME_NONE ? to : to + c->skew;
		}
		if (gap && to != UTIME_NONE && to - from < GAP)
			continue; /* nobody can tell so short a silence from a quiet moment */
		e = happening_add(h, gap ? "collector-gap" : "peer-reset", "health", from);
		e->collector = c->name;
		e->asn = gap ? 0 : peer_asn(t->s, a);
		e->peer = a->addr;
		e->end = to;
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
	if (e->prefixes) {
		json_key(j, "prefixes");
		json_list(j);
		for (uint32_t i = 0; i < e->prefixes; i++)
			truth_prefix(j, &t->prefix[e->prefix[i]]);
		json_done(j);
	}
	json_end(j);
}

/*
 * The same episode is told once. Who originates another's prefix carries nothing to it: it is told as a new
 * origin, not as an upstream. And where a prefix's carriers move because somebody else announces or leaks it,
 * the hijack or the leak tells it.
 */
static bool holds_all(const struct happening *of, const struct happening *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->prefixes; i++)
		for (uint32_t k = 0; k < of->prefixes; k++)
			n += of->prefix[k] == e->prefix[i];
	return n == e->prefixes;
}

static bool near(utime_t a, utime_t b)
{
	return a != UTIME_NONE && b != UTIME_NONE && a <= b + TOGETHER && b <= a + TOGETHER;
}

static bool told_by(const struct happening *e, const struct happening *incident)
{
	bool leak = strcmp(incident->kind, "route-leak") == 0;

	if (!leak && strcmp(incident->kind, "origin-new") != 0 &&
	    strcmp(incident->kind, "subprefix-new") != 0)
		return false;
	if (!holds_all(incident, e))
		return false;
	if (!leak && incident->asn == e->upstream)
		return true;
	return (!leak || strcmp(e->scope, "prefix") == 0) &&
	       (near(e->first_seen, incident->first_seen) || near(e->first_seen, incident->end));
}

static void once(struct happenings *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++) {
		bool told = false;
		for (size_t k = 0; strncmp(h->v[i].kind, "upstream-", 9) == 0 && k < h->n; k++)
			told |= told_by(&h->v[i], &h->v[k]);
		if (told)
			free(h->v[i].prefix);
		else
			h->v[kept++] = h->v[i];
	}
	h->n = kept;
}

void truth_happenings(struct json *j, const struct story *t, const struct sight *sights)
{
	struct happenings h = {0};

	for (size_t i = 0; i < t->s->places; i++) {
		struct happenings shaky = {0};
		happen_upstreams(&h, t, &sights[i]);
		happen_primary(&h, t, &sights[i]);
		happen_outages(&h, t, &sights[i]);
		happen_instability(&shaky, &h, t, &sights[i]);
		for (size_t k = 0; k < shaky.n; k++) {
			h.v = vec_room(h.v, h.n, &h.cap, sizeof *h.v);
			h.v[h.n++] = shaky.v[k];
		}
		free(shaky.v);
	}
	happen_origins(&h, t);
	happen_leaks(&h, t);
	once(&h);
	for (size_t i = 0; i < t->s->places; i++)
		happen_shifts(&h, t, &sights[i]);
	for (size_t i = 0; i < t->s->places; i++)
		happen_rpki(&h, t, &sights[i]);
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
