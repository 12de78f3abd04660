/*
 * enrich/libloc: the IPFire project's location database (Debian: libloc-database, location-update). In: the
 * file, by libloc. Out: where addresses are; names of ASes; and a country for each AS, which the database
 * does not have itself: the one most of the addresses it announces are in, by this database and by what is
 * registered, if that was read before; where it announces none, its holder's others (holder.c).
 */
#include "base/mem.h"
#include "enrich/load.h"
#include "enrich/text.h"

#include <libloc/as.h>
#include <libloc/database.h>
#include <libloc/libloc.h>
#include <libloc/network.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_libloc(struct span content)
{
	return content.n > 8 && memcmp(content.p, "LOCDBXX\1", 8) == 0;
}

/* Addresses an AS announces in a country. */
struct vote {
	asn_t asn;
	cc_t cc;
	uint64_t weight;
};

struct votes {
	struct vote *v;
	size_t n, cap;
};

static void vote(struct votes *votes, asn_t asn, cc_t cc, uint64_t weight)
{
	if (asn == 0 || cc == CC_NONE || cc == cc_of("EU") || cc == cc_of("AP"))
		return;
	votes->v = vec_room(votes->v, votes->n, &votes->cap, sizeof *votes->v);
	votes->v[votes->n++] = (struct vote){asn, cc, weight};
}

static int by_asn_and_country(const void *a, const void *b)
{
	const struct vote *x = a, *y = b;

	if (x->asn != y->asn)
		return x->asn < y->asn ? -1 : 1;
	return x->cc < y->cc ? -1 : x->cc > y->cc;
}

static void count_votes(struct loading *l, struct votes *votes)
{
	size_t i = 0;

	if (votes->n)
		qsort(votes->v, votes->n, sizeof *votes->v, by_asn_and_country);
	while (i < votes->n) {
		asn_t asn = votes->v[i].asn;
		uint64_t most = 0;
		cc_t best = CC_NONE;
		while (i < votes->n && votes->v[i].asn == asn) {
			cc_t cc = votes->v[i].cc;
			uint64_t sum = 0;
			for (; i < votes->n && votes->v[i].asn == asn && votes->v[i].cc == cc; i++)
				sum += votes->v[i].weight;
			if (sum > most) {
				most = sum;
				best = cc;
			}
		}
		load_asn_country(l, asn, best);
	}
}

/* libloc keeps IPv4 as IPv4-mapped IPv6 addresses and counts its prefix lengths as of IPv4. */
static struct prefix prefix_of(struct loc_network *n)
{
	const struct in6_addr *a = loc_network_get_first_address(n);

	if (loc_network_address_family(n) == AF_INET)
		return prefix_make(
		    FAMILY_IPV4, a->s6_addr + 12, loc_network_prefix(n) & 31 ? loc_network_prefix(n) : 32);
	return prefix_make(FAMILY_IPV6, a->s6_addr, loc_network_prefix(n));
}

/* An IPv4 address weighs more than all IPv6 networks together, which only decide where there is nothing else.
 */
static uint64_t weight_of(const struct prefix *p)
{
	if (p->family == FAMILY_IPV4)
		return UINT64_C(1) << (52 - p->len);
	return p->len >= 48 ? 1 : p->len <= 42 ? 64 : UINT64_C(1) << (48 - p->len);
}

static void read_networks(
    struct loading *l, struct loc_database *db, struct votes *votes, const struct ranges *registered)
{
	struct loc_database_enumerator *e;
	struct loc_network *n = NULL;

	if (loc_database_enumerator_new(&e, db, LOC_DB_ENUMERATE_NETWORKS, 0))
		return;
	while (loc_database_enumerator_next_network(e, &n) == 0 && n) {
		const char *code = loc_network_get_country_code(n);
		struct prefix p = prefix_of(n);
		const struct ranges *r = &registered[p.family == FAMILY_IPV6];
		cc_t cc = CC_NONE;
		l->census->rows++;
		if (code && !text_cc((struct span){(const uint8_t *)code, strlen(code)}, &cc))
			cc = CC_NONE;
		load_prefix(l, &p, cc);
		vote(votes, loc_network_get_asn(n), cc, weight_of(&p));
		if (r->n)
			vote(votes, loc_network_get_asn(n),
			    (cc_t)(r->value[ranges_at(r, prefix_first(&p))] >> 8), weight_of(&p));
		loc_network_unref(n);
	}
	loc_database_enumerator_unref(e);
}

static void read_names(struct loading *l, struct loc_database *db)
{
	struct loc_database_enumerator *e;
	struct loc_as *as = NULL;

	if (loc_database_enumerator_new(&e, db, LOC_DB_ENUMERATE_ASES, 0))
		return;
	while (loc_database_enumerator_next_as(e, &as) == 0 && as) {
		const char *name = loc_as_get_name(as);
		load_asn_name(
		    l, loc_as_get_number(as), (struct span){(const uint8_t *)name, name ? strlen(name) : 0});
		loc_as_unref(as);
	}
	loc_database_enumerator_unref(e);
}

static void read_database(struct loading *l, struct loc_database *db)
{
	struct ranges registered[2] = {0};
	struct votes votes = {0};

	load_about(l, utime_of(loc_database_created_at(db), 0), "libloc");
	if (l->dry) { /* the library has verified the file when it opened it */
		l->census->rows = l->census->asns = loc_database_count_as(db);
		return;
	}
	for (int side = 0; side < 2; side++)
		if (l->registered[side].n)
			ranges_build(
			    &registered[side], &l->registered[side], side ? RANGES_INDEX6 : RANGES_INDEX4);
	read_networks(l, db, &votes, registered);
	count_votes(l, &votes);
	read_names(l, db);
	holders_place(l);
	free(votes.v);
	for (int side = 0; side < 2; side++)
		ranges_free(&registered[side]);
}

static void load_libloc(struct loading *l, struct span content)
{
	struct loc_ctx *ctx = NULL;
	struct loc_database *db = NULL;
	FILE *file = fopen(l->path, "rb");

	if (!file || loc_new(&ctx) || loc_database_new(ctx, &db, file))
		snprintf(l->census->cut, sizeof l->census->cut, "libloc cannot open it");
	else
		read_database(l, db);
	loc_database_unref(db);
	loc_unref(ctx);
	if (file)
		fclose(file);
}

const struct format format_libloc = {.name = "libloc",
    .rank = RANK_LOCATED,
    .located = true,
    .by_path = true,
    .is = is_libloc,
    .load = load_libloc};
