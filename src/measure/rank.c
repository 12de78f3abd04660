/*
 * measure/rank: every country, or every origin AS, by how few carry it. In: a table. Out: a row a territory,
 * with the same numbers as measure_report gives for it alone. One pass over the paths settles where each
 * enters (its border), one over the routes in address order sums the votes.
 */
#include "base/mem.h"
#include "measure/idmap.h"
#include "measure/measure.h"
#include "measure/scope.h"
#include "measure/stats.h"

#include <stdlib.h>

/* ---- where paths enter: paths with the same border share an entry ---- */
struct entry {
	asn_t origin, upstream, gateway; /* as struct border, for the territory of the origin */
	uint32_t
	    home; /* territory of the origin: country, or the AS itself; 0 where the path leaves the shares */
};
typedef uint32_t entry_id; /* 0: no route */

struct sums { /* of one territory */
	double whole, visible, carried, homed, single, addresses;
	unsigned prefixes, upstreams, gateways;
};

struct voice { /* a voting peer */
	const path_id *column;
	uint32_t group; /* the territory it stands in: its country, or its AS */
	double vote;    /* 1 / voting peers of its AS */
};

struct ranking {
	const struct table *table;
	const struct facts *facts;
	const struct measure_options *options;
	utime_t at;
	enum rank_by by;
	struct voice *voice;
	size_t voices, vantages;
	struct idmap inside; /* groups of the vantage ASes */
	unsigned *inside_n;  /* vantage ASes in each */
	struct entry *entry;
	size_t entries, entry_cap;
	entry_id *entry_of;     /* by path id */
	struct weighed *prefix; /* in address order */
	uint32_t *end;          /* by index: behind the last prefix inside it */
	uint32_t (*group)[2];   /* by index: two different groups that see it; 0: none */
	size_t prefixes;
	struct idmap territory; /* country or ASN to row */
	struct sums *sums;
	size_t sums_cap;
	struct idmap carrier, gateway; /* row << 32 | asn */
	double *carried;               /* by carrier index */
	size_t carried_cap;
};

static uint32_t group_of(const struct ranking *r, asn_t asn)
{
	return r->by == RANK_AS ? asn : asn_territory(r->facts, asn, r->at);
}

static entry_id entry_born(struct ranking *r, struct entry e)
{
	r->entry = vec_room(r->entry, r->entries, &r->entry_cap, sizeof *r->entry);
	r->entry[r->entries] = e;
	return (entry_id)r->entries++;
}

/* From the origin outward; behind the upstream a path enters where its parent does. */
static entry_id entry_make(struct ranking *r, path_id id, struct path_node node)
{
	path_id parent = path_node_parent(node);
	struct entry e;

	if (path_flags(r->table, id) & ~(unsigned)PATH_EMPTY)
		return entry_born(r, (struct entry){.origin = path_origin(r->table, id)});
	if (parent == PATH_NONE)
		return entry_born(r, (struct entry){node.asn, 0, node.asn, group_of(r, node.asn)});
	e = r->entry[r->entry_of[parent]];
	if (e.upstream)
		return r->entry_of[parent];
	if (group_of(r, node.asn) == e.home)
		e.gateway = node.asn;
	else
		e.upstream = node.asn;
	return entry_born(r, e);
}

static void entries_make(struct ranking *r)
{
	size_t n = path_count(r->table);
	const struct path_node *node = path_nodes(r->table);

	r->entry_of = mem_array(n + 1, sizeof *r->entry_of);
	entry_born(r, (struct entry){0});
	for (path_id id = 1; id < n; id++)
		r->entry_of[id] = entry_make(r, id, node[id]);
}

/* ---- who votes ---- */
static void voices_make(struct ranking *r, const struct voters *v)
{
	struct idmap as = {0};
	unsigned *peers = mem_array(v->n + 1, sizeof *peers);

	r->voice = mem_array(v->n + 1, sizeof *r->voice);
	r->inside_n = mem_array(v->n + 1, sizeof *r->inside_n);
	for (size_t k = 0; k < v->n; k++)
		if (v->votes[k])
			peers[idmap_at(&as, peer_of(r->table, (peer_id)k)->key.asn)]++;
	for (size_t k = 0; k < v->n; k++) {
		asn_t asn = peer_of(r->table, (peer_id)k)->key.asn;
		if (v->votes[k])
			r->voice[r->voices++] = (struct voice){peer_column(r->table, (peer_id)k),
			    group_of(r, asn), 1. / peers[idmap_find(&as, asn)]};
	}
	r->vantages = as.n;
	for (size_t i = 0; i < as.n; i++)
		r->inside_n[idmap_at(&r->inside, group_of(r, (asn_t)as.key[i]))]++;
	idmap_free(&as);
	free(peers);
}

static double vantages_outside(const struct ranking *r, uint32_t territory)
{
	uint32_t i = idmap_find(&r->inside, territory);
	return (double)(r->vantages - (i == IDMAP_NONE ? 0 : r->inside_n[i]));
}

/* ---- the prefixes ---- */
static int prefix_order(const void *a, const void *b, void *arg)
{
	const struct table *t = arg;
	return prefix_cmp(
	    prefix_of(t, ((const struct weighed *)a)->id), prefix_of(t, ((const struct weighed *)b)->id));
}

static void prefixes_make(struct ranking *r)
{
	size_t all = prefix_count(r->table);
	bool sorted = true;

	r->prefix = mem_array(all + 1, sizeof *r->prefix);
	for (prefix_id id = 0; id < all; id++) {
		const struct prefix *p = prefix_of(r->table, id);
		if (p->family != r->options->family || !prefix_in_limits(p))
			continue;
		if (r->prefixes && sorted)
			sorted = prefix_cmp(prefix_of(r->table, r->prefix[r->prefixes - 1].id), p) < 0;
		r->prefix[r->prefixes++] = (struct weighed){.id = id, .size = prefix_size(p)};
	}
	if (!sorted) /* a dump's own order is this one */
		qsort_r(r->prefix, r->prefixes, sizeof *r->prefix, prefix_order, (void *)(uintptr_t)r->table);
	members_nest(r->prefix, r->prefixes, r->table);
	r->end = mem_array(r->prefixes + 1, sizeof *r->end);
	for (size_t i = r->prefixes; i-- > 0;) {
		uint32_t up = r->prefix[i].parent;
		if (r->end[i] == 0)
			r->end[i] = (uint32_t)i + 1;
		if (up != NO_PARENT && r->end[up] < r->end[i])
			r->end[up] = r->end[i];
	}
}

/* Two groups are enough to know whether anybody outside a territory sees a prefix. */
static void groups_make(struct ranking *r)
{
	r->group = mem_array(r->prefixes + 1, sizeof *r->group);
	for (size_t i = 0; i < r->prefixes; i++) {
		uint32_t *g = r->group[i];
		g[0] = g[1] = UINT32_MAX;
		for (size_t k = 0; k < r->voices && g[1] == UINT32_MAX; k++)
			if (r->voice[k].column[r->prefix[i].id] != PATH_NONE) {
				if (g[0] == UINT32_MAX)
					g[0] = r->voice[k].group;
				else if (g[0] != r->voice[k].group)
					g[1] = r->voice[k].group;
			}
	}
}

static bool seen_outside(const struct ranking *r, size_t i, uint32_t territory)
{
	return (r->group[i][0] != UINT32_MAX && r->group[i][0] != territory) || r->group[i][1] != UINT32_MAX;
}

/* What of prefix i no more specific one covers, as seen from outside the territory. */
static double own_of(const struct ranking *r, size_t i, uint32_t territory)
{
	double own = r->prefix[i].size;

	for (size_t j = i + 1; j < r->end[i];) {
		if (seen_outside(r, j, territory)) {
			own -= r->prefix[j].size;
			j = r->end[j];
		} else {
			j++;
		}
	}
	return own;
}

/* ---- the votes ---- */
struct open_territory { /* of the prefix at hand: one, or several where it has several origins */
	uint32_t id;
	double visible;
	unsigned carriers;
};
struct open_vote {
	uint32_t territory; /* index */
	asn_t upstream, gateway;
	double votes;
};
struct open {
	struct open_territory *territory;
	struct open_vote *vote;
	size_t territories, votes, territory_cap, vote_cap;
	entry_id *entry; /* by voice */
	uint32_t country;
};

static uint32_t open_territory(struct open *o, uint32_t id)
{
	size_t i = 0;

	while (i < o->territories && o->territory[i].id != id)
		i++;
	if (i == o->territories) {
		o->territory = vec_room(o->territory, i, &o->territory_cap, sizeof *o->territory);
		o->territory[o->territories++] = (struct open_territory){.id = id};
	}
	return (uint32_t)i;
}

static void open_vote(struct open *o, struct open_vote vote)
{
	for (size_t i = 0; i < o->votes; i++) {
		struct open_vote *v = &o->vote[i];
		if (v->upstream == vote.upstream && v->territory == vote.territory &&
		    v->gateway == vote.gateway) {
			v->votes += vote.votes;
			return;
		}
	}
	o->vote = vec_room(o->vote, o->votes, &o->vote_cap, sizeof *o->vote);
	o->vote[o->votes++] = vote;
}

/* The voices' entries for a prefix; false: they are those of the prefix before, and so are the votes. */
static bool entries_differ(const struct ranking *r, struct open *o, prefix_id id, uint32_t country)
{
	bool differ = country != o->country;

	for (size_t k = 0; k < r->voices; k++) {
		entry_id e = r->entry_of[r->voice[k].column[id]];
		differ |= e != o->entry[k];
		o->entry[k] = e;
	}
	o->country = country;
	return differ;
}

static void count_routes(const struct ranking *r, struct open *o)
{
	o->territories = o->votes = 0;
	for (size_t k = 0; k < r->voices; k++) {
		const struct entry *e = &r->entry[o->entry[k]];
		uint32_t territory = r->by == RANK_AS ? e->origin : o->country, t;
		struct open_vote vote;
		if (o->entry[k] == 0 || r->voice[k].group == territory)
			continue;
		t = open_territory(o, territory);
		o->territory[t].visible += r->voice[k].vote;
		if (e->home == 0 && e->gateway == 0)
			continue; /* the path leaves the shares */
		vote = (struct open_vote){t, e->upstream, e->gateway, r->voice[k].vote};
		if (e->home != territory) { /* originated from abroad: the origin carries it */
			vote.upstream = e->origin;
			vote.gateway = 0;
		}
		if (vote.upstream)
			open_vote(o, vote);
	}
}

static void add_vote(struct ranking *r, uint32_t row, const struct open_vote *v, double w)
{
	uint64_t key = (uint64_t)row << 32;
	size_t carriers = r->carrier.n, gateways = r->gateway.n;
	uint32_t c = idmap_at(&r->carrier, key | v->upstream);

	if (c == carriers) {
		r->carried = vec_room(r->carried, c, &r->carried_cap, sizeof *r->carried);
		r->carried[c] = 0;
		r->sums[row].upstreams++;
	}
	r->carried[c] += w;
	r->sums[row].carried += w;
	if (v->gateway) {
		idmap_at(&r->gateway, key | v->gateway);
		r->sums[row].gateways += r->gateway.n > gateways;
	}
}

static void close_prefix(struct ranking *r, size_t i, struct open *o)
{
	for (uint32_t t = 0; t < o->territories; t++) {
		uint32_t id = o->territory[t].id, row = idmap_at(&r->territory, id), carriers = 0;
		double own = own_of(r, i, id), outside = vantages_outside(r, id);
		double w = r->options->weight == WEIGHT_PREFIXES ? 1 : own;
		asn_t first = 0;
		struct sums *s;
		if (r->territory.n > r->sums_cap) {
			size_t cap = r->territory.n * 2 + 64;
			r->sums = mem_grow(r->sums, cap, sizeof *r->sums);
			memset(r->sums + r->sums_cap, 0, (cap - r->sums_cap) * sizeof *r->sums);
			r->sums_cap = cap;
		}
		s = &r->sums[row];
		s->prefixes++;
		s->addresses += own;
		s->whole += w;
		s->visible += w * o->territory[t].visible / outside;
		for (size_t v = 0; v < o->votes; v++) {
			if (o->vote[v].territory != t)
				continue;
			carriers += carriers == 0 || o->vote[v].upstream != first;
			first = o->vote[v].upstream;
			add_vote(r, row, &o->vote[v], w * o->vote[v].votes / outside);
		}
		s->homed += carriers > 0 ? w : 0;
		s->single += carriers == 1 ? w : 0;
	}
}

/*
 * What the next prefixes will ask for: the entries of the next one, and where a cache line of cells ends, the
 * lines two further. There are more columns than the processor follows by itself.
 */
static void fetch_ahead(const struct ranking *r, size_t i)
{
	enum { LINE = 64 / sizeof(path_id) };
	prefix_id next = r->prefix[i + 1 < r->prefixes ? i + 1 : i].id,
		  far = r->prefix[i + 2 * LINE < r->prefixes ? i + 2 * LINE : i].id;

	for (size_t k = 0; k < r->voices; k++)
		__builtin_prefetch(&r->entry_of[r->voice[k].column[next]]);
	for (size_t k = 0; k < r->voices && i % LINE == 0; k++)
		__builtin_prefetch(&r->voice[k].column[far]);
}

static void count_all(struct ranking *r)
{
	struct open open = {.entry = mem_array(r->voices + 1, sizeof *open.entry)};

	for (size_t i = 0; i < r->prefixes; i++) {
		prefix_id id = r->prefix[i].id;
		cc_t country = CC_NONE;
		if (r->by == RANK_COUNTRY)
			country = prefix_territory(r->facts, prefix_of(r->table, id), r->at);
		if (r->by == RANK_COUNTRY && country == CC_NONE)
			continue;
		fetch_ahead(r, i);
		if (entries_differ(r, &open, id, country))
			count_routes(r, &open);
		close_prefix(r, i, &open);
	}
	free(open.entry);
	free(open.territory);
	free(open.vote);
}

/* ---- the rows ---- */
static int row_cmp(const void *a, const void *b)
{
	const struct rank_row *x = a, *y = b;

	if (x->hhi != y->hhi)
		return x->hhi < y->hhi ? 1 : -1;
	if (x->addresses != y->addresses)
		return x->addresses < y->addresses ? 1 : -1;
	if (x->country != y->country)
		return x->country > y->country ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static void row_fill(struct rank_row *row, const struct ranking *r, size_t i)
{
	const struct sums *s = &r->sums[i];

	*row = (struct rank_row){.prefixes = s->prefixes,
	    .upstreams = s->upstreams,
	    .gateways = s->gateways,
	    .addresses = (uint64_t)s->addresses,
	    .visible = s->whole > 0 ? s->visible / s->whole : 0,
	    .single_homed = s->homed > 0 ? s->single / s->homed : 0,
	    .resilience_class = s->carried > 0 ? stats_class(s->gateways) : "none"};
	if (r->by == RANK_AS)
		row->asn = (asn_t)r->territory.key[i];
	else
		row->country = (cc_t)r->territory.key[i];
}

static void rows_make(const struct ranking *r, struct rank *rank)
{
	struct idmap country = {0}; /* row << 32 | country of the carrier */
	double *sum = mem_array(r->carrier.n + 1, sizeof *sum);

	rank->n = r->territory.n;
	rank->row = mem_array(rank->n + 1, sizeof *rank->row);
	for (size_t i = 0; i < rank->n; i++)
		row_fill(&rank->row[i], r, i);
	for (size_t c = 0; c < r->carrier.n; c++) {
		struct rank_row *row = &rank->row[r->carrier.key[c] >> 32];
		asn_t asn = (asn_t)r->carrier.key[c];
		double all = r->sums[r->carrier.key[c] >> 32].carried,
		       share = all > 0 ? r->carried[c] / all : 0;
		row->hhi += share * share;
		if (share > row->top_share || (share >= row->top_share && asn < row->top) || row->top == 0) {
			row->top_share = share;
			row->top = asn;
		}
		sum[idmap_at(&country, (r->carrier.key[c] >> 32 << 32) | asn_country(r->facts, asn))] +=
		    share;
	}
	for (size_t c = 0; c < country.n; c++)
		rank->row[country.key[c] >> 32].country_hhi += sum[c] * sum[c];
	for (size_t i = 0; i < rank->n; i++)
		rank->row[i].effective = rank->row[i].hhi > 0 ? 1 / rank->row[i].hhi : 0;
	qsort(rank->row, rank->n, sizeof *rank->row, row_cmp);
	idmap_free(&country);
	free(sum);
}

void measure_rank(const struct table *t, const struct facts *f, utime_t at, const struct measure_options *o,
    enum rank_by by, struct rank *rank)
{
	struct ranking r = {.table = t, .facts = f, .options = o, .at = at, .by = by};
	struct voters voters = {0};

	*rank = (struct rank){0};
	voters_find(t, o->family, o->all_peers, &voters);
	voices_make(&r, &voters);
	entries_make(&r);
	prefixes_make(&r);
	groups_make(&r);
	count_all(&r);
	rows_make(&r, rank);
	free(r.voice);
	free(r.inside_n);
	free(r.entry);
	free(r.entry_of);
	free(r.prefix);
	free(r.end);
	free(r.group);
	free(r.sums);
	free(r.carried);
	idmap_free(&r.inside);
	idmap_free(&r.territory);
	idmap_free(&r.carrier);
	idmap_free(&r.gateway);
	voters_free(&voters);
}

void rank_free(struct rank *r)
{
	free(r->row);
	*r = (struct rank){0};
}
