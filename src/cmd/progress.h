/*
 * cmd/progress: one line on standard error while work takes more than two seconds on a terminal: files,
 * bytes, rate, time left. In: bytes done, now and then. Clear it before anything else is written there.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	double begun, shown; /* seconds of the monotonic clock; shown 0: no line stands */
	uint64_t total;
	size_t files, of; /* done, and how many there are; of < 2: not told */
	bool on;
};

double clock_seconds(void);
void progress_begin(struct progress *p, bool wanted); /* on only where standard error is a terminal */
void progress_show(struct progress *p, uint64_t bytes);
void progress_clear(struct progress *p);

#endif
