/*
 * sim/play: a scenario played through. In: the scenario. Out: its story. At each time something happens the
 * routes it touches are computed again, and each peer tells its change after a delay of its own; the first to
 * tell does so at the very time of the cause. Sessions that are down tell nothing (session.c).
 */
#include "sim/play.h"

#include "base/mem.h"
#include "sim/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 300 };

static bool fail(struct play *p, const struct action *a, const char *what, asn_t asn)
{
	snprintf(p->why, p->why_cap, "%s:%u: AS%u %s", p->s->file, a->line, asn, what);
	return false;
}

/* ---- what there is ---- */
static void asns_all(const struct scenario *s, struct asns *all, asn_t *room)
{
	all->v = room;
	for (size_t i = 0; i < s->sessions; i++)
		all->v[all->n++] = s->session[i].asn;
	for (size_t i = 0; i < s->originations; i++)
		all->v[all->n++] = s->origination[i].asn;
	for (size_t i = 0; i < s->facts; i++)
		all->v[all->n++] = s->fact[i].asn;
}

static int prefix_order(const void *x, const void *y)
{
	return prefix_cmp(x, y);
}

static void prefixes_find(struct play *p)
{
	struct story *t = p->story;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < p->s->actions; i++) {
		const struct action *a = &p->s->action[i];
		for (uint32_t k = 0; a->deed == DEED_ANNOUNCE && k < a->prefixes.n; k++) {
			t->prefix = vec_room(t->prefix, n, &cap, sizeof *t->prefix);
			t->prefix[n++] = a->prefixes.v[k];
		}
	}
	if (n)
		qsort(t->prefix, n, sizeof *t->prefix, prefix_order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !prefix_equal(&t->prefix[i], &t->prefix[i - 1]))
			t->prefix[t->prefixes++] = t->prefix[i];
}

uint32_t story_prefix(const struct story *t, const struct prefix *want)
{
	const struct prefix *p =
	    t->prefixes ? bsearch(want, t->prefix, t->prefixes, sizeof *want, prefix_order) : NULL;

	return p ? (uint32_t)(p - t->prefix) : UINT32_MAX;
}

/* ---- units: prefixes announced alike share their routes ---- */
static bool nodes_of(struct play *p, const struct asns *list, const uint32_t **out)
{
	uint32_t *v = arena_take(&p->arena, (list->n + 1) * sizeof *v);

	for (uint32_t i = 0; i < list->n; i++) {
		v[i] = graph_node(&p->g, list->v[i]);
		if (v[i] == NODE_NONE) {
			snprintf(p->why, p->why_cap, "%s: AS%u is in no link", p->s->file, list->v[i]);
			return false;
		}
	}
	*out = v;
	return true;
}

static bool seed_make(struct play *p, const struct origination *o, struct seed *seed)
{
	struct seed_toward *toward = arena_take(&p->arena, (o->towards + 1) * sizeof *toward);

	*seed = (struct seed){.node = graph_node(&p->g, o->asn),
	    .tail = o->tail.v,
	    .tails = o->tail.n,
	    .prepend = o->prepend,
	    .onlys = o->only.n,
	    .nots = o->not .n,
	    .toward = toward,
	    .towards = o->towards};
	for (uint32_t i = 0; i < o->towards; i++)
		toward[i] =
		    (struct seed_toward){graph_node(&p->g, o->toward[i].neighbour), o->toward[i].prepend};
	return nodes_of(p, &o->only, &seed->only) && nodes_of(p, &o->not, &seed->not );
}

static bool unit_make(struct play *p, const struct signature *sig, struct unit *u)
{
	struct seed *seed = arena_take(&p->arena, (sig->n + 1) * sizeof *seed);
	uint32_t *leak = arena_take(&p->arena, (sig->leaks + 1) * sizeof *leak);

	memset(u, 0, sizeof *u);
	u->sig.n = sig->n;
	u->sig.leaks = sig->leaks;
	u->sig.origination = arena_take(&p->arena, (sig->n + 1) * sizeof *u->sig.origination);
	u->sig.leak = leak;
	memcpy(u->sig.origination, sig->origination, sig->n * sizeof *sig->origination);
	if (sig->leaks)
		memcpy(leak, sig->leak, sig->leaks * sizeof *leak);
	for (uint32_t i = 0; i < sig->n; i++)
		if (!seed_make(p, &p->s->origination[sig->origination[i]], &seed[i]))
			return false;
	u->a = (struct announcement){.seed = seed,
	    .seeds = sig->n,
	    .leak = leak,
	    .leaks = sig->leaks,
	    .salt = rand_of(p->s->seed, p->s->origination[sig->origination[0]].asn, 1),
	    .tie = p->s->tie};
	u->routes = mem_array((size_t)p->g.n + 1, sizeof *u->routes);
	return true;
}

static bool signature_equal(const struct signature *a, const struct signature *b)
{
	return a->n == b->n && a->leaks == b->leaks &&
	       memcmp(a->origination, b->origination, a->n * sizeof *a->origination) == 0 &&
	       (a->leaks == 0 || memcmp(a->leak, b->leak, a->leaks * sizeof *a->leak) == 0);
}

static bool unit_spread(struct play *p, struct unit *u)
{
	p->story->spread++;
	u->fresh = true;
	if (route_spread(p->spread, &p->g, &u->a, u->routes))
		return true;
	snprintf(p->why, p->why_cap,
	    "%s: the routes of AS%u never settle: preferences contradict one another", p->s->file,
	    p->g.asn[u->a.seed[0].node]);
	return false;
}

/* Of the announcements a prefix has now, the unit; NULL: none. */
static bool unit_of(struct play *p, uint32_t prefix, uint32_t *unit)
{
	struct signature sig = {.origination = p->scratch};
	const struct standing *st = &p->standing[prefix];

	*unit = UNIT_NONE;
	for (uint32_t i = 0; i < st->n; i++)
		if (!st->v[i].hidden)
			sig.origination[sig.n++] = st->v[i].origination;
	sig.leak = st->leak;
	sig.leaks = st->leaks;
	if (sig.n == 0)
		return true;
	for (uint32_t i = 0; i < p->units; i++)
		if (signature_equal(&sig, &p->unit[i].sig)) {
			*unit = i;
			return p->unit[i].live || (p->unit[i].live = true, unit_spread(p, &p->unit[i]));
		}
	p->unit = vec_room(p->unit, p->units, &p->units_cap, sizeof *p->unit);
	if (!unit_make(p, &sig, &p->unit[p->units]))
		return false;
	p->unit[p->units].live = true;
	*unit = p->units++;
	return unit_spread(p, &p->unit[*unit]);
}

/* ---- one step of time ---- */
static bool carried(const struct play *p, const struct session *c, uint32_t prefix, const struct route *r)
{
	const struct prefix *x = &p->story->prefix[prefix];

	if (x->family != c->addr.family || r->class == CLASS_NONE)
		return false;
	if (c->feed == FEED_FULL || r->class >= CLASS_CUSTOMER)
		return true;
	return c->feed == FEED_PART && rand_unit_of(p->s->seed, c->asn, prefix) < c->part;
}

static bool is_zombie(const struct play *p, asn_t asn, uint32_t prefix)
{
	for (size_t i = 0; i < p->zombies; i++) {
		const struct action *a = p->zombie[i];
		bool of_peer = false, of_prefix = a->prefixes.n == 0;
		for (uint32_t k = 0; k < a->asns.n; k++)
			of_peer |= a->asns.v[k] == asn;
		for (uint32_t k = 0; k < a->prefixes.n; k++)
			of_prefix |= prefix_equal(&a->prefixes.v[k], &p->story->prefix[prefix]);
		if (of_peer && of_prefix)
			return true;
	}
	return false;
}

static void session_look(struct play *p, uint32_t session, uint32_t prefix, const struct unit *u)
{
	const struct session *c = &p->s->session[session];
	uint32_t *cell = &p->now[(size_t)session * p->story->prefixes + prefix], path = 0;
	uint32_t node = p->session_node[session];
	asn_t list[PATH_CAP];

	if (u && carried(p, c, prefix, &u->routes[node]))
		path = story_paths_id(
		    &p->story->paths, list, route_path(&p->g, &u->a, u->routes, node, list, PATH_CAP));
	if (path == *cell || (path == 0 && is_zombie(p, c->asn, prefix)))
		return;
	*cell = path;
	p->change = vec_room(p->change, p->changes, &p->changes_cap, sizeof *p->change);
	p->change[p->changes++] = (struct change_of){session, prefix, path};
}

static bool look_all(struct play *p, bool everything)
{
	struct story *t = p->story;

	for (uint32_t i = 0; i < t->prefixes; i++) {
		uint32_t unit;
		if (!unit_of(p, i, &unit))
			return false;
		if (!everything && unit == p->standing[i].unit &&
		    (unit == UNIT_NONE || !p->unit[unit].fresh) && !p->healed)
			continue;
		p->standing[i].unit = unit;
		for (uint32_t k = 0; k < p->s->sessions; k++)
			session_look(p, k, i, unit == UNIT_NONE ? NULL : &p->unit[unit]);
	}
	for (uint32_t i = 0; i < p->units; i++)
		p->unit[i].fresh = p->unit[i].live = false;
	for (uint32_t i = 0; i < t->prefixes; i++)
		if (p->standing[i].unit != UNIT_NONE)
			p->unit[p->standing[i].unit].live = true;
	p->healed = false;
	return true;
}

static bool standing_announce(struct play *p, const struct action *a, uint32_t prefix)
{
	struct standing *st = &p->standing[prefix];

	for (uint32_t i = 0; i < st->n; i++)
		if (p->s->origination[st->v[i].origination].asn == a->a) {
			st->v[i] = (struct stand){a->origination, false};
			return true;
		}
	st->v = vec_room(st->v, st->n, &st->cap, sizeof *st->v);
	st->v[st->n++] = (struct stand){a->origination, false};
	if (st->n > p->scratch_n) {
		p->scratch_n = 2 * st->n;
		p->scratch = mem_grow(p->scratch, p->scratch_n, sizeof *p->scratch);
	}
	return st->n <= 255 || fail(p, a, "is one origin too many of its prefix", a->a);
}

static bool deed_prefix(struct play *p, const struct action *a, uint32_t prefix)
{
	struct standing *st = &p->standing[prefix];

	if (a->deed == DEED_ANNOUNCE)
		return standing_announce(p, a, prefix);
	for (uint32_t i = 0; i < st->n; i++) {
		if (p->s->origination[st->v[i].origination].asn != a->a)
			continue;
		if (a->deed == DEED_WITHDRAW)
			memmove(&st->v[i], &st->v[i + 1], (--st->n - i) * sizeof *st->v);
		else
			st->v[i].hidden = a->deed == DEED_HIDE;
		return true;
	}
	return a->deed == DEED_SHOW || fail(p, a, "does not announce that prefix then", a->a);
}

static bool stands(const struct play *p, uint32_t prefix, asn_t asn)
{
	for (uint32_t i = 0; i < p->standing[prefix].n; i++)
		if (p->s->origination[p->standing[prefix].v[i].origination].asn == asn)
			return true;
	return false;
}

/* Those named, or all that the AS announces. */
static bool deed_prefixes(struct play *p, const struct action *a)
{
	bool any = false;

	for (uint32_t i = 0; i < a->prefixes.n; i++) {
		uint32_t prefix = story_prefix(p->story, &a->prefixes.v[i]);
		if (prefix == UINT32_MAX)
			return fail(p, a, "never announces that prefix", a->a);
		if (!deed_prefix(p, a, prefix))
			return false;
	}
	for (uint32_t i = 0; a->prefixes.n == 0 && i < p->story->prefixes; i++)
		if (stands(p, i, a->a)) {
			any = true;
			(void)deed_prefix(p, a, i);
		}
	return any || a->prefixes.n || fail(p, a, "announces nothing then", a->a);
}

static void standing_leak(struct play *p, const struct action *a, uint32_t prefix, uint32_t link)
{
	struct standing *st = &p->standing[prefix];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < st->leaks; i++)
		if (st->leak[i] != link)
			st->leak[kept++] = st->leak[i];
	st->leaks = kept;
	if (a->deed != DEED_LEAK)
		return;
	st->leak = vec_room(st->leak, st->leaks, &st->leaks_cap, sizeof *st->leak);
	st->leak[st->leaks++] = link;
}

static void touch(struct play *p, uint32_t node)
{
	p->touched = vec_room(p->touched, p->toucheds, &p->toucheds_cap, sizeof *p->touched);
	p->touched[p->toucheds++] = node;
}

static bool link_of(struct play *p, const struct action *a, asn_t from, asn_t to, uint32_t *link)
{
	uint32_t x = graph_node(&p->g, from), y = graph_node(&p->g, to);

	*link = x == NODE_NONE || y == NODE_NONE ? LINK_NONE : graph_link(&p->g, x, y);
	return *link != LINK_NONE || (snprintf(p->why, p->why_cap, "%s:%u: no link between AS%u and AS%u",
					  p->s->file, a->line, from, to),
					 false);
}

static bool deed_leak(struct play *p, const struct action *a)
{
	for (uint32_t i = 0; i < a->asns.n; i++) {
		uint32_t link;
		if (!link_of(p, a, a->a, a->asns.v[i], &link))
			return false;
		if (a->prefixes.n == 0) {
			p->g.link[link].flags = (uint8_t)((p->g.link[link].flags & ~LINK_LEAK) |
							  (a->deed == DEED_LEAK ? LINK_LEAK : 0));
			touch(p, p->g.link[link].to);
		}
		for (uint32_t k = 0; k < a->prefixes.n; k++) {
			uint32_t prefix = story_prefix(p->story, &a->prefixes.v[k]);
			if (prefix == UINT32_MAX)
				return fail(p, a, "leaks a prefix nobody ever announces", a->a);
			standing_leak(p, a, prefix, link);
		}
	}
	return true;
}

static bool deed_link(struct play *p, const struct action *a)
{
	uint32_t link;

	if (a->deed == DEED_LEAK || a->deed == DEED_SEAL)
		return deed_leak(p, a);
	if (!link_of(p, a, a->a, a->b, &link))
		return false;
	if (a->deed == DEED_UP || a->deed == DEED_DOWN)
		graph_set_down(&p->g, link, a->deed == DEED_DOWN);
	else if (a->deed == DEED_PREFER)
		p->g.link[link].prefer = (int8_t)a->n;
	else
		p->g.link[link].prepend = (uint8_t)a->n;
	touch(p, p->g.link[link].from);
	touch(p, p->g.link[link].to);
	return true;
}

static bool deed_do(struct play *p, const struct action *a)
{
	switch (a->deed) {
	case DEED_ANNOUNCE:
	case DEED_WITHDRAW:
	case DEED_HIDE:
	case DEED_SHOW:
		return deed_prefixes(p, a);
	case DEED_UP:
	case DEED_DOWN:
	case DEED_PREFER:
	case DEED_PREPEND:
	case DEED_LEAK:
	case DEED_SEAL:
		return deed_link(p, a);
	case DEED_ZOMBIE:
		p->zombie = vec_room(p->zombie, p->zombies, &p->zombies_cap, sizeof *p->zombie);
		p->zombie[p->zombies++] = a;
		return true;
	case DEED_HEAL:
		for (size_t i = 0; i < p->zombies; i++)
			if (p->zombie[i]->line == a->line) {
				p->zombie[i] = p->zombie[--p->zombies];
				break;
			}
		p->healed = true;
		return true;
	default:
		return session_deed(p, a);
	}
}

/* Links changed: the units whose routes they touch settle anew, from the links' ends outward. */
static bool units_settle(struct play *p)
{
	if (p->toucheds == 0)
		return true;
	graph_judge(&p->g);
	for (uint32_t i = 0; i < p->units; i++) {
		struct unit *u = &p->unit[i];
		if (!u->live)
			continue;
		memcpy(p->before, u->routes, p->g.n * sizeof *u->routes);
		if (!route_settle(
			p->spread, &p->g, &u->a, u->routes, p->touched, p->toucheds, &p->story->looked) &&
		    !unit_spread(p, u))
			return false;
		u->fresh |= memcmp(p->before, u->routes, p->g.n * sizeof *u->routes) != 0;
	}
	p->toucheds = 0;
	return true;
}

/* Each peer tells its changes after a delay of its own, the quickest at once. */
static void changes_tell(struct play *p, utime_t at, uint32_t cause)
{
	double least = 1, delay;

	for (size_t i = 0; i < p->changes; i++) {
		delay = session_delay(p, p->change[i].session, cause);
		least = delay < least ? delay : least;
	}
	for (size_t i = 0; i < p->changes; i++) {
		const struct change_of *c = &p->change[i];
		size_t cell = (size_t)c->session * p->story->prefixes + c->prefix;
		utime_t t;
		delay = session_delay(p, c->session, cause) - least;
		t = at + (utime_t)(delay * (double)p->s->convergence);
		if (t <= p->last[cell])
			t = p->last[cell] + 1;
		p->last[cell] = t;
		story_tell(p->story, &(struct line_told){.at = t,
					 .session = c->session,
					 .prefix = c->prefix,
					 .path = c->path,
					 .cause = cause,
					 .told = TOLD_ROUTE});
	}
	p->changes = 0;
}

static bool play_steps(struct play *p)
{
	const struct scenario *s = p->s;
	size_t i = 0;

	for (; i < s->actions && s->action[i].at == UTIME_NONE; i++)
		if (!deed_do(p, &s->action[i]))
			return false;
	p->toucheds = 0;
	graph_judge(&p->g);
	if (!look_all(p, true))
		return false;
	memcpy(p->story->first, p->now, s->sessions * p->story->prefixes * sizeof *p->now);
	p->changes = 0;
	while (i < s->actions && s->action[i].at < s->end) {
		utime_t at = s->action[i].at;
		uint32_t cause = (uint32_t)i;
		for (; i < s->actions && s->action[i].at == at; i++)
			if (!deed_do(p, &s->action[i]))
				return false;
		if (!units_settle(p) || !look_all(p, false))
			return false;
		changes_tell(p, at, cause);
	}
	return true;
}

static bool play_open(struct play *p)
{
	const struct scenario *s = p->s;
	struct story *t = p->story;
	struct asns all = {0};
	asn_t *room = mem_array(s->sessions + s->originations + s->facts + 1, sizeof *room);
	size_t cells;

	asns_all(s, &all, room);
	graph_build(&p->g, &s->edges, all.v, all.n);
	graph_build(&t->graph, &s->edges, all.v, all.n);
	free(room);
	prefixes_find(p);
	cells = s->sessions * t->prefixes;
	p->spread = spread_new(&p->g);
	p->standing = mem_array((size_t)t->prefixes + 1, sizeof *p->standing);
	p->before = mem_array((size_t)p->g.n + 1, sizeof *p->before);
	p->now = mem_array(cells + 1, sizeof *p->now);
	p->last = mem_array(cells + 1, sizeof *p->last);
	t->first = mem_array(cells + 1, sizeof *t->first);
	t->down = mem_array(s->sessions, sizeof *t->down);
	p->session_node = mem_array(s->sessions, sizeof *p->session_node);
	(void)story_paths_id(&t->paths, NULL, 0);
	for (uint32_t i = 0; i < t->prefixes; i++)
		p->standing[i].unit = UNIT_NONE;
	for (uint32_t i = 0; i < s->sessions; i++) {
		p->session_node[i] = graph_node(&p->g, s->session[i].asn);
		t->down[i] = s->session[i].down;
	}
	return t->prefixes > 0 ||
	       (snprintf(p->why, p->why_cap, "%s: nobody announces a prefix", s->file), false);
}

static void play_close(struct play *p)
{
	for (uint32_t i = 0; i < p->units; i++)
		free(p->unit[i].routes);
	for (uint32_t i = 0; p->standing && i < p->story->prefixes; i++) {
		free(p->standing[i].v);
		free(p->standing[i].leak);
	}
	free(p->unit);
	free(p->standing);
	free(p->scratch);
	free(p->before);
	free(p->now);
	free(p->last);
	free(p->session_node);
	free(p->zombie);
	free(p->change);
	free(p->touched);
	spread_free(p->spread);
	graph_free(&p->g);
	arena_free(&p->arena);
}

bool story_make(const struct scenario *s, struct story *story, char *why, size_t cap)
{
	struct play p = {.s = s, .story = story, .why = why, .why_cap = cap};
	bool ok;

	*story = (struct story){.s = s};
	ok = play_open(&p) && play_steps(&p);
	if (ok) {
		churn_tell(&p);
		sessions_tell(&p);
	}
	play_close(&p);
	return ok;
}

void story_free(struct story *story)
{
	free(story->prefix);
	free(story->first);
	free(story->down);
	free(story->line);
	story_paths_free(&story->paths);
	graph_free(&story->graph);
}
