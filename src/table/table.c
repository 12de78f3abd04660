/* table/table: the table as a whole: its birth and end, its sources, silence and doubt, and what it costs. */
#include "table/inner.h"

#include <string.h>

static int asn_order(const void *a, const void *b)
{
	asn_t x = *(const asn_t *)a, y = *(const asn_t *)b;

	return (x > y) - (x < y);
}

struct table *table_new(const struct table_options *options)
{
	struct table *t = mem_alloc(sizeof *t);

	if (options)
		t->options = *options;
	if (t->options.drop_asns) {
		t->drop = mem_array(t->options.drop_asns, sizeof *t->drop);
		memcpy(t->drop, t->options.drop_asn, t->options.drop_asns * sizeof *t->drop);
		qsort(t->drop, t->options.drop_asns, sizeof *t->drop, asn_order);
		t->options.drop_asn = t->drop;
	}
	t->paths.cleaned = t->health.cleaned;
	paths_init(&t->paths, &t->options);
	prefixes_init(&t->prefixes);
	t->peer = pages_reserve(PEERS_MAX * sizeof *t->peer);
	t->column = pages_reserve(PEERS_MAX * sizeof *t->column);
	t->missing = pages_reserve(PEERS_MAX * sizeof *t->missing);
	t->collector = pages_reserve(COLLECTORS_MAX * sizeof *t->collector);
	t->ticked = UTIME_NONE;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->peers; i++)
		column_free(t->column[i], (peer_id)i);
	for (size_t i = 0; i < t->collectors; i++) {
		free(t->collector[i].name);
		free(t->collector[i].touch);
	}
	paths_free(&t->paths);
	prefixes_free(&t->prefixes);
	more_free(&t->more);
	pages_free(t->peer, PEERS_MAX * sizeof *t->peer);
	pages_free(t->column, PEERS_MAX * sizeof *t->column);
	pages_free(t->missing, PEERS_MAX * sizeof *t->missing);
	pages_free(t->collector, COLLECTORS_MAX * sizeof *t->collector);
	free(t->peer_map.slot);
	free(t->drop);
	free(t);
}

void change_add_slow(struct changes *out)
{
	if (out->full && out->cap)
		out->full(out->arg, out);
	if (out->n == out->cap)
		out->v = vec_room(out->v, out->n, &out->cap, sizeof *out->v);
}

struct source *source_new(struct table *t, const char *collector)
{
	struct source *s = mem_alloc(sizeof *s);

	s->table = t;
	s->collector = table_collector(t, collector);
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	if (s->dump)
		dump_free(s->table, s);
	free(s->peers);
	pages_free(s->known, sizeof *s->known);
	free(s);
}

collector_id source_collector(const struct source *s)
{
	return s->collector;
}

void source_end(struct table *t, struct source *s, struct changes *out)
{
	if (s->dump)
		dump_end(t, s, s->dump->last, out);
}

void source_cut(struct source *s)
{
	if (s->dump)
		s->dump->partial = true;
}

void source_doubt(
    struct table *t, struct source *s, utime_t at, const struct peer_key *peer, struct changes *out)
{
	if (s->dump) {
		s->dump->partial = true;
		return;
	}
	for (size_t id = 0; id < t->peers; id++)
		if (t->peer[id].collector == s->collector && t->peer[id].state == PEER_UP &&
		    (!peer || peer_look(t, s->collector, peer) == id))
			peer_enter(t, (peer_id)id, PEER_DOUBTFUL, at, out);
}

void table_tick(struct table *t, utime_t now, struct changes *out)
{
	if (t->ticked != UTIME_NONE && now < t->ticked + BACKLOG)
		return;
	t->ticked = now;
	for (size_t id = 0; id < t->peers; id++) {
		if (!t->missing[id] || now - t->peer[id].last <= SILENCE)
			continue;
		t->missing[id] = false;
		peer_reset(t, (peer_id)id, now, out);
		peer_enter(t, (peer_id)id, PEER_UNKNOWN, now, out);
	}
}

const struct health *table_health(const struct table *t)
{
	return &t->health;
}

struct health *table_health_edit(struct table *t)
{
	return &t->health;
}

void table_measure_size(const struct table *t, struct table_size *size)
{
	const struct prefixes *p = &t->prefixes;

	*size =
	    (struct table_size){.paths = t->paths.n - PATH_UNREAD - 1, .prefixes = p->n, .peers = t->peers};
	for (size_t i = 0; i < t->peers; i++)
		size->routes += t->peer[i].routes[0] + t->peer[i].routes[1];
	for (size_t i = 0; i < t->peers; i++)
		size->column_bytes += column_bytes(t->column[i], p->n);
	size->path_bytes =
	    t->paths.n * sizeof *t->paths.node + (t->paths.map.mask + 1) * sizeof *t->paths.map.slot;
	size->prefix_bytes = p->n * (sizeof *p->key + sizeof *p->own + sizeof *p->up + sizeof *p->peers +
					sizeof *p->wanted + sizeof *p->trie.child + sizeof *p->trie.at) +
			     (p->map.mask + 1) * sizeof *p->map.slot;
	size->cache_bytes = t->paths.cache.lines * sizeof *t->paths.cache.line;
	size->other_bytes = more_bytes(&t->more) + t->peers * sizeof *t->peer;
	for (size_t i = 0; i < t->collectors; i++)
		size->other_bytes += t->collector[i].touch_cap * sizeof(struct touch);
	size->total_bytes = size->column_bytes + size->path_bytes + size->prefix_bytes + size->cache_bytes +
			    size->other_bytes;
	size->bytes_per_route = size->routes ? (double)size->total_bytes / (double)size->routes : 0;
}
