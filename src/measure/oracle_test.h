/*
 * measure/oracle: each measure once more, slowly and plainly, for the tests. In: decoded paths as lists of
 * ASNs in a matrix prefix by peer; no ids, no tree, no sharing. Out: the numbers of design.md 5, to be held
 * against the fast ones.
 */
#ifndef MEASURE_ORACLE_TEST_H
#define MEASURE_ORACLE_TEST_H

#include "measure/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 64 };
struct plain_path { /* from the peer to the origin, prepending collapsed; n 0: no route */
	asn_t asn[PATH_CAP];
	size_t n;
	bool dirty; /* set, reserved or looped: leaves the shares */
};
struct world {
	struct prefix *prefix; /* any order, within the limits or not */
	size_t prefixes;
	asn_t *peer;
	size_t peers;
	struct plain_path **path; /* [prefix * peers + peer]; NULL: no route */
	uint32_t *routes;         /* by peer: of the family */
};

static inline void plain_clean(struct plain_path *p, const asn_t *list, size_t n)
{
	*p = (struct plain_path){0};
	for (size_t i = 0; i < n && p->n < PATH_CAP; i++) {
		if (p->n > 0 && p->asn[p->n - 1] == list[i] && list[i] != 0)
			continue;
		for (size_t k = 0; k < p->n; k++)
			p->dirty |= p->asn[k] == list[i];
		p->dirty |= list[i] == 0 || asn_reserved(list[i]);
		p->asn[p->n++] = list[i];
	}
}

static inline bool plain_in_limits(const struct prefix *p)
{
	return p->family == FAMILY_IPV4 ? p->len >= 8 && p->len <= 24 : p->len >= 16 && p->len <= 48;
}

static inline double plain_size(const struct prefix *p)
{
	return p->family == FAMILY_IPV4 ? ldexp(1, 32 - p->len) : ldexp(1, 48 - p->len);
}

struct plain_answer {
	size_t upstreams, gateways, prefixes, ases, criticals;
	struct {
		asn_t asn;
		double sum, hegemony;
		unsigned prefixes;
	} upstream[4096];
	struct {
		asn_t asn;
		double sum;
	} gateway[1024], critical[8192];
	double carried, visible, invisible, whole, homed, single, addresses;
};

struct plain { /* what is asked */
	const struct world *w;
	const struct facts *facts;
	const struct territory *who;
	utime_t at;
	struct measure_options o;
	bool *votes;    /* by peer, inside the territory or not */
	double *weight; /* by prefix; < 0: not of the territory or not seen */
	bool *ours;
};

static inline bool plain_member(enum member m)
{
	return m == MEMBER_REGISTERED || m == MEMBER_CURATED || m == MEMBER_ASKED;
}

static inline bool plain_domestic(const struct plain *q, asn_t asn)
{
	if (territory_kind(q->who) == TERRITORY_AS)
		return asn == territory_asn(q->who);
	/* an AS that no registry knows is where its addresses are */
	return territory_has_asn(q->who, asn, q->at) != MEMBER_NO;
}

static inline const struct plain_path *plain_route(const struct plain *q, size_t prefix, size_t peer)
{
	return q->votes[peer] ? q->w->path[prefix * q->w->peers + peer] : NULL;
}

/* Another origin's route of a territory that is an AS. */
static inline bool plain_elsewhere(const struct plain *q, const struct plain_path *p)
{
	return territory_kind(q->who) == TERRITORY_AS && p->asn[p->n - 1] != territory_asn(q->who);
}

static inline bool plain_carried(
    const struct plain *q, const struct plain_path *p, asn_t *upstream, asn_t *gateway)
{
	size_t i = p ? p->n : 0;

	*gateway = 0;
	if (!p || p->dirty || plain_elsewhere(q, p))
		return false;
	if (territory_kind(q->who) == TERRITORY_PREFIX) {
		*gateway = p->asn[--i];
	} else {
		while (i > 0 && plain_domestic(q, p->asn[i - 1]))
			*gateway = p->asn[--i];
	}
	*upstream = i > 0 ? p->asn[i - 1] : 0;
	return i > 0;
}

static inline double plain_vote(const struct plain *q, size_t peer, size_t *ases)
{
	size_t same = 0, n = 0;

	for (size_t k = 0; k < q->w->peers; k++) {
		bool first = q->votes[k];
		for (size_t j = 0; j < k && first; j++)
			first = !(q->votes[j] && q->w->peer[j] == q->w->peer[k]);
		n += first;
		same += q->votes[k] && q->w->peer[k] == q->w->peer[peer];
	}
	*ases = n;
	return 1. / (double)same / (double)n;
}

static inline bool plain_covered(const struct plain *q, size_t p)
{
	return plain_in_limits(&q->w->prefix[p]) && prefix_covers(territory_prefix(q->who), &q->w->prefix[p]);
}

/* The full-feed rule, then without those inside. */
static inline void plain_voters(struct plain *q)
{
	const struct world *w = q->w;
	uint32_t sorted[512];
	size_t n = 0, k;
	double median, full = 0;
	bool all[512];

	for (size_t i = 0; i < w->peers; i++)
		if (w->routes[i]) {
			for (k = n++; k > 0 && sorted[k - 1] < w->routes[i]; k--)
				sorted[k] = sorted[k - 1];
			sorted[k] = w->routes[i];
		}
	k = n / 10 ? n / 10 : 1;
	median = n == 0 ? 0 : (sorted[(k - 1) / 2] + (double)sorted[k / 2]) / 2;
	for (size_t i = 0; i < w->peers; i++)
		full += q->votes[i] = median >= FULL_FEED_MIN && w->routes[i] >= 0.75 * median;
	for (size_t i = 0; i < w->peers; i++)
		if (full == 0 || q->o.all_peers)
			q->votes[i] = w->routes[i] > 0;
	memcpy(all, q->votes, w->peers * sizeof *all);
	for (size_t i = 0; i < w->peers; i++) {
		for (size_t p = 0; p < w->prefixes && territory_kind(q->who) == TERRITORY_PREFIX; p++)
			for (size_t j = 0; j < w->peers && plain_covered(q, p); j++) {
				const struct plain_path *r = all[j] ? w->path[p * w->peers + j] : NULL;
				if (r && r->asn[r->n - 1] == w->peer[i])
					q->votes[i] = false;
			}
		if (territory_kind(q->who) != TERRITORY_PREFIX && plain_domestic(q, w->peer[i]))
			q->votes[i] = false;
	}
}

static inline bool plain_ours(const struct plain *q, size_t p)
{
	const struct prefix *x = &q->w->prefix[p];

	if (x->family != q->o.family || !plain_in_limits(x))
		return false;
	if (territory_kind(q->who) != TERRITORY_AS)
		return plain_member(territory_has_prefix(q->who, x, q->at));
	for (size_t k = 0; k < q->w->peers; k++) {
		const struct plain_path *r = plain_route(q, p, k);
		if (r && !plain_elsewhere(q, r))
			return true;
	}
	return false;
}

/* Is anything at all seen of it by somebody who votes? Where peer is given: by that peer. */
static inline bool plain_seen(const struct plain *q, size_t p, size_t peer)
{
	for (size_t k = 0; k < q->w->peers; k++)
		if ((peer == SIZE_MAX || peer == k) && plain_route(q, p, k))
			return true;
	return false;
}

/* Addresses of prefix p in no longer prefix that is seen: each such is taken off once, at its nearest cover.
 */
static inline double plain_own(const struct plain *q, size_t p, size_t peer)
{
	const struct world *w = q->w;
	double own = plain_size(&w->prefix[p]);

	for (size_t i = 0; i < w->prefixes; i++) {
		const struct prefix *x = &w->prefix[i];
		bool nearest = true;
		if (i == p || x->family != w->prefix[p].family || !plain_in_limits(x) ||
		    !prefix_covers(&w->prefix[p], x) || !plain_seen(q, i, peer))
			continue;
		for (size_t j = 0; j < w->prefixes && nearest; j++)
			nearest = j == i || j == p || !plain_in_limits(&w->prefix[j]) ||
				  !prefix_covers(&w->prefix[p], &w->prefix[j]) ||
				  !prefix_covers(&w->prefix[j], x) || !plain_seen(q, j, peer);
		if (nearest)
			own -= plain_size(x);
	}
	return own;
}

static inline size_t plain_slot(asn_t *first, size_t stride, size_t *n, asn_t asn)
{
	for (size_t i = 0; i < *n; i++)
		if (*(asn_t *)((char *)first + i * stride) == asn)
			return i;
	*(asn_t *)((char *)first + *n * stride) = asn;
	return (*n)++;
}

static inline void plain_prefix(struct plain *q, size_t p, struct plain_answer *a)
{
	asn_t found[1024];
	size_t founds = 0, ases;
	double w = q->weight[p];

	for (size_t k = 0; k < q->w->peers; k++) {
		const struct plain_path *r = plain_route(q, p, k);
		asn_t up, gw;
		size_t i;
		double vote;
		if (!q->votes[k])
			continue;
		vote = plain_vote(q, k, &ases);
		if (!r)
			a->invisible += w * vote;
		else if (!plain_elsewhere(q, r))
			a->visible += w * vote;
		if (!plain_carried(q, r, &up, &gw))
			continue;
		i = plain_slot(&a->upstream[0].asn, sizeof a->upstream[0], &a->upstreams, up);
		a->upstream[i].sum += w * vote;
		a->carried += w * vote;
		i = founds;
		if (plain_slot(found, sizeof *found, &founds, up) == i)
			a->upstream[plain_slot(&a->upstream[0].asn, sizeof a->upstream[0], &a->upstreams, up)]
			    .prefixes++;
		if (gw)
			a->gateway[plain_slot(&a->gateway[0].asn, sizeof a->gateway[0], &a->gateways, gw)]
			    .sum += w * vote;
	}
	a->whole += w;
	a->homed += founds > 0 ? w : 0;
	a->single += founds == 1 ? w : 0;
}

/* ASes that stand on every counted route of the prefix. */
static inline void plain_critical(struct plain *q, size_t p, struct plain_answer *a)
{
	const struct plain_path *first = NULL;
	asn_t up, gw;

	for (size_t k = 0; k < q->w->peers && !first; k++)
		if (plain_carried(q, plain_route(q, p, k), &up, &gw))
			first = plain_route(q, p, k);
	for (size_t i = 0; first && i < first->n; i++) {
		bool all = true;
		for (size_t k = 0; k < q->w->peers && all; k++) {
			const struct plain_path *r = plain_route(q, p, k);
			bool on = false;
			if (!plain_carried(q, r, &up, &gw))
				continue;
			for (size_t j = 0; j < r->n; j++)
				on |= r->asn[j] == first->asn[i];
			all = on;
		}
		if (all)
			a->critical[plain_slot(&a->critical[0].asn, sizeof a->critical[0], &a->criticals,
					first->asn[i])]
			    .sum += q->weight[p];
	}
}

/* Part of the weight that peer k sees of the territory (or, who NULL, of an origin) that crosses asn; < 0:
 * sees nothing. */
static inline double plain_crossing(struct plain *q, size_t k, asn_t asn, const double *own)
{
	double all = 0, crossing = 0;

	for (size_t p = 0; p < q->w->prefixes; p++) {
		const struct plain_path *r = plain_route(q, p, k);
		asn_t up, gw;
		bool on = false;
		if (!q->ours[p] || !plain_carried(q, r, &up, &gw))
			continue;
		for (size_t j = 0; j < r->n; j++)
			on |= r->asn[j] == asn;
		all += own[p];
		crossing += on ? own[p] : 0;
	}
	return all > 0 ? crossing / all : -1;
}

static inline double plain_trimmed(double *v, size_t n)
{
	size_t cut = n / 10;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (v[j] < v[i]) {
				double x = v[i];
				v[i] = v[j];
				v[j] = x;
			}
	for (size_t i = cut; i < n - cut; i++)
		sum += v[i];
	return n ? sum / (double)(n - 2 * cut) : 0;
}

static inline double plain_hegemony(struct plain *q, asn_t asn, double **own)
{
	double value[512] = {0};
	size_t n = 0;

	for (size_t k = 0; k < q->w->peers; k++) {
		double sum = 0;
		size_t seeing = 0;
		bool first = q->votes[k];
		for (size_t j = 0; j < k && first; j++)
			first = !(q->votes[j] && q->w->peer[j] == q->w->peer[k]);
		if (!first)
			continue;
		for (size_t j = 0; j < q->w->peers; j++) {
			double part = q->votes[j] && q->w->peer[j] == q->w->peer[k]
					  ? plain_crossing(q, j, asn, own[j])
					  : -1;
			sum += part >= 0 ? part : 0;
			seeing += part >= 0;
		}
		value[n++] = seeing ? sum / (double)seeing : 0;
	}
	return plain_trimmed(value, n);
}

/* Everything about one territory; free nothing of it but the struct. */
static inline struct plain_answer *plain_report(struct plain *q, bool hegemony)
{
	const struct world *w = q->w;
	struct plain_answer *a = calloc(1, sizeof *a);
	double **own = calloc(w->peers + 1, sizeof *own);

	q->votes = calloc(w->peers + 1, sizeof *q->votes);
	q->weight = calloc(w->prefixes + 1, sizeof *q->weight);
	q->ours = calloc(w->prefixes + 1, sizeof *q->ours);
	plain_voters(q);
	if (w->peers)
		plain_vote(q, 0, &a->ases);
	for (size_t p = 0; p < w->prefixes; p++) {
		q->ours[p] = plain_ours(q, p) && plain_seen(q, p, SIZE_MAX);
		if (!q->ours[p])
			continue;
		a->prefixes++;
		a->addresses += plain_own(q, p, SIZE_MAX);
		q->weight[p] = q->o.weight == WEIGHT_PREFIXES ? 1 : plain_own(q, p, SIZE_MAX);
		plain_prefix(q, p, a);
		plain_critical(q, p, a);
	}
	for (size_t k = 0; k < w->peers && hegemony; k++) {
		own[k] = calloc(w->prefixes + 1, sizeof **own);
		for (size_t p = 0; p < w->prefixes; p++)
			if (q->ours[p] && plain_route(q, p, k))
				own[k][p] = q->o.weight == WEIGHT_PREFIXES ? 1 : plain_own(q, p, k);
	}
	for (size_t u = 0; u < a->upstreams && hegemony; u++)
		a->upstream[u].hegemony = plain_hegemony(q, a->upstream[u].asn, own);
	for (size_t k = 0; k < w->peers; k++)
		free(own[k]);
	free(own);
	free(q->votes);
	free(q->weight);
	free(q->ours);
	return a;
}

#endif
