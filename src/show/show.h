/*
 * show: answers. In: reports, ranks, events, series. Out: text, JSON (the contract of design.md 7), CSV, SVG,
 * HTML, HTTP. Owns nothing; writes into a struct out.
 */
#ifndef SHOW_SHOW_H
#define SHOW_SHOW_H

#include "base/out.h"
#include "keep/keep.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_SVG, FORMAT_HTML };
bool format_parse(const char *s, enum format *format);

struct page {        /* what the terminal is */
	int width;   /* columns; 0: not a terminal */
	bool colour; /* NO_COLOR respected by the caller */
	bool ascii;  /* the terminal has no UTF-8: bars of "#" */
};

#endif
