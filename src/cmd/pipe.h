/*
 * cmd/pipe: the pipeline from files to changes. In: files and folders of any number of collectors, in any
 * order. Out: the table as it stands at the end, and on the way every change to the caller, by time.
 *
 *     files ─input (a thread each)─▶ blocks ─decode─▶ updates ─merge by time─▶ table ─▶ changes ─▶ the caller
 *
 * Everything but the decompression runs in the caller's thread, so a callback may read the table freely.
 * Bad input is told on standard error, once per cause and file, and never ends the run.
 */
#ifndef CMD_PIPE_H
#define CMD_PIPE_H

#include "input/input.h"
#include "table/table.h"

struct pipe_file { /* one file that was read to its end (or to `until`) */
	const struct input_file *file;
	const struct table *table;
	utime_t first, last; /* of its records; UTIME_NONE where it has none */
	uint64_t bytes;      /* read, as it lies on disk */
	uint64_t records;
	const struct fault_count *faults;
	const char *error; /* of input: missing, corrupt, cut; NULL */
};

struct pipe_options { /* {0} but for the paths is a run over everything, without callbacks */
	char *const *path;
	size_t paths;
	struct table_options table;
	struct table *start; /* go on with this table (a checkpoint); NULL: a new one */
	/*
	 * Ranges are half-open: records at `until` and later are not applied (0: no limit); what is before
	 * `from` is applied, but its changes are not told (0: all are).
	 */
	utime_t from, until;
	/*
	 * Changes come in batches of at most a few thousand; the table stands behind the last of them.
	 * `exact`: a batch holds changes of one point in time only. `step`: a batch ends where time crosses a
	 * multiple of it, and tick is called there with that multiple (the first: the one after the first
	 * record at or after `from`), the table holding everything before it.
	 */
	bool exact;
	utime_t step;
	utime_t resume; /* with `start`: how far that came (0: unknown); ticks and `last` go on from there */
	void (*changes)(void *arg, struct table *t, const struct change *c, size_t n);
	void (*tick)(void *arg, struct table *t, utime_t now);
	void (*file_done)(void *arg, const struct pipe_file *f);
	/*
	 * No file is half read: what was told reaches up to `last`, and the files that follow begin there or
	 * later. Not called at the end of the run. false ends the run here.
	 */
	bool (*between)(void *arg, struct table *t, utime_t last);
	bool (*stop)(void *arg); /* asked now and then: true ends the run early; may be NULL */
	void *arg;
	bool quiet; /* no progress line, no lines about bad input (they are counted all the same) */
};

struct pipe {                /* what came of it; free with pipe_free */
	struct table *table; /* owned; set to NULL to keep it */
	utime_t first, last; /* times of the records applied; UTIME_NONE: none */
	utime_t begins;      /* of the earliest record of any file, applied or not; UTIME_NONE: none */
	uint64_t bytes;      /* read, as the files lie on disk */
	uint64_t records, bad, skipped_bytes;
	size_t files, bad_files;
	double seconds, cpu_seconds; /* of the run; of all threads */
	int status;                  /* for the exit: EXIT_ANSWERED, or EXIT_BAD_INPUT */
};

int pipe_run(const struct pipe_options *o, struct pipe *p); /* p->status */
void pipe_free(struct pipe *p);
void pipe_print_stats(const struct pipe *p); /* --stats, on standard error */

#endif
