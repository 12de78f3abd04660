/* enrich/ranges: the flat table against painting every interval over an array, on small random worlds. */
#include "enrich/ranges.h"

#include "enrich/sample.h"

enum { CELLS = 512 }; /* the world: keys of 9 bits, in the high bits of the 64 */

static uint64_t key_of(unsigned cell)
{
	return (uint64_t)cell << 55;
}

/* The winner at a cell: higher rank, then smaller, then later. */
static uint32_t oracle(const struct interval *v, size_t n, unsigned cell)
{
	const struct interval *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].first <= key_of(cell) && key_of(cell) <= v[i].last &&
		    (!best || v[i].rank > best->rank ||
			(v[i].rank == best->rank && v[i].last - v[i].first <= best->last - best->first)))
			best = &v[i];
	return best ? best->value : 0;
}

static void the_table_says_what_painting_says(void **state)
{
	srand(7);
	for (int world = 0; world < 2000; world++) {
		struct interval given[24];
		struct intervals list = {0};
		struct ranges r;
		size_t n = (size_t)(rand() % 24);
		for (size_t i = 0; i < n; i++) {
			unsigned a = (unsigned)rand() % CELLS, b = a + (unsigned)rand() % (CELLS - a);
			given[i] = (struct interval){key_of(a), key_of(b) | (key_of(1) - 1),
			    (uint32_t)rand() % 5 + 1, (uint32_t)rand() % 3};
			intervals_add(&list, given[i].first, given[i].last, given[i].value, given[i].rank);
		}
		ranges_build(&r, &list, world % 2 ? 4 : 16);
		for (unsigned c = 0; c < CELLS; c++)
			assert_int_equal(r.value[ranges_at(&r, key_of(c))], oracle(given, n, c));
		for (size_t i = 1; i < r.n; i++)
			assert_true(r.start[i - 1] < r.start[i] && r.value[i - 1] != r.value[i]);
		ranges_free(&r);
		free(list.v);
	}
}

static void a_prefix_over_several_ranges_is_of_the_largest(void **state)
{
	struct prefix all = prefix_of("0.0.0.0/0"), eight = prefix_of("10.0.0.0/8"),
		      none = prefix_of("11.0.0.0/8");
	struct intervals list = {0};
	struct ranges r;

	intervals_add(&list, UINT64_C(0x0a00000000000000), UINT64_C(0x0a3fffffffffffff), 1 << 8 | 1, 0);
	intervals_add(&list, UINT64_C(0x0a40000000000000), UINT64_C(0x0a6fffffffffffff), 2 << 8 | 1, 0);
	intervals_add(&list, UINT64_C(0x0a80000000000000), UINT64_C(0x0a9fffffffffffff), 1 << 8 | 2, 0);
	ranges_build(&r, &list, RANGES_INDEX4);
	assert_int_equal(ranges_of(&r, &eight) >> 8, 1);
	assert_int_equal(ranges_of(&r, &all) >> 8, 1);
	assert_int_equal(ranges_of(&r, &none), 0);
	ranges_free(&r);
	free(list.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_says_what_painting_says),
	    cmocka_unit_test(a_prefix_over_several_ranges_is_of_the_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
