/*
 * keep/heads: what a writer remembers of every line: its last value, and what was told of it since it was
 * last written. In: rows of `carrier`. Out: the same in memory, so that a sample that changes nothing costs a
 * look-up and no row. Owned by the store; forgotten at a rollback, loaded again when wanted. Private to
 * src/keep/.
 */
#ifndef KEEP_HEADS_H
#define KEEP_HEADS_H

#include "keep/store.h"

struct head { /* a line as it stands; key 0: free slot */
	uint64_t key;
	utime_t first, last; /* first UTIME_NONE: it never was there */
	utime_t born;        /* as an upstream-new event has it, UTIME_NONE: none does */
	uint32_t share, prefixes;
	uint32_t round; /* of the last told point: its listing's */
	uint32_t order; /* of the line among those told of in this round */
	uint32_t place; /* of that point in its territory's list */
	bool dirty;
};

struct told { /* a point that is not written yet */
	utime_t time;
	uint32_t order, share, prefixes;
};

struct listing {     /* of a territory and family */
	utime_t end; /* time of its last point */
	struct told *told;
	size_t n, cap;
	asn_t *line; /* upstreams told of in this round, by order */
	size_t lines, line_cap;
	uint32_t round;    /* goes up when it is written */
	size_t room;       /* points that the chunk under way still takes, as far as known */
	bool closed;       /* that chunk is empty: the one before is full, and */
	struct chunk next; /* the base it left, no points */
};

struct heads {
	struct head *slot;
	size_t n, cap;           /* cap: a power of two */
	struct listing *listing; /* by territory id and family */
	size_t listings, told;   /* told: in all of them */
	struct name {
		char *text;
		int64_t id;
	} * name, *latest; /* latest: found last */
	size_t names, name_cap;
};

struct kept_place {
	char territory[64];
	uint8_t family;
	int64_t row; /* of the territory, 0: not looked for since the heads were loaded */
};

static inline uint64_t line_key(int64_t territory, uint8_t family, asn_t upstream)
{
	return (uint64_t)territory << 33 | (uint64_t)(family == FAMILY_IPV6) << 32 | upstream;
}

int heads_load(struct store *s);                     /* once; 0, -1 */
struct head *head_of(struct heads *h, uint64_t key); /* made where there is none */
struct listing *listing_of(struct heads *h, int64_t territory, uint8_t family);
/* The line takes a value at t. */
void head_move(struct head *h, asn_t upstream, utime_t t, uint32_t share, uint32_t prefixes);

/* points.c, for back.c */
int carrier_put(struct store *s, uint64_t key, const struct head *h);

#endif
