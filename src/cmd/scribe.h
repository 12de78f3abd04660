/*
 * cmd/scribe: the store's own thread, so that what is kept costs the reading next to nothing. In: samples,
 * events and files as they are told. Out: the same told to the store, in that order, by one thread. While a
 * scribe is at work the store is its own: wait before the store is asked anything. The store is lent; what is
 * told is copied, but for a file's texts, which must live until the next wait.
 */
#ifndef CMD_SCRIBE_H
#define CMD_SCRIBE_H

#include "keep/keep.h"

struct scribe;

struct scribe *scribe_new(struct store *store);
void scribe_free(struct scribe *s); /* waits */

void scribe_place(struct scribe *s, uint32_t place, const char *territory, uint8_t family);
void scribe_samples(struct scribe *s, const struct sample *v, size_t n);
void scribe_event(struct scribe *s, const struct event *e);
void scribe_file(struct scribe *s, const struct kept_file *f);
void scribe_flush(struct scribe *s); /* store_flush, beside the caller */
/* store_commit, beside the caller; checkpoint may be NULL. */
void scribe_commit(struct scribe *s, utime_t upto, const char *checkpoint);
/* Until all of it is done; 0, or -1 with store_error where anything failed since the last wait. */
int scribe_wait(struct scribe *s);
double scribe_cost(const struct scribe *s); /* seconds the last commit took; after a wait */

#endif
