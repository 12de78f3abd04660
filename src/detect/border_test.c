/*
 * detect: what paths say of a place, kept once for all that say the same. Paths are random ones through three
 * countries; the oracle walks each of them from its origin.
 */
#include "detect/inner.h"

#include "base/mem.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATHS = 3000, ASES = 12, LONGEST = 6 };
#define START (INT64_C(1500000000) * UTIME_SECOND)

static uint32_t state = 1;

static unsigned chance(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static void on_event(void *arg, const struct event *e)
{
}

static struct facts *three_countries(void)
{
	static const char *const in[] = {"CN", "RU", "KP"};
	char path[] = "/tmp/isthmus-border-XXXXXX";
	const char *const registry[] = {path};
	FILE *file = fdopen(mkstemp(path), "w");
	struct facts *f;

	assert_non_null(file);
	for (unsigned i = 0; i < ASES; i++)
		fprintf(file, "%u Network %u, %s\n", 100 + i, i, in[i % 3]);
	assert_int_equal(fclose(file), 0);
	f = facts_load(&(struct facts_options){.registry = registry, .registries = 1, .no_default = true});
	unlink(path);
	return f;
}

/* Announcements of one peer; some of their paths come back to an AS, which makes them unclean. */
static void speak(struct table *t, struct source *s, struct changes *c)
{
	struct peer_key peer = mk_peer("192.0.2.1", 99);
	struct out o;

	out_open_mem(&o);
	for (unsigned i = 0; i < PATHS; i++) {
		char path[64] = "99";
		for (unsigned k = 1 + chance(LONGEST); k; k--)
			snprintf(path + strlen(path), 8, " %u", 100 + chance(ASES));
		mk_announce(&o, START + i * UTIME_SECOND, &peer, path, "20.0.0.0/24");
	}
	assert_int_equal(feed(t, s, &o, c), 0);
	out_close(&o);
}

static struct way walked(struct detect *d, path_id path)
{
	asn_t list[2 * LONGEST];
	size_t n = path_list(d->t, path, list, 2 * LONGEST);
	struct way x = {.origin = list[n - 1], .home = asn_home(d, list[n - 1])};

	for (size_t i = n; i-- > 0 && !x.border;)
		if (asn_home(d, list[i]) != x.home)
			x.border = list[i];
	x.flags = path_flags(d->t, path) ? WAY_DIRTY : 0;
	return x;
}

static bool same(const struct way *a, const struct way *b)
{
	return a->origin == b->origin && a->border == b->border && a->home == b->home && a->flags == b->flags;
}

static void check(struct detect *d, path_id leaks)
{
	size_t n = path_count(d->t), shared = 0, dirty = 0, abroad = 0;

	for (path_id i = 2; i < n; i++) {
		struct way x = walked(d, i);
		if (i == leaks)
			x.flags |= WAY_LEAK;
		assert_true(same(path_way(d, i), &x));
		dirty += x.flags & WAY_DIRTY;
		abroad += x.border != 0;
		for (path_id k = 2; k < i; k++) {
			assert_int_equal(
			    same(path_way(d, k), path_way(d, i)), path_way(d, k) == path_way(d, i));
			shared += path_way(d, k) == path_way(d, i);
		}
	}
	assert_true(shared > n && dirty > n / 10 && abroad > n / 2 && abroad < n - 2);
}

static void test_ways_are_what_a_walk_says(void **arg)
{
	struct table *t = table_new(&(struct table_options){0});
	struct source *s = source_new(t, "rrc99");
	struct facts *f = three_countries();
	struct detect *d = detect_new(t, f, &detect_defaults, on_event, NULL);
	struct changes c = {0};

	speak(t, s, &c);
	detect_changes(d, c.v, c.n);
	assert_true(d->path[PATH_NONE].way == 0 && path_way(d, PATH_NONE)->origin == 0);
	check(d, PATH_NONE);
	path_leaks(d, (path_id)path_count(t) - 1);
	check(d, (path_id)path_count(t) - 1);
	free(c.v);
	detect_free(d);
	facts_free(f);
	source_free(s);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways_are_what_a_walk_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
