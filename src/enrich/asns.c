/* enrich/asns: see asns.h. */
#include "enrich/asns.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 1024, TOP = 1 << 22 };

void asns_init(struct asns *a)
{
	memset(a, 0, sizeof *a);
	a->top = pages_reserve(TOP * sizeof *a->top);
	a->used = mem_array(TOP / 64, sizeof *a->used);
	a->text = mem_alloc(1);
	a->text_n = a->text_cap = 1;
}

void asns_free(struct asns *a)
{
	pages_free(a->top, TOP * sizeof *a->top);
	free(a->used);
	free(a->page);
	free(a->named_by);
	free(a->text);
}

static size_t slot(struct asns *a, asn_t asn)
{
	uint32_t *page = &a->top[asn >> 10];

	if (!*page) {
		if (a->pages == a->cap) {
			a->cap = a->cap ? a->cap * 2 : 64;
			a->page = mem_grow(a->page, a->cap * PAGE, sizeof *a->page);
			a->named_by = mem_grow(a->named_by, a->cap * PAGE, 1);
		}
		memset(a->page + a->pages * PAGE, 0, PAGE * sizeof *a->page);
		memset(a->named_by + a->pages * PAGE, 0, PAGE);
		*page = (uint32_t)++a->pages;
		a->used[asn >> 16] |= UINT64_C(1) << (asn >> 10 & 63);
		if (asn >> 10 >= a->cells)
			a->cells = (asn >> 10) + 1;
	}
	return (size_t)(*page - 1) * PAGE + (asn & (PAGE - 1));
}

struct as_fact *asns_add(struct asns *a, asn_t asn)
{
	size_t i = slot(a, asn); /* may move a->page */

	return a->page + i;
}

void asns_name(struct asns *a, asn_t asn, const char *s, size_t n, uint8_t rank)
{
	size_t i = slot(a, asn);

	if (n == 0 || rank < a->named_by[i] || a->text_n + n + 1 > UINT32_MAX)
		return;
	if (a->text_cap - a->text_n < n + 1) {
		a->text_cap = (a->text_cap + n) * 2;
		a->text = mem_grow(a->text, a->text_cap, 1);
	}
	memcpy(a->text + a->text_n, s, n);
	a->text[a->text_n + n] = '\0';
	a->page[i].name = (uint32_t)a->text_n;
	a->named_by[i] = rank;
	a->text_n += n + 1;
}

/* The first ASN at or after v whose page is in use. */
static uint64_t used_from(const struct asns *a, uint64_t v)
{
	uint64_t cell = v >> 10;

	while (cell < a->cells) {
		uint64_t word = a->used[cell / 64] >> cell % 64;
		if (word) {
			uint64_t found = cell + (uint64_t)__builtin_ctzll(word);
			return found == v >> 10 ? v : found << 10;
		}
		cell = (cell / 64 + 1) * 64;
	}
	return (uint64_t)UINT32_MAX + 1;
}

const struct as_fact *asns_next(const struct asns *a, uint64_t *asn)
{
	uint64_t v = used_from(a, *asn);

	while (v <= UINT32_MAX) {
		const struct as_fact *fact = asns_get(a, (asn_t)v);
		if (fact->cc || fact->name || fact->flags) {
			*asn = v;
			return fact;
		}
		v++;
		if (v % PAGE == 0)
			v = used_from(a, v);
	}
	*asn = v;
	return NULL;
}
