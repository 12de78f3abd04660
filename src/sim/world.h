/*
 * sim/world: a whole Internet from a seed. In: sizes. Out: a topology, prefixes and announcements of
 * realistic shape, a table dump of its peers, and a stream of updates. The model is written down in
 * isthmus-simulate(1).
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "net/prefix.h"
#include "net/utime.h"
#include "sim/graph.h"
#include "sim/mrt.h"
#include "sim/pack.h"
#include "sim/route.h"

struct world_options {
	uint32_t ases, prefixes, peers;
	uint64_t seed;
	const char *topology; /* an as-rel file instead of a made graph; NULL: made */
	utime_t at;           /* of the dump */
	unsigned minutes;     /* of updates */
	double rate;          /* update messages a second */
	unsigned threads;
	const char (*country)[3]; /* codes; every network is in one of them */
	size_t countries;         /* 0: none; at most 255 count */
	unsigned months;          /* that providers have changed for */
	enum pack pack;
};

struct world_group {     /* prefixes of one origin that are announced alike */
	uint32_t origin; /* index in world.as */
	uint8_t prepend; /* toward all */
	uint8_t only;    /* n-th provider alone, 0: all */
	uint8_t padded;  /* n-th provider gets two more, 0: none */
	uint8_t origin_code;
	bool atomic, aggregator;
	uint16_t community;
};
struct world_as {
	asn_t asn;
	uint32_t node;  /* in the graph of transit networks, NODE_NONE: a stub */
	uint32_t first; /* of its providers */
	uint8_t providers;
	uint8_t region;
	uint32_t group, groups;
};
struct world_peer {
	uint32_t node;
	struct mrt_peer mrt;
	utime_t since; /* its session */
	uint8_t style; /* how many communities it sets */
};
struct world_prefix {
	struct prefix prefix;
	uint32_t group;
};

struct world {
	const struct world_options *o;
	struct graph g; /* the networks that carry others; stubs hang beside it */
	struct world_as *as;
	uint32_t ases;
	uint32_t *provider; /* nodes */
	size_t providers, providers_cap;
	struct world_group *group;
	size_t groups, groups_cap;
	struct world_prefix *prefix; /* ascending */
	uint32_t prefixes;
	struct world_peer *peer;
	uint32_t peers;
	/* attributes as they stand in the dump, by group * peers + peer */
	uint32_t *attr_at;
	uint16_t *attr_n;
	char **attr; /* a block per thread */
	uint8_t *attr_block;
};

struct world_count {
	uint64_t routes, bytes, updates, announced, withdrawn;
};
bool world_write(
    const struct world_options *o, const char *dir, struct world_count *count, char *why, size_t cap);

bool world_make_graph(struct world *w, char *why, size_t cap); /* worldnet.c */
void world_make_prefixes(struct world *w);                     /* worldspace.c */
/* worldland.c */
uint8_t world_land(const struct world *w, uint32_t as, uint32_t stubs_from); /* index of its country */
void world_move(struct world *w);                                            /* the months that passed */
bool world_registry(const struct world *w, const char *dir, char *why, size_t cap);
/* The announcement of a group, seeds in the caller's room; `without` leaves that provider (1..) out. */
enum { WORLD_SEEDS_MAX = 16, WORLD_TAIL_MAX = 16 };
struct world_announce {
	struct announcement a;
	struct seed seed[WORLD_SEEDS_MAX];
	asn_t tail[WORLD_SEEDS_MAX][WORLD_TAIL_MAX];
};
bool world_announce(const struct world *w, uint32_t group, unsigned without, struct world_announce *x);
/* Attributes of a group's route at a peer; variant 0 as in the dump. */
void world_attrs(const struct world *w, uint32_t group, uint32_t peer, const asn_t *path, size_t n,
    unsigned variant, struct mrt_attrs *a, uint32_t community[32]);
bool world_updates(struct world *w, const char *dir, struct world_count *count, char *why, size_t cap);

#endif
