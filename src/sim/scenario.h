/*
 * sim/scenario: a scenario file as values (isthmus-scenario(5) is the grammar). In: text, one line a thing.
 * Out: struct scenario, or the line and the cause. The scenario owns everything in it, in one arena.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "base/arena.h"
#include "net/prefix.h"
#include "net/utime.h"
#include "sim/graph.h"
#include "sim/pack.h"
#include "sim/route.h"

struct asns {
	asn_t *v;
	uint32_t n;
};
struct prefixes {
	struct prefix *v;
	uint32_t n;
};

struct as_fact {
	asn_t asn;
	char country[3];
	const char *name;
};

struct place { /* a territory */
	const char *id, *name;
	struct asns asns;
	struct prefixes prefixes;
	bool by_country; /* members by `as` lines: nothing else was said */
};

enum archive { ARCHIVE_ROUTEVIEWS, ARCHIVE_RIS };
struct collector {
	const char *name;
	enum archive archive;
	enum pack pack;
	utime_t every;
	utime_t skew;   /* added to its true time in every record */
	bool no_states; /* writes no STATE_CHANGE */
	bool seconds;   /* records without microseconds */
};

enum feed { FEED_FULL, FEED_CUSTOMERS, FEED_PART };
struct session { /* a peer of a collector */
	uint32_t collector;
	asn_t asn;
	struct addr addr;
	enum feed feed;
	double part; /* FEED_PART: of all prefixes */
	bool down;   /* not there at the start */
};

struct toward {
	asn_t neighbour;
	uint8_t prepend;
};
struct origination { /* how an AS announces: shared by the prefixes of its line */
	asn_t asn;
	struct asns only, not, tail;
	struct toward *toward;
	uint32_t towards;
	uint8_t prepend;
};

enum deed {
	DEED_ANNOUNCE,
	DEED_WITHDRAW,
	DEED_HIDE, /* withdrawn for a while: comes back as it was */
	DEED_SHOW,
	DEED_UP,
	DEED_DOWN,
	DEED_PREFER,
	DEED_PREPEND,
	DEED_LEAK,
	DEED_SEAL,  /* the end of a leak */
	DEED_RESET, /* a session, or all of a collector's */
	DEED_BACK,
	DEED_RESTART, /* the collector itself is off: it writes nothing */
	DEED_STARTED,
	DEED_ZOMBIE,
	DEED_HEAL,
	DEED_FLAP, /* spelt out as HIDE and SHOW while parsing */
};

struct action {
	utime_t at;  /* UTIME_NONE: before the start */
	utime_t end; /* of a range, else UTIME_NONE */
	enum deed deed;
	uint32_t line, order;
	asn_t a, b;
	int n;
	uint32_t origination; /* ANNOUNCE: its index */
	struct asns asns;
	struct prefixes prefixes;
	uint32_t collector;
	struct addr addr;
	utime_t every;
	bool silent;
};

struct roa_of {
	struct prefix prefix;
	uint8_t max;
	asn_t asn;
	utime_t at, end; /* UTIME_NONE: from before the start; for good */
};

struct scenario {
	struct arena arena;
	const char *file, *name, *title;
	utime_t start, end;
	uint64_t seed;
	enum tie tie;
	utime_t convergence;
	double churn; /* updates per peer and hour that change nothing of what is measured */
	utime_t rib_every;
	utime_t *rib_at;
	size_t rib_ats;
	struct edges edges;
	struct as_fact *fact; /* ascending by ASN, once read */
	size_t facts;
	struct place *place;
	size_t places;
	struct collector *collector;
	size_t collectors;
	struct session *session;
	size_t sessions;
	struct origination *origination;
	size_t originations;
	struct roa_of *roa;
	size_t roas;
	struct action *action; /* by time, then as written */
	size_t actions;
};

/* NULL: the cause is in why. seed: another than the file's, or NULL. */
struct scenario *scenario_read(const char *file, const uint64_t *seed, char *why, size_t cap);
struct scenario *scenario_text(const char *text, const char *name, char *why, size_t cap);
void scenario_free(struct scenario *s);
const struct as_fact *scenario_fact(const struct scenario *s, asn_t asn); /* NULL */
const char *deed_text(enum deed deed);

#endif
