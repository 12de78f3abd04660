/*
 * cmd/pages: the answers that need the tables, kept while these are at hand: a page of each country and the
 * ranks (show/snapshot.h). In: a table. Out: rows in the store's open transaction.
 */
#ifndef CMD_PAGES_H
#define CMD_PAGES_H

#include "keep/keep.h"

/* flushed: called once, when the store is first needed; 0, or -1 and nothing is kept. */
int pages_keep(struct store *s, const struct facts *f, const struct table *t, utime_t at,
    int (*flushed)(void *arg), void *arg); /* 0, -1 */

#endif
