/*
 * sim/mrt: writes MRT (RFC 6396, 6397) and the BGP messages inside (RFC 4271, 4760, 6793). In: values. Out:
 * bytes appended to a struct out. Owns nothing. All ASNs have four bytes.
 */
#ifndef SIM_MRT_H
#define SIM_MRT_H

#include "base/out.h"
#include "net/asn.h"
#include "net/prefix.h"
#include "net/utime.h"

struct mrt_peer {
	struct addr addr;
	uint32_t bgp_id;
	asn_t asn;
};
struct mrt_local { /* the collector's side of a session */
	struct addr v4, v6;
	asn_t asn;
	uint32_t bgp_id;
};

struct mrt_attrs {
	const asn_t *path; /* from the peer to the origin */
	size_t paths;
	struct addr next_hop;
	uint8_t origin; /* 0 IGP, 1 EGP, 2 incomplete */
	bool atomic, has_med;
	uint32_t med;
	asn_t aggregator; /* 0: none */
	const uint32_t *community;
	size_t communities;
	const uint32_t *large; /* three numbers each */
	size_t larges;
};

void mrt_put_u8(struct out *o, unsigned v);
void mrt_put_u16(struct out *o, unsigned v);
void mrt_put_u32(struct out *o, uint32_t v);
void mrt_put_u16_at(struct out *o, size_t at, unsigned v);
void mrt_put_u32_at(struct out *o, size_t at, uint32_t v);

/* The attributes as they stand in an entry of a RIB: the next hop of IPv6 in the short form (RFC 6396 4.3.4).
 */
void mrt_put_attrs(struct out *o, const struct mrt_attrs *a);

void mrt_put_peers(struct out *o, utime_t at, uint32_t collector, const char *view,
    const struct mrt_peer *peer, size_t peers);
/* A RIB record is begun, given its entries one by one (attrs: bytes of mrt_put_attrs), and ended. */
size_t mrt_rib_begin(struct out *o, utime_t at, uint32_t sequence, const struct prefix *prefix); /* a mark */
void mrt_rib_entry(struct out *o, unsigned peer, utime_t since, const void *attrs, size_t n);
void mrt_rib_end(struct out *o, size_t mark, unsigned entries);

/* An UPDATE; prefixes of one family, as many as fit are taken: how many. attrs NULL: they are withdrawn.
 * `micros`: a record of extended time (RFC 6397 3). */
size_t mrt_put_update(struct out *o, utime_t at, bool micros, const struct mrt_peer *peer,
    const struct mrt_local *local, const struct mrt_attrs *attrs, const struct prefix *prefix,
    size_t prefixes);
void mrt_put_state(struct out *o, utime_t at, bool micros, const struct mrt_peer *peer,
    const struct mrt_local *local, unsigned old_state, unsigned new_state);
/* An OPEN of the peer (4-byte ASNs, both families), as the archives hold it when a session comes up. */
void mrt_put_open(
    struct out *o, utime_t at, bool micros, const struct mrt_peer *peer, const struct mrt_local *local);

#endif
