/* Tests of keep/periods by hand-made series. */
#include "keep/keep.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static utime_t at(const char *s)
{
	utime_t t;

	assert_true(utime_parse(s, &t));
	return t;
}

static void test_steps(void **state)
{
	struct step year, month, week;

	assert_true(step_parse("year", &year));
	assert_true(step_parse("month", &month));
	assert_true(step_parse("7d", &week));
	assert_false(step_parse("0", &week));
	assert_false(step_parse("fortnight", &week));
	assert_int_equal(step_after(&year, at("2016-02-29")), at("2017-01-01"));
	assert_int_equal(step_after(&year, at("2016-12-31T23:59:59")), at("2017-01-01"));
	assert_int_equal(step_after(&year, at("2017-01-01")), at("2018-01-01"));
	assert_int_equal(step_after(&month, at("2017-12-05")), at("2018-01-01"));
	assert_int_equal(step_after(&month, at("1969-11-05")), at("1969-12-01"));
}

/* Two years of 4837, the second half of the last shared evenly. */
static void test_periods(void **state)
{
	struct point a[] = {{at("2016-01-01"), 1000000, 4}, {at("2017-07-02T12:00"), 500000, 4}};
	struct point b[] = {{at("2017-07-02T12:00"), 500000, 3}, {at("2017-12-31"), 0, 0}};
	struct line lines[] = {{4837, a, 2, 0, 0}, {20485, b, 2, 0, 0}};
	struct series s = {"KP", 4, at("2016-01-01"), at("2018-01-01"), lines, 2};
	struct step year = {.months = 12};
	struct periods p;

	assert_true(periods_make(&s, &year, &p));
	assert_int_equal(p.n, 2);
	assert_int_equal(p.period[0].n, 1);
	assert_int_equal(p.period[0].share[0].upstream, 4837);
	assert_true(p.period[0].effective == 1);
	assert_int_equal(p.period[1].n, 2);
	assert_true(fabs(p.period[1].share[0].share - 0.75 / (0.75 + 0.5 * 181.5 / 365)) < 1e-9);
	assert_true(fabs(p.period[1].share[0].share + p.period[1].share[1].share - 1) < 1e-9);
	assert_int_equal(p.spells, 2);
	assert_int_equal(p.spell[0].upstream, 4837);
	assert_int_equal(p.spell[0].from, at("2016-01-01"));
	assert_int_equal(p.spell[0].to, at("2017-07-02T12:00"));
	assert_int_equal(p.spell[1].from, at("2017-12-31"));
	assert_int_equal(p.spell[1].to, at("2018-01-01"));
	periods_free(&p);
}

static void test_handover(void **state)
{
	struct point a[] = {{0, 1000000, 1}, {100, 0, 0}}, b[] = {{100, 1000000, 1}};
	struct line lines[] = {{1, a, 2, 0, 0}, {2, b, 1, 0, 0}};
	struct series s = {"X", 4, 0, 200, lines, 2};
	struct step step = {.span = 50};
	struct periods p;

	assert_true(periods_make(&s, &step, &p));
	assert_int_equal(p.n, 4);
	assert_int_equal(p.spells, 2);
	assert_int_equal(p.spell[0].upstream, 1);
	assert_int_equal(p.spell[1].upstream, 2);
	assert_int_equal(p.spell[1].from, 100);
	periods_free(&p);
	step.span = 1;
	s.to = (utime_t)1 << 40;
	assert_false(periods_make(&s, &step, &p)); /* more than anyone reads: refused, not tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_periods),
	    cmocka_unit_test(test_handover),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
