/*
 * serve/api: questions of the API as rows of one table, private to show's HTTP files. In: a question (path
 * and query, already cut). Out: a body of JSON, or a problem (RFC 9457). Owns nothing.
 */
#ifndef SERVE_API_H
#define SERVE_API_H

#include "base/json.h"
#include "keep/keep.h"

enum param {
	PARAM_FAMILY,
	PARAM_AT,
	PARAM_FROM,
	PARAM_TO,
	PARAM_STEP,
	PARAM_POINTS,
	PARAM_LIMIT,
	PARAM_CURSOR,
	PARAM_FORMAT,
	PARAM_Q,
	PARAM_TERRITORY,
	PARAM_KIND,
	PARAM_CARRIER,
	PARAM_SEVERITY,
	PARAM_EPISODE,
	PARAM_SCOPE,
	PARAMS
};
#define PARAM_BIT(p) (1U << (p))

struct question {
	struct store *store;
	const struct facts *facts;
	const char *rest;           /* of the path, behind the route's name: "KP" */
	const char *text[PARAMS];   /* as given; NULL: not given */
	uint8_t family;             /* 4 unless given */
	utime_t at, from, to, step; /* UTIME_NONE, UTIME_NONE, UTIME_MAX, 0 unless given */
	uint64_t points, limit, cursor, carrier, episode;
	bool csv;
};

struct reply {
	unsigned status;  /* 200 unless a problem */
	const char *type; /* media type */
	struct out body;  /* open, in memory */
	char detail[200]; /* of a problem */
};

struct route {
	const char *name; /* "report/" takes the rest of the path; "rank" stands alone */
	unsigned params;  /* bits of enum param that it takes */
	const char *rows; /* the key of the array that CSV is made of; NULL: no CSV */
	void (*answer)(const struct question *q, struct reply *r);
};
extern const struct route api_routes[]; /* ends with {0} */

/* The route of a path below /api/v1/, with *rest; NULL: none. */
const struct route *api_route(const char *path, const char **rest);
/* The name of a query's key, or PARAMS. */
enum param api_param(const char *key);
/* Reads the texts of q into its values; false with a problem in r. */
bool api_read(struct question *q, const struct route *route, struct reply *r);
void api_problem(struct reply *r, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void api_print_problem(struct reply *r); /* the body of a problem */
/* A JSON answer to rows of RFC 4180 text, from the array at `rows`; lists inside a row are joined by blanks.
 */
void api_csv(struct reply *r, const char *rows);

void api_time(struct json *j, const char *key, utime_t t); /* null for UTIME_NONE */
void api_event(struct json *j, const struct event *e, const struct facts *f);
/* "North Korea", "AS131279 Star JV" as the facts name it; never NULL. */
const char *api_territory_name(const struct facts *f, const char *id);

void api_territories(const struct question *q, struct reply *r);
void api_report(const struct question *q, struct reply *r);
void api_series(const struct question *q, struct reply *r);
void api_events(const struct question *q, struct reply *r);
void api_one_event(const struct question *q, struct reply *r);
void api_rank(const struct question *q, struct reply *r);
void api_graph(const struct question *q, struct reply *r);
void api_prefixes(const struct question *q, struct reply *r);
void api_lanes(const struct question *q, struct reply *r);
void api_health(const struct question *q, struct reply *r);
void api_search(const struct question *q, struct reply *r);

#endif
