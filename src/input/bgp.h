/*
 * input/bgp (of this room only): what a receive-only BGP speaker must say and understand (RFC 4271, 4760,
 * 5492, 6793, 7911, 8654, 4724): OPENs, and messages as MRT records (RFC 6396, 8050), which is how they go
 * on. Plain values.
 */
#ifndef INPUT_BGP_H
#define INPUT_BGP_H

#include "base/cur.h"
#include "base/out.h"
#include "net/asn.h"
#include "net/prefix.h"
#include "net/utime.h"

enum { BGP_HEADER = 19, BGP_LONGEST = 65535, BGP_OPEN_ROOM = 128 };
enum { BGP_OPEN = 1, BGP_UPDATE, BGP_NOTIFICATION, BGP_KEEPALIVE, BGP_REFRESH };
enum { BGP_IDLE = 1, BGP_OPEN_SENT = 4, BGP_OPEN_CONFIRM = 5, BGP_ESTABLISHED = 6 };

struct bgp_open { /* what an OPEN says */
	uint16_t hold;
	asn_t asn;
	uint32_t id;
	bool as4, extended;
	bool sends_ids[2]; /* IPv4, IPv6 unicast: would send path identifiers */
	bool graceful;
	unsigned restart; /* seconds */
};

size_t bgp_open_write(uint8_t *p, asn_t asn, uint16_t hold, uint32_t id); /* room for BGP_OPEN_ROOM */
/* A whole OPEN message; 0, or the NOTIFICATION it deserves: code << 8 | subcode. */
uint16_t bgp_open_read(struct span message, struct bgp_open *open);
size_t bgp_message_write(uint8_t *p, uint8_t type, const uint8_t *body, size_t n);

struct bgp_session { /* whose messages they are */
	struct addr peer, local;
	asn_t peer_as, local_as;
	bool as4, ids[2];
};
void bgp_record_message(struct out *o, utime_t at, const struct bgp_session *s, struct span message);
void bgp_record_state(struct out *o, utime_t at, const struct bgp_session *s, unsigned from, unsigned to);
/* Do the AS paths of this UPDATE have four bytes an AS? True where it has none. */
bool bgp_update_as4(struct span message);

#endif
