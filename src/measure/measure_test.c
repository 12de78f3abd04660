/* The formulas and the full-feed rule, against numbers worked by hand. */
#include "measure/measure.h"
#include "measure/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void near(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("got %.9f, want %.9f", got, want);
}

/* The model case's own table (facts of October 2017). */
static void concentration(void **state)
{
	double before[] = {1}, sunday[] = {.4, .6}, half[] = {.625, .375}, after[] = {.75, .25};

	near(stats_hhi(before, 1), 1, 1e-12);
	near(stats_entropy(before, 1), 0, 1e-12);
	near(stats_hhi(sunday, 2), .52, 1e-12);
	near(1 / stats_hhi(sunday, 2), 1.92, .005);
	near(stats_entropy(sunday, 2), .971, .0005);
	near(stats_hhi(half, 2), .531, .0005);
	near(stats_entropy(half, 2), .954, .0005);
	near(stats_hhi(after, 2), .625, 1e-12);
	near(1 / stats_hhi(after, 2), 1.60, 1e-12);
	near(stats_entropy(after, 2), .811, .0005);
}

/* Binary peers with .60/.40 have hegemony .625/.375, a tenth of the peers scores 0 (same facts). */
static void trimmed(void **state)
{
	double v[60];

	for (int i = 0; i < 60; i++)
		v[i] = 1;
	near(stats_trimmed_mean(v, 36, 60), .625, 1e-12);
	near(stats_trimmed_mean(v, 24, 60), .375, 1e-12);
	near(stats_trimmed_mean(v, 6, 60), 0, 1e-12);
	near(stats_trimmed_mean(v, 7, 60), 1 / 48., 1e-12);
	near(stats_trimmed_mean(v, 60, 60), 1, 1e-12);
	near(stats_trimmed_mean(v, 0, 60), 0, 1e-12);
	near(stats_trimmed_mean(v, 0, 0), 0, 1e-12);
	double few[] = {.9, .1, .5}; /* below ten nothing is cut */
	near(stats_trimmed_mean(few, 3, 4), 1.5 / 4, 1e-12);
	double ten[] = {.9, .2, .4}; /* ten: .9 and one of the seven zeros go */
	near(stats_trimmed_mean(ten, 3, 10), .6 / 8, 1e-12);
}

static void classes(void **state)
{
	assert_string_equal(stats_class(1), "severe");
	assert_string_equal(stats_class(2), "severe");
	assert_string_equal(stats_class(3), "significant");
	assert_string_equal(stats_class(9), "significant");
	assert_string_equal(stats_class(10), "low");
	assert_string_equal(stats_class(39), "low");
	assert_string_equal(stats_class(40), "resistant");
}

static void full_feeds(void **state)
{
	/* 20 peers: the top tenth is the two largest, median 990: full from 742.5 */
	uint32_t routes[20] = {1000, 980, 743, 742, 700, 100, 0};
	struct voters v = {0};

	near(stats_median_top_tenth(routes, 20), 990, 0);
	near(stats_median_top_tenth(routes, 7), 1000, 0);
	near(stats_median_top_tenth(routes, 0), 0, 0);
	for (int i = 6; i < 20; i++)
		routes[i] = 10;
	voters_rule(&v, routes, 20);
	assert_int_equal(v.full, 3);
	assert_true(v.votes[2]);
	assert_false(v.votes[3]);
	/* hysteresis: 2 stays down to 693, 3 needs 792 */
	routes[2] = 694;
	routes[3] = 791;
	voters_rule(&v, routes, 20);
	assert_true(v.votes[2]);
	assert_false(v.votes[3]);
	routes[2] = 692;
	routes[3] = 792;
	voters_rule(&v, routes, 20);
	assert_false(v.votes[2]);
	assert_true(v.votes[3]);
	/* a table too small to be full of */
	uint32_t small[] = {99, 4, 4};
	voters_free(&v);
	voters_rule(&v, small, 3);
	assert_int_equal(v.full, 0);
	assert_true(v.no_full_feed);
	small[0] = 100;
	voters_rule(&v, small, 3);
	assert_int_equal(v.full, 1);
	/* nor does it become so by a few prefixes less */
	small[0] = 70;
	voters_rule(&v, small, 3);
	assert_int_equal(v.full, 1);
	assert_false(v.no_full_feed);
	small[0] = 69;
	voters_rule(&v, small, 3);
	assert_true(v.no_full_feed);
	small[0] = 99;
	voters_rule(&v, small, 3);
	assert_true(v.no_full_feed);
	voters_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(concentration),
	    cmocka_unit_test(trimmed),
	    cmocka_unit_test(classes),
	    cmocka_unit_test(full_feeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
