/*
 * detect/journal: a ring of the changes that mattered, chained by prefix, latest first. In: changes. Out: the
 * same, from the latest of a prefix back. Fixed memory, 12 bytes a change (24 where a route is replaced),
 * owned by struct detect; what is overwritten is no longer told.
 *
 * Slots are numbered from 1 on, each at its number modulo the ring. A segment of them begins at a time, from
 * which each tells its own; where a change is of none of its times, another segment begins.
 */
#ifndef DETECT_JOURNAL_H
#define DETECT_JOURNAL_H

#include "detect/detect.h"

/* A million changes and more, where no more than a quarter replace a route. */
enum { JOURNAL_RING = 5 << 18, JOURNAL_SEGMENT = 256, JOURNAL_SEGMENTS = JOURNAL_RING / JOURNAL_SEGMENT };
enum { TRAIL = 4 }; /* entries of a prefix that are on their way into the processor's caches at once */

struct journal {
	struct note { /* of a change, or the second one of it */
		path_id path;
		uint32_t word[2]; /* see journal.c */
	} * slot;
	utime_t *begin; /* of segments */
	utime_t from;   /* of the one under way: begin */
	uint32_t n;     /* the next slot */
	uint32_t end;   /* of the segment under way */
};
struct entry { /* a change */
	utime_t time;
	path_id old, new;
	peer_id peer;
};
struct trail { /* the latest slots of a prefix, around; 0: none */
	uint32_t n[TRAIL];
	uint8_t last;
};
static inline uint32_t trail_latest(const struct trail *t)
{
	return t->n[t->last];
}
/* Is every entry older than `at` on the way back from a trail of that time? Not where some came too late. */
bool trail_stands(const struct detect *d, utime_t at);

/* Not of a peer whose table is told anew, nor of a dump: those are no witnesses. */
void journal_add(struct detect *d, const struct change *c);
void journal_free(struct detect *d);

/* From the latest entry of a prefix back. Each is a wait for memory, so TRAIL of them are asked for at once:
 * the last ones stand at the prefix, and each names the one that comes TRAIL after it. */
struct back {
	const struct journal *j;
	uint32_t n[TRAIL]; /* the next ones, around */
	unsigned at;
	struct entry x; /* of the last one */
};
/* Both: NULL: none; valid until the next one is asked for. */
const struct entry *journal_last(const struct detect *d, prefix_id prefix, struct back *b);
const struct entry *journal_from(const struct detect *d, const struct trail *from, struct back *b);
const struct entry *journal_before(struct back *b);
void journal_fetch(const struct detect *d, const struct trail *from); /* ahead of journal_from */
/* A slot; what is in those before it is older than that. */
uint32_t journal_number(const struct detect *d, utime_t from);

#endif
