/*
 * Tests of a dump's hot path: with entries drawn to repeat, nearly repeat and be damaged, every cell is what
 * the plain way gives: the attributes cut, the path laid out flat, cleaned, and walked into the tree alone.
 */
#include "table/make_test.h"

#include "table/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the four above it */
#include <cmocka.h>

enum { PEERS = 40, PREFIXES = 3000 };

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % below;
}

/* AS_PATH's value: mostly one sequence; now and then prepended, looped, private, with sets or confederations,
 * cut, or empty. */
static void draw_path(struct out *o, asn_t peer)
{
	static const asn_t rare[] = {0, 23456, 64512, 7, 9, 4200000000U};
	unsigned segments = draw(20) ? 1 : draw(4);

	for (unsigned s = 0; s < segments; s++) {
		size_t n = draw(50) ? 1 + draw(6) : draw(30), count;
		put(o, draw(30) ? SEGMENT_SEQUENCE : 1 + draw(5), 1);
		count = o->n;
		put(o, n, 1);
		for (size_t i = 0; i < n; i++)
			put(o, s + i == 0 ? peer : draw(60) ? 100 + draw(12) : rare[draw(6)], 4);
		if (draw(200) == 0)
			o->buf[count] = (char)(o->buf[count] + 1);
	}
}

static void draw_attrs(struct out *o, asn_t peer)
{
	struct out value;
	bool late = draw(30) == 0; /* AS_PATH is not where it mostly is */

	if (late)
		out_bytes(o, "\xc0\x08\x04\x00\x01\x00\x02", 7);
	out_bytes(o, "\x40\x01\x01\x00", 4);
	if (draw(100)) {
		out_open_mem(&value);
		draw_path(&value, peer);
		put_attr(o, 0x40, ATTR_AS_PATH, &value);
	}
	for (unsigned more = draw(3); more > 0; more--)
		out_bytes(o, draw(2) ? "\x80\x04\x04\x00\x00\x00\x01" : "\x80\x04\x04\x00\x00\x00\x02", 7);
	if (draw(100) == 0)
		out_bytes(o, "\x40\x02", 2); /* runs over the end */
}

struct said { /* a peer's attributes in a record */
	struct out attrs[PEERS];
	bool has[PEERS];
};

/* The same as in the record before, the same but for what stands behind, or something else. */
static void draw_said(struct said *said, const struct peer_key *peer)
{
	for (int k = 0; k < PEERS; k++) {
		uint32_t how = draw(10);
		said->has[k] = draw(12) > 0;
		if (said->attrs[k].n > 0 && how < 6)
			continue;
		if (said->attrs[k].n > 0 && how == 6) {
			out_bytes(&said->attrs[k], "\xc0\x08\x04\x00\x07\x00\x07", 7);
			continue;
		}
		out_close(&said->attrs[k]);
		out_open_mem(&said->attrs[k]);
		draw_attrs(&said->attrs[k], peer[k].asn);
	}
}

static void put_record(struct out *o, utime_t time, const char *prefix, const struct said *said)
{
	struct prefix p = mk_prefix(prefix);
	struct out body;
	size_t n = 0;

	out_open_mem(&body);
	put(&body, 0, 4);
	put(&body, p.len, 1);
	out_bytes(&body, p.b, (p.len + 7U) / 8);
	for (int k = 0; k < PEERS; k++)
		n += said->has[k];
	put(&body, n, 2);
	for (int k = 0; k < PEERS; k++) {
		if (!said->has[k])
			continue;
		put(&body, (uint64_t)k, 2);
		put(&body, 0, 4);
		put(&body, said->attrs[k].n, 2);
		out_bytes(&body, said->attrs[k].buf, said->attrs[k].n);
	}
	mk_record(o, time, 13, 2, &body);
}

static path_id read_plainly(struct table *t, const struct out *attrs, asn_t peer)
{
	struct attr_set set = {
	    .raw = {(const uint8_t *)attrs->buf, attrs->n}, .as_size = 4, .rib_form = true};
	struct span path, path4;
	asn_t list[1024];
	unsigned found = 0;
	size_t n;

	attrs_paths(&set, &path, &path4);
	n = as_path_flat(path, path4, 4, list, 1024, &found);
	return path_clean(&t->paths, list, n, found, peer);
}

static void every_cell_is_read_plainly(void **state)
{
	static const asn_t drop[] = {7, 9, 105};
	struct table *t = table_new(&(struct table_options){.drop_asn = drop, .drop_asns = 3});
	struct source *s = source_new(t, "rrc00");
	struct peer_key peer[PEERS];
	struct said said = {.has = {false}};
	struct out in;

	for (int k = 0; k < PEERS; k++) {
		char addr[32];
		snprintf(addr, sizeof addr, "192.0.2.%d", k + 1);
		peer[k] = mk_peer(addr, 100 + (asn_t)k / 2);
		out_open_mem(&said.attrs[k]);
	}
	out_open_mem(&in);
	mk_peers(&in, 1000 * UTIME_SECOND, peer, PEERS);
	for (unsigned i = 0; i < PREFIXES; i++) {
		char prefix[32];
		struct prefix p;
		prefix_id id;
		snprintf(prefix, sizeof prefix, "10.%u.%u.0/24", i / 256, i % 256);
		draw_said(&said, peer);
		put_record(&in, 1000 * UTIME_SECOND, prefix, &said);
		assert_int_equal(feed(t, s, &in, NULL), 0);
		out_close(&in);
		out_open_mem(&in);
		p = mk_prefix(prefix);
		id = prefix_find(t, &p);
		assert_int_not_equal(id, PREFIX_NONE);
		for (peer_id k = 0; k < peer_count(t); k++) {
			int of = peer_of(t, k)->key.addr.b[3] - 1;
			path_id want = said.has[of] ? read_plainly(t, &said.attrs[of], peer[of].asn) : 0;
			assert_int_equal(peer_column(t, k)[id], want);
		}
	}
	for (int k = 0; k < PEERS; k++)
		out_close(&said.attrs[k]);
	out_close(&in);
	source_free(s);
	table_free(t);
}

/* Columns begin at different lines of different pages, and what they take is counted all the same. */
static void columns_do_not_share_their_places(void **state)
{
	path_id *column[64];

	for (peer_id i = 0; i < 64; i++) {
		column[i] = column_reserve(i);
		column[i][5000] = 1;
		assert_int_equal(column_bytes(column[i], 10000), 4096);
		column[i][0] = column[i][9999] = 1;
		assert_in_range(column_bytes(column[i], 10000), 2 * 4096, 3 * 4096);
		for (peer_id k = 0; k < i; k++) {
			assert_int_not_equal((uintptr_t)column[k] / 64 % 64, (uintptr_t)column[i] / 64 % 64);
			assert_int_not_equal(
			    (uintptr_t)column[k] / 4096 % 512, (uintptr_t)column[i] / 4096 % 512);
		}
	}
	for (peer_id i = 0; i < 64; i++)
		column_free(column[i], i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cell_is_read_plainly),
	    cmocka_unit_test(columns_do_not_share_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
