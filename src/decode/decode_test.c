/* Every kind of record and message, written here byte by byte, comes out as what was put in. */
#include "decode/decode.h"
#include "decode/sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sample sample;
static struct mrt_peers peers;

struct stream {
	struct mrt m;
	struct cur c;
	uint64_t at;
};

static struct stream stream_of(const struct sample *s)
{
	return (struct stream){.c = cur_of(s->b, s->n)};
}

static bool stream_next(struct stream *t, struct update *u)
{
	const uint8_t *before = t->c.p;
	enum mrt_status status = mrt_next(&t->m, &t->c, t->at, true, u);

	t->at += (uint64_t)(t->c.p - before);
	return status == MRT_UPDATE;
}

static uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		n += f->n[i];
	return n;
}

static void assert_prefix(const struct prefix *p, const char *text)
{
	char s[PREFIX_TEXT + 1];

	s[prefix_text(s, p)] = '\0';
	assert_string_equal(s, text);
}

static void assert_path(const struct attr_set *set, size_t n, const asn_t *want)
{
	struct span path, path4;
	asn_t got[64];
	unsigned flags;

	attrs_paths(set, &path, &path4);
	assert_int_equal(as_path_flat(path, path4, set->as_size, got, 64, &flags), n);
	assert_memory_equal(got, want, n * sizeof *got);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rib),
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_table_dump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
