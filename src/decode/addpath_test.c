/*
 * Path identifiers where a record does not tell of them: the answer that spares the second reading of a list
 * is that of both readings, on random messages of several peers.
 */
#include "decode/addpath.h"
#include "decode/sample_test.h"

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

/* ---- the oracle: every list is read both ways ---- */

struct reading {
	bool whole;
	unsigned zeros, dirty;
};

static struct reading read_as(const struct nlri *list, size_t id)
{
	struct reading r = {true, 0, 0};

	for (size_t at = 0; at < list->bytes.n;) {
		const uint8_t *p = list->bytes.p + at + id;
		size_t left = list->bytes.n - at;
		if (left < id + 1 || p[0] > family_bits(list->family) || left < id + 1 + (p[0] + 7U) / 8)
			return (struct reading){false, r.zeros, r.dirty};
		r.zeros += p[0] == 0;
		r.dirty += p[0] % 8 && (p[(p[0] + 7) / 8] & (0xff >> p[0] % 8));
		at += id + 1 + (p[0] + 7U) / 8;
	}
	return r;
}

static int judge(const struct nlri *list)
{
	struct reading plain = read_as(list, 0), with = read_as(list, 4);
	bool with_fits = with.whole && !with.dirty && with.zeros < 2;

	if (plain.whole && plain.zeros < 2 && !plain.dirty && list->bytes.n < 5)
		return -1;
	if (!with_fits)
		return plain.whole || !with.whole ? -1 : 1;
	return plain.whole && plain.zeros < 2 ? 0 : 1;
}

static unsigned oracle(struct nlri *const list[4], uint8_t *memory)
{
	bool told = list[0]->addpath;
	unsigned hidden = 0;

	for (unsigned i = 0; i < 4; i++) {
		int verdict = list[i]->bytes.n && list[i]->family ? judge(list[i]) : 2;
		if (verdict == 2)
			continue;
		list[i]->addpath = told ? verdict >= 0 : verdict > 0 || (verdict == 0 && *memory >= 2);
		if (told)
			continue;
		hidden |= list[i]->addpath;
		if (verdict > 0 && *memory < 8)
			++*memory;
		if (verdict < 0 && *memory)
			--*memory;
	}
	return hidden;
}

/* ---- */

static void put_list(struct sample *s, struct nlri *list, bool ids)
{
	static const char *const v4[] = {
	    "175.45.176.0/24", "10.1.2.0/24", "10.0.0.0/8", "10.2.0.0/15", "0.0.0.0/0"};
	size_t begin = s->n;

	list->family = draw(8) ? FAMILY_IPV4 : draw(4) ? FAMILY_IPV6 : 0;
	for (unsigned n = draw(5); n; n--) {
		if (ids)
			put32(s, draw(3) ? draw(9) : 0x180a0102);
		put_nlri(s, list->family == FAMILY_IPV6 ? "2001:db8::/32" : v4[draw(draw(4) ? 4 : 5)]);
	}
	if (draw(16) == 0 && s->n > begin)
		s->b[begin + draw((uint32_t)(s->n - begin))] ^= (uint8_t)(1U << draw(8));
	list->bytes = (struct span){s->b + begin, s->n - begin};
}

static void test_both_readings(void **state)
{
	static struct sample sample;
	static struct mrt m;
	static uint8_t memory[3];
	uint64_t hidden = 0, plain = 0;

	for (unsigned round = 0; round < 200000; round++) {
		struct update u = {.kind = UPDATE_MESSAGE}, same;
		/* no peer shows any at first, later one does */
		unsigned peer = draw(3), ids = round % 1000 > 300 && peer == 1 && draw(3);
		struct nlri *list[4] = {&u.withdrawn[0], &u.withdrawn[1], &u.announced[0], &u.announced[1]};
		struct nlri *other[4] = {
		    &same.withdrawn[0], &same.withdrawn[1], &same.announced[0], &same.announced[1]};
		if (round % 1000 == 0) {
			memset(&m, 0, sizeof m);
			memset(memory, 0, sizeof memory);
			hidden = 0;
		}
		sample.n = 0;
		u.peer = (struct peer_key){{{192, 0, 2, (uint8_t)peer}, FAMILY_IPV4}, 64500 + peer};
		for (unsigned i = 0; i < 4; i++)
			put_list(&sample, list[i], ids);
		if (draw(30) == 0)
			for (unsigned i = 0; i < 4; i++)
				list[i]->addpath = true;
		same = u;
		hidden += oracle(other, &memory[peer]);
		addpath_settle(&m, &u);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(list[i]->addpath, other[i]->addpath);
		assert_int_equal(m.n_hidden, hidden);
		plain += hidden == 0;
	}
	assert_true(plain > 1000); /* the short way was taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_readings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
