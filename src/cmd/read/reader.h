/*
 * cmd/read/reader: a worker of `read`: a batch of updates to elements, filtered, counted and printed into the
 * batch's own buffer. In: updates whose bytes outlive the batch. Out: text and counts. Each worker owns its
 * memories.
 */
#ifndef CMD_READ_READER_H
#define CMD_READ_READER_H

#include "cmd/read/attr_cache.h"
#include "cmd/read/filter.h"
#include "cmd/read/sights.h"

struct counts {
	uint64_t elems[ELEM_KINDS];
	utime_t first, last; /* UTIME_MAX, INT64_MIN: none */
	struct fault_count faults;
};
void counts_init(struct counts *t);
void counts_add(struct counts *sum, const struct counts *t);

/* A peer's piece of a line, made once. */
struct peer_text {
	struct peer_key key;
	bool passes;
	size_t n;
	char p[80];
};
struct peer_texts { /* of a PEER_INDEX_TABLE */
	struct peer_text *v;
	size_t n, cap;
};
void peer_texts_load(struct peer_texts *t, const struct mrt_peers *peers, const struct printer *printer,
    const struct filter *filter);

enum { BATCH_UPDATES = 512 };
struct batch {
	struct update u[BATCH_UPDATES];
	size_t n, bytes;
	const struct peer_texts *peers;
	struct out text;
	struct counts counts;
};

struct reader;
struct reader *reader_new(const struct printer *printer, const struct filter *filter, struct sights *sights);
void reader_free(struct reader *r);
void reader_work(void *reader, void *batch);

#endif
