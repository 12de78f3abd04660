/* Tests of the checkpoint: what is opened is what was written and goes on the same way; damage is refused. */
#include "table/make_test.h"

#include "table/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants the four above it */
#include <cmocka.h>

#define T(s) (INT64_C(1506848400) * UTIME_SECOND + (s)*UTIME_SECOND)

static struct peer_key a, b;

static void first_hour(struct table *t)
{
	struct source *s = source_new(t, "rrc00"), *other = source_new(t, "route-views2");
	struct said_update u = {.time = T(100), .peer = &b, .addpath = true};
	struct out bytes;

	out_open_mem(&bytes);
	for (int i = 0; i < 30; i++)
		mk_announce(
		    &bytes, T(60 * i), &a, i % 2 ? "100 20 30" : "100 21 30", "10.0.0.0/8 10.1.0.0/16");
	mk_announce(&bytes, T(1790), &a, "100 22 {31 32}", "2001:db8::/32 11.0.0.0/8");
	assert_int_equal(feed(t, s, &bytes, NULL), 0);
	bytes.n = 0;
	for (unsigned i = 1; i <= 3; i++) {
		char list[64], path[64];
		snprintf(list, sizeof list, "%u:10.0.0.0/8 %u:12.0.0.0/8", 4 - i, 4 - i);
		snprintf(path, sizeof path, "200 %u", 40 + i);
		u.path = path;
		u.announced = list;
		mk_message(&bytes, &u);
	}
	assert_int_equal(feed(t, other, &bytes, NULL), 0);
	out_close(&bytes);
	source_free(s);
	source_free(other);
}

/* A late update, a dump within the backlog, a gap, an ADDPATH withdrawal: all need what was remembered. */
static void next_hour(struct table *t)
{
	struct source *s = source_new(t, "rrc00"), *other = source_new(t, "route-views2");
	struct said_update u = {
	    .time = T(2500), .peer = &b, .addpath = true, .withdrawn = "3:10.0.0.0/8 2:12.0.0.0/8"};
	const struct said_entry e[] = {{.path = "100 99"}};
	struct out bytes;

	out_open_mem(&bytes);
	mk_announce(&bytes, T(1785), &a, "100 77", "11.0.0.0/8");
	mk_peers(&bytes, T(1800), &a, 1);
	mk_rib(&bytes, T(1800), "11.0.0.0/8", false, e, 1);
	mk_rib(&bytes, T(1800), "10.0.0.0/8", false, e, 1);
	mk_announce(&bytes, T(2400), &a, "100 20 30", "13.0.0.0/8");
	assert_int_equal(feed(t, s, &bytes, NULL), 0);
	source_end(t, s, NULL);
	bytes.n = 0;
	mk_message(&bytes, &u);
	assert_int_equal(feed(t, other, &bytes, NULL), 0);
	out_close(&bytes);
	source_free(s);
	source_free(other);
}

static void compare(const struct table *x, const struct table *y)
{
	path_id m[4], n[4];

	assert_int_equal(peer_count(x), peer_count(y));
	assert_int_equal(path_count(x), path_count(y));
	assert_int_equal(prefix_count(x), prefix_count(y));
	assert_int_equal(collector_count(x), collector_count(y));
	assert_memory_equal(table_health(x), table_health(y), sizeof(struct health));
	for (collector_id c = 0; c < collector_count(x); c++)
		assert_string_equal(collector_name(x, c), collector_name(y, c));
	for (prefix_id id = 0; id < prefix_count(x); id++) {
		assert_int_equal(prefix_find(y, prefix_of(x, id)), id);
		assert_int_equal(prefix_own(x, id), prefix_own(y, id));
		assert_int_equal(prefix_routes(x, id), prefix_routes(y, id));
		assert_int_equal(prefix_longest(y, prefix_of(x, id)), prefix_longest(x, prefix_of(x, id)));
	}
	for (peer_id p = 0; p < peer_count(x); p++) {
		assert_int_equal(peer_of(x, p)->state, peer_of(y, p)->state);
		assert_int_equal(peer_of(x, p)->last, peer_of(y, p)->last);
		assert_memory_equal(
		    peer_of(x, p)->routes, peer_of(y, p)->routes, sizeof peer_of(x, p)->routes);
		for (prefix_id id = 0; id < prefix_count(x); id++) {
			assert_int_equal(peer_column(x, p)[id], peer_column(y, p)[id]);
			assert_int_equal(route_more_paths(x, p, id, m, 4), route_more_paths(y, p, id, n, 4));
			for (size_t k = route_more_paths(x, p, id, m, 4); k-- > 0;)
				assert_int_equal(m[k], n[k]);
		}
	}
	for (path_id id = 2; id < path_count(x); id++)
		assert_int_equal(path_flags(x, id), path_flags(y, id));
}

static int save(const struct table *t, FILE *f)
{
	struct out o;
	int failed;

	out_open_fd(&o, fileno(f));
	failed = table_save(t, &o);
	out_close(&o);
	return failed;
}

static FILE *saved(const struct table *t)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(save(t, f), 0);
	rewind(f);
	return f;
}

static void what_is_opened_goes_on_the_same_way(void **state)
{
	struct table *x = table_new(NULL), *y;
	const char *why = NULL;
	FILE *f;

	first_hour(x);
	f = saved(x);
	y = table_load(fileno(f), NULL, &why);
	assert_null(why);
	assert_non_null(y);
	compare(x, y);
	next_hour(x);
	next_hour(y);
	compare(x, y);
	assert_int_equal(table_health(y)->late, 1);
	assert_int_equal(table_health(y)->gaps, 1);
	assert_int_equal(table_health(y)->backlog, 1);
	table_free(x);
	table_free(y);
	fclose(f);
}

static const char *opened(const uint8_t *bytes, size_t n)
{
	FILE *f = tmpfile();
	const char *why = NULL;

	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fflush(f);
	rewind(f);
	table_free(table_load(fileno(f), NULL, &why));
	fclose(f);
	return why;
}

static void damage_is_refused(void **state)
{
	struct table *t = table_new(NULL);
	static uint8_t bytes[1 << 20];
	FILE *f;
	size_t n;

	first_hour(t);
	f = saved(t);
	n = fread(bytes, 1, sizeof bytes, f);
	assert_true(n > 1000 && n < sizeof bytes);
	assert_null(opened(bytes, n));
	for (size_t at = 0; at < n; at += at < 400 ? 7 : 101) {
		bytes[at] ^= 0x10;
		assert_non_null(opened(bytes, n));
		bytes[at] ^= 0x10;
		assert_non_null(opened(bytes, at));
	}
	assert_string_equal(opened((const uint8_t *)"MRT?", 4), "cut short");
	table_free(t);
	fclose(f);
}

static bool want_all(void *arg, const struct prefix *p)
{
	return true;
}

static void a_part_of_the_prefixes_is_no_checkpoint(void **state)
{
	struct table_options some = {.want = want_all};
	struct table *part = table_new(&some), *whole = table_new(NULL);
	const char *why = NULL;
	FILE *f = saved(whole);

	assert_int_not_equal(save(part, f), 0);
	assert_null(table_load(fileno(f), &some, &why));
	assert_non_null(why);
	table_free(part);
	table_free(whole);
	fclose(f);
}

static void a_full_disk_is_told(void **state)
{
	struct table *t = table_new(NULL);
	FILE *f = fopen("/dev/full", "w");

	if (!f) {
		table_free(t);
		skip();
	}
	first_hour(t);
	assert_int_not_equal(save(t, f), 0);
	table_free(t);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_opened_goes_on_the_same_way),
	    cmocka_unit_test(damage_is_refused),
	    cmocka_unit_test(a_part_of_the_prefixes_is_no_checkpoint),
	    cmocka_unit_test(a_full_disk_is_told),
	};

	a = mk_peer("192.0.2.1", 100);
	b = mk_peer("192.0.2.2", 200);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
