/* Tests of keep/chunk and keep/event_body: what goes in comes out; damage is refused. */
#include "keep/chunk.h"

#include "base/mem.h"
#include "keep/events.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 1;
static uint64_t any(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

static void chunk_random(struct chunk *c, size_t bases, size_t points)
{
	*c = (struct chunk){
	    mem_array(bases, sizeof *c->base), mem_array(points, sizeof *c->point), bases, points};
	for (size_t i = 0; i < bases; i++)
		c->base[i] = (struct change_point){.upstream = (asn_t)(i * 1000),
		    .share = (uint32_t)any(1000001),
		    .prefixes = (uint32_t)any(5000)};
	for (size_t i = 0; i < points; i++)
		c->point[i] = (struct change_point){(int64_t)any(1u << 30) * 1000003 - UTIME_SECOND * 100,
		    (int64_t)any(300), (asn_t)(any(7) * 613566756), (uint32_t)any(1000001),
		    (uint32_t)any(UINT32_MAX)};
	if (points)
		c->point[0].time = UTIME_MAX; /* the far ends of the range */
	if (points > 1)
		c->point[1].time = INT64_MIN + 1;
	qsort(c->point, points, sizeof *c->point, change_point_cmp);
}

static void encode(const struct chunk *c, uint8_t **bytes, size_t *n)
{
	struct packer *p = packer_new();

	chunk_encode(p, c, bytes, n);
	packer_free(p);
}

static void test_round_trip(void **state)
{
	static const size_t sizes[][2] = {{0, 0}, {0, 1}, {1, 0}, {3, 2}, {40, 1000}, {0, 20000}};

	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct chunk c, back;
		uint8_t *bytes;
		size_t n;
		chunk_random(&c, sizes[k][0], sizes[k][1]);
		encode(&c, &bytes, &n);
		assert_true(chunk_decode(bytes, n, &back));
		assert_int_equal(back.bases, c.bases);
		assert_int_equal(back.points, c.points);
		for (size_t i = 0; i < c.points; i++) {
			assert_int_equal(change_point_cmp(&c.point[i], &back.point[i]), 0);
			assert_int_equal(c.point[i].share, back.point[i].share);
			assert_int_equal(c.point[i].prefixes, back.point[i].prefixes);
		}
		for (size_t i = 0; i < c.bases; i++) {
			assert_int_equal(c.base[i].upstream, back.base[i].upstream);
			assert_int_equal(c.base[i].share, back.base[i].share);
		}
		chunk_free(&c);
		chunk_free(&back);
		free(bytes);
	}
}

static void test_damage(void **state)
{
	struct chunk c, back;
	uint8_t *bytes;
	size_t n;

	chunk_random(&c, 5, 300);
	encode(&c, &bytes, &n);
	for (size_t i = 0; i < n; i++) { /* any flipped bit of any byte, and any cut */
		bytes[i] ^= (uint8_t)(1u << i % 8);
		if (chunk_decode(bytes, n, &back)) {
			/* zstd has bits without meaning (a frame's unused ones); content must then be the
			 * same */
			assert_int_equal(back.points, c.points);
			for (size_t k = 0; k < c.points; k++)
				assert_int_equal(change_point_cmp(&c.point[k], &back.point[k]), 0);
			chunk_free(&back);
		}
		bytes[i] ^= (uint8_t)(1u << i % 8);
		assert_false(chunk_decode(bytes, i, &back));
	}
	chunk_free(&c);
	free(bytes);
}

/* A step function of shares that change a little is a few bytes a point. */
static void test_size(void **state)
{
	struct chunk c = {.points = 5000};
	uint8_t *bytes;
	size_t n;

	c.point = mem_array(c.points, sizeof *c.point);
	for (size_t i = 0; i < c.points; i++)
		c.point[i] = (struct change_point){(int64_t)(1500000000 + i * 60 + any(60)) * UTIME_SECOND, 7,
		    4837, (uint32_t)(600000 + any(5000)), (uint32_t)(100 + any(3))};
	encode(&c, &bytes, &n);
	assert_true(n < c.points * 8);
	chunk_free(&c);
	free(bytes);
}

static struct event sample_event(void)
{
	struct event e = {.id = 77,
	    .episode = 70,
	    .kind = EVENT_UPSTREAM_NEW,
	    .country = cc_of("RU"),
	    .confirmed = 1506848880 * UTIME_SECOND,
	    .vantage = 41,
	    .collectors = 2,
	    .before = NAN,
	    .after = 0.601,
	    .prefixes = 2,
	    .evidences = 2};

	e.prefix = mem_array(2, sizeof *e.prefix);
	prefix_parse("175.45.176.0/24", 15, &e.prefix[0]);
	prefix_parse("2001:db8::/32", 13, &e.prefix[1]);
	for (unsigned i = 0; i < 2; i++) {
		e.evidence[i].peer.asn = 3356 + i;
		addr_parse(i ? "2001:db8::1" : "192.0.2.1", i ? 11 : 9, &e.evidence[i].peer.addr);
		e.evidence[i].at = 1506848871 * UTIME_SECOND + i;
		e.evidence[i].before_n = 3;
		e.evidence[i].before[0] = 3356;
		e.evidence[i].before[2] = UINT32_MAX;
		e.evidence[i].after_n = EVIDENCE_PATH_MAX;
		e.evidence[i].after[EVIDENCE_PATH_MAX - 1] = 131279;
	}
	return e;
}

static void test_event_body(void **state)
{
	struct event e = sample_event(), back = {0};
	struct out o;
	struct cur c;

	out_open_mem(&o);
	event_body_put(&o, &e);
	c = cur_of(o.buf, o.n);
	assert_true(event_body_take(&c, &back));
	assert_int_equal(back.country, cc_of("RU"));
	assert_int_equal(back.confirmed, e.confirmed);
	assert_true(isnan(back.before));
	assert_memory_equal(&back.after, &e.after, sizeof e.after);
	assert_int_equal(back.prefixes, 2);
	assert_memory_equal(back.prefix, e.prefix, 2 * sizeof *e.prefix);
	assert_int_equal(back.evidences, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(addr_cmp(&back.evidence[i].peer.addr, &e.evidence[i].peer.addr), 0);
		assert_int_equal(back.evidence[i].after_n, EVIDENCE_PATH_MAX);
		assert_memory_equal(back.evidence[i].after, e.evidence[i].after, sizeof e.evidence[i].after);
		assert_memory_equal(back.evidence[i].before, e.evidence[i].before, 3 * sizeof(asn_t));
	}
	free(back.prefix);
	for (size_t n = 0; n < o.n; n++) { /* cut anywhere: refused, nothing read beyond */
		struct event part = {0};
		c = cur_of(o.buf, n);
		assert_false(event_body_take(&c, &part));
		free(part.prefix);
	}
	out_close(&o);
	free(e.prefix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_event_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
