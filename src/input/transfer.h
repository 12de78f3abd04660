/*
 * input/transfer: HTTP transfers, many at a time, tried again where that may help. In: jobs. Out: files or
 * bytes in memory. A file is written to PATH.part, with what identifies its version in PATH.part.tag, and
 * gets its name when it is whole.
 */
#ifndef INPUT_TRANSFER_H
#define INPUT_TRANSFER_H

#include "base/out.h"
#include "input/fetch.h"

#include <stdio.h>

struct transfer {
	const char *url, *path;                         /* path NULL: into body */
	bool (*whole)(const char *path, char why[160]); /* is what came of any use? NULL: yes */
	struct out body;                                /* the caller closes it (out_close) */
	bool first_contact; /* its host was not reached yet: where it cannot be, that is not tried again */
	enum { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_DONE, TRANSFER_MISSING, TRANSFER_FAILED } state;
	char why[160];
	bool unreachable; /* no connection came about; why says it */

	/* of the engine */
	void *easy;
	struct curl_slist *header;
	FILE *part;
	unsigned tries;
	double not_before; /* monotonic seconds */
	uint64_t offset;   /* what the part file had when this try began */
	char tag[128];     /* ETag or Last-Modified of what comes */
	uint64_t bytes;    /* that came over the wire */
	bool begun;
	char error[256];
};

void transfer_all(struct transfer *t, size_t n, const struct fetch_options *o);
/* The size the server says a URL has; false where it does not say. */
bool transfer_size(const char *url, const struct fetch_options *o, uint64_t *size);

#endif
