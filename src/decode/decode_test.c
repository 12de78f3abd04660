/* Every kind of record, written here byte by byte, comes out as what was put in. */
#include "decode/decode.h"
#include "decode/sample_test.h"

static struct sample sample;
static struct mrt_peers peers;

static void test_rib(void **state)
{
	struct update u;
	struct rib_entry e;
	struct stream t;
	unsigned n = 0;

	sample.n = 0;
	put_peers(&sample, 1000, 3);
	put_rib(&sample, 1000, 2, "10.1.0.0/16", 3, 64511);
	put_rib(&sample, 1000, 4, "2001:db8::/32", 2, 64512);
	put_rib(&sample, 1001, 8, "10.2.0.0/16", 2, 64513);
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_PEERS);
	assert_true(mrt_peers_load(&peers, &u, &t.m.faults));
	assert_int_equal(peers.n, 3);
	assert_string_equal(peers.view, "view");
	assert_int_equal(peers.peer[2].asn, 65538);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_RIB);
	assert_prefix(&u.prefix, "10.1.0.0/16");
	for (; rib_entry_next(&u, &e, &t.m.faults); n++) {
		assert_int_equal(e.peer_index, n);
		assert_int_equal(e.originated, utime_of(900, 0));
		assert_path(&e.attrs, 3, (asn_t[]){65536 + n, 3356, 64511});
	}
	assert_int_equal(n, 3);
	assert_true(stream_next(&t, &u));
	assert_prefix(&u.prefix, "2001:db8::/32");
	assert_int_equal(u.entry_count, 2);
	assert_true(stream_next(&t, &u));
	assert_true(u.addpath);
	assert_true(rib_entry_next(&u, &e, &t.m.faults) && rib_entry_next(&u, &e, &t.m.faults));
	assert_int_equal(e.path_id, 2);
	assert_false(stream_next(&t, &u));
	assert_int_equal(t.m.n_records, 4);
	assert_int_equal(fault_sum(&t.m.faults), 0);
	assert_int_equal(t.at, sample.n);
}

static void test_message(void **state)
{
	struct stream t;
	struct update u;
	struct prefix p;
	uint32_t id;

	sample.n = 0;
	put_announcement(
	    &sample, 1000, 65551, 131279, (const char *[]){"175.45.176.0/24", "175.45.177.0/24", NULL});
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_int_equal(u.peer.asn, 65551);
	assert_path(&u.attrs, 3, (asn_t[]){65551, 3356, 131279});
	assert_true(nlri_next(&u.announced[0], &p, &id, &t.m.faults, 0));
	assert_prefix(&p, "175.45.176.0/24");
	assert_true(nlri_next(&u.announced[0], &p, &id, &t.m.faults, 0));
	assert_prefix(&p, "175.45.177.0/24");
	assert_false(nlri_next(&u.announced[0], &p, &id, &t.m.faults, 0));
	assert_false(stream_next(&t, &u));
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

static void test_table_dump(void **state)
{
	struct stream t;
	struct update u;
	struct rib_entry e;
	size_t record;

	sample.n = 0;
	record = sample_record(&sample, 1000, 12, 1);
	put32(&sample, 5);
	put_dump_entry(&sample, "10.0.0.0/8", 701, 7018);
	sample_end(&sample, record);
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_true(u.own_peer);
	assert_prefix(&u.prefix, "10.0.0.0/8");
	assert_int_equal(u.peer.asn, 701);
	assert_true(rib_entry_next(&u, &e, &t.m.faults));
	assert_int_equal(e.originated, utime_of(946684800, 0));
	assert_path(&e.attrs, 2, (asn_t[]){701, 7018});
	assert_false(rib_entry_next(&u, &e, &t.m.faults));
	assert_false(stream_next(&t, &u));
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* MRT type 5 of 1999: an UPDATE without marker, length and type */
static void test_old_bgp(void **state)
{
	struct stream t;
	struct update u;
	struct prefix p;
	uint32_t id;
	size_t record, hole;

	sample.n = 0;
	for (unsigned subtype = 1; subtype <= 7; subtype += 6) {
		record = sample_record(&sample, 936348242, 5, subtype);
		put16(&sample, 3333);
		put_addr(&sample, "193.0.0.56");
		put16(&sample, 65533);
		put_addr(&sample, "193.0.0.1");
		if (subtype == 1) {
			hole = hole16(&sample);
			put_nlri(&sample, "157.100.47.0/24");
			fill16(&sample, hole);
			hole = hole16(&sample);
			put_attrs(&sample, (asn_t[]){3333, 286}, 2, 2);
			fill16(&sample, hole);
			put_nlri(&sample, "10.0.0.0/8");
		}
		sample_end(&sample, record);
	}
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_int_equal(u.peer.asn, 3333);
	assert_true(nlri_next(&u.withdrawn[0], &p, &id, &t.m.faults, 0));
	assert_prefix(&p, "157.100.47.0/24");
	assert_path(&u.attrs, 2, (asn_t[]){3333, 286});
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_OTHER);
	assert_false(stream_next(&t, &u));
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* BGP4MP_ENTRY and BGP4MP_SNAPSHOT of the appendix */
static void test_old_entry(void **state)
{
	struct stream t;
	struct update u;
	struct rib_entry e;
	size_t record, hole;

	sample.n = 0;
	record = sample_record(&sample, 1000, 16, 3);
	put16(&sample, 0);
	put_bytes(&sample, "/tmp/rib", 9);
	sample_end(&sample, record);
	record = sample_record(&sample, 1000, 16, 2);
	put_session(&sample, 65000, "2001:db8::9", 2);
	put32(&sample, 1); /* view, status */
	put32(&sample, 900);
	put16(&sample, 2);
	put8(&sample, 1);
	put8(&sample, 16);
	put_addr(&sample, "2001:db8::1");
	put_nlri(&sample, "2001:db8:1::/48");
	hole = hole16(&sample);
	put_attrs(&sample, (asn_t[]){65000, 7018}, 2, 2);
	fill16(&sample, hole);
	sample_end(&sample, record);
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_OTHER);
	assert_true(stream_next(&t, &u));
	assert_int_equal(u.kind, UPDATE_RIB);
	assert_true(u.own_peer);
	assert_prefix(&u.prefix, "2001:db8:1::/48");
	assert_true(rib_entry_next(&u, &e, &t.m.faults));
	assert_int_equal(e.originated, utime_of(900, 0));
	assert_path(&e.attrs, 2, (asn_t[]){65000, 7018});
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

static void test_geo_peers(void **state)
{
	struct stream t;
	struct update u;
	struct geo_peer collector, peer;
	size_t record;

	sample.n = 0;
	record = sample_record(&sample, 1000, 13, 7);
	put32(&sample, 0x01020304);
	put16(&sample, 0);
	put32(&sample, 0x42513333); /* 52.3 */
	put32(&sample, 0x409ccccd); /* 4.9 */
	put16(&sample, 2);
	put8(&sample, 0);
	put32(&sample, 5);
	put_addr(&sample, "192.0.2.9");
	put16(&sample, 701);
	put32(&sample, 0x7fc00000); /* NaN: private */
	put32(&sample, 0x7fc00000);
	put8(&sample, 3);
	put32(&sample, 6);
	put_addr(&sample, "2001:db8::9");
	put32(&sample, 131279);
	put32(&sample, 0xc2000000); /* -32 */
	put32(&sample, 0x42000000);
	sample_end(&sample, record);
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_int_equal(geo_begin(&u, &collector), 2);
	assert_true(collector.latitude > 52.29F && collector.latitude < 52.31F);
	assert_true(geo_next(&u, &peer));
	assert_int_equal(peer.peer.asn, 701);
	assert_true(peer.latitude != peer.latitude);
	assert_true(geo_next(&u, &peer));
	assert_int_equal(peer.peer.asn, 131279);
	assert_true(peer.latitude < -31.9F && peer.longitude > 31.9F);
	assert_false(geo_next(&u, &peer));
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* The forms of TABLE_DUMP_V2 by subtype: family, multicast, path identifiers, generic */
static void test_rib_forms(void **state)
{
	static const struct {
		unsigned subtype;
		uint8_t family, safi;
		bool addpath;
	} rows[] = {{2, 4, 1, false}, {3, 4, 2, false}, {4, 6, 1, false}, {5, 6, 2, false}, {8, 4, 1, true},
	    {9, 4, 2, true}, {10, 6, 1, true}, {11, 6, 2, true}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stream t;
		struct update u;
		struct rib_entry e;
		unsigned n = 0;

		sample.n = 0;
		put_rib(&sample, 1000, rows[i].subtype, rows[i].family == 4 ? "10.0.0.0/8" : "2001:db8::/32",
		    3, 7018);
		t = stream_of(&sample);
		assert_true(stream_next(&t, &u));
		assert_int_equal(u.prefix.family, rows[i].family);
		assert_int_equal(u.safi, rows[i].safi);
		assert_int_equal(u.addpath, rows[i].addpath);
		for (; rib_entry_next(&u, &e, &t.m.faults); n++)
			assert_int_equal(e.path_id, rows[i].addpath ? n + 1 : 0);
		assert_int_equal(n, 3);
		/* the same bytes under the subtype with, or without, path identifiers: the lengths tell */
		sample.b[7] = (uint8_t)(rows[i].addpath ? rows[i].subtype - 6 : rows[i].subtype + 6);
		t = stream_of(&sample);
		assert_true(stream_next(&t, &u));
		assert_int_equal(u.addpath, rows[i].addpath);
		assert_int_equal(fault_sum(&t.m.faults), 0);
	}
}

static void test_rib_generic(void **state)
{
	struct stream t;
	struct update u;
	struct rib_entry e;
	size_t record, hole;

	sample.n = 0;
	for (unsigned i = 0; i < 3;
	     i++) { /* IPv6 unicast, with path identifiers, and a VPN that is passed over */
		record = sample_record(&sample, 1000, 13, i == 1 ? 12 : 6);
		put32(&sample, 1);
		put16(&sample, 2);
		put8(&sample, i == 2 ? 128 : 1);
		put_nlri(&sample, "2001:db8::/32");
		put16(&sample, 1);
		put16(&sample, 0);
		put32(&sample, 900);
		if (i == 1)
			put32(&sample, 5);
		hole = hole16(&sample);
		put_attrs(&sample, (asn_t[]){65000, 7018}, 2, 4);
		fill16(&sample, hole);
		sample_end(&sample, record);
	}
	t = stream_of(&sample);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(stream_next(&t, &u));
		assert_int_equal(u.kind, i == 2 ? UPDATE_OTHER : UPDATE_RIB);
		if (i == 2)
			break;
		assert_true(rib_entry_next(&u, &e, &t.m.faults));
		assert_int_equal(e.path_id, i == 1 ? 5 : 0);
		assert_path(&e.attrs, 2, (asn_t[]){65000, 7018});
	}
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* RIPE RIS, 2000: entries in a row behind one view and sequence, and a length that leaves four bytes out. */
static void test_batched_dump(void **state)
{
	static const char *const prefix[] = {"10.0.0.0/8", "11.0.0.0/8", "12.1.0.0/16"};

	for (unsigned shorter = 0; shorter <= 4; shorter += 4) {
		struct stream t;
		struct update u;
		struct rib_entry e;
		unsigned n = 0;
		size_t record;

		sample.n = 0;
		for (unsigned i = 0; i < 3; i++) {
			record = sample_record(&sample, 1000 + i, 12, 1);
			put32(&sample, i);
			for (unsigned k = 0; k <= i; k++)
				put_dump_entry(&sample, prefix[k], 701, 7018 + k);
			sample_end(&sample, record);
			sample.b[record - 1] = (uint8_t)(sample.b[record - 1] - shorter);
		}
		t = stream_of(&sample);
		for (; stream_next(&t, &u); n++) {
			unsigned k = n < 1 ? 0 : n < 3 ? n - 1 : n - 3;
			assert_int_equal(u.time, utime_of(n < 1 ? 1000 : n < 3 ? 1001 : 1002, 0));
			assert_prefix(&u.prefix, prefix[k]);
			assert_true(rib_entry_next(&u, &e, &t.m.faults));
			assert_path(&e.attrs, 2, (asn_t[]){701, 7018 + k});
		}
		assert_int_equal(n, 6);
		assert_int_equal(t.m.n_records, 3);
		assert_int_equal(fault_sum(&t.m.faults), 0);
	}
}

/* A stream given in pieces of any size gives the same updates. */
static void test_pieces(void **state)
{
	static const char *const prefix[] = {"10.0.0.0/8", NULL};
	size_t record;

	sample.n = 0;
	put_peers(&sample, 1000, 3);
	put_rib(&sample, 1000, 2, "10.1.0.0/16", 3, 64511);
	put_announcement(&sample, 1000, 65551, 131279, prefix);
	record = sample_record(&sample, 1000, 12, 1);
	put32(&sample, 0);
	put_dump_entry(&sample, "10.0.0.0/8", 701, 7018);
	put_dump_entry(&sample, "11.0.0.0/8", 701, 7018);
	sample_end(&sample, record);
	sample.b[record - 1] = (uint8_t)(sample.b[record - 1] - 4);
	for (size_t piece = 1; piece < 80; piece++) {
		struct mrt m = {.pending = 0};
		size_t begin = 0, end = 0;
		unsigned n = 0;
		while (end < sample.n) {
			struct cur c;
			struct update u;
			end = end + piece < sample.n ? end + piece : sample.n;
			c = cur_of(sample.b + begin, end - begin);
			for (;;) {
				uint64_t at = (uint64_t)(c.p - sample.b);
				if (mrt_next(&m, &c, at, end == sample.n, &u) == MRT_MORE)
					break;
				assert_true(u.offset <= (uint64_t)(c.p - sample.b));
				n++;
			}
			begin = (size_t)(c.p - sample.b);
		}
		assert_int_equal(n, 5);
		assert_int_equal(fault_sum(&m.faults), 0);
	}
}

/* Types not known here are counted and passed over; what stands around them is read. */
static void test_unknown_types(void **state)
{
	static const char *const prefix[] = {"10.0.0.0/8", NULL};
	static const uint16_t types[][2] = {{32, 0}, {48, 0}, {11, 0}, {16, 31}, {13, 20}, {99, 1}};
	struct stream t;
	struct update u;
	unsigned n = 0, messages = 0;

	sample.n = 0;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t record;
		put_announcement(&sample, 1000, 65551, 131279, prefix);
		record = sample_record(&sample, 1000, types[i][0], types[i][1]);
		put_bytes(&sample, "whatever it may be", 18);
		sample_end(&sample, record);
	}
	put_announcement(&sample, 1000, 65551, 131279, prefix);
	t = stream_of(&sample);
	for (; stream_next(&t, &u); n++)
		messages += u.kind == UPDATE_MESSAGE;
	assert_int_equal(n, 13);
	assert_int_equal(messages, 7);
	assert_int_equal(t.m.faults.n[FAULT_MRT_UNKNOWN], 6);
	assert_int_equal(fault_sum(&t.m.faults), 6);
	assert_int_equal(t.m.records[63], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rib),
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_table_dump),
	    cmocka_unit_test(test_old_bgp),
	    cmocka_unit_test(test_old_entry),
	    cmocka_unit_test(test_geo_peers),
	    cmocka_unit_test(test_rib_forms),
	    cmocka_unit_test(test_rib_generic),
	    cmocka_unit_test(test_batched_dump),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_unknown_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
