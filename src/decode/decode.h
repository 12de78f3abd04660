/*
 * decode: bytes to views. In: spans of an MRT stream (RFC 6396, 6397, 8050) or bare BGP messages (RFC 4271).
 * Out: struct update, whose spans point into the caller's bytes. Allocates nothing, copies nothing, prints
 * nothing; every fault is counted by kind. A child's length binds the child: a bad attribute, message or
 * record costs itself and nothing beside it (RFC 7606).
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "base/cur.h"
#include "net/asn.h"
#include "net/prefix.h"
#include "net/utime.h"

/* ---- faults: bad input is data ---- */
enum fault {
	FAULT_NONE,
	FAULT_MRT_CUT,     /* the stream ends inside a record */
	FAULT_MRT_LENGTH,  /* a header whose length cannot be; resynchronised by search */
	FAULT_MRT_UNKNOWN, /* a type or subtype not known here: skipped whole */
	FAULT_MRT_BODY,    /* a record's own fields do not fit its length */
	FAULT_PEER_INDEX,  /* a RIB entry names a peer that its table lacks, or no table came before */
	FAULT_BGP_HEADER,  /* marker, length or type of a BGP message */
	FAULT_BGP_BODY,    /* sections of an UPDATE do not fit it */
	FAULT_ATTR_CUT,    /* an attribute runs over the end of the list */
	FAULT_ATTR_FLAGS,
	FAULT_ATTR_LENGTH,
	FAULT_ATTR_TWICE,
	FAULT_ATTR_VALUE,
	FAULT_NLRI, /* a prefix longer than its family or its span */
	FAULT_KINDS
};
const char *fault_text(enum fault fault);
struct fault_count {
	uint64_t n[FAULT_KINDS];
	uint64_t skipped_bytes;      /* passed over while searching for the next record */
	uint64_t first[FAULT_KINDS]; /* stream offset of the first of each kind */
};
void fault_add(struct fault_count *c, enum fault fault, uint64_t offset);

/* ---- peers ---- */
struct peer_key {
	struct addr addr;
	asn_t asn;
};

enum { MRT_PEERS_MAX = 65536 };
struct mrt_peers { /* a PEER_INDEX_TABLE, kept by the caller for the RIB records that follow; ~2 MB */
	uint32_t n;
	uint32_t collector; /* BGP identifier of the collector */
	char view[64];
	struct peer_key peer[MRT_PEERS_MAX];
	uint32_t bgp_id[MRT_PEERS_MAX];
};

/* ---- path attributes ---- */
struct attr_set { /* the attributes of one message or RIB entry, cut but not judged */
	struct span raw;
	uint8_t as_size; /* 2 or 4: bytes of an ASN in AS_PATH and AGGREGATOR */
	bool rib_form;   /* TABLE_DUMP_V2: MP_REACH_NLRI holds only the next hop (RFC 6396 4.3.4) */
};

enum attr_code {
	ATTR_ORIGIN = 1,
	ATTR_AS_PATH = 2,
	ATTR_NEXT_HOP = 3,
	ATTR_MED = 4,
	ATTR_LOCAL_PREF = 5,
	ATTR_ATOMIC = 6,
	ATTR_AGGREGATOR = 7,
	ATTR_COMMUNITY = 8,
	ATTR_ORIGINATOR = 9,
	ATTR_CLUSTER = 10,
	ATTR_MP_REACH = 14,
	ATTR_MP_UNREACH = 15,
	ATTR_EXT_COMMUNITY = 16,
	ATTR_AS4_PATH = 17,
	ATTR_AS4_AGGREGATOR = 18,
	ATTR_AIGP = 26,
	ATTR_LARGE_COMMUNITY = 32,
	ATTR_OTC = 35,
};

struct attr_view {             /* one pass over an attr_set: where each attribute's value lies */
	uint64_t seen[4];      /* bit per code */
	struct span value[64]; /* codes 0..63; only where seen; the first of a repeated attribute counts (RFC
				  7606 3.g) */
	struct fault_count *faults;
	bool withdraw; /* RFC 7606: treat as withdraw */
};
/* The name as the IANA registry has it; "UNKNOWN". */
const char *attr_name(unsigned code);
void attrs_scan(
    const struct attr_set *set, struct attr_view *view, struct fault_count *faults, uint64_t offset);
static inline bool attr_seen(const struct attr_view *v, unsigned code)
{
	return v->seen[code / 64] >> (code % 64) & 1;
}
/* Only AS_PATH and AS4_PATH, for the hot path that needs no more: spans are empty where absent. */
void attrs_paths(const struct attr_set *set, struct span *as_path, struct span *as4_path);
/* MP_REACH_NLRI of a message or of the short RIB form (both told apart by content): next hop and NLRI. */
struct mp_reach {
	uint16_t afi;
	uint8_t safi;
	struct span next_hop, nlri;
};
bool mp_reach_cut(struct span value, bool rib_form, struct mp_reach *mp);

/* ---- AS paths (RFC 4271 4.3, 5065, 6793) ---- */
enum { SEGMENT_SET = 1, SEGMENT_SEQUENCE = 2, SEGMENT_CONFED_SEQUENCE = 3, SEGMENT_CONFED_SET = 4 };
struct as_segment {
	uint8_t type;
	uint8_t as_size;
	struct span asns;
};
/* false at the end, or path->bad */
static inline bool as_segment_next(struct cur *path, uint8_t as_size, struct as_segment *s)
{
	const uint8_t *head;

	if (cur_left(path) == 0 || !(head = cur_take(path, 2)))
		return false;
	s->type = head[0];
	s->as_size = as_size;
	s->asns = cur_span(path, (size_t)head[1] * as_size);
	return !path->bad;
}
/*
 * The path as it is meant, segment by segment: AS_PATH, or its leading hops and then AS4_PATH (RFC
 * 6793 4.2.3; an as4_path is only looked at where as_size is 2). bad: the path is malformed; what stood
 * before came out.
 */
struct as_path {
	struct cur rest, rest4;
	uint8_t as_size;
	bool bad;
	size_t hops; /* of AS_PATH still to come out before AS4_PATH */
};
struct as_path as_path_of(struct span as_path, struct span as4_path, uint8_t as_size);
bool as_path_next(struct as_path *path, struct as_segment *s);
static inline asn_t segment_asn(const struct as_segment *s, size_t i) /* i < asns.n / as_size */
{
	return s->as_size == 4 ? be32(s->asns.p + 4 * i) : be16(s->asns.p + 2 * i);
}

/*
 * The path as a flat list from the peer to the origin, AS4_PATH merged (RFC 6793 4.2.3), confederations
 * stripped, prepending kept. A set stands as ASN 0 once. Returns how many (at most cap); *flags gets PATH_*
 * bits.
 */
enum { PATH_HAS_SET = 1, PATH_HAS_CONFED = 2, PATH_CUT = 4, PATH_MALFORMED = 8 };
size_t as_path_flat(
    struct span as_path, struct span as4_path, uint8_t as_size, asn_t *out, size_t cap, unsigned *flags);

/* ---- NLRI ---- */
struct nlri {
	struct span bytes;
	uint8_t family; /* 0: a family that is not read as prefixes (VPN, EVPN, flow spec ...) */
	uint8_t safi;
	bool addpath; /* RFC 7911: four bytes of path id before each */
};
/*
 * The next prefix; false at the end or at a fault (counted; the rest of the span is lost). path_id is 0
 * without ADDPATH. Inline: it runs once a route.
 */
static inline bool nlri_next(
    struct nlri *list, struct prefix *prefix, uint32_t *path_id, struct fault_count *faults, uint64_t offset)
{
	const uint8_t *p = list->bytes.p;
	size_t n = list->bytes.n, id = list->addpath ? 4 : 0, need;

	if (n == 0 || list->family == 0)
		return false;
	if (n < id + 1 || p[id] > family_bits(list->family) || n < (need = id + 1 + (p[id] + 7U) / 8)) {
		fault_add(faults, FAULT_NLRI, offset);
		list->bytes.n = 0;
		return false;
	}
	*path_id = id ? be32(p) : 0;
	prefix_set(prefix, list->family, p + id + 1, p[id]);
	list->bytes.p = p + need;
	list->bytes.n = n - need;
	return true;
}

/* ---- records and updates ---- */
enum update_kind {
	UPDATE_MESSAGE, /* a BGP UPDATE of u->peer */
	UPDATE_RIB,     /* one prefix of a dump and its entries */
	UPDATE_STATE,   /* the session of u->peer changed state */
	UPDATE_PEERS,   /* PEER_INDEX_TABLE: a dump begins; load it with mrt_peers_load */
	UPDATE_OTHER,   /* OPEN, KEEPALIVE, NOTIFICATION, ROUTE-REFRESH, or a type passed over: nothing for a
			   table */
};

struct update {
	utime_t time;
	uint64_t offset; /* of the record in its stream */
	enum update_kind kind;
	uint16_t type, subtype; /* of MRT; 0 for live sources */
	struct span record;     /* the whole record with its header */
	struct peer_key peer, local;
	/* UPDATE_MESSAGE (and OTHER): the bare BGP message, and its parts */
	struct span message;
	struct attr_set attrs;
	struct nlri withdrawn[2]; /* [0] the old IPv4 field, [1] MP_UNREACH_NLRI */
	struct nlri announced[2]; /* [0] the old IPv4 field, [1] MP_REACH_NLRI */
	bool end_of_rib;          /* RFC 4724 2 */
	bool from_local;          /* a message that u->local sent (the _LOCAL subtypes, RFC 6396 4.4.5) */
	/* UPDATE_RIB */
	struct prefix prefix;
	uint8_t safi;
	uint16_t view;
	uint32_t sequence;
	uint16_t entry_count;
	bool addpath;
	bool own_peer;      /* TABLE_DUMP: u->peer is the only entry's peer, indexes do not apply */
	utime_t originated; /* of that entry */
	struct span entries;
	/* UPDATE_STATE: 1 Idle .. 6 Established (RFC 4271 8.2.2) */
	uint16_t old_state, new_state;
};

struct rib_entry {
	uint16_t peer_index;
	uint32_t path_id;
	utime_t originated;
	struct attr_set attrs;
};

enum mrt_status {
	MRT_UPDATE, /* *u is one update */
	MRT_MORE,   /* the rest of the bytes is the beginning of a record: give it again with what follows */
};

struct mrt { /* one stream's reader; plain values, no memory behind it; start with {0} */
	struct fault_count faults;
	uint64_t records[64]; /* by MRT type, the last for higher ones */
	uint64_t n_records;
	unsigned pending; /* bytes left of an old multi-entry record that is given out entry by entry */
	uint32_t pending_time;
	uint16_t pending_subtype, pending_view;
	bool lost;                   /* looking for the next record */
	uint8_t hidden_addpath[256]; /* by hash of the peer: how sure we are that it sends path identifiers
					that its records do not tell of */
	uint64_t n_hidden;           /* messages read so */
	/* what looking for the next record has cost, which bounds what it may cost (mrt.c, search_affords) */
	uint64_t vain;   /* bytes of bodies that were none */
	uint64_t sought; /* bytes looked through at the stream's end */
	size_t found;    /* bytes left where a record was found there: none is sought before it; 0: none */
};

/*
 * The next update in bytes [c->p, c->end), which begin at `offset` of the stream. `last`: no bytes follow, so
 * a cut record is a fault. c moves past what was used. Records with a fault are counted and passed over
 * inside. PEER_INDEX_TABLE comes out as UPDATE_PEERS.
 */
enum mrt_status mrt_next(struct mrt *m, struct cur *c, uint64_t offset, bool last, struct update *u);
/*
 * For who wants no more than totals: the elements of the plain records that c begins with are counted, up to
 * the first that mrt_next has to see (a damaged or rare one, or the last one cut); calls of the two may
 * alternate. `peers` is how many the last peer index named.
 */
struct totals {
	uint64_t rib, announce, withdraw;
};
void mrt_totals(struct mrt *m, struct cur *c, size_t peers, struct totals *t);
bool mrt_peers_load(struct mrt_peers *peers, const struct update *u, struct fault_count *faults);
/* The next entry of a dump's record (RFC 6396 4.3.4); advances u->entries. Inline: it runs once a route. */
static inline bool rib_entry_next(struct update *u, struct rib_entry *e, struct fault_count *faults)
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
	/* field by field: a whole struct would be put together in memory and wait for itself */
	e->attrs.raw.p = p + head;
	e->attrs.raw.n = attrs;
	e->attrs.as_size = u->attrs.as_size;
	e->attrs.rib_form = u->attrs.rib_form;
	u->entries.p = p + head + attrs;
	u->entries.n = n - head - attrs;
	return true;
}
/*
 * GEO_PEER_TABLE (RFC 6397 3.1): an update of kind UPDATE_OTHER, type 13, subtype 7. geo_begin gives the
 * collector and the number of peers that geo_next then gives, in the order of the peer index.
 */
struct geo_peer {
	struct peer_key peer;
	uint32_t bgp_id;
	float latitude, longitude; /* degrees; NaN: private */
};
unsigned geo_begin(struct update *u, struct geo_peer *collector);
bool geo_next(struct update *u, struct geo_peer *peer);
/* A bare BGP message (BMP, BGP session, RIS Live's raw) into the message fields of u; false: a fault,
 * counted. */
bool bgp_cut(
    struct span message, uint8_t as_size, bool addpath, struct update *u, struct fault_count *faults);
/* The same for an UPDATE without its header (MRT type 5). */
bool bgp_cut_body(
    struct span body, uint8_t as_size, bool addpath, struct update *u, struct fault_count *faults);

#endif
