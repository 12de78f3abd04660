/*
 * detect/witness: what the journal shows of an event. In: events, prefixes, upstreams. Out: first signs,
 * vantage ASes, collectors and evidence.
 */
#ifndef DETECT_WITNESS_H
#define DETECT_WITNESS_H

#include "detect/detect.h"
#include "detect/journal.h"

struct place;

/* When the losses began that ended at `end`, none of them as early as `since`. */
utime_t witness_decline(
    struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream, utime_t since, utime_t end);
/* The last route that it was seen to lose of the prefix within lost_after, or UTIME_NONE. */
utime_t witness_last_loss(struct detect *d, const struct place *p, prefix_id prefix, asn_t upstream);
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
/* The first sign of it within half a minute before `at`, of one prefix, of an event's; else `at`. */
utime_t witness_first_of(struct detect *d, prefix_id prefix, utime_t at, const struct matter *what);
utime_t witness_first(struct detect *d, const struct event *e, utime_t at, const struct matter *what);
void witness_evidence(struct detect *d, struct event *e, utime_t from, utime_t to, const struct matter *what);
/* witness_first from first_seen, then witness_evidence from there until now, in one walk: where no turn
 * counts. */
void witness_all(struct detect *d, struct event *e, const struct matter *what);
/*
 * The first half of that alone, for MATTER_GONE, of an event that grows by a prefix at a time: by the one
 * whose way back begins at `joined`; NULL: by several. What was looked at the last time is not looked at
 * again, unless it is asked further back or changes came that are older than that look.
 */
struct look {
	utime_t at, from; /* at: of the last one, UTIME_NONE: none; from: how far back it went */
};
void witness_begin(struct detect *d, struct event *e, struct look *look, const struct trail *joined,
    const struct matter *what);

#endif
