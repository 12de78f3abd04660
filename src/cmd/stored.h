/*
 * cmd/stored: a store in the place of files. In: a store's folder and a range of time. Out: what the pipe
 * needs to have the tables as they stood then: a checkpoint to start with, and the kept files behind it. Owns
 * both; lent to the pipe for the run (which takes the table over).
 */
#ifndef CMD_STORED_H
#define CMD_STORED_H

#include "cmd/pipe.h"
#include "keep/keep.h"

struct stored {
	struct store *store;
	struct plan plan;
	char **path;
	utime_t upto; /* how far the store has come */
};
/*
 * Tables just before `begin` (UTIME_MAX: the end), records from there to `until`. Sets start, resume, path
 * and paths of o, whose table options must stand. false: told on standard error.
 */
bool stored_open(struct stored *s, const char *dir, utime_t begin, utime_t until, struct pipe_options *o);
void stored_close(struct stored *s);
/* first_seen and last_seen of a report's upstreams, as the store knows them. */
struct report;
bool stored_lives(struct store *s, struct report *r);
/* The same from carriers of the territory, got before. */
void carriers_lives(const struct carrier *c, size_t n, struct report *r);

#endif
