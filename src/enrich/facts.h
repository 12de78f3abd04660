/*
 * enrich/facts: the inside of struct facts: what the loaders fill and the look-ups read. Everything is owned
 * by struct facts and freed with it.
 */
#ifndef ENRICH_FACTS_H
#define ENRICH_FACTS_H

#include "base/cur.h"
#include "enrich/asns.h"
#include "enrich/enrich.h"
#include "enrich/ranges.h"

/* What a source is good for; of two sources of the same fact the higher rank is believed. */
enum rank {
	RANK_NONE,
	RANK_DEFAULT,    /* what the machine has: a geolocation database, a table derived from it */
	RANK_LOCATED,    /* given: geolocation */
	RANK_SHIPPED,    /* the project's own list of carriers */
	RANK_NAMED,      /* given: a list of AS names with countries */
	RANK_REGISTERED, /* given: the registries' own files */
};

enum { SOURCES_MAX = 255 };

struct source {
	char *label; /* "delegated-apnic 2017-10-01" */
	uint8_t rank;
	bool located; /* says where addresses are, not who holds them */
};

struct facts {
	struct source source[SOURCES_MAX + 1]; /* [0]: none */
	size_t sources;
	struct asns as;
	struct ranges country[2]; /* IPv4, IPv6: value = country << 8 | source; the best of all sources */
	struct ranges located[2]; /* geolocation alone */
	struct relations *relations;
	struct roas *roas;
	struct territories *territories;
	asn_t *route_server;
	size_t route_servers, route_server_cap;
	char **note;
	size_t notes, note_cap;
	char *sources_text;
};

/* While files are read: intervals of addresses, made into ranges at the end. */
struct loading {
	struct facts *f;
	struct intervals registered[2], located[2];
	const char *path; /* of the file now read */
	uint8_t source;   /* of the file now read */
	size_t rows, bad; /* of the file now read */
};

void facts_note(struct facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint8_t facts_source(struct facts *f, uint8_t rank, bool located, const char *fmt, ...)
    __attribute__((format(printf, 4, 5))); /* 0 where there are too many */

static inline uint32_t range_value(cc_t cc, uint8_t source)
{
	return (uint32_t)cc << 8 | source;
}

/* For the loaders: a country for an AS, for addresses. */
void load_asn_country(struct loading *l, asn_t asn, cc_t cc);
void load_range(struct loading *l, const struct addr *first, const struct addr *last, cc_t cc);

/*
 * A format of registry file: how its content is told, and its loader, which counts what it cannot read in
 * l->bad and skips it. `label` is the source's name with a date where the content has one.
 */
struct format {
	const char *name;
	bool (*is)(struct span content);
	void (*load)(struct loading *l, struct span content);
};
extern const struct format *const formats[]; /* ends with NULL; in the order of asking */

#endif
