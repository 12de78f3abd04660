/*
 * sim/deeds: the reader of a scenario, shared by scenario.c (what there is) and deeds.c (what happens). In:
 * the words of a line. Out: false, with file, line and cause told once.
 */
#ifndef SIM_DEEDS_H
#define SIM_DEEDS_H

#include "sim/scenario.h"

struct reader {
	struct scenario *s;
	const char *file;
	unsigned line, depth;
	char *rest; /* of the line */
	char *why;
	size_t why_cap;
	bool failed, seeded;
};

bool reader_fail(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *scenario_room(struct scenario *s, void *v, size_t n, size_t size); /* one more after n, in the arena */
char *word_next(struct reader *r);                                       /* NULL: the line's end */
char *word_peek(struct reader *r);
bool word_is(struct reader *r, const char *want); /* takes it if so */
bool word_asn(struct reader *r, asn_t *asn);
bool word_asns(struct reader *r, struct asns *list);
bool word_number(struct reader *r, int low, int high, int *n);
bool word_span(struct reader *r, utime_t *span);
bool word_prefixes(struct reader *r, struct prefixes *list);
bool prefixes_add(struct reader *r, struct prefixes *list, const char *w);
bool word_time(struct reader *r, const char *w, utime_t from, utime_t *t);

bool read_at(struct reader *r);
bool read_deed(struct reader *r, const char *word, utime_t at, utime_t end);

#endif
