/*
 * enrich/load: how registry files come in. A file is read once without keeping anything (a dry run: is it
 * whole, of which day, how much is in it), judged (enrich/guard.c), and then read again for good.
 */
#ifndef ENRICH_LOAD_H
#define ENRICH_LOAD_H

#include "base/cur.h"
#include "enrich/facts.h"

enum { KEY_TEXT = 64, LABEL_TEXT = 128 };

/* What the dry run found. */
struct census {
	char key[KEY_TEXT]; /* files of one key replace each other: "delegated-apnic"; "": stands by itself */
	char label[LABEL_TEXT]; /* as facts_sources has it: "delegated-apnic 2017-10-01" */
	utime_t date;           /* UTIME_NONE: not known */
	size_t asns;            /* AS rows that are facts */
	size_t rows, bad;       /* all rows, and those that cannot be read */
	char cut[96];           /* how it can be told that the end is missing; "": it is not */
};

/* While files are read: intervals of addresses, made into ranges at the end. */
struct loading {
	struct facts *f;
	struct intervals registered[2], located[2]; /* IPv4, IPv6 */
	bool dry;
	const char *path;      /* of the file now read */
	struct census *census; /* of the file now read */
	uint8_t source;        /* of the file now read; 0 in a dry run */
	uint8_t rank;          /* of it */
	uint8_t forced;        /* a rank for every file, instead of its format's; 0: none */
	const char *label;     /* for every file, instead of its own; NULL: none */
	utime_t from, to;      /* for what has a history (ROAs): when this file's content held */
	utime_t before;        /* the day of the file before it */
};

/*
 * A format of registry file: how its content is told, and its loader, which counts what it cannot read in
 * census->bad and skips it.
 */
struct format {
	const char *name;
	uint8_t rank;
	bool located;   /* geolocation */
	bool by_path;   /* the loader opens l->path itself, content is only its beginning */
	bool histories; /* every dated file is kept, for its time */
	bool (*is)(struct span content);
	void (*load)(struct loading *l, struct span content);
};
extern const struct format *const formats[]; /* ends with NULL; in the order of asking */

extern const struct format format_libloc;    /* libloc.c */
extern const struct format format_mmdb;      /* mmdb.c */
extern const struct format format_delegated; /* delegated.c: RIR statistics, extended or not */
extern const struct format format_carriers;  /* names.c: the project's own list */
extern const struct format format_asnames;   /* names.c: {"131279": "STAR-KP Ryugyong-dong, KP"} */
extern const struct format format_peeringdb; /* ixp.c: net and ixlan objects */
extern const struct format format_ixs;       /* ixp.c: CAIDA's JSON lines */
extern const struct format format_asrel;     /* asrel.c: 3356|20485|-1 */
extern const struct format format_roas;      /* roa.c: CSV */
extern const struct format format_roas_json; /* roa.c: {"roas": [...]} */
extern const struct format format_names;     /* names.c: "131279 STAR-KP Ryugyong-dong, KP" */
extern const struct format format_ranges;    /* geo.c: FIRST,LAST,CC or PREFIX,CC */

/* ---- what a loader says; each counts in a dry run and keeps otherwise ---- */

void load_about(struct loading *l, utime_t date, const char *key); /* label: "KEY DATE" */
void load_asn_country(struct loading *l, asn_t asn, cc_t cc);
void load_asn_name(struct loading *l, asn_t asn, struct span name);
void load_asn_known_name(
    struct loading *l, asn_t asn, struct span name); /* as people say it: before any other */
void load_asn_flag(struct loading *l, asn_t asn, uint8_t flag);
void load_range(struct loading *l, const struct addr *first, const struct addr *last, cc_t cc);
void load_prefix(struct loading *l, const struct prefix *p, cc_t cc);
void load_relation(struct loading *l, asn_t a, asn_t b, enum relation relation); /* relation.c */
void load_roa(struct loading *l, const struct prefix *p, unsigned max, asn_t asn, utime_t from, utime_t to);

/* The date in a path, "20171001", "2017-10-01", "2017/10/01": its last; or UTIME_NONE. */
utime_t date_in_path(const char *path);

/* holder.c: a country for ASes that have a name and none, by the others of that name; a source of its own. */
void holders_place(struct loading *l);

/* ---- files ---- */

/* Reads a file whole through input (any wrapping); freed by the caller. *why where it cannot. */
bool file_load(const char *path, struct span *content, char why[160]);
/* Takes these files into the facts, in any order, after the guards (guard.c); `at` chooses among dated ones.
 */
void load_registries(
    struct loading *l, const char *const *path, size_t n, const char *const *kept, size_t kepts, utime_t at);
/* The dry run alone; false, with why, where the file is nothing that is known here. */
bool registry_survey(const char *path, struct census *census, char *why, size_t n);
size_t registry_kept(char ***path); /* the files kept, by name; each and the array freed by the caller */
void load_default_file(struct loading *l, const char *path); /* without guards; quiet where it is missing */

/* relation.c, roa.c: made ready after all files, and freed. */
void relations_free(struct facts *f);
void roas_ready(struct facts *f);
void roas_free(struct facts *f);

#endif
