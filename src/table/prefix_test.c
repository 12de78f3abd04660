/* Tests of the prefixes: exact and longest match, address order, and the addresses that no announced more
 * specific covers, against a slow look at every pair. */
#include "table/make_test.h"

#include "table/inner.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above it */
#include <cmocka.h>

enum { PREFIXES = 300 };

static uint64_t seed = 20171001;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % below;
}

/* From a few bits, so that nesting is common. */
static struct prefix draw_prefix(uint8_t family)
{
	uint8_t b[16] = {family == FAMILY_IPV4 ? 10 : 0x20};
	unsigned len = draw(9) == 0 ? draw(8) : 8 + draw(family == FAMILY_IPV4 ? 25 : 80);

	for (int i = 1; i < 16; i++)
		b[i] = (uint8_t)(draw(2) * 0x80 + draw(2) * 0x01);
	return prefix_make(family, b, len);
}

static prefix_id born(struct table *t, const struct prefix *p)
{
	return prefix_born(t, p, prefix_hash(p));
}

static void announce(struct table *t, prefix_id id, bool now)
{
	(void)route_set(t, 0, id, now ? PATH_UNREAD : PATH_NONE);
}

/* In /64s or addresses: the union of announced prefixes properly inside p, by counting only the widest. */
static uint64_t slow_own(const struct table *t, prefix_id id)
{
	const struct prefix *p = prefix_of(t, id);
	unsigned unit = p->family == FAMILY_IPV4 ? 32 : 64;
	uint64_t covered = 0;

	for (prefix_id q = 0; q < prefix_count(t); q++) {
		const struct prefix *x = prefix_of(t, q);
		bool widest = true;
		if (q == id || !prefix_routes(t, q) || !prefix_covers(p, x))
			continue;
		for (prefix_id r = 0; r < prefix_count(t) && widest; r++)
			widest = r == id || r == q || !prefix_routes(t, r) ||
				 !prefix_covers(p, prefix_of(t, r)) || !prefix_covers(prefix_of(t, r), x);
		if (widest && x->len <= unit)
			covered += UINT64_C(1) << (unit - x->len);
	}
	return p->len > unit ? 0
			     : (unit - p->len == 64 ? UINT64_MAX : UINT64_C(1) << (unit - p->len)) - covered;
}

static prefix_id slow_longest(const struct table *t, const struct prefix *p, prefix_id other_than)
{
	prefix_id best = PREFIX_NONE;

	for (prefix_id q = 0; q < prefix_count(t); q++)
		if (q != other_than && prefix_routes(t, q) && prefix_covers(prefix_of(t, q), p) &&
		    (best == PREFIX_NONE || prefix_of(t, q)->len > prefix_of(t, best)->len))
			best = q;
	return best;
}

static void check_all(const struct table *t)
{
	for (prefix_id id = 0; id < prefix_count(t); id++) {
		const struct prefix *p = prefix_of(t, id);
		assert_int_equal(t->prefixes.own[id], slow_own(t, id));
		assert_int_equal(prefix_parent(t, id), slow_longest(t, p, id));
		assert_int_equal(prefix_longest(t, p), slow_longest(t, p, PREFIX_NONE));
		assert_int_equal(prefix_find(t, p), id);
	}
}

static void own_and_nesting_follow_what_comes_and_goes(void **state)
{
	struct table *t = table_new(NULL);
	struct peer_key key = mk_peer("192.0.2.9", 9);
	collector_id c = table_collector(t, "test");

	(void)peer_born(t, c, &key, 0);
	for (int i = 0; i < PREFIXES; i++) {
		struct prefix p = draw_prefix(draw(2) ? FAMILY_IPV4 : FAMILY_IPV6);
		announce(t, born(t, &p), draw(3) > 0);
		announce(t, draw((uint32_t)prefix_count(t)), draw(2));
		if (i % 30 == 29)
			check_all(t);
	}
	for (prefix_id id = 0; id < prefix_count(t); id++)
		announce(t, id, false);
	check_all(t);
	table_free(t);
}

static void inside_is_in_address_order(void **state)
{
	struct table *t = table_new(NULL);
	struct peer_key key = mk_peer("192.0.2.9", 9);
	prefix_id out[PREFIXES];

	(void)peer_born(t, table_collector(t, "test"), &key, 0);
	for (int i = 0; i < PREFIXES; i++) {
		struct prefix p = draw_prefix(draw(2) ? FAMILY_IPV4 : FAMILY_IPV6);
		announce(t, born(t, &p), draw(3) > 0);
	}
	for (int i = 0; i < 200; i++) {
		struct prefix p = draw_prefix(draw(2) ? FAMILY_IPV4 : FAMILY_IPV6);
		size_t n = prefix_inside(t, &p, out, PREFIXES), slow = 0;
		for (prefix_id q = 0; q < prefix_count(t); q++)
			slow += prefix_routes(t, q) && prefix_covers(&p, prefix_of(t, q));
		assert_int_equal(n, slow);
		for (size_t k = 1; k < n; k++)
			assert_true(prefix_cmp(prefix_of(t, out[k - 1]), prefix_of(t, out[k])) < 0);
		assert_int_equal(prefix_inside(t, &p, out, 0), n);
	}
	table_free(t);
}

static void weights_are_told_in_48s(void **state)
{
	static const struct {
		const char *prefix;
		uint64_t own;
	} rows[] = {{"2001:db8::/32", 65536 - 1 - 1}, {"2001:db8::/48", 0}, {"2001:db8::/49", 1},
	    {"2001:db8:0:8000::/49", 1}, {"2001:db8:1::/48", 1}, {"2001:db8:1:2::/64", 1},
	    {"2001:db8:1:2::1/128", 1}, {"10.0.0.0/8", (1 << 24) - 256}, {"10.0.0.0/24", 255},
	    {"10.0.0.7/32", 1}, {"0.0.0.0/0", (UINT64_C(1) << 32) - (1 << 24)}};
	struct table *t = table_new(NULL);
	struct peer_key key = mk_peer("192.0.2.9", 9);
	size_t n = sizeof rows / sizeof *rows;

	(void)peer_born(t, table_collector(t, "test"), &key, 0);
	for (size_t i = 0; i < n; i++) {
		struct prefix p = mk_prefix(rows[i].prefix);
		announce(t, born(t, &p), true);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(prefix_own(t, (prefix_id)i), rows[i].own);
	table_free(t);
}

/* The map and the trie over enough prefixes to grow several times. */
static void many_prefixes_are_found_again(void **state)
{
	struct table *t = table_new(NULL);

	for (uint32_t i = 0; i < 40000; i++) {
		uint8_t b[16] = {(uint8_t)(i >> 12), (uint8_t)(i >> 4), (uint8_t)(i << 4)};
		struct prefix p = prefix_make(i % 3 ? FAMILY_IPV4 : FAMILY_IPV6, b, 20);
		assert_int_equal(born(t, &p), i);
	}
	for (uint32_t i = 0; i < 40000; i++)
		assert_int_equal(prefix_find(t, prefix_of(t, i)), i);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(own_and_nesting_follow_what_comes_and_goes),
	    cmocka_unit_test(inside_is_in_address_order),
	    cmocka_unit_test(weights_are_told_in_48s),
	    cmocka_unit_test(many_prefixes_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
