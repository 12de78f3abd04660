/* decode/bmp: see bmp.h. */
#include "decode/bmp.h"

#include "base/hash.h"

enum {
	VERSION = 3,
	PEER_LOC_RIB = 3,
	FLAG_IPV6 = 0x80,      /* V; of a Loc-RIB it is F, filtered (RFC 9069 4.2) */
	FLAG_POST = 0x40,      /* L */
	FLAG_AS2 = 0x20,       /* A */
	FLAG_OUT = 0x10,       /* O (RFC 8671 4) */
	UP_FIXED = 16 + 2 + 2, /* address and ports of a Peer Up */
	BGP_HEADER = 19,
	BGP_OPEN = 1,
	STATE_IDLE = 1,
	STATE_ESTABLISHED = 6,
};

/* ---- the frame ---- */

static enum bmp_view view_of(uint8_t type, uint8_t flags)
{
	if (type == PEER_LOC_RIB)
		return BMP_LOC;
	if (flags & FLAG_OUT)
		return flags & FLAG_POST ? BMP_OUT_POST : BMP_OUT_PRE;
	return flags & FLAG_POST ? BMP_IN_POST : BMP_IN_PRE;
}

/* RFC 7854 4.2: type, flags, distinguisher, address, AS, BGP identifier, time. */
static bool take_peer(struct cur *c, struct bmp_peer *p)
{
	const uint8_t *id, *address;

	*p = (struct bmp_peer){0};
	p->type = cur_u8(c);
	p->flags = cur_u8(c);
	id = c->p;
	p->distinguisher = cur_u64(c);
	address = cur_take(c, 16);
	p->key.asn = cur_u32(c);
	p->bgp_id = cur_u32(c);
	p->time = utime_of(cur_u32(c), 0);
	p->time += cur_u32(c);
	if (c->bad)
		return false;
	p->view = view_of(p->type, p->flags);
	p->as_size = p->type != PEER_LOC_RIB && p->flags & FLAG_AS2 ? 2 : 4;
	p->filtered = p->type == PEER_LOC_RIB && p->flags & FLAG_IPV6;
	if (p->type == PEER_LOC_RIB)
		p->key.addr = addr_v4(address + 20);
	else
		p->key.addr = p->flags & FLAG_IPV6 ? addr_v6(address) : addr_v4(address + 12);
	/* Pre- and post-policy share a Peer Up where the router sends one for both. */
	p->id = (hash_bytes(id, 32) * 4 + (p->view == BMP_LOC ? 2U : p->view >= BMP_OUT_PRE)) | UINT64_C(1)
												    << 63;
	return true;
}

enum bmp_status bmp_next(struct bmp *b, struct cur *c, uint64_t offset, struct bmp_message *m)
{
	const uint8_t *begin = c->p;

	for (;;) {
		struct cur body;
		uint32_t length;
		uint64_t at = offset + (uint64_t)(c->p - begin);
		if (cur_left(c) < BMP_HEADER)
			return BMP_MORE;
		length = be32(c->p + 1);
		if (c->p[0] != VERSION || length < BMP_HEADER || length > BMP_LONGEST) {
			fault_add(&b->faults, FAULT_MRT_LENGTH, at);
			return BMP_LOST;
		}
		if (cur_left(c) < length)
			return BMP_MORE;
		*m = (struct bmp_message){.offset = at, .whole = {c->p, length}, .type = c->p[5]};
		body = cur_sub(c, length);
		cur_take(&body, BMP_HEADER);
		if (m->type >= BMP_TYPES) {
			b->unknown++;
			fault_add(&b->faults, FAULT_MRT_UNKNOWN, at);
			continue;
		}
		m->has_peer = m->type != BMP_INITIATION && m->type != BMP_TERMINATION;
		if (m->has_peer && !take_peer(&body, &m->peer)) {
			fault_add(&b->faults, FAULT_MRT_BODY, at);
			continue;
		}
		b->messages[m->type]++;
		m->body = cur_rest(&body);
		return BMP_MESSAGE;
	}
}

/* ---- parts ---- */

bool bmp_tlv_next(struct cur *c, struct bmp_tlv *tlv)
{
	if (!cur_left(c))
		return false;
	tlv->type = cur_u16(c);
	tlv->value = cur_span(c, cur_u16(c));
	return !c->bad;
}

bool bmp_stat_next(struct cur *c, struct bmp_stat *stat)
{
	struct bmp_tlv tlv;
	struct cur v;

	if (!bmp_tlv_next(c, &tlv))
		return false;
	*stat = (struct bmp_stat){.type = tlv.type};
	v = cur_of_span(tlv.value);
	if (tlv.value.n == 11) { /* a gauge of one family (RFC 7854 4.8 types 9 and 10, RFC 8671 6.2) */
		stat->afi = cur_u16(&v);
		stat->safi = cur_u8(&v);
	}
	stat->value = cur_left(&v) == 8 ? cur_u64(&v) : cur_u32(&v);
	return true;
}

/* One BGP message at the front of the cursor. */
static struct span take_bgp(struct cur *c)
{
	if (c->bad || cur_left(c) < BGP_HEADER || be64(c->p) != UINT64_MAX || be64(c->p + 8) != UINT64_MAX ||
	    be16(c->p + 16) < BGP_HEADER) {
		c->bad = true;
		return (struct span){c->end, 0};
	}
	return cur_span(c, be16(c->p + 16));
}

bool bmp_up_cut(const struct bmp_message *m, struct bmp_up *up)
{
	struct cur c = cur_of_span(m->body);
	const uint8_t *p = cur_take(&c, UP_FIXED);

	if (!p)
		return false;
	up->local = m->peer.flags & FLAG_IPV6 && m->peer.type != PEER_LOC_RIB ? addr_v6(p) : addr_v4(p + 12);
	up->local_port = be16(p + 16);
	up->remote_port = be16(p + 18);
	up->sent = take_bgp(&c);
	up->received = take_bgp(&c);
	up->tlvs = cur_rest(&c);
	return !c.bad;
}

bool bmp_down_cut(const struct bmp_message *m, struct bmp_down *down)
{
	struct cur c = cur_of_span(m->body);

	*down = (struct bmp_down){.reason = cur_u8(&c)};
	if (down->reason == BMP_DOWN_LOCAL || down->reason == BMP_DOWN_REMOTE)
		down->notification = take_bgp(&c);
	else if (down->reason == BMP_DOWN_LOCAL_FSM)
		down->event = cur_u16(&c);
	else if (down->reason == BMP_DOWN_LOC)
		down->tlvs = cur_rest(&c);
	return !c.bad;
}

const char *bmp_down_text(unsigned reason)
{
	static const char *const text[] = {
	    [BMP_DOWN_LOCAL] = "the router ended the session by a NOTIFICATION",
	    [BMP_DOWN_LOCAL_FSM] = "the router ended the session",
	    [BMP_DOWN_REMOTE] = "the peer ended the session by a NOTIFICATION",
	    [BMP_DOWN_REMOTE_SILENT] = "the peer ended the session",
	    [BMP_DOWN_CONFIG] = "the router does not monitor it any more",
	    [BMP_DOWN_LOC] = "the router's own table is monitored no more"};

	return reason && reason < sizeof text / sizeof *text ? text[reason] : "for a reason not known here";
}

const char *bmp_termination_text(const struct bmp_message *m)
{
	static const char *const text[] = {"closed by its administrator", "for no reason that it gives",
	    "out of resources", "a connection too many", "closed for good by its administrator"};
	struct cur c = cur_of_span(m->body);
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&c, &tlv))
		if (tlv.type == 1 && tlv.value.n == 2)
			return be16(tlv.value.p) < sizeof text / sizeof *text ? text[be16(tlv.value.p)]
									      : "for a reason not known here";
	return NULL;
}

/* ---- path identifiers: RFC 7911 4, from the OPENs of a Peer Up ---- */

enum { CAN_RECEIVE = 1, CAN_SEND = 2, FAMILIES = 4 };

static int family_bit(uint16_t afi, uint8_t safi)
{
	if (afi < 1 || afi > 2 || safi < 1 || safi > 2)
		return -1;
	return (afi - 1) * 2 + safi - 1;
}

static void take_capabilities(struct cur c, uint8_t can[FAMILIES])
{
	while (cur_left(&c)) {
		unsigned code = cur_u8(&c);
		struct cur value = cur_sub(&c, cur_u8(&c));
		while (code == 69 && !c.bad && cur_left(&value) >= 4) {
			uint16_t afi = cur_u16(&value);
			int bit = family_bit(afi, cur_u8(&value));
			uint8_t how = cur_u8(&value);
			if (bit >= 0)
				can[bit] |= how & (CAN_RECEIVE | CAN_SEND);
		}
	}
}

/* The ADDPATH capabilities of an OPEN (RFC 4271 4.2, RFC 5492, extended length RFC 9072). */
static void open_addpath(struct span open, uint8_t can[FAMILIES])
{
	struct cur c = cur_of_span(open), all;
	bool extended;
	size_t length;

	if (open.n < BGP_HEADER + 10 || open.p[18] != BGP_OPEN)
		return;
	cur_take(&c, BGP_HEADER + 9);
	length = cur_u8(&c);
	extended = length == 255 && cur_left(&c) >= 3 && c.p[0] == 255;
	if (extended) {
		cur_u8(&c);
		length = cur_u16(&c);
	}
	all = cur_sub(&c, length);
	while (cur_left(&all)) {
		unsigned type = cur_u8(&all);
		struct cur value = cur_sub(&all, extended ? cur_u16(&all) : cur_u8(&all));
		if (type == 2 && !all.bad)
			take_capabilities(value, can);
	}
}

static struct bmp_addpath *addpath_slot(struct bmp *b, uint64_t id)
{
	for (size_t i = 0; i < BMP_PEERS; i++) {
		struct bmp_addpath *slot = &b->addpath[(id + i) % BMP_PEERS];
		if (slot->id == id || slot->id == 0)
			return slot;
	}
	return NULL;
}

static void addpath_learn(struct bmp *b, const struct bmp_peer *peer, const struct bmp_up *up)
{
	uint8_t sent[FAMILIES] = {0}, received[FAMILIES] = {0}, families = 0;
	struct bmp_addpath *slot = addpath_slot(b, peer->id);

	open_addpath(up->sent, sent);
	open_addpath(up->received, received);
	for (unsigned i = 0; i < FAMILIES; i++) {
		bool in = sent[i] & CAN_RECEIVE && received[i] & CAN_SEND;
		bool out = sent[i] & CAN_SEND && received[i] & CAN_RECEIVE;
		bool loc = sent[i] || received[i]; /* RFC 9069 4.4: the OPENs are made up */
		if (peer->view == BMP_LOC ? loc : peer->view >= BMP_OUT_PRE ? out : in)
			families |= (uint8_t)(1U << i);
	}
	if (!slot || (slot->id == 0 && !families))
		return;
	slot->id = peer->id;
	slot->families = families;
}

static bool addpath_known(struct bmp *b, const struct bmp_peer *peer, const struct nlri *list)
{
	const struct bmp_addpath *slot = addpath_slot(b, peer->id);
	int bit = family_bit(list->family == FAMILY_IPV6 ? 2 : 1, list->safi);

	return slot && slot->id == peer->id && list->family && bit >= 0 && slot->families >> bit & 1;
}

/* ---- what a table wants to know ---- */

static void update_begin(const struct bmp_message *m, struct update *u)
{
	memset(u, 0, sizeof *u);
	u->offset = m->offset;
	u->record = m->whole;
	u->peer = m->peer.key;
	u->time = m->peer.time;
}

static bool update_route(struct bmp *b, struct bmp_message *m, struct update *u)
{
	struct cur c = cur_of_span(m->body);
	struct span message = take_bgp(&c);

	m->body = cur_rest(&c);
	if (!message.n) {
		fault_add(&b->faults, FAULT_BGP_HEADER, m->offset);
		return false;
	}
	if (!bgp_cut(message, m->peer.as_size, false, u, &b->faults))
		return true; /* UPDATE_OTHER: its fault is counted */
	for (unsigned i = 0; i < 2; i++) {
		u->announced[i].addpath = addpath_known(b, &m->peer, &u->announced[i]);
		u->withdrawn[i].addpath = addpath_known(b, &m->peer, &u->withdrawn[i]);
	}
	return true;
}

static bool update_state(struct bmp *b, struct bmp_message *m, struct update *u)
{
	struct bmp_up up;

	u->kind = UPDATE_STATE;
	u->old_state = m->type == BMP_PEER_UP ? STATE_IDLE : STATE_ESTABLISHED;
	u->new_state = m->type == BMP_PEER_UP ? STATE_ESTABLISHED : STATE_IDLE;
	if (m->type == BMP_PEER_UP) {
		if (bmp_up_cut(m, &up)) {
			u->local.addr = up.local;
			addpath_learn(b, &m->peer, &up);
		} else {
			fault_add(&b->faults, FAULT_MRT_BODY, m->offset);
		}
	}
	m->body = (struct span){0};
	return true;
}

bool bmp_update(struct bmp *b, struct bmp_message *m, struct update *u)
{
	bool state = m->type == BMP_PEER_UP || m->type == BMP_PEER_DOWN;

	update_begin(m, u);
	if (m->type == BMP_ROUTE && m->body.n)
		return update_route(b, m, u);
	return state && m->body.p && update_state(b, m, u);
}
