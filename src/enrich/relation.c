/*
 * enrich/relation: the relationship of two neighbours. In: as-rel files (CAIDA's serial-1 and serial-2, and
 * what others write in that form): PROVIDER|CUSTOMER|-1, PEER|PEER|0. Out: a hash table asked by the pair.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "enrich/load.h"
#include "enrich/text.h"

#include <stdlib.h>

struct relations {
	uint64_t *pair; /* smaller ASN << 32 | larger; 0: free */
	uint8_t *relation;
	size_t n, cap;
};

static size_t place(const struct relations *r, uint64_t pair)
{
	size_t i = hash_u64(pair ^ hash_key()) & (r->cap - 1);

	while (r->pair[i] && r->pair[i] != pair)
		i = (i + 1) & (r->cap - 1);
	return i;
}

static void grow(struct relations *r)
{
	struct relations old = *r;

	r->cap = old.cap ? old.cap * 2 : 1024;
	r->pair = mem_array(r->cap, sizeof *r->pair);
	r->relation = mem_array(r->cap, 1);
	for (size_t i = 0; i < old.cap; i++)
		if (old.pair[i]) {
			size_t to = place(r, old.pair[i]);
			r->pair[to] = old.pair[i];
			r->relation[to] = old.relation[i];
		}
	free(old.pair);
	free(old.relation);
}

static enum relation reversed(enum relation x)
{
	return x == REL_CUSTOMER ? REL_PROVIDER : x == REL_PROVIDER ? REL_CUSTOMER : x;
}

void load_relation(struct loading *l, asn_t a, asn_t b, enum relation relation)
{
	struct relations *r = l->f->relations;
	size_t i;

	if (l->dry)
		return;
	if (!r)
		r = l->f->relations = mem_alloc(sizeof *r);
	if (r->n * 2 >= r->cap)
		grow(r);
	i = place(r, a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
	r->n += r->pair[i] == 0;
	r->pair[i] = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
	r->relation[i] = (uint8_t)(a < b ? relation : reversed(relation));
}

enum relation asn_relation(const struct facts *f, asn_t a, asn_t b)
{
	const struct relations *r = f->relations;
	size_t i;

	if (!r || a == b)
		return REL_UNKNOWN;
	i = place(r, a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
	if (!r->pair[i])
		return REL_UNKNOWN;
	return a < b ? (enum relation)r->relation[i] : reversed((enum relation)r->relation[i]);
}

void relations_free(struct facts *f)
{
	if (!f->relations)
		return;
	free(f->relations->pair);
	free(f->relations->relation);
	free(f->relations);
}

static bool asrel_row(struct span line, asn_t *a, asn_t *b, struct span *relation)
{
	struct span f[3];

	if (text_fields(line, '|', f, 3) < 3 || !asn_parse((const char *)f[0].p, f[0].n, a) ||
	    !asn_parse((const char *)f[1].p, f[1].n, b))
		return false;
	*relation = f[2];
	return text_is(f[2], "-1") || text_is(f[2], "0") || text_is(f[2], "1") || text_is(f[2], "2");
}

static bool is_asrel(struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line, relation;
	asn_t a, b;

	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#')
			return asrel_row(line, &a, &b, &relation);
	return false;
}

static void load_asrel(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line, relation;
	asn_t a, b;

	load_about(l, date_in_path(l->path), "AS relationships");
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->census->rows++;
		if (!asrel_row(line, &a, &b, &relation) || a == b)
			l->census->bad++;
		else if (text_is(relation, "-1"))
			load_relation(l, a, b, REL_CUSTOMER);
		else if (text_is(relation, "0"))
			load_relation(l, a, b, REL_PEER); /* 1 and 2: siblings, of no use here */
	}
}

const struct format format_asrel = {
    .name = "AS relationships", .rank = RANK_NAMED, .is = is_asrel, .load = load_asrel};
