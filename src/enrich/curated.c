/* enrich/curated: look-ups among the entries of territories files; see territory.h. */
#include "base/mem.h"
#include "enrich/territory.h"

#include <stdlib.h>
#include <string.h>

static void append(const struct entry ***list, size_t *n, const struct entry *e)
{
	if ((*n & (*n - 1)) == 0)
		*list = mem_grow(*list, *n ? *n * 2 : 1, sizeof **list);
	(*list)[(*n)++] = e;
}

void curated_add(struct curated *c, const struct entry *e)
{
	if (e->kind == ENTRY_ASN)
		append(&c->asn, &c->asns, e);
	else if (e->kind == ENTRY_PREFIX)
		append(&c->prefix, &c->prefixes, e);
}

/* Exclusions first, then in the order of the file. */
static int by_file(const struct entry *x, const struct entry *y)
{
	if (x->exclude != y->exclude)
		return x->exclude ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static int by_asn(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;

	if (x->asn != y->asn)
		return x->asn < y->asn ? -1 : 1;
	return by_file(x, y);
}

static int by_prefix(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
	int d = prefix_cmp(&x->prefix, &y->prefix);

	return d ? d : by_file(x, y);
}

static unsigned side(uint8_t family)
{
	return family == FAMILY_IPV6;
}

void curated_ready(struct curated *c)
{
	if (c->asns)
		qsort(c->asn, c->asns, sizeof *c->asn, by_asn);
	if (c->prefixes)
		qsort(c->prefix, c->prefixes, sizeof *c->prefix, by_prefix);
	for (size_t i = 0; i < c->prefixes; i++) {
		const struct prefix *p = &c->prefix[i]->prefix;
		size_t last = prefix_last(p) >> 48;
		c->length[side(p->family)][p->len] = true;
		for (size_t cell = prefix_first(p) >> 48; cell <= last; cell++)
			c->touched[side(p->family)][cell / 64] |= UINT64_C(1) << cell % 64;
	}
}

void curated_free(struct curated *c)
{
	free(c->asn);
	free(c->prefix);
}

const struct entry *curated_asn(const struct curated *c, asn_t asn, utime_t at)
{
	size_t low = 0, high = c->asns;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (c->asn[mid]->asn < asn)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->asns && c->asn[low]->asn == asn; low++)
		if (entry_valid(c->asn[low], at))
			return c->asn[low];
	return NULL;
}

static const struct entry *exactly(const struct curated *c, const struct prefix *p, utime_t at)
{
	size_t low = 0, high = c->prefixes;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (prefix_cmp(&c->prefix[mid]->prefix, p) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->prefixes && prefix_equal(&c->prefix[low]->prefix, p); low++)
		if (entry_valid(c->prefix[low], at))
			return c->prefix[low];
	return NULL;
}

const struct entry *curated_prefix(const struct curated *c, const struct prefix *p, utime_t at)
{
	size_t cell = prefix_first(p) >> 48;

	if (!(c->touched[side(p->family)][cell / 64] >> cell % 64 & 1))
		return NULL;
	for (int len = p->len; len >= 0; len--) {
		struct prefix cover;
		const struct entry *e;
		if (!c->length[side(p->family)][len])
			continue;
		cover = prefix_make(p->family, p->b, (unsigned)len);
		if ((e = exactly(c, &cover, at)))
			return e;
	}
	return NULL;
}
