/*
 * alert/alert: routing, forms, grouping, limits, and that nothing is lost: receivers are files, commands and
 * a small HTTP server on loopback, played here.
 */
#include "alert/alert.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/isthmus-alert-XXXXXX";
static unsigned notes;

static void on_note(void *arg, const char *line)
{
	notes++;
}

static char *in_dir(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static struct event event_of(const char *territory, enum severity severity, utime_t first)
{
	struct event e = {.id = 1,
	    .episode = 1,
	    .kind = EVENT_UPSTREAM_NEW,
	    .scope = SCOPE_TERRITORY,
	    .family = 4,
	    .upstream = 20485,
	    .first_seen = first,
	    .confirmed = first,
	    .end = UTIME_NONE,
	    .vantage = 3,
	    .collectors = 2,
	    .before = 0,
	    .after = NAN,
	    .severity = severity};

	snprintf(e.territory, sizeof e.territory, "%s", territory);
	snprintf(e.why, sizeof e.why, "AS20485 carries \"all\" of it");
	return e;
}

static struct alerts *open_alerts(const struct alert_route *r, size_t n, const char *spool)
{
	char *path = in_dir(spool);
	const char *why = NULL;
	struct alerts *a = alerts_new(path, r, n, NULL, on_note, NULL, &why);

	assert_non_null(a);
	free(path);
	return a;
}

/* The lines of a file; lines[i] is freed with the buffer. */
static size_t read_lines(const char *name, char **text, char *lines[], size_t cap)
{
	char *path = in_dir(name), *save = NULL, *line;
	FILE *f = fopen(path, "r");
	size_t n = 0, got;

	free(path);
	*text = mem_alloc(65536);
	if (!f)
		return 0;
	got = fread(*text, 1, 65535, f);
	(*text)[got] = '\0';
	fclose(f);
	for (line = strtok_r(*text, "\n", &save); line && n < cap; line = strtok_r(NULL, "\n", &save))
		lines[n++] = line;
	return n;
}

static size_t spool_files(const char *spool)
{
	char *path = in_dir(spool);
	DIR *d = opendir(path);
	size_t n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	free(path);
	return n;
}

/* Once when it begins, once when graver, once when over; by territory and severity. */
static void test_routes(void **state)
{
	static const char *const kp[] = {"KP"};
	struct alert_route r[] = {
	    {.name = "all", .kind = ALERT_FILE, .target = in_dir("all"), .least = SEVERITY_INFO},
	    {.name = "kp",
		.kind = ALERT_FILE,
		.target = in_dir("kp"),
		.least = SEVERITY_HIGH,
		.territory = kp,
		.territories = 1},
	};
	struct alerts *a = open_alerts(r, 2, "spool1");
	struct event e = event_of("KP", SEVERITY_LOW, 1), other = event_of("SY", SEVERITY_CRITICAL, 1);
	char *text, *lines[10];

	alerts_tell(a, &e);
	alerts_tell(a, &e); /* again: no news */
	alerts_tell(a, &other);
	e.severity = SEVERITY_HIGH;
	alerts_tell(a, &e);
	e.vantage = 9; /* it grew: no news */
	alerts_tell(a, &e);
	e.end = 5 * UTIME_SECOND;
	alerts_tell(a, &e);
	alerts_tell(a, &e);
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	assert_int_equal(read_lines("all", &text, lines, 10), 4);
	free(text);
	assert_int_equal(read_lines("kp", &text, lines, 10), 2);
	for (size_t i = 0; i < 2; i++) {
		json_t *j = json_loads(lines[i], 0, NULL),
		       *one = json_array_get(json_object_get(j, "events"), 0);
		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(one, "state")), i ? "over" : "begun");
		assert_string_equal(
		    json_string_value(json_object_get(json_object_get(one, "event"), "territory")), "KP");
		assert_string_equal(json_string_value(json_object_get(one, "title")),
		    i ? "KP: over: upstream-new AS20485, high" : "KP: upstream-new AS20485, high");
		json_decref(j);
	}
	free(text);
	assert_int_equal(spool_files("spool1"), 0);
	free((char *)r[0].target);
	free((char *)r[1].target);
}

static void test_group_and_limit(void **state)
{
	struct alert_route r = {.name = "g",
	    .kind = ALERT_FILE,
	    .target = in_dir("grouped"),
	    .group = 3600 * UTIME_SECOND,
	    .per_hour = 2};
	struct alerts *a = open_alerts(&r, 1, "spool2");
	char *text, *lines[10];
	size_t sent;
	json_t *j;

	for (utime_t t = 1; t <= 5; t++) {
		struct event e = event_of("KP", SEVERITY_LOW, t);
		alerts_tell(a, &e);
	}
	assert_true(alerts_wait(a, 20)); /* one message of five */
	for (utime_t t = 6; t <= 9; t++) {
		struct event e = event_of("KP", SEVERITY_LOW, t);
		alerts_tell(a, &e);
		assert_true(
		    alerts_wait(a, 20)); /* a message each: the first goes, three are over the limit */
	}
	alerts_free(a);
	sent = read_lines("grouped", &text, lines, 10);
	assert_in_range(sent, 2, 3); /* what the limit kept back is told at the end, now or by the next run */
	assert_int_equal(sent + spool_files("spool2"), 3);
	j = json_loads(lines[0], 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "events")), 5);
	json_decref(j);
	j = json_loads(lines[1], 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "events")), 1);
	json_decref(j);
	free(text);
	free((char *)r.target);
}

static void test_template_and_command(void **state)
{
	char *command = mem_printf("(echo \"$ISTHMUS_SUBJECT\"; cat) >>%s/command", dir), *text, *lines[10];
	struct alert_route r = {.name = "c",
	    .kind = ALERT_COMMAND,
	    .target = command,
	    .template = "{territory}|{kind}|{severity}|{upstream}|{why}|{first_seen}|{nothing}\\n{state}"};
	struct alerts *a = open_alerts(&r, 1, "spool3");
	struct event e = event_of("KP", SEVERITY_CRITICAL, utime_of(1506848871, 0));

	alerts_tell(a, &e);
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	assert_int_equal(read_lines("command", &text, lines, 10), 3);
	assert_string_equal(lines[0], "KP: upstream-new AS20485, critical");
	assert_string_equal(lines[1],
	    "KP|upstream-new|critical|AS20485|AS20485 carries \"all\" of it|2017-10-01T09:07:51Z|{nothing}");
	assert_string_equal(lines[2], "begun");
	free(text);
	free(command);
}

/* A receiver that fails: kept, tried again, kept over a restart, delivered once it works; another route is
 * not held up. */
static void test_nothing_is_lost(void **state)
{
	char *command = mem_printf("test -e %s/open && cat >>%s/late", dir, dir), *text, *lines[10],
	     *open_path = in_dir("open");
	struct alert_route r[] = {
	    {.name = "late", .kind = ALERT_COMMAND, .target = command},
	    {.name = "now", .kind = ALERT_FILE, .target = in_dir("now")},
	};
	struct alerts *a = open_alerts(r, 2, "spool4");
	FILE *f;

	for (utime_t t = 1; t <= 3; t++) {
		struct event e = event_of("KP", SEVERITY_LOW, t);
		alerts_tell(a, &e);
	}
	assert_int_equal(spool_files("spool4") >= 3, 1);
	assert_false(alerts_wait(a, 2));
	assert_int_equal(alerts_waiting(a), 3);
	assert_true(notes > 0);
	alerts_free(a);
	assert_int_equal(read_lines("now", &text, lines, 10), 3);
	free(text);
	assert_int_equal(spool_files("spool4"), 3);
	f = fopen(open_path, "w");
	assert_non_null(f);
	fclose(f);
	a = open_alerts(r, 2, "spool4");
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	assert_int_equal(
	    read_lines("late", &text, lines, 10), 1); /* three documents, no line's end between: one line */
	assert_non_null(strstr(strstr(lines[0], "}]}{") + 1, "}]}{"));
	free(text);
	assert_int_equal(spool_files("spool4"), 0);
	free((char *)r[1].target);
	free(open_path);
	free(command);
}

/* What is over the limit is told by the last of it and a count, when the hour is over or at the end. */
static void test_held(void **state)
{
	struct alert_route r = {.name = "h",
	    .kind = ALERT_FILE,
	    .target = in_dir("held"),
	    .per_hour = 1,
	    .hour = 3 * UTIME_SECOND};
	struct alerts *a = open_alerts(&r, 1, "spool6");
	char *text, *lines[10];

	for (utime_t t = 1; t <= 4; t++) {
		struct event e = event_of("KP", SEVERITY_LOW, t * UTIME_SECOND);
		alerts_tell(a, &e);
	}
	usleep(3200000);
	alerts_tick(a);
	assert_true(alerts_wait(a, 20));
	assert_int_equal(read_lines("held", &text, lines, 10), 2);
	assert_non_null(strstr(lines[0], "\"held\":0"));
	assert_non_null(strstr(lines[1], "\"held\":2"));
	assert_non_null(strstr(lines[1], "\"first_seen\":\"1970-01-01T00:00:04Z\""));
	free(text);
	for (utime_t t = 5; t <= 6; t++) {
		struct event e = event_of("KP", SEVERITY_LOW, t * UTIME_SECOND);
		alerts_tell(a, &e);
	}
	alerts_free(a);
	a = open_alerts(&r, 1, "spool6");
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	assert_int_equal(read_lines("held", &text, lines, 10), 3);
	assert_non_null(strstr(lines[2], "\"held\":1"));
	assert_non_null(strstr(lines[2], "\"first_seen\":\"1970-01-01T00:00:06Z\""));
	free(text);
	free((char *)r.target);
}

/* Happenings that no detector numbered, at the same instant: told by their own ids, each once. */
static void test_own_ids(void **state)
{
	struct alert_route r = {.name = "o", .kind = ALERT_FILE, .target = in_dir("own")};
	struct alerts *a = open_alerts(&r, 1, "spool7");
	char *text, *lines[10];

	for (unsigned i = 0; i < 4; i++) {
		struct event e = event_of("", SEVERITY_HIGH, 1);
		e.scope = SCOPE_HEALTH;
		e.id = ALERT_OWN_ID + i / 2;
		alerts_tell(a, &e);
	}
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	assert_int_equal(read_lines("own", &text, lines, 10), 2);
	free(text);
	free((char *)r.target);
}

/* Other routes, as after a reload: what waited goes on, and what was told is no news to them. */
static void test_reroute(void **state)
{
	struct alert_route first[] = {{.name = "a", .kind = ALERT_COMMAND, .target = "false"},
	    {.name = "b", .kind = ALERT_FILE, .target = in_dir("routed-b")}};
	struct alert_route other = {.name = "a", .kind = ALERT_FILE, .target = in_dir("routed-a")};
	struct alerts *a = open_alerts(first, 2, "spool12"), *fresh;
	struct event e = event_of("KP", SEVERITY_HIGH, 1);
	char *text, *lines[10];

	alerts_tell(a, &e);
	assert_false(alerts_wait(a, 1));
	alerts_reroute(a, &other, 1, NULL);
	assert_true(alerts_wait(a, 20)); /* what the first one could not deliver */
	e.vantage = 9;
	alerts_tell(a, &e);
	e.end = 5 * UTIME_SECOND;
	alerts_tell(a, &e);
	assert_true(alerts_wait(a, 20));
	assert_int_equal(read_lines("routed-a", &text, lines, 10), 2);
	assert_non_null(strstr(lines[0], "\"begun\""));
	assert_non_null(strstr(lines[1], "\"over\""));
	free(text);
	fresh = open_alerts(&other, 1, "spool13");
	alerts_remember(fresh, a);
	alerts_free(a);
	alerts_tell(fresh, &e);
	assert_true(alerts_wait(fresh, 20));
	alerts_free(fresh);
	assert_int_equal(read_lines("routed-a", &text, lines, 10), 2);
	free(text);
	assert_int_equal(read_lines("routed-b", &text, lines, 10), 1);
	free(text);
	free((char *)first[1].target);
	free((char *)other.target);
}

static int log_socket(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void receive(int fd, char *p, size_t n)
{
	ssize_t got = recv(fd, p, n - 1, 0);

	assert_true(got > 0);
	p[got] = '\0';
}

/* Nobody listens: kept. Then a datagram a line, with facility, severity, date, name and process. */
static void test_syslog(void **state)
{
	struct alert_route r = {.name = "s", .kind = ALERT_SYSLOG, .target = in_dir("log")};
	struct alerts *a = open_alerts(&r, 1, "spool8");
	struct event e = event_of("KP", SEVERITY_CRITICAL, 1);
	char line[1000], due[1000];
	int fd;

	alerts_tell(a, &e);
	assert_false(alerts_wait(a, 1));
	fd = log_socket(r.target);
	assert_true(alerts_wait(a, 20));
	receive(fd, line, sizeof line);
	assert_int_equal(strncmp(line, "<26>", 4), 0); /* daemon, critical */
	assert_int_equal(line[4 + 15], ' ');
	snprintf(due, sizeof due,
	    "isthmus[%d]: KP: upstream-new AS20485, critical: AS20485 carries \"all\" of it", (int)getpid());
	assert_string_equal(line + 20, due);
	e.end = 5 * UTIME_SECOND;
	alerts_tell(a, &e);
	assert_true(alerts_wait(a, 20));
	receive(fd, line, sizeof line);
	assert_int_equal(strncmp(line, "<29>", 4), 0); /* over: a notice */
	assert_non_null(strstr(line, ": KP: over: upstream-new AS20485, critical"));
	alerts_free(a);
	close(fd);
	assert_int_equal(spool_files("spool8"), 0);
	free((char *)r.target);
}

/* Two events of two lines each by a template: a datagram each line. */
static void test_syslog_template(void **state)
{
	static const char *const due[] = {" <0>upstream-new", " info", " <0>upstream-new", " high"};
	struct alert_route r = {.name = "s",
	    .kind = ALERT_SYSLOG,
	    .target = in_dir("log2"),
	    .group = 3600 * UTIME_SECOND,
	    .template = "<0>{kind}\\n\\n{severity}"};
	struct alerts *a = open_alerts(&r, 1, "spool9");
	int fd = log_socket(r.target);
	char line[1000];

	for (utime_t t = 1; t <= 2; t++) {
		struct event e = event_of("KP", t == 1 ? SEVERITY_INFO : SEVERITY_HIGH, t);
		alerts_tell(a, &e);
	}
	assert_true(alerts_wait(a, 20));
	for (unsigned i = 0; i < 4; i++) {
		receive(fd, line, sizeof line);
		assert_int_equal(strncmp(line, i < 2 ? "<30>" : "<27>", 4), 0);
		assert_string_equal(strstr(line, "]: ") + 2, due[i]);
	}
	alerts_free(a);
	close(fd);
	free((char *)r.target);
}

/* A command that does not end is ended, its children with it, and tried again. */
static void test_command_that_hangs(void **state)
{
	char *command = mem_printf("echo x >>%s/hung; (sleep 600; echo late >>%s/hung)", dir, dir), *text,
	     *lines[10];
	struct alert_route r = {.name = "c", .kind = ALERT_COMMAND, .target = command, .seconds = 1};
	struct alerts *a = open_alerts(&r, 1, "spool10");
	struct event e = event_of("KP", SEVERITY_HIGH, 1);
	unsigned before = notes;

	alerts_tell(a, &e);
	assert_false(alerts_wait(a, 5));
	alerts_free(a);
	assert_true(notes > before);
	assert_true(read_lines("hung", &text, lines, 10) >= 2);
	assert_string_equal(lines[1], "x");
	free(text);
	free(command);
}

/* ---- a webhook ---- */
struct hook {
	int fd, port;
	atomic_uint requests;
	char last[4096];
};

static void *hook_run(void *arg)
{
	struct hook *h = arg;

	for (unsigned i = 0; i < 2; i++) { /* the first is turned away, the second taken */
		int c = accept(h->fd, NULL, NULL);
		size_t n = 0;
		ssize_t got;
		const char *answer = i ? "HTTP/1.1 204 No Content\r\n\r\n"
				       : "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
			   *body;
		while (
		    n < sizeof h->last - 1 && (got = recv(c, h->last + n, sizeof h->last - 1 - n, 0)) > 0) {
			n += (size_t)got;
			h->last[n] = '\0';
			body = strstr(h->last, "\r\n\r\n");
			if (body && strstr(h->last, "Content-Length: ") &&
			    n >= (size_t)(body + 4 - h->last) +
				     strtoul(strstr(h->last, "Content-Length: ") + 16, NULL, 10))
				break;
		}
		h->requests++;
		send(c, answer, strlen(answer), MSG_NOSIGNAL);
		close(c);
	}
	return NULL;
}

static void test_webhook(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	struct hook h = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
	struct alert_route r = {.name = "hook", .kind = ALERT_SLACK};
	struct alerts *a;
	struct event e = event_of("KP", SEVERITY_HIGH, utime_of(1506848871, 0));
	pthread_t t;
	json_t *j;

	assert_int_equal(bind(h.fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(h.fd, 4), 0);
	assert_int_equal(getsockname(h.fd, (struct sockaddr *)&at, &n), 0);
	r.target = mem_printf("http://127.0.0.1:%u/hook", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&t, NULL, hook_run, &h), 0);
	a = open_alerts(&r, 1, "spool5");
	alerts_tell(a, &e);
	assert_true(alerts_wait(a, 20));
	alerts_free(a);
	pthread_join(t, NULL);
	close(h.fd);
	assert_int_equal(h.requests, 2);
	assert_non_null(strstr(h.last, "POST /hook HTTP/1.1"));
	assert_non_null(strstr(h.last, "Content-Type: application/json"));
	j = json_loads(strstr(h.last, "\r\n\r\n") + 4, 0, NULL);
	assert_non_null(strstr(json_string_value(json_object_get(j, "text")),
	    "KP: upstream-new AS20485, high\nAS20485 carries \"all\" of it.\nFirst seen: "
	    "2017-10-01T09:07:51Z"));
	json_decref(j);
	free((char *)r.target);
}

static void test_spool_refused(void **state)
{
	struct alerts *a = open_alerts(NULL, 0, "spool11");
	char *taken = in_dir("spool11");
	const char *why = NULL;

	assert_null(alerts_new(taken, NULL, 0, NULL, NULL, NULL, &why));
	assert_string_equal(why, "another process uses it");
	alerts_free(a);
	free(taken);
	why = NULL;

	assert_null(alerts_new("/proc/isthmus", NULL, 0, NULL, NULL, NULL, &why));
	assert_non_null(why);
}

static int setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	free(command);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_group_and_limit),
	    cmocka_unit_test(test_template_and_command),
	    cmocka_unit_test(test_nothing_is_lost),
	    cmocka_unit_test(test_held),
	    cmocka_unit_test(test_own_ids),
	    cmocka_unit_test(test_reroute),
	    cmocka_unit_test(test_syslog),
	    cmocka_unit_test(test_syslog_template),
	    cmocka_unit_test(test_command_that_hangs),
	    cmocka_unit_test(test_webhook),
	    cmocka_unit_test(test_spool_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
