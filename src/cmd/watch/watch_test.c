/* cmd/watch: the configuration's keys and errors; parcels to changes; the verb's --check and a stop in order.
 */
#include "cmd/watch/watch.h"

#include "base/mem.h"
#include "input/bgp.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/isthmus-watch-XXXXXX";
static struct out told;

static void on_line(const char *line)
{
	out_str(&told, strstr(line, "conf") ? strstr(line, "conf") + 4 : line);
	out_char(&told, '\n');
}

static char *put_conf(const char *text)
{
	char *path = mem_printf("%s/conf", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static bool read_conf(struct watch_config *c, const char *text)
{
	char *path = put_conf(text);
	bool good;

	told.n = 0;
	good = watch_config_read(c, path, on_line);
	out_char(&told, '\0');
	free(path);
	return good;
}

static void test_config(void **state)
{
	struct watch_config c;

	assert_true(read_conf(&c, "# a comment\n"
				  "[watch]\nwho = KP, AS131279\nwho = 175.45.176.0/22\nspool = /s ; "
				  "here\nfamily = 6\nwarm-up = 2m\n"
				  "[bmp routers]\nlisten = [::]:1790\nallow = 192.0.2.0/24 "
				  "2001:db8::/32\nrib = loc-rib\nsilence = 5m\n"
				  "[bgp lab]\nlisten = 127.0.0.1:179\nlocal-as = 65551\npeer-as = 64500 "
				  "64501\nhold = 30s\npassword = x\nallow = 127.0.0.1\n"
				  "router-id = 10.0.0.1\n[ris live]\nurl = wss://h/v1\nsubscribe = "
				  "all\n[follow a]\nfolder = /a\nevery = 5s\n"
				  "[alert night]\nkind = mail\nurl = smtps://m\nfrom = a@b\nto = "
				  "c@d,e@f\nstarttls = yes\nterritory = KP\n"
				  "severity = high\ngroup = 30s\nper-hour = 10\n"));
	assert_string_equal(told.buf, "");
	assert_int_equal(c.whos, 3);
	assert_string_equal(c.who[1], "AS131279");
	assert_string_equal(c.spool, "/s");
	assert_int_equal(c.detect.family, 6);
	assert_int_equal(c.detect.warm_up, 120 * UTIME_SECOND);
	assert_int_equal(c.sources, 4);
	assert_string_equal(source_name(&c.source[0]), "routers");
	assert_string_equal(c.source[0].listen.address, "[::]:1790");
	assert_int_equal(c.source[0].listen.allows, 2);
	assert_int_equal(c.source[0].rib, CHOOSE_LOC);
	assert_int_equal(c.source[0].silence, 300 * UTIME_SECOND);
	assert_int_equal(c.source[1].listen.local_as, 65551);
	assert_int_equal(c.source[1].listen.peer_ases, 2);
	assert_int_equal(c.source[1].listen.hold, 30);
	assert_int_equal(c.source[1].listen.router_id, 0x0a000001);
	assert_true(c.source[2].ris_all);
	assert_int_equal(c.source[3].follow.every, 5);
	assert_int_equal(c.routes, 1);
	assert_int_equal(c.route[0].kind, ALERT_MAIL);
	assert_true(c.route[0].starttls);
	assert_int_equal(c.route[0].least, SEVERITY_HIGH);
	assert_int_equal(c.route[0].per_hour, 10);
	assert_string_equal(c.route[0].territory[0], "KP");
	watch_config_free(&c);
}

static void test_config_errors(void **state)
{
	struct watch_config c;

	assert_false(read_conf(&c,
	    "[watch]\nfoo = 1\nfamily = 5\nwarm-up = soon\n[bmp a]\nlisten = x\nallow = here\n[bgp "
	    "a]\nlocal-as = ten\n"
	    "hold = 0s\n[alert]\nkind = mail\n[alert w]\nkind = pigeon\nseverity = bad\n[moon x]\ny = z\n"));
	assert_string_equal(told.buf,
	    ":2: [watch] has no key \"foo\"\n"
	    ":3: \"5\": 4, 6 or all is wanted\n"
	    ":4: warm-up: \"soon\" is not a value for it\n"
	    ":7: \"here\" is neither an address nor a prefix\n"
	    ":9: \"ten\" is no AS number\n"
	    ":10: \"0s\" is no span from 1 s to 65535 s\n"
	    ":12: [alert NAME]: a name of letters, digits, - and _ is wanted\n"
	    ":14: \"pigeon\" is no kind of alert: webhook, slack, mail, syslog, command or file\n"
	    ":15: \"bad\" is no severity: info, low, medium, high or critical\n"
	    ":17: no section [moon x]: watch, bmp, bgp, ris, follow or alert, and a name\n"
	    ": [bmp a]: listen is no ADDRESS:PORT, as 127.0.0.1:1790 or [::]:1790\n"
	    ": [bgp a]: listen = ADDRESS:PORT is missing\n"
	    ": [alert w]: kind is missing\n"
	    ": two sources are called \"a\"\n"
	    ": alerts need a folder to wait in until they are delivered: spool = PATH in [watch]\n");
	assert_int_equal(c.errors, 15);
	watch_config_free(&c);
	assert_false(
	    read_conf(&c, "[bgp b]\nlisten = [::1]:179\npassword = x\n[ris c]\nurl = ws://example.net/\n"));
	assert_string_equal(told.buf, ": [bgp b]: password: say in allow whose it is\n"
				      ": [ris c]: a URL that begins with wss:// is wanted\n");
	watch_config_free(&c);
	assert_false(read_conf(&c, "[watch]\nwho = KP\n"));
	assert_non_null(strstr(told.buf, "no source"));
	watch_config_free(&c);
}

/* ---- parcels ---- */

static const struct bgp_session peer = {.peer = {{192, 0, 2, 1}, FAMILY_IPV4},
    .local = {{192, 0, 2, 2}, FAMILY_IPV4},
    .peer_as = 3356,
    .local_as = 12654,
    .as4 = true};

static struct parcel *parcel_of(enum parcel_kind kind, const void *p, size_t n)
{
	struct parcel *x = mem_alloc(sizeof *x + n + INPUT_PAD);

	x->kind = kind;
	x->time = utime_of(1506848871, 0);
	x->stream = 1;
	x->source = "lab";
	snprintf(x->collector, sizeof x->collector, "lab");
	x->n = n;
	if (n)
		memcpy(x->data, p, n);
	return x;
}

/* 10.NET.0.0/16 by 3356 4837, or End-of-RIB for NET 0. */
static void put_update(struct out *o, uint8_t net)
{
	const uint8_t route[] = {0, 0, 0, 24, 0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, 0x0d, 0x1c, 0, 0, 0x12,
	    0xe5, 0x40, 3, 4, 192, 0, 2, 1, 16, 10, net};
	uint8_t p[100];
	size_t n = net ? bgp_message_write(p, BGP_UPDATE, route, sizeof route)
		       : bgp_message_write(p, BGP_UPDATE, (const uint8_t[4]){0}, 4);

	bgp_record_message(o, utime_of(1506848871, 0), &peer, (struct span){p, n});
}

static void on_second(void *arg, utime_t time)
{
}

/* The kinds of the changes that these bytes make, given in two parts that break a record. */
static void say_changes(struct feed *f, const struct out *bytes, char *said)
{
	struct changes out = {0};
	size_t half = bytes->n / 2;

	for (unsigned i = 0; i < 2; i++) {
		struct parcel *p =
		    parcel_of(PARCEL_MRT, bytes->buf + (i ? half : 0), i ? bytes->n - half : half);
		feed_parcel(f, p, &out, on_second, NULL);
		free(p);
	}
	for (size_t i = 0; i < out.n; i++)
		*said++ = "RLXUDbeg"[out.v[i].kind];
	*said = '\0';
	free(out.v);
}

static void test_feed(void **state)
{
	struct watch_source source = {.kind = SOURCE_BGP, .listen = {.name = "lab"}};
	struct watch_config c = {.source = &source, .sources = 1};
	struct table *t = table_new(&(struct table_options){0});
	struct feed *f = feed_new(t, &c);
	struct changes out = {0};
	struct out o;
	char said[100];

	out_open_mem(&o);
	bgp_record_state(&o, utime_of(1506848871, 0), &peer, BGP_OPEN_CONFIRM, BGP_ESTABLISHED);
	put_update(&o, 1);
	put_update(&o, 2);
	put_update(&o, 0);
	put_update(&o, 3);
	say_changes(f, &o, said);
	assert_string_equal(said, "ULLR"); /* up, the transfer, and behind End-of-RIB news */
	o.n = 0;
	bgp_record_state(&o, utime_of(1506848872, 0), &peer, BGP_ESTABLISHED, BGP_IDLE);
	say_changes(f, &o, said);
	assert_string_equal(said, "XXXD"); /* forgotten, not withdrawn */
	assert_int_equal(feed_count(f)->updates, 4);
	assert_int_equal(feed_count(f)->faults, 0);
	feed_parcel(f,
	    &(struct parcel){.kind = PARCEL_DOWN, .stream = 1, .source = "lab", .collector = "lab"}, &out,
	    on_second, NULL);
	feed_free(f);
	table_free(t);
	out_close(&o);
	free(out.v);
}

/* ---- the verb ---- */

static int verb(const char *options, const char *conf)
{
	char *path = put_conf(conf), *command = mem_printf("%s watch --config %s %s >%s/said 2>&1",
					 getenv("ISTHMUS"), path, options, dir);
	int rc = system(command);

	free(command);
	free(path);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void test_verb(void **state)
{
	if (!getenv("ISTHMUS"))
		skip();
	assert_int_equal(verb("--check", "[watch]\nwho = KP\n[bmp a]\nlisten = 127.0.0.1:0\n"), 0);
	assert_int_equal(
	    verb("--check", "[watch]\nwho = nowhere at all\n[bmp a]\nlisten = 127.0.0.1:0\n"), 1);
#define ALERTS(of)                                                                                        \
	"[watch]\nwho = KP CU\nspool = s\n[bmp a]\nlisten = 127.0.0.1:0\n[alert x]\nkind = file\nfile = " \
	"f\nterritory = " of "\n"
	assert_int_equal(verb("--check", ALERTS("kp Cuba")), 0);
	assert_int_equal(verb("--check", ALERTS("KP SY")), 1); /* is not watched */
	assert_int_equal(verb("--check", ALERTS("KP Atlantis")), 1);
	assert_int_equal(verb("--check", "[bmp a]\n"), 1);
	assert_int_equal(verb("x", "[bmp a]\n"), 2);
}

static void test_stop(void **state)
{
	char *path = put_conf("[watch]\nwho = KP\n[bmp a]\nlisten = 127.0.0.1:0\n");
	int status = -1;
	pid_t child;

	if (!getenv("ISTHMUS"))
		skip();
	child = fork();
	if (child == 0) {
		execl(getenv("ISTHMUS"), "isthmus", "watch", "--config", path, (char *)NULL);
		_exit(9);
	}
	usleep(500000);
	kill(child, SIGHUP); /* before it listens to signals or after: it must not end with another status */
	usleep(500000);
	kill(child, SIGTERM);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true((WIFEXITED(status) && WEXITSTATUS(status) == 0) || WIFSIGNALED(status));
	free(path);
}

static int setup(void **state)
{
	out_open_mem(&told);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	free(command);
	out_close(&told);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_config),
	    cmocka_unit_test(test_config_errors),
	    cmocka_unit_test(test_feed),
	    cmocka_unit_test(test_verb),
	    cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
