/*
 * Tests of a dump's hot path: with entries drawn to repeat, nearly repeat and be damaged, every cell is what
 * the plain way gives: the attributes cut, the path laid out flat, cleaned, and walked into the tree alone.
 * What comes cut ahead gives the same table, changes, health and faults as the records themselves.
 */
#include "table/make_test.h"

#include "table/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the four above it */
#include <cmocka.h>

enum { PEERS = 40, PREFIXES = 3000, STREAM = 1500 };

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

/* ---- cut ahead ---- */
struct duel { /* the same stream into two tables: record by record, and in cuts */
	struct table *plain, *ahead;
	struct source *plain_from, *ahead_from;
	struct fault_count plain_faults, ahead_faults;
	struct changes plain_told, ahead_told;
};

static void same_path(const struct duel *d, path_id plain, path_id ahead)
{
	asn_t p[PATH_LENGTH_MAX], a[PATH_LENGTH_MAX];
	size_t n = path_list(d->plain, plain, p, PATH_LENGTH_MAX);

	assert_int_equal(path_list(d->ahead, ahead, a, PATH_LENGTH_MAX), n);
	assert_memory_equal(p, a, n * sizeof *p);
	assert_int_equal(path_flags(d->plain, plain), path_flags(d->ahead, ahead));
}

/* Of entries that are passed over the cut paths are in the tree all the same, and counted as cleaned. */
static void same_health(struct health plain, struct health ahead, bool passed_over)
{
	if (passed_over) {
		for (int k = 0; k < 8; k++)
			assert_true(ahead.cleaned[k] >= plain.cleaned[k]);
		memset(plain.cleaned, 0, sizeof plain.cleaned);
		memset(ahead.cleaned, 0, sizeof ahead.cleaned);
	}
	assert_memory_equal(&ahead, &plain, sizeof plain);
}

static void same_tables(const struct duel *d, bool passed_over)
{
	assert_int_equal(prefix_count(d->ahead), prefix_count(d->plain));
	assert_int_equal(peer_count(d->ahead), peer_count(d->plain));
	for (peer_id k = 0; k < peer_count(d->plain); k++) {
		assert_memory_equal(peer_of(d->ahead, k), peer_of(d->plain, k), sizeof(struct peer));
		for (prefix_id id = 0; id < prefix_count(d->plain); id++) {
			path_id more[2][8];
			size_t n = route_more_paths(d->plain, k, id, more[0], 8);
			same_path(d, peer_column(d->plain, k)[id], peer_column(d->ahead, k)[id]);
			assert_int_equal(route_more_paths(d->ahead, k, id, more[1], 8), n);
			for (size_t i = 0; i < n && i < 8; i++)
				same_path(d, more[0][i], more[1][i]);
		}
	}
	same_health(*table_health(d->plain), *table_health(d->ahead), passed_over);
	if (!passed_over)
		assert_int_equal(path_count(d->ahead), path_count(d->plain));
	assert_memory_equal(&d->ahead_faults, &d->plain_faults, sizeof d->plain_faults);
	assert_int_equal(d->ahead_told.n, d->plain_told.n);
	for (size_t i = 0; i < d->plain_told.n; i++) {
		struct change p = d->plain_told.v[i], a = d->ahead_told.v[i];
		same_path(d, p.old, a.old);
		same_path(d, p.new, a.new);
		p.old = p.new = a.old = a.new = 0;
		assert_memory_equal(&p, &a, sizeof p);
	}
}

/* Cuts of drawn sizes; what stands at `until` and later is left out, as the pipe does. */
static void duel_run(struct duel *d, const struct out *in, utime_t until)
{
	struct cutter *cutter = cutter_new(d->ahead, until);
	struct cut *cut = cut_new();
	struct mrt m = {.n_records = 0};
	struct cur c = cur_of(in->buf, in->n);
	static struct update u[CUT_UPDATES];
	size_t n;

	do {
		size_t want = 1 + draw(draw(2) ? 4 : CUT_UPDATES);
		cut_clear(cut);
		if (draw(8) == 0)
			cutter_forget(cutter);
		for (n = 0; n < want; n++) {
			struct update same;
			uint64_t at = (uint64_t)(c.p - (const uint8_t *)in->buf);
			if (mrt_next(&m, &c, at, true, &u[n]) != MRT_UPDATE)
				break;
			same = u[n];
			if (same.time < until)
				table_apply(d->plain, d->plain_from, &same, &d->plain_faults, &d->plain_told);
			if (cut_add(cutter, cut, &u[n])) /* of these nothing is asked for again */
				u[n].record = u[n].entries = (struct span){NULL, 0};
		}
		for (size_t i = 0; i < n; i++)
			if (u[i].time < until)
				table_apply_cut(
				    d->ahead, d->ahead_from, &u[i], cut, i, &d->ahead_faults, &d->ahead_told);
	} while (n > 0);
	source_end(d->plain, d->plain_from, &d->plain_told);
	source_end(d->ahead, d->ahead_from, &d->ahead_told);
	cut_free(cut);
	cutter_free(cutter);
}

/* A stream of all that may come: records with and without ADDPATH, some cut short inside; where `mixed`,
 * updates and resets between them too, and another PEER_INDEX_TABLE with fewer peers. */
static void draw_stream(struct out *in, const struct peer_key *peer, struct said *said, bool mixed)
{
	static const char *const path[] = {"100 5 6", "100 5 5 7", "101 7 9", "102 64512 6", "103"};
	size_t peers = PEERS;

	mk_peers(in, 1000 * UTIME_SECOND, peer, peers);
	for (unsigned i = 0; i < STREAM; i++) {
		utime_t time = (1000 + i / 50) * UTIME_SECOND;
		struct said_entry e[4];
		char prefix[32];
		snprintf(prefix, sizeof prefix, "10.%u.%u.0/24", draw(4), draw(256));
		for (size_t k = 0; k < 4; k++)
			e[k] = (struct said_entry){draw(8), path[draw(5)], draw(3)};
		if (mixed && draw(40) == 0)
			mk_peers(in, time, peer, peers = PEERS - draw(3));
		if (draw(10) == 0)
			mk_rib(in, time, prefix, true, e, 4);
		else if (mixed && draw(10) == 0)
			mk_announce(in, time, &peer[draw(PEERS)], path[draw(5)], prefix);
		else if (mixed && draw(60) == 0)
			mk_state(in, time, &peer[draw(PEERS)], 6, 1);
		draw_said(said, peer);
		put_record(in, time, prefix, said);
		if (mixed && draw(30) == 0) /* the entry before the last says that it is longer */
			in->buf[in->n - said->attrs[PEERS - 1].n - 1] ^= 0x40;
	}
}

static void cuts_give_the_same_table(void **state)
{
	static const asn_t drop[] = {7, 9, 105};
	const struct table_options o = {.drop_asn = drop, .drop_asns = 3};
	struct peer_key peer[PEERS];
	struct said said = {.has = {false}};

	for (int k = 0; k < PEERS; k++) {
		char addr[32];
		snprintf(addr, sizeof addr, "192.0.2.%d", k + 1);
		peer[k] = mk_peer(addr, 100 + (asn_t)k / 2);
		out_open_mem(&said.attrs[k]);
	}
	for (int round = 0; round < 4; round++) {
		struct duel d = {.plain = table_new(&o), .ahead = table_new(&o)};
		struct out in;
		d.plain_from = source_new(d.plain, "rrc00");
		d.ahead_from = source_new(d.ahead, "rrc00");
		out_open_mem(&in);
		draw_stream(&in, peer, &said, round < 2);
		duel_run(&d, &in, round % 2 ? 1020 * UTIME_SECOND : UTIME_MAX);
		same_tables(&d, round < 2);
		assert_true(round >= 2 || d.plain_faults.n[FAULT_MRT_BODY] > 0);
		assert_true(round >= 2 || d.plain_faults.n[FAULT_PEER_INDEX] > 0);
		assert_true(round >= 2 || table_health(d.plain)->backlog > 0);
		out_close(&in);
		source_free(d.plain_from);
		source_free(d.ahead_from);
		table_free(d.plain);
		table_free(d.ahead);
		free(d.plain_told.v);
		free(d.ahead_told.v);
	}
	for (int k = 0; k < PEERS; k++)
		out_close(&said.attrs[k]);
}

/* What a territory does not want is not read at all: there is nothing to cut. */
static bool want_none(void *arg, const struct prefix *prefix)
{
	return false;
}

static void a_table_that_wants_some_has_no_cutter(void **state)
{
	struct table *t = table_new(&(struct table_options){.want = want_none});

	assert_null(cutter_new(t, UTIME_MAX));
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
	    cmocka_unit_test(cuts_give_the_same_table),
	    cmocka_unit_test(a_table_that_wants_some_has_no_cutter),
	    cmocka_unit_test(columns_do_not_share_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
