/*
 * detect/journal: a ring of the changes that mattered, chained by prefix, latest first. In: changes. Out: who
 * saw what, and when first. Fixed memory, owned by struct detect.
 */
#ifndef DETECT_JOURNAL_H
#define DETECT_JOURNAL_H

#include "detect/detect.h"

struct place;

enum { JOURNAL_RING = 1 << 20 };
enum { TRAIL = 4 }; /* entries of a prefix that are on their way into the processor's caches at once */
struct entry {      /* of the journal */
	utime_t time;
	path_id old, new;
	uint32_t ahead; /* of the same prefix, the one TRAIL before it; 0: none */
	peer_id peer;
	uint8_t kind;
};
struct trail { /* the latest entries of a prefix, around; 0: none */
	uint32_t n[TRAIL];
	uint8_t last;
};
static inline uint32_t trail_latest(const struct trail *t)
{
	return t->n[t->last];
}
/* Is every entry older than `at` on the way back from a trail of that time? Not where some came too late. */
bool trail_stands(const struct detect *d, utime_t at);
/* From the latest entry of a prefix back. Each is a wait for memory, so TRAIL of them are asked for at once:
 * the last ones stand at the prefix, and each names the one that comes TRAIL after it. */
struct back {
	const struct detect *d;
	uint32_t n[TRAIL]; /* the next ones, around */
	unsigned at;
};
const struct entry *journal_last(const struct detect *d, prefix_id prefix, struct back *b); /* NULL: none */
const struct entry *journal_before(struct back *b, const struct entry *x);

void journal_fetch(const struct detect *d, const struct trail *from); /* ahead of a way back from there */

/* Of an entry: none before it is of that time or later. */
uint32_t journal_number(const struct detect *d, utime_t from);
utime_t journal_decline(
    struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream, utime_t since, utime_t end);
/* The last route that it was seen to lose of the prefix within lost_after, or UTIME_NONE. */
utime_t journal_last_loss(struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream);
uint32_t journal_add(struct detect *d, const struct change *c);
void journal_free(struct detect *d);
/*
 * Fills vantage, collectors and evidence of e from the journal: changes of its prefixes in [from, to] for
 * which matters() holds.
 */
struct matter {
	const struct place *place;
	asn_t upstream;
	asn_t origin;
	enum {
		MATTER_GAIN,
		MATTER_LOSS,
		MATTER_MOVE, /* from it to another, or the reverse; that a route comes or goes is no move */
		MATTER_GONE,
		MATTER_ORIGIN,
		MATTER_LEAK,
		MATTER_ANY
	} what;
};
utime_t journal_first_of(struct detect *d, prefix_id prefix, utime_t at, const struct matter *what);
utime_t journal_first(struct detect *d, const struct event *e, utime_t at, const struct matter *what);
void journal_evidence(struct detect *d, struct event *e, utime_t from, utime_t to, const struct matter *what);
/* journal_first from first_seen, then journal_evidence from there until now, in one walk: where no turn
 * counts. */
void journal_witness(struct detect *d, struct event *e, const struct matter *what);
/*
 * The first half of that alone, for MATTER_GONE, of an event that grows by a prefix at a time: by the one
 * whose way back begins at `joined`; NULL: by several. What was looked at the last time is not looked at
 * again, unless it is asked further back or changes came that are older than that look.
 */
struct look {
	utime_t at, from; /* at: of the last one, UTIME_NONE: none; from: how far back it went */
};
void journal_begin(struct detect *d, struct event *e, struct look *look, const struct trail *joined,
    const struct matter *what);

#endif
