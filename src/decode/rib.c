/*
 * decode/rib: the entries of a table dump, and the peer index they refer to (RFC 6396 4.3).
 * In: an update of kind UPDATE_RIB or UPDATE_PEERS. Out: one entry at a time; the peers into the caller's
 * table.
 */
#include "decode/decode.h"

bool rib_entry_next(struct update *u, struct rib_entry *e, struct fault_count *faults)
{
	const uint8_t *p = u->entries.p;
	size_t n = u->entries.n, head = u->addpath ? 12 : 8, attrs;

	if (n == 0)
		return false;
	if (u->own_peer) {
		*e = (struct rib_entry){0, 0, u->originated, u->attrs};
		u->entries.n = 0;
		return true;
	}
	if (n < head || n - head < (attrs = be16(p + head - 2))) {
		fault_add(faults, FAULT_MRT_BODY, u->offset);
		u->entries.n = 0;
		return false;
	}
	e->peer_index = be16(p);
	e->originated = utime_of(be32(p + 2), 0);
	e->path_id = u->addpath ? be32(p + 6) : 0;
	e->attrs = (struct attr_set){{p + head, attrs}, u->attrs.as_size, u->attrs.rib_form};
	u->entries.p = p + head + attrs;
	u->entries.n = n - head - attrs;
	return true;
}

static void load_view(struct mrt_peers *peers, struct span view)
{
	size_t n = view.n < sizeof peers->view ? view.n : sizeof peers->view - 1;

	if (n)
		memcpy(peers->view, view.p, n);
	peers->view[n] = '\0';
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
		unsigned type = cur_u8(&c);
		struct peer_key *peer = &peers->peer[i];
		const uint8_t *p;
		peers->bgp_id[i] = cur_u32(&c);
		p = cur_take(&c, type & 1 ? 16 : 4);
		if (p)
			peer->addr = type & 1 ? addr_v6(p) : addr_v4(p);
		peer->asn = type & 2 ? cur_u32(&c) : cur_u16(&c);
		if (c.bad)
			break;
		peers->n = i + 1;
	}
	if (c.bad)
		fault_add(faults, FAULT_MRT_BODY, u->offset);
	return !c.bad;
}
