/*
 * input/live: routers and BGP peers played here by plain sockets on loopback, and folders that grow. What
 * comes out is read by decode, as watch does.
 */
#include "input/live.h"

#include "base/mem.h"
#include "base/out.h"
#include "decode/decode.h"
#include "input/bgp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT = 20000 /* ms: only a failing test waits so long */ };

/* ---- sockets ---- */

/* A port that is free now. */
static char *free_address(struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t n = sizeof *a;

	*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof *a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)a, &n), 0);
	close(fd);
	return mem_printf("127.0.0.1:%u", ntohs(a->sin_port));
}

static int connect_to(const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)a, sizeof *a), 0);
	return fd;
}

static void send_all(int fd, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n) {
		ssize_t put = send(fd, b, n, MSG_NOSIGNAL);
		assert_true(put > 0);
		b += put;
		n -= (size_t)put;
	}
}

/* Reads until the other side closes; the bytes that came. */
static size_t read_to_end(int fd, uint8_t *p, size_t cap)
{
	size_t n = 0;
	ssize_t got;

	while (n < cap && (got = recv(fd, p + n, cap - n, 0)) > 0)
		n += (size_t)got;
	return n;
}

static struct parcel *expect_parcel(struct live *l, enum parcel_kind kind)
{
	struct parcel *p = live_next(l, WAIT);

	assert_non_null(p);
	if (p->kind != kind)
		print_error("parcel of kind %d: %.*s\n", p->kind, (int)p->n, (const char *)p->data);
	assert_int_equal(p->kind, kind);
	return p;
}

static void drop_parcel(struct live *l, enum parcel_kind kind, const char *text)
{
	struct parcel *p = expect_parcel(l, kind);

	if (text)
		assert_non_null(strstr((const char *)p->data, text));
	free(p);
}

/* ---- BMP ---- */

static size_t bmp_message(uint8_t *p, uint8_t type, size_t body)
{
	const size_t n = 6 + body;
	const uint8_t head[6] = {3, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type};

	memcpy(p, head, 6);
	for (size_t i = 6; i < n; i++)
		p[i] = (uint8_t)(i * 7 + type);
	return n;
}

static void test_bmp(void **state)
{
	struct sockaddr_in a;
	struct live_listen o = {.name = "routers", .address = free_address(&a)};
	struct live *l = live_new();
	uint8_t sent[3000], got[3000];
	size_t n = 0, have = 0;
	struct parcel *p;
	int fd;

	assert_null(live_add_bmp(l, &o));
	live_start(l);
	fd = connect_to(&a);
	p = expect_parcel(l, PARCEL_UP);
	assert_string_equal(p->source, "routers");
	assert_string_equal(p->collector, "127.0.0.1");
	free(p);
	n += bmp_message(sent + n, 4, 30);
	n += bmp_message(sent + n, 0, 1200);
	n += bmp_message(sent + n, 0, 5);
	for (size_t i = 0; i < n; i += 100)
		send_all(fd, sent + i, n - i < 100 ? n - i : 100);
	while (have < n) { /* however the bytes came: whole messages, none lost, in order */
		p = expect_parcel(l, PARCEL_BMP);
		memcpy(got + have, p->data, p->n);
		have += p->n;
		assert_true(have == 36 || have == 36 + 1206 || have == n);
		for (size_t i = 0; i < INPUT_PAD; i++)
			assert_int_equal(p->data[p->n + i], 0);
		free(p);
	}
	assert_memory_equal(got, sent, n);
	send_all(fd, "GET / HTTP/1.0\r\n", 16);
	drop_parcel(l, PARCEL_DOWN, "not BMP");
	assert_int_equal(read_to_end(fd, got, sizeof got), 0);
	close(fd);
	live_free(l);
	free((char *)o.address);
}

/* Nobody takes the parcels: the router has to wait, and nothing is lost. */
static void test_back_pressure(void **state)
{
	enum { MESSAGES = 600, SIZE = 100000 };
	struct sockaddr_in a;
	struct live_listen o = {.name = "routers", .address = free_address(&a)};
	struct live *l = live_new();
	uint8_t *message = mem_alloc(SIZE);
	uint64_t bytes = 0;
	pid_t child;

	assert_null(live_add_bmp(l, &o));
	live_start(l);
	child = fork();
	if (child == 0) {
		int fd = connect_to(&a);
		for (unsigned i = 0; i < MESSAGES; i++) {
			bmp_message(message, 0, SIZE - 6);
			send_all(fd, message, SIZE);
		}
		_exit(0);
	}
	drop_parcel(l, PARCEL_UP, NULL);
	usleep(300000); /* the sender fills what it can */
	assert_true(mem_peak_rss() < 100 << 20);
	for (;;) {
		struct parcel *p = live_next(l, WAIT);
		assert_non_null(p);
		bytes += p->kind == PARCEL_BMP ? p->n : 0;
		if (p->kind == PARCEL_DOWN) {
			free(p);
			break;
		}
		free(p);
	}
	assert_int_equal(bytes, (uint64_t)MESSAGES * SIZE);
	live_free(l);
	free(message);
	free((char *)o.address);
}

static void test_not_allowed(void **state)
{
	struct sockaddr_in a;
	struct prefix only = prefix_make(FAMILY_IPV4, (const uint8_t[]){10, 0, 0, 0}, 8);
	struct live_listen o = {.name = "routers", .address = free_address(&a), .allow = &only, .allows = 1};
	struct live *l = live_new();
	uint8_t b[10];
	int fd;

	assert_null(live_add_bmp(l, &o));
	live_start(l);
	fd = connect_to(&a);
	drop_parcel(l, PARCEL_NOTE, "127.0.0.1 is not allowed to connect");
	assert_int_equal(read_to_end(fd, b, sizeof b), 0);
	close(fd);
	live_free(l);
	free((char *)o.address);
}

static void test_bad_addresses(void **state)
{
	static const char *const bad[] = {
	    NULL, "", "127.0.0.1", "localhost:1790", "127.0.0.1:x", "192.0.2.1:1790"};
	struct live *l = live_new();

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(live_add_bmp(l, &(struct live_listen){.name = "x", .address = bad[i]}));
	live_free(l);
}

/* ---- BGP ---- */

/* What the records of a session say, as text: "up", "down", "update+ids" ... */
static void say_records(struct live *l, struct out *o, unsigned updates)
{
	struct mrt *m = mem_alloc(sizeof *m);
	unsigned seen = 0;

	while (seen < updates) {
		struct parcel *p = live_next(l, WAIT);
		struct cur c;
		struct update u;
		assert_non_null(p);
		c = cur_of(p->data, p->n);
		if (p->kind == PARCEL_UP || p->kind == PARCEL_DOWN)
			out_str(o, p->kind == PARCEL_UP ? "[up] " : "[down] ");
		while (p->kind == PARCEL_MRT && mrt_next(m, &c, 0, true, &u) == MRT_UPDATE) {
			char text[PREFIX_TEXT];
			struct prefix x;
			uint32_t id;
			seen++;
			assert_int_equal(u.type, 17);
			assert_int_equal(u.peer.asn, 64500);
			assert_int_equal(u.local.asn, 65551);
			if (u.kind == UPDATE_STATE)
				out_printf(o, "%u>%u ", u.old_state, u.new_state);
			for (unsigned i = 0; i < 2 && u.kind == UPDATE_MESSAGE; i++)
				while (nlri_next(&u.announced[i], &x, &id, &m->faults, 0)) {
					out_bytes(o, text, prefix_text(text, &x));
					out_printf(o, "#%u ", id);
				}
			if (u.kind == UPDATE_MESSAGE && u.end_of_rib)
				out_str(o, "eor ");
		}
		free(p);
	}
	for (unsigned k = 0; k < FAULT_KINDS; k++)
		assert_int_equal(m->faults.n[k], 0);
	free(m);
}

static size_t message(uint8_t *p, uint8_t type, const char *hex)
{
	uint8_t body[512];
	size_t n = 0;

	for (; *hex; hex += *hex == ' ' ? 1 : 2) {
		unsigned v;
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		body[n++] = (uint8_t)v;
	}
	return bgp_message_write(p, type, body, n);
}

/* AS 64500, 90 s, 10.0.0.9; AS4, sends path identifiers of IPv4, graceful restart of `restart` s. */
static size_t client_open(uint8_t *p, const char *restart)
{
	char *hex =
	    mem_printf("04 fbf4 005a 0a000009 12 02 10 4104 0000fbf4 4504 0001 01 02 4002 %s", restart);
	size_t n = message(p, BGP_OPEN, hex);

	free(hex);
	return n;
}

#define UPDATE_IDS "0000 0018 400101 00 40020a 02 02 0000fbf4 0000fbf5 400304 7f000001 00000007 08 0a"
#define UPDATE_IPV6                                                                                         \
	"0000 002a 400101 00 400206 02 01 0000fbf4 800e 1a 0002 01 10 20010db8000000000000000000000009 00 " \
	"20 20010db8"
#define END_OF_RIB "0000 0000"

static struct live *begin_bgp(struct live_listen *o, struct sockaddr_in *a)
{
	struct live *l = live_new();

	*o = (struct live_listen){.name = "lab", .address = free_address(a), .local_as = 65551};
	assert_null(live_add_bgp(l, o));
	live_start(l);
	return l;
}

static int establish(const struct sockaddr_in *a, const char *restart)
{
	uint8_t p[512];
	struct bgp_open open;
	int fd = connect_to(a);

	send_all(fd, p, client_open(p, restart));
	assert_int_equal(recv(fd, p, BGP_HEADER, MSG_WAITALL), BGP_HEADER);
	assert_int_equal(p[18], BGP_OPEN);
	assert_true(recv(fd, p + BGP_HEADER, be16(p + 16) - (size_t)BGP_HEADER, MSG_WAITALL) > 0);
	assert_int_equal(bgp_open_read((struct span){p, be16(p + 16)}, &open), 0);
	assert_int_equal(open.asn, 65551);
	assert_true(open.as4 && open.extended && open.graceful);
	assert_false(open.sends_ids[0] || open.sends_ids[1]);
	assert_int_equal(recv(fd, p, BGP_HEADER, MSG_WAITALL), BGP_HEADER);
	assert_int_equal(p[18], BGP_KEEPALIVE);
	send_all(fd, p, message(p, BGP_KEEPALIVE, ""));
	return fd;
}

static void test_bgp(void **state)
{
	struct sockaddr_in a;
	struct live_listen o;
	struct live *l = begin_bgp(&o, &a);
	uint8_t p[1024];
	struct out said;
	size_t n;
	int fd = establish(&a, "0000");

	out_open_mem(&said);
	n = message(p, BGP_UPDATE, UPDATE_IDS);
	n += message(p + n, BGP_UPDATE, UPDATE_IPV6);
	n += message(p + n, BGP_UPDATE, END_OF_RIB);
	n += message(p + n, BGP_REFRESH, "0001 00 01");
	n += message(p + n, BGP_NOTIFICATION, "06 02");
	for (size_t i = 0; i < n; i += 11)
		send_all(fd, p + i, n - i < 11 ? n - i : 11);
	say_records(l, &said, 5);
	out_char(&said, '\0');
	assert_string_equal(said.buf, "[up] 5>6 10.0.0.0/8#7 2001:db8::/32#0 eor 6>1 ");
	drop_parcel(l, PARCEL_DOWN, "NOTIFICATION 6/2");
	close(fd);
	live_free(l);
	out_close(&said);
	free((char *)o.address);
}

/* Lost without a NOTIFICATION: the routes stay for the restart time, or until the peer is back. */
static void test_graceful(void **state)
{
	struct sockaddr_in a;
	struct live_listen o;
	struct live *l = begin_bgp(&o, &a);
	struct out said;
	int fd = establish(&a, "0001");

	out_open_mem(&said);
	say_records(l, &said, 1);
	close(fd);
	drop_parcel(l, PARCEL_DOWN, "closed by the peer");
	say_records(l, &said, 1); /* a second later */
	fd = establish(&a, "0fff");
	say_records(l, &said, 1);
	close(fd);
	drop_parcel(l, PARCEL_DOWN, "closed by the peer");
	fd = establish(&a, "0fff");
	say_records(l, &said, 2); /* now: it begins anew */
	close(fd);
	live_free(l);
	out_char(&said, '\0');
	assert_string_equal(said.buf, "[up] 5>6 6>1 [up] 5>6 6>1 [up] 5>6 ");
	out_close(&said);
	free((char *)o.address);
}

/* Each fault gets the NOTIFICATION of RFC 4271 6, and the session its end. */
static void test_bgp_faults(void **state)
{
	static const struct {
		const char *open, *then; /* a BODY; then raw bytes instead of KEEPALIVE */
		uint8_t code, subcode;
	} cases[] = {
	    {"03 fbf4 005a 0a000009 00", NULL, 2, 1},
	    {"04 0000 005a 0a000009 00", NULL, 2, 2},
	    {"04 fbf4 005a 00000000 00", NULL, 2, 3},
	    {"04 fbf4 0001 0a000009 00", NULL, 2, 6},
	    {"04 fbf4 005a 0a000009 09", NULL, 1, 2},
	    {"04 fbf4 005a 0a000009 03 02 05 41", NULL, 2, 0},
	    {"04 fbf4 005a 0a000009 00", "no marker is in these bytes at all", 1, 1},
	};
	struct sockaddr_in a;
	struct live_listen o;
	struct live *l = begin_bgp(&o, &a);
	uint8_t p[512];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int fd = connect_to(&a);
		size_t n;
		send_all(fd, p, message(p, BGP_OPEN, cases[i].open));
		if (cases[i].then)
			send_all(fd, cases[i].then, strlen(cases[i].then));
		n = read_to_end(fd, p, sizeof p);
		assert_true(n >= 21);
		assert_int_equal(p[n - 3], BGP_NOTIFICATION);
		assert_int_equal(p[n - 2], cases[i].code);
		assert_int_equal(p[n - 1], cases[i].subcode);
		drop_parcel(l, PARCEL_DOWN, NULL);
		close(fd);
	}
	live_free(l);
	free((char *)o.address);
}

/* A peer that falls silent is ended by the hold timer, and told so. */
static void test_hold_timer(void **state)
{
	struct sockaddr_in a;
	struct live_listen o;
	struct live *l = begin_bgp(&o, &a);
	uint8_t p[512];
	int fd = connect_to(&a);
	size_t n;

	send_all(fd, p, message(p, BGP_OPEN, "04 fbf4 0003 0a000009 00"));
	n = read_to_end(fd, p, sizeof p); /* OPEN, KEEPALIVEs, NOTIFICATION */
	assert_true(n >= 21);
	assert_int_equal(p[n - 3], BGP_NOTIFICATION);
	assert_int_equal(p[n - 2], 4);
	drop_parcel(l, PARCEL_DOWN, "hold time");
	close(fd);
	live_free(l);
	free((char *)o.address);
}

static bool set_key(int fd, const struct sockaddr_in *to, const char *text)
{
	struct tcp_md5sig key = {.tcpm_keylen = (uint16_t)strlen(text)};

	memcpy(&key.tcpm_addr, to, sizeof *to);
	memcpy(key.tcpm_key, text, strlen(text));
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof key) == 0;
}

/* RFC 2385: who signs with the password gets through, who does not is not even answered. */
static void test_password(void **state)
{
	struct sockaddr_in a;
	struct prefix home = prefix_make(FAMILY_IPV4, (const uint8_t[]){127, 0, 0, 0}, 8);
	struct live_listen o = {
	    .name = "lab", .address = free_address(&a), .allow = &home, .allows = 1, .password = "secret"};
	struct live *l = live_new();
	struct timeval second = {1, 0};
	int signed_fd = socket(AF_INET, SOCK_STREAM, 0), plain = socket(AF_INET, SOCK_STREAM, 0);
	uint8_t p[512];

	if (!set_key(signed_fd, &a, "secret")) {
		fputs("skipped: this kernel takes no TCP MD5 keys\n", stderr);
		assert_non_null(live_add_bgp(l, &o));
	} else {
		assert_null(live_add_bgp(l, &o));
		live_start(l);
		setsockopt(plain, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
		assert_int_equal(connect(plain, (struct sockaddr *)&a, sizeof a), -1);
		assert_int_equal(connect(signed_fd, (struct sockaddr *)&a, sizeof a), 0);
		send_all(signed_fd, p, client_open(p, "0000"));
		assert_int_equal(recv(signed_fd, p, BGP_HEADER, MSG_WAITALL), BGP_HEADER);
		assert_int_equal(p[18], BGP_OPEN);
	}
	o.allows = 0;
	assert_non_null(live_add_bgp(l, &o)); /* whose password? */
	close(plain);
	close(signed_fd);
	live_free(l);
	free((char *)o.address);
}

/* ---- folders ---- */

static void put_file(const char *path, uint32_t time, uint16_t type, size_t n)
{
	FILE *f = fopen(path, "wb");
	uint8_t p[64] = {(uint8_t)(time >> 24), (uint8_t)(time >> 16), (uint8_t)(time >> 8), (uint8_t)time, 0,
	    (uint8_t)type, 0, 1, 0, 0, 0, 20};

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static void expect_file(struct live *l, const char *name, size_t n)
{
	struct parcel *p = expect_parcel(l, PARCEL_UP);
	uint32_t stream = p->stream;

	assert_non_null(strstr((const char *)p->data, name));
	free(p);
	p = expect_parcel(l, PARCEL_MRT);
	assert_int_equal(p->n, n);
	assert_int_equal(p->stream, stream);
	free(p);
	free(expect_parcel(l, PARCEL_DOWN));
}

static void test_follow(void **state)
{
	char dir[] = "/tmp/isthmus-follow-XXXXXX", path[100], hidden[100];
	struct live_follow o = {.name = "archive", .folder = dir, .every = 1};
	struct live *l = live_new();
	char *command;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/old", dir);
	put_file(path, 1506800000, 16, 32);
	snprintf(path, sizeof path, "%s/rib", dir);
	put_file(path, 1506816000, 13, 32);
	snprintf(path, sizeof path, "%s/during", dir);
	put_file(path, 1506815500, 16, 32);
	snprintf(path, sizeof path, "%s/after", dir);
	put_file(path, 1506819600, 16, 32);
	assert_null(live_add_follow(l, &o));
	live_start(l);
	expect_file(l, "/during", 32); /* not "old": the dump holds it */
	expect_file(l, "/rib", 32);
	expect_file(l, "/after", 32);
	snprintf(hidden, sizeof hidden, "%s/.coming", dir);
	snprintf(path, sizeof path, "%s/fresh", dir);
	put_file(hidden, 1506820500, 16, 32);
	assert_int_equal(rename(hidden, path), 0);
	expect_file(l, "/fresh", 32);
	live_free(l);
	command = mem_printf("rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	free(command);
}

/* An archive that takes the connection and never answers: a stop does not wait for it. */
static void test_mute_archive(void **state)
{
	static const char *const collector[] = {"rrc00"};
	char dir[] = "/tmp/isthmus-follow-XXXXXX";
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct live_follow o = {.name = "archive", .folder = dir, .collector = collector, .collectors = 1};
	struct live *l = live_new();

	assert_non_null(mkdtemp(dir));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	o.url = mem_printf("http://127.0.0.1:%u", ntohs(a.sin_port));
	assert_null(live_add_follow(l, &o));
	live_start(l);
	usleep(500000);
	live_free(l);
	close(fd);
	free((char *)o.url);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bmp),
	    cmocka_unit_test(test_back_pressure),
	    cmocka_unit_test(test_not_allowed),
	    cmocka_unit_test(test_bad_addresses),
	    cmocka_unit_test(test_bgp),
	    cmocka_unit_test(test_graceful),
	    cmocka_unit_test(test_bgp_faults),
	    cmocka_unit_test(test_hold_timer),
	    cmocka_unit_test(test_password),
	    cmocka_unit_test(test_follow),
	    cmocka_unit_test(test_mute_archive),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
