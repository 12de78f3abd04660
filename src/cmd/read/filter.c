/* cmd/read/filter: see filter.h. */
#include "cmd/read/filter.h"

#include "base/mem.h"

#include <stdlib.h>
#include <strings.h>

/* ---- options to lists ---- */

static bool asns_add(struct asns *list, const char *text)
{
	asn_t asn;

	if (!asn_parse(text, strlen(text), &asn))
		return false;
	list->v = mem_grow(list->v, list->n + 1, sizeof *list->v);
	list->v[list->n++] = asn;
	return true;
}

static bool asns_have(const struct asns *list, asn_t asn)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == asn)
			return true;
	return false;
}

static bool add_peer(struct filter *f, const char *text)
{
	struct addr addr;

	f->peers = true;
	if (asns_add(&f->peer_as, text))
		return true;
	if (!addr_parse(text, strlen(text), &addr))
		return false;
	f->peer_addr = mem_grow(f->peer_addr, f->peer_addrs + 1, sizeof *f->peer_addr);
	f->peer_addr[f->peer_addrs++] = addr;
	return true;
}

static bool add_prefix(struct filter *f, const char *text)
{
	struct prefix prefix;

	if (!prefix_parse(text, strlen(text), &prefix))
		return false;
	f->prefix = mem_grow(f->prefix, f->prefixes + 1, sizeof *f->prefix);
	f->prefix[f->prefixes++] = prefix;
	return true;
}

/* "3356:100", "3356:*", "*:666", "57866:*:1", and the names of RFC 1997 */
static bool community_parse(const char *text, struct community *c)
{
	static const struct {
		const char *name;
		uint32_t low;
	} names[] = {{"no-export", 0xff01}, {"no-advertise", 0xff02}, {"local-as", 0xff03},
	    {"blackhole", 666}, {"graceful-shutdown", 0}};

	*c = (struct community){.parts = 0};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcasecmp(text, names[i].name) == 0) {
			*c = (struct community){{0xffff, names[i].low, 0}, 2, 0};
			return true;
		}
	for (const char *p = text;; p++) {
		char *end;
		unsigned long v = 0;
		if (c->parts == 3)
			return false;
		if (*p == '*') {
			c->any |= (uint8_t)(1 << c->parts);
			end = (char *)p + 1;
		} else if (*p < '0' || *p > '9' || (v = strtoul(p, &end, 10)) > UINT32_MAX) {
			return false;
		}
		c->part[c->parts++] = (uint32_t)v;
		p = end;
		if (*p == '\0')
			break;
		if (*p != ':')
			return false;
	}
	return c->parts == 3 || (c->parts == 2 && c->part[0] <= 0xffff && c->part[1] <= 0xffff);
}

static bool add_community(struct filter *f, const char *text)
{
	f->community = mem_grow(f->community, f->communities + 1, sizeof *f->community);
	return community_parse(text, &f->community[f->communities++]);
}

static bool add_path(struct filter *f, const char *text)
{
	f->path = mem_grow(f->path, f->paths + 1, sizeof *f->path);
	f->path[f->paths++] = text;
	return true;
}

static bool add_origin(struct filter *f, const char *text)
{
	return asns_add(&f->origin, text);
}

static bool add_as(struct filter *f, const char *text)
{
	return asns_add(&f->as, text);
}

static bool add_kind(struct filter *f, const char *text)
{
	static const char *const names[ELEM_KINDS] = {"rib", "announce", "withdraw", "state"};

	for (unsigned i = 0; i < ELEM_KINDS; i++)
		if (strcmp(text, names[i]) == 0)
			f->kinds |= 1U << i;
	return f->kinds != 0;
}

static bool add_country(struct filter *f, const char *text)
{
	char cc[2] = {(char)(text[0] & ~32), (char)(text[0] ? text[1] & ~32 : 0)};

	if (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z' || text[2])
		return false;
	f->country = mem_grow(f->country, f->countries + 1, sizeof *f->country);
	f->country[f->countries++] = cc_of(cc);
	return true;
}

static bool set_from(struct filter *f, const char *text)
{
	return utime_parse(text, &f->from);
}

static bool set_to(struct filter *f, const char *text)
{
	return utime_parse(text, &f->to);
}

static bool set_family(struct filter *f, const char *text)
{
	f->family = (uint8_t)(text[0] - '0');
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct filter *f, const char *text);
	const char *what;
} takers[] = {
    {"from", set_from, "a time such as 2017-10-01T09:00"},
    {"to", set_to, "a time such as 2017-10-01T09:00"},
    {"peer", add_peer, "an AS number or an address"},
    {"type", add_kind, "rib, announce, withdraw or state"},
    {"family", set_family, "4 or 6"},
    {"prefix", add_prefix, "a prefix such as 175.45.176.0/22"},
    {"origin", add_origin, "an AS number"},
    {"as", add_as, "an AS number"},
    {"path", add_path, "a pattern"},
    {"country", add_country, "a country code such as KP"},
    {"community", add_community, "a community such as 3356:100, 3356:*, 57866:*:1 or no-export"},
};

static int filter_match_mode(struct filter *f, const struct args *a)
{
	static const char *const names[] = {"exact", "more", "less", "overlap"};
	unsigned given = 0;

	for (unsigned i = 0; i < 4; i++)
		if (args_has(a, names[i])) {
			f->match = (enum prefix_match)i;
			given++;
		}
	if (given > 1)
		return usage(a, "only one of --exact, --more, --less and --overlap");
	if (given && !f->prefixes)
		return usage(a, "--%s wants a --prefix", names[f->match]);
	return 0;
}

int filter_init(struct filter *f, const struct args *a)
{
	const char *error, *value;

	*f = (struct filter){.from = INT64_MIN, .to = UTIME_MAX};
	for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
		for (size_t k = 0; (value = args_nth(a, takers[i].name, k)) != NULL; k++)
			if (!takers[i].take(f, value))
				return usage(
				    a, "--%s wants %s, not \"%s\"", takers[i].name, takers[i].what, value);
	for (size_t i = 0; i < f->paths; i++) {
		struct pathre *re = pathre_new(f->path[i], &error);
		if (!re)
			return usage(a, "--path \"%s\": %s", f->path[i], error);
		pathre_free(re);
	}
	if (!f->kinds)
		f->kinds = (1U << ELEM_KINDS) - 1;
	f->attrs = f->origin.n || f->as.n || f->communities || f->paths;
	f->prefix_decides = f->family || f->prefixes;
	if (f->prefix_decides || f->attrs || f->countries)
		f->kinds &= ~(1U << ELEM_STATE);
	if (f->attrs)
		f->kinds &= ~(1U << ELEM_WITHDRAW); /* a withdrawal has no attributes */
	return filter_match_mode(f, a);
}

void filter_free(struct filter *f)
{
	free(f->prefix);
	free(f->peer_addr);
	free(f->peer_as.v);
	free(f->origin.v);
	free(f->as.v);
	free(f->community);
	free(f->country);
	free(f->path);
}

void filter_run_init(struct filter_run *r, const struct filter *f)
{
	const char *error;

	*r = (struct filter_run){.filter = f};
	r->path = mem_array(f->paths + 1, sizeof *r->path);
	for (size_t i = 0; i < f->paths; i++)
		r->path[i] = pathre_new(f->path[i], &error);
}

void filter_run_free(struct filter_run *r)
{
	for (size_t i = 0; i < r->filter->paths; i++)
		pathre_free(r->path[i]);
	free(r->path);
}

/* ---- the questions ---- */

bool filter_passes_all(const struct filter *f)
{
	return f->from == INT64_MIN && f->to == UTIME_MAX && f->kinds == (1U << ELEM_KINDS) - 1 &&
	       !f->peers && !f->attrs && !f->prefix_decides && !f->countries;
}

bool filter_peer(const struct filter *f, const struct peer_key *peer)
{
	if (!f->peers || asns_have(&f->peer_as, peer->asn))
		return true;
	for (size_t i = 0; i < f->peer_addrs; i++)
		if (addr_cmp(&f->peer_addr[i], &peer->addr) == 0)
			return true;
	return false;
}

static bool prefix_matches(enum prefix_match match, const struct prefix *wanted, const struct prefix *p)
{
	switch (match) {
	case MATCH_MORE:
		return prefix_covers(wanted, p);
	case MATCH_LESS:
		return prefix_covers(p, wanted);
	case MATCH_OVERLAP:
		return prefix_covers(wanted, p) || prefix_covers(p, wanted);
	default:
		return prefix_equal(wanted, p);
	}
}

bool filter_prefix(const struct filter *f, const struct prefix *prefix)
{
	if (f->family && prefix->family != f->family)
		return false;
	for (size_t i = 0; i < f->prefixes; i++)
		if (prefix_matches(f->match, &f->prefix[i], prefix))
			return true;
	return f->prefixes == 0;
}

static bool community_in(const struct community *c, struct span value)
{
	size_t size = c->parts == 2 ? 4 : 12;

	for (size_t i = 0; i + size <= value.n; i += size) {
		bool equal = true;
		for (unsigned k = 0; k < c->parts && equal; k++) {
			uint32_t v = size == 4 ? be16(value.p + i + 2 * k) : be32(value.p + i + 4 * k);
			equal = c->any >> k & 1 || v == c->part[k];
		}
		if (equal)
			return true;
	}
	return false;
}

static bool communities_pass(const struct filter *f, const struct attr_set *set)
{
	struct fault_count faults;
	struct attr_view v;

	memset(&faults, 0, sizeof faults);
	attrs_scan(set, &v, &faults, 0);
	for (size_t i = 0; i < f->communities; i++) {
		unsigned code = f->community[i].parts == 2 ? ATTR_COMMUNITY : ATTR_LARGE_COMMUNITY;
		if (attr_seen(&v, code) && community_in(&f->community[i], v.value[code]))
			return true;
	}
	return false;
}

static bool country_wanted(const struct filter *f, cc_t cc)
{
	for (size_t i = 0; i < f->countries; i++)
		if (f->country[i] == cc)
			return true;
	return false;
}

bool filter_prefix_country(const struct filter *f, const struct prefix *prefix)
{
	return country_wanted(f, prefix_country(f->facts, prefix));
}

bool filter_origin_country(const struct filter *f, const struct attr_set *set)
{
	struct span path, path4;
	asn_t flat[256];
	unsigned flags;
	size_t n;

	attrs_paths(set, &path, &path4);
	n = as_path_flat(path, path4, set->as_size, flat, 256, &flags);
	return n && !(flags & PATH_CUT) && flat[n - 1] &&
	       country_wanted(f, asn_country(f->facts, flat[n - 1]));
}

/* --as: an ASN anywhere in the path. --origin: the last one, or one of the set that ends it. */
static bool asns_pass(const struct filter *f, struct span as_path, struct span as4_path, uint8_t as_size)
{
	struct as_path path = as_path_of(as_path, as4_path, as_size);
	struct as_segment s;
	bool as = f->as.n == 0, origin = false;

	while (as_path_next(&path, &s)) {
		size_t n = s.asns.n / s.as_size;
		if (n)
			origin = false;
		for (size_t i = 0; i < n; i++) {
			asn_t asn = segment_asn(&s, i);
			as = as || asns_have(&f->as, asn);
			if (s.type == SEGMENT_SET || i + 1 == n)
				origin = origin || asns_have(&f->origin, asn);
		}
	}
	return as && (origin || f->origin.n == 0);
}

bool filter_attrs(struct filter_run *r, const struct attr_set *set)
{
	const struct filter *f = r->filter;
	struct span path, path4;

	attrs_paths(set, &path, &path4);
	if ((f->as.n || f->origin.n) && !asns_pass(f, path, path4, set->as_size))
		return false;
	if (f->communities && !communities_pass(f, set))
		return false;
	for (size_t i = 0; i < f->paths; i++)
		if (pathre_match(r->path[i], path, path4, set->as_size))
			return true;
	return f->paths == 0;
}
