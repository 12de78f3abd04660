/* Tests of serve/api: which questions there are, what each parameter takes, problems, CSV. */
#include "serve/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above it */
#include <cmocka.h>

static void routes(void **state)
{
	static const struct {
		const char *path, *route, *rest;
	} row[] = {{"report/KP", "report/", "KP"}, {"report/175.45.176.0/22", "report/", "175.45.176.0/22"},
	    {"events", "events", ""}, {"events/7", "events/", "7"}, {"report/", NULL, NULL},
	    {"rank/x", NULL, NULL}, {"", NULL, NULL}, {"ranks", NULL, NULL}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const char *rest = NULL;
		const struct route *route = api_route(row[i].path, &rest);
		if (!row[i].route) {
			assert_null(route);
			continue;
		}
		assert_non_null(route);
		assert_string_equal(route->name, row[i].route);
		assert_string_equal(rest, row[i].rest);
	}
}

static void parameters(void **state)
{
	static const struct {
		const char *path;
		enum param param;
		const char *text;
		unsigned status;
	} row[] = {{"report/KP", PARAM_FAMILY, "6", 200}, {"report/KP", PARAM_FAMILY, "5", 400},
	    {"report/KP", PARAM_FAMILY, "44", 400}, {"report/KP", PARAM_AT, "2017-10-01", 200},
	    {"report/KP", PARAM_AT, "soon", 400}, {"report/KP", PARAM_LIMIT, "3", 400},
	    {"report/KP", PARAM_FORMAT, "csv", 200}, {"graph/KP", PARAM_FORMAT, "csv", 400},
	    {"events", PARAM_LIMIT, "1000", 200}, {"events", PARAM_LIMIT, "1001", 400},
	    {"events", PARAM_LIMIT, "-1", 400}, {"events", PARAM_CURSOR, "99999999999999999999", 400},
	    {"events", PARAM_KIND, "outage,upstream-new", 200}, {"events", PARAM_KIND, "outage,", 400},
	    {"events", PARAM_CARRIER, "AS20485", 200}, {"events", PARAM_CARRIER, "TTK", 400},
	    {"events", PARAM_SEVERITY, "high", 200}, {"events", PARAM_SEVERITY, "higher", 400},
	    {"series/KP", PARAM_STEP, "5m", 200}, {"series/KP", PARAM_STEP, "0", 400},
	    {"series/KP", PARAM_POINTS, "1", 400}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct reply r = {.status = 200};
		struct question q = {0};
		const struct route *route = api_route(row[i].path, &q.rest);
		q.text[row[i].param] = row[i].text;
		assert_non_null(route);
		assert_int_equal(api_read(&q, route, &r), row[i].status == 200);
		assert_int_equal(r.status, row[i].status);
	}
}

static void problems_are_told(void **state)
{
	struct reply r = {.status = 200};

	out_open_mem(&r.body);
	api_problem(&r, 404, "nothing is kept of \"%s\"", "ZZ");
	api_print_problem(&r);
	out_char(&r.body, '\0');
	assert_string_equal(r.type, "application/problem+json");
	assert_string_equal(r.body.buf,
	    "{\"type\":\"about:blank\",\"title\":\"Not "
	    "found\",\"status\":404,\"detail\":\"nothing is kept of \\\"ZZ\\\"\"}\n");
	out_close(&r.body);
}

static void rows_become_csv(void **state)
{
	static const char json[] = "{\"items\":[{\"a\":1,\"b\":\"x,\\\"y\"},{\"a\":0.25,\"c\":[\"p\",\"q\"],"
				   "\"b\":null,\"d\":{\"asn\":3,\"n\":1}}]}";
	struct reply r = {.status = 200};

	out_open_mem(&r.body);
	out_bytes(&r.body, json, sizeof json - 1);
	api_csv(&r, "items");
	out_char(&r.body, '\0');
	assert_string_equal(r.body.buf, "a,b,c,d\r\n1,\"x,\"\"y\",,\r\n0.25,,p q,3\r\n");
	out_close(&r.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(routes),
	    cmocka_unit_test(parameters),
	    cmocka_unit_test(problems_are_told),
	    cmocka_unit_test(rows_become_csv),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
