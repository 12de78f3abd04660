/*
 * sim/worldland: the countries of a made Internet, and its years. In: its networks. Out: a country for each
 * (the region it prefers to buy in), written as the registries do, and providers that change from month to
 * month. The k-th largest country has networks in proportion to 1 / (k + 4), and every country at least two.
 */
#include "base/mem.h"
#include "base/out.h"
#include "sim/rand.h"
#include "sim/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOVE_PER_MILLE = 40, LOOKS = 60 };

static uint32_t land_draw(struct rand *r, uint32_t n)
{
	double x = exp(rand_unit(r) * log((n + 4.0) / 4.0)) * 4.0 - 4.0;

	return x < n ? (uint32_t)x : n - 1;
}

uint8_t world_land(const struct world *w, uint32_t as, uint32_t stubs_from)
{
	uint32_t n = w->o->countries < 255 ? (uint32_t)w->o->countries : 255;
	struct rand r = {rand_of(w->o->seed, as, 41)};

	if (as >= stubs_from && as - stubs_from < 2 * n)
		return (uint8_t)((as - stubs_from) % n);
	return (uint8_t)land_draw(&r, n);
}

/* A provider that another stub of the same region has. */
static uint32_t neighbour(const struct world *w, uint32_t as, struct rand *r)
{
	for (int look = 0; look < LOOKS; look++) {
		const struct world_as *other = &w->as[rand_below(r, w->ases)];
		if (other->node == NODE_NONE && other->providers &&
		    (other->region == w->as[as].region || look > LOOKS / 2))
			return w->provider[other->first + rand_below(r, other->providers)];
	}
	return NODE_NONE;
}

static void move(struct world *w, uint32_t as, struct rand *r)
{
	uint32_t *has = &w->provider[w->as[as].first], to = neighbour(w, as, r);

	for (uint32_t k = 0; k < w->as[as].providers; k++)
		if (has[k] == to)
			return;
	if (to != NODE_NONE)
		has[rand_below(r, w->as[as].providers)] = to;
}

void world_move(struct world *w)
{
	for (unsigned month = 1; month <= w->o->months; month++)
		for (uint32_t i = 0; i < w->ases; i++) {
			struct rand r = {rand_of(w->o->seed, i, 1000 + month)};
			if (w->as[i].node == NODE_NONE && w->as[i].providers &&
			    rand_below(&r, 1000) < MOVE_PER_MILLE)
				move(w, i, &r);
		}
}

/* Blocks that lie in no other are the holders'; what lies inside one is of the same network. */
static size_t blocks(const struct world *w, struct out *o, const char *day)
{
	uint64_t end = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < w->prefixes; i++) {
		const struct prefix *p = &w->prefix[i].prefix;
		const struct world_as *as = &w->as[w->group[w->prefix[i].group].origin];
		uint32_t first =
		    (uint32_t)p->b[0] << 24 | (uint32_t)p->b[1] << 16 | (uint32_t)p->b[2] << 8 | p->b[3];
		uint64_t size = UINT64_C(1) << (32 - p->len);
		if (first < end)
			continue;
		end = first + size;
		out_printf(o, "world|%.2s|ipv4|%u.%u.%u.%u|%llu|%s|allocated\n", w->o->country[as->region],
		    p->b[0], p->b[1], p->b[2], p->b[3], (unsigned long long)size, day);
		n++;
	}
	return n;
}

bool world_registry(const struct world *w, const char *dir, char *why, size_t cap)
{
	char *file = mem_printf("%s/registry.txt", dir), *none = mem_printf("%s/territories.ini", dir);
	/* the one country that the shipped territories know better than a registry */
	static const char none_else[] = "; every country is what registry.txt says\n[KP]\nregistered = yes\n";
	struct out rows, o;
	char day[UTIME_TEXT];
	size_t n;
	bool ok;

	utime_text(day, w->o->at);
	day[4] = day[7] = '\0'; /* YYYY, MM, DD... */
	memmove(day + 4, day + 5, 2);
	memmove(day + 6, day + 8, 2);
	day[8] = '\0';
	out_open_mem(&rows);
	n = blocks(w, &rows, day);
	out_open_mem(&o);
	out_printf(&o, "2|world|%s|%zu|%s|%s|+0000\n", day, n + w->ases, day, day);
	out_printf(&o, "world|*|asn|*|%u|summary\nworld|*|ipv4|*|%zu|summary\n", w->ases, n);
	for (uint32_t i = 0; i < w->ases; i++)
		out_printf(&o, "world|%.2s|asn|%u|1|%s|allocated\n", w->o->country[w->as[i].region],
		    w->as[i].asn, day);
	out_bytes(&o, rows.buf, rows.n);
	ok = pack_file(file, PACK_PLAIN, o.buf, o.n, why, cap) &&
	     pack_file(none, PACK_PLAIN, none_else, sizeof none_else - 1, why, cap);
	out_close(&rows);
	out_close(&o);
	free(file);
	free(none);
	return ok;
}
