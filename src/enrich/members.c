/* enrich/members: lists everything that belongs to a territory, with its reason, for --explain. */
#include "base/mem.h"
#include "enrich/territory.h"

#include <stdlib.h>

struct gathered {
	asn_t *asn;
	size_t asns, asn_cap;
	struct prefix *prefix;
	size_t prefixes, prefix_cap;
};

static void gather_asn(struct gathered *g, asn_t asn)
{
	g->asn = vec_room(g->asn, g->asns, &g->asn_cap, sizeof *g->asn);
	g->asn[g->asns++] = asn;
}

static void gather_prefix(struct gathered *g, const struct prefix *p)
{
	g->prefix = vec_room(g->prefix, g->prefixes, &g->prefix_cap, sizeof *g->prefix);
	g->prefix[g->prefixes++] = *p;
}

/* The fewest prefixes that make up the range. */
static void gather_range(struct gathered *g, uint8_t family, uint64_t first, uint64_t last)
{
	for (;;) {
		unsigned len = first ? 64 - (unsigned)__builtin_ctzll(first) : 0;
		uint64_t key = __builtin_bswap64(first);
		struct prefix p;
		while (len < 64 && (first | UINT64_MAX >> len) > last)
			len++;
		p = (struct prefix){.family = family, .len = (uint8_t)len};
		__builtin_memcpy(p.b, &key, sizeof key);
		gather_prefix(g, &p);
		if (len == 0 || (first | (len == 64 ? 0 : UINT64_MAX >> len)) >= last)
			return;
		first = (first | (len == 64 ? 0 : UINT64_MAX >> len)) + 1;
	}
}

static bool may_be_home(const struct territory *t, cc_t cc)
{
	if (cc == CC_NONE)
		return false;
	if (cc == t->cc || t->f->territories->home[cc_cell(cc)] == t->cc)
		return true;
	for (size_t i = 0; t->section && i < t->section->n; i++)
		if (t->section->entry[i].kind == ENTRY_COUNTRY &&
		    may_be_home(t->f->territories->country[cc_cell(t->section->entry[i].cc)], cc))
			return true;
	return false;
}

static void gather_defaults(struct gathered *g, const struct territory *t)
{
	const struct facts *f = t->f;
	const struct as_fact *fact;

	for (uint64_t asn = 0; (fact = asns_next(&f->as, &asn)); asn++)
		if (may_be_home(t, fact->cc))
			gather_asn(g, (asn_t)asn);
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < f->country[side].n; i++)
			if (may_be_home(t, (cc_t)(f->country[side].value[i] >> 8)))
				gather_range(g, side ? FAMILY_IPV6 : FAMILY_IPV4, f->country[side].start[i],
				    ranges_last(&f->country[side], i));
}

static void gather_entries(struct gathered *g, const struct territory *t)
{
	for (size_t i = 0; t->section && i < t->section->n; i++) {
		const struct entry *e = &t->section->entry[i];
		if (e->kind == ENTRY_ASN)
			gather_asn(g, e->asn);
		else if (e->kind == ENTRY_PREFIX)
			gather_prefix(g, &e->prefix);
		else if (t->kind == TERRITORY_NAMED)
			gather_entries(g, t->f->territories->country[cc_cell(e->cc)]);
	}
}

static int asn_order(const void *a, const void *b)
{
	const asn_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static int prefix_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static void gather(struct gathered *g, const struct territory *t)
{
	if (t->kind == TERRITORY_AS) {
		gather_asn(g, t->asn);
	} else if (t->kind == TERRITORY_PREFIX) {
		gather_prefix(g, &t->prefix);
	} else {
		gather_entries(g, t);
		gather_defaults(g, t);
	}
	if (g->asns)
		qsort(g->asn, g->asns, sizeof *g->asn, asn_order);
	if (g->prefixes)
		qsort(g->prefix, g->prefixes, sizeof *g->prefix, prefix_order);
}

double territory_size(const struct territory *t, uint8_t family, utime_t at)
{
	struct gathered g = {0};
	const struct prefix *last = NULL;
	double sum = 0;

	gather(&g, t);
	for (size_t i = 0; i < g.prefixes; i++) {
		const struct prefix *p = &g.prefix[i];
		if (p->family != family || (last && prefix_covers(last, p)) ||
		    territory_has_prefix(t, p, at) == MEMBER_NO)
			continue;
		last = p;
		sum += prefix_size(p);
	}
	free(g.asn);
	free(g.prefix);
	return sum;
}

void territory_members(const struct territory *t, utime_t at, void (*asn)(void *, asn_t, const char *why),
    void (*prefix)(void *, const struct prefix *, const char *why), void *arg)
{
	struct gathered g = {0};
	char why[256];

	gather(&g, t);
	for (size_t i = 0; asn && i < g.asns; i++)
		if ((i == 0 || g.asn[i] != g.asn[i - 1]) && territory_has_asn(t, g.asn[i], at)) {
			territory_explain_asn(t, g.asn[i], at, why, sizeof why);
			asn(arg, g.asn[i], why);
		}
	for (size_t i = 0; prefix && i < g.prefixes; i++)
		if ((i == 0 || !prefix_equal(&g.prefix[i], &g.prefix[i - 1])) &&
		    territory_has_prefix(t, &g.prefix[i], at)) {
			territory_explain_prefix(t, &g.prefix[i], at, why, sizeof why);
			prefix(arg, &g.prefix[i], why);
		}
	free(g.asn);
	free(g.prefix);
}
