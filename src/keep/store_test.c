/* Tests of the store by hand-made samples: what is told comes back; whole cuts or nothing; damage is said. */
#include "keep/store.h"

#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define T(s) ((utime_t)(1506800000 + (s)) * UTIME_SECOND)

static char folder[64];

static void folder_clear(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

static int setup(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/isthmus-store-%d", (int)getpid());
	folder_clear(folder);
	return 0;
}

static int teardown(void **state)
{
	folder_clear(folder);
	return 0;
}

static struct store *open_good(enum store_mode mode)
{
	const char *why = NULL;
	struct store *s = store_open(folder, mode, &why);

	if (!s)
		fail_msg("%s", why);
	return s;
}

static void tell(struct store *s, utime_t t, asn_t upstream, double share, unsigned prefixes)
{
	struct sample sample = {t, 0, upstream, (float)share, prefixes};

	store_place(s, 0, "KP", FAMILY_IPV4);
	store_samples(s, &sample, 1);
}

static void commit(struct store *s, utime_t upto)
{
	struct store_cut cut = {.upto = upto, .final = true};

	if (store_commit(s, &cut))
		fail_msg("%s", store_error(s));
}

static struct kept_file file_of(unsigned n, utime_t first)
{
	struct kept_file f = {
	    .path = "/none", .collector = "rrc00", .first = first, .last = first + 1, .registry = "r"};

	memcpy(f.hash, &n, sizeof n);
	return f;
}

static void count_fault(void *arg, const char *line)
{
	snprintf(arg, 512, "%s", line);
}

static void assert_sound(struct store *s)
{
	char line[512] = "";

	if (store_check(s, count_fault, line))
		fail_msg("check: %s", line);
}

/* The model case's Sunday, in three cuts. */
static void keep_sunday(struct store *s)
{
	tell(s, T(0), 0, 1, 4);
	tell(s, T(0), 4837, 1, 4);
	commit(s, T(100));
	tell(s, T(200), 20485, 0.6, 3);
	tell(s, T(200), 4837, 0.4, 4);
	commit(s, T(300));
	tell(s, T(400), 20485, 0, 0);
	tell(s, T(400), 4837, 1, 4);
	commit(s, T(500));
}

static void test_series(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct series r;

	keep_sunday(s);
	assert_sound(s);
	store_close(s);
	s = open_good(STORE_READ);
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &r), 0);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.from, T(0));
	assert_int_equal(r.to, T(500));
	assert_int_equal(r.line[1].upstream, 4837);
	assert_int_equal(r.line[1].n, 3);
	assert_int_equal(line_at(&r.line[1], T(0)), 1000000);
	assert_int_equal(line_at(&r.line[1], T(399)), 400000);
	assert_int_equal(line_at(&r.line[1], T(400)), 1000000);
	assert_int_equal(line_at(&r.line[2], T(199)), 0);
	assert_int_equal(r.line[2].first_seen, T(200));
	assert_int_equal(r.line[2].last_seen, T(400));
	assert_true(fabs(line_mean(&r.line[2], T(0), T(500)) - 0.24) < 1e-9);
	series_free(&r);
	/* a range inside: each line begins with its value there */
	assert_int_equal(store_series(s, "KP", 4, T(250), T(450), &r), 0);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.line[2].point[0].time, T(250));
	assert_int_equal(r.line[2].point[0].share, 600000);
	series_free(&r);
	assert_int_equal(store_series(s, "KP", 6, UTIME_NONE, UTIME_MAX, &r), 0);
	assert_int_equal(r.n, 0);
	series_free(&r);
	assert_int_equal(store_series(s, "US", 4, UTIME_NONE, UTIME_MAX, &r), 0);
	assert_int_equal(r.n, 0);
	series_free(&r);
	store_close(s);
}

/* Many chunks: the same step function whatever range is asked for. */
static void test_chunks(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct series all, part;
	utime_t day = 86400 * UTIME_SECOND;
	unsigned n = 30000;

	for (unsigned i = 0; i < n; i++) {
		tell(s, T(0) + i * day / 100, 100 + i % 5, (double)(i * 7919 % 1000) / 1000, 1 + i % 9);
		if (i % 1700 == 0)
			commit(s, T(0) + i * day / 100);
	}
	commit(s, T(0) + n * day / 100);
	assert_sound(s);
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &all), 0);
	assert_int_equal(all.n, 5);
	for (unsigned k = 0; k < 50; k++) {
		utime_t from = T(0) + (utime_t)(k * 601 % 300) * day, to = from + 3 * day;
		assert_int_equal(store_series(s, "KP", 4, from, to, &part), 0);
		for (size_t i = 0; i < part.n; i++)
			for (size_t p = 0; p < part.line[i].n; p++)
				assert_int_equal(part.line[i].point[p].share,
				    line_at(&all.line[i], part.line[i].point[p].time));
		series_free(&part);
	}
	series_free(&all);
	store_close(s);
}

static bool count_event(void *arg, const struct event *e)
{
	++*(unsigned *)arg;
	return true;
}

static bool take_end(void *arg, const struct event *e)
{
	*(utime_t *)arg = e->end;
	return true;
}

static unsigned events_of(struct store *s, struct event_filter f)
{
	unsigned n = 0;

	assert_int_equal(store_events(s, &f, count_event, &n), 0);
	return n;
}

static struct event event_of(
    uint64_t id, const char *territory, enum event_kind kind, asn_t upstream, utime_t t)
{
	struct event e = {.id = id,
	    .kind = kind,
	    .upstream = upstream,
	    .first_seen = t,
	    .confirmed = t,
	    .end = UTIME_NONE,
	    .family = 4};

	snprintf(e.territory, sizeof e.territory, "%s", territory);
	return e;
}

static void test_events(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct event_filter f = EVENT_FILTER_ALL;
	struct event e;

	for (unsigned i = 1; i <= 100; i++) {
		e = event_of(i, i % 3 ? "KP" : "SY", (enum event_kind)(i % 4), i % 2 ? 20485 : 4837, T(i));
		store_event(s, &e);
	}
	commit(s, T(100));
	assert_int_equal(events_of(s, f), 100);
	f.territory = "SY";
	assert_int_equal(events_of(s, f), 33);
	f.upstream = 4837;
	assert_int_equal(events_of(s, f), 16);
	f = EVENT_FILTER_ALL;
	f.kinds = 1u << EVENT_UPSTREAM_LOST;
	assert_int_equal(events_of(s, f), 25);
	f = EVENT_FILTER_ALL;
	f.from = T(10);
	f.to = T(20);
	assert_int_equal(events_of(s, f), 10);
	f.limit = 4;
	f.skip = 8;
	assert_int_equal(events_of(s, f), 2);
	f = EVENT_FILTER_ALL;
	f.territory = "KP' OR 1=1 --";
	assert_int_equal(events_of(s, f), 0);
	assert_int_equal(store_last_event(s), 100);
	store_close(s);
}

/* Going back to a cut brings back exactly what was kept then. */
static void test_rollback(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct event_filter f = EVENT_FILTER_ALL;
	struct event e = event_of(1, "KP", EVENT_UPSTREAM_NEW, 20485, T(1));
	struct kept_file file = file_of(1, T(0));
	struct series r;
	utime_t end = 0;

	tell(s, T(0), 4837, 1, 4);
	store_event(s, &e);
	store_file(s, &file);
	commit(s, T(1));
	/* at the very time of the cut, but after it */
	tell(s, T(1), 4837, 0.4, 4);
	tell(s, T(2), 20485, 0.6, 3);
	e.end = T(3);
	store_event(s, &e);
	file = file_of(2, T(2));
	store_file(s, &file);
	commit(s, T(4));
	assert_int_equal(store_rollback(s, 1), 0);
	commit(s, T(5));
	assert_sound(s);
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &r), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.line[0].n, 1);
	assert_int_equal(r.line[0].point[0].share, 1000000);
	series_free(&r);
	f.id = 1;
	assert_int_equal(store_events(s, &f, take_end, &end), 0);
	assert_true(end == UTIME_NONE);
	assert_int_equal(store_file_known(s, file.hash), 0);
	assert_int_equal(store_rollback(s, 0), 0);
	commit(s, T(6));
	assert_int_equal(events_of(s, EVENT_FILTER_ALL), 0);
	assert_sound(s);
	store_close(s);
}

/* Nothing of a cut that was not committed is seen, by anyone, ever. */
static void test_all_or_nothing(void **state)
{
	struct store *s = open_good(STORE_WRITE), *reader;
	struct store_info info;
	struct store_cut noted = {.upto = T(600)};

	keep_sunday(s);
	tell(s, T(550), 9999, 0.5, 2);
	assert_int_equal(store_commit(s, &noted), 0); /* inside the open transaction */
	reader = open_good(STORE_READ);
	assert_int_equal(store_info(reader, &info), 0);
	assert_int_equal(info.cut, 3);
	assert_int_equal(info.carriers, 2);
	store_close(s);
	assert_int_equal(store_info(reader, &info), 0);
	assert_int_equal(info.cut, 3);
	store_close(reader);
}

/* A child writes cuts and says each on a pipe; it is killed at some moment. What it said must be there. */
static void write_for_ever(int to)
{
	struct store *s = store_open(folder, STORE_WRITE, NULL);

	for (unsigned i = 1; s; i++) {
		struct store_cut cut = {.upto = T(i), .final = true};
		struct kept_file file = file_of(i, T(i));
		for (unsigned k = 0; k < 200; k++)
			tell(s, T(i), 1000 + k, (double)((i + k) % 100) / 100 + 0.001, 1 + i % 7);
		file.last = T(i);
		store_file(s, &file);
		if (store_commit(s, &cut) || write(to, &i, sizeof i) != sizeof i)
			break;
	}
	_exit(1);
}

static void test_kill(void **state)
{
	const char *more = getenv("ISTHMUS_KILLS");
	unsigned said = 0, kills = more ? (unsigned)atoi(more) : 20;
	struct store_info info;

	for (unsigned round = 0; round < kills; round++) {
		int pipes[2];
		pid_t child;
		struct store *s;
		struct series r;
		folder_clear(folder);
		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			write_for_ever(pipes[1]);
		close(pipes[1]);
		usleep(20000 + round * 7919 % 60000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		said = 0;
		while (read(pipes[0], &said, sizeof said) == sizeof said)
			;
		close(pipes[0]);
		if (!said)
			continue;
		s = open_good(STORE_WRITE);
		assert_int_equal(store_info(s, &info), 0);
		assert_in_range(info.cut, said, said + 1); /* the last may have been kept and not yet said */
		assert_int_equal(info.files, info.cut);
		assert_sound(s);
		assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &r), 0);
		assert_int_equal(r.n, 200);
		series_free(&r);
		store_close(s);
	}
}

/* No room: says so, keeps what was kept, and goes on when there is room again. */
static void test_no_space(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct store_cut cut = {.upto = T(1000), .final = true};
	struct rlimit was, small;
	struct store_info info;

	keep_sunday(s);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 200000;
	setrlimit(RLIMIT_FSIZE, &small);
	for (unsigned i = 0; i < 100000; i++)
		tell(s, T(600) + i, 1 + i * 2654435761u % 1000000, (double)(i * 40503u % 1000) / 1000,
		    1 + i % 100);
	assert_int_equal(store_commit(s, &cut), -1);
	assert_true(strlen(store_error(s)) > 0);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(store_info(s, &info), 0);
	assert_int_equal(info.cut, 3);
	assert_sound(s);
	tell(s, T(600), 4837, 0.3, 2);
	commit(s, T(700));
	assert_sound(s);
	store_close(s);
}

/* Any flipped byte of a used page is found by check, and a read never gives anything but the truth. */
static void test_flipped_byte(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct series truth, r;
	char *path = mem_printf("%s/history.db", folder);
	struct stat st;
	unsigned found = 0, tried = 0;
	int fd;

	for (unsigned i = 0; i < 3000; i++)
		tell(s, T(i), 4837 + i % 300, (double)(i % 991) / 1000, 1 + i % 5);
	commit(s, T(3000));
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &truth), 0);
	store_close(s);
	assert_int_equal(stat(path, &st), 0);
	fd = open(path, O_RDWR);
	for (off_t at = 100; at < st.st_size; at += 1237) {
		const char *why = NULL;
		uint8_t b, flipped;
		char line[512] = "";
		assert_int_equal(pread(fd, &b, 1, at), 1);
		flipped = b ^ 0x10;
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		s = store_open(folder, STORE_READ, &why);
		tried++;
		if (s && store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &r) == 0) {
			assert_int_equal(r.n, truth.n);
			for (size_t i = 0; i < r.n; i++)
				assert_memory_equal(r.line[i].point, truth.line[i].point,
				    r.line[i].n * sizeof *r.line[i].point);
			series_free(&r);
		}
		if (!s || store_check(s, count_fault, line) != 0)
			found++;
		store_close(s);
		assert_int_equal(pwrite(fd, &b, 1, at), 1);
	}
	assert_int_equal(found, tried);
	close(fd);
	series_free(&truth);
	free(path);
}

static void test_second_writer(void **state)
{
	struct store *s = open_good(STORE_WRITE), *second;
	const char *why = NULL;

	second = store_open(folder, STORE_WRITE_NOW, &why);
	assert_null(second);
	assert_non_null(strstr(why, "another process"));
	store_close(s);
	second = store_open(folder, STORE_WRITE_NOW, &why);
	assert_non_null(second);
	store_close(second);
}

static int keep_answer(struct store *s, enum answer_kind kind, utime_t at, const char *json)
{
	size_t packed;
	struct packer *p = packer_new();
	void *data = answer_pack(p, json, strlen(json), &packed);
	int rc = store_keep_answer(s, kind, "KP", 4, at, data, packed);

	free(data);
	packer_free(p);
	return rc;
}

/* A store of the first format is upgraded where it stands, and keeps what it had; a newer one is refused. */
static void test_upgrade(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	const char *why = NULL;
	struct store_info info;
	struct answer_kept a;

	keep_sunday(s);
	assert_int_equal(
	    sqlite3_exec(
		s->db, "DROP TABLE answer; DROP INDEX event_asn; PRAGMA user_version = 1", NULL, NULL, NULL),
	    SQLITE_OK);
	store_close(s);
	s = store_open(folder, STORE_READ, &why);
	assert_null(s);
	assert_non_null(strstr(why, "older"));
	s = open_good(STORE_WRITE);
	assert_int_equal(store_info(s, &info), 0);
	assert_int_equal(info.cut, 3);
	assert_int_equal(keep_answer(s, ANSWER_PAGE, T(500), "{}"), 0);
	commit(s, T(501));
	assert_int_equal(store_answer(s, ANSWER_PAGE, "KP", 4, UTIME_MAX, &a), 0);
	assert_string_equal(a.json, "{}");
	free(a.json);
	assert_sound(s);
	sqlite3_exec(s->db, "PRAGMA user_version = 99", NULL, NULL, NULL);
	store_close(s);
	assert_null(store_open(folder, STORE_READ, &why));
	assert_non_null(strstr(why, "newer"));
}

/* Of an answer a day the last four stay, and the last of each month; each is found by its time. */
static void test_answers(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct answer_kept a;
	utime_t day = 86400 * UTIME_SECOND, start;
	char text[32];
	unsigned kept = 0;

	utime_parse("2017-01-01", &start);
	for (unsigned i = 0; i < 120; i++) {
		snprintf(text, sizeof text, "{\"day\":%u}", i);
		for (enum answer_kind k = 0; k < ANSWER_KINDS; k++)
			assert_int_equal(keep_answer(s, k, start + i * day, text), 0);
		commit(s, start + i * day);
	}
	for (unsigned i = 0; i < 120; i++) {
		assert_int_equal(store_answer(s, ANSWER_PAGE, "KP", 4, start + i * day, &a), 0);
		kept += a.at == start + i * day;
		assert_true(a.at == UTIME_NONE || a.at <= start + i * day);
		free(a.json);
	}
	assert_int_equal(kept, 7); /* 31 January, 28 February, 31 March, the last four of April */
	assert_int_equal(store_answer(s, ANSWER_PAGE, "KP", 4, start + 60 * day, &a), 0);
	assert_string_equal(a.json, "{\"day\":58}");
	free(a.json);
	assert_int_equal(store_answer(s, ANSWER_PAGE, "KP", 6, UTIME_MAX, &a), 0);
	assert_null(a.json);
	assert_int_equal(keep_answer(s, ANSWER_PAGE, start + 900 * day, "{}"), 0);
	kept = 0; /* of the months of 2017 the last four, now more than a year old, leave one */
	for (unsigned i = 0; i < 120; i++) {
		assert_int_equal(store_answer(s, ANSWER_PAGE, "KP", 4, start + i * day, &a), 0);
		kept += a.at == start + i * day;
		free(a.json);
	}
	assert_int_equal(kept, 1);
	store_close(s);
}

/* The model case's prefixes: 177 never with AS20485, 176 loses it first; all four down together once. */
static void test_lanes(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct event e = event_of(1, "KP", EVENT_UPSTREAM_NEW, 20485, T(200));
	struct prefix p[4];
	struct lanes l;

	for (unsigned i = 0; i < 4; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "175.45.%u.0/24", 176 + i);
		assert_true(prefix_parse(text, (size_t)n, &p[i]));
	}
	keep_sunday(s);
	e.prefix = (struct prefix[]){p[0], p[2], p[3]};
	e.prefixes = 3;
	store_event(s, &e);
	e = event_of(2, "KP", EVENT_UPSTREAM_LOST, 20485, T(300));
	e.scope = SCOPE_PREFIX;
	e.prefix = p;
	e.prefixes = 1;
	store_event(s, &e);
	e = event_of(3, "KP", EVENT_OUTAGE, 0, T(320));
	e.end = T(330);
	e.prefix = p;
	e.prefixes = 4;
	store_event(s, &e);
	commit(s, T(600));
	assert_int_equal(store_lanes(s, "KP", 4, UTIME_NONE, UTIME_MAX, &l), 0);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.from, T(0));
	assert_int_equal(l.lane[0].changes, 3); /* with 4837; both; 4837 */
	assert_int_equal(l.lane[0].carriers[0].n, 1);
	assert_int_equal(l.lane[0].carriers[0].asn[0], 4837);
	assert_int_equal(l.lane[0].carriers[1].n, 2);
	assert_int_equal(l.lane[0].carriers[2].time, T(300));
	assert_int_equal(l.lane[0].carriers[2].n, 1);
	assert_int_equal(l.lane[1].changes, 1);
	assert_int_equal(l.lane[1].steps, 3);
	assert_int_equal(l.lane[1].step[1].state, LANE_DOWN);
	assert_int_equal(l.lane[1].step[2].time, T(330));
	lanes_free(&l);
	assert_int_equal(
	    store_lanes(s, "KP", 4, T(325), T(500), &l), 0); /* a range begins with what holds there */
	assert_int_equal(l.lane[1].step[0].state, LANE_DOWN);
	assert_int_equal(l.lane[2].carriers[0].n, 2);
	lanes_free(&l);
	store_close(s);
}

static void test_retention(void **state)
{
	struct store *s = open_good(STORE_WRITE);
	struct retention r;
	struct series all, less;
	struct store_info before, after;
	utime_t day = 86400 * UTIME_SECOND;

	for (unsigned i = 0; i < 40000; i++)
		tell(s, T(0) + i * day / 200, 100 + i % 3, (double)(i * 2654435761u % 999983) / 1e6,
		    1 + i % 9);
	commit(s, T(0) + 200 * day);
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &all), 0);
	store_info(s, &before);
	assert_int_equal(store_retention(s, &r), 0);
	r.keep = 120 * day;
	r.detail = 60 * day;
	assert_int_equal(store_set_retention(s, &r), 0);
	assert_int_equal(store_compact(s), 0);
	store_info(s, &after);
	assert_true(after.points < before.points / 2);
	assert_true(after.bytes < before.bytes);
	assert_int_equal(store_series(s, "KP", 4, UTIME_NONE, UTIME_MAX, &less), 0);
	assert_int_equal(less.n, 3);
	for (unsigned k = 0; k < 59 * 24; k++) { /* young: as it was */
		utime_t t = T(0) + 141 * day + k * day / 24;
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(line_at(&less.line[i], t), line_at(&all.line[i], t));
	}
	for (size_t i = 0; i < 3; i++) /* old: each value that is told was true at its time */
		for (size_t p = 0; p < less.line[i].n; p++)
			assert_int_equal(
			    less.line[i].point[p].share, line_at(&all.line[i], less.line[i].point[p].time));
	assert_sound(s);
	series_free(&all);
	series_free(&less);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	    TEST(test_series),
	    TEST(test_chunks),
	    TEST(test_events),
	    TEST(test_rollback),
	    TEST(test_all_or_nothing),
	    TEST(test_kill),
	    TEST(test_no_space),
	    TEST(test_flipped_byte),
	    TEST(test_second_writer),
	    TEST(test_upgrade),
	    TEST(test_answers),
	    TEST(test_lanes),
	    TEST(test_retention),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
