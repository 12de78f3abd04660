/*
 * decode/record: see record.h. One row a type and subtype (RFC 6396 4, RFC 8050, RFC 6397); the old ones by
 * RFC 6396 appendix B.
 */
#include "decode/record.h"

enum { AFI_IPV4 = 1, AFI_IPV6 = 2, SAFI_UNICAST = 1, SAFI_MULTICAST = 2 };

struct record_kind {
	enum fault (*read)(const struct record_kind *k, struct cur *body, struct update *u);
	uint8_t as_size; /* of the peer, and of AS_PATH */
	uint8_t family;  /* 0: told in the record */
	uint8_t safi;
	bool addpath, local;
	uint32_t longest;
};

static uint8_t family_of_afi(uint16_t afi)
{
	return afi == AFI_IPV4 ? FAMILY_IPV4 : afi == AFI_IPV6 ? FAMILY_IPV6 : 0;
}

static asn_t take_asn(struct cur *c, uint8_t as_size)
{
	return as_size == 4 ? cur_u32(c) : cur_u16(c);
}

/* Field by field: a whole struct would be put together in memory and wait for itself. */
static void take_addr(struct cur *c, uint8_t family, struct addr *a)
{
	size_t n = family == FAMILY_IPV6 ? 16 : 4;
	const uint8_t *p = cur_take(c, n);

	memset(a->b, 0, sizeof a->b);
	a->family = p ? family : 0;
	if (p && n == 4)
		memcpy(a->b, p, 4);
	else if (p)
		memcpy(a->b, p, 16);
}

static bool take_prefix(struct cur *c, uint8_t family, struct prefix *prefix)
{
	unsigned len = cur_u8(c);
	const uint8_t *p;

	if (len > family_bits(family) || !(p = cur_take(c, (len + 7) / 8)))
		return false;
	*prefix = prefix_make(family, p, len);
	return true;
}

/* The attributes of an entry that stands alone; their length opens u->entries, so that it is never empty. */
static void take_own_attrs(struct cur *c, struct update *u)
{
	u->entries = cur_rest(c);
	u->attrs.raw = cur_span(c, cur_u16(c));
	u->entries.n -= cur_left(c);
	u->own_peer = true;
	u->entry_count = 1;
	u->kind = c->bad ? UPDATE_OTHER : UPDATE_RIB;
}

/* ---- BGP4MP ---- */

/* Peer and local AS, interface, family, both addresses (RFC 6396 4.4.1); 0 or the family. */
static uint8_t take_session(const struct record_kind *k, struct cur *c, struct update *u)
{
	uint8_t family;

	u->peer.asn = take_asn(c, k->as_size);
	u->local.asn = take_asn(c, k->as_size);
	cur_u16(c);
	family = family_of_afi(cur_u16(c));
	if (c->bad || family == 0)
		return 0;
	take_addr(c, family, &u->peer.addr);
	take_addr(c, family, &u->local.addr);
	return c->bad ? 0 : family;
}

/* Zebra of 2000 wrote OPEN messages without interface, family and addresses: the marker follows at once. */
static bool session_is_bare(const struct record_kind *k, const struct cur *c)
{
	return cur_left(c) >= 2U * k->as_size + 19 && be64(c->p + 2 * k->as_size) == UINT64_MAX;
}

static enum fault read_message(const struct record_kind *k, struct cur *c, struct update *u)
{
	struct fault_count faults = {0};

	if (session_is_bare(k, c)) {
		u->peer.asn = take_asn(c, k->as_size);
		u->local.asn = take_asn(c, k->as_size);
		u->peer.addr.family = u->local.addr.family = FAMILY_IPV4;
	} else if (!take_session(k, c, u)) {
		return FAULT_MRT_BODY;
	}
	u->from_local = k->local;
	if (bgp_cut(cur_rest(c), k->as_size, k->addpath, u, &faults)) /* the message must fill the record */
		return u->message.n == cur_left(c) ? FAULT_NONE : FAULT_MRT_BODY;
	return faults.n[FAULT_BGP_HEADER] ? FAULT_BGP_HEADER : FAULT_BGP_BODY;
}

static enum fault read_state(const struct record_kind *k, struct cur *c, struct update *u)
{
	if (cur_left(c) == 2U * k->as_size + 4) { /* Zebra of 2000: neither family nor addresses */
		u->peer.asn = take_asn(c, k->as_size);
		u->local.asn = take_asn(c, k->as_size);
		u->peer.addr.family = u->local.addr.family = FAMILY_IPV4;
	} else if (!take_session(k, c, u)) {
		return FAULT_MRT_BODY;
	}
	u->old_state = cur_u16(c);
	u->new_state = cur_u16(c);
	if (c->bad || cur_left(c))
		return FAULT_MRT_BODY;
	u->kind = UPDATE_STATE;
	return FAULT_NONE;
}

/* BGP4MP_ENTRY (RFC 6396 B.3): a table entry whose session stands in the record. */
static enum fault read_entry(const struct record_kind *k, struct cur *c, struct update *u)
{
	uint8_t family = take_session(k, c, u);

	if (!family)
		return FAULT_MRT_BODY;
	cur_u16(c); /* view */
	cur_u16(c); /* status */
	u->originated = utime_of(cur_u32(c), 0);
	family = family_of_afi(cur_u16(c));
	u->safi = cur_u8(c);
	cur_span(c, cur_u8(c)); /* next hop: MP_REACH_NLRI or NEXT_HOP says the same */
	if (c->bad || !family || !take_prefix(c, family, &u->prefix))
		return FAULT_MRT_BODY;
	u->attrs = (struct attr_set){.as_size = k->as_size, .rib_form = true};
	take_own_attrs(c, u);
	return c->bad || cur_left(c) ? FAULT_MRT_BODY : FAULT_NONE;
}

static enum fault read_nothing(const struct record_kind *k, struct cur *c, struct update *u)
{
	u->kind = UPDATE_OTHER;
	return FAULT_NONE;
}

/* ---- the old BGP type (RFC 6396 B.2): UPDATE without the BGP header, IPv4 only, peer first ---- */

static enum fault read_old_message(const struct record_kind *k, struct cur *c, struct update *u)
{
	struct fault_count faults = {0};

	u->peer.asn = cur_u16(c);
	take_addr(c, FAMILY_IPV4, &u->peer.addr);
	u->local.asn = cur_u16(c);
	take_addr(c, FAMILY_IPV4, &u->local.addr);
	if (c->bad)
		return FAULT_MRT_BODY;
	u->message = cur_rest(c);
	u->kind = UPDATE_OTHER;
	if (k->safi != SAFI_UNICAST) /* not an UPDATE */
		return FAULT_NONE;
	return bgp_cut_body(cur_rest(c), k->as_size, false, u, &faults) ? FAULT_NONE : FAULT_BGP_BODY;
}

static enum fault read_old_state(const struct record_kind *k, struct cur *c, struct update *u)
{
	u->peer.asn = cur_u16(c);
	take_addr(c, FAMILY_IPV4, &u->peer.addr);
	u->old_state = cur_u16(c);
	u->new_state = cur_u16(c);
	if (c->bad || cur_left(c))
		return FAULT_MRT_BODY;
	u->kind = UPDATE_STATE;
	return FAULT_NONE;
}

/* ---- TABLE_DUMP ---- */

static enum fault take_dump_entry(const struct record_kind *k, struct cur *c, struct update *u)
{
	const uint8_t *p = cur_take(c, k->family == FAMILY_IPV4 ? 4 : 16);
	unsigned len = cur_u8(c);

	cur_u8(c); /* status, always 1 */
	u->originated = utime_of(cur_u32(c), 0);
	take_addr(c, k->family, &u->peer.addr);
	u->peer.asn = take_asn(c, k->as_size);
	u->attrs = (struct attr_set){.as_size = k->as_size};
	u->safi = SAFI_UNICAST;
	take_own_attrs(c, u);
	if (c->bad || len > family_bits(k->family))
		return FAULT_MRT_BODY;
	u->prefix = prefix_make(k->family, p, len);
	return FAULT_NONE;
}

static enum fault read_table_dump(const struct record_kind *k, struct cur *c, struct update *u)
{
	u->view = cur_u16(c);
	u->sequence = cur_u16(c);
	return take_dump_entry(k, c, u);
}

/* ---- TABLE_DUMP_V2 ---- */

/* Do exactly `count` entries fill the rest? */
static bool entries_fit(struct cur c, unsigned count, bool addpath)
{
	size_t head = addpath ? 12 : 8;

	for (unsigned i = 0; i < count; i++) {
		const uint8_t *p = cur_take(&c, head);
		if (!p || !cur_take(&c, be16(p + head - 2)))
			return !c.bad;
	}
	return !c.bad && cur_left(&c) == 0;
}

static enum fault take_entries(const struct record_kind *k, struct cur *c, struct update *u)
{
	u->entry_count = cur_u16(c);
	if (c->bad)
		return FAULT_MRT_BODY;
	u->kind = UPDATE_RIB;
	u->addpath = k->addpath;
	u->entries = cur_rest(c);
	u->attrs = (struct attr_set){.as_size = 4, .rib_form = true};
	if (entries_fit(*c, u->entry_count, u->addpath))
		return FAULT_NONE;
	if (!entries_fit(*c, u->entry_count, !u->addpath))
		return FAULT_MRT_BODY;
	u->addpath =
	    !u->addpath; /* path identifiers where the subtype does not say so, or none where it does */
	return FAULT_NONE;
}

static enum fault read_rib(const struct record_kind *k, struct cur *c, struct update *u)
{
	u->sequence = cur_u32(c);
	u->safi = k->safi;
	if (c->bad || !take_prefix(c, k->family, &u->prefix))
		return FAULT_MRT_BODY;
	return take_entries(k, c, u);
}

static enum fault read_rib_generic(const struct record_kind *k, struct cur *c, struct update *u)
{
	uint8_t family;

	u->sequence = cur_u32(c);
	family = family_of_afi(cur_u16(c));
	u->safi = cur_u8(c);
	if (u->safi != SAFI_UNICAST && u->safi != SAFI_MULTICAST)
		family = 0;
	if (family && !take_prefix(c, family, &u->prefix))
		return FAULT_MRT_BODY;
	if (family)
		return take_entries(k, c, u);
	cur_span(c, (cur_u8(c) + 7U) / 8); /* an NLRI that is not read as a prefix: VPN, labelled ... */
	return c->bad ? FAULT_MRT_BODY : FAULT_NONE;
}

/* One peer of an index, of which `more` bytes follow. */
static void pass_peer(struct cur *c, size_t more)
{
	unsigned type = cur_u8(c);

	cur_take(c, (type & 1 ? 20U : 8U) + (type & 2 ? 4U : 2U) + more);
}

static enum fault read_peers(const struct record_kind *k, struct cur *c, struct update *u)
{
	struct cur body = *c;
	unsigned n;

	cur_u32(c);
	cur_span(c, cur_u16(c));
	n = cur_u16(c);
	for (unsigned i = 0; i < n && !c->bad; i++)
		pass_peer(c, 0);
	u->kind = UPDATE_PEERS;
	u->entries = cur_rest(&body);
	return c->bad || cur_left(c) ? FAULT_MRT_BODY : FAULT_NONE;
}

/* RFC 6397 3: where the collector and its peers stand. */
static enum fault read_geo_peers(const struct record_kind *k, struct cur *c, struct update *u)
{
	unsigned n;

	u->kind = UPDATE_OTHER;
	u->entries = cur_rest(c);
	cur_u32(c);
	cur_span(c, cur_u16(c));
	cur_u64(c);
	n = cur_u16(c);
	for (unsigned i = 0; i < n && !c->bad; i++)
		pass_peer(c, 8);
	return c->bad || cur_left(c) ? FAULT_MRT_BODY : FAULT_NONE;
}

/* ---- the rows ---- */

enum {
	LONG_MESSAGE = 65535 + 64,    /* an extended message (RFC 8654) behind its session */
	LONG_DUMP = 256 * 1024,       /* many entries behind one header */
	LONG_RIB = 16 * 1024 * 1024,  /* thousands of peers with long attributes */
	LONG_PEERS = 4 * 1024 * 1024, /* 65535 peers of 37 bytes */
	LONG_UNKNOWN = 1024 * 1024,
};

#define MESSAGE(as, ap, loc)                                  \
	{                                                     \
		read_message, as, 0, 0, ap, loc, LONG_MESSAGE \
	}
#define RIB(fam, safi, ap)                                  \
	{                                                   \
		read_rib, 4, fam, safi, ap, false, LONG_RIB \
	}

static const struct record_kind bgp4mp[] = {
    {read_state, 2, .longest = 64},
    MESSAGE(2, false, false),
    {read_entry, 2, .longest = LONG_MESSAGE},
    {read_nothing, .longest = LONG_MESSAGE}, /* BGP4MP_SNAPSHOT: the name of a file */
    MESSAGE(4, false, false),
    {read_state, 4, .longest = 64},
    MESSAGE(2, false, true),
    MESSAGE(4, false, true),
    MESSAGE(2, true, false),
    MESSAGE(4, true, false),
    MESSAGE(2, true, true),
    MESSAGE(4, true, true),
};
static const struct record_kind table_dump[] = {
    {0},
    {read_table_dump, 2, FAMILY_IPV4, .longest = LONG_DUMP},
    {read_table_dump, 2, FAMILY_IPV6, .longest = LONG_DUMP},
    {read_table_dump, 4, FAMILY_IPV4, .longest = LONG_DUMP}, /* written by RIPE NCC in 2008, in no RFC */
    {read_table_dump, 4, FAMILY_IPV6, .longest = LONG_DUMP},
};
static const struct record_kind table_dump_v2[] = {
    {0},
    {read_peers, .longest = LONG_PEERS},
    RIB(FAMILY_IPV4, SAFI_UNICAST, false),
    RIB(FAMILY_IPV4, SAFI_MULTICAST, false),
    RIB(FAMILY_IPV6, SAFI_UNICAST, false),
    RIB(FAMILY_IPV6, SAFI_MULTICAST, false),
    {read_rib_generic, 4, .longest = LONG_RIB},
    {read_geo_peers, .longest = LONG_PEERS},
    RIB(FAMILY_IPV4, SAFI_UNICAST, true),
    RIB(FAMILY_IPV4, SAFI_MULTICAST, true),
    RIB(FAMILY_IPV6, SAFI_UNICAST, true),
    RIB(FAMILY_IPV6, SAFI_MULTICAST, true),
    {read_rib_generic, 4, .addpath = true, .longest = LONG_RIB},
};
static const struct record_kind old_bgp[] = {
    {read_nothing, .longest = 64},                                        /* NULL */
    {read_old_message, 2, .safi = SAFI_UNICAST, .longest = LONG_MESSAGE}, /* UPDATE */
    {read_nothing, .longest = LONG_MESSAGE},                              /* PREF_UPDATE */
    {read_old_state, 2, .longest = 64},                                   /* STATE_CHANGE */
    {read_nothing, .longest = LONG_MESSAGE},                              /* SYNC */
    {read_old_message, 2, .longest = LONG_MESSAGE},                       /* OPEN */
    {read_old_message, 2, .longest = LONG_MESSAGE},                       /* NOTIFY */
    {read_old_message, 2, .longest = LONG_MESSAGE},                       /* KEEPALIVE */
};

static const struct {
	const struct record_kind *kind;
	unsigned n;
} types[] = {
    [MRT_BGP] = {old_bgp, sizeof old_bgp / sizeof *old_bgp},
    [MRT_TABLE_DUMP] = {table_dump, sizeof table_dump / sizeof *table_dump},
    [MRT_TABLE_DUMP_V2] = {table_dump_v2, sizeof table_dump_v2 / sizeof *table_dump_v2},
    [MRT_BGP4MP] = {bgp4mp, sizeof bgp4mp / sizeof *bgp4mp},
    [MRT_BGP4MP_ET] = {bgp4mp, sizeof bgp4mp / sizeof *bgp4mp},
};

static const struct record_kind *kind_of(uint16_t type, uint16_t subtype)
{
	if (type >= sizeof types / sizeof *types || subtype >= types[type].n)
		return NULL;
	return types[type].kind[subtype].read ? &types[type].kind[subtype] : NULL;
}

bool record_known(const struct mrt_header *h)
{
	const struct record_kind *k = kind_of(h->type, h->subtype);
	return k && h->length <= k->longest;
}

bool record_plausible(const struct mrt_header *h)
{
	static const uint64_t registered = 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 9 | 1U << 10 |
					   1U << 11 | 1U << 12 | 1U << 13 | 1U << 16 | 1U << 17 |
					   UINT64_C(1) << 32 | UINT64_C(1) << 33 | UINT64_C(1) << 48 |
					   UINT64_C(1) << 49; /* IANA, "MRT types" */

	return record_known(h) ||
	       (h->type < 64 && registered >> h->type & 1 && h->subtype < 32 && h->length <= LONG_UNKNOWN);
}

bool record_certain(const struct mrt_header *h)
{
	const struct record_kind *k = kind_of(h->type, h->subtype);
	return k->read == read_message || k->read == read_rib || k->read == read_table_dump;
}

enum fault record_read(const struct mrt_header *h, struct cur body, struct update *u, unsigned *rest)
{
	const struct record_kind *k = kind_of(h->type, h->subtype);
	enum fault fault;

	*rest = 0;
	u->kind = UPDATE_OTHER;
	u->type = h->type;
	u->subtype = h->subtype;
	u->time = utime_of(h->time, 0);
	if (h->type == MRT_BGP4MP_ET)
		u->time += cur_u32(&body); /* RFC 6396 3: microseconds */
	if (body.bad)
		return FAULT_MRT_BODY;
	fault = k->read(k, &body, u);
	if (fault == FAULT_NONE && h->type == MRT_TABLE_DUMP)
		*rest = (unsigned)cur_left(&body);
	return fault;
}

enum fault table_dump_entry(uint16_t subtype, struct cur *body, struct update *u)
{
	return take_dump_entry(kind_of(MRT_TABLE_DUMP, subtype), body, u);
}

size_t table_dump_entry_size(uint16_t subtype, struct span body)
{
	const struct record_kind *k = kind_of(MRT_TABLE_DUMP, subtype);
	struct cur c = cur_of_span(body);
	struct update u;

	return take_dump_entry(k, &c, &u) ? 0 : body.n - cur_left(&c);
}
