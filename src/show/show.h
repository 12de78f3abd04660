/*
 * show: answers. In: reports, ranks, events, series. Out: text, JSON (the contract of design.md 7), CSV, SVG,
 * HTML. Owns nothing; writes into a struct out.
 */
#ifndef SHOW_SHOW_H
#define SHOW_SHOW_H

#include "base/json.h"
#include "base/out.h"
#include "keep/keep.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_SVG, FORMAT_HTML };
bool format_parse(const char *s, enum format *format);

/* What serve and alert say in show's words; all else is for the verbs alone. */
void event_fields(struct json *j, const struct event *e); /* inside an object that is open (design.md 7) */
void event_json(struct out *o, const struct event *e);    /* one object, one line */
void text_csv(struct out *o, const char *s);              /* a field of RFC 4180, quoted where it must be */

struct page {        /* what the terminal is */
	int width;   /* columns; 0: not a terminal */
	bool colour; /* NO_COLOR respected by the caller */
	bool ascii;  /* the terminal has no UTF-8: bars of "#" */
};

#endif
