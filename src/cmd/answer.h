/*
 * cmd/answer: what `report` and `rank` have in common: options to facts, table options, a page, an output.
 * In: parsed arguments. Out: plain structs; false after a line of usage.
 */
#ifndef CMD_ANSWER_H
#define CMD_ANSWER_H

#include "cmd/pipe.h"
#include "cmd/verb.h"
#include "measure/measure.h"
#include "show/show.h"

/* Rows for a verb's option table. */
#define ANSWER_OPTIONS                                                                                    \
	{"family", 0, "4|6|all", "IPv4 (default), IPv6, or both, one answer each"},                       \
	    {"weight", 0, "addresses|prefixes", "what a prefix weighs: its addresses (default), or one"}, \
	    {"territories", 0, "FILE", "territories file, beside the one shipped"},                       \
	    {"registry", 0, "FILE...", "registry file beside the defaults; may be repeated"},             \
	    {"all-peers", 0, NULL, "every peer votes, not only full feeds"},                              \
	{                                                                                                 \
		"stats", 0, NULL, "print speed and memory to standard error"                              \
	}

struct families { /* those asked for, in order */
	uint8_t v[2];
	size_t n;
};
struct families answer_families(const struct args *a);
bool answer_time(const struct args *a, const char *name, utime_t *t); /* absent: unchanged */
struct measure_options answer_measure(const struct args *a);
struct facts *answer_facts(const struct args *a);               /* tells facts' notes on standard error */
struct page answer_page(void);                                  /* what standard output is */
int answer_close(struct out *o, int status);                    /* flushes standard output: the exit status */
int answer_nothing(const struct args *a, const struct pipe *p); /* says why nothing was read: the status */

#endif
