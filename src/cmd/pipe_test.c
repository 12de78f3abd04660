/* Tests of the pipeline: order of the files, limits in time, batches and ticks, bad input. */
#include "cmd/pipe.h"

#include "cmd/verb.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above it */
#include <cmocka.h>

#define T(s) (INT64_C(1506848400) * UTIME_SECOND + (s)*UTIME_SECOND)

enum { FILES = 5 };
static char dir[] = "/tmp/isthmus-pipe-XXXXXX";
static char path[FILES][64];
static struct peer_key a, b, c;

static void write_file(int i, const char *name, struct out *bytes)
{
	FILE *f;

	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	f = fopen(path[i], "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes->buf, 1, bytes->n, f), bytes->n);
	fclose(f);
	bytes->n = 0;
}

/* Two collectors; a dump between two update files of the first, and updates of the second beside all. */
static int make_files(void **state)
{
	const struct said_entry e[] = {{.path = "100 50 60"}, {.peer = 1, .path = "200 50 60"}};
	struct peer_key first[2];
	char name[96];
	struct out o;

	a = mk_peer("192.0.2.1", 100);
	b = mk_peer("192.0.2.2", 200);
	c = mk_peer("192.0.2.3", 300);
	first[0] = a;
	first[1] = b;
	if (!mkdtemp(dir))
		return -1;
	snprintf(name, sizeof name, "%s/rrc00", dir);
	mkdir(name, 0700);
	snprintf(name, sizeof name, "%s/rrc01", dir);
	mkdir(name, 0700);
	out_open_mem(&o);
	mk_announce(&o, T(0), &a, "100 1", "10.0.0.0/8 11.0.0.0/8");
	mk_announce(&o, T(899), &a, "100 2", "12.0.0.0/8");
	write_file(0, "rrc00/updates.1", &o);
	mk_peers(&o, T(900), first, 2);
	mk_rib(&o, T(900), "10.0.0.0/8", false, e, 2);
	mk_rib(&o, T(900), "12.0.0.0/8", false, e, 2);
	mk_rib(&o, T(900), "13.0.0.0/8", false, e, 2);
	write_file(1, "rrc00/rib.1", &o);
	mk_announce(&o, T(900), &b, "200 3", "13.0.0.0/8");
	mk_withdraw(&o, T(1000), &a, "10.0.0.0/8");
	mk_announce(&o, T(1800) + 5, &b, "200 4", "10.0.0.0/8");
	write_file(2, "rrc00/updates.2", &o);
	mk_announce(&o, T(100), &c, "300 1", "10.0.0.0/8");
	mk_announce(&o, T(1500), &c, "300 2", "10.0.0.0/8");
	write_file(3, "rrc01/updates.1", &o);
	mk_announce(&o, T(2000), &c, "300 3", "10.0.0.0/8");
	write_file(4, "rrc01/updates.2", &o);
	out_close(&o);
	return 0;
}

static int remove_files(void **state)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

/* Every route, and every change on the way, as text. */
struct record {
	struct out o;
	bool exact_times;
	utime_t last;
	size_t ticks;
};

static void record_changes(void *arg, struct table *t, const struct change *change, size_t n)
{
	struct record *r = arg;
	char was[64], is[64], prefix[PREFIX_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct change *x = &change[i];
		assert_true(x->time >= r->last);
		r->last = x->time;
		if (x->kind > CHANGE_RESET)
			continue;
		prefix[prefix_text(prefix, prefix_of(t, x->prefix))] = '\0';
		out_printf(&r->o, "%lld %u %s %s>%s\n", (long long)(x->time - T(0)),
		    peer_of(t, x->peer)->key.asn, prefix, path_words(t, x->old, was, sizeof was),
		    path_words(t, x->new, is, sizeof is));
		assert_true(!r->exact_times || x->time == change[0].time);
	}
}

static void record_tick(void *arg, struct table *t, utime_t now)
{
	struct record *r = arg;

	out_printf(&r->o, "tick %lld\n", (long long)(now - T(0)) / 1000000);
	assert_true(now > r->last);
	r->ticks++;
}

static void record_table(struct out *o, const struct table *t)
{
	char words[64], prefix[PREFIX_TEXT];

	for (size_t peer = 0; peer < peer_count(t); peer++)
		for (prefix_id id = 0; id < prefix_count(t); id++) {
			path_id p = peer_column(t, (peer_id)peer)[id];
			prefix[prefix_text(prefix, prefix_of(t, id))] = '\0';
			if (p)
				out_printf(o, "%u %s %s\n", peer_of(t, (peer_id)peer)->key.asn, prefix,
				    path_words(t, p, words, sizeof words));
		}
	out_char(o, '\0');
}

static struct record run(struct pipe_options o)
{
	struct record r = {.last = UTIME_NONE, .exact_times = o.exact};
	struct pipe p;

	out_open_mem(&r.o);
	o.changes = record_changes;
	o.arg = &r;
	o.quiet = true;
	assert_int_equal(pipe_run(&o, &p), EXIT_ANSWERED);
	record_table(&r.o, p.table);
	pipe_free(&p);
	return r;
}

static struct pipe_options with(char **list, size_t n)
{
	return (struct pipe_options){.path = list, .paths = n};
}

static void any_order_of_files_gives_the_same(void **state)
{
	static const int orders[][FILES] = {{1, 2, 3, 4, 0}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
	char *list[FILES] = {path[0], path[1], path[2], path[3], path[4]};
	struct record first = run(with(list, FILES));

	for (size_t i = 0; i < 3; i++) {
		struct record again;
		for (int k = 0; k < FILES; k++)
			list[k] = path[orders[i][k]];
		again = run(with(list, FILES));
		assert_string_equal(again.o.buf, first.o.buf);
		out_close(&again.o);
	}
	list[0] = dir;
	{
		struct record folder = run(with(list, 1));
		assert_string_equal(folder.o.buf, first.o.buf);
		out_close(&folder.o);
	}
	assert_non_null(strstr(first.o.buf, "\n100 12.0.0.0/8 100 2\n")); /* backlog */
	assert_null(strstr(first.o.buf, "\n100 11.0.0.0/8 100 1\n"));     /* not in the dump */
	assert_non_null(strstr(first.o.buf, "\n200 13.0.0.0/8 200 3\n")); /* after the dump of its instant */
	assert_non_null(strstr(first.o.buf, "\n200 10.0.0.0/8 200 4\n"));
	out_close(&first.o);
}

static void ranges_are_half_open(void **state)
{
	char *list[FILES] = {dir};
	struct pipe_options o = with(list, 1);
	struct record r;

	o.from = T(900);
	o.until = T(1500);
	r = run(o);
	assert_non_null(strstr(r.o.buf, "900000000 200 13.0.0.0/8 200 50 60>200 3\n"));
	assert_non_null(strstr(r.o.buf, "1000000000 100 10.0.0.0/8 100 50 60>\n"));
	assert_null(strstr(r.o.buf, "\n1500000000 "));
	assert_null(strstr(r.o.buf, "\n899000000 "));
	assert_non_null(strstr(r.o.buf, "\n300 10.0.0.0/8 300 1\n"));
	out_close(&r.o);
}

/* The dump alone, then the later updates: what is there at the end is what both together give. */
static void dump_then_updates_equals_both(void **state)
{
	char *list[FILES] = {path[1], path[2]}, *more[] = {path[2]}, *one[] = {path[1]};
	struct record both = run(with(list, 2)), again = {.last = UTIME_NONE};
	struct pipe_options first = with(one, 1), second = with(more, 1);
	struct pipe p;
	const char *table = strrchr(both.o.buf, '>'), *from;

	first.quiet = second.quiet = true;
	assert_int_equal(pipe_run(&first, &p), EXIT_ANSWERED);
	second.start = p.table;
	assert_int_equal(pipe_run(&second, &p), EXIT_ANSWERED);
	out_open_mem(&again.o);
	record_table(&again.o, p.table);
	from = strchr(table, '\n') + 1;
	assert_string_equal(again.o.buf, from);
	pipe_free(&p);
	out_close(&both.o);
	out_close(&again.o);
}

static void batches_of_one_time_and_ticks(void **state)
{
	char *list[FILES] = {dir};
	struct pipe_options o = with(list, 1);
	struct record r;

	o.exact = true;
	o.step = 300 * UTIME_SECOND;
	o.tick = record_tick;
	r = run(o);
	assert_int_equal(r.ticks, 6); /* 300 .. 1800, not after the end */
	assert_true(strstr(r.o.buf, "899000000 100 12") < strstr(r.o.buf, "tick 900"));
	assert_true(strstr(r.o.buf, "tick 900") < strstr(r.o.buf, "\n900000000 "));
	out_close(&r.o);
}

static void bad_input_is_counted_and_what_stands_beside_it_kept(void **state)
{
	char *list[] = {path[0], path[3], (char[]){"/nowhere/at.all"}};
	struct pipe_options o = {.path = list, .paths = 3, .quiet = true};
	struct pipe p;
	struct out bytes;

	out_open_mem(&bytes);
	mk_announce(&bytes, T(0), &a, "100 1", "10.0.0.0/8");
	mk_announce(&bytes, T(1), &b, "200 1", "10.0.0.0/8");
	bytes.n -= 3;
	write_file(0, "rrc00/updates.1", &bytes);
	out_close(&bytes);
	assert_int_equal(pipe_run(&o, &p), EXIT_BAD_INPUT);
	assert_int_equal(p.bad, 1);
	assert_int_equal(p.bad_files, 2);
	assert_int_equal(p.files, 2);
	assert_int_equal(table_health(p.table)->bad, 1);
	assert_int_equal(peer_count(p.table), 2);
	assert_int_equal(peer_of(p.table, 0)->state, PEER_DOUBTFUL);
	assert_int_equal(p.first, T(0));
	assert_int_equal(p.last, T(1500));
	pipe_free(&p);
}

/* A dump of some blocks with updates between its records, another dump begun in it, damage inside, cut at the
 * end. */
static void write_long_dump(void)
{
	enum { PEERS = 30, RECORDS = 4000 };
	struct peer_key peer[PEERS];
	struct said_entry e[PEERS];
	char text[64], paths[PEERS][64];
	struct out o;

	for (unsigned k = 0; k < PEERS; k++) {
		snprintf(text, sizeof text, "192.0.2.%u", k + 1);
		peer[k] = mk_peer(text, 100 + k);
	}
	out_open_mem(&o);
	mk_peers(&o, T(900), peer, PEERS);
	for (unsigned i = 0; i < RECORDS; i++) {
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(paths[k], sizeof paths[k], "%u %u %u", 100 + k, 300 + i / 5 * k % 70,
			    400 + i / 3 % 500);
			e[k] = (struct said_entry){.peer = k, .path = paths[k], .add_id = 1 + k % 2};
		}
		snprintf(text, sizeof text, "10.%u.%u.0/24", i / 256, i % 256);
		mk_rib(&o, T(900) + i / 100 * UTIME_SECOND, text, i % 97 == 0, e, PEERS - i % 3);
		if (i % 500 == 250)
			mk_announce(&o, T(900) + i / 100 * UTIME_SECOND, &peer[i % 7], "107 1 2", text);
		if (i == 1700)
			o.buf[o.n - 2000] ^= 0x55;
		if (i == 3000)
			mk_peers(&o, T(930), peer, PEERS);
	}
	assert_true(o.n > 4 << 20);
	o.n -= 5;
	write_file(1, "rrc00/rib.1", &o);
	out_close(&o);
}

static bool want_all(void *arg, const struct prefix *prefix)
{
	return true;
}

static bool stop_at_once(void *arg)
{
	return true;
}

/* Who wants only some prefixes has the dump read by the caller's thread: here, all of them. */
static void what_is_read_ahead_is_the_same(void **state)
{
	char *list[] = {path[1], path[2]};
	struct record r[2];
	struct pipe p[2];

	write_long_dump();
	for (int k = 0; k < 6; k++) {
		for (int ahead = 0; ahead < 2; ahead++) {
			struct pipe_options o = {.path = list, .paths = 2, .quiet = true, .arg = &r[ahead]};
			r[ahead] = (struct record){.last = UTIME_NONE};
			out_open_mem(&r[ahead].o);
			o.table.want = ahead ? NULL : want_all;
			o.changes = k % 2 ? NULL : record_changes;
			o.until = k / 2 == 1 ? T(920) : 0;
			o.stop = k / 2 == 2 ? stop_at_once : NULL;
			assert_int_equal(pipe_run(&o, &p[ahead]), k / 2 == 0 ? EXIT_BAD_INPUT : p[0].status);
			record_table(&r[ahead].o, p[ahead].table);
		}
		assert_string_equal(r[0].o.buf, r[1].o.buf);
		assert_int_equal(p[0].records, p[1].records);
		assert_int_equal(p[0].bad, p[1].bad);
		assert_int_equal(p[0].last, p[1].last);
		assert_int_equal(p[0].bytes, p[1].bytes);
		assert_int_equal(table_health(p[0].table)->doubtful, table_health(p[1].table)->doubtful);
		for (int ahead = 0; ahead < 2; ahead++) {
			pipe_free(&p[ahead]);
			out_close(&r[ahead].o);
		}
	}
}

static void nothing_given_is_an_empty_table(void **state)
{
	struct pipe_options o = {.quiet = true};
	struct pipe p;

	assert_int_equal(pipe_run(&o, &p), EXIT_ANSWERED);
	assert_int_equal(p.first, UTIME_NONE);
	assert_int_equal(peer_count(p.table), 0);
	pipe_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_order_of_files_gives_the_same), cmocka_unit_test(ranges_are_half_open),
	    cmocka_unit_test(dump_then_updates_equals_both), cmocka_unit_test(batches_of_one_time_and_ticks),
	    cmocka_unit_test(nothing_given_is_an_empty_table),
	    cmocka_unit_test(bad_input_is_counted_and_what_stands_beside_it_kept), /* it spoils a file */
	    cmocka_unit_test(what_is_read_ahead_is_the_same),                      /* and this another */
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
