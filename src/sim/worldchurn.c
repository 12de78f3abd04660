/*
 * sim/worldchurn: what happens in a made Internet. In: the world, minutes and a rate. Out: update files of 15
 * minutes. An incident is a group that loses a provider and gets it back, goes away and comes back by way of
 * longer paths, changes its prepending, or is told again with other communities. A few groups have most of
 * the incidents; each peer tells its part after a delay of its own.
 */
#include "base/mem.h"
#include "sim/archive.h"
#include "sim/rand.h"
#include "sim/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 64, PREFIXES_PER_INCIDENT = 12, FILE_MINUTES = 15 };

struct message {
	utime_t at;
	size_t from;
	uint32_t n, order;
};
struct churn {
	struct world *w;
	struct rand r;
	struct out out;
	struct message *message;
	size_t messages, cap;
	uint32_t *first; /* group -> its prefixes in by_group */
	uint32_t *by_group;
	struct spread *spread;
	struct route *routes;
	struct mrt_local local;
	struct world_count *count;
	utime_t end;
};

static void tell(
    struct churn *c, utime_t at, uint32_t peer, const struct mrt_attrs *a, const struct prefix *p, size_t n)
{
	size_t from = c->out.n;

	if (at < c->w->o->at || at >= c->end)
		return;
	(void)mrt_put_update(&c->out, at, true, &c->w->peer[peer].mrt, &c->local, a, p, n);
	c->message = vec_room(c->message, c->messages, &c->cap, sizeof *c->message);
	c->message[c->messages] =
	    (struct message){at, from, (uint32_t)(c->out.n - from), (uint32_t)c->messages};
	c->messages++;
	*(a ? &c->count->announced : &c->count->withdrawn) += n;
}

/* The routes of a group as they are now with that provider left out (0: none) reach the peers. */
static void state_tell(struct churn *c, utime_t at, uint32_t group, unsigned without, unsigned variant,
    const struct prefix *p, size_t n, double part)
{
	struct world *w = c->w;
	struct world_announce x;
	bool there = world_announce(w, group, without, &x);

	if (there)
		(void)route_spread(c->spread, &w->g, &x.a, c->routes);
	for (uint32_t peer = 0; peer < w->peers; peer++) {
		asn_t path[PATH_CAP];
		uint32_t community[32];
		struct mrt_attrs a;
		size_t length =
		    there ? route_path(&w->g, &x.a, c->routes, w->peer[peer].node, path, PATH_CAP) : 0;
		utime_t t = at + (utime_t)(rand_unit(&c->r) * rand_unit(&c->r) * 45e6);
		if (rand_unit(&c->r) > part)
			continue;
		if (length)
			world_attrs(w, group, peer, path, length, variant, &a, community);
		tell(c, t, peer, length ? &a : NULL, p, n);
	}
}

static void incident(struct churn *c, utime_t at)
{
	struct world *w = c->w;
	/* The k-th most restless group comes up with weight 1 / (k + 30). */
	double x = exp(rand_unit(&c->r) * log(((double)w->groups + 30) / 30)) * 30 - 30;
	uint32_t group = (uint32_t)(rand_of(w->o->seed, (uint64_t)x, 55) % w->groups), from = c->first[group];
	uint32_t all = c->first[group + 1] - from,
		 n = all < PREFIXES_PER_INCIDENT ? all : 1 + rand_below(&c->r, 4);
	const struct world_as *as = &w->as[w->group[group].origin];
	struct prefix p[PREFIXES_PER_INCIDENT];
	utime_t back = at + (utime_t)((20 + rand_unit(&c->r) * 400) * 1e6);
	double u = rand_unit(&c->r);

	if (n == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		p[i] = w->prefix[c->by_group[from + (all <= n ? i : rand_below(&c->r, all))]].prefix;
	if (u < 0.45) { /* seen at some peers only: a change far from the origin */
		state_tell(c, at, group, 0, 1 + rand_below(&c->r, 500), p, n, 0.10);
	} else if (u < 0.80 && as->providers > 1) {
		unsigned without = 1 + rand_below(&c->r, as->providers);
		state_tell(c, at, group, without, 0, p, n, 0.6);
		state_tell(c, back, group, 0, 0, p, n, 0.6);
	} else if (u < 0.90) { /* away: hunted through what is left, then gone, then back */
		if (as->providers > 1)
			state_tell(c, at, group, 1, 0, p, n, 0.4);
		for (uint32_t peer = 0; peer < w->peers; peer++)
			tell(c, at + (utime_t)((10 + rand_unit(&c->r) * 60) * 1e6), peer, NULL, p, n);
		state_tell(c, back + 60 * UTIME_SECOND, group, 0, 0, p, n, 1);
	} else {
		state_tell(c, at, group, 0, 1 + rand_below(&c->r, 500), p, n, 0.5);
	}
}

static int message_order(const void *x, const void *y)
{
	const struct message *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool files_write(struct churn *c, const char *dir, char *why, size_t cap)
{
	const struct world_options *o = c->w->o;
	utime_t step = FILE_MINUTES * 60 * UTIME_SECOND;
	size_t i = 0;
	bool ok = true;

	for (utime_t from = o->at; ok && from < c->end; from += step) {
		char name[512], *file;
		struct packer *p;
		archive_name(name, sizeof name, ARCHIVE_ROUTEVIEWS, "world", false, from, o->pack);
		file = mem_printf("%s/%s", dir, name);
		*strrchr(file, '/') = '\0';
		ok = pack_folder(file, why, cap);
		file[strlen(file)] = '/';
		p = ok ? packer_open(file, o->pack, o->threads, why, cap) : NULL;
		for (; p && i < c->messages && c->message[i].at < from + step; i++) {
			packer_write(p, c->out.buf + c->message[i].from, c->message[i].n);
			c->count->updates++;
		}
		ok = p && packer_close(p, why, cap);
		free(file);
	}
	return ok;
}

static void prefixes_by_group(struct churn *c)
{
	struct world *w = c->w;
	uint32_t *next;

	c->first = mem_array(w->groups + 2, sizeof *c->first);
	c->by_group = mem_array((size_t)w->prefixes + 1, sizeof *c->by_group);
	for (uint32_t i = 0; i < w->prefixes; i++)
		c->first[w->prefix[i].group + 1]++;
	for (size_t i = 0; i < w->groups; i++)
		c->first[i + 1] += c->first[i];
	next = mem_array(w->groups + 1, sizeof *next);
	memcpy(next, c->first, w->groups * sizeof *next);
	for (uint32_t i = 0; i < w->prefixes; i++)
		c->by_group[next[w->prefix[i].group]++] = i;
	free(next);
}

bool world_updates(struct world *w, const char *dir, struct world_count *count, char *why, size_t cap)
{
	struct churn c = {.w = w, .r = {w->o->seed + 23}, .count = count};
	uint8_t v4[4] = {192, 0, 2, 1};
	double span = w->o->minutes * 60e6, wanted = w->o->rate * w->o->minutes * 60;
	bool ok;

	c.local = (struct mrt_local){.v4 = addr_v4(v4), .asn = 6447, .bgp_id = 0xc0000201U};
	c.end = w->o->at + (utime_t)span;
	c.spread = spread_new(&w->g);
	c.routes = mem_array((size_t)w->g.n + 1, sizeof *c.routes);
	out_open_mem(&c.out);
	prefixes_by_group(&c);
	while ((double)c.messages < wanted) /* from before the dump on, so that its start has its share too */
		incident(&c, w->o->at + (utime_t)(rand_unit(&c.r) * (span + 600e6) - 600e6));
	if (c.messages)
		qsort(c.message, c.messages, sizeof *c.message, message_order);
	ok = files_write(&c, dir, why, cap);
	out_close(&c.out);
	spread_free(c.spread);
	free(c.routes);
	free(c.first);
	free(c.by_group);
	free(c.message);
	return ok;
}
