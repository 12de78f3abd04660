/*
 * sim/worldspace: the addresses of a made Internet. In: its networks. Out: prefixes, ascending, each in a
 * group of prefixes that its origin announces alike. Lengths and the number of prefixes per network follow
 * today's IPv4 table; about half of the prefixes lie inside a shorter one of the same network.
 */
#include "base/mem.h"
#include "sim/rand.h"
#include "sim/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of 100,000 prefixes, how many have the length 8 + index: the IPv4 table of the mid 2020s. */
static const uint32_t length_part[] = {
    2, 1, 4, 10, 31, 58, 120, 205, 1340, 820, 1370, 2480, 4450, 5100, 11000, 10000, 63009};

enum { INSIDE_PERCENT = 55, POOLS = 200 };

struct want { /* a block of its own, still without an address */
	uint32_t as;
	uint8_t len, pool;
	uint32_t group;
};
struct space {
	struct world *w;
	struct rand r;
	struct want *want;
	size_t wants, cap;
	uint32_t *inside; /* per want: how many more specifics it gets */
};

static uint8_t draw_length(struct rand *r)
{
	uint32_t u = rand_below(r, 100000), i = 0;

	while (i < sizeof length_part / sizeof *length_part - 1 && u >= length_part[i])
		u -= length_part[i++];
	return (uint8_t)(8 + i);
}

/* Most networks have one to three prefixes, a few have thousands: Pareto with exponent 1.07, cut. */
static uint32_t draw_count(struct rand *r, double mean)
{
	double x = pow(1 - rand_unit(r), -1 / 1.07), most = 10000;

	x *= mean / 9.4; /* the mean of the cut distribution, measured */
	return x < 1 ? 1 : x > most ? (uint32_t)most : (uint32_t)x;
}

static void groups_make(struct space *s, struct world_as *as, uint32_t prefixes)
{
	struct world *w = s->w;
	uint32_t n = 1;

	while (n < 12 && n < prefixes && rand_unit(&s->r) < 0.64)
		n++;
	as->group = (uint32_t)w->groups;
	as->groups = n;
	for (uint32_t i = 0; i < n; i++) {
		struct world_group g = {.origin = (uint32_t)(as - w->as)};
		double u = rand_unit(&s->r);
		g.prepend = rand_unit(&s->r) < 0.12 ? (uint8_t)(1 + rand_below(&s->r, 4)) : 0;
		if (i > 0 && as->providers > 1 && u < 0.30)
			g.only = (uint8_t)(1 + rand_below(&s->r, as->providers));
		else if (as->providers > 1 && u > 0.66)
			g.padded = (uint8_t)(1 + rand_below(&s->r, as->providers));
		u = rand_unit(&s->r);
		g.origin_code = u < 0.86 ? 0 : u < 0.995 ? 2 : 1;
		g.atomic = rand_unit(&s->r) < 0.09;
		g.aggregator = rand_unit(&s->r) < 0.11;
		g.community = (uint16_t)rand_below(&s->r, 3);
		w->group = vec_room(w->group, w->groups, &w->groups_cap, sizeof g);
		w->group[w->groups++] = g;
	}
}

/* How many prefixes each network has; what the draws lack in all is drawn for some once more. */
static uint32_t *counts_make(struct space *s)
{
	struct world *w = s->w;
	uint32_t *count = mem_array(w->ases, sizeof *count);
	uint32_t wanted = w->o->prefixes + w->o->prefixes / 16; /* some will fall on one another */
	double mean = (double)wanted / w->ases;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < w->ases || sum < wanted; i++) {
		uint32_t as = i < w->ases ? i : rand_below(&s->r, w->ases);
		uint32_t n = draw_count(&s->r, mean);
		if (w->as[as].node == NODE_NONE && w->as[as].providers == 0)
			continue;
		count[as] += n;
		sum += n;
	}
	return count;
}

static void wants_make(struct space *s)
{
	struct world *w = s->w;
	uint32_t *count = counts_make(s);

	for (uint32_t i = 0; i < w->ases; i++) {
		struct world_as *as = &w->as[i];
		if (count[i])
			groups_make(s, as, count[i]);
		for (uint32_t k = 0; k < count[i]; k++) {
			s->want = vec_room(s->want, s->wants, &s->cap, sizeof *s->want);
			s->want[s->wants++] = (struct want){i, draw_length(&s->r),
			    (uint8_t)((as->region * 37U + i / 512) % POOLS),
			    as->group + rand_below(&s->r, as->groups)};
		}
	}
	free(count);
}

static int want_order(const void *x, const void *y)
{
	const struct want *a = x, *b = y;

	if (a->pool != b->pool)
		return a->pool < b->pool ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	if (a->as != b->as)
		return a->as < b->as ? -1 : 1;
	return a->group < b->group ? -1 : a->group > b->group;
}

static void place(struct world *w, uint32_t address, uint8_t len, uint32_t group)
{
	uint8_t b[4] = {
	    (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address};

	w->prefix[w->prefixes++] = (struct world_prefix){prefix_make(FAMILY_IPV4, b, len), group};
}

static bool usable(uint32_t first)
{
	return first != 0 && first != 10 && first != 127 && first != 198 && first < 224;
}

struct homes { /* the shorter prefixes of each network so far */
	uint32_t *address, *len, *next, *head;
	size_t n;
};

static bool place_inside(struct space *s, struct homes *h, const struct want *x)
{
	uint32_t k = h->head[x->as], tries = 4;

	while (k && (h->len[k] >= x->len || rand_below(&s->r, 2)) && tries--)
		k = h->next[k];
	if (!k || h->len[k] >= x->len)
		return false;
	place(s->w, h->address[k] + (rand_below(&s->r, 1U << (x->len - h->len[k])) << (32 - x->len)), x->len,
	    x->group);
	return true;
}

static void home_add(struct homes *h, uint32_t as, uint32_t address, uint8_t len)
{
	h->n++;
	h->address[h->n] = address;
	h->len[h->n] = len;
	h->next[h->n] = h->head[as];
	h->head[as] = (uint32_t)h->n;
}

/* Longest last: a block is aligned without gaps. A network's own blocks of one length lie side by side. */
static void places_find(struct space *s)
{
	struct world *w = s->w;
	struct homes h = {.head = mem_array(w->ases, sizeof *h.head)};
	uint64_t at = (uint64_t)1 << 24;
	uint8_t pool = 0;

	h.address = mem_array(s->wants + 1, sizeof *h.address);
	h.len = mem_array(s->wants + 1, sizeof *h.len);
	h.next = mem_array(s->wants + 1, sizeof *h.next);
	for (size_t i = 0; i < s->wants; i++) {
		const struct want *x = &s->want[i];
		uint64_t size = (uint64_t)1 << (32 - x->len);
		if (x->pool != pool)
			at = (at + 0xfffff) & ~(uint64_t)0xfffff;
		pool = x->pool;
		if (x->len > 12 && rand_below(&s->r, 100) < INSIDE_PERCENT && place_inside(s, &h, x))
			continue;
		at = (at + size - 1) & ~(size - 1);
		while (at < UINT64_C(1) << 32 && !usable((uint32_t)(at >> 24)))
			at = ((at >> 24) + 1) << 24;
		if (at + size > (UINT64_C(224) << 24)) { /* the space is used up: inside what there is */
			(void)place_inside(s, &h, x);
			continue;
		}
		place(w, (uint32_t)at, x->len, x->group);
		if (x->len < 24)
			home_add(&h, x->as, (uint32_t)at, x->len);
		at += size;
	}
	free(h.head);
	free(h.address);
	free(h.len);
	free(h.next);
}

static int prefix_order(const void *x, const void *y)
{
	const struct world_prefix *a = x, *b = y;
	int d = prefix_cmp(&a->prefix, &b->prefix);

	return d ? d : a->group < b->group ? -1 : a->group > b->group;
}

static uint32_t sort_unique(struct world *w)
{
	uint32_t n = 0;

	qsort(w->prefix, w->prefixes, sizeof *w->prefix, prefix_order);
	for (uint32_t i = 0; i < w->prefixes; i++)
		if (i == 0 || !prefix_equal(&w->prefix[i].prefix, &w->prefix[n - 1].prefix))
			w->prefix[n++] = w->prefix[i];
	return n;
}

/* What is lacking is cut out of what there is, as networks do: more specifics of /24 and /23. */
static void cut_more(struct space *s, uint32_t wanted)
{
	struct world *w = s->w;

	for (uint32_t lack = wanted - w->prefixes, n = w->prefixes; lack && n; lack--) {
		const struct world_prefix *x = &w->prefix[rand_below(&s->r, n)];
		unsigned len = 23 + (rand_below(&s->r, 5) > 0);
		uint32_t address;
		if (x->prefix.len >= len)
			continue;
		address = (uint32_t)x->prefix.b[0] << 24 | (uint32_t)x->prefix.b[1] << 16 |
			  (uint32_t)x->prefix.b[2] << 8;
		address += rand_below(&s->r, 1U << (len - x->prefix.len)) << (32 - len);
		place(w, address, (uint8_t)len, x->group);
	}
}

void world_make_prefixes(struct world *w)
{
	struct space s = {.w = w, .r = {w->o->seed + 11}};
	uint32_t wanted = w->o->prefixes, n;

	wants_make(&s);
	w->prefix = mem_array(s.wants + wanted + 1, sizeof *w->prefix);
	qsort(s.want, s.wants, sizeof *s.want, want_order);
	places_find(&s);
	n = w->prefixes = sort_unique(w);
	for (int round = 0; round < 100 && n && w->prefixes < wanted; round++) {
		cut_more(&s, wanted);
		w->prefixes = sort_unique(w);
	}
	n = w->prefixes;
	w->prefixes = n < wanted ? n : wanted;
	for (uint64_t i = 0; i < w->prefixes; i++) /* thinned out evenly */
		w->prefix[i] = w->prefix[i * n / w->prefixes];
	free(s.want);
}
