/*
 * decode/bmp: messages made here, and the router captures of ../shared/data/captures-pmacct, message by
 * message against the values that stand beside them (NetGauze's JSON).
 */
#include "decode/bmp.h"

#include "base/mem.h"
#include "base/out.h"

#include <glob.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- captures: the TCP payload of each sender, in order ---- */
struct flow {
	uint8_t end[36]; /* addresses and ports */
	uint32_t next;   /* sequence number due */
	uint8_t *p;
	size_t n;
};

static uint8_t *file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f);
	rewind(f);
	p = mem_alloc(*n + 1);
	assert_int_equal(fread(p, 1, *n, f), *n);
	fclose(f);
	return p;
}

static void flow_add(struct flow *flow, uint32_t seq, const uint8_t *p, size_t n)
{
	uint32_t again = flow->next - seq; /* bytes seen before */

	if ((int32_t)again < 0 || again >= n)
		return;
	flow->p = mem_grow(flow->p, flow->n + n - again, 1);
	memcpy(flow->p + flow->n, p + again, n - again);
	flow->n += n - again;
	flow->next += (uint32_t)(n - again);
}

/* One Ethernet frame with IPv4 or IPv6 and TCP. */
static void frame_add(struct flow *flows, size_t *n, struct cur c)
{
	uint8_t end[36] = {0};
	uint16_t type, ports;
	const uint8_t *ip, *tcp;
	size_t head, length;

	cur_take(&c, 12);
	type = cur_u16(&c);
	if (type != 0x0800 && type != 0x86dd)
		return;
	ip = c.p;
	head = type == 0x0800 ? (size_t)(ip[0] & 15) * 4 : 40;
	length = type == 0x0800 ? be16(ip + 2) : 40U + be16(ip + 4);
	if ((type == 0x0800 ? ip[9] : ip[6]) != 6)
		return;
	memcpy(end, type == 0x0800 ? ip + 12 : ip + 8, type == 0x0800 ? 8 : 32);
	tcp = ip + head;
	memcpy(end + 32, tcp, 4);
	ports = (uint16_t)((tcp[12] >> 4) * 4);
	if (head + ports >= length || tcp + ports + (length - head - ports) > c.end)
		return;
	for (size_t i = 0; i <= *n; i++) {
		if (i == *n) {
			flows[(*n)++] = (struct flow){.next = be32(tcp + 4)};
			memcpy(flows[i].end, end, sizeof end);
		}
		if (memcmp(flows[i].end, end, sizeof end) == 0) {
			flow_add(&flows[i], be32(tcp + 4), tcp + ports, length - head - ports);
			return;
		}
	}
}

enum { FLOWS = 16 };
static size_t capture_read(const char *path, struct flow flows[FLOWS])
{
	size_t n, count = 0;
	uint8_t *p = file_read(path, &n);
	struct cur c = cur_of(p, n);

	cur_take(&c, 24);
	while (cur_left(&c) >= 16) {
		const uint8_t *head = cur_take(&c, 16);
		frame_add(flows, &count, cur_sub(&c, __builtin_bswap32(be32(head + 8)))); /* little-endian */
		assert_true(count < FLOWS);
	}
	free(p);
	return count;
}

/* ---- both sides as text ---- */

static const char *const type_names[] = {"RouteMonitoring", "StatisticsReport", "PeerDownNotification",
    "PeerUpNotification", "Initiation", "Termination", "RouteMirroring"};

static void say_prefixes(struct out *o, char sign, struct nlri list, struct fault_count *faults)
{
	struct prefix p;
	uint32_t id;
	char text[PREFIX_TEXT];

	while (list.safi == 1 && list.family && nlri_next(&list, &p, &id, faults, 0)) {
		out_char(o, ' ');
		out_char(o, sign);
		out_bytes(o, text, prefix_text(text, &p));
		if (list.addpath)
			out_printf(o, "#%u", id);
	}
}

static void say_path(struct out *o, const struct update *u)
{
	struct span as_path, as4_path;
	struct cur c;
	struct as_segment s;

	attrs_paths(&u->attrs, &as_path, &as4_path);
	c = cur_of_span(as_path);
	while (as_segment_next(&c, u->attrs.as_size, &s))
		for (struct cur a = cur_of_span(s.asns); cur_left(&a);)
			out_printf(o, " %u", s.as_size == 4 ? cur_u32(&a) : cur_u16(&a));
}

static void say_ours(struct bmp *b, struct bmp_message *m, struct out *o)
{
	struct update u;
	char text[ADDR_TEXT], time[UTIME_TEXT];

	out_str(o, type_names[m->type]);
	if (m->has_peer) {
		out_printf(o, " type %u post %d ", m->peer.type,
		    m->peer.view == BMP_IN_POST || m->peer.view == BMP_OUT_POST);
		if (m->peer.type != 3)
			out_bytes(o, text, addr_text(text, &m->peer.key.addr));
		utime_text(time, m->peer.time);
		out_printf(o, " AS%u %u %s", m->peer.key.asn, m->peer.bgp_id, m->peer.time ? time : "-");
	}
	while (bmp_update(b, m, &u)) {
		if (u.kind != UPDATE_MESSAGE)
			continue;
		say_prefixes(o, '-', u.withdrawn[0], &b->faults);
		say_prefixes(o, '-', u.withdrawn[1], &b->faults);
		out_str(o, " path");
		say_path(o, &u);
		say_prefixes(o, '+', u.announced[0], &b->faults);
		say_prefixes(o, '+', u.announced[1], &b->faults);
	}
}

static void say_networks(struct out *o, char sign, const json_t *list)
{
	size_t i;
	const json_t *v;

	json_array_foreach(list, i, v)
	{
		const json_t *id = json_object_get(v, "path_id");
		out_printf(o, " %c%s", sign, json_string_value(json_object_get(v, "network")));
		if (json_is_integer(id))
			out_printf(o, "#%lld", (long long)json_integer_value(id));
	}
}

/* The value of the attribute of this name, of any of the unicast families. */
static const json_t *attribute(const json_t *update, const char *name)
{
	size_t i;
	const json_t *a;

	json_array_foreach(json_object_get(update, "path_attributes"), i, a)
	{
		const json_t *v = json_object_get(json_object_get(a, "value"), name);
		if (v)
			return v;
	}
	return NULL;
}

static void say_family(struct out *o, char sign, const json_t *mp, const char *family)
{
	const json_t *v = json_object_get(mp, family);

	say_networks(o, sign, json_object_get(v, "nlri"));
}

static void say_update(struct out *o, const json_t *u)
{
	const json_t *path = attribute(u, "AsPath"), *segments, *s, *n;
	size_t i, k;

	say_networks(o, '-', json_object_get(u, "withdrawn_routes"));
	say_family(o, '-', attribute(u, "MpUnreach"), "Ipv4Unicast");
	say_family(o, '-', attribute(u, "MpUnreach"), "Ipv6Unicast");
	out_str(o, " path");
	segments = json_object_get(path, "As4PathSegments");
	if (!segments)
		segments = json_object_get(path, "As2PathSegments");
	json_array_foreach(segments, i, s) json_array_foreach(json_object_get(s, "as_numbers"), k, n)
	    out_printf(o, " %lld", (long long)json_integer_value(n));
	say_networks(o, '+', json_object_get(u, "nlri"));
	say_family(o, '+', attribute(u, "MpReach"), "Ipv4Unicast");
	say_family(o, '+', attribute(u, "MpReach"), "Ipv6Unicast");
}

static void say_theirs(const json_t *message, struct out *o)
{
	static const char *const peer_types[] = {
	    "GlobalInstancePeer", "RdInstancePeer", "LocalInstancePeer", "LocRibInstancePeer"};
	const char *type = json_object_iter_key(json_object_iter((json_t *)message));
	const json_t *body = json_object_get(message, type), *head = json_object_get(body, "peer_header"),
		     *update;

	out_str(o, type);
	if (head) {
		const json_t *peer = json_object_get(head, "peer_type");
		const char *name = json_object_iter_key(json_object_iter((json_t *)peer)), *address, *time;
		struct addr id;
		unsigned t = 0;
		while (strcmp(peer_types[t], name) != 0)
			t++;
		address = json_string_value(json_object_get(head, "bgp_id"));
		assert_true(addr_parse(address, strlen(address), &id));
		address = json_string_value(json_object_get(head, "address"));
		time = json_string_value(json_object_get(head, "timestamp"));
		out_printf(o, " type %u post %d %s AS%lld %u ", t,
		    json_is_true(json_object_get(json_object_get(peer, name), "post_policy")),
		    t == 3    ? ""
		    : address ? address
			      : "0.0.0.0",
		    (long long)json_integer_value(json_object_get(head, "peer_as")), be32(id.b));
		if (time) {
			char text[UTIME_TEXT];
			utime_t at;
			assert_true(utime_parse(time, &at));
			utime_text(text, at);
			out_str(o, text);
		} else {
			out_char(o, '-');
		}
	}
	update = json_object_get(json_object_get(body, "update_message"), "Update");
	if (update)
		say_update(o, update);
}

/* The next message that NetGauze could read, as text; false at the end of its lines. */
static bool next_theirs(FILE *f, struct out *o, bool *unread)
{
	char *line = NULL;
	size_t cap = 0;
	bool got = false;

	*unread = false;
	while (!got && getline(&line, &cap, f) > 0) {
		json_t *j = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
		const json_t *v3 = json_object_get(j, "V3");
		if (j) {
			o->n = 0;
			*unread = !v3;
			if (v3)
				say_theirs(v3, o);
			got = true;
		}
		json_decref(j);
	}
	free(line);
	return got;
}

static void compare_flow(struct flow *flow, FILE *expected, size_t *messages)
{
	struct bmp *b = mem_alloc(sizeof *b);
	struct cur c = cur_of(flow->p, flow->n);
	struct bmp_message m;
	struct out ours, theirs;
	bool unread;

	out_open_mem(&ours);
	out_open_mem(&theirs);
	while (bmp_next(b, &c, 0, &m) == BMP_MESSAGE) {
		assert_true(next_theirs(expected, &theirs, &unread));
		ours.n = 0;
		say_ours(b, &m, &ours);
		out_char(&ours, 0);
		out_char(&theirs, 0);
		if (!unread)
			assert_string_equal(ours.buf, theirs.buf);
		(*messages)++;
	}
	for (unsigned k = 0; k < FAULT_KINDS; k++)
		assert_int_equal(b->faults.n[k], 0);
	out_close(&ours);
	out_close(&theirs);
	free(b);
}

static void test_captures(void **state)
{
	glob_t g;
	size_t messages = 0;

	if (glob("../shared/data/captures-pmacct/*BMP*.pcap", 0, NULL, &g) != 0) {
		fputs("skipped: no ../shared/data\n", stderr);
		skip();
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *path = mem_printf("%.*s-bmp.json", (int)strlen(g.gl_pathv[i]) - 5, g.gl_pathv[i]);
		struct flow flows[FLOWS] = {0};
		size_t n = capture_read(g.gl_pathv[i], flows);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		for (size_t k = 0; k < n; k++) {
			if (flows[k].n && flows[k].p[0] == 3)
				compare_flow(&flows[k], f, &messages);
			free(flows[k].p);
		}
		fclose(f);
		free(path);
	}
	assert_int_equal(messages, 2902);
	globfree(&g);
}

/* ---- messages made here ---- */

static size_t put(uint8_t *p, size_t at, const char *hex)
{
	for (; *hex; hex += hex[0] == ' ' ? 1 : 2) {
		unsigned v;
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		p[at++] = (uint8_t)v;
	}
	return at;
}

static size_t put_message(uint8_t *p, unsigned type, const char *peer, const char *body)
{
	size_t n = put(p, put(p, 6, peer), body);
	const uint8_t head[6] = {3, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)type};

	memcpy(p, head, 6);
	return n;
}

#define MARKER "ffffffffffffffffffffffffffffffff"
/* Global peer 192.0.2.1, AS 64500, at 2017-10-01T09:07:51.25Z. */
#define PEER "00 00 0000000000000000 000000000000000000000000c0000201 0000fbf4 0a000001 59d0b067 0003d090 "
#define PEER_POST \
	"00 40 0000000000000000 000000000000000000000000c0000201 0000fbf4 0a000001 59d0b067 0003d090 "
/* OPENs with ADDPATH for IPv4 unicast: one receives, one sends. */
#define OPEN(how) MARKER "0027 01 04 fbf4 00b4 0a000001 0a 02 08 45 04 0001 01 " how " 4100 "
#define UP        "000000000000000000000000c0000202 00b3 c000 " OPEN("01") OPEN("02")
/* 10.0.0.0/8 with path identifier 7, path 64500 64501. */
#define ROUTE                                                                                \
	MARKER "0035 02 0000 0018 400101 00 40020a 02 02 0000fbf4 0000fbf5 400304 c0000201 " \
	       "00000007 08 0a"

static size_t make_stream(uint8_t *p)
{
	size_t n = put_message(p, BMP_INITIATION, "", "0002 0003 616263");

	n += put_message(p + n, BMP_PEER_UP, PEER, UP "0003 0002 7266");
	n += put_message(p + n, BMP_ROUTE, PEER, ROUTE);
	n += put_message(p + n, BMP_ROUTE, PEER_POST, ROUTE);
	n += put_message(p + n, 9, "", "00");
	n += put_message(
	    p + n, BMP_STATS, PEER, "00000002 0007 0008 0000000000000005 0009 000b 0001 01 0000000000000006");
	n += put_message(p + n, BMP_MIRROR, PEER, "0001 0002 0000");
	n += put_message(p + n, BMP_PEER_DOWN, PEER, "04");
	n += put_message(p + n, BMP_TERMINATION, "", "0001 0002 0000");
	return n;
}

static void test_messages(void **state)
{
	static const char *const due[] = {"Initiation",
	    "PeerUpNotification type 0 post 0 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z",
	    "RouteMonitoring type 0 post 0 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z path 64500 "
	    "64501 +10.0.0.0/8#7",
	    "RouteMonitoring type 0 post 1 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z path 64500 "
	    "64501 +10.0.0.0/8#7",
	    "StatisticsReport type 0 post 0 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z",
	    "RouteMirroring type 0 post 0 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z",
	    "PeerDownNotification type 0 post 0 192.0.2.1 AS64500 167772161 2017-10-01T09:07:51.25Z",
	    "Termination"};
	uint8_t p[1024];
	struct bmp *b = mem_alloc(sizeof *b);
	struct cur c = cur_of(p, make_stream(p));
	struct bmp_message m;
	struct out ours;

	out_open_mem(&ours);
	for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
		assert_int_equal(bmp_next(b, &c, 0, &m), BMP_MESSAGE);
		ours.n = 0;
		say_ours(b, &m, &ours);
		out_char(&ours, 0);
		assert_string_equal(ours.buf, due[i]);
	}
	assert_int_equal(bmp_next(b, &c, 0, &m), BMP_MORE);
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(b->unknown, 1);
	assert_int_equal(b->faults.n[FAULT_MRT_UNKNOWN], 1);
	out_close(&ours);
	free(b);
}

static void test_parts(void **state)
{
	uint8_t p[1024];
	struct bmp *b = mem_alloc(sizeof *b);
	struct cur c = cur_of(p, make_stream(p)), in;
	struct bmp_message m;
	struct bmp_tlv tlv;
	struct bmp_stat stat;
	struct bmp_up up;
	struct update u;

	bmp_next(b, &c, 0, &m);
	in = cur_of_span(m.body);
	assert_true(bmp_tlv_next(&in, &tlv));
	assert_int_equal(tlv.type, 2);
	assert_memory_equal(tlv.value.p, "abc", 3);
	assert_false(bmp_tlv_next(&in, &tlv));
	bmp_next(b, &c, 0, &m);
	assert_true(bmp_up_cut(&m, &up));
	assert_int_equal(up.local_port, 179);
	in = cur_of_span(up.tlvs);
	assert_true(bmp_tlv_next(&in, &tlv));
	assert_int_equal(tlv.type, 3);
	assert_true(bmp_update(b, &m, &u));
	assert_int_equal(u.kind, UPDATE_STATE);
	assert_int_equal(u.new_state, 6);
	assert_false(bmp_update(b, &m, &u));
	bmp_next(b, &c, 0, &m);
	bmp_next(b, &c, 0, &m);
	bmp_next(b, &c, 0, &m);
	in = cur_of_span(m.body);
	assert_int_equal(cur_u32(&in), 2);
	assert_true(bmp_stat_next(&in, &stat));
	assert_int_equal(stat.value, 5);
	assert_true(bmp_stat_next(&in, &stat));
	assert_int_equal(stat.type, 9);
	assert_int_equal(stat.afi, 1);
	assert_int_equal(stat.value, 6);
	assert_false(bmp_stat_next(&in, &stat));
	bmp_next(b, &c, 0, &m);
	bmp_next(b, &c, 0, &m);
	assert_true(bmp_update(b, &m, &u));
	assert_int_equal(u.old_state, 6);
	assert_int_equal(u.new_state, 1);
	free(b);
}

/* Cut anywhere: what came before is read, and the rest is waited for. A byte that is not BMP: lost, counted.
 */
static void test_cut_and_lost(void **state)
{
	uint8_t p[1024];
	size_t n = make_stream(p), whole = 0;
	struct bmp *b = mem_alloc(sizeof *b);
	struct bmp_message m;
	struct update u;

	for (size_t cut = 0; cut <= n; cut++) {
		struct cur c = cur_of(p, cut);
		size_t got = 0;
		enum bmp_status status;
		while ((status = bmp_next(b, &c, 0, &m)) == BMP_MESSAGE) {
			while (bmp_update(b, &m, &u))
				;
			got++;
		}
		assert_int_equal(status, BMP_MORE);
		assert_true(got >= whole);
		whole = got;
	}
	assert_int_equal(whole, 8);
	p[0] = 4;
	assert_int_equal(bmp_next(b, &(struct cur){p, p + n, false}, 77, &m), BMP_LOST);
	assert_int_equal(b->faults.first[FAULT_MRT_LENGTH], 77);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_cut_and_lost),
	    cmocka_unit_test(test_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
