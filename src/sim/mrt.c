/* sim/mrt: see mrt.h. */
#include "sim/mrt.h"

#include <string.h>

enum {
	TYPE_TABLE_DUMP_V2 = 13,
	TYPE_BGP4MP = 16,
	TYPE_BGP4MP_ET = 17,
	PEER_INDEX_TABLE = 1,
	RIB_IPV4_UNICAST = 2,
	RIB_IPV6_UNICAST = 4,
	STATE_CHANGE_AS4 = 5,
	MESSAGE_AS4 = 4,
	BGP_OPEN = 1,
	BGP_UPDATE = 2,
	MESSAGE_MAX = 4096,
	AFI_IPV4 = 1,
	AFI_IPV6 = 2,
	SAFI_UNICAST = 1,
	AS_SEQUENCE = 2,
	SEGMENT_FULL = 255,
};

void mrt_put_u8(struct out *o, unsigned v)
{
	out_char(o, (char)(uint8_t)v);
}

void mrt_put_u16(struct out *o, unsigned v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	out_bytes(o, b, sizeof b);
}

void mrt_put_u32(struct out *o, uint32_t v)
{
	v = __builtin_bswap32(v);
	out_bytes(o, &v, sizeof v);
}

void mrt_put_u16_at(struct out *o, size_t at, unsigned v)
{
	o->buf[at] = (char)(uint8_t)(v >> 8);
	o->buf[at + 1] = (char)(uint8_t)v;
}

void mrt_put_u32_at(struct out *o, size_t at, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(o->buf + at, &v, sizeof v);
}

static void put_addr(struct out *o, const struct addr *a)
{
	out_bytes(o, a->b, a->family == FAMILY_IPV6 ? 16 : 4);
}

static void put_nlri(struct out *o, const struct prefix *p)
{
	mrt_put_u8(o, p->len);
	out_bytes(o, p->b, (p->len + 7U) / 8);
}

/* Returns the mark to close the record with. */
static size_t record_begin(struct out *o, utime_t at, bool micros, unsigned type, unsigned subtype)
{
	utime_t second = at / UTIME_SECOND, rest = at % UTIME_SECOND;
	size_t mark;

	if (rest < 0) {
		second--;
		rest += UTIME_SECOND;
	}
	mrt_put_u32(o, (uint32_t)second);
	mrt_put_u16(o, micros ? TYPE_BGP4MP_ET : type);
	mrt_put_u16(o, subtype);
	mark = o->n;
	mrt_put_u32(o, 0);
	if (micros)
		mrt_put_u32(o, (uint32_t)rest);
	return mark;
}

static void record_end(struct out *o, size_t mark)
{
	mrt_put_u32_at(o, mark, (uint32_t)(o->n - mark - 4));
}

static void attr_head(struct out *o, unsigned flags, unsigned code, size_t n)
{
	mrt_put_u8(o, flags | (n > 255 ? 0x10U : 0U));
	mrt_put_u8(o, code);
	if (n > 255)
		mrt_put_u16(o, (unsigned)n);
	else
		mrt_put_u8(o, (unsigned)n);
}

static void put_as_path(struct out *o, const asn_t *path, size_t n)
{
	size_t segments = (n + SEGMENT_FULL - 1) / SEGMENT_FULL;

	attr_head(o, 0x40, 2, segments * 2 + n * 4);
	for (size_t i = 0; i < n; i++) {
		if (i % SEGMENT_FULL == 0) {
			mrt_put_u8(o, AS_SEQUENCE);
			mrt_put_u8(o, (unsigned)(n - i < SEGMENT_FULL ? n - i : SEGMENT_FULL));
		}
		mrt_put_u32(o, path[i]);
	}
}

static void put_numbers(struct out *o, unsigned code, const uint32_t *v, size_t n)
{
	attr_head(o, 0xc0, code, n * 4);
	for (size_t i = 0; i < n; i++)
		mrt_put_u32(o, v[i]);
}

static void put_attrs(struct out *o, const struct mrt_attrs *a)
{
	attr_head(o, 0x40, 1, 1);
	mrt_put_u8(o, a->origin);
	put_as_path(o, a->path, a->paths);
	if (a->next_hop.family == FAMILY_IPV4) {
		attr_head(o, 0x40, 3, 4);
		put_addr(o, &a->next_hop);
	}
	if (a->has_med) {
		attr_head(o, 0x80, 4, 4);
		mrt_put_u32(o, a->med);
	}
	if (a->atomic)
		attr_head(o, 0x40, 6, 0);
	if (a->aggregator) {
		attr_head(o, 0xc0, 7, 8);
		mrt_put_u32(o, a->aggregator);
		mrt_put_u32(o, a->aggregator); /* the aggregating router's id: any number will do */
	}
	if (a->communities)
		put_numbers(o, 8, a->community, a->communities);
}

static void put_attrs_end(struct out *o, const struct mrt_attrs *a)
{
	if (a->larges)
		put_numbers(o, 32, a->large, a->larges * 3);
}

void mrt_put_attrs(struct out *o, const struct mrt_attrs *a)
{
	put_attrs(o, a);
	if (a->next_hop.family == FAMILY_IPV6) {
		attr_head(o, 0x80, 14, 17);
		mrt_put_u8(o, 16);
		put_addr(o, &a->next_hop);
	}
	put_attrs_end(o, a);
}

void mrt_put_peers(struct out *o, utime_t at, uint32_t collector, const char *view,
    const struct mrt_peer *peer, size_t peers)
{
	size_t mark = record_begin(o, at, false, TYPE_TABLE_DUMP_V2, PEER_INDEX_TABLE);

	mrt_put_u32(o, collector);
	mrt_put_u16(o, (unsigned)strlen(view));
	out_str(o, view);
	mrt_put_u16(o, (unsigned)peers);
	for (size_t i = 0; i < peers; i++) {
		mrt_put_u8(o, 2U | (peer[i].addr.family == FAMILY_IPV6));
		mrt_put_u32(o, peer[i].bgp_id);
		put_addr(o, &peer[i].addr);
		mrt_put_u32(o, peer[i].asn);
	}
	record_end(o, mark);
}

size_t mrt_rib_begin(struct out *o, utime_t at, uint32_t sequence, const struct prefix *prefix)
{
	size_t mark = record_begin(o, at, false, TYPE_TABLE_DUMP_V2,
	    prefix->family == FAMILY_IPV6 ? RIB_IPV6_UNICAST : RIB_IPV4_UNICAST);

	mrt_put_u32(o, sequence);
	put_nlri(o, prefix);
	mrt_put_u16(o, 0);
	return mark;
}

void mrt_rib_entry(struct out *o, unsigned peer, utime_t since, const void *attrs, size_t n)
{
	mrt_put_u16(o, peer);
	mrt_put_u32(o, (uint32_t)(since / UTIME_SECOND));
	mrt_put_u16(o, (unsigned)n);
	out_bytes(o, attrs, n);
}

void mrt_rib_end(struct out *o, size_t mark, unsigned entries)
{
	unsigned len = (uint8_t)o->buf[mark + 8]; /* length 4, sequence 4, prefix length 1, prefix, count 2 */

	mrt_put_u16_at(o, mark + 9 + (len + 7) / 8, entries);
	record_end(o, mark);
}

static void put_session(struct out *o, const struct mrt_peer *peer, const struct mrt_local *local)
{
	bool v6 = peer->addr.family == FAMILY_IPV6;

	mrt_put_u32(o, peer->asn);
	mrt_put_u32(o, local->asn);
	mrt_put_u16(o, 0);
	mrt_put_u16(o, v6 ? AFI_IPV6 : AFI_IPV4);
	put_addr(o, &peer->addr);
	put_addr(o, v6 ? &local->v6 : &local->v4);
}

static size_t message_begin(struct out *o, unsigned type)
{
	size_t start = o->n;

	memset(out_room(o, 16), 0xff, 16);
	out_commit(o, 16);
	mrt_put_u16(o, 0);
	mrt_put_u8(o, type);
	return start;
}

static size_t put_nlris(struct out *o, size_t start, const struct prefix *prefix, size_t n)
{
	size_t i;

	for (i = 0; i < n && o->n - start + 18 <= MESSAGE_MAX; i++)
		put_nlri(o, &prefix[i]);
	return i;
}

/* IPv4 has fields of its own in an UPDATE; IPv6 travels in attributes 14 and 15 (RFC 4760). */
static size_t put_withdrawn(struct out *o, size_t start, const struct prefix *prefix, size_t n)
{
	size_t at = o->n, taken;

	mrt_put_u16(o, 0);
	if (prefix[0].family == FAMILY_IPV4) {
		taken = put_nlris(o, start + 2, prefix, n);
		mrt_put_u16_at(o, at, (unsigned)(o->n - at - 2));
		mrt_put_u16(o, 0);
		return taken;
	}
	at = o->n;
	mrt_put_u16(o, 0);
	mrt_put_u8(o, 0x90);
	mrt_put_u8(o, 15);
	mrt_put_u16(o, 0);
	mrt_put_u16(o, AFI_IPV6);
	mrt_put_u8(o, SAFI_UNICAST);
	taken = put_nlris(o, start, prefix, n);
	mrt_put_u16_at(o, at + 4, (unsigned)(o->n - at - 6));
	mrt_put_u16_at(o, at, (unsigned)(o->n - at - 2));
	return taken;
}

static size_t put_announced(
    struct out *o, size_t start, const struct mrt_attrs *a, const struct prefix *prefix, size_t n)
{
	size_t at, reach, taken;

	mrt_put_u16(o, 0);
	at = o->n;
	mrt_put_u16(o, 0);
	put_attrs(o, a);
	if (prefix[0].family == FAMILY_IPV4) {
		put_attrs_end(o, a);
		mrt_put_u16_at(o, at, (unsigned)(o->n - at - 2));
		return put_nlris(o, start, prefix, n);
	}
	put_attrs_end(o, a);
	mrt_put_u8(o, 0x90);
	mrt_put_u8(o, 14);
	reach = o->n;
	mrt_put_u16(o, 0);
	mrt_put_u16(o, AFI_IPV6);
	mrt_put_u8(o, SAFI_UNICAST);
	mrt_put_u8(o, 16);
	put_addr(o, &a->next_hop);
	mrt_put_u8(o, 0);
	taken = put_nlris(o, start, prefix, n);
	mrt_put_u16_at(o, reach, (unsigned)(o->n - reach - 2));
	mrt_put_u16_at(o, at, (unsigned)(o->n - at - 2));
	return taken;
}

size_t mrt_put_update(struct out *o, utime_t at, bool micros, const struct mrt_peer *peer,
    const struct mrt_local *local, const struct mrt_attrs *attrs, const struct prefix *prefix,
    size_t prefixes)
{
	size_t mark = record_begin(o, at, micros, TYPE_BGP4MP, MESSAGE_AS4), start, taken;

	put_session(o, peer, local);
	start = message_begin(o, BGP_UPDATE);
	taken = attrs ? put_announced(o, start, attrs, prefix, prefixes)
		      : put_withdrawn(o, start, prefix, prefixes);
	mrt_put_u16_at(o, start + 16, (unsigned)(o->n - start));
	record_end(o, mark);
	return taken;
}

void mrt_put_state(struct out *o, utime_t at, bool micros, const struct mrt_peer *peer,
    const struct mrt_local *local, unsigned old_state, unsigned new_state)
{
	size_t mark = record_begin(o, at, micros, TYPE_BGP4MP, STATE_CHANGE_AS4);

	put_session(o, peer, local);
	mrt_put_u16(o, old_state);
	mrt_put_u16(o, new_state);
	record_end(o, mark);
}

void mrt_put_open(
    struct out *o, utime_t at, bool micros, const struct mrt_peer *peer, const struct mrt_local *local)
{
	static const uint8_t families[] = {2, 12, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1}; /* RFC 4760 8 */
	size_t mark = record_begin(o, at, micros, TYPE_BGP4MP, MESSAGE_AS4), start;

	put_session(o, peer, local);
	start = message_begin(o, BGP_OPEN);
	mrt_put_u8(o, 4);
	mrt_put_u16(o, peer->asn > 65535 ? ASN_TRANS : peer->asn);
	mrt_put_u16(o, 180);
	mrt_put_u32(o, peer->bgp_id);
	mrt_put_u8(o, sizeof families + 8);
	out_bytes(o, families, sizeof families);
	mrt_put_u8(o, 2);
	mrt_put_u8(o, 6);
	mrt_put_u8(o, 65); /* RFC 6793 3: four-byte ASNs */
	mrt_put_u8(o, 4);
	mrt_put_u32(o, peer->asn);
	mrt_put_u16_at(o, start + 16, (unsigned)(o->n - start));
	record_end(o, mark);
}
