/*
 * input/ris and input/live_ris: RIS Live messages as records, and the connection against a WebSocket server
 * over TLS that is played here (libwebsockets) with its faults: cut frames, pings, bad JSON, silence, ends, a
 * wrong certificate.
 */
#include "base/mem.h"
#include "decode/decode.h"
#include "input/live.h"
#include "input/ris.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT = 20000 };
#define NOW utime_of(1553627990, 0)

/* AS11708 announces 45.161.192.0/23 by [11708 32097], as RIS Live words it. */
#define RAW                                                                                                 \
	"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0033020000001840010100 40020A020200002DBC00007D61 400304480000FE " \
	"172DA1C0"
#define MESSAGE                                                                                              \
	"{\"type\":\"ris_message\",\"data\":{\"timestamp\":1553627987.89,\"peer\":\"72.22.223.9\",\"peer_"   \
	"asn\":\"11708\","                                                                                   \
	"\"id\":\"a\\\"}b\",\"raw\":\"%s\",\"host\":\"rrc00.ripe.net\",\"type\":\"UPDATE\",\"path\":[11708," \
	"[1,2],32097],"                                                                                      \
	"\"announcements\":[{\"next_hop\":\"72.22.223.9\",\"prefixes\":[\"45.161.192.0/23\"]}]}}"

static char *update_message(void)
{
	char raw[sizeof RAW], *p = raw;

	for (const char *s = RAW; *s; s++)
		if (*s != ' ')
			*p++ = *s;
	*p = '\0';
	return mem_printf(MESSAGE, raw);
}

static enum ris_kind scan(const char *text, struct out *o, char host[RIS_HOST])
{
	o->n = 0;
	return ris_scan(text, strlen(text), NOW, o, host);
}

/* The one record of o. */
static void read_record(const struct out *o, struct update *u)
{
	struct mrt *m = mem_alloc(sizeof *m);
	struct cur c = cur_of(o->buf, o->n);

	assert_int_equal(mrt_next(m, &c, 0, true, u), MRT_UPDATE);
	assert_int_equal(cur_left(&c), 0);
	for (unsigned k = 0; k < FAULT_KINDS; k++)
		assert_int_equal(m->faults.n[k], 0);
	free(m);
}

static void test_update(void **state)
{
	char *text = update_message(), host[RIS_HOST];
	struct out o;
	struct update u;
	struct prefix p;
	struct fault_count faults = {0};
	struct span path, path4;
	uint32_t id;
	asn_t asn[8];
	unsigned flags;

	out_open_mem(&o);
	assert_int_equal(scan(text, &o, host), RIS_RECORD);
	assert_string_equal(host, "rrc00");
	read_record(&o, &u);
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_int_equal(u.time, utime_of(1553627987, 890000));
	assert_int_equal(u.peer.asn, 11708);
	assert_memory_equal(u.peer.addr.b, ((const uint8_t[]){72, 22, 223, 9}), 4);
	assert_true(nlri_next(&u.announced[0], &p, &id, &faults, 0));
	assert_memory_equal(p.b, ((const uint8_t[]){45, 161, 192, 0}), 4);
	assert_int_equal(p.len, 23);
	attrs_paths(&u.attrs, &path, &path4);
	assert_int_equal(as_path_flat(path, path4, u.attrs.as_size, asn, 8, &flags), 2);
	assert_int_equal(asn[1], 32097);
	out_close(&o);
	free(text);
}

static void test_others(void **state)
{
	static const struct {
		const char *text;
		enum ris_kind kind;
	} cases[] = {
	    {"{\"type\":\"ris_error\",\"data\":{\"message\":\"too many\"}}", RIS_ERROR},
	    {"{\"type\":\"pong\",\"data\":null}", RIS_NOTHING},
	    {" { \"type\" : \"ris_message\" , \"data\" : { "
	     "\"host\":\"rrc01\",\"peer\":\"::1\",\"peer_asn\":\"5\","
	     "\"type\":\"KEEPALIVE\",\"timestamp\":1 } } ",
		RIS_NOTHING},
	    {"{\"type\":\"ris_message\",\"data\":{\"host\":\"rrc01\",\"peer\":\"::1\",\"peer_asn\":5,"
	     "\"timestamp\":1.5,"
	     "\"type\":\"RIS_PEER_STATE\",\"state\":\"down\"}}",
		RIS_RECORD},
	    {"{\"type\":\"ris_message\",\"data\":{\"host\":\"rrc01\",\"peer\":\"x\",\"peer_asn\":5,\"type\":"
	     "\"UPDATE\"}}",
		RIS_BAD},
	    {"{\"type\":\"ris_message\",\"data\":{\"host\":\"rrc01\",\"peer\":\"::1\",\"peer_asn\":5,"
	     "\"type\":\"UPDATE\","
	     "\"raw\":\"FFF\"}}",
		RIS_BAD},
	    {"{\"type\":\"ris_message\",\"data\":{}}", RIS_BAD},
	    {"", RIS_BAD},
	    {"[]", RIS_BAD},
	    {"{\"type\":\"ris_message\"", RIS_BAD},
	    {"{\"type\":\"ris_message\",}", RIS_BAD},
	    {"{\"type\":\"pong\"} x", RIS_BAD},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]}", RIS_BAD},
	};
	char host[RIS_HOST];
	struct out o;
	struct update u;

	out_open_mem(&o);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum ris_kind kind = scan(cases[i].text, &o, host);
		if (kind != cases[i].kind)
			print_error("%s\n", cases[i].text);
		assert_int_equal(kind, cases[i].kind);
		assert_int_equal(o.n > 0, kind == RIS_RECORD);
	}
	scan(cases[0].text, &o, host);
	assert_string_equal(host, "too many");
	scan(cases[3].text, &o, host);
	read_record(&o, &u);
	assert_int_equal(u.kind, UPDATE_STATE);
	assert_int_equal(u.new_state, 1);
	assert_int_equal(u.peer.addr.family, FAMILY_IPV6);
	out_close(&o);
}

/* Cut anywhere, a message is bad and nothing else happens. */
static void test_cut(void **state)
{
	char *text = update_message(), host[RIS_HOST];
	struct out o;

	out_open_mem(&o);
	for (size_t n = 0; n < strlen(text); n++) {
		char *part = mem_alloc(n + 1); /* so that a sanitizer sees a byte too far */
		memcpy(part, text, n);
		o.n = 0;
		assert_int_equal(ris_scan(part, n, NOW, &o, host), RIS_BAD);
		assert_int_equal(o.n, 0);
		free(part);
	}
	out_close(&o);
	free(text);
}

/* What was recorded of the real server. */
static void test_recorded(void **state)
{
	FILE *f = fopen("../shared/data/rislive/caida.ris-live-stream.json", "r");
	unsigned count[4] = {0};
	char *line = NULL, host[RIS_HOST];
	size_t cap = 0;
	ssize_t n;
	struct out o;

	if (!f) {
		fputs("skipped: no ../shared/data\n", stderr);
		skip();
	}
	out_open_mem(&o);
	while ((n = getline(&line, &cap, f)) > 0) {
		struct update u;
		o.n = 0;
		if (line[0] != '{')
			continue;
		switch (ris_scan(line, (size_t)n, NOW, &o, host)) {
		case RIS_RECORD:
			read_record(&o, &u);
			count[RIS_RECORD]++;
			break;
		case RIS_NOTHING:
			count[RIS_NOTHING]++;
			break;
		case RIS_ERROR:
			count[RIS_ERROR]++;
			break;
		case RIS_BAD:
			count[RIS_BAD]++;
			break;
		}
	}
	assert_int_equal(count[RIS_RECORD], 2);
	assert_int_equal(count[RIS_NOTHING], 3);
	assert_int_equal(count[RIS_ERROR], 1);
	assert_int_equal(count[RIS_BAD], 1); /* its last line is cut */
	out_close(&o);
	free(line);
	fclose(f);
}

/* ---- the server ---- */

static char dir[] = "/tmp/isthmus-ris-XXXXXX";

enum act {
	ACT_GOOD,
	ACT_CUT,
	ACT_BAD,
	ACT_PING,
	ACT_PONG /* answers pings, else silent */,
	ACT_SILENT,
	ACT_END
};
struct server {
	pthread_t thread;
	struct lws_context *context;
	int port;
	atomic_bool stop;
	atomic_uint connections, subscriptions, pings;
	const enum act *acts; /* what it does, one after another, ends with ACT_END or ACT_SILENT */
	size_t at, sent, ponged;
	char last[300]; /* subscription received last */
};

static int send_text(struct lws *wsi, const char *p, size_t n, enum lws_write_protocol how)
{
	uint8_t *b = mem_alloc(LWS_PRE + n + 1);
	int put;

	memcpy(b + LWS_PRE, p, n);
	put = lws_write(wsi, b + LWS_PRE, n, how);
	free(b);
	return put < (int)n ? -1 : 0;
}

static int server_act(struct server *s, struct lws *wsi)
{
	char *text = update_message();
	size_t n = strlen(text);
	int rc = 0;

	switch (s->acts[s->at]) {
	case ACT_GOOD:
		rc = send_text(wsi, text, n, LWS_WRITE_TEXT);
		s->at++;
		break;
	case ACT_CUT: /* three frames, and a ping between */
		if (s->sent == 0)
			rc = send_text(wsi, text, 10, LWS_WRITE_TEXT | LWS_WRITE_NO_FIN);
		else if (s->sent == 1)
			rc = send_text(wsi, text + 10, 100, LWS_WRITE_CONTINUATION | LWS_WRITE_NO_FIN);
		else
			rc = send_text(wsi, text + 110, n - 110, LWS_WRITE_CONTINUATION);
		if (++s->sent == 3) {
			s->sent = 0;
			s->at++;
		}
		break;
	case ACT_BAD:
		rc = send_text(wsi, text, 77, LWS_WRITE_TEXT);
		s->at++;
		break;
	case ACT_PING:
		rc = send_text(wsi, "hello", 5, LWS_WRITE_PING);
		s->at++;
		break;
	case ACT_PONG:
		if (s->pings > s->ponged)
			rc = send_text(wsi, "{\"type\":\"pong\"}", 15, LWS_WRITE_TEXT);
		s->ponged = s->pings;
		break;
	case ACT_SILENT:
		break;
	case ACT_END:
		rc = -1;
		s->at++;
		break;
	}
	free(text);
	if (rc == 0 && s->acts[s->at] != ACT_SILENT && s->acts[s->at] != ACT_PONG)
		lws_callback_on_writable(wsi);
	return rc;
}

static int on_server(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct server *s = lws_context_user(lws_get_context(wsi));

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		s->connections++;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		if (n == 15 && memcmp(in, "{\"type\":\"ping\"}", 15) == 0) {
			s->pings++;
			lws_callback_on_writable(wsi);
			return 0;
		}
		snprintf(s->last, sizeof s->last, "%.*s", (int)n, (const char *)in);
		if (++s->subscriptions % 2 == 0)
			lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return server_act(s, wsi);
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
    {"", on_server, 0, 4096, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};

static void *server_run(void *arg)
{
	struct server *s = arg;

	while (!s->stop)
		lws_service(s->context, 0);
	return NULL;
}

static char *in_dir(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static void server_start(struct server *s, const enum act *acts, const char *cert)
{
	char *crt = mem_printf("%s/%s.crt", dir, cert), *key = mem_printf("%s/%s.key", dir, cert);
	struct lws_context_creation_info info = {.iface = "lo",
	    .protocols = protocols,
	    .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_IPV6,
	    .ssl_cert_filepath = crt,
	    .ssl_private_key_filepath = key,
	    .user = s};

	*s = (struct server){.acts = acts};
	lws_set_log_level(0, NULL);
	for (unsigned try = 0; try < 50 && !s->context; try++) { /* a port that nobody has */
		info.port = s->port = 20000 + (int)((unsigned)getpid() * 7 + try * 131) % 20000;
		s->context = lws_create_context(&info);
	}
	assert_non_null(s->context);
	assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
	free(crt);
	free(key);
}

static void server_stop(struct server *s)
{
	s->stop = true;
	lws_cancel_service(s->context);
	pthread_join(s->thread, NULL);
	lws_context_destroy(s->context);
}

static struct live *client_start(struct live_ris *o, const struct server *s)
{
	static const char *const subscribe[] = {
	    "{\"type\":\"RIS_PEER_STATE\"}", "{\"prefix\":\"45.160.0.0/12\",\"moreSpecific\":true}"};
	struct live *l = live_new();

	*o = (struct live_ris){.name = "ris",
	    .url = mem_printf("wss://localhost:%d/v1/ws/?client=test", s->port),
	    .ca_file = in_dir("good.crt"),
	    .subscribe = subscribe,
	    .subscribes = 2,
	    .silence = 3};
	assert_null(live_add_ris(l, o));
	live_start(l);
	return l;
}

static void client_stop(struct live *l, struct live_ris *o)
{
	live_free(l);
	free((char *)o->url);
	free((char *)o->ca_file);
}

/* Records until there are n; notes and reconnections are counted on the way. */
static void expect_records(struct live *l, unsigned n, unsigned *notes)
{
	unsigned seen = 0;

	while (seen < n) {
		struct parcel *p = live_next(l, WAIT);
		assert_non_null(p);
		if (p->kind == PARCEL_MRT) {
			struct mrt *m = mem_alloc(sizeof *m);
			struct cur c = cur_of(p->data, p->n);
			struct update u;
			assert_string_equal(p->collector, "rrc00");
			while (mrt_next(m, &c, 0, true, &u) == MRT_UPDATE) {
				assert_int_equal(u.peer.asn, 11708);
				seen++;
			}
			free(m);
		}
		*notes += p->kind == PARCEL_NOTE;
		free(p);
	}
	assert_int_equal(seen, n);
}

static void expect_down(struct live *l, const char *why)
{
	for (;;) {
		struct parcel *p = live_next(l, WAIT);
		bool down;
		assert_non_null(p);
		down = p->kind == PARCEL_DOWN;
		if (down && why && !strstr((const char *)p->data, why))
			print_error("ended: %s\n", (const char *)p->data);
		if (down && why)
			assert_non_null(strstr((const char *)p->data, why));
		free(p);
		if (down)
			return;
	}
}

static void test_server(void **state)
{
	static const enum act acts[] = {
	    ACT_GOOD, ACT_CUT, ACT_PING, ACT_BAD, ACT_GOOD, ACT_END, ACT_GOOD, ACT_SILENT};
	struct server s;
	struct live_ris o;
	struct live *l;
	unsigned notes = 0;

	server_start(&s, acts, "good");
	l = client_start(&o, &s);
	expect_records(l, 3, &notes);
	assert_int_equal(notes, 1); /* the bad one */
	expect_down(l, NULL);
	expect_records(l, 1, &notes); /* connected and subscribed again */
	assert_int_equal(s.connections, 2);
	assert_true(s.subscriptions >= 4);
	assert_string_equal(s.last,
	    "{\"type\":\"ris_subscribe\",\"data\":{\"prefix\":\"45.160.0.0/12\",\"moreSpecific\":true}}");
	expect_down(l, "silent for 3 s");
	client_stop(l, &o);
	server_stop(&s);
}

/* Who hears nothing asks: a connection whose server answers is no silent one. */
static void test_pings(void **state)
{
	static const enum act acts[] = {ACT_GOOD, ACT_PONG};
	struct server s;
	struct live_ris o;
	struct live *l;
	unsigned notes = 0;
	struct parcel *p;

	server_start(&s, acts, "good");
	l = client_start(&o, &s);
	expect_records(l, 1, &notes);
	p = live_next(l, 4500); /* it is over after 3 s without a word */
	assert_null(p);
	assert_true(s.pings >= 2);
	assert_int_equal(s.connections, 1);
	client_stop(l, &o);
	server_stop(&s);
}

/* A certificate of nobody we trust, or of another name: refused. */
static void test_wrong_certificate(void **state)
{
	static const char *const certs[] = {"stranger", "othername"};
	static const enum act acts[] = {ACT_GOOD, ACT_SILENT};

	for (size_t i = 0; i < 2; i++) {
		struct server s;
		struct live_ris o;
		struct live *l;
		server_start(&s, acts, certs[i]);
		l = client_start(&o, &s);
		expect_down(l, NULL);
		assert_int_equal(s.connections, 0);
		client_stop(l, &o);
		server_stop(&s);
	}
}

/* It takes the connection and never says a word: given up as silent, and a stop does not wait for it. */
static void test_mute_server(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof at;
	struct live *l = live_new();
	struct live_ris o = {.name = "ris", .silence = 1};

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	o.url = mem_printf("ws://127.0.0.1:%u/", ntohs(at.sin_port));
	assert_null(live_add_ris(l, &o));
	live_start(l);
	expect_down(l, "silent for 1 s");
	expect_down(l, "silent for 1 s");
	usleep(500000);
	live_free(l);
	free((char *)o.url);
	close(fd);
}

static void test_bad_urls(void **state)
{
	static const char *const urls[] = {
	    "http://x", "ws://ris-live.ripe.net/v1/ws/", "wss://", "wss://host:0/"};
	struct live *l = live_new();

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_non_null(live_add_ris(l, &(struct live_ris){.name = "x", .url = urls[i]}));
	live_free(l);
}

static void make_certificate(const char *name, const char *host, const char *trusted_by)
{
	char *command =
	    mem_printf("cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=%s -addext "
		       "subjectAltName=DNS:%s -keyout %s.key -out %s.crt >/dev/null 2>&1%s%s%s",
		dir, host, host, name, name, trusted_by ? " && cat " : "", trusted_by ? name : "",
		trusted_by ? ".crt >>good.crt" : "");

	assert_int_equal(system(command), 0);
	free(command);
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	make_certificate("good", "localhost", NULL);
	make_certificate("stranger", "localhost", NULL);
	make_certificate("othername", "example.net", "good"); /* trusted, but of another name */
	return 0;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	free(command);
	return rc;
}

/* libwebsockets 4.1 keeps its TLS client context when its own is destroyed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcrypto.so\nleak:libssl.so\nleak:libwebsockets.so\n";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_update),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_server),
	    cmocka_unit_test(test_pings),
	    cmocka_unit_test(test_wrong_certificate),
	    cmocka_unit_test(test_mute_server),
	    cmocka_unit_test(test_bad_urls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
