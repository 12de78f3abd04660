/*
 * show/history: answers of `history`. In: a series and its periods, with the facts for names. Out: text,
 * JSON, CSV, SVG, HTML into a struct out. Owns nothing.
 */
#ifndef SHOW_HISTORY_H
#define SHOW_HISTORY_H

#include "show/show.h"

enum { HISTORY_CARRIERS = 6 }; /* named of a period in text and HTML; JSON and CSV have all */
struct history {
	const struct series *series;
	const struct periods *periods;
	const struct facts *facts;
	const char *name; /* of the territory, "" */
	struct page page;
};
void history_text(struct out *o, const struct history *h);
void history_json(struct out *o, const struct history *h); /* one object, one line */
void history_csv(struct out *o, const struct history *h);  /* a row a period and carrier */
void history_svg(struct out *o, const struct history *h);
void history_html(struct out *o, const struct history *h); /* one self-contained page */

/* Lines by their time-weighted share, largest first; upstream 0 left out. free() it; *n of them. */
const struct line **history_order(const struct history *h, size_t *n);
/* "2017", "2017-10", "2017-10-01", "2017-10-01 09:00", as fine as the step. */
void history_period_text(const struct history *h, const struct period *p, char buf[static 40]);
/* Mean share of an upstream in a period, 0 where it has none. */
double period_share_of(const struct period *p, asn_t upstream);

#endif
