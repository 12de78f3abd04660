/*
 * sim/worldnet: the networks of a made Internet. In: sizes and a seed. Out: the graph of those that carry
 * others, and the stubs with their providers. Tier 1 is a clique of 16; below it about 1 in 250 are large, 1
 * in 11 regional, the rest stubs. Who buys from whom: the level above, big ones more often (Zipf), the same
 * region more often. Who peers: members of the same exchanges. Or an as-rel file gives all of it.
 */
#include "base/mem.h"
#include "sim/rand.h"
#include "sim/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIER1 = 16, REGIONS = 6, LARGE_PART = 250, REGIONAL_PART = 11, EXCHANGES = 48, PEERS_MAX = 120 };

struct net {
	struct world *w;
	struct rand r;
	struct edges edges;
	uint32_t large, regional; /* how many; indexes follow tier 1 */
	uint8_t *region;          /* by index */
};

/* ASNs as the registries gave them: half below 65000, the rest above 131072. */
static asn_t asn_of(uint32_t i, uint32_t n)
{
	uint32_t low = n < 60000 ? n / 2 : 45000;

	return i < low ? 1 + (uint32_t)((uint64_t)i * 64000 / low) : 131100 + (i - low) * 5;
}

/* The k-th most wanted is drawn with weight 1 / (k + 4): a few have most of the customers. */
static uint32_t zipf(struct rand *r, uint32_t n)
{
	double x = exp(rand_unit(r) * log((n + 4.0) / 4.0)) * 4.0 - 4.0;
	uint32_t k = (uint32_t)x;

	return k < n ? k : n - 1;
}

/* A provider for i from the n networks that start at `first`; of a few draws one of i's own region. */
static uint32_t draw(struct net *t, uint32_t i, uint32_t first, uint32_t n)
{
	uint32_t k = 0;

	for (int tries = 0; tries < (t->w->o->countries ? 24 : 4); tries++) {
		k = first + zipf(&t->r, n);
		if (t->region[k] == t->region[i])
			break;
	}
	return k;
}

static asn_t asn_at(const struct net *t, uint32_t i)
{
	return t->w->as[i].asn;
}

static unsigned providers_wanted(struct rand *r)
{
	double u = rand_unit(r);

	return u < 0.42 ? 1 : u < 0.78 ? 2 : u < 0.92 ? 3 : u < 0.98 ? 4 : 6;
}

static void buy(struct net *t, uint32_t i, uint32_t first, uint32_t n, unsigned wanted)
{
	while (wanted-- > 0) {
		uint32_t k = draw(t, i, first, n);
		if (k != i)
			edges_add(&t->edges, asn_at(t, k), asn_at(t, i), false, false);
	}
}

static void carriers_make(struct net *t)
{
	uint32_t i = 0;

	for (uint32_t a = 0; a < TIER1; a++)
		for (uint32_t b = 0; b < a; b++)
			edges_add(&t->edges, asn_at(t, a), asn_at(t, b), true, false);
	for (i = TIER1; i < TIER1 + t->large; i++)
		buy(t, i, 0, TIER1, 2 + rand_below(&t->r, 3));
	for (; i < TIER1 + t->large + t->regional; i++) {
		unsigned wanted = providers_wanted(&t->r);
		while (wanted-- > 0) {
			double u = rand_unit(&t->r);
			if (u < 0.28)
				buy(t, i, 0, TIER1, 1);
			else if (u < 0.80 || i < TIER1 + t->large + 50)
				buy(t, i, TIER1, t->large, 1);
			else /* from a bigger regional one: no circle, for the index only falls */
				buy(t, i, TIER1 + t->large, (i - TIER1 - t->large) / 2, 1);
		}
	}
}

/* Exchanges: each carrier is at one to four, and meets there those that came within reach of it. */
static void exchanges_make(struct net *t)
{
	uint32_t n = TIER1 + t->large + t->regional;
	uint32_t **at = mem_array(EXCHANGES, sizeof *at);
	size_t *count = mem_array(EXCHANGES, sizeof *count), *cap = mem_array(EXCHANGES, sizeof *cap);

	for (uint32_t i = TIER1; i < n; i++) {
		unsigned joins = i < TIER1 + t->large ? 4 : 1 + rand_below(&t->r, 2);
		unsigned met = 0;
		while (joins-- > 0) {
			uint32_t x = zipf(&t->r, EXCHANGES);
			for (size_t k = 0; k < count[x] && met < PEERS_MAX; k++) {
				double chance = i < TIER1 + t->large          ? 0.35
						: at[x][k] < TIER1 + t->large ? 0.10
									      : 0.02;
				if (at[x][k] != i && rand_unit(&t->r) < chance) {
					edges_add(&t->edges, asn_at(t, at[x][k]), asn_at(t, i), true, false);
					met++;
				}
			}
			at[x] = vec_room(at[x], count[x], &cap[x], sizeof **at);
			at[x][count[x]++] = i;
		}
	}
	for (size_t x = 0; x < EXCHANGES; x++)
		free(at[x]);
	free(at);
	free(count);
	free(cap);
}

static void provider_add(struct world *w, struct world_as *as, uint32_t node)
{
	for (uint32_t i = 0; i < as->providers; i++)
		if (w->provider[as->first + i] == node)
			return;
	if (as->providers == WORLD_SEEDS_MAX - 1 || node == NODE_NONE)
		return;
	w->provider = vec_room(w->provider, w->providers, &w->providers_cap, sizeof *w->provider);
	w->provider[w->providers++] = node;
	as->providers++;
}

static void stubs_make(struct net *t)
{
	struct world *w = t->w;
	uint32_t carriers = TIER1 + t->large + t->regional;

	for (uint32_t i = carriers; i < w->ases; i++) {
		unsigned wanted = providers_wanted(&t->r);
		w->as[i].first = (uint32_t)w->providers;
		while (wanted-- > 0) {
			double u = rand_unit(&t->r);
			uint32_t k = u < 0.18   ? draw(t, i, 0, TIER1)
				     : u < 0.62 ? draw(t, i, TIER1, t->large)
						: draw(t, i, TIER1 + t->large, t->regional);
			provider_add(w, &w->as[i], graph_node(&w->g, asn_at(t, k)));
		}
	}
}

static void graph_made(struct world *w)
{
	struct net t = {.w = w, .r = {w->o->seed}};

	w->ases = w->o->ases;
	w->as = mem_array(w->ases, sizeof *w->as);
	t.region = mem_array(w->ases, sizeof *t.region);
	t.large = w->ases / LARGE_PART > 24 ? w->ases / LARGE_PART : 24;
	t.regional = w->ases / REGIONAL_PART;
	for (uint32_t i = 0; i < w->ases; i++) {
		/* Old and big do not go together strictly: the order of size is a shuffle of the order of
		 * age. */
		w->as[i].asn = asn_of((uint32_t)((uint64_t)i * 7919 % w->ases), w->ases);
		w->as[i].node = NODE_NONE;
		w->as[i].region = t.region[i] = (uint8_t)rand_below(&t.r, REGIONS);
		if (w->o->countries)
			w->as[i].region = t.region[i] = world_land(w, i, TIER1 + t.large + t.regional);
	}
	carriers_make(&t);
	exchanges_make(&t);
	graph_build(&w->g, &t.edges, NULL, 0);
	for (uint32_t i = 0; i < TIER1 + t.large + t.regional; i++)
		w->as[i].node = graph_node(&w->g, w->as[i].asn);
	stubs_make(&t);
	edges_free(&t.edges);
	free(t.region);
}

/* From a file: stubs are those without customers; they hang beside the graph of the others. */
static bool graph_read(struct world *w, char *why, size_t cap)
{
	struct edges all = {0}, inner = {0};
	struct graph whole;

	if (!edges_read(&all, w->o->topology, why, cap)) {
		edges_free(&all);
		return false;
	}
	graph_build(&whole, &all, NULL, 0);
	w->ases = whole.n;
	w->as = mem_array((size_t)w->ases + 1, sizeof *w->as);
	for (size_t i = 0; i < all.n; i++) {
		uint32_t a = graph_node(&whole, all.v[i].a), b = graph_node(&whole, all.v[i].b);
		bool a_carries =
		    whole.first[a] < whole.first[a + 1] && whole.link[whole.first[a]].rel == REL_CUSTOMER;
		bool b_carries =
		    whole.first[b] < whole.first[b + 1] && whole.link[whole.first[b]].rel == REL_CUSTOMER;
		if (a_carries && b_carries)
			edges_add(&inner, all.v[i].a, all.v[i].b, all.v[i].peers, false);
	}
	graph_build(&w->g, &inner, NULL, 0);
	for (uint32_t i = 0; i < w->ases; i++) {
		w->as[i] = (struct world_as){.asn = whole.asn[i],
		    .node = graph_node(&w->g, whole.asn[i]),
		    .first = (uint32_t)w->providers,
		    .region = w->o->countries ? world_land(w, i, w->ases)
					      : (uint8_t)(rand_of(w->o->seed, whole.asn[i], 2) % REGIONS)};
		for (uint32_t k = whole.first[i]; k < whole.first[i + 1] && w->as[i].node == NODE_NONE; k++)
			if (whole.link[k].rel == REL_PROVIDER)
				provider_add(w, &w->as[i], graph_node(&w->g, whole.asn[whole.link[k].to]));
	}
	graph_free(&whole);
	edges_free(&all);
	edges_free(&inner);
	return true;
}

/* Peers: the best linked networks, every other one of them, as at the observatories. */
static void peers_choose(struct world *w)
{
	struct rand r = {w->o->seed + 3};
	bool *taken = mem_array((size_t)w->g.n + 1, sizeof *taken);

	w->peer = mem_array(w->o->peers, sizeof *w->peer);
	while (w->peers < w->o->peers && w->peers < w->g.n) {
		uint32_t node = 0, links = 0, i = w->peers;
		uint8_t ip[4] = {198, 18, (uint8_t)(i >> 8), (uint8_t)(i + 1)};
		for (int tries = 0; tries < 6 || taken[node]; tries++) { /* the best linked of six draws */
			uint32_t x = rand_below(&r, w->g.n), k = w->g.first[x + 1] - w->g.first[x];
			if (!taken[x] && (k >= links || taken[node])) {
				node = x;
				links = k;
			}
		}
		taken[node] = true;
		w->peer[i] = (struct world_peer){.node = node,
		    .mrt = {addr_v4(ip), 0xc6120000U + i + 1, w->g.asn[node]},
		    .since = w->o->at - (utime_t)rand_below(&r, 40 * 86400) * UTIME_SECOND,
		    .style = (uint8_t)(i % 2 ? 0 : 2 + rand_below(&r, 7))};
		w->peers++;
	}
	free(taken);
}

bool world_make_graph(struct world *w, char *why, size_t cap)
{
	if (!w->o->topology)
		graph_made(w);
	else if (!graph_read(w, why, cap))
		return false;
	world_move(w);
	peers_choose(w);
	return true;
}
