/* The forms of a BGP message in a record: subtypes, states, long ones, path identifiers, other families. */
#include "decode/sample_test.h"

static struct sample sample;

/* ---- the forms of a message ---- */

static void test_subtypes(void **state)
{
	static const struct {
		unsigned subtype, as_size;
		bool addpath, local;
	} rows[] = {{1, 2, false, false}, {4, 4, false, false}, {6, 2, false, true}, {7, 4, false, true},
	    {8, 2, true, false}, {9, 4, true, false}, {10, 2, true, true}, {11, 4, true, true}};

	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		unsigned k = (unsigned)i / 2, et = i % 2;
		asn_t peer = rows[k].as_size == 4 ? 131279 : 4837;
		struct stream t;
		struct update u;
		struct prefix p;
		uint32_t id;
		size_t record, bgp, hole;

		sample.n = 0;
		record = sample_record(&sample, 1000, 16 + et, rows[k].subtype);
		if (et)
			put32(&sample, 250000);
		put_session(&sample, peer, "2001:db8::9", rows[k].as_size);
		bgp = put_bgp(&sample, 2);
		put16(&sample, 0);
		hole = hole16(&sample);
		put_attrs(&sample, (asn_t[]){peer, 3356}, 2, rows[k].as_size);
		fill16(&sample, hole);
		if (rows[k].addpath)
			put32(&sample, 77);
		put_nlri(&sample, "10.1.2.0/24");
		fill_bgp(&sample, bgp);
		sample_end(&sample, record);
		t = stream_of(&sample);
		assert_true(stream_next(&t, &u));
		assert_int_equal(u.kind, UPDATE_MESSAGE);
		assert_int_equal(u.time, utime_of(1000, et ? 250000 : 0));
		assert_int_equal(u.peer.asn, peer);
		assert_int_equal(u.peer.addr.family, FAMILY_IPV6);
		assert_int_equal(u.from_local, rows[k].local);
		assert_path(&u.attrs, 2, (asn_t[]){peer, 3356});
		assert_true(nlri_next(&u.announced[0], &p, &id, &t.m.faults, 0));
		assert_prefix(&p, "10.1.2.0/24");
		assert_int_equal(id, rows[k].addpath ? 77 : 0);
		assert_int_equal(fault_sum(&t.m.faults), 0);
	}
}

static void put_state(struct sample *s, unsigned type, unsigned subtype, bool bare)
{
	size_t record = sample_record(s, 1000, type, subtype);

	if (bare) {
		put32(s, 701 << 16 | 702);
	} else if (type == 5) {
		put16(s, 701);
		put_addr(s, "192.0.2.9");
	} else {
		put_session(s, 701, "192.0.2.9", subtype == 5 ? 4 : 2);
	}
	put16(s, 6);
	put16(s, 1);
	sample_end(s, record);
}

static void test_states(void **state)
{
	struct stream t;
	struct update u;
	unsigned n = 0;

	sample.n = 0;
	put_state(&sample, 16, 0, false);
	put_state(&sample, 16, 5, false);
	put_state(&sample, 16, 0, true);
	put_state(&sample, 5, 3, false);
	t = stream_of(&sample);
	for (; stream_next(&t, &u); n++) {
		assert_int_equal(u.kind, UPDATE_STATE);
		assert_int_equal(u.peer.asn, 701);
		assert_int_equal(u.old_state, 6);
		assert_int_equal(u.new_state, 1);
	}
	assert_int_equal(n, 4);
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* RFC 8654: a message longer than 4096 bytes */
static void test_extended_message(void **state)
{
	struct stream t;
	struct update u;
	struct prefix p;
	uint32_t id;
	unsigned n = 0;
	size_t record, bgp, hole;

	sample.n = 0;
	record = sample_record(&sample, 1000, 16, 4);
	put_session(&sample, 65551, "192.0.2.9", 4);
	bgp = put_bgp(&sample, 2);
	hole = hole16(&sample);
	for (unsigned i = 0; i < 4096; i++) {
		put8(&sample, 24);
		put16(&sample, 0x0a00 | i >> 8);
		put8(&sample, i);
	}
	fill16(&sample, hole);
	put16(&sample, 0);
	fill_bgp(&sample, bgp);
	sample_end(&sample, record);
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	while (nlri_next(&u.withdrawn[0], &p, &id, &t.m.faults, 0))
		n++;
	assert_int_equal(n, 4096);
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

/* ---- path identifiers that nothing tells of ---- */

static void put_hidden(
    struct sample *s, const char *const *prefix, const uint32_t *id, bool withdrawn, asn_t peer)
{
	size_t record = sample_record(s, 1000, 16, 4), bgp, hole;

	put_session(s, peer, peer == 65551 ? "192.0.2.9" : "192.0.2.10", 4);
	bgp = put_bgp(s, 2);
	hole = hole16(s);
	for (unsigned i = 0; withdrawn && prefix[i]; i++) {
		if (id)
			put32(s, id[i]);
		put_nlri(s, prefix[i]);
	}
	fill16(s, hole);
	hole = hole16(s);
	if (!withdrawn)
		put_attrs(s, (asn_t[]){peer, 3356}, 2, 4);
	fill16(s, hole);
	for (unsigned i = 0; !withdrawn && prefix[i]; i++) {
		if (id)
			put32(s, id[i]);
		put_nlri(s, prefix[i]);
	}
	fill_bgp(s, bgp);
	sample_end(s, record);
}

static void assert_hidden(struct stream *t, const char *const *prefix, const uint32_t *id, bool withdrawn)
{
	struct update u;
	struct prefix p;
	uint32_t got;

	assert_true(stream_next(t, &u));
	for (unsigned i = 0; prefix[i]; i++) {
		assert_true(
		    nlri_next(withdrawn ? &u.withdrawn[0] : &u.announced[0], &p, &got, &t->m.faults, 0));
		assert_prefix(&p, prefix[i]);
		assert_int_equal(got, id ? id[i] : 0);
	}
}

static void test_hidden_addpath(void **state)
{
	static const char *const two[] = {"10.1.0.0/16", "175.45.176.0/24", NULL};
	static const char *const one[] = {"10.1.2.0/24", NULL}, *const route0[] = {"0.0.0.0/0", NULL};
	static const char *const plain[] = {"10.1.2.0/24", "10.1.3.0/24", NULL};
	static const uint32_t small[] = {1, 700}, large[] = {0x180a0102}, big[] = {0xdeadbeef, 0xfeedf00d};
	struct stream t;

	sample.n = 0;
	put_hidden(&sample, two, small, false, 65551);
	put_hidden(&sample, two, big, true, 65551);
	put_hidden(
	    &sample, one, large, false, 65551); /* reads as two plain /24 too: the peer's habit decides */
	put_hidden(&sample, plain, NULL, false, 65552); /* the same for a peer without the habit */
	put_hidden(&sample, route0, NULL, false, 65552);
	put_hidden(&sample, route0, NULL, true, 65551);
	t = stream_of(&sample);
	assert_hidden(&t, two, small, false);
	assert_hidden(&t, two, big, true);
	assert_hidden(&t, one, large, false);
	assert_hidden(&t, plain, NULL, false);
	assert_hidden(&t, route0, NULL, false);
	assert_hidden(&t, route0, NULL, true);
	assert_int_equal(t.m.n_hidden, 3);
	assert_int_equal(fault_sum(&t.m.faults), 0);
}

static void test_multiprotocol(void **state)
{
	struct stream t;
	struct update u;
	struct prefix p;
	struct mp_reach mp;
	uint32_t id;
	uint8_t reach[64] = {0, 2, 1, 32}, unreach[] = {0, 2, 1, 32, 0x20, 1, 0xd, 0xb8};
	size_t record, bgp, hole;

	memcpy(reach + 37, "\x30\x20\1\xd\xb8\0\1", 7); /* after next hop (global, link-local) and reserved */
	sample.n = 0;
	for (unsigned end_of_rib = 0; end_of_rib < 2; end_of_rib++) {
		record = sample_record(&sample, 1000, 16, 4);
		put_session(&sample, 65551, "2001:db8::9", 4);
		bgp = put_bgp(&sample, 2);
		put16(&sample, 0);
		hole = hole16(&sample);
		if (!end_of_rib)
			put_attr(&sample, 0x80, ATTR_MP_REACH, reach, 44);
		put_attr(&sample, 0x80, ATTR_MP_UNREACH, unreach, end_of_rib ? 3 : sizeof unreach);
		fill16(&sample, hole);
		fill_bgp(&sample, bgp);
		sample_end(&sample, record);
	}
	t = stream_of(&sample);
	assert_true(stream_next(&t, &u));
	assert_false(u.end_of_rib);
	assert_true(nlri_next(&u.announced[1], &p, &id, &t.m.faults, 0));
	assert_prefix(&p, "2001:db8:1::/48");
	assert_false(
	    nlri_next(&u.announced[1], &p, &id, &t.m.faults, 0)); /* one route, though two next hops */
	assert_true(nlri_next(&u.withdrawn[1], &p, &id, &t.m.faults, 0));
	assert_prefix(&p, "2001:db8::/32");
	assert_true(stream_next(&t, &u));
	assert_true(u.end_of_rib);
	assert_int_equal(fault_sum(&t.m.faults), 0);
	/* the short form of a table dump, and the whole attribute in its place */
	assert_true(mp_reach_cut((struct span){(const uint8_t *)"\4\1\2\3\4", 5}, true, &mp));
	assert_int_equal(mp.next_hop.n, 4);
	assert_true(mp_reach_cut((struct span){reach, 44}, true, &mp));
	assert_int_equal(mp.next_hop.n, 32);
	assert_int_equal(mp.afi, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_subtypes),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_extended_message),
	    cmocka_unit_test(test_hidden_addpath),
	    cmocka_unit_test(test_multiprotocol),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
