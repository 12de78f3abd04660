/*
 * enrich/territory: what is asked about, and what belongs to it (design.md 4). In: the facts and the sections
 * of territories files. Out: membership, with its reason.
 */
#include "enrich/territory.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- making them ---- */

static struct territory *territory_new(const struct facts *f, enum territory_kind kind, const char *id)
{
	struct territory *t = mem_alloc(sizeof *t);

	t->f = f;
	t->kind = kind;
	t->id = mem_strdup(id);
	t->name = t->id;
	return t;
}

static struct territory *country_new(const struct facts *f, cc_t cc)
{
	char id[3];
	struct territory *t;

	cc_text(id, cc);
	t = territory_new(f, TERRITORY_COUNTRY, id);
	t->cc = cc;
	if (cc_name(cc))
		t->name = cc_name(cc);
	return t;
}

static void take_section(struct facts *f, struct section *s, size_t i)
{
	struct territories *all = f->territories;
	struct territory *t;

	if (s->cc) {
		t = all->country[cc_cell(s->cc)];
		if (!s->registered)
			all->home[cc_cell(s->cc)] = CC_NONE;
	} else {
		t = all->named[i] = territory_new(f, TERRITORY_NAMED, s->id);
	}
	t->section = s;
	if (s->name)
		t->name = s->name;
	t->curated = mem_alloc(sizeof *t->curated);
	for (size_t k = 0; k < s->n; k++) {
		curated_add(t->curated, &s->entry[k]);
		if (s->cc) {
			curated_add(&all->countries, &s->entry[k]);
			if (s->entry[k].kind == ENTRY_COUNTRY)
				all->home[cc_cell(s->entry[k].cc)] = s->cc;
		}
		if (s->cc && s->entry[k].kind == ENTRY_ASN)
			asns_add(&f->as, s->entry[k].asn)->flags |= AS_CURATED;
	}
	curated_ready(t->curated);
}

/* What a range says is registered; where an address merely is makes it nobody's. */
static cc_t registered_of(const struct facts *f, uint32_t value)
{
	return f->source[value & 0xff].located ? (cc_t)CC_NONE : (cc_t)(value >> 8);
}

/* Marks the countries that have members. */
static void see_members(const struct facts *f, bool seen[CC_CELLS + 1])
{
	const struct territories *all = f->territories;
	const struct as_fact *fact;

	for (uint64_t asn = 0; (fact = asns_next(&f->as, &asn)); asn++)
		seen[cc_cell(fact->cc)] = true;
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < f->country[side].n; i++)
			seen[cc_cell(registered_of(f, f->country[side].value[i]))] = true;
	for (size_t i = 0; i < CC_CELLS; i++) {
		cc_t home = all->home[i];
		if (seen[i] && home && cc_cell(home) != i) {
			seen[cc_cell(home)] = true;
			seen[i] = false;
		} else if (!home) {
			seen[i] = false;
		}
	}
	for (size_t i = 0; i < all->sections; i++)
		for (size_t k = 0; all->section[i].cc && k < all->section[i].n; k++)
			if (!all->section[i].entry[k].exclude &&
			    all->section[i].entry[k].kind != ENTRY_COUNTRY)
				seen[cc_cell(all->section[i].cc)] = true;
}

void territories_ready(struct facts *f)
{
	struct territories *all = f->territories;
	bool seen[CC_CELLS + 1] = {0};

	for (size_t i = 0; i < CC_CELLS; i++) {
		all->home[i] = (cc_t)(('A' + i / 26) << 8 | ('A' + i % 26));
		all->country[i] = country_new(f, all->home[i]);
	}
	all->named = mem_array(all->sections + 1, sizeof *all->named);
	for (size_t i = 0; i < all->sections; i++)
		take_section(f, &all->section[i], i);
	curated_ready(&all->countries);
	see_members(f, seen);
	all->list = mem_array(CC_CELLS, sizeof *all->list);
	for (size_t i = 0; i < CC_CELLS; i++)
		if (seen[i])
			all->list[all->listed++] = all->country[i];
}

/* ---- finding ---- */

static const struct territory *by_name(const struct facts *f, const char *who)
{
	const struct territories *all = f->territories;
	char two[2] = {0};
	size_t cell;

	for (size_t i = 0; i < all->sections; i++)
		if (all->named[i] && strcasecmp(who, all->named[i]->id) == 0)
			return all->named[i];
	if (strlen(who) == 2) {
		two[0] = (char)(who[0] & 0xdf);
		two[1] = (char)(who[1] & 0xdf);
		cell = cc_cell(cc_of(two));
		if (cell < CC_CELLS && (cc_name(cc_of(two)) || all->country[cell]->section))
			return all->country[cell];
		for (size_t i = 0; cell < CC_CELLS && i < all->listed; i++)
			if (all->list[i] == all->country[cell])
				return all->list[i];
	}
	for (size_t i = 0; i < CC_CELLS; i++)
		if (all->country[i]->name != all->country[i]->id &&
		    strcasecmp(who, all->country[i]->name) == 0)
			return all->country[i];
	for (size_t i = 0; i < all->sections; i++)
		if (all->named[i] && strcasecmp(who, all->named[i]->name) == 0)
			return all->named[i];
	return NULL;
}

/* The AS or prefix asked about before, or a new one. */
static const struct territory *asked(const struct facts *f, enum territory_kind kind, const char *id)
{
	struct territories *all = f->territories;
	struct territory *t;

	pthread_mutex_lock(&all->lock);
	for (t = all->asked; t; t = t->next)
		if (t->kind == kind && strcmp(t->id, id) == 0)
			break;
	if (!t) {
		t = territory_new(f, kind, id);
		if (kind == TERRITORY_AS) {
			asn_parse(id, strlen(id), &t->asn);
			if (*asn_name(f, t->asn))
				t->name = asn_name(f, t->asn);
		} else {
			prefix_parse(id, strlen(id), &t->prefix);
		}
		t->next = all->asked;
		all->asked = t;
	}
	pthread_mutex_unlock(&all->lock);
	return t;
}

const struct territory *territory_find(const struct facts *f, const char *who, const char **why)
{
	const struct territory *t = by_name(f, who);
	char id[PREFIX_TEXT + 1];
	struct prefix p;
	asn_t asn;

	if (t)
		return t;
	if (asn_parse(who, strlen(who), &asn)) {
		snprintf(id, sizeof id, "AS%u", asn);
		return asked(f, TERRITORY_AS, id);
	}
	if (prefix_parse(who, strlen(who), &p)) {
		id[prefix_text(id, &p)] = '\0';
		return asked(f, TERRITORY_PREFIX, id);
	}
	if (why)
		*why = "is no country (ISO 3166 code or name), AS number, prefix, or name in the territories "
		       "file";
	return NULL;
}

const char *territory_id(const struct territory *t)
{
	return t->id;
}

const char *territory_name(const struct territory *t)
{
	return t->name;
}

enum territory_kind territory_kind(const struct territory *t)
{
	return t->kind;
}

asn_t territory_asn(const struct territory *t)
{
	return t->asn;
}

const struct prefix *territory_prefix(const struct territory *t)
{
	return &t->prefix;
}

size_t territory_countries(const struct facts *f, const struct territory *const **list)
{
	*list = f->territories->list;
	return f->territories->listed;
}

/* ---- membership ---- */

/* Why something is a member: the entry that says so, or the source. */
struct reason {
	enum member member;
	const struct entry *entry;
	uint8_t source;
	cc_t cc; /* as the source has it */
};

/* Is what a source says to be in cc a default member of country t? */
static bool at_home(const struct territory *t, cc_t cc)
{
	if (cc == CC_NONE)
		return false;
	return t->f->territories->home[cc_cell(cc)] == t->cc ||
	       (cc == t->cc && (!t->section || t->section->registered));
}

static struct reason by_source(const struct territory *t, cc_t cc, uint8_t source)
{
	struct reason r = {.source = source, .cc = cc};

	if (cc && at_home(t, cc))
		r.member = t->f->source[source].located ? MEMBER_GEOLOCATED : MEMBER_REGISTERED;
	return r;
}

/* What the entry `e`, found among those of all countries (or of the named set t), says of t. */
static bool by_entry(const struct territory *t, const struct entry *e, struct reason *r)
{
	const struct section *s;

	if (!e)
		return false;
	s = &t->f->territories->section[e->section];
	if (e->exclude && s != t->section)
		return false; /* another country disowns it: no matter here */
	*r = (struct reason){.entry = e};
	if (!e->exclude && s == t->section)
		r->member = MEMBER_CURATED;
	return true;
}

static const struct curated *entries_of(const struct territory *t)
{
	return t->kind == TERRITORY_COUNTRY ? &t->f->territories->countries : t->curated;
}

static struct reason country_member(const struct territory *t, const struct prefix *p, asn_t asn, utime_t at);

static struct reason named_member(const struct territory *t, const struct prefix *p, asn_t asn, utime_t at)
{
	const struct section *s = t->section;
	struct reason r = {0};

	for (size_t i = 0; i < s->n && !r.member; i++)
		if (s->entry[i].kind == ENTRY_COUNTRY)
			r = country_member(t->f->territories->country[cc_cell(s->entry[i].cc)], p, asn, at);
	return r;
}

/* Of a prefix, or of an AS where p is NULL. */
static struct reason country_member(const struct territory *t, const struct prefix *p, asn_t asn, utime_t at)
{
	const struct entry *e =
	    p ? curated_prefix(entries_of(t), p, at) : curated_asn(entries_of(t), asn, at);
	const struct as_fact *fact;
	struct reason r;

	if (by_entry(t, e, &r))
		return r;
	if (t->kind == TERRITORY_NAMED)
		return named_member(t, p, asn, at);
	if (p) {
		uint32_t v = ranges_of(&t->f->country[p->family == FAMILY_IPV6], p);
		return by_source(t, (cc_t)(v >> 8), (uint8_t)v);
	}
	fact = asns_get(&t->f->as, asn);
	return fact ? by_source(t, fact->cc, fact->source) : (struct reason){0};
}

static struct reason asn_reason(const struct territory *t, asn_t asn, utime_t at)
{
	if (t->kind == TERRITORY_AS)
		return (struct reason){.member = asn == t->asn ? MEMBER_ASKED : MEMBER_NO};
	return t->kind == TERRITORY_PREFIX ? (struct reason){0} : country_member(t, NULL, asn, at);
}

static struct reason prefix_reason(const struct territory *t, const struct prefix *p, utime_t at)
{
	if (t->kind == TERRITORY_PREFIX)
		return (struct reason){.member = prefix_covers(&t->prefix, p) ? MEMBER_ASKED : MEMBER_NO};
	return t->kind == TERRITORY_AS ? (struct reason){0} : country_member(t, p, 0, at);
}

enum member territory_has_asn(const struct territory *t, asn_t asn, utime_t at)
{
	return asn_reason(t, asn, at).member;
}

enum member territory_has_prefix(const struct territory *t, const struct prefix *p, utime_t at)
{
	return prefix_reason(t, p, at).member;
}

/* ---- the partition of the whole Internet ---- */

static cc_t home_of(const struct facts *f, const struct entry *e, cc_t cc)
{
	const struct section *s = e ? &f->territories->section[e->section] : NULL;
	cc_t home = f->territories->home[cc_cell(cc)];

	if (e && !e->exclude)
		return s->cc;
	return e && home == s->cc ? CC_NONE : home;
}

cc_t prefix_country(const struct facts *f, const struct prefix *p)
{
	return (cc_t)(ranges_of(&f->country[p->family == FAMILY_IPV6], p) >> 8);
}

cc_t prefix_geolocated(const struct facts *f, const struct prefix *p)
{
	return (cc_t)(ranges_of(&f->located[p->family == FAMILY_IPV6], p) >> 8);
}

cc_t prefix_territory(const struct facts *f, const struct prefix *p, utime_t at)
{
	uint32_t value = ranges_of(&f->country[p->family == FAMILY_IPV6], p);

	return home_of(f, curated_prefix(&f->territories->countries, p, at), registered_of(f, value));
}

cc_t asn_territory(const struct facts *f, asn_t asn, utime_t at)
{
	const struct as_fact *fact = asns_get(&f->as, asn);

	if (!fact)
		return CC_NONE;
	return home_of(
	    f, fact->flags & AS_CURATED ? curated_asn(&f->territories->countries, asn, at) : NULL, fact->cc);
}

/* ---- explaining ---- */

static void explain_entry(const struct territory *t, const struct reason *r, char *buf, size_t n)
{
	const struct entry *e = r->entry;
	const struct section *s = &t->f->territories->section[e->section];
	const char *what = r->member ? "curated" : e->exclude ? "excluded" : "curated for another territory";

	snprintf(buf, n, "%s: %s%s(%s:%u)", what, e->why ? e->why : "", e->why ? " " : "", s->file, e->line);
}

/* `located` is how a geolocation source is worded. */
static void explain(
    const struct territory *t, const struct reason *r, const char *located, char *buf, size_t n)
{
	const struct source *source = &t->f->source[r->source];
	char cc[3];

	cc_text(cc, r->cc);
	if (r->entry)
		explain_entry(t, r, buf, n);
	else if (r->member == MEMBER_ASKED)
		snprintf(buf, n, "asked for");
	else if (r->cc)
		snprintf(buf, n, "%s%s %s: %s",
		    r->member ? "" : "no member: ", source->located ? located : "registered in", cc,
		    source->label);
	else
		snprintf(buf, n, "no member: no source knows it");
}

void territory_explain_asn(const struct territory *t, asn_t asn, utime_t at, char *buf, size_t n)
{
	struct reason r = asn_reason(t, asn, at);

	explain(t, &r, "announces addresses in", buf, n);
}

void territory_explain_prefix(
    const struct territory *t, const struct prefix *p, utime_t at, char *buf, size_t n)
{
	struct reason r = prefix_reason(t, p, at);

	explain(t, &r, "geolocated in", buf, n);
}
