/*
 * enrich/facts: the inside of struct facts: what the loaders fill and the look-ups read. Everything is owned
 * by struct facts and freed with it.
 */
#ifndef ENRICH_FACTS_H
#define ENRICH_FACTS_H

#include "enrich/asns.h"
#include "enrich/enrich.h"
#include "enrich/ranges.h"

/* What a source is good for; of two sources of the same fact the higher rank is believed. */
enum rank {
	RANK_NONE,
	RANK_DEFAULT_LOCATED, /* what the machine has: a geolocation database and what is derived from it */
	RANK_LOCATED,         /* given: geolocation */
	RANK_SHIPPED,         /* the project's own list of carriers */
	RANK_DEFAULT_REGISTERED, /* what the machine has: the registries' allocations of some day */
	RANK_NAMED,              /* given: a list of AS names with countries */
	RANK_REGISTERED,         /* given: the registries' own files */
};

enum { SOURCES_MAX = 255 };

struct source {
	char *label; /* "delegated-apnic 2017-10-01" */
	uint8_t rank;
	bool located; /* says where addresses are, not who holds them */
};

/* The mapped file of compiled.h. */
struct registry_map {
	void *p;
	size_t n;
	struct ranges registered[2];
};

struct facts {
	struct registry_map map;
	struct source source[SOURCES_MAX + 1]; /* [0]: none */
	size_t sources;
	struct asns as;
	struct ranges country[2]; /* IPv4, IPv6: value = country << 8 | source; the best of all sources */
	struct ranges located[2]; /* geolocation alone */
	struct relations *relations;
	struct roas *roas;
	struct territories *territories;
	asn_t *route_server; /* sorted */
	size_t route_servers;
	char **note;
	size_t notes, note_cap;
	char *sources_text;
};

static inline uint32_t range_value(cc_t cc, uint8_t source)
{
	return (uint32_t)cc << 8 | source;
}

void facts_note(struct facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
