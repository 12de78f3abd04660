/*
 * Damage: a stream cut at every length, with bits flipped everywhere, with junk between records, never loses
 * what stands before the damage, and is in step again after it. And the malformed samples of others, with the
 * counts they must give.
 */
#include "decode/decode.h"
#include "decode/sample.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sample sample, copy;
static struct mrt_peers peers;
static uint64_t border[64]; /* where records end */
static unsigned borders;

static void mark(void)
{
	border[borders++] = sample.n;
}

/* A stream of all the kinds of records. */
static void make_stream(void)
{
	static const char *const v4[] = {"175.45.176.0/24", "10.0.0.0/8", NULL};
	size_t record;

	sample.n = 0;
	borders = 0;
	put_peers(&sample, 1506848871, 4);
	mark();
	for (unsigned i = 0; i < 3; i++) {
		put_rib(&sample, 1506848871, 2, "175.45.176.0/24", 3, 131279);
		mark();
		put_rib(&sample, 1506848871, 4, "2001:db8::/32", 2, 131279);
		mark();
		put_announcement(&sample, 1506848871, 65551, 131279, v4);
		mark();
		record = sample_record(&sample, 1506848871, 12, 1);
		put32(&sample, 5);
		put_dump_entry(&sample, "10.0.0.0/8", 701, 7018);
		sample_end(&sample, record);
		mark();
		record = sample_record(&sample, 1506848871, 16, 5);
		put_session(&sample, 65551, "192.0.2.9", 4);
		put32(&sample, 6 << 16 | 1);
		sample_end(&sample, record);
		mark();
	}
}

struct seen {
	uint64_t at[512]; /* offsets of the records that came out */
	unsigned n;
	struct mrt m;
};

/* Reads all there is, to the last attribute and prefix: the sanitizers watch. */
static void read_parts(struct update *u, struct fault_count *faults)
{
	struct attr_view v;
	struct rib_entry e;
	struct prefix p;
	uint32_t id;
	asn_t flat[256];
	unsigned flags;
	struct span path, path4;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(&peers, u, faults);
	attrs_scan(&u->attrs, &v, faults, u->offset);
	attrs_paths(&u->attrs, &path, &path4);
	if (u->attrs.as_size)
		as_path_flat(path, path4, u->attrs.as_size, flat, 256, &flags);
	for (unsigned i = 0; i < 2; i++) {
		while (nlri_next(&u->withdrawn[i], &p, &id, faults, u->offset))
			;
		while (nlri_next(&u->announced[i], &p, &id, faults, u->offset))
			;
	}
	while (u->kind == UPDATE_RIB && rib_entry_next(u, &e, faults))
		attrs_scan(&e.attrs, &v, faults, u->offset);
}

static void read_all(const uint8_t *bytes, size_t n, struct seen *seen)
{
	uint8_t *own = malloc(n ? n : 1); /* of exactly this size, so that a step past it is found */
	struct cur c;
	struct update u;

	memcpy(own, bytes, n);
	memset(seen, 0, sizeof *seen);
	c = cur_of(own, n);
	while (mrt_next(&seen->m, &c, (uint64_t)(c.p - own), true, &u) == MRT_UPDATE) {
		if (seen->n < 512)
			seen->at[seen->n++] = u.offset;
		read_parts(&u, &seen->m.faults);
	}
	assert_int_equal(cur_left(&c), 0);
	free(own);
}

static bool came_out(const struct seen *s, uint64_t at)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->at[i] == at)
			return true;
	return false;
}

static void test_cut(void **state)
{
	struct seen seen;

	make_stream();
	for (size_t n = 0; n <= sample.n; n++) {
		unsigned whole = 0;
		bool at_border = n == 0;
		read_all(sample.b, n, &seen);
		while (whole < borders && border[whole] <= n)
			at_border |= border[whole++] == n;
		assert_int_equal(seen.n, whole);
		assert_int_equal(seen.m.faults.n[FAULT_MRT_CUT], at_border ? 0 : 1);
		assert_int_equal(seen.m.faults.n[FAULT_MRT_LENGTH], 0);
	}
}

/*
 * One bit flipped at every place. What ends before it comes out; so does what begins after the record hit,
 * and at most one more record is lost where the flip changed a length in a way that still adds up.
 */
static void test_flip(void **state)
{
	struct seen seen;

	make_stream();
	for (size_t bit = 0; bit < 8 * sample.n; bit++) {
		unsigned hit = 0;
		memcpy(copy.b, sample.b, sample.n);
		copy.b[bit / 8] ^= (uint8_t)(1U << bit % 8);
		read_all(copy.b, sample.n, &seen);
		while (border[hit] <= bit / 8)
			hit++;
		for (unsigned i = 0; i < hit; i++)
			if (!came_out(&seen, i ? border[i - 1] : 0))
				fail_msg("bit %zu: record %u before it is lost", bit, i);
		for (unsigned i = hit + 1; i < borders; i++)
			if (!came_out(&seen, border[i - 1]))
				fail_msg("bit %zu (record %u): record %u is lost", bit, hit, i);
	}
}

/* Bytes out of nowhere between two records, and a piece missing from one: skipped, and counted. */
static void test_junk(void **state)
{
	struct seen seen;
	unsigned seed = 3;

	make_stream();
	for (unsigned k = 0; k < borders - 1; k++) {
		size_t at = (size_t)border[k];
		for (size_t junk = 1; junk < 70; junk += 7) {
			memcpy(copy.b, sample.b, at);
			for (size_t i = 0; i < junk; i++) {
				seed = seed * 1103515245 + 12345;
				copy.b[at + i] = (uint8_t)(seed >> 16 | 0x80);
			}
			memcpy(copy.b + at + junk, sample.b + at, sample.n - at);
			read_all(copy.b, sample.n + junk, &seen);
			assert_int_equal(seen.n, borders);
			assert_int_equal(seen.m.faults.n[FAULT_MRT_LENGTH], 1);
			assert_int_equal(seen.m.faults.first[FAULT_MRT_LENGTH], at);
			assert_int_equal(seen.m.faults.skipped_bytes, junk);
		}
		/* the 20 bytes behind the border are gone: that record is lost, and no other */
		memcpy(copy.b, sample.b, at);
		memcpy(copy.b + at, sample.b + at + 20, sample.n - at - 20);
		read_all(copy.b, sample.n - 20, &seen);
		assert_int_equal(seen.n, borders - 1);
		assert_int_equal(seen.m.faults.skipped_bytes, border[k + 1] - at - 20);
	}
}

/* A message that says it is longer than its record: what is there is read, and the fault counted. */
static void test_message_cut(void **state)
{
	static const char *const prefix[] = {"10.0.0.0/8", "11.0.0.0/8", NULL};
	struct mrt m = {.pending = 0};
	struct cur c;
	struct update u;
	struct prefix p;
	uint32_t id;

	sample.n = 0;
	put_announcement(&sample, 1000, 65551, 131279, prefix);
	sample.b[12 + 20 + 17]++; /* the BGP length */
	put_announcement(&sample, 1000, 65551, 131279, prefix);
	c = cur_of(sample.b, sample.n);
	assert_int_equal(mrt_next(&m, &c, 0, true, &u), MRT_UPDATE);
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_true(nlri_next(&u.announced[0], &p, &id, &m.faults, 0));
	assert_true(nlri_next(&u.announced[0], &p, &id, &m.faults, 0));
	assert_int_equal(m.faults.n[FAULT_BGP_HEADER], 1);
	assert_int_equal(mrt_next(&m, &c, 0, true, &u), MRT_UPDATE);
}

/* ---- files made so that the search for the next record would not end: what it costs, not how long ---- */

/* Junk, then `n` headers of type 13 and this length, `every` so many bytes, then records as they should be.
 */
static unsigned make_traps(unsigned n, unsigned every, uint32_t length)
{
	static const char *const prefix[] = {"10.0.0.0/8", NULL};

	sample.n = 0;
	put32(&sample, 0xffffffff);
	for (unsigned i = 0; i < n; i++) {
		size_t begin = sample.n;
		put32(&sample, 1506848871);
		put32(&sample, 13 << 16 | 2);
		put32(&sample, length);
		while (sample.n < begin + every)
			put8(&sample, sample.n > begin + 16 ? 0xff : 0); /* as many entries as can be */
	}
	put32(&sample, 0xffffffff);
	for (unsigned i = 0; i < 5; i++)
		put_announcement(&sample, 1506848871, 65551, 131279, prefix);
	return 5;
}

/* Each looks like a record, and is read far along for nothing: 12,000 times 60,000 bytes. */
static void test_search_bodies(void **state)
{
	static struct seen seen;
	unsigned good = make_traps(12000, 20, 60000);

	read_all(sample.b, sample.n, &seen);
	assert_int_equal(seen.n, good);
	assert_true(seen.m.vain > 1 << 20);
	assert_true(seen.m.vain < (64 << 20) + 64 * 2 * sample.n);
}

/* Each is longer than what is left, so a record is sought up to the end: 20,000 times 240,000 bytes. */
static void test_search_end(void **state)
{
	static struct seen seen;
	unsigned good = make_traps(20000, 12, 16 << 20);

	read_all(sample.b, sample.n, &seen);
	assert_int_equal(seen.n, good);
	assert_true(seen.m.sought > sample.n / 2);
	assert_true(seen.m.sought <= 2 * sample.n);
}

/* ---- samples of others, where they lie beside the checkout ---- */

static uint8_t *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = malloc(1 << 20);

	assert_non_null(f);
	*n = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

static uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		n += f->n[i];
	return n;
}

struct outcome {
	unsigned messages, bad; /* whole BGP messages, and those with a fault */
	unsigned withdraw;      /* UPDATEs to be treated as withdrawals (RFC 7606) */
	unsigned prefixes;
};

static void read_message(const uint8_t *p, size_t n, struct outcome *o)
{
	struct fault_count faults = {.skipped_bytes = 0};
	struct update u = {.kind = UPDATE_OTHER};
	struct attr_view v;
	struct prefix prefix;
	uint32_t id;
	uint8_t *own = malloc(n ? n : 1);

	memcpy(own, p, n);
	o->messages++;
	if (bgp_cut((struct span){own, n}, 4, false, &u, &faults) && u.kind == UPDATE_MESSAGE) {
		attrs_scan(&u.attrs, &v, &faults, 0);
		o->withdraw += v.withdraw;
		for (unsigned i = 0; i < 2; i++) {
			while (nlri_next(&u.announced[i], &prefix, &id, &faults, 0))
				o->prefixes++;
			while (nlri_next(&u.withdrawn[i], &prefix, &id, &faults, 0))
				o->prefixes++;
		}
	}
	o->bad += fault_sum(&faults) > 0;
	free(own);
}

static void test_malformed_messages(void **state)
{
	struct outcome all = {0};
	glob_t files;

	if (glob("../shared/data/malformed-bgp/*.bin", 0, NULL, &files) != 0) {
		print_message("skipped: no ../shared/data\n");
		skip();
	}
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t n;
		uint8_t *p = slurp(files.gl_pathv[i], &n);
		read_message(p, n, &all);
		free(p);
	}
	assert_int_equal(all.messages, files.gl_pathc);
	globfree(&files);
	assert_int_equal(all.messages, 15);
	assert_int_equal(all.bad, 11);
	assert_int_equal(all.withdraw, 0);
	assert_int_equal(all.prefixes, 3);
}

/* Every place in a capture where a BGP marker stands is tried as a message, up to the capture's end. */
static void test_malformed_captures(void **state)
{
	struct outcome all = {0};
	glob_t files;

	if (glob("../shared/data/malformed-pcaps/*.pcap*", 0, NULL, &files) != 0) {
		print_message("skipped: no ../shared/data\n");
		skip();
	}
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t n;
		uint8_t *p = slurp(files.gl_pathv[i], &n);
		for (size_t at = 0; at + 19 <= n; at++)
			if (be64(p + at) == UINT64_MAX && be64(p + at + 8) == UINT64_MAX)
				read_message(p + at, n - at, &all);
		free(p);
	}
	globfree(&files);
	assert_int_equal(all.messages, 90);
	assert_int_equal(all.bad, 20);
	assert_int_equal(all.withdraw, 15);
	assert_int_equal(all.prefixes, 93);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_flip),
	    cmocka_unit_test(test_junk),
	    cmocka_unit_test(test_message_cut),
	    cmocka_unit_test(test_search_bodies),
	    cmocka_unit_test(test_search_end),
	    cmocka_unit_test(test_malformed_messages),
	    cmocka_unit_test(test_malformed_captures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
