/*
 * show/rows: rows of a table as CSV (RFC 4180, with a head) or as JSON, an object a line. In: columns, then
 * cells in their order. Out: text into a struct out. Owns nothing.
 */
#ifndef SHOW_ROWS_H
#define SHOW_ROWS_H

#include "base/json.h"
#include "net/utime.h"

struct rows {
	struct out *o;
	const char *const *column; /* ends with NULL */
	bool csv;
	size_t at; /* the next cell */
	struct json j;
};
void rows_begin(struct rows *r, struct out *o, const char *const *column, bool csv);
void row_str(struct rows *r, const char *s);
void row_u64(struct rows *r, uint64_t v);
void row_num(struct rows *r, double v);   /* six digits; empty or null for NaN */
void row_time(struct rows *r, utime_t t); /* empty or null for UTIME_NONE */
void row_end(struct rows *r);

#endif
