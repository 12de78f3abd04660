/*
 * input/live: live sources as parcels of bytes. In: routers that speak BMP or BGP to us, RIS Live, folders
 * that grow. Out: parcels: whole MRT records or whole BMP messages of one connection, in the order in which
 * they came, and notes about the sources. What decode reads from a file it reads from a parcel. Owns every
 * socket and thread; a parcel is the taker's.
 *
 * Memory is bounded: with LIVE_PARCELS waiting, sockets are not read, and the senders wait (TCP). Nothing is
 * dropped.
 */
#ifndef INPUT_LIVE_H
#define INPUT_LIVE_H

#include "input/input.h"
#include "net/asn.h"
#include "net/prefix.h"

enum parcel_kind {
	PARCEL_MRT,  /* records; none: the connection lives, without news */
	PARCEL_BMP,  /* messages of one router */
	PARCEL_UP,   /* a connection begins */
	PARCEL_DOWN, /* a connection ended: why stands in data */
	PARCEL_NOTE, /* a line for the log, of a source */
};

struct parcel {
	struct parcel *next; /* while it waits */
	enum parcel_kind kind;
	utime_t time;       /* when it came */
	uint32_t stream;    /* which connection or file, from 1, never used again */
	const char *source; /* name of the source in the configuration */
	char collector[64];
	size_t n;
	uint8_t data[]; /* n bytes, then INPUT_PAD zeros */
};

enum { LIVE_PARCELS = 64, LIVE_PARCEL_SIZE = 256 * 1024 };

struct live_listen { /* BMP, BGP */
	const char *name;
	const char *address;        /* "127.0.0.1:1790", "[::]:179" */
	const struct prefix *allow; /* who may connect; none: only this machine */
	size_t allows;
	/* BGP only */
	asn_t local_as;       /* 0: each peer's own (an internal session) */
	uint32_t router_id;   /* 0: made from the address */
	const asn_t *peer_as; /* who may open; none: any */
	size_t peer_ases;
	unsigned hold;        /* seconds; 0: 90 */
	const char *password; /* TCP MD5 (RFC 2385), for the allowed addresses; NULL: none */
};

struct live_ris {
	const char *name;
	const char *url;              /* "wss://ris-live.ripe.net/v1/ws/?client=isthmus" */
	const char *ca_file;          /* certificates to trust; NULL: the system's */
	const char *const *subscribe; /* the data objects of ris_subscribe messages, JSON */
	size_t subscribes;
	unsigned silence; /* seconds without a word until the connection is made anew; 0: 60 */
};

struct live_follow {
	const char *name;
	const char *folder;
	unsigned every; /* seconds; 0: 2, of an archive 60 */
	/* where set: of these collectors new files are fetched into the folder, from the archives or a mirror
	 */
	const char *const *collector;
	size_t collectors;
	const char *url; /* of the mirror; NULL: the archives themselves */
};

/* What is wrong with it, as far as can be told without opening anything; NULL: nothing. */
const char *live_listen_fault(const struct live_listen *o);
const char *live_ris_fault(const struct live_ris *o);

struct live;
struct live *live_new(void);
/* NULL, or what is wrong (static or valid until the next call). Before live_start. */
const char *live_add_bmp(struct live *l, const struct live_listen *o);
const char *live_add_bgp(struct live *l, const struct live_listen *o);
const char *live_add_ris(struct live *l, const struct live_ris *o);
const char *live_add_follow(struct live *l, const struct live_follow *o);
void live_start(struct live *l);
struct parcel *live_next(struct live *l, unsigned milliseconds); /* NULL: none came; free() it */
uint64_t live_held(struct live *l);                              /* how often senders had to wait for us */
void live_free(struct live *l);                                  /* sessions end in order (BGP: Cease) */

#endif
