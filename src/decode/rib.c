/*
 * decode/rib: the entries of a table dump, the peer index they refer to (RFC 6396 4.3), and where the peers
 * stand. In: an update of kind UPDATE_RIB or UPDATE_PEERS. Out: one entry at a time; the peers into the
 * caller's table.
 */
#include "decode/decode.h"

static void load_view(struct mrt_peers *peers, struct span view)
{
	size_t n = view.n < sizeof peers->view ? view.n : sizeof peers->view - 1;

	if (n)
		memcpy(peers->view, view.p, n);
	peers->view[n] = '\0';
}

/* One peer of an index (RFC 6396 4.3.1). */
static void take_peer(struct cur *c, struct peer_key *peer, uint32_t *bgp_id)
{
	unsigned type = cur_u8(c);
	const uint8_t *p;

	*bgp_id = cur_u32(c);
	p = cur_take(c, type & 1 ? 16 : 4);
	if (p)
		peer->addr = type & 1 ? addr_v6(p) : addr_v4(p);
	peer->asn = type & 2 ? cur_u32(c) : cur_u16(c);
}

bool mrt_peers_load(struct mrt_peers *peers, const struct update *u, struct fault_count *faults)
{
	struct cur c = cur_of_span(u->entries);
	unsigned n;

	peers->collector = cur_u32(&c);
	load_view(peers, cur_span(&c, cur_u16(&c)));
	n = cur_u16(&c);
	peers->n = 0;
	for (unsigned i = 0; i < n; i++) {
		take_peer(&c, &peers->peer[i], &peers->bgp_id[i]);
		if (c.bad)
			break;
		peers->n = i + 1;
	}
	if (c.bad)
		fault_add(faults, FAULT_MRT_BODY, u->offset);
	return !c.bad;
}

static float take_degrees(struct cur *c)
{
	uint32_t bits = cur_u32(c); /* IEEE 754 */
	float v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

unsigned geo_begin(struct update *u, struct geo_peer *collector)
{
	struct cur c = cur_of_span(u->entries);
	unsigned n;

	*collector = (struct geo_peer){.bgp_id = cur_u32(&c)};
	cur_span(&c, cur_u16(&c)); /* view */
	collector->latitude = take_degrees(&c);
	collector->longitude = take_degrees(&c);
	n = cur_u16(&c);
	u->entries = cur_rest(&c);
	return c.bad ? 0 : n;
}

bool geo_next(struct update *u, struct geo_peer *peer)
{
	struct cur c = cur_of_span(u->entries);

	*peer = (struct geo_peer){.bgp_id = 0};
	take_peer(&c, &peer->peer, &peer->bgp_id);
	peer->latitude = take_degrees(&c);
	peer->longitude = take_degrees(&c);
	u->entries = cur_rest(&c);
	return !c.bad;
}
