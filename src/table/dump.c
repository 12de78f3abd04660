/*
 * table/dump: a table dump under way beside the running table. In: PEER_INDEX_TABLE and RIB records. Out:
 * changes of kind CHANGE_LOAD. What the dump says of a route is put in place at once, except where an update
 * since 60 s before the dump began knows better (the collector's backlog); what the running table has and a
 * whole dump lacks is taken away when the dump ends. Two bits a prefix per peer say so: seen and kept.
 * The records themselves are read in entries.c. Source of the rules: BGPCorsaro routingtables (Orsini et al.,
 * IMC 2016), methods.md 4.1.
 */
#include "table/inner.h"

enum { BITS_BYTES = PREFIX_MAX_IDS / 8 };
/* Records of one dump are never this far apart; a later one begins another dump. */
#define DUMP_APART (1800 * UTIME_SECOND)

void dump_bit_put(uint64_t **bits, prefix_id id)
{
	if (!*bits)
		*bits = pages_reserve(BITS_BYTES);
	(*bits)[id / 64] |= UINT64_C(1) << (id % 64);
}

uint16_t dump_peer_index(struct source *s, peer_id id)
{
	struct dump *d = s->dump;
	const struct peer *p = &s->table->peer[id];

	if (d->of_peer[id] == DUMP_NOT_MET) {
		d->peer = vec_room(d->peer, d->n, &d->cap, sizeof *d->peer);
		d->of_peer[id] = (uint16_t)d->n;
		d->peer[d->n++] = (struct dump_peer){
		    .id = id, .known = p->routes[0] + p->routes[1] > 0, .last_add = PREFIX_NONE};
	}
	return d->of_peer[id];
}

static struct dump_peer *dump_peer_of(struct source *s, peer_id id)
{
	uint16_t i = dump_peer_index(s, id);

	return &s->dump->peer[i];
}

void dump_keep(struct source *s, peer_id peer, prefix_id prefix)
{
	dump_bit_put(&dump_peer_of(s, peer)->kept, prefix);
}

void dump_stale(struct source *s, peer_id peer)
{
	dump_peer_of(s, peer)->stale = true;
}

static uint16_t *index_map(void)
{
	uint16_t *map = mem_array(MRT_PEERS_MAX, sizeof *map);

	for (size_t i = 0; i < MRT_PEERS_MAX; i++)
		map[i] = DUMP_NOT_MET;
	return map;
}

static void tell(const struct source *s, utime_t now, enum change_kind kind, struct changes *out)
{
	change_add(out,
	    (struct change){.time = now, .prefix = PREFIX_NONE, .peer = s->collector, .kind = (uint8_t)kind});
}

static void dump_begin(struct table *t, struct source *s, utime_t now, struct changes *out)
{
	struct collector *c = &t->collector[s->collector];

	s->dump = mem_alloc(sizeof *s->dump);
	*s->dump = (struct dump){.begin = now, .last = now, .of_index = index_map(), .of_peer = index_map()};
	s->next = c->dumping;
	c->dumping = s;
	for (size_t i = c->touches; i-- > 0;) {
		const struct touch *x = &c->touch[(c->touch_head + i) & (c->touch_cap - 1)];
		if (x->time <= now - BACKLOG)
			break;
		dump_keep(s, x->peer, x->prefix);
	}
	tell(s, now, CHANGE_DUMP_BEGIN, out);
}

void dump_free(struct table *t, struct source *s)
{
	struct source **link = &t->collector[s->collector].dumping;
	struct dump *d = s->dump;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	for (size_t i = 0; i < d->n; i++) {
		pages_free(d->peer[i].seen, BITS_BYTES);
		pages_free(d->peer[i].kept, BITS_BYTES);
	}
	free(d->peer);
	free(d->of_index);
	free(d->of_peer);
	free(d);
	s->dump = NULL;
}

/* Routes that the running table has and the dump, of the same families, has not. */
static void take_away(struct table *t, const struct dump_peer *p, utime_t now, struct changes *out)
{
	const path_id *column = t->column[p->id];

	for (prefix_id id = 0; id < t->prefixes.n; id++) {
		path_id old = column[id];
		if (old == PATH_NONE || dump_bit_of(p->seen, id) || dump_bit_of(p->kept, id) ||
		    !p->family[family_index(t->prefixes.key[id].family)])
			continue;
		route_drop_more(t, p->id, id);
		(void)route_set(t, p->id, id, PATH_NONE);
		t->health.mismatch_less++;
		if (old != PATH_UNREAD)
			change_add(out,
			    (struct change){
				.time = now, .old = old, .prefix = id, .peer = p->id, .kind = CHANGE_LOAD});
	}
}

static void settle_peer(
    struct table *t, const struct dump *d, const struct dump_peer *p, utime_t now, struct changes *out)
{
	struct peer *peer = &t->peer[p->id];

	if (p->stale || !(p->family[0] || p->family[1]))
		return;
	if (p->known && !d->partial)
		take_away(t, p, now, out);
	if (peer->last < d->begin)
		peer->last = d->begin;
	t->missing[p->id] = false;
	if (!(d->partial && peer->state == PEER_DOUBTFUL))
		peer_enter(t, p->id, PEER_UP, now, out);
}

/* A peer with routes only of families that the dump holds, and not in it, is missing. */
static void settle_missing(struct table *t, const struct source *s)
{
	const struct dump *d = s->dump;
	bool family[2] = {false, false};

	for (size_t i = 0; i < d->n; i++)
		for (int f = 0; f < 2; f++)
			family[f] |= d->peer[i].family[f];
	for (size_t id = 0; id < t->peers; id++) {
		const struct peer *p = &t->peer[id];
		const struct dump_peer *in = d->of_peer[id] == DUMP_NOT_MET ? NULL : &d->peer[d->of_peer[id]];
		if (p->collector != s->collector || (in && (in->family[0] || in->family[1])))
			continue;
		if ((!p->routes[0] || family[0]) && (!p->routes[1] || family[1]))
			t->missing[id] = true;
	}
}

void dump_end(struct table *t, struct source *s, utime_t now, struct changes *out)
{
	if (!s->dump)
		return;
	for (size_t i = 0; i < s->dump->n; i++)
		settle_peer(t, s->dump, &s->dump->peer[i], now, out);
	if (!s->dump->partial)
		settle_missing(t, s);
	t->health.dumps++;
	tell(s, now, CHANGE_DUMP_END, out);
	dump_free(t, s);
}

void dump_open(struct table *t, struct source *s, utime_t now, struct changes *out)
{
	if (s->dump && now > s->dump->last + DUMP_APART)
		dump_end(t, s, s->dump->last, out);
	if (!s->dump)
		dump_begin(t, s, now, out);
	if (s->dump->last < now)
		s->dump->last = now;
}

void dump_peers(struct table *t, struct source *s, const struct update *u, struct fault_count *faults,
    struct changes *out)
{
	dump_open(t, s, u->time, out);
	if (!s->peers)
		s->peers = mem_alloc(sizeof *s->peers);
	if (!mrt_peers_load(s->peers, u, faults))
		s->dump->partial = true;
	for (size_t i = 0; i < MRT_PEERS_MAX; i++)
		s->dump->of_index[i] = DUMP_NOT_MET;
}
