/*
 * measure/agree: what the tests of the measures share: two numbers are the same, and a rank says what the
 * reports say. Includes cmocka's macros; the file that includes it has included cmocka.h.
 */
#ifndef MEASURE_AGREE_TEST_H
#define MEASURE_AGREE_TEST_H

#include "measure/measure.h"

#include <math.h>
#include <stdio.h>

static inline void near(const char *what, double got, double want)
{
	if (!(fabs(got - want) <= 1e-9 * (1 + fabs(want))))
		fail_msg("%s: got %.12f, the oracle says %.12f", what, got, want);
}

/* Each row of a rank is what the report of that territory alone says. */
static inline void rank_agrees(const struct table *t, const struct facts *f, utime_t at,
    const struct measure_options *o, enum rank_by by, size_t every)
{
	struct rank rank;
	char who[16];
	const char *why;

	measure_rank(t, f, at, o, by, &rank);
	for (size_t i = 0; i < rank.n; i += every) {
		const struct rank_row *row = &rank.row[i];
		struct report r;
		if (by == RANK_AS)
			snprintf(who, sizeof who, "AS%u", row->asn);
		else
			cc_text(who, row->country);
		measure_report(t, f, territory_find(f, who, &why), at, o, &r);
		assert_int_equal(row->prefixes, r.prefixes);
		near("rank addresses", (double)row->addresses, (double)r.addresses);
		near("rank hhi", row->hhi, r.hhi);
		near("rank country hhi", row->country_hhi, r.country_hhi);
		near("rank visible", row->visible, r.visible);
		near("rank single", row->single_homed, r.single_homed);
		assert_int_equal(row->upstreams, r.upstreams);
		assert_int_equal(row->gateways, r.gateways);
		assert_string_equal(row->resilience_class, r.resilience_class);
		if (r.upstreams) {
			bool found =
			    false; /* of equal ones either may stand first: the sums' last bits decide */
			for (size_t u = 0; u < r.upstreams; u++)
				found |= r.upstream[u].asn == row->top &&
					 fabs(r.upstream[u].share - row->top_share) < 1e-9;
			assert_true(found);
			near("rank top", row->top_share, r.upstream[0].share);
		}
		report_free(&r);
	}
	rank_free(&rank);
}

#endif
