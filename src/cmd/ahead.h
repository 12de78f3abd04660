/*
 * cmd/ahead: a dump's file read ahead of the table, in a thread of its own: blocks to updates, and the
 * entries of a dump's records to cuts (table/table.h). In: an opened input. Out: steps, in order. Owns the
 * thread and the chunks that go round between it and the caller; memory is bounded. Updates that are not cut
 * keep their bytes until their step is left; the thread waits for that before it asks for the next block.
 */
#ifndef CMD_AHEAD_H
#define CMD_AHEAD_H

#include "input/input.h"
#include "table/table.h"

enum { AHEAD = 16 }; /* updates decoded at once; the table prepares for them together */

struct ahead_step {
	struct update *update;
	size_t n;
	struct cut *cut;
	size_t first;                     /* number of update[0] in the cut */
	const struct fault_count *faults; /* of decoding, all so far */
	uint64_t records;                 /* all so far */
	const char *error;                /* of input, told once; NULL */
	uint64_t error_offset;
	bool ended; /* no bytes follow those of the step */
};

struct ahead;
/* Reads on behind the block; NULL: it is not to be done here, or no thread is to be had. */
struct ahead *ahead_start(struct input *in, const struct block *b, const struct table *t, utime_t until);
/* The next step; what the one before gave is gone. Not to be called behind one with `ended` and n = 0. */
void ahead_next(struct ahead *a, struct ahead_step *step);
void ahead_stop(struct ahead *a); /* at any time, before input_close; NULL is fine */

#endif
