/*
 * enrich/territory: the inside of territories. A section is what a territories file says of one territory;
 * an entry is one value of it. `home` says, country by country, whose default members its registered
 * resources are.
 */
#ifndef ENRICH_TERRITORY_H
#define ENRICH_TERRITORY_H

#include "base/cur.h"
#include "enrich/facts.h"

#include <pthread.h>

enum entry_kind { ENTRY_ASN, ENTRY_PREFIX, ENTRY_COUNTRY };

struct entry {
	enum entry_kind kind;
	bool exclude;
	cc_t cc; /* kind COUNTRY */
	asn_t asn;
	struct prefix prefix;
	utime_t from, to; /* half-open; UTIME_NONE and UTIME_MAX where open */
	char *why;        /* the line's comment; NULL: none */
	uint32_t line;
	uint32_t section; /* index of the section it stands in */
};

struct section {
	char *id, *name; /* name NULL: the country's, or the id */
	cc_t cc;         /* CC_NONE: a named set */
	bool registered; /* registered resources are members by default (countries) */
	char *file;      /* base name, for --explain */
	unsigned file_no;
	struct entry *entry;
	size_t n, cap;
};

/* Entries of one or many sections, for look-ups: ASNs by number, prefixes by longest match. Owns the arrays.
 */
struct curated {
	const struct entry **asn, **prefix; /* sorted */
	size_t asns, prefixes;
	uint64_t touched[2][1024]; /* by family: a bit for each /16 that an entry touches */
	bool length[2][129];       /* by family: a prefix of this length is listed */
};

struct territory {
	enum territory_kind kind;
	char *id;
	const char *name;
	cc_t cc;
	asn_t asn;
	struct prefix prefix;
	const struct section *section; /* NULL: none */
	struct curated *curated;       /* of the section; NULL: none */
	const struct facts *f;
	struct territory *next; /* of those made when asked for */
};

enum { CC_CELLS = 26 * 26 }; /* and one more cell for what is no code */
struct territories {
	struct section *section;
	size_t sections, cap;
	unsigned files;           /* read so far */
	struct curated countries; /* of all sections that are countries */
	cc_t home[CC_CELLS + 1];  /* the country whose default members they are; CC_NONE: nobody's */
	struct territory *country[CC_CELLS + 1];
	struct territory **named; /* beside section; NULL for countries */
	const struct territory **list;
	size_t listed;
	pthread_mutex_t lock; /* of asked */
	struct territory *asked;
};

/* A code to its cell; CC_CELLS for what is no pair of capital letters. */
static inline size_t cc_cell(cc_t cc)
{
	unsigned a = (unsigned)(cc >> 8) - 'A', b = (unsigned)(cc & 0xff) - 'A';
	return a > 25 || b > 25 ? CC_CELLS : a * 26 + b;
}

static inline bool entry_valid(const struct entry *e, utime_t at)
{
	return e->from <= at && at < e->to;
}

/* Reads a territories file's text into t; a section replaces what an earlier file said under its name. What
 * is wrong is told in the notes by line, and only that value is left out. */
void territories_parse(struct facts *f, struct territories *t, struct span text, const char *path);
struct territories *territories_new(void);
void territories_ready(struct facts *f); /* after all files: indices, and the countries that have members */
void territories_free(struct territories *t);

void curated_add(struct curated *c, const struct entry *e);
void curated_ready(struct curated *c);
void curated_free(struct curated *c);
/* What is listed for it at that time: the entry that decides, or NULL. An exclusion wins over an inclusion of
 * the same AS or prefix; a longer prefix wins over a shorter. */
const struct entry *curated_asn(const struct curated *c, asn_t asn, utime_t at);
const struct entry *curated_prefix(const struct curated *c, const struct prefix *p, utime_t at);

#endif
