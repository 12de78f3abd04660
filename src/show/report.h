/*
 * show/report: answers of `report` and `rank`. In: struct report or struct rank, with the facts and the table
 * that its ids belong to. Out: text, JSON (design.md 7), CSV, SVG, HTML into a struct out. Owns nothing.
 */
#ifndef SHOW_REPORT_H
#define SHOW_REPORT_H

#include "show/show.h"

struct answer {
	const struct report *report;
	const struct facts *facts;
	const struct table *table;
	const struct health *health;
	const struct timeline *timeline; /* NULL: at one instant */
	struct page page;
};
void report_text(struct out *o, const struct answer *a);
void report_json(struct out *o, const struct answer *a); /* one object, one line */
void report_csv(
    struct out *o, const struct answer *a, bool head); /* a row an upstream (and moment, over time) */
void report_svg(struct out *o, const struct answer *a);
/* One self-contained page about all the answers (one a family). */
void report_html(struct out *o, const struct answer *a, size_t n);
/* The answer in a sentence: "China Unicom (AS4837, CN) carries ..."; plain text. */
void report_sentence(struct out *o, const struct answer *a);

/* Pictures, for the SVG file and the page alike. Width and height are the viewBox's; returns the height used.
 */
double picture_shares(struct out *o, const struct answer *a, double width);
double picture_timeline(struct out *o, const struct answer *a, double width);
const char *picture_colour(size_t i); /* the i-th upstream's, by share */

struct ranking {
	const struct rank *rank;
	enum rank_by by;
	struct measure_options options;
	utime_t at;
	const struct facts *facts;
	const struct health *health;
	struct page page;
	size_t top; /* rows to print; 0: all */
};
void rank_text(struct out *o, const struct ranking *r);
void rank_json(struct out *o, const struct ranking *r); /* an object a line */
void rank_csv(struct out *o, const struct ranking *r);
void hegemony_csv(struct out *o, const struct hegemony *h); /* scope,asn,hege,nb_peers as the IHR writes it */
void hegemony_json(struct out *o, const struct hegemony *h);

#endif
