/*
 * show/text: words and columns for a terminal. In: values. Out: UTF-8 text in a struct out. Widths are
 * columns, a code point each. Owns nothing.
 */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include "enrich/enrich.h"
#include "show/show.h"

enum ink { INK_PLAIN, INK_BOLD, INK_DIM, INK_BAR, INK_BAD, INK_WARN };
void text_ink(struct out *o, const struct page *page, enum ink ink); /* nothing where there is no colour */
size_t text_columns(const char *s);
void text_left(struct out *o, const char *s, size_t width);  /* padded, cut with an ellipsis */
void text_right(struct out *o, const char *s, size_t width); /* padded on the left */
void text_fill(struct out *o, char c, size_t n);
/* A bar of value (0..1) over at most width columns, by eighths; pads to the width. */
void text_bar(struct out *o, const struct page *page, double value, size_t width);
/* A paragraph broken at blanks to the page's width, each line after the first indented; ends with a newline.
 */
void text_wrap(struct out *o, const struct page *page, const char *s, size_t indent);
size_t page_width(const struct page *page); /* columns to fill: the terminal's, else 100 */

/* Numbers into buf (at least 32 bytes), which they return. */
char *text_count(char *buf, uint64_t v);         /* 1,048,576 */
char *text_percent(char *buf, double v);         /* "60.1 %", "< 0.1 %" */
char *text_percent_short(char *buf, double v);   /* "60 %", "< 1 %", "> 99 %" */
char *text_time(char buf[static 40], utime_t t); /* "2017-10-01 09:07:51" UTC; "" for UTIME_NONE */

/* "China Unicom (AS4837, CN)", "AS4837 (CN)"; n bytes. A member of the tier-1 clique is "global". */
void text_network(char *buf, size_t n, const struct facts *f, asn_t asn);
/* "AS4837 China Unicom", for tables. */
void text_label(char *buf, size_t n, const struct facts *f, asn_t asn);
/* "RU", or "RU, global": the registered country of a carrier. */
void text_country(char *buf, size_t n, const struct facts *f, asn_t asn);
void text_escape(struct out *o, const char *s); /* for XML and HTML text and attribute values */

#endif
