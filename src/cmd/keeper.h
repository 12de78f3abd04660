/*
 * cmd/keeper: from changes to the store. In: batches of changes and moments at which no file is half read.
 * Out: samples, events, checkpoints and kept answers in a store, committed so often that it costs little.
 * Owns the run of detect and the scribe, whose the store is from keeper_begin to keeper_commit with answers
 * or keeper_abandon; the store, the facts and the table are lent.
 */
#ifndef CMD_KEEPER_H
#define CMD_KEEPER_H

#include "cmd/scribe.h"

struct keeper {
	struct store *store;
	struct scribe *scribe;
	struct facts *facts;
	struct detect_options options;
	struct detect *detect;     /* NULL before the first change */
	size_t places;             /* whose names the store knows */
	utime_t upto;              /* of the last commit, UTIME_NONE */
	utime_t answered;          /* of the last kept answers, UTIME_NONE */
	double committed, cost;    /* seconds: when the last commit ended, and how long it took */
	double load, write, pages; /* seconds: opening the checkpoint; of the last commit */
};

void keeper_begin(struct keeper *k, struct store *store, struct facts *facts);
/*
 * Goes on from a checkpoint of the store: the table (NULL with *why: unreadable). The state of detect comes
 * with it; where it is another version's, what the store knows of carriers stands in.
 */
struct table *keeper_load(
    struct keeper *k, const char *checkpoint, const struct table_options *options, const char **why);
void keeper_changes(struct keeper *k, struct table *t, const struct change *c, size_t n);
void keeper_tick(struct keeper *k, utime_t now);
void keeper_file(struct keeper *k, const struct kept_file *f); /* its texts live as long as the keeper */
bool keeper_due(const struct keeper *k);                       /* is a commit worth its time now? */
/*
 * Commits with a checkpoint. It is done beside the caller once the checkpoint is written, and what goes wrong
 * there is told by the next call. answers: pages and ranks are made too, and it is done at the return.
 * 0, or -1: told on standard error, and nothing since the last commit is kept.
 */
int keeper_commit(struct keeper *k, struct table *t, utime_t upto, bool answers);
void keeper_abandon(struct keeper *k); /* what was not committed */
void keeper_end(struct keeper *k);

#endif
