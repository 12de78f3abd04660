/* AS paths merged and flattened, and every fate of a path attribute. */
#include "decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		n += f->n[i];
	return n;
}

/* ---- AS paths ---- */

static void test_paths(void **state)
{
	/* AS_PATH of two bytes, AS4_PATH, the merged path: sets count one, confederations none */
	static const struct {
		const char *path, *path4;
		size_t path_n, path4_n, n;
		asn_t want[6];
	} rows[] = {
	    {"\2\3\0\1\0\2\0\3", "", 8, 0, 3, {1, 2, 3}},
	    {"\2\3\0\1\x5b\xa0\0\3", "\2\2\0\2\0\xcf\0\0\0\3", 8, 10, 3, {1, 131279, 3}},
	    {"\2\1\0\1", "\2\2\0\2\0\xcf\0\0\0\3", 4, 10, 1, {1}}, /* longer: ignored */
	    {"\2\1\0\1\1\2\0\2\0\3", "\2\1\0\2\0\xcf", 10, 6, 2, {1, 131279}},
	    {"\3\1\xfc\x00\2\2\0\1\x5b\xa0", "\2\1\0\2\0\xcf", 10, 6, 2, {1, 131279}},
	    {"\2\2\0\1\x5b\xa0", "\3\1\0\0\0\7\2\1\0\2\0\xcf", 6, 12, 2, {1, 131279}}, /* RFC 6793 6 */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		asn_t got[8];
		unsigned flags;
		struct span path = {(const uint8_t *)rows[i].path, rows[i].path_n};
		struct span path4 = {(const uint8_t *)rows[i].path4, rows[i].path4_n};
		assert_int_equal(as_path_flat(path, path4, 2, got, 8, &flags), rows[i].n);
		assert_memory_equal(got, rows[i].want, rows[i].n * sizeof *got);
		assert_int_equal(flags & (PATH_CUT | PATH_MALFORMED), 0);
	}
}

static void test_path_flags(void **state)
{
	asn_t got[2];
	unsigned flags;
	struct span none = {NULL, 0};

	as_path_flat((struct span){(const uint8_t *)"\2\3\0\1\0\2\0\3", 8}, none, 2, got, 2, &flags);
	assert_int_equal(flags, PATH_CUT);
	as_path_flat((struct span){(const uint8_t *)"\2\3\0\1\0\2\0", 7}, none, 2, got, 2, &flags);
	assert_int_equal(flags, PATH_MALFORMED);
	as_path_flat((struct span){(const uint8_t *)"\1\2\0\1\0\2", 6}, none, 2, got, 2, &flags);
	assert_int_equal(flags, PATH_HAS_SET);
	as_path_flat((struct span){(const uint8_t *)"\3\1\0\1", 4}, none, 2, got, 2, &flags);
	assert_int_equal(flags, PATH_HAS_CONFED);
}

/* ---- path attributes: every fate of RFC 7606 ---- */

static void test_attr_faults(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum fault fault; /* FAULT_NONE: fine */
		bool withdraw;
		unsigned code;
		bool seen;
	} rows[] = {
	    {"\x40\1\1\0", 4, FAULT_NONE, false, 1, true},
	    {"\x40\1\1\3", 4, FAULT_ATTR_VALUE, true, 1, true},
	    {"\x40\1\2\0\0", 5, FAULT_ATTR_LENGTH, true, 1, true},
	    {"\xc0\1\1\0", 4, FAULT_ATTR_FLAGS, true, 1, true},
	    {"\x40\1\1\0\x40\1\1\1", 8, FAULT_ATTR_TWICE, false, 1, true},
	    {"\x40\1\11\0", 4, FAULT_ATTR_CUT, true, 1, false},
	    {"\x40\1", 2, FAULT_ATTR_CUT, true, 1, false},
	    {"\x50\1\0\1\0", 5, FAULT_NONE, false, 1, true}, /* extended length */
	    {"\x40\2\6\2\1\0\0\0\1", 9, FAULT_NONE, false, 2, true},
	    {"\x40\2\6\11\1\0\0\0\1", 9, FAULT_ATTR_VALUE, true, 2, true},
	    {"\x40\2\2\2\0", 5, FAULT_ATTR_VALUE, true, 2, true},
	    {"\x40\6\1\0", 4, FAULT_ATTR_LENGTH, false, 6, false}, /* attribute discard */
	    {"\xc0\7\5\0\0\0\0\0", 8, FAULT_ATTR_LENGTH, false, 7, false},
	    {"\xc0\x8\3\0\0\0", 6, FAULT_ATTR_LENGTH, true, 8, true},
	    {"\xc0\x20\xc\0\0\0\1\0\0\0\2\0\0\0\3", 15, FAULT_NONE, false, 32, true},
	    {"\xc0\x20\0", 3, FAULT_ATTR_LENGTH, true, 32, true},
	    {"\xc0\x23\4\0\0\0\0", 7, FAULT_ATTR_VALUE, true, 35, true}, /* RFC 9234 5 */
	    {"\xc0\x23\4\0\0\0\1", 7, FAULT_NONE, false, 35, true},
	    {"\xc0\xfe\1\0", 4, FAULT_NONE, false, 254, true}, /* unknown: kept as bytes */
	    {"\x80\xe\5\0\1\1\4\0", 8, FAULT_ATTR_LENGTH, true, 14, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fault_count faults = {.skipped_bytes = 0};
		struct attr_view v;
		attrs_scan(&(struct attr_set){{(const uint8_t *)rows[i].bytes, rows[i].n}, 4, false}, &v,
		    &faults, 9);
		if (faults.n[rows[i].fault] != (rows[i].fault ? 1 : 0) ||
		    fault_sum(&faults) != (rows[i].fault ? 1 : 0) || v.withdraw != rows[i].withdraw ||
		    attr_seen(&v, rows[i].code) != rows[i].seen)
			fail_msg("row %zu", i);
		if (rows[i].fault)
			assert_int_equal(faults.first[rows[i].fault], 9);
	}
	assert_string_equal(attr_name(ATTR_OTC), "ONLY_TO_CUSTOMER");
	assert_string_equal(attr_name(200), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_path_flags),
	    cmocka_unit_test(test_attr_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
