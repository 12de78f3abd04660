/*
 * decode/bmp: the BGP Monitoring Protocol (RFC 7854; Adj-RIB-Out RFC 8671; Loc-RIB RFC 9069; Peer Up TLVs RFC
 * 9736). In: the bytes of one router's connection. Out: messages as views, and struct update for what a table
 * wants to know. Allocates nothing; what a connection has told (which peers send path identifiers) stands in
 * struct bmp.
 */
#ifndef DECODE_BMP_H
#define DECODE_BMP_H

#include "decode/decode.h"

enum bmp_type {
	BMP_ROUTE,
	BMP_STATS,
	BMP_PEER_DOWN,
	BMP_PEER_UP,
	BMP_INITIATION,
	BMP_TERMINATION,
	BMP_MIRROR,
	BMP_TYPES
};

enum bmp_view { BMP_IN_PRE, BMP_IN_POST, BMP_OUT_PRE, BMP_OUT_POST, BMP_LOC, BMP_VIEWS };

struct bmp_peer { /* the per-peer header (RFC 7854 4.2) */
	enum bmp_view view;
	uint8_t type; /* 0 global, 1 RD, 2 local, 3 Loc-RIB */
	uint8_t flags;
	bool filtered; /* Loc-RIB: not the whole of it */
	uint8_t as_size;
	uint64_t distinguisher; /* 0: the global table */
	struct peer_key key;    /* Loc-RIB: the router's own BGP identifier and AS */
	uint32_t bgp_id;
	utime_t time; /* 0: the router does not say */
	uint64_t id;  /* hash of what makes it this peer */
};

struct bmp_message {
	enum bmp_type type;
	uint64_t offset;
	struct span whole, body; /* body: behind the per-peer header */
	bool has_peer;
	struct bmp_peer peer;
};

enum { BMP_PEERS = 1024, BMP_HEADER = 6, BMP_LONGEST = 1 << 20 };
struct bmp { /* one connection; start with {0} */
	struct fault_count faults;
	uint64_t messages[BMP_TYPES];
	uint64_t unknown; /* types not known here: skipped whole */
	struct bmp_addpath {
		uint64_t id;
		uint8_t families; /* bit 0 IPv4 unicast, 1 IPv4 multicast, 2 and 3 IPv6 */
	} addpath[BMP_PEERS];     /* peers that send path identifiers, by id */
};

enum bmp_status {
	BMP_MESSAGE, /* *m is one message */
	BMP_MORE,    /* the rest is the beginning of a message */
	BMP_LOST,    /* not BMP, or a length that cannot be: counted; there is no way back into step */
};
enum bmp_status bmp_next(struct bmp *b, struct cur *c, uint64_t offset, struct bmp_message *m);

/*
 * The next thing a message tells a table: UPDATE_MESSAGE or UPDATE_STATE of m->peer. Advances m->body; false:
 * there is nothing (more). The time is the router's; 0 where it has none.
 */
bool bmp_update(struct bmp *b, struct bmp_message *m, struct update *u);

/* The next type-length-value of an Initiation, Termination, Peer Up or Mirroring; false at the end (or a
 * fault). */
struct bmp_tlv {
	uint16_t type;
	struct span value;
};
bool bmp_tlv_next(struct cur *c, struct bmp_tlv *tlv);
/* A Peer Up's parts (RFC 7854 4.10): the router's end, both OPENs, then TLVs; false where they do not fit. */
struct bmp_up {
	struct addr local;
	uint16_t local_port, remote_port;
	struct span sent, received;
	struct span tlvs;
};
bool bmp_up_cut(const struct bmp_message *m, struct bmp_up *up);
/* A Peer Down's parts (RFC 7854 4.9, RFC 9069 5.3); false where they do not fit its reason. */
enum {
	BMP_DOWN_LOCAL = 1,
	BMP_DOWN_LOCAL_FSM,
	BMP_DOWN_REMOTE,
	BMP_DOWN_REMOTE_SILENT,
	BMP_DOWN_CONFIG,
	BMP_DOWN_LOC
};
struct bmp_down {
	uint8_t reason;           /* one of these, or one that is not known here */
	struct span notification; /* of LOCAL and REMOTE: the BGP message */
	uint16_t event;           /* of LOCAL_FSM: RFC 4271 8.1; 0: none fits */
	struct span tlvs;         /* of LOC */
};
bool bmp_down_cut(const struct bmp_message *m, struct bmp_down *down);
const char *bmp_down_text(unsigned reason);
/* Why a router ends the connection (RFC 7854 4.5); NULL: it does not say. */
const char *bmp_termination_text(const struct bmp_message *m);

/* Statistics (RFC 7854 4.8): a counter; false at the end. Per-family ones carry AFI and SAFI, others 0. */
struct bmp_stat {
	uint16_t type, afi;
	uint8_t safi;
	uint64_t value;
};
bool bmp_stat_next(struct cur *c, struct bmp_stat *stat);

#endif
