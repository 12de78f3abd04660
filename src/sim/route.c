/* sim/route: see route.h. */
#include "sim/route.h"

#include "base/mem.h"
#include "sim/rand.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_MAX = 255, WALK_MAX = 255, PREFERENCE_STEP = 100 };

struct list {
	uint32_t *v;
	size_t n, cap;
};

struct spread {
	struct list bucket[LENGTH_MAX + 1]; /* nodes by path length */
	struct list reached;                /* nodes with a route, in order of arrival */
	struct list queue;                  /* of route_settle */
	bool *queued;
	uint32_t *version; /* of route_settle, by node: how often its path changed */
	uint32_t *heard;   /* the version of its next hop when it last chose */
	unsigned top;      /* highest bucket in use */
};

struct spread *spread_new(const struct graph *g)
{
	struct spread *s = mem_alloc(sizeof *s);

	s->queued = mem_array((size_t)g->n + 1, sizeof *s->queued);
	s->version = mem_array((size_t)g->n + 1, sizeof *s->version);
	s->heard = mem_array((size_t)g->n + 1, sizeof *s->heard);
	return s;
}

void spread_free(struct spread *s)
{
	if (!s)
		return;
	for (size_t i = 0; i <= LENGTH_MAX; i++)
		free(s->bucket[i].v);
	free(s->reached.v);
	free(s->queue.v);
	free(s->queued);
	free(s->version);
	free(s->heard);
	free(s);
}

static void list_add(struct list *l, uint32_t x)
{
	l->v = vec_room(l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n++] = x;
}

static bool among(const uint32_t *v, uint32_t n, uint32_t x)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i] == x)
			return true;
	return false;
}

/* Times the exporting node stands in the path beyond once; -1: the seed does not announce to that neighbour.
 */
static int seed_prepend(const struct seed *s, uint32_t neighbour)
{
	int times = s->prepend;

	if ((s->onlys && !among(s->only, s->onlys, neighbour)) || among(s->not, s->nots, neighbour))
		return -1;
	for (uint32_t i = 0; i < s->towards; i++)
		if (s->toward[i].node == neighbour)
			times += s->toward[i].prepend;
	return times;
}

static bool tail_holds(const struct seed *s, asn_t asn)
{
	return s->tails && among(s->tail, s->tails, asn);
}

/* Is the route of node y (over y's link l to x) told to x? Its length there, or 0. */
static unsigned told(const struct graph *g, const struct announcement *a, const struct route *routes,
    const struct link *l, bool leaks)
{
	const struct route *r = &routes[l->from];
	int extra = l->prepend;
	unsigned length;

	if (r->class == CLASS_NONE || l->flags & LINK_DOWN)
		return 0;
	if (r->class < CLASS_CUSTOMER && l->rel != REL_CUSTOMER &&
	    !(leaks && (l->flags & LINK_LEAK || among(a->leak, a->leaks, (uint32_t)(l - g->link)))))
		return 0;
	if (r->class == CLASS_OWN) {
		int times = seed_prepend(&a->seed[r->seed], l->to);
		if (times < 0)
			return 0;
		extra += times;
	}
	if (a->seed[r->seed].tails && tail_holds(&a->seed[r->seed], g->asn[l->to]))
		return 0; /* RFC 4271 9.1.2: a path that holds one's own AS */
	length = r->length + 1U + (unsigned)extra;
	return length < LENGTH_MAX ? length : LENGTH_MAX;
}

static uint64_t tie_key(const struct announcement *a, uint32_t x, uint32_t neighbour)
{
	return a->tie == TIE_LOWEST ? neighbour : rand_of(a->salt, x, neighbour);
}

static void seeds_place(const struct announcement *a, struct route *routes)
{
	for (uint32_t i = a->seeds; i-- > 0;) /* of two seeds at one node the first holds */
		routes[a->seed[i].node] =
		    (struct route){LINK_NONE, (uint16_t)a->seed[i].tails, CLASS_OWN, (uint8_t)i};
}

/* x hears of the route of l->from over l: takes it if it is better than what it has in this pass. */
static void offer(struct spread *s, const struct graph *g, const struct announcement *a, struct route *routes,
    const struct link *l, uint8_t class, bool queue)
{
	unsigned length;
	struct route *mine = &routes[l->to];

	if (mine->class > class || (length = told(g, a, routes, l, false)) == 0)
		return;
	if (mine->class == class) {
		if (mine->length < length)
			return;
		if (mine->length == length &&
		    tie_key(a, l->to, g->link[mine->link].to) <= tie_key(a, l->to, l->from))
			return;
	}
	if (mine->class == CLASS_NONE)
		list_add(&s->reached, l->to);
	if (queue && (mine->class != class || mine->length != length)) {
		list_add(&s->bucket[length], l->to);
		if (length > s->top)
			s->top = length;
	}
	*mine = (struct route){l->mirror, (uint16_t)length, class, routes[l->from].seed};
}

/* One pass along links of one kind, in order of length: a node's choice is final when its bucket is opened.
 */
static void pass_along(struct spread *s, const struct graph *g, const struct announcement *a,
    struct route *routes, enum rel rel, uint8_t class)
{
	for (unsigned length = 0; length <= s->top && length < LENGTH_MAX; length++) {
		for (size_t i = 0; i < s->bucket[length].n; i++) {
			uint32_t y = s->bucket[length].v[i];
			if (routes[y].length != length)
				continue; /* found a shorter one since */
			for (uint32_t k = g->first[y]; k < g->first[y + 1]; k++)
				if (g->link[k].rel == rel)
					offer(s, g, a, routes, &g->link[k], class, true);
		}
		s->bucket[length].n = 0;
	}
	s->bucket[LENGTH_MAX].n = 0;
	s->top = 0;
}

static void bucket_add(struct spread *s, const struct route *routes, uint32_t x)
{
	list_add(&s->bucket[routes[x].length], x);
	if (routes[x].length > s->top)
		s->top = routes[x].length;
}

bool route_spread(struct spread *s, const struct graph *g, const struct announcement *a, struct route *routes)
{
	size_t n;

	memset(routes, 0, g->n * sizeof *routes);
	seeds_place(a, routes);
	if (!g->plain || a->leaks) {
		uint64_t looked = 0;
		for (uint32_t i = 0; i < a->seeds; i++)
			routes[a->seed[i].node].class = CLASS_NONE;
		s->reached.n = 0;
		for (uint32_t i = 0; i < a->seeds; i++)
			list_add(&s->reached, a->seed[i].node);
		return route_settle(s, g, a, routes, s->reached.v, s->reached.n, &looked);
	}
	s->reached.n = 0;
	for (uint32_t i = 0; i < a->seeds; i++) {
		list_add(&s->reached, a->seed[i].node);
		bucket_add(s, routes, a->seed[i].node);
	}
	pass_along(s, g, a, routes, REL_PROVIDER, CLASS_CUSTOMER);
	n = s->reached.n;
	for (size_t i = 0; i < n; i++) {
		uint32_t y = s->reached.v[i];
		for (uint32_t k = g->first[y]; k < g->first[y + 1]; k++)
			if (g->link[k].rel == REL_PEER)
				offer(s, g, a, routes, &g->link[k], CLASS_PEER, false);
	}
	for (size_t i = 0; i < s->reached.n; i++)
		bucket_add(s, routes, s->reached.v[i]);
	pass_along(s, g, a, routes, REL_CUSTOMER, CLASS_PROVIDER);
	return true;
}

/* Does the path from y pass x? Routes may be half changed: the walk is bounded, and where it leads nowhere y
 * will look again. */
static bool walk_meets(const struct graph *g, const struct route *routes, uint32_t y, uint32_t x)
{
	for (unsigned steps = 0; steps < WALK_MAX; steps++) {
		if (y == x)
			return true;
		if (routes[y].class == CLASS_OWN || routes[y].class == CLASS_NONE)
			return false;
		y = g->link[routes[y].link].to;
	}
	return true;
}

static struct route choose(
    const struct graph *g, const struct announcement *a, const struct route *routes, uint32_t x)
{
	static const uint8_t class_of[] = {CLASS_CUSTOMER, CLASS_PEER, CLASS_PROVIDER};
	struct route best = {0};
	int best_preference = 0;

	for (uint32_t i = 0; i < a->seeds; i++)
		if (a->seed[i].node == x)
			return (struct route){LINK_NONE, (uint16_t)a->seed[i].tails, CLASS_OWN, (uint8_t)i};
	for (uint32_t k = g->first[x]; k < g->first[x + 1]; k++) {
		const struct link *mine = &g->link[k];
		unsigned length = told(g, a, routes, &g->link[mine->mirror], true);
		uint8_t class = class_of[mine->rel];
		int preference = class * PREFERENCE_STEP + mine->prefer;
		if (length == 0 || length == LENGTH_MAX)
			continue;
		if (best.class != CLASS_NONE) {
			if (preference < best_preference)
				continue;
			if (preference == best_preference &&
			    (length > best.length ||
				(length == best.length &&
				    tie_key(a, x, g->link[best.link].to) <= tie_key(a, x, mine->to))))
				continue;
		}
		if (walk_meets(g, routes, mine->to, x))
			continue;
		best = (struct route){k, (uint16_t)length, class, routes[mine->to].seed};
		best_preference = preference;
	}
	return best;
}

static void queue_node(struct spread *s, uint32_t x)
{
	if (s->queued[x])
		return;
	s->queued[x] = true;
	list_add(&s->queue, x);
}

bool route_settle(struct spread *s, const struct graph *g, const struct announcement *a, struct route *routes,
    const uint32_t *start, size_t n, uint64_t *looked)
{
	uint64_t left = 200 * ((uint64_t)g->n + 100);
	size_t head = 0;

	memset(s->version, 0, g->n * sizeof *s->version);
	memset(s->heard, 0, g->n * sizeof *s->heard);
	s->queue.n = 0;
	for (size_t i = 0; i < n; i++)
		queue_node(s, start[i]);
	for (; head < s->queue.n && left > 0; left--) {
		uint32_t x = s->queue.v[head++];
		struct route new = choose(g, a, routes, x);
		/* The same next hop may stand for another path now: those who hear of it must look, too. */
		uint32_t heard =
		    new.class == CLASS_NONE || new.class == CLASS_OWN ? 0 : s->version[g->link[new.link].to];
		s->queued[x] = false;
		++*looked;
		if (memcmp(&new, &routes[x], sizeof new) == 0 && s->heard[x] == heard)
			continue;
		routes[x] = new;
		s->heard[x] = heard;
		s->version[x]++;
		for (uint32_t k = g->first[x]; k < g->first[x + 1]; k++)
			queue_node(s, g->link[k].to);
	}
	while (head < s->queue.n)
		s->queued[s->queue.v[head++]] = false;
	return left > 0;
}

bool route_uses(const struct graph *g, const struct route *routes, uint32_t link)
{
	const struct link *l = &g->link[link];
	bool used = routes[l->from].link == link && routes[l->from].class != CLASS_NONE;

	return used || (routes[l->to].link == l->mirror && routes[l->to].class != CLASS_NONE);
}

size_t route_path(const struct graph *g, const struct announcement *a, const struct route *routes, uint32_t x,
    asn_t *out, size_t cap)
{
	const struct seed *seed = &a->seed[routes[x].seed];
	size_t n = 0;

	if (routes[x].class == CLASS_NONE || cap == 0)
		return 0;
	out[n++] = g->asn[x];
	while (routes[x].class != CLASS_OWN) {
		uint32_t y = g->link[routes[x].link].to;
		const struct link *l = &g->link[g->link[routes[x].link].mirror];
		int times = 1 + l->prepend;
		if (routes[y].class == CLASS_OWN)
			times += seed_prepend(seed, x);
		for (; times > 0; times--) {
			if (n == cap)
				return 0;
			out[n++] = g->asn[y];
		}
		x = y;
	}
	for (uint32_t i = 0; i < seed->tails; i++) {
		if (n == cap)
			return 0;
		out[n++] = seed->tail[i];
	}
	return n;
}

/* The average over x's equal-best neighbours. */
static double part_of(const struct graph *g, const struct announcement *a, const struct route *routes,
    uint32_t x, const double *part)
{
	static const uint8_t class_of[] = {CLASS_CUSTOMER, CLASS_PEER, CLASS_PROVIDER};
	double sum = 0;
	unsigned n = 0;

	for (uint32_t k = g->first[x]; k < g->first[x + 1]; k++) {
		const struct link *mine = &g->link[k];
		if (class_of[mine->rel] != routes[x].class ||
		    told(g, a, routes, &g->link[mine->mirror], false) != routes[x].length)
			continue;
		sum += part[mine->to];
		n++;
	}
	return n ? sum / n : 0;
}

void route_parts(struct spread *s, const struct graph *g, const struct announcement *a,
    const struct route *routes, uint32_t link, double *part)
{
	uint32_t origin = g->link[link].from, first = g->link[link].to;

	memset(part, 0, g->n * sizeof *part);
	/* Customer routes depend on shorter customer routes; peer routes on customer routes; provider routes
	 * on any shorter one. */
	for (uint8_t class = CLASS_CUSTOMER; class >= CLASS_PROVIDER; class --) {
		for (uint32_t x = 0; x < g->n; x++)
			if (routes[x].class == class)
				bucket_add(s, routes, x);
		for (unsigned length = 0; length <= s->top; length++) {
			for (size_t i = 0; i < s->bucket[length].n; i++) {
				uint32_t x = s->bucket[length].v[i];
				bool beside =
				    routes[x].link != LINK_NONE && g->link[routes[x].link].to == origin;
				part[x] = beside ? x == first : part_of(g, a, routes, x, part);
			}
			s->bucket[length].n = 0;
		}
		s->top = 0;
	}
}
