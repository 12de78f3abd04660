/* decode/bmp: messages made here; those of real routers are in bmp_capture_test.c. */
#include "decode/bmp.h"

#include "decode/capture_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- as text ---- */

static const char *const type_names[] = {"RouteMonitoring", "StatisticsReport", "PeerDownNotification",
    "PeerUpNotification", "Initiation", "Termination", "RouteMirroring"};

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
/* Every reason of a Peer Down and of a Termination, and ones that nobody defined. */
static void test_reasons(void **state)
{
	static const struct {
		const char *body;
		bool fits;
		uint8_t reason, code;
		uint16_t event;
		size_t tlvs;
		const char *text;
	} cases[] = {
	    {"01 " MARKER "0015 03 06 02", true, 1, 6, 0, 0,
		"the router ended the session by a NOTIFICATION"},
	    {"01 " MARKER "0015 03 06", false, 1, 0, 0, 0, "the router ended the session by a NOTIFICATION"},
	    {"02 0012", true, 2, 0, 18, 0, "the router ended the session"},
	    {"02 00", false, 2, 0, 0, 0, "the router ended the session"},
	    {"03 " MARKER "0015 03 04 00", true, 3, 4, 0, 0, "the peer ended the session by a NOTIFICATION"},
	    {"04", true, 4, 0, 0, 0, "the peer ended the session"},
	    {"05", true, 5, 0, 0, 0, "the router does not monitor it any more"},
	    {"06 0003 0002 7266", true, 6, 0, 0, 6, "the router's own table is monitored no more"},
	    {"07", true, 7, 0, 0, 0, "for a reason not known here"},
	    {"00", true, 0, 0, 0, 0, "for a reason not known here"},
	    {"", false, 0, 0, 0, 0, "for a reason not known here"},
	};
	static const char *const ends[] = {"closed by its administrator", "for no reason that it gives",
	    "out of resources", "a connection too many", "closed for good by its administrator",
	    "for a reason not known here"};
	struct bmp *b = mem_alloc(sizeof *b);
	struct bmp_message m;
	struct bmp_down down;
	uint8_t p[256];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cur c = cur_of(p, put_message(p, BMP_PEER_DOWN, PEER, cases[i].body));
		assert_int_equal(bmp_next(b, &c, 0, &m), BMP_MESSAGE);
		assert_int_equal(bmp_down_cut(&m, &down), cases[i].fits);
		assert_int_equal(down.reason, cases[i].reason);
		assert_int_equal(down.notification.n ? down.notification.p[19] : 0, cases[i].code);
		assert_int_equal(down.event, cases[i].event);
		assert_int_equal(down.tlvs.n, cases[i].tlvs);
		assert_string_equal(bmp_down_text(down.reason), cases[i].text);
	}
	for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
		char body[64];
		struct cur c;
		snprintf(body, sizeof body, "0000 0002 6869 0001 0002 %04x", i);
		c = cur_of(p, put_message(p, BMP_TERMINATION, "", body));
		assert_int_equal(bmp_next(b, &c, 0, &m), BMP_MESSAGE);
		assert_string_equal(bmp_termination_text(&m), ends[i]);
	}
	assert_int_equal(
	    bmp_next(b, &(struct cur){p, p + put_message(p, BMP_TERMINATION, "", ""), false}, 0, &m),
	    BMP_MESSAGE);
	assert_null(bmp_termination_text(&m));
	free(b);
}

/* Per-peer headers: which table a message is of (RFC 7854 4.2, 8671 4, 9069 4.2), and what is in it. */
static void test_views(void **state)
{
	static const struct {
		unsigned type, flags;
		enum bmp_view view;
		uint8_t as_size, family;
		bool filtered;
	} cases[] = {
	    {0, 0x00, BMP_IN_PRE, 4, FAMILY_IPV4, false}, {0, 0x40, BMP_IN_POST, 4, FAMILY_IPV4, false},
	    {0, 0x20, BMP_IN_PRE, 2, FAMILY_IPV4, false}, {0, 0x80, BMP_IN_PRE, 4, FAMILY_IPV6, false},
	    {1, 0xc0, BMP_IN_POST, 4, FAMILY_IPV6, false}, {2, 0x10, BMP_OUT_PRE, 4, FAMILY_IPV4, false},
	    {0, 0x50, BMP_OUT_POST, 4, FAMILY_IPV4, false}, {0, 0xf0, BMP_OUT_POST, 2, FAMILY_IPV6, false},
	    {3, 0x00, BMP_LOC, 4, FAMILY_IPV4, false}, {3, 0x80, BMP_LOC, 4, FAMILY_IPV4, true},
	    {3, 0x70, BMP_LOC, 4, FAMILY_IPV4, false}, /* no L, A or O flag in a Loc-RIB's header */
	};
	struct bmp *b = mem_alloc(sizeof *b);
	struct bmp_message m;
	uint64_t in = 0, out = 0, loc = 0;
	uint8_t p[256];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct cur c = cur_of(p, put_message(p, BMP_STATS, PEER, "00000000"));
		p[6] = (uint8_t)cases[i].type;
		p[7] = (uint8_t)cases[i].flags;
		assert_int_equal(bmp_next(b, &c, 0, &m), BMP_MESSAGE);
		assert_int_equal(m.peer.view, cases[i].view);
		assert_int_equal(m.peer.as_size, cases[i].as_size);
		assert_int_equal(m.peer.key.addr.family, cases[i].family);
		assert_int_equal(m.peer.filtered, cases[i].filtered);
		if (i == 1)
			in = m.peer.id;
		else if (i == 6)
			out = m.peer.id;
		else if (i == 8)
			loc = m.peer.id;
	}
	assert_true(
	    in != out && out != loc && loc != in); /* each has OPENs, and path identifiers, of its own */
	free(b);
}

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
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_views),
	    cmocka_unit_test(test_cut_and_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
