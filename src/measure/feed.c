/*
 * measure/feed: what a full feed is. In: prefixes per peer. Out: a flag a peer. A full feed has at least 0.75
 * of the median prefix count of the top tenth of peers of the family; one that was full stays so down to
 * 0.70, one that was not becomes so from 0.80 (design.md 5). A table is large enough to be full of from
 * FULL_FEED_MIN prefixes, and then down to 0.70 of that: a country that goes dark must not change who votes.
 */
#include "base/mem.h"
#include "measure/measure.h"
#include "measure/stats.h"

#include <stdlib.h>

/* The median that full feeds are held against, over the peers that have routes of the family at all. */
static double feed_median(const uint32_t *routes, size_t n)
{
	uint32_t *some = mem_array(n + 1, sizeof *some);
	size_t counted = 0;
	double median;

	for (size_t i = 0; i < n; i++)
		if (routes[i] > 0)
			some[counted++] = routes[i];
	median = stats_median_top_tenth(some, counted);
	free(some);
	return median;
}

void voters_rule(struct voters *v, const uint32_t *routes, size_t n)
{
	double median = feed_median(routes, n), least;
	size_t known =
	    v->no_full_feed || v->all_peers ? 0 : v->n; /* else the flags of before said nothing of feeds */

	least = known ? 0.70 * FULL_FEED_MIN : FULL_FEED_MIN;

	v->votes = mem_grow(v->votes, n + 1, sizeof *v->votes);
	v->n = n;
	v->full = 0;
	for (size_t i = 0; i < n; i++) {
		double part = i >= known ? 0.75 : v->votes[i] ? 0.70 : 0.80;
		v->votes[i] = median >= least && routes[i] >= part * median;
		v->full += v->votes[i];
	}
	v->no_full_feed = v->full == 0;
}

void voters_free(struct voters *v)
{
	free(v->votes);
	*v = (struct voters){0};
}
