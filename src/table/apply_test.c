/* Tests of applying updates and dumps: one a rule of state, and that it is counted in health. */
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above it */
#include <cmocka.h>

#define T(s) (INT64_C(1506848400) * UTIME_SECOND + (s)*UTIME_SECOND)

struct fixture {
	struct table *t;
	struct source *s;
	struct out in;
	struct changes out;
	struct peer_key a, b;
};

static void open_with(struct fixture *f, const struct table_options *o)
{
	*f = (struct fixture){.t = table_new(o)};
	f->s = source_new(f->t, "rrc00");
	f->a = mk_peer("192.0.2.1", 100);
	f->b = mk_peer("192.0.2.2", 200);
	out_open_mem(&f->in);
}

static int setup(void **state)
{
	static struct fixture f;

	open_with(&f, NULL);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	source_free(f->s);
	table_free(f->t);
	out_close(&f->in);
	free(f->out.v);
	return 0;
}

/* Applies what was written so far. */
static uint64_t run(struct fixture *f)
{
	uint64_t faults = feed(f->t, f->s, &f->in, &f->out);

	f->in.n = 0;
	return faults;
}

static const char *route(const struct fixture *f, peer_id peer, const char *prefix)
{
	static char text[4][256];
	static int at;
	struct prefix p = mk_prefix(prefix);
	prefix_id id = prefix_find(f->t, &p);
	path_id path = id == PREFIX_NONE ? PATH_NONE : peer_column(f->t, peer)[id];

	at = (at + 1) % 4;
	return path == PATH_NONE ? "-" : path_words(f->t, path, text[at], sizeof text[at]);
}

static size_t count(const struct fixture *f, enum change_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < f->out.n; i++)
		n += f->out.v[i].kind == kind;
	return n;
}

static void updates_make_routes_and_take_them(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 20 30", "10.0.0.0/8 2001:db8::/32 10.1.0.0/16");
	mk_announce(&f->in, T(1), &f->a, "100 21 30", "10.0.0.0/8");
	mk_message(&f->in,
	    &(struct said_update){.time = T(2), .peer = &f->a, .withdrawn = "10.1.0.0/16 2001:db8::/32"});
	assert_int_equal(run(f), 0);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 21 30");
	assert_string_equal(route(f, 0, "10.1.0.0/16"), "-");
	assert_string_equal(route(f, 0, "2001:db8::/32"), "-");
	assert_int_equal(peer_of(f->t, 0)->routes[0], 1);
	assert_int_equal(peer_of(f->t, 0)->routes[1], 0);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	assert_int_equal(count(f, CHANGE_ROUTE), 6);
	assert_int_equal(count(f, CHANGE_PEER_UP), 1);
	assert_int_equal(f->out.v[f->out.n - 1].new, PATH_NONE);
	assert_int_equal(table_health(f->t)->announced, 4);
	assert_int_equal(table_health(f->t)->withdrawn, 2);
}

static void a_repeated_announcement_is_no_change(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 20 30", "10.0.0.0/8");
	mk_announce(&f->in, T(5), &f->a, "100 20 20 30", "10.0.0.0/8");
	run(f);
	assert_int_equal(count(f, CHANGE_ROUTE), 1);
}

static void a_prefix_in_both_lists_is_announced(void **state)
{
	struct fixture *f = *state;

	mk_message(&f->in, &(struct said_update){.time = T(0),
			       .peer = &f->a,
			       .withdrawn = "10.0.0.0/8",
			       .path = "100 30",
			       .announced = "10.0.0.0/8"}); /* RFC 4271 4.3 */
	run(f);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 30");
}

static void only_to_customer_comes_along(void **state)
{
	struct fixture *f = *state;

	mk_message(
	    &f->in, &(struct said_update){
			.time = T(0), .peer = &f->a, .path = "100 30", .announced = "10.0.0.0/8", .otc = 77});
	run(f);
	assert_int_equal(f->out.v[f->out.n - 1].otc, 77);
}

static void malformed_attributes_withdraw(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 30", "10.0.0.0/8");
	run(f);
	mk_announce(&f->in, T(1), &f->a, "100 31", "10.0.0.0/8");
	for (size_t i = 0; i + 4 < f->in.n; i++) /* the AS_PATH's segment gets a type that is none */
		if (memcmp(f->in.buf + i, "\x02\x02\0\0", 4) == 0)
			f->in.buf[i] = 9;
	assert_true(run(f) > 0);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "-");
}

static void a_withdrawal_of_a_peer_never_seen_is_counted(void **state)
{
	struct fixture *f = *state;

	mk_withdraw(&f->in, T(0), &f->a, "10.0.0.0/8");
	run(f);
	assert_int_equal(table_health(f->t)->unknown_peer, 1);
	assert_int_equal(peer_count(f->t), 1);
	assert_int_equal(peer_of(f->t, 0)->routes[0], 0);
}

static void a_reset_is_not_a_withdrawal(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 30", "10.0.0.0/8 11.0.0.0/8");
	mk_state(&f->in, T(10), &f->a, 6, 1);
	run(f);
	assert_int_equal(count(f, CHANGE_RESET), 2);
	assert_int_equal(count(f, CHANGE_ROUTE), 2);
	assert_int_equal(count(f, CHANGE_PEER_DOWN), 1);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_DOWN);
	assert_int_equal(peer_of(f->t, 0)->since, T(10));
	assert_int_equal(peer_of(f->t, 0)->routes[0], 0);
	assert_int_equal(table_health(f->t)->resets, 1);
	assert_int_equal(table_health(f->t)->states, 1);
	mk_state(&f->in, T(20), &f->a, 5, 6);
	run(f);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	assert_int_equal(count(f, CHANGE_PEER_UP), 2);
}

static void an_unseen_end_of_the_session_resets_too(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 30", "10.0.0.0/8");
	mk_state(&f->in, T(10), &f->a, 5, 6);
	run(f);
	assert_int_equal(count(f, CHANGE_RESET), 1);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	mk_state(&f->in, T(11), &f->a, 3, 4); /* below Established nothing happens */
	run(f);
	assert_int_equal(table_health(f->t)->resets, 1);
}

static void dump(struct fixture *f, utime_t time, const char *prefix, const char *a, const char *b)
{
	const struct peer_key peers[] = {f->a, f->b};
	struct said_entry e[2];
	size_t n = 0;

	if (a)
		e[n++] = (struct said_entry){.peer = 0, .path = a};
	if (b)
		e[n++] = (struct said_entry){.peer = 1, .path = b};
	mk_peers(&f->in, time, peers, 2);
	mk_rib(&f->in, time, prefix, false, e, n);
}

static void a_dump_loads(void **state)
{
	struct fixture *f = *state;

	dump(f, T(0), "10.0.0.0/8", "100 30", "200 30");
	run(f);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UNKNOWN);
	source_end(f->t, f->s, &f->out);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	assert_string_equal(route(f, 1, "10.0.0.0/8"), "200 30");
	assert_int_equal(count(f, CHANGE_LOAD), 2);
	assert_int_equal(count(f, CHANGE_DUMP_BEGIN), 1);
	assert_int_equal(count(f, CHANGE_DUMP_END), 1);
	assert_int_equal(table_health(f->t)->mismatch_more, 0);
	assert_int_equal(table_health(f->t)->dumps, 1);
	assert_int_equal(table_health(f->t)->dump_routes, 2);
}

/* Updates 61, 60 and 59 s before the dump: only the last knows better. */
static void the_backlog_of_sixty_seconds_is_kept(void **state)
{
	struct fixture *f = *state;
	const struct peer_key peers[] = {f->a};
	const struct said_entry e[] = {{.path = "100 99"}};

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8");
	mk_announce(&f->in, T(1), &f->a, "100 2", "11.0.0.0/8");
	mk_announce(&f->in, T(2), &f->a, "100 3", "12.0.0.0/8");
	mk_withdraw(&f->in, T(3), &f->a, "13.0.0.0/8");
	mk_peers(&f->in, T(61), peers, 1);
	mk_rib(&f->in, T(61), "10.0.0.0/8", false, e, 1);
	mk_rib(&f->in, T(61), "11.0.0.0/8", false, e, 1);
	mk_rib(&f->in, T(61), "12.0.0.0/8", false, e, 1);
	mk_rib(&f->in, T(61), "13.0.0.0/8", false, e, 1);
	run(f);
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 99");
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 99");
	assert_string_equal(route(f, 0, "12.0.0.0/8"), "100 3");
	assert_string_equal(route(f, 0, "13.0.0.0/8"), "-");
	assert_int_equal(table_health(f->t)->backlog, 2);
	assert_int_equal(table_health(f->t)->mismatch_more, 2);
}

static void updates_beside_a_dump_under_way_are_kept(void **state)
{
	struct fixture *f = *state;
	const struct said_entry e[] = {{.path = "100 99"}};

	dump(f, T(0), "10.0.0.0/8", "100 30", NULL);
	mk_announce(&f->in, T(5), &f->a, "100 1", "11.0.0.0/8");
	mk_rib(&f->in, T(6), "11.0.0.0/8", false, e, 1);
	run(f);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 1");
	assert_int_equal(table_health(f->t)->backlog, 1);
}

static void what_a_whole_dump_lacks_is_taken_away(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8 11.0.0.0/8 2001:db8::/32");
	mk_announce(&f->in, T(950), &f->a, "100 1", "12.0.0.0/8");
	dump(f, T(1000), "10.0.0.0/8", "100 1", NULL);
	run(f);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 1");
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 1");
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "-");
	assert_string_equal(route(f, 0, "12.0.0.0/8"), "100 1");    /* in the backlog */
	assert_string_equal(route(f, 0, "2001:db8::/32"), "100 1"); /* not of the dump's family */
	assert_int_equal(table_health(f->t)->mismatch_less, 1);
	assert_int_equal(count(f, CHANGE_LOAD), 1);
}

static void a_cut_or_corrupt_dump_takes_nothing_away(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 1", "11.0.0.0/8");
	dump(f, T(1000), "10.0.0.0/8", "100 1", NULL);
	run(f);
	source_cut(f->s);
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 1");
	dump(f, T(9000), "10.0.0.0/8", "100 1", NULL);
	run(f);
	source_doubt(f->t, f->s, T(9000), NULL, &f->out);
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 1");
	assert_int_equal(table_health(f->t)->mismatch_less, 0);
}

static void a_session_that_goes_down_outdates_the_dump(void **state)
{
	struct fixture *f = *state;
	const struct said_entry e[] = {{.path = "100 30"}, {.peer = 1, .path = "200 30"}};

	dump(f, T(0), "10.0.0.0/8", "100 30", "200 30");
	mk_state(&f->in, T(1), &f->a, 6, 1);
	mk_rib(&f->in, T(2), "11.0.0.0/8", false, e, 2);
	run(f);
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "-");
	assert_string_equal(route(f, 1, "11.0.0.0/8"), "200 30");
	assert_int_equal(peer_of(f->t, 0)->state, PEER_DOWN);
}

static void a_peer_missing_from_a_dump_and_silent_is_forgotten(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8");
	mk_announce(&f->in, T(100), &f->b, "200 1", "10.0.0.0/8");
	dump(f, T(200), "10.0.0.0/8", NULL, "200 1");
	run(f);
	source_end(f->t, f->s, &f->out);
	table_tick(f->t, T(3600), &f->out);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	table_tick(f->t, T(3661), &f->out);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UNKNOWN);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "-");
	assert_int_equal(count(f, CHANGE_RESET), 1);
	assert_int_equal(table_health(f->t)->resets, 1);
	table_tick(f->t, T(90000), &f->out);
	assert_int_equal(peer_of(f->t, 1)->state, PEER_UP); /* silent, but in the dump */
}

static void doubt_lasts_until_the_next_dump(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8");
	mk_announce(&f->in, T(1), &f->b, "200 1", "10.0.0.0/8");
	run(f);
	source_doubt(f->t, f->s, T(2), &f->a, &f->out);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_DOUBTFUL);
	assert_int_equal(peer_of(f->t, 1)->state, PEER_UP);
	source_doubt(f->t, f->s, T(3), NULL, &f->out);
	assert_int_equal(peer_of(f->t, 1)->state, PEER_DOUBTFUL);
	assert_int_equal(table_health(f->t)->doubtful, 2);
	mk_announce(&f->in, T(4), &f->a, "100 2", "10.0.0.0/8");
	run(f);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_DOUBTFUL);
	dump(f, T(1000), "10.0.0.0/8", "100 1", "200 1");
	run(f);
	source_end(f->t, f->s, &f->out);
	assert_int_equal(peer_of(f->t, 0)->state, PEER_UP);
	assert_int_equal(peer_of(f->t, 1)->state, PEER_UP);
	assert_int_equal(count(f, CHANGE_PEER_DOWN), 0);
}

static void late_updates_do_not_undo_later_ones(void **state)
{
	struct fixture *f = *state;

	mk_announce(&f->in, T(10), &f->a, "100 10", "10.0.0.0/8");
	mk_announce(&f->in, T(8), &f->a, "100 8", "10.0.0.0/8 11.0.0.0/8");
	mk_withdraw(&f->in, T(9), &f->a, "10.0.0.0/8");
	run(f);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 10");
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 8");
	assert_int_equal(table_health(f->t)->late, 2);
	assert_int_equal(peer_of(f->t, 0)->last, T(10));
}

static void a_steady_collector_that_falls_silent_has_a_gap(void **state)
{
	struct fixture *f = *state;

	for (int minute = 0; minute < 30; minute++)
		mk_announce(&f->in, T(60 * minute), &f->a, minute % 2 ? "100 1" : "100 2", "10.0.0.0/8");
	mk_announce(&f->in, T(60 * 29 + 600), &f->a, "100 3", "10.0.0.0/8");
	run(f);
	assert_int_equal(table_health(f->t)->gaps, 1);
	assert_int_equal(count(f, CHANGE_GAP), 1);
	for (size_t i = 0; i < f->out.n; i++)
		if (f->out.v[i].kind == CHANGE_GAP) {
			assert_int_equal(f->out.v[i].old, 600);
			assert_int_equal(f->out.v[i].peer, source_collector(f->s));
		}
	assert_int_equal(peer_of(f->t, 0)->state, PEER_DOUBTFUL);
}

/* Silent in one minute of eight, it must be silent for longer: six minutes are one in 260,000. */
static void a_less_steady_collector_has_a_gap_later(void **state)
{
	struct fixture *f = *state;
	int64_t at = 0;

	for (int minute = 0; minute < 64; minute++)
		if (minute % 8 != 3)
			mk_announce(
			    &f->in, T(at = 60 * minute), &f->a, minute % 2 ? "100 1" : "100 2", "10.0.0.0/8");
	mk_announce(&f->in, T(at += 300), &f->a, "100 3", "10.0.0.0/8");
	run(f);
	assert_int_equal(table_health(f->t)->gaps, 0);
	for (int minute = 1; minute < 64; minute++)
		if (minute % 8 != 3)
			mk_announce(
			    &f->in, T(at + 60 * minute), &f->a, minute % 2 ? "100 1" : "100 2", "10.0.0.0/8");
	mk_announce(&f->in, T(at + 60 * 63 + 420), &f->a, "100 3", "10.0.0.0/8");
	run(f);
	assert_int_equal(table_health(f->t)->gaps, 1);
}

/* A small view is silent by nature: bursts, then hours of nothing, are no gaps. */
static void bursts_are_no_gaps(void **state)
{
	struct fixture *f = *state;

	for (int hour = 0; hour < 5; hour++)
		for (int minute = 0; minute < 10; minute++)
			mk_announce(&f->in, T(3600 * hour + 60 * minute), &f->a,
			    minute % 2 ? "100 1" : "100 2", "10.0.0.0/8");
	run(f);
	assert_int_equal(table_health(f->t)->gaps, 0);
}

static void addpath_keeps_several_paths(void **state)
{
	struct fixture *f = *state;
	struct said_update u = {.time = T(0), .peer = &f->a, .addpath = true};
	struct prefix p = mk_prefix("10.0.0.0/8");
	path_id more[4];
	char text[64];

	u.path = "100 1", u.announced = "7:10.0.0.0/8 7:2001:db8::/32";
	mk_message(&f->in, &u);
	u.path = "100 2", u.announced = "8:10.0.0.0/8";
	mk_message(&f->in, &u);
	run(f);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 1");
	assert_int_equal(route_more_paths(f->t, 0, prefix_find(f->t, &p), more, 4), 1);
	assert_string_equal(path_words(f->t, more[0], text, sizeof text), "100 2");
	assert_true(peer_of(f->t, 0)->addpath);
	assert_int_equal(peer_of(f->t, 0)->routes[0], 1);
	u.path = NULL, u.announced = NULL, u.withdrawn = "7:10.0.0.0/8";
	mk_message(&f->in, &u);
	run(f);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 2");
	assert_int_equal(route_more_paths(f->t, 0, prefix_find(f->t, &p), more, 4), 0);
	u.withdrawn = "8:10.0.0.0/8";
	mk_message(&f->in, &u);
	run(f);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "-");
	assert_string_equal(route(f, 0, "2001:db8::/32"), "100 1");
	mk_state(&f->in, T(9), &f->a, 6, 1);
	run(f);
	assert_string_equal(route(f, 0, "2001:db8::/32"), "-");
}

static void an_addpath_dump_replaces_all_paths_of_a_prefix(void **state)
{
	struct fixture *f = *state;
	const struct peer_key peers[] = {f->a};
	struct said_update u = {
	    .time = T(0), .peer = &f->a, .addpath = true, .path = "100 1", .announced = "7:10.0.0.0/8"};
	const struct said_entry e[] = {{.path = "100 3", .add_id = 3}, {.path = "100 4", .add_id = 4}};
	struct prefix p = mk_prefix("10.0.0.0/8");
	path_id more[4];

	mk_message(&f->in, &u);
	mk_peers(&f->in, T(1000), peers, 1);
	mk_rib(&f->in, T(1000), "10.0.0.0/8", true, e, 2);
	run(f);
	source_end(f->t, f->s, &f->out);
	assert_string_equal(route(f, 0, "10.0.0.0/8"), "100 3");
	assert_int_equal(route_more_paths(f->t, 0, prefix_find(f->t, &p), more, 4), 1);
	assert_int_equal(table_health(f->t)->mismatch_less, 0);
	assert_int_equal(count(f, CHANGE_LOAD), 1);
}

static bool want_ten(void *arg, const struct prefix *p)
{
	++*(int *)arg;
	return p->b[0] == 10;
}

static void refused_prefixes_count_and_no_more(void **state)
{
	struct fixture f;
	struct prefix p = mk_prefix("10.0.0.0/8");
	int asked = 0;

	open_with(&f, &(struct table_options){.want = want_ten, .want_arg = &asked});
	dump(&f, T(0), "11.0.0.0/8", "100 1", "200 1");
	dump(&f, T(0), "10.0.0.0/8", "100 1", NULL);
	mk_announce(&f.in, T(1), &f.a, "100 2 3", "11.0.0.0/8 12.0.0.0/8");
	mk_withdraw(&f.in, T(2), &f.b, "11.0.0.0/8");
	run(&f);
	assert_int_equal(asked, 3);
	assert_int_equal(path_count(f.t), 2 + 2);
	assert_int_equal(peer_of(f.t, 0)->routes[0], 3);
	assert_int_equal(peer_of(f.t, 1)->routes[0], 0);
	assert_int_equal(count(&f, CHANGE_LOAD), 1);
	assert_int_equal(count(&f, CHANGE_ROUTE), 0);
	assert_int_equal(path_flags(f.t, peer_column(f.t, 0)[0]), PATH_REFUSED);
	assert_true(prefix_wanted(f.t, prefix_find(f.t, &p)));
	source_free(f.s);
	table_free(f.t);
	out_close(&f.in);
	free(f.out.v);
}

static void an_entry_without_its_peer_is_a_fault(void **state)
{
	struct fixture *f = *state;
	const struct peer_key peers[] = {f->a};
	const struct said_entry e[] = {{.peer = 5, .path = "100 1"}, {.path = "100 1"}};

	mk_rib(&f->in, T(0), "10.0.0.0/8", false, e, 1); /* no index came before */
	mk_peers(&f->in, T(0), peers, 1);
	mk_rib(&f->in, T(0), "11.0.0.0/8", false, e, 2);
	assert_int_equal(run(f), 2);
	assert_string_equal(route(f, 0, "11.0.0.0/8"), "100 1");
	assert_int_equal(table_health(f->t)->unknown_peer, 2);
}

static void peers_of_one_as_know_of_each_other(void **state)
{
	struct fixture *f = *state;
	struct peer_key again = mk_peer("192.0.2.7", 100);

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8");
	mk_announce(&f->in, T(0), &f->b, "200 1", "10.0.0.0/8");
	mk_announce(&f->in, T(0), &again, "100 1", "10.0.0.0/8");
	run(f);
	assert_int_equal(peer_count(f->t), 3);
	assert_int_equal(peer_of(f->t, 0)->shared_as, 2);
	assert_int_equal(peer_of(f->t, 1)->shared_as, 1);
	assert_int_equal(peer_of(f->t, 2)->shared_as, 2);
}

static void empty_batches_are_handed_over_when_full(void *arg, struct changes *c)
{
	*(size_t *)arg += c->n;
	c->n = 0;
}

static void a_batch_with_a_taker_never_grows(void **state)
{
	struct fixture *f = *state;
	struct change four[4];
	size_t taken = 0;
	struct changes batch = {four, 0, 4, empty_batches_are_handed_over_when_full, &taken};

	mk_announce(&f->in, T(0), &f->a, "100 1", "10.0.0.0/8 11.0.0.0/8 12.0.0.0/8 13.0.0.0/8 14.0.0.0/8");
	feed(f->t, f->s, &f->in, &batch);
	assert_ptr_equal(batch.v, four);
	assert_int_equal(taken + batch.n, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(updates_make_routes_and_take_them),
	    TEST(a_repeated_announcement_is_no_change),
	    TEST(a_prefix_in_both_lists_is_announced),
	    TEST(only_to_customer_comes_along),
	    TEST(malformed_attributes_withdraw),
	    TEST(a_withdrawal_of_a_peer_never_seen_is_counted),
	    TEST(a_reset_is_not_a_withdrawal),
	    TEST(an_unseen_end_of_the_session_resets_too),
	    TEST(a_dump_loads),
	    TEST(the_backlog_of_sixty_seconds_is_kept),
	    TEST(updates_beside_a_dump_under_way_are_kept),
	    TEST(what_a_whole_dump_lacks_is_taken_away),
	    TEST(a_cut_or_corrupt_dump_takes_nothing_away),
	    TEST(a_session_that_goes_down_outdates_the_dump),
	    TEST(a_peer_missing_from_a_dump_and_silent_is_forgotten),
	    TEST(doubt_lasts_until_the_next_dump),
	    TEST(late_updates_do_not_undo_later_ones),
	    TEST(a_steady_collector_that_falls_silent_has_a_gap),
	    TEST(a_less_steady_collector_has_a_gap_later),
	    TEST(bursts_are_no_gaps),
	    TEST(addpath_keeps_several_paths),
	    TEST(an_addpath_dump_replaces_all_paths_of_a_prefix),
	    cmocka_unit_test(refused_prefixes_count_and_no_more),
	    TEST(an_entry_without_its_peer_is_a_fault),
	    TEST(peers_of_one_as_know_of_each_other),
	    TEST(a_batch_with_a_taker_never_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
