/*
 * measure/voters: which peers of a table vote, by the rule of measure/feed. In: the table's peers. Out: a
 * flag a peer.
 */
#include "base/mem.h"
#include "measure/measure.h"

#include <stdlib.h>

/* A peer that has routes of the family; or an established one that has lost every route it had, on a session
 * of that family: its silence is a vote of "no route". */
static bool peer_counts(const struct peer *p, uint8_t family)
{
	unsigned f = family_index(family);

	if (p->routes[f] > 0)
		return true;
	return p->state == PEER_UP && p->routes[!f] == 0 && p->key.addr.family == family;
}

void voters_find(const struct table *t, uint8_t family, bool all_peers, struct voters *v)
{
	size_t n = peer_count(t);
	uint32_t *routes = mem_array(n + 1, sizeof *routes);

	for (size_t i = 0; i < n; i++)
		routes[i] = peer_of(t, (peer_id)i)->routes[family_index(family)];
	voters_rule(v, routes, n);
	v->all_peers = all_peers;
	v->peers = 0;
	for (size_t i = 0; i < n; i++) {
		bool counts = peer_counts(peer_of(t, (peer_id)i), family);
		v->peers += counts;
		if (v->no_full_feed || all_peers)
			v->votes[i] = counts;
	}
	free(routes);
}
