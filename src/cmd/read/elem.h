/*
 * cmd/read/elem: an element is what one peer says of one prefix, or a session's change of state: one line of
 * `read`. A printer is one output format: pieces of a line, each made once and used for every line it stands
 * in.
 */
#ifndef CMD_READ_ELEM_H
#define CMD_READ_ELEM_H

#include "base/out.h"
#include "decode/decode.h"

enum elem_kind { ELEM_RIB, ELEM_ANNOUNCE, ELEM_WITHDRAW, ELEM_STATE, ELEM_KINDS };

/* Where the next hop of a route stands. */
enum hop_form {
	HOP_OLD,     /* NEXT_HOP: IPv4 routes of a message */
	HOP_MP,      /* MP_REACH_NLRI: the others */
	HOP_EITHER,  /* a table entry: MP_REACH_NLRI, or else NEXT_HOP */
	HOP_MRT_BGP, /* as HOP_OLD, in a record of MRT type 5 */
};

struct text {
	const char *p;
	size_t n;
};
static inline void out_text(struct out *o, struct text t)
{
	out_bytes(o, t.p, t.n);
}

struct elem {
	enum elem_kind kind;
	const struct update *u;
	const struct peer_key *peer;
	const struct prefix *prefix;
	uint8_t safi;
	bool addpath;
	uint32_t path_id;
	utime_t originated;      /* ELEM_RIB */
	struct text lead, attrs; /* the pieces: all before the prefix, and the attributes */
};

/* The attributes of a route as a reader wants them: AS4_* merged, values only where they fit. */
struct route {
	struct span raw;
	struct attr_view v;
	struct as_path path;
	struct span next_hop; /* 4 or 16 bytes; empty: none */
	asn_t aggregator;
	struct span aggregator_addr; /* empty: none */
};
void route_of(const struct attr_set *set, enum hop_form form, struct route *r, struct fault_count *faults,
    uint64_t offset);

struct printer {
	const char *name;
	void (*head)(struct out *o);                       /* once, before the first line; may be NULL */
	void (*lead)(struct out *o, const struct elem *e); /* a line up to the peer: kind and time */
	void (*peer)(struct out *o, const struct peer_key *peer);
	void (*attrs)(struct out *o, const struct route *r, enum hop_form form);
	void (*line)(struct out *o, const struct elem *e);
};
extern const struct printer printer_bgpdump, printer_bgpdump_short, printer_json, printer_csv;

void out_addr(struct out *o, const struct addr *a);
void out_prefix(struct out *o, const struct prefix *p);
void out_next_hop(struct out *o, struct span next_hop);
/* The path as bgpdump and routers print it: "1 2 {3,4} (5 6)". */
void out_path(struct out *o, struct as_path path);
void out_communities(struct out *o, struct span value);
const char *origin_text(const struct route *r);

#endif
