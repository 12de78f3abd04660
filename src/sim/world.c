/* sim/world: see world.h. The routes of every group at every peer, and the dump. */
#include "sim/world.h"

#include "base/mem.h"
#include "sim/archive.h"
#include "sim/parallel.h"
#include "sim/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 64, ATTR_BLOCK = 64 << 20, CHUNK = 512 };

/* ---- one announcement ---- */

/*
 * A stub is not in the graph: its providers are the seeds, with the stub as the tail of their paths. What
 * they export is then what they do with a customer's route.
 */
bool world_announce(const struct world *w, uint32_t group, unsigned without, struct world_announce *x)
{
	const struct world_group *g = &w->group[group];
	const struct world_as *as = &w->as[g->origin];
	uint32_t n = 0;

	memset(&x->a, 0, sizeof x->a);
	x->a = (struct announcement){.seed = x->seed, .salt = rand_of(w->o->seed, group, 8), .tie = TIE_EVEN};
	if (as->node != NODE_NONE) {
		x->seed[0] = (struct seed){.node = as->node, .prepend = g->prepend};
		x->a.seeds = 1;
		return without == 0;
	}
	for (unsigned i = 1; i <= as->providers; i++) {
		unsigned times = 1U + g->prepend + (g->padded == i ? 2 : 0);
		if (i == without || (g->only && g->only != i && without == 0))
			continue;
		for (unsigned k = 0; k < times; k++)
			x->tail[n][k] = as->asn;
		x->seed[n] = (struct seed){
		    .node = w->provider[as->first + i - 1], .tail = x->tail[n], .tails = (uint32_t)times};
		n++;
	}
	x->a.seeds = n;
	return n > 0;
}

static size_t communities(const struct world *w, uint32_t group, uint32_t peer, const asn_t *path, size_t n,
    unsigned variant, uint32_t *to)
{
	const struct world_group *g = &w->group[group];
	asn_t mine = w->peer[peer].mrt.asn, origin = path[n - 1];
	size_t k = 0;

	if (w->peer[peer].style == 0 && variant == 0)
		return 0; /* half of the peers take all communities away */
	/* What the peer says of where it learnt the route: the same few values for everything from there. */
	for (unsigned i = 0; mine < 65536 && i < w->peer[peer].style; i++)
		to[k++] =
		    mine << 16 | (uint32_t)(1000 * (i + 1) + rand_of(mine, n > 1 ? path[1] : 0, i) % 40);
	/* What networks on the way said to their own, and did not take away: each network always or never. */
	for (size_t i = 1; i + 1 < n; i++)
		if (path[i] < 65536 && path[i] != path[i - 1] && rand_of(path[i], mine, 1) % 5 < 2)
			for (unsigned c = 0; c < 1 + rand_of(path[i], 0, 2) % 3 && k < 24; c++)
				to[k++] = path[i] << 16 |
					  (uint32_t)(rand_of(path[i], path[i + 1], c) % 30 + 100 * c);
	for (unsigned c = 0; origin < 65536 && c < g->community && k < 28; c++)
		to[k++] = origin << 16 | (uint32_t)(rand_of(group, c, 3) % 600);
	if (variant && mine < 65536)
		to[k++] = mine << 16 | (60000 + variant % 500);
	return k;
}

void world_attrs(const struct world *w, uint32_t group, uint32_t peer, const asn_t *path, size_t n,
    unsigned variant, struct mrt_attrs *a, uint32_t community[32])
{
	const struct world_group *g = &w->group[group];
	uint64_t of_peer = rand_of(w->o->seed, w->peer[peer].mrt.asn, 17);

	*a = (struct mrt_attrs){.path = path,
	    .paths = n,
	    .next_hop = w->peer[peer].mrt.addr,
	    .origin = g->origin_code,
	    .atomic = g->atomic && n > 2,
	    .aggregator = g->aggregator ? path[n - 1] : 0,
	    .has_med = of_peer % 4 == 0,
	    .community = community};
	if (a->has_med)
		a->med = (uint32_t)(rand_of(of_peer, n > 1 ? path[1] : 0, 5) % 3 * 10);
	a->communities = communities(w, group, peer, path, n, variant, community);
	if (variant && a->communities == 0) {
		a->has_med = true;
		a->med = variant % 200;
	}
}

/* ---- all of them ---- */
struct hand_of { /* a thread's working memory */
	struct spread *spread;
	struct route *routes;
	struct out out; /* attributes, handed over block by block */
};
struct spreading {
	struct world *w;
	struct hand_of hand[PARALLEL_MAX];
};

static void group_spread(void *arg, unsigned thread, size_t i)
{
	struct spreading *s = arg;
	struct world *w = s->w;
	struct hand_of *h = &s->hand[thread];
	struct world_announce x;
	asn_t path[PATH_CAP];

	if (!world_announce(w, (uint32_t)i, 0, &x))
		return;
	(void)route_spread(h->spread, &w->g, &x.a, h->routes);
	for (uint32_t p = 0; p < w->peers; p++) {
		size_t cell = i * w->peers + p, n, before = h->out.n;
		struct mrt_attrs a;
		uint32_t community[32];
		/* No feed is quite whole: filters, and what is kept local. */
		if (rand_of(w->o->seed, w->peer[p].mrt.asn, i + 77) % 1000 < 12)
			continue;
		n = route_path(&w->g, &x.a, h->routes, w->peer[p].node, path, PATH_CAP);
		if (n == 0)
			continue;
		world_attrs(w, (uint32_t)i, p, path, n, 0, &a, community);
		mrt_put_attrs(&h->out, &a);
		w->attr_block[cell] = (uint8_t)thread;
		w->attr_at[cell] = (uint32_t)before;
		w->attr_n[cell] = (uint16_t)(h->out.n - before);
	}
}

static void world_spread(struct world *w)
{
	struct spreading s = {.w = w};
	size_t cells = w->groups * w->peers;

	w->attr_at = mem_array(cells + 1, sizeof *w->attr_at);
	w->attr_n = mem_array(cells + 1, sizeof *w->attr_n);
	w->attr_block = mem_array(cells + 1, sizeof *w->attr_block);
	w->attr = mem_array(PARALLEL_MAX, sizeof *w->attr);
	for (unsigned i = 0; i < w->o->threads; i++) {
		s.hand[i].spread = spread_new(&w->g);
		s.hand[i].routes = mem_array((size_t)w->g.n + 1, sizeof *s.hand[i].routes);
		out_open_mem(&s.hand[i].out);
	}
	parallel(w->groups, w->o->threads, group_spread, &s);
	for (unsigned i = 0; i < w->o->threads; i++) {
		spread_free(s.hand[i].spread);
		free(s.hand[i].routes);
		w->attr[i] = s.hand[i].out.buf;
	}
}

/* Since when a peer has a route: a third since its session came up, the rest since some change. */
static utime_t since_of(const struct world *w, uint32_t peer, uint32_t prefix)
{
	uint64_t x = rand_of(w->o->seed, peer, prefix + 5);
	utime_t span = w->o->at - w->peer[peer].since;

	return x % 3 == 0 ? w->peer[peer].since + (utime_t)(x % 60) * UTIME_SECOND
			  : w->peer[peer].since + (utime_t)((double)span * ((double)(x >> 11) * 0x1p-53));
}

static bool world_rib(struct world *w, const char *file, struct world_count *count, char *why, size_t cap)
{
	struct packer *p = packer_open(file, w->o->pack, w->o->threads, why, cap);
	struct mrt_peer *peers = mem_array(w->peers, sizeof *peers);
	struct out o;

	if (!p) {
		free(peers);
		return false;
	}
	out_open_mem(&o);
	for (uint32_t i = 0; i < w->peers; i++)
		peers[i] = w->peer[i].mrt;
	mrt_put_peers(&o, w->o->at, 0xc0000201U, "world", peers, w->peers);
	for (uint32_t i = 0, sequence = 0; i < w->prefixes; i++) {
		const struct world_prefix *x = &w->prefix[i];
		size_t before = o.n, mark = mrt_rib_begin(&o, w->o->at, sequence, &x->prefix);
		unsigned entries = 0;
		for (uint32_t k = 0; k < w->peers; k++) {
			size_t cell = (size_t)x->group * w->peers + k;
			if (!w->attr_n[cell])
				continue;
			mrt_rib_entry(&o, k, since_of(w, k, i),
			    w->attr[w->attr_block[cell]] + w->attr_at[cell], w->attr_n[cell]);
			entries++;
		}
		if (entries) {
			mrt_rib_end(&o, mark, entries);
			sequence++;
		} else {
			o.n = before;
		}
		count->routes += entries;
		if (i % CHUNK == CHUNK - 1 || i + 1 == w->prefixes) {
			packer_write(p, o.buf, o.n);
			count->bytes += o.n;
			o.n = 0;
		}
	}
	out_close(&o);
	free(peers);
	return packer_close(p, why, cap);
}

static void world_free(struct world *w)
{
	for (unsigned i = 0; w->attr && i < PARALLEL_MAX; i++)
		free(w->attr[i]);
	graph_free(&w->g);
	free(w->as);
	free(w->provider);
	free(w->group);
	free(w->prefix);
	free(w->peer);
	free(w->attr_at);
	free(w->attr_n);
	free(w->attr);
	free(w->attr_block);
}

bool world_write(
    const struct world_options *o, const char *dir, struct world_count *count, char *why, size_t cap)
{
	struct world w = {.o = o};
	char name[512], *file;
	bool ok;

	*count = (struct world_count){0};
	archive_name(name, sizeof name, ARCHIVE_ROUTEVIEWS, "world", true, o->at, o->pack);
	file = mem_printf("%s/%s", dir, name);
	*strrchr(file, '/') = '\0';
	ok = pack_folder(file, why, cap) && world_make_graph(&w, why, cap);
	file[strlen(file)] = '/';
	if (ok && w.peers == 0) {
		snprintf(why, cap, "nobody in that topology carries others: no peer to look from");
		ok = false;
	}
	if (ok) {
		world_make_prefixes(&w);
		world_spread(&w);
		ok = world_rib(&w, file, count, why, cap) &&
		     (!o->countries || world_registry(&w, dir, why, cap));
	}
	if (ok && o->minutes)
		ok = world_updates(&w, dir, count, why, cap);
	free(file);
	world_free(&w);
	return ok;
}
