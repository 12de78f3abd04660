/*
 * table/peer: the peers and their state. In: collector, address and AS. Out: dense ids. A peer is one
 * session: collector, address and AS together. A reset forgets its routes and says so as CHANGE_RESET: it is
 * no withdrawal.
 */
#include "table/inner.h"

#include "base/hash.h"

#include <string.h>

enum { SLOTS = 1 << 17 }; /* twice the most peers */

static uint64_t key_hash(collector_id c, const struct peer_key *key)
{
	uint64_t high, low;

	memcpy(&high, key->addr.b, 8);
	memcpy(&low, key->addr.b + 8, 8);
	return hash_u64(high ^ hash_u64(low ^ hash_u64(((uint64_t)key->asn << 32 | c) ^ hash_key())));
}

static bool key_equal(const struct peer_key *a, const struct peer_key *b)
{
	return a->asn == b->asn && a->addr.family == b->addr.family &&
	       memcmp(a->addr.b, b->addr.b, sizeof a->addr.b) == 0;
}

peer_id peer_look(const struct table *t, collector_id c, const struct peer_key *key)
{
	const struct peer_map *m = &t->peer_map;

	for (size_t i = key_hash(c, key) & m->mask; m->slot && m->slot[i]; i = (i + 1) & m->mask) {
		const struct peer *p = &t->peer[m->slot[i] - 1];
		if (p->collector == c && key_equal(&p->key, key))
			return (peer_id)(m->slot[i] - 1);
	}
	return PEER_NONE;
}

static void map_put(struct table *t, peer_id id)
{
	struct peer_map *m = &t->peer_map;
	size_t i;

	if (!m->slot) {
		m->slot = mem_array(SLOTS, sizeof *m->slot);
		m->mask = SLOTS - 1;
	}
	for (i = key_hash(t->peer[id].collector, &t->peer[id].key) & m->mask; m->slot[i];)
		i = (i + 1) & m->mask;
	m->slot[i] = (peer_id)(id + 1);
}

void peer_map_rebuild(struct table *t)
{
	for (size_t id = 0; id < t->peers; id++)
		map_put(t, (peer_id)id);
}

/* All peers of one AS know how many they are: a vantage AS has one vote. */
static void count_shared(struct table *t, peer_id id)
{
	uint32_t same = 0;

	for (size_t i = 0; i < t->peers; i++)
		same += t->peer[i].key.asn == t->peer[id].key.asn;
	for (size_t i = 0; i < t->peers; i++)
		if (t->peer[i].key.asn == t->peer[id].key.asn)
			t->peer[i].shared_as = same;
}

peer_id peer_born(struct table *t, collector_id c, const struct peer_key *key, utime_t now)
{
	peer_id id = peer_look(t, c, key);

	if (id != PEER_NONE || t->peers == PEERS_MAX)
		return id;
	id = (peer_id)t->peers++;
	t->peer[id] = (struct peer){.key = *key, .collector = c, .since = now, .last = now};
	t->column[id] = column_reserve(id);
	count_shared(t, id);
	map_put(t, id);
	return id;
}

static bool is_up(enum peer_state s)
{
	return s == PEER_UP || s == PEER_DOUBTFUL;
}

void peer_enter(struct table *t, peer_id id, enum peer_state state, utime_t now, struct changes *out)
{
	struct peer *p = &t->peer[id];
	enum peer_state old = p->state;

	if (old == state)
		return;
	p->state = state;
	p->since = now;
	if (state == PEER_DOUBTFUL)
		t->health.doubtful++;
	if (is_up(old) != is_up(state))
		change_add(out, (struct change){.time = now,
				    .prefix = PREFIX_NONE,
				    .peer = id,
				    .kind = is_up(state) ? CHANGE_PEER_UP : CHANGE_PEER_DOWN});
}

void peer_reset(struct table *t, peer_id id, utime_t now, struct changes *out)
{
	struct peer *p = &t->peer[id];

	if (p->routes[0] + p->routes[1] == 0)
		return;
	t->health.resets++;
	for (prefix_id prefix = 0; prefix < t->prefixes.n; prefix++) {
		path_id old = t->column[id][prefix];
		if (old == PATH_NONE)
			continue;
		route_drop_more(t, id, prefix);
		(void)route_set(t, id, prefix, PATH_NONE);
		if (old != PATH_UNREAD)
			change_add(out,
			    (struct change){
				.time = now, .old = old, .prefix = prefix, .peer = id, .kind = CHANGE_RESET});
	}
}

size_t peer_count(const struct table *t)
{
	return t->peers;
}

const struct peer *peer_of(const struct table *t, peer_id id)
{
	return &t->peer[id];
}

const path_id *peer_column(const struct table *t, peer_id id)
{
	return t->column[id];
}
