/*
 * enrich: what the world says of an AS or a prefix, and what a territory is. In: registry files, databases,
 * territories files (read once, at start, by enrich itself), then ids or plain values. Out: country codes,
 * names, membership. Owns its tables for the process. After facts_load everything is read-only and may be
 * asked from any thread.
 */
#ifndef ENRICH_ENRICH_H
#define ENRICH_ENRICH_H

#include "net/asn.h"
#include "net/prefix.h"
#include "net/utime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint16_t cc_t; /* ISO 3166 alpha-2 as two bytes, 'K' << 8 | 'P'; 0: unknown */
enum { CC_NONE = 0 };
static inline cc_t cc_of(const char *s)
{
	return (cc_t)((unsigned char)s[0] << 8 | (unsigned char)s[1]);
}
static inline void cc_text(char p[3], cc_t cc)
{
	p[0] = cc ? (char)(cc >> 8) : 'Z';
	p[1] = cc ? (char)(cc & 0xff) : 'Z';
	p[2] = '\0';
}
const char *cc_name(cc_t cc); /* English short name, or NULL */

struct facts;
struct facts_options {
	const char *const *registry; /* files: RIR delegated, AS names, MMDB, libloc, geofeed, as-rel, IXP
					lists, ROA CSV; told by content */
	size_t registries;
	const char *territories; /* file, beside the one shipped; a section of it replaces the shipped one */
	bool no_default;         /* load nothing but these files (tests) */
	utime_t at;              /* of several dated files the one of that time is taken; 0: the newest */
};
/* Loads; refused or unreadable files are told in facts_notes and the default stays in use. Never NULL. */
struct facts *facts_load(const struct facts_options *options);
void facts_free(struct facts *f);
size_t facts_notes(const struct facts *f, const char *const **lines); /* one line each, for standard error */
const char *facts_sources(
    const struct facts *f); /* "delegated-apnic 2026-11-20, libloc ..." for the method note */

cc_t asn_country(const struct facts *f, asn_t asn);     /* registered country of the holder */
const char *asn_name(const struct facts *f, asn_t asn); /* "" where unknown */
bool asn_global(const struct facts *f, asn_t asn);      /* member of the tier-1 clique: labelled "global" */
bool asn_route_server(const struct facts *f, asn_t asn);
size_t facts_route_servers(const struct facts *f, const asn_t **sorted);
cc_t prefix_country(const struct facts *f, const struct prefix *p); /* registered; longest match */
cc_t prefix_geolocated(
    const struct facts *f, const struct prefix *p); /* second opinion; CC_NONE without a database */

/*
 * A freshly fetched registry file: is it to be used from now on? It lies in the folder of kept files
 * (registry_folder: $XDG_DATA_HOME/isthmus/registry), under a name that begins with a dot, and is judged
 * against the kept one of its kind. Accepted, it gets the name; refused, it is removed, and *why says why.
 */
bool registry_accept(const char *file, const char *name, char *why, size_t n);
char *registry_folder(void); /* freed by the caller */

/* Relationship of two neighbours as an as-rel file has it. */
enum relation { REL_UNKNOWN, REL_CUSTOMER /* b is a's customer */, REL_PROVIDER, REL_PEER };
enum relation asn_relation(const struct facts *f, asn_t a, asn_t b);
enum rpki { RPKI_NOT_FOUND, RPKI_VALID, RPKI_INVALID_ORIGIN, RPKI_INVALID_LENGTH, RPKI_NO_DATA };
enum rpki prefix_rpki(const struct facts *f, const struct prefix *p, asn_t origin, utime_t at); /* RFC 6811 */
utime_t roas_change_after(const struct facts *f, utime_t at); /* when a ROA next comes or goes; UTIME_MAX */
/* The prefixes of the ROAs that come or go at that time. */
void roas_changed(const struct facts *f, utime_t at, void (*each)(void *, const struct prefix *), void *arg);

/* ---- territories (design.md 4) ---- */
enum territory_kind { TERRITORY_COUNTRY, TERRITORY_AS, TERRITORY_PREFIX, TERRITORY_NAMED };
struct territory;
/* "KP", "AS131279", "175.45.176.0/22", or a name from the territories file; NULL with *why where it is none.
 * Owned by facts. */
const struct territory *territory_find(const struct facts *f, const char *who, const char **why);
const char *territory_id(const struct territory *t);   /* as answers print it */
const char *territory_name(const struct territory *t); /* "North Korea" */
enum territory_kind territory_kind(const struct territory *t);
asn_t territory_asn(const struct territory *t);                   /* kind AS */
const struct prefix *territory_prefix(const struct territory *t); /* kind PREFIX */
/* Every country that has members (registered or curated), by code; the partition that events and rank work
 * on. */
size_t territory_countries(const struct facts *f, const struct territory *const **list);

enum member {
	MEMBER_NO,
	MEMBER_REGISTERED,
	MEMBER_CURATED,
	MEMBER_GEOLOCATED, /* a second opinion: prefixes that are only this are in no share and no partition
			    */
	MEMBER_ASKED       /* it is what was asked about */
};
/* Is this AS inside (domestic)? For kind AS and PREFIX: the AS itself / the prefix's origin, which the
 * measure must pass in. */
enum member territory_has_asn(const struct territory *t, asn_t asn, utime_t at);
/* Does this prefix belong (by its addresses, or curated)? For kind AS the answer depends on the origin:
 * MEMBER_NO here. */
enum member territory_has_prefix(const struct territory *t, const struct prefix *p, utime_t at);
/* The country whose default-or-curated territory the prefix belongs to: one look-up for the whole-Internet
 * partition. */
cc_t prefix_territory(const struct facts *f, const struct prefix *p, utime_t at);
cc_t asn_territory(const struct facts *f, asn_t asn, utime_t at);
/* Why a member belongs: "curated: APNIC STAR-KP (territories.conf:12)". Into buf. */
void territory_explain_asn(const struct territory *t, asn_t asn, utime_t at, char *buf, size_t n);
void territory_explain_prefix(
    const struct territory *t, const struct prefix *p, utime_t at, char *buf, size_t n);
/* How much belongs to it by its sources: addresses (IPv4) or /48s (IPv6); 0 for an AS, of which they do not
 * tell. */
double territory_size(const struct territory *t, uint8_t family, utime_t at);
/* The members as the sources have them, for --explain: calls back in order. */
void territory_members(const struct territory *t, utime_t at, void (*asn)(void *, asn_t, const char *why),
    void (*prefix)(void *, const struct prefix *, const char *why), void *arg);

#endif
