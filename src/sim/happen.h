/*
 * sim/happen: the events that a story amounts to, by the definitions of design 6, told from its lines and
 * samples. In: a story and its sights. Out: JSON. Only who reads truth.json to judge a detector needs it;
 * nothing of a detector is used here.
 */
#ifndef SIM_HAPPEN_H
#define SIM_HAPPEN_H

#include "base/json.h"
#include "sim/sight.h"

struct happening {
	const char *kind, *scope;
	const char *territory;            /* NULL: none */
	asn_t asn, upstream, by;          /* `by`: who took the leak over */
	utime_t first_seen, settled, end; /* UTIME_NONE: not */
	double before, after;             /* NAN: does not apply */
	unsigned vantage;                 /* vantage ASes that saw it; 0: not counted */
	const char *collector;
	struct addr peer;
	bool lasting;     /* some of it is not over */
	uint32_t *prefix; /* of the story, ascending */
	uint32_t prefixes;
	size_t prefixes_cap;
};
struct happenings {
	struct happening *v;
	size_t n, cap;
};

struct happening *happening_add(
    struct happenings *h, const char *kind, const char *scope, utime_t first_seen);
void happening_prefix(struct happening *e, uint32_t prefix); /* once each */

struct happening *happening_upstream(
    struct happenings *h, const struct sight *v, const char *kind, const char *scope, size_t u, utime_t at);

enum { ANY = -1 };                                        /* prefix */
enum step { STEP_GAIN, STEP_LOSS, STEP_MOVE, STEP_GONE }; /* of an upstream; of the route */
utime_t happen_first(
    const struct story *t, const struct sight *v, enum step step, asn_t upstream, long p, utime_t at);
utime_t happen_until(const struct story *t, const struct sight *v, size_t sample);

/* Upstreams and outages of one territory (happen.c). */
void happen_upstreams(struct happenings *h, const struct story *t, const struct sight *v);
void happen_outages(struct happenings *h, const struct story *t, const struct sight *v);
/* Who leads, and shares that move (shift.c). happen_shifts comes last: what another event tells is none. */
void happen_primary(struct happenings *h, const struct story *t, const struct sight *v);
void happen_shifts(struct happenings *h, const struct story *t, const struct sight *v);
/* What a changed ROA makes invalid (roas.c). */
void happen_rpki(struct happenings *h, const struct story *t, const struct sight *v);
void roas_write(struct out *o, const struct scenario *s);
/* Instability, origins, leaks, health of the whole (incident.c). */
void happen_instability(
    struct happenings *h, const struct happenings *told, const struct story *t, const struct sight *v);
void happen_origins(struct happenings *h, const struct story *t);
void happen_leaks(struct happenings *h, const struct story *t);
void happen_health(struct happenings *h, const struct story *t);

void truth_happenings(struct json *j, const struct story *t, const struct sight *sights); /* "events":[...] */
void truth_time(struct json *j, const char *key, utime_t t);
void truth_prefix(struct json *j, const struct prefix *p);
void truth_line(struct json *j); /* the next element stands on a line of its own */

#endif
