/*
 * Totals: what mrt_totals counts is what reading every update gives, which is the oracle: the same numbers,
 * faults, records and memory of the stream, on streams of all forms, whole, damaged and in pieces; and it
 * does take the plain forms by itself.
 */
#include "decode/sample_test.h"

#include <stdlib.h>

static struct sample sample, copy;
static struct mrt_peers peers;
static uint32_t seed;
static bool odd =
    true; /* default routes, two of which look like path identifiers; attributes that stand twice */

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

/* ---- streams ---- */

enum { WITHDRAWN = 1, ANNOUNCED = 2, REACH = 4, UNREACH = 8, IDS = 16 };

static void put_list(struct sample *s, unsigned n, bool v6, bool ids)
{
	static const char *const v4[] = {
	    "175.45.176.0/24", "10.0.0.0/8", "10.1.2.0/23", "192.0.2.0/25", "0.0.0.0/0"};
	static const char *const six[] = {"2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::3/128", "::/0"};

	while (n--) {
		if (ids)
			put32(s, draw(2) ? draw(5) : draw(1U << 24) << 8);
		put_nlri(s, v6 ? six[draw(odd ? 4 : 3)] : v4[draw(odd && !draw(8) ? 5 : 4)]);
	}
}

static void put_reach(struct sample *s, bool reach, bool v6, unsigned safi, unsigned n, bool ids)
{
	size_t hole;

	put8(s, 0x90);
	put8(s, reach ? ATTR_MP_REACH : ATTR_MP_UNREACH);
	hole = hole16(s);
	put16(s, v6 ? 2 : 1);
	put8(s, safi);
	if (reach) {
		put8(s, 4);
		put32(s, 0xc0000201);
		put8(s, 0);
	}
	put_list(s, n, v6, ids);
	fill16(s, hole);
}

static void put_update(
    struct sample *s, unsigned type, unsigned subtype, unsigned parts, unsigned safi, const char *peer)
{
	unsigned as_size = subtype == 1 || subtype == 6 || subtype == 8 || subtype == 10 ? 2 : 4;
	size_t record = sample_record(s, 1506848871, type, subtype), bgp, hole;

	if (type == 17)
		put32(s, 5);
	put_session(s, 64501, peer, as_size);
	bgp = put_bgp(s, 2);
	hole = hole16(s);
	if (parts & WITHDRAWN)
		put_list(s, 1 + draw(4), false, parts & IDS);
	fill16(s, hole);
	hole = hole16(s);
	if (parts & (ANNOUNCED | REACH))
		put_attrs(s, (asn_t[]){64501, 3356}, 2, as_size);
	if (parts & REACH)
		put_reach(s, true, draw(2), safi, draw(4), parts & IDS);
	if (parts & UNREACH)
		put_reach(s, false, draw(2), safi, draw(4), parts & IDS);
	if (odd && draw(30) == 0) /* twice */
		put_reach(s, draw(2), draw(2), safi, 1 + draw(4), parts & IDS);
	if (draw(2))
		put_attr(s, 0x40, ATTR_ATOMIC, "", 0);
	fill16(s, hole);
	if (parts & ANNOUNCED)
		put_list(s, 1 + draw(4), false, parts & IDS);
	fill_bgp(s, bgp);
	sample_end(s, record);
}

static void put_any(struct sample *s)
{
	static const char *const from[] = {"192.0.2.9", "192.0.2.10", "2001:db8::9"};
	unsigned parts = draw(16) | (draw(24) ? 0 : IDS);
	size_t record, short_by = draw(2) ? 4 : 0;

	switch (draw(12)) {
	case 0:
		put_rib(
		    s, 1506848871, 2 + draw(11), draw(2) ? "10.0.0.0/8" : "2001:db8::/32", draw(4), 131279);
		break;
	case 1:
		put_rib(s, 1506848871, 2 + draw(2), "175.45.176.0/24", 1 + draw(5), 131279);
		break;
	case 2:
		put_peers(s, 1506848871, draw(5));
		break;
	case 3:
		record = sample_record(s, 1506848871, 12, 1);
		put32(s, 5);
		for (unsigned n = 1 + draw(3); n; n--) /* of 2000: many, and a length short by four */
			put_dump_entry(s, "10.0.0.0/8", 701, 7018);
		s->n -= short_by;
		sample_end(s, record);
		s->n += short_by;
		break;
	case 4:
		record = sample_record(s, 1506848871, draw(2) ? 16 : 48, 5);
		put_session(s, 65551, "192.0.2.9", 4);
		put32(s, 6 << 16 | 1);
		sample_end(s, record);
		break;
	default:
		put_update(
		    s, 16 + draw(2), draw(6) ? (draw(2) ? 4 : 1) : draw(12), parts, draw(5), from[draw(3)]);
	}
}

/* ---- both ways ---- */

struct seen {
	struct mrt m;
	struct fault_count faults;
	struct totals totals;
	size_t used;
};

static void see_update(struct seen *seen, struct update *u)
{
	struct rib_entry e;
	struct prefix p;
	uint32_t id;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(&peers, u, &seen->m.faults);
	for (unsigned i = 0; u->kind == UPDATE_MESSAGE && i < 2; i++)
		while (nlri_next(&u->withdrawn[i], &p, &id, &seen->faults, u->offset))
			seen->totals.withdraw++;
	for (unsigned i = 0; u->kind == UPDATE_MESSAGE && i < 2; i++)
		while (nlri_next(&u->announced[i], &p, &id, &seen->faults, u->offset))
			seen->totals.announce++;
	while (u->kind == UPDATE_RIB && rib_entry_next(u, &e, &seen->faults)) {
		if (!u->own_peer && e.peer_index >= peers.n)
			fault_add(&seen->faults, FAULT_PEER_INDEX, u->offset);
		else
			seen->totals.rib++;
	}
}

/* In pieces of so many bytes, each in memory of its own size, so that a step past it is found. */
static void see_all(struct seen *seen, const uint8_t *p, size_t n, size_t piece, bool by_totals)
{
	struct update u;

	memset(seen, 0, sizeof *seen);
	peers.n = 0;
	for (size_t end = 0; end < n;) {
		size_t begin = seen->used, size;
		uint8_t *own;
		struct cur c;
		end = n - end < piece ? n : end + piece;
		size = end - begin;
		own = malloc(size);
		memcpy(own, p + begin, size);
		c = cur_of(own, size);
		do {
			if (by_totals)
				mrt_totals(&seen->m, &c, peers.n, &seen->totals);
			u.kind = UPDATE_OTHER;
			if (mrt_next(&seen->m, &c, begin + (uint64_t)(c.p - own), end == n, &u) == MRT_MORE)
				break;
			see_update(seen, &u);
		} while (true);
		seen->used = begin + (size_t)(c.p - own);
		free(own);
	}
}

static void assert_same(const uint8_t *p, size_t n, size_t piece)
{
	static struct seen slow, fast;

	see_all(&slow, p, n, piece, false);
	see_all(&fast, p, n, piece, true);
	assert_int_equal(fast.totals.rib, slow.totals.rib);
	assert_int_equal(fast.totals.announce, slow.totals.announce);
	assert_int_equal(fast.totals.withdraw, slow.totals.withdraw);
	assert_int_equal(fast.used, slow.used);
	assert_memory_equal(&fast.faults, &slow.faults, sizeof slow.faults);
	assert_memory_equal(&fast.m.faults, &slow.m.faults, sizeof slow.m.faults);
	assert_memory_equal(fast.m.records, slow.m.records, sizeof slow.m.records);
	assert_int_equal(fast.m.n_records, slow.m.n_records);
	assert_int_equal(fast.m.n_hidden, slow.m.n_hidden);
	assert_int_equal(fast.m.lost, slow.m.lost);
	assert_memory_equal(fast.m.hidden_addpath, slow.m.hidden_addpath, sizeof slow.m.hidden_addpath);
}

/* ---- the tests ---- */

static void test_same(void **state)
{
	for (seed = 1; seed < 400;) {
		uint32_t kept = seed;
		sample.n = 0;
		put_peers(&sample, 1506848871, 4);
		for (unsigned i = 0; i < 40; i++)
			put_any(&sample);
		assert_same(sample.b, sample.n, sample.n);
		assert_same(sample.b, sample.n, 100 + draw(1000));
		for (unsigned k = 0; k < 40; k++) {
			memcpy(copy.b, sample.b, sample.n);
			for (unsigned flips = 1 + draw(4); flips; flips--)
				copy.b[draw((uint32_t)sample.n)] ^= (uint8_t)(1U << draw(8));
			assert_same(copy.b, k % 2 ? sample.n : draw((uint32_t)sample.n), sample.n);
		}
		seed = kept + 1;
	}
}

/* Plain forms are counted without mrt_next; the others are left to it. */
static void test_plain(void **state)
{
	static const struct {
		unsigned type, subtype, parts, safi;
		bool plain;
	} rows[] = {
	    {16, 1, WITHDRAWN, 1, true},
	    {16, 1, ANNOUNCED, 1, true},
	    {16, 4, WITHDRAWN | ANNOUNCED | REACH | UNREACH, 1, true},
	    {16, 4, REACH | UNREACH, 2, true},
	    {16, 4, REACH, 128, true}, /* of a family that has no elements */
	    {16, 4, 0, 1, true},
	    {17, 4, ANNOUNCED, 1, true},
	    {16, 6, ANNOUNCED, 1, true},
	    {17, 7, ANNOUNCED | WITHDRAWN, 1, true},
	    {16, 9, ANNOUNCED | IDS, 1, false},
	    {16, 3, ANNOUNCED, 1, false},
	    {16, 15, ANNOUNCED, 1, false},
	    {16, 16, ANNOUNCED, 1, false},
	    {15, 4, ANNOUNCED, 1, false},
	};
	static const char *const from[] = {"192.0.2.9", "2001:db8::9"};

	odd = false;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		for (seed = 1; seed < 1000; seed += 7) {
			struct mrt m = {.pending = 0};
			struct totals totals = {0, 0, 0};
			struct cur c;
			sample.n = 0;
			put_update(&sample, rows[i].type, rows[i].subtype, rows[i].parts, rows[i].safi,
			    from[seed % 2]);
			c = cur_of(sample.b, sample.n);
			mrt_totals(&m, &c, 0, &totals);
			assert_int_equal(cur_left(&c), rows[i].plain ? 0 : sample.n);
			assert_same(sample.b, sample.n, sample.n);
		}
	odd = true;
}

static void test_plain_rib(void **state)
{
	struct mrt m = {.pending = 0};
	struct totals totals = {0, 0, 0};
	struct cur c;

	sample.n = 0;
	for (unsigned subtype = 2; subtype < 6; subtype++)
		put_rib(&sample, 1506848871, subtype, subtype < 4 ? "175.45.176.0/24" : "2001:db8::/32", 3,
		    131279);
	c = cur_of(sample.b, sample.n);
	mrt_totals(&m, &c, 3, &totals);
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(totals.rib, 12);
	assert_int_equal(m.records[13], 4);
	c = cur_of(sample.b, sample.n);
	mrt_totals(&m, &c, 2, &totals); /* an entry of a peer that the index lacks */
	assert_int_equal(cur_left(&c), sample.n);
	m.lost = true; /* the next record may not be one */
	mrt_totals(&m, &c, 3, &totals);
	assert_int_equal(cur_left(&c), sample.n);
	m.lost = false;
	m.pending = (unsigned)sample.n; /* nor the next entry */
	mrt_totals(&m, &c, 3, &totals);
	assert_int_equal(cur_left(&c), sample.n);
	assert_int_equal(totals.rib, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_plain_rib),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
