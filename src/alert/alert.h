/*
 * alert/alert: happenings to people and programs. In: events as detect tells them, facts for names, routes
 * from the configuration. Out: webhooks, chat, mail, syslog, commands, lines of a file. What is to be sent is
 * written to the spool folder (and synced) before alerts_tell returns, and removed when it was delivered: a
 * crash or a dead receiver loses nothing. One thread delivers; a route that fails waits longer each time,
 * others go on.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include "show/show.h"

enum alert_kind {
	ALERT_WEBHOOK,
	ALERT_SLACK,
	ALERT_MAIL,
	ALERT_SYSLOG,
	ALERT_COMMAND,
	ALERT_FILE,
	ALERT_KINDS
};
bool alert_kind_parse(const char *s, enum alert_kind *kind); /* webhook slack mail syslog command file */

struct alert_route {
	const char *name; /* letters, digits, - and _ */
	enum alert_kind kind;
	const char *target;           /* URL (mail: smtp:// or smtps://), command line, or file */
	const char *from, *to;        /* mail; to: separated by commas */
	const char *user, *password;  /* mail, webhook */
	const char *ca_file;          /* certificates to trust; NULL: the system's */
	bool starttls;                /* mail over smtp://: encryption is required */
	const char *template;         /* text with {fields}; NULL: the kind's own */
	const char *const *territory; /* ids; none: all */
	size_t territories;
	enum severity least;
	utime_t group; /* events this close go in one message; 0: each its own */
	unsigned
	    per_hour; /* messages; 0: no limit. How many were over it is told in the next, the hour after */
	utime_t hour; /* what per_hour counts over; 0: an hour */
	unsigned seconds; /* that a receiver may take; 0: 20 */
};

/* Events from here on are numbered by who tells them, not by detect; exact in any JSON. */
#define ALERT_OWN_ID (UINT64_C(1) << 52)

struct alerts;
/*
 * Takes up what lies in the spool. note: a line for the log. NULL with *why where the spool cannot be made or
 * another process has it.
 */
struct alerts *alerts_new(const char *spool, const struct alert_route *route, size_t routes,
    const struct facts *facts, void (*note)(void *arg, const char *line), void *arg, const char **why);
/* Other routes for the same spool, which is not let go. What was told is remembered. */
void alerts_reroute(
    struct alerts *a, const struct alert_route *route, size_t routes, const struct facts *facts);
void alerts_remember(struct alerts *a, const struct alerts *before); /* what those told is no news */
/* Told once when confirmed, once when it ends, and when its severity rises; anything else about an id is no
 * news. */
void alerts_tell(struct alerts *a, const struct event *e);
void alerts_tick(struct alerts *a); /* groups whose time is over are sent */
/* Until nothing waits. False: something still does, though it was tried three times or the time is over. */
bool alerts_wait(struct alerts *a, unsigned seconds);
size_t alerts_waiting(struct alerts *a);
void alerts_free(struct alerts *a); /* what was not delivered stays in the spool */

#endif
