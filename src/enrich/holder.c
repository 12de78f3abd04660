/*
 * enrich/holder: the country of an AS by its holder's others. In: facts with names, and countries derived
 * from what each AS announces. Out: a country for those that announce nothing today (a number given up in
 * 2016 is still called as its holder's others are), and for those whose announcements say otherwise than most
 * others of that name. Labelled as a source of its own. Owns its list for as long as it sorts it.
 */
#include "base/mem.h"
#include "enrich/load.h"

#include <stdlib.h>
#include <string.h>

struct holding {
	const char *name;
	asn_t asn;
	cc_t cc;
};

static int by_name(const void *a, const void *b)
{
	const struct holding *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->asn > y->asn) - (x->asn < y->asn);
}

static struct holding *holdings_of(const struct facts *f, size_t *n)
{
	const struct as_fact *fact;
	struct holding *list = NULL;
	size_t cap = 0;

	*n = 0;
	for (uint64_t asn = 0; (fact = asns_next(&f->as, &asn)); asn++) {
		if (!fact->name)
			continue;
		list = vec_room(list, *n, &cap, sizeof *list);
		list[(*n)++] = (struct holding){f->as.text + fact->name, (asn_t)asn, fact->cc};
	}
	return list;
}

struct most {
	cc_t cc; /* CC_NONE: nowhere, or too spread */
	size_t there, placed;
};

/* Boyer and Moore: what more than half have is what is left after pairs of different ones are struck. */
static struct most most_of(const struct holding *h, size_t n)
{
	struct most m = {CC_NONE, 0, 0};
	size_t ahead = 0;

	for (size_t i = 0; i < n; i++) {
		if (h[i].cc == CC_NONE)
			continue;
		m.placed++;
		if (ahead == 0)
			m.cc = h[i].cc;
		ahead = h[i].cc == m.cc ? ahead + 1 : ahead - 1;
	}
	for (size_t i = 0; i < n && m.cc != CC_NONE; i++)
		m.there += h[i].cc == m.cc;
	return m;
}

/* One that is nowhere goes where three of four are; one that its announcements put elsewhere only where that
 * is three of four of at least three others. */
static bool moves(const struct facts *f, const struct holding *h, const struct most *m, uint8_t derived)
{
	const struct as_fact *fact = asns_get(&f->as, h->asn);

	if (m->cc == CC_NONE || h->cc == m->cc)
		return false;
	if (h->cc == CC_NONE)
		return m->there * 4 >= m->placed * 3;
	return fact->source == derived && m->placed > 3 && m->there * 4 >= (m->placed - 1) * 3;
}

void holders_place(struct loading *l)
{
	struct facts *f = l->f;
	size_t n, same;
	struct holding *list;
	uint8_t source;

	if (f->sources == SOURCES_MAX)
		return;
	source = (uint8_t)++f->sources;
	f->source[source] = (struct source){
	    mem_printf("%s (same holder's other networks)", f->source[l->source].label), l->rank, true};
	list = holdings_of(f, &n);
	if (n)
		qsort(list, n, sizeof *list, by_name);
	for (size_t i = 0; i < n; i += same) {
		struct most most;
		for (same = 1; i + same < n && strcmp(list[i].name, list[i + same].name) == 0;)
			same++;
		most = most_of(&list[i], same);
		for (size_t k = i; k < i + same; k++)
			if (moves(f, &list[k], &most, l->source)) {
				struct as_fact *fact = asns_add(&f->as, list[k].asn);
				fact->cc = most.cc;
				fact->source = source;
			}
	}
	free(list);
}
