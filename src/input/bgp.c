/* input/bgp: see bgp.h. */
#include "input/bgp.h"

enum {
	CAP_MP = 1,
	CAP_REFRESH = 2,
	CAP_EXTENDED = 6,
	CAP_GRACEFUL = 64,
	CAP_AS4 = 65,
	CAP_ADDPATH = 69,
	ATTR_AS_PATH = 2,
	ATTR_MP_REACH = 14,
	ATTR_MP_UNREACH = 15,
	ET = 17, /* BGP4MP_ET */
};

/* ---- OPEN ---- */

size_t bgp_message_write(uint8_t *p, uint8_t type, const uint8_t *body, size_t n)
{
	memset(p, 0xff, 16);
	p[16] = (uint8_t)((BGP_HEADER + n) >> 8);
	p[17] = (uint8_t)(BGP_HEADER + n);
	p[18] = type;
	if (n)
		memcpy(p + BGP_HEADER, body, n);
	return BGP_HEADER + n;
}

size_t bgp_open_write(uint8_t *p, asn_t asn, uint16_t hold, uint32_t id)
{
	uint16_t as2 = asn > UINT16_MAX ? ASN_TRANS : (uint16_t)asn;
	const uint8_t body[] = {4, (uint8_t)(as2 >> 8), (uint8_t)as2, (uint8_t)(hold >> 8), (uint8_t)hold,
	    (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id, 38, 2, 36, CAP_MP, 4,
	    0, 1, 0, 1, CAP_MP, 4, 0, 2, 0, 1, CAP_REFRESH, 0, CAP_EXTENDED, 0, CAP_GRACEFUL, 2, 0,
	    0, /* keeps, never restarts */
	    CAP_AS4, 4, (uint8_t)(asn >> 24), (uint8_t)(asn >> 16), (uint8_t)(asn >> 8), (uint8_t)asn,
	    CAP_ADDPATH, 8, 0, 1, 1, 1, 0, 2, 1, 1};
	uint8_t whole[sizeof body];

	memcpy(whole, body, sizeof body);
	whole[9] = (uint8_t)(sizeof body - 10);
	whole[11] = (uint8_t)(sizeof body - 12);
	return bgp_message_write(p, BGP_OPEN, whole, sizeof whole);
}

static void capability_read(unsigned code, struct cur v, struct bgp_open *open)
{
	switch (code) {
	case CAP_AS4:
		if (cur_left(&v) == 4) { /* one of another length says nothing, even after one that does */
			open->as4 = true;
			open->asn = cur_u32(&v);
		}
		break;
	case CAP_EXTENDED:
		open->extended = true;
		break;
	case CAP_GRACEFUL:
		open->graceful = cur_left(&v) >= 2;
		open->restart = cur_u16(&v) & 0xfff;
		break;
	case CAP_ADDPATH:
		while (cur_left(&v) >= 4) {
			unsigned afi = cur_u16(&v), safi = cur_u8(&v), how = cur_u8(&v);
			if ((afi == 1 || afi == 2) && safi == 1)
				open->sends_ids[afi - 1] = how & 2;
		}
		break;
	default:
		break;
	}
}

uint16_t bgp_open_read(struct span message, struct bgp_open *open)
{
	struct cur c = cur_of_span(message), all;
	unsigned version;
	bool extended;
	size_t length;

	*open = (struct bgp_open){0};
	cur_take(&c, BGP_HEADER);
	version = cur_u8(&c);
	open->asn = cur_u16(&c);
	open->hold = cur_u16(&c);
	open->id = cur_u32(&c);
	length = cur_u8(&c);
	extended = length == 255 && cur_left(&c) >= 3 && c.p[0] == 255; /* RFC 9072 */
	if (extended) {
		cur_u8(&c);
		length = cur_u16(&c);
	}
	all = cur_sub(&c, length);
	if (c.bad)
		return 1 << 8 | 2; /* bad message length */
	while (cur_left(&all)) {
		unsigned type = cur_u8(&all);
		struct cur v = cur_sub(&all, extended ? cur_u16(&all) : cur_u8(&all));
		while (type == 2 && !v.bad && cur_left(&v)) {
			unsigned code = cur_u8(&v);
			struct cur value = cur_sub(&v, cur_u8(&v));
			if (!value.bad)
				capability_read(code, value, open);
		}
		if (all.bad || v.bad)
			return 2 << 8; /* RFC 4271 6.2: malformed optional parameter */
	}
	if (version != 4)
		return 2 << 8 | 1;
	if (open->asn == 0)
		return 2 << 8 | 2;
	if (open->id == 0)
		return 2 << 8 | 3;
	return open->hold == 1 || open->hold == 2 ? 2 << 8 | 6 : 0;
}

/* ---- UPDATE ---- */

struct attribute {
	uint8_t code;
	struct cur value;
};

static bool attribute_next(struct cur *c, struct attribute *a)
{
	uint8_t flags = cur_u8(c);

	a->code = cur_u8(c);
	a->value = cur_sub(c, flags & 0x10 ? cur_u16(c) : cur_u8(c));
	return !c->bad;
}

static struct cur update_attributes(struct span message)
{
	struct cur c = cur_of_span(message);

	cur_take(&c, BGP_HEADER);
	cur_sub(&c, cur_u16(&c));
	return cur_sub(&c, cur_u16(&c));
}

static bool segments_fit(struct cur c, size_t as_size)
{
	while (cur_left(&c)) {
		unsigned type = cur_u8(&c), n = cur_u8(&c);
		if (type < 1 || type > 4 || n == 0 || !cur_take(&c, n * as_size))
			return false;
	}
	return true;
}

bool bgp_update_as4(struct span message)
{
	struct cur c = update_attributes(message);
	struct attribute a;

	while (cur_left(&c) && attribute_next(&c, &a))
		if (a.code == ATTR_AS_PATH)
			return segments_fit(a.value, 4) || !segments_fit(a.value, 2);
	return true;
}

/* 0 IPv4, 1 IPv6: the family an UPDATE speaks of. */
static unsigned update_family(struct span message)
{
	struct cur c = update_attributes(message);
	struct attribute a;

	while (cur_left(&c) && attribute_next(&c, &a))
		if (a.code == ATTR_MP_REACH || a.code == ATTR_MP_UNREACH)
			return cur_u16(&a.value) == 2 ? 1 : 0;
	return 0;
}

/* ---- MRT ---- */

static void put16(struct out *o, unsigned v)
{
	out_char(o, (char)(v >> 8));
	out_char(o, (char)v);
}

static void put32(struct out *o, uint32_t v)
{
	put16(o, v >> 16);
	put16(o, v & 0xffff);
}

static void put_as(struct out *o, bool as4, asn_t asn)
{
	if (as4)
		put32(o, asn);
	else
		put16(o, asn > UINT16_MAX ? (asn_t)ASN_TRANS : asn);
}

/* The header of a record whose message or states take `n` bytes, up to them (RFC 6396 4.4). */
static void put_head(
    struct out *o, utime_t at, unsigned subtype, const struct bgp_session *s, bool as4, size_t n)
{
	unsigned size = s->peer.family == FAMILY_IPV6 ? 16 : 4;

	put32(o, (uint32_t)(at / UTIME_SECOND));
	put16(o, ET);
	put16(o, subtype);
	put32(o, (uint32_t)(4 + (as4 ? 8U : 4U) + 4 + 2 * size + n));
	put32(o, (uint32_t)(at % UTIME_SECOND));
	put_as(o, as4, s->peer_as);
	put_as(o, as4, s->local_as);
	put16(o, 0);
	put16(o, size == 16 ? 2U : 1U);
	out_bytes(o, s->peer.b, size);
	out_bytes(o, s->local.b, size);
}

void bgp_record_message(struct out *o, utime_t at, const struct bgp_session *s, struct span message)
{
	/* By path identifiers, then by size of an AS: MESSAGE, MESSAGE_AS4, and their ADDPATH forms (RFC
	 * 8050 4.1). */
	static const uint8_t subtype[2][2] = {{1, 4}, {8, 9}};
	bool ids = s->ids[0] || s->ids[1];

	if (ids && message.n > BGP_HEADER && message.p[18] == BGP_UPDATE)
		ids = s->ids[update_family(message)];
	put_head(o, at, subtype[ids][s->as4], s, s->as4, message.n);
	out_bytes(o, message.p, message.n);
}

void bgp_record_state(struct out *o, utime_t at, const struct bgp_session *s, unsigned from, unsigned to)
{
	put_head(o, at, 5, s, true, 4); /* STATE_CHANGE_AS4 */
	put16(o, from);
	put16(o, to);
}
