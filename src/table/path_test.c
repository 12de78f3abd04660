/* Tests of the path tree: cleaning in its order, shared tails, flags inherited, the cache that may forget. */
#include "table/make_test.h"

#include "table/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka wants the four above it */
#include <cmocka.h>

static path_id clean(struct table *t, const char *words, unsigned found)
{
	asn_t list[2048];
	size_t n = 0;
	char *p = (char *)(uintptr_t)words;

	while (*p)
		list[n++] = (asn_t)strtoul(p, &p, 10);
	return path_clean(&t->paths, list, n, found, 999);
}

static const struct row {
	const char *in;
	unsigned found;
	const char *out;
	unsigned flags;
} rows[] = {
    {"10 20 30", 0, "10 20 30", 0},
    {"10 10 20 20 20 30 30", 0, "10 20 30", 0},
    {"10 0 30", PATH_HAS_SET, "10 0 30", PATH_SET},
    {"10 0 30", 0, "10 0 30", PATH_RESERVED},
    {"10 64512 30", 0, "10 64512 30", PATH_RESERVED},
    {"10 20 10 30", 0, "10 20 10 30", PATH_LOOPED},
    {"10 20 30 20", 0, "10 20 30 20", PATH_LOOPED},
    {"10 20 30", PATH_HAS_CONFED, "10 20 30", 0},
    {"10 20 30", PATH_MALFORMED, "10 20 30", PATH_BAD},
    {"10 20 30", PATH_CUT, "10 20 30", PATH_BAD},
    {"10 7 20 7 7 30", 0, "10 20 30", PATH_LOOPED}, /* 7: a route server; loops are judged before it leaves */
    {"10 7 20", 0, "10 20", 0},
    {"10 7 10 20", 0, "10 20", PATH_LOOPED},
    {"", 0, "999", PATH_EMPTY},
    {"7 7", 0, "999", PATH_EMPTY},
};

static struct table *table_dropping_7(void)
{
	static const asn_t drop[] = {9, 7};

	return table_new(&(struct table_options){.drop_asn = drop, .drop_asns = 2});
}

static void paths_are_cleaned_in_order(void **state)
{
	struct table *t = table_dropping_7();
	char text[256];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		path_id id = clean(t, rows[i].in, rows[i].found);
		assert_string_equal(path_words(t, id, text, sizeof text), rows[i].out);
		assert_int_equal(path_flags(t, id), rows[i].flags);
		assert_int_equal(clean(t, rows[i].in, rows[i].found), id);
	}
	assert_int_equal(table_health(t)->cleaned[0], 1); /* sets */
	assert_int_equal(table_health(t)->cleaned[1], 2); /* reserved */
	table_free(t);
}

static void tails_are_shared(void **state)
{
	struct table *t = table_new(NULL);
	path_id a = clean(t, "10 20 30", 0), b = clean(t, "11 20 30", 0), looped = clean(t, "20 10 20 30", 0);

	assert_int_equal(path_parent(t, a), path_parent(t, b));
	assert_int_equal(path_count(t), 2 + 5);
	assert_int_equal(path_origin(t, a), 30);
	assert_int_equal(path_length(t, a), 3);
	assert_int_equal(path_parent(t, path_parent(t, path_parent(t, a))), PATH_NONE);
	assert_int_equal(path_parent(t, looped), a);
	assert_int_equal(path_flags(t, a), 0); /* a loop further out is not the tail's */
	assert_int_equal(path_flags(t, PATH_UNREAD), PATH_REFUSED);
	for (path_id id = PATH_UNREAD + 1; id < path_count(t); id++)
		assert_true(path_parent(t, id) < id);
	table_free(t);
}

static void flags_of_a_tail_are_inherited(void **state)
{
	struct table *t = table_new(NULL);
	path_id reserved = clean(t, "10 20 64512", 0), plain = clean(t, "10 20", 0);

	assert_int_equal(path_flags(t, reserved), PATH_RESERVED);
	assert_int_equal(path_flags(t, path_parent(t, reserved)), PATH_RESERVED);
	assert_int_equal(path_flags(t, plain), 0);
	table_free(t);
}

static void long_paths_are_cut_and_marked(void **state)
{
	struct table *t = table_new(NULL);
	asn_t list[400];
	path_id id;

	for (asn_t i = 0; i < 400; i++)
		list[i] = 1000 + i;
	id = path_clean(&t->paths, list, 255, 0, 1);
	assert_int_equal(path_flags(t, id), 0);
	assert_int_equal(path_length(t, id), 255);
	id = path_clean(&t->paths, list, 256, 0, 1);
	assert_int_equal(path_flags(t, id), PATH_BAD);
	assert_int_equal(path_length(t, id), 255);
	table_free(t);
}

/* The id of a raw AS_PATH of 4-byte ASNs, through the cache. */
static path_id intern(struct table *t, const asn_t *list, size_t n)
{
	uint8_t raw[2 + 4 * 255];
	struct path_attr a = {.as_path = {raw, 2 + 4 * n}, .as_size = 4};

	raw[0] = SEGMENT_SEQUENCE;
	raw[1] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 4; k++)
			raw[2 + 4 * i + k] = (uint8_t)(list[i] >> (24 - 8 * k));
	path_attr_hash(&t->paths.cache, &a);
	a.peer_asn = 1;
	paths_intern(&t->paths, &(struct path_attr *){&a}, 1);
	return a.id;
}

/* Far more paths than the cache has lines: what comes out of it is what cleaning gives. */
static void the_cache_is_never_wrong(void **state)
{
	enum { PATHS = 60000 };
	struct table *t = table_new(NULL);
	asn_t list[20];

	for (int round = 0; round < 2; round++)
		for (asn_t i = 0; i < PATHS; i++) {
			size_t n = 1 + i % 18;
			path_id id;
			for (size_t k = 0; k < n; k++)
				list[k] = 1000 + (asn_t)(i / (k + 1)) % 20000 + (asn_t)k * 20000;
			id = intern(t, list, n);
			assert_int_equal(id, path_clean(&t->paths, list, n, 0, 1));
		}
	table_free(t);
}

static void empty_paths_belong_to_their_peer(void **state)
{
	struct table *t = table_new(NULL);
	struct path_attr a = {.as_size = 4};
	path_id one, two;

	path_attr_hash(&t->paths.cache, &a);
	struct path_attr b = a, *both[] = {&a, &b};
	a.peer_asn = 11;
	b.peer_asn = 12;
	paths_intern(&t->paths, both, 2);
	one = a.id;
	two = b.id;
	assert_int_equal(path_origin(t, one), 11);
	assert_int_equal(path_origin(t, two), 12);
	assert_int_equal(path_flags(t, one), PATH_EMPTY);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_are_cleaned_in_order),
	    cmocka_unit_test(tails_are_shared),
	    cmocka_unit_test(flags_of_a_tail_are_inherited),
	    cmocka_unit_test(long_paths_are_cut_and_marked),
	    cmocka_unit_test(the_cache_is_never_wrong),
	    cmocka_unit_test(empty_paths_belong_to_their_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
