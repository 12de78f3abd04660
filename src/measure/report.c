/*
 * measure/report: the answer about one territory at one instant. In: a table at rest. Out: struct report. One
 * pass over the territory's cells (prefix by voting peer) fills a tally; shares, intervals and resilience
 * come from the tally. Definitions: design.md 5.
 */
#include "base/mem.h"
#include "measure/carriers.h"
#include "measure/measure.h"
#include "measure/scope.h"
#include "measure/stats.h"
#include "measure/tally.h"

#include <stdlib.h>
#include <string.h>

static int upstream_cmp(const void *a, const void *b)
{
	const struct upstream *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static int country_cmp(const void *a, const void *b)
{
	const struct country_share *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return (x->country > y->country) - (x->country < y->country);
}

static int gateway_cmp(const void *a, const void *b)
{
	const struct gateway *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static void fill_upstreams(struct report *r, struct tally *t, const struct facts *f)
{
	r->upstreams = t->upstream.n;
	r->upstream = mem_array(r->upstreams + 1, sizeof *r->upstream);
	for (size_t u = 0; u < r->upstreams; u++) {
		struct upstream *up = &r->upstream[u];
		up->asn = (asn_t)t->upstream.key[u];
		up->country = asn_country(f, up->asn);
		up->share = t->carried > 0 ? t->sum[u] / t->carried : 0;
		up->prefixes = t->prefixes_of[u];
		up->first_seen = up->last_seen = UTIME_NONE;
		tally_interval(t, u, up->share, &up->low, &up->high);
	}
}

static void fill_countries(struct report *r)
{
	struct idmap index = {0};

	r->country = mem_array(r->upstreams + 1, sizeof *r->country);
	for (size_t u = 0; u < r->upstreams; u++) {
		uint32_t c = idmap_at(&index, r->upstream[u].country);
		r->country[c].country = r->upstream[u].country;
		r->country[c].share += r->upstream[u].share;
	}
	r->countries = index.n;
	qsort(r->country, r->countries, sizeof *r->country, country_cmp);
	idmap_free(&index);
}

static void fill_gateways(struct report *r, const struct tally *t)
{
	r->gateways = t->gateway.n;
	r->gateway = mem_array(r->gateways + 1, sizeof *r->gateway);
	for (size_t g = 0; g < r->gateways; g++) {
		r->gateway[g].asn = (asn_t)t->gateway.key[g];
		r->gateway[g].share = t->carried > 0 ? t->gateway_sum[g] / t->carried : 0;
	}
	qsort(r->gateway, r->gateways, sizeof *r->gateway, gateway_cmp);
}

static void fill_resilience(struct report *r, const struct tally *t)
{
	double *share = mem_array(r->upstreams + r->countries + 1, sizeof *share);

	for (size_t u = 0; u < r->upstreams; u++)
		share[u] = r->upstream[u].share;
	r->hhi = stats_hhi(share, r->upstreams);
	r->effective = r->hhi > 0 ? 1 / r->hhi : 0;
	r->entropy = stats_entropy(share, r->upstreams);
	for (size_t c = 0; c < r->countries; c++)
		share[c] = r->country[c].share;
	r->country_hhi = stats_hhi(share, r->countries);
	r->single_homed = t->homed > 0 ? t->single / t->homed : 0;
	r->resilience_class = t->carried > 0 ? stats_class((unsigned)r->gateways) : "none";
	free(share);
}

static void fill_prefixes(struct report *r, const struct scope *s, const struct tally *t)
{
	r->prefix = mem_array(s->prefixes + 1, sizeof *r->prefix);
	for (size_t i = 0; i < s->prefixes; i++) {
		const struct weighed *m = &s->prefix[i];
		if (!m->ours || !m->seen)
			continue;
		r->prefix[r->prefixes++] = t->row[i];
		r->addresses += (uint64_t)m->own;
	}
}

static void fill_vantage(struct report *r, const struct scope *s, const struct voters *v)
{
	r->peers = (unsigned)v->peers;
	r->full_feed = (unsigned)v->full;
	r->no_full_feed = v->no_full_feed;
	r->ases = (unsigned)s->vantages;
	r->collectors = s->collectors;
}

/* One look at every cell. */
static void look(struct scope *s, struct tally *t, struct report *r)
{
	struct judged *row = mem_array(s->peers + 1, sizeof *row);
	struct critics *critics = critics_new(s);
	struct behind *behind = r->options.depth > 1 ? behind_new(s) : NULL;
	struct ways *ways = r->options.wayin ? ways_new(s) : NULL;

	tally_begin(t, s);
	for (size_t i = 0; i < s->prefixes; i++) {
		bool other;
		if (!s->prefix[i].ours || !s->prefix[i].seen)
			continue;
		cells_fetch(s, i + 1);
		other = scope_judge(s, &s->prefix[i], row);
		tally_prefix(t, s, i, row);
		critics_add(critics, i, row, other);
		if (behind)
			behind_add(behind, i, row);
		if (ways)
			ways_add(ways, i, row);
	}
	tally_end(t);
	critics_end(critics, r);
	if (behind)
		behind_end(behind, t->carried, r);
	if (ways)
		ways_end(ways, r->options.wayin);
	free(row);
}

void measure_report(const struct table *t, const struct facts *f, const struct territory *who, utime_t at,
    const struct measure_options *o, struct report *r)
{
	struct voters voters = {0};
	struct scope scope;
	struct tally tally;

	*r = (struct report){.territory = who, .options = *o, .at = at};
	voters_find(t, o->family, o->all_peers, &voters);
	scope_init(&scope, t, who, at, o, &voters);
	look(&scope, &tally, r);
	fill_vantage(r, &scope, &voters);
	fill_prefixes(r, &scope, &tally);
	r->invisible = tally.whole > 0 ? tally.invisible / tally.whole : 0;
	r->visible = tally.whole > 0 ? tally.visible / tally.whole : 0;
	fill_upstreams(r, &tally, f);
	carriers_hegemony(&scope, r->upstream, r->upstreams);
	qsort(r->upstream, r->upstreams, sizeof *r->upstream, upstream_cmp);
	fill_countries(r);
	fill_gateways(r, &tally);
	fill_resilience(r, &tally);
	memcpy(r->cleaned, scope.cleaned, sizeof r->cleaned);
	tally_free(&tally);
	scope_free(&scope);
	voters_free(&voters);
}

void report_free(struct report *r)
{
	free(r->upstream);
	free(r->country);
	free(r->gateway);
	free(r->critical);
	free(r->prefix);
	free(r->edge);
	*r = (struct report){0};
}
