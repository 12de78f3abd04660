/*
 * cmd/crew: worker threads that do jobs in any order and give them back in the order they were given. In:
 * jobs (the caller's). Out: the same, done. Owns the threads. Each worker has a state of its own, made by the
 * caller.
 */
#ifndef CMD_CREW_H
#define CMD_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct crew;

struct crew *crew_new(void **worker, size_t workers, size_t jobs, void (*work)(void *worker, void *job));
void crew_free(struct crew *c);       /* waits for the jobs under way; no job may be left uncollected */
bool crew_full(const struct crew *c); /* as many jobs as there is room for are given and not collected */
void crew_give(struct crew *c, void *job);
void *crew_collect(struct crew *c); /* the oldest job, once it is done; NULL: none given */
enum { CREW_MOST = 8 };
size_t crew_size(void); /* how many workers this machine has cores for */

#endif
