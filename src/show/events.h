/*
 * show/events: happenings as text, JSON and a page. In: events in order, facts for names. Out: text into a
 * struct out. Owns nothing.
 */
#ifndef SHOW_EVENTS_H
#define SHOW_EVENTS_H

#include "show/show.h"

struct shown_sample { /* for the picture */
	utime_t time;
	char territory[64];
	uint8_t family;
	asn_t upstream; /* 0: the territory's own */
	double share;
};

struct event_list {
	const struct event *v; /* by first_seen; episode is an id among them */
	size_t n;
	size_t
	    slighter; /* that happened and are not in the list, being of less than the severity asked for */
	const struct facts *facts;
	struct page page;
	utime_t from, to; /* of the data; UTIME_NONE: nothing was read */
	/* for the picture: samples of the places that have events, in order of time; may be empty */
	const struct shown_sample *sample;
	size_t samples;
	const char *note; /* how it was judged: baseline or warm-up, vantage points; may be NULL */
};
void events_text(struct out *o, const struct event_list *l);
void events_html(struct out *o, const struct event_list *l);
/* "1 h 6 min 54 s"; buf holds at least 48 bytes. */
const char *text_span(char buf[static 48], utime_t span);

#endif
