/* input/index: pages as Apache and nginx write them, names as the archives have them, and what must not pass.
 */
#include "input/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>

static void join(void *arg, const char *to)
{
	char *all = arg;

	snprintf(all + strlen(all), 256 - strlen(all), "%s|", to);
}

static void links_of_an_index_page(void **state)
{
	static const char page[] =
	    "<tr><td><a href=\"?C=N;O=D\">Name</a></td></tr>\n<a href=\"/\">Parent</a>"
	    "<img src=\"x\"> <a href=\"updates.20171001.0905.gz\">updates.20..&gt;</a> 2017-10-01 09:10  "
	    "1.2M\n<a href=\"cut";
	char all[256] = "";

	index_links(page, sizeof page - 1, join, all);
	assert_string_equal(all, "?C=N;O=D|/|updates.20171001.0905.gz|");
	*all = '\0';
	index_links(page, 0, join, all);
	assert_string_equal(all, "");
}

static void times_of_archive_names(void **state)
{
	utime_t t, expected;

	assert_true(utime_parse("2017-10-01T09:05", &expected));
	assert_true(index_file_time("updates.20171001.0905.gz", "updates.", &t));
	assert_int_equal(t, expected);
	assert_true(index_file_time("rib.20171001.0905.bz2", "rib.", &t));
	assert_int_equal(t, expected);
	assert_false(index_file_time("rib.20171001.0905.bz2", "updates.", &t));
	assert_false(index_file_time("updates.20171301.0905.gz", "updates.", &t));
	assert_false(index_file_time("updates.2017100.0905.gz", "updates.", &t));
	assert_false(index_file_time("updates.20171001.0905.gz/../../x", "updates.", &t));
	assert_false(index_file_time("updates.20171001.0905.gz%2f", "updates.", &t));
	assert_false(index_file_time("updates.", "updates.", &t));
}

static void collectors_of_a_first_page(void **state)
{
	static const struct {
		const char *link, *name;
	} rows[] = {{"rrc00/", "rrc00"}, {"/rrc26/", "rrc26"}, {"https://data.ris.ripe.net/rrc04/", "rrc04"},
	    {"/route-views3/bgpdata", "route-views3"}, {"route-views.sydney/", "route-views.sydney"},
	    {"/decix.jhb/bgpdata", "decix.jhb"}, {"bgpdata/", "route-views2"}, {"/docs/", NULL},
	    {"../", NULL}, {"https://example.org", NULL}, {"mailto:x", NULL}, {"rrc00;rm -rf/", NULL},
	    {"", NULL}};
	char name[64];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool found = index_collector(rows[i].link, name);
		assert_int_equal(found, rows[i].name != NULL);
		if (found)
			assert_string_equal(name, rows[i].name);
	}
	assert_true(index_is_ris("rrc00"));
	assert_false(index_is_ris("rrcx"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_of_an_index_page),
	    cmocka_unit_test(times_of_archive_names),
	    cmocka_unit_test(collectors_of_a_first_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
