/* Tests of base: cursor, writer, JSON, arena, queue. */
#include "base/arena.h"
#include "base/cur.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/queue.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above it */
#include <cmocka.h>

static void cursor_is_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	struct cur c = cur_of(bytes, sizeof bytes);

	assert_int_equal(cur_u16(&c), 0x0102);
	assert_int_equal(cur_u32(&c), 0);
	assert_true(c.bad);
	assert_int_equal(cur_u8(&c), 0);
	assert_int_equal(cur_left(&c), 0);
}

static void child_is_bound_by_its_length(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	struct cur c = cur_of(bytes, sizeof bytes), child = cur_sub(&c, 2);

	assert_int_equal(cur_u32(&child), 0);
	assert_true(child.bad);
	assert_false(c.bad);
	assert_int_equal(cur_u8(&c), 3);
}

static void numbers_print(void **state)
{
	struct out o;

	out_open_mem(&o);
	out_u64(&o, UINT64_MAX);
	out_char(&o, ' ');
	out_i64(&o, INT64_MIN);
	out_char(&o, ' ');
	out_fixed(&o, -0.0004, 3);
	out_char(&o, '\0');
	assert_string_equal(o.buf, "18446744073709551615 -9223372036854775808 0.000");
	out_close(&o);
}

/* Every length, and every place where one ends; beside what printf says. */
static void digits_are_printf_s(void **state)
{
	char ours[24], theirs[24];
	uint64_t v = 1;

	for (unsigned digits = 0; digits < 20; digits++, v *= 10)
		for (int k = -2; k < 1010; k++) {
			uint64_t w = v + (uint64_t)(int64_t)k;
			ours[text_u64(ours, w)] = '\0';
			snprintf(theirs, sizeof theirs, "%llu", (unsigned long long)w);
			assert_string_equal(ours, theirs);
			ours[text_u32(ours, (uint32_t)w)] = '\0';
			snprintf(theirs, sizeof theirs, "%u", (unsigned)(uint32_t)w);
			assert_string_equal(ours, theirs);
		}
}

/* Byte by byte. */
static void plain_escape(struct out *o, const unsigned char *s, size_t n)
{
	out_char(o, '"');
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 0x80)
			out_str(o, "\\ufffd");
		else if (s[i] == '"' || s[i] == '\\')
			out_printf(o, "\\%c", s[i]);
		else if (s[i] == '\n' || s[i] == '\t')
			out_str(o, s[i] == '\n' ? "\\n" : "\\t");
		else if (s[i] < 0x20 || s[i] == 0x7f)
			out_printf(o, "\\u%04x", s[i]);
		else
			out_char(o, (char)s[i]);
	out_char(o, '"');
}

static void json_texts_are_escaped(void **state)
{
	static const unsigned char odd[] = {
	    0, 1, '\n', '\t', 0x1f, 0x20, '!', '"', '#', '[', '\\', ']', 0x7e, 0x7f, 0x80, 0xff};
	uint32_t x = 1;

	for (size_t round = 0; round < 20000; round++) {
		unsigned char text[40];
		size_t n = round % sizeof text;
		struct out o, wanted;
		struct json j;
		for (size_t i = 0; i < n; i++) {
			x = x * 1664525 + 1013904223;
			text[i] = odd[(x >> 8) % sizeof odd];
			if ((x >> 24) % 16)
				text[i] = (unsigned char)('a' + (x >> 16) % 26);
		}
		out_open_mem(&o);
		out_open_mem(&wanted);
		j = json_on(&o);
		json_strn(&j, (const char *)text, n);
		plain_escape(&wanted, text, n);
		assert_int_equal(o.n, wanted.n);
		assert_memory_equal(o.buf, wanted.buf, wanted.n);
		out_close(&o);
		out_close(&wanted);
	}
}

/* What printf's digits are, without the zeros at the end, and no minus before zero. */
static void json_number_check(double v, int digits)
{
	struct out o;
	struct json j;
	char text[384];
	int n = snprintf(text, sizeof text, "%.*f", digits, v);
	const char *wanted = text;

	while (digits && text[n - 1] == '0' && text[n - 2] != '.')
		text[--n] = '\0';
	if (text[0] == '-' && strspn(text, "-0.") == (size_t)n)
		wanted++;
	out_open_mem(&o);
	j = json_on(&o);
	json_num(&j, v, digits);
	out_char(&o, '\0');
	assert_string_equal(o.buf, wanted);
	out_close(&o);
}

static void json_numbers_are_printfs(void **state)
{
	static const double odd[] = {0, -0., 1e-300, 5e-7, 4.9999999999999e-7, 999999.9999995, 0.9999995,
	    1e15, 1e16, 1e300, 4503599627370495.5};
	uint64_t x = 1;

	for (int digits = 0; digits <= 12; digits++)
		for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
			json_number_check(odd[i], digits);
			json_number_check(-odd[i], digits);
		}
	for (size_t i = 0; i < 200000; i++) {
		double v;
		x = x * 6364136223846793005U + 1442695040888963407U;
		v = (double)(x >> 11) / (double)(UINT64_C(1) << (i % 64));
		json_number_check(v, 6);
		json_number_check(-v, 1 + (int)(i % 9));
		v = (double)(x >> 50) / (double)(1 << (i % 16)); /* often in the middle between two */
		json_number_check(v, 1 + (int)(i % 9));
		v = ((double)(x >> 44) + 0.5) / 1e6; /* close to it */
		json_number_check(v, 6);
	}
}

static void json_is_valid(void **state)
{
	struct out o;
	struct json j;

	out_open_mem(&o);
	j = json_on(&o);
	json_open(&j);
	json_key(&j, "a");
	json_list(&j);
	json_num(&j, 0.5, 3);
	json_num(&j, -0.0001, 3);
	json_num(&j, NAN, 3);
	json_done(&j);
	json_key(&j, "b\n");
	json_strn(&j, "\xff\"\xc3\xa9", 4);
	json_end(&j);
	out_char(&o, '\0');
	assert_string_equal(o.buf, "{\"a\":[0.5,0.0,null],\"b\\n\":\"\\ufffd\\\"\xc3\xa9\"}");
	out_close(&o);
}

static void arena_keeps_and_resets(void **state)
{
	struct arena a = {0};
	char *big, *s;

	for (int round = 0; round < 3; round++) {
		s = arena_strn(&a, "hello", 4);
		big = arena_take(&a, 200000);
		assert_int_equal(big[199999], 0);
		big[199999] = 1;
		assert_string_equal(s, "hell");
		arena_reset(&a);
	}
	arena_free(&a);
}

static void queue_closes(void **state)
{
	struct queue q;
	int x;

	queue_init(&q, 2);
	assert_true(queue_push(&q, &x));
	queue_close(&q);
	assert_false(queue_push(&q, &x));
	assert_ptr_equal(queue_pop(&q), &x);
	assert_null(queue_pop(&q));
	queue_free(&q);
}

/* What goes past the buffer comes in the same order, and whoever looks on is shown all of it. */
static void look_on(void *arg, const void *p, size_t n)
{
	out_bytes(arg, p, n);
}

static void much_is_written_in_its_place(void **state)
{
	enum { MUCH = 700000 };
	FILE *f = tmpfile();
	char *much = mem_alloc(MUCH), *read_back = mem_alloc(MUCH + 8);
	struct out o, seen;

	assert_non_null(f);
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 256);
	out_open_fd(&o, fileno(f));
	out_open_mem(&seen);
	o.passing = look_on;
	o.passing_arg = &seen;
	out_str(&o, "head");
	out_much(&o, NULL, 0);
	out_much(&o, much, MUCH);
	out_much(&o, "tail", 4);
	assert_int_equal(out_close(&o), 0);
	assert_int_equal(pread(fileno(f), read_back, MUCH + 8, 0), MUCH + 8);
	assert_memory_equal(read_back, "head", 4);
	assert_memory_equal(read_back + 4, much, MUCH);
	assert_memory_equal(read_back + 4 + MUCH, "tail", 4);
	assert_int_equal(seen.n, MUCH + 8);
	assert_memory_equal(seen.buf, read_back, MUCH + 8);
	out_close(&seen);
	free(much);
	free(read_back);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cursor_is_sticky),
	    cmocka_unit_test(child_is_bound_by_its_length),
	    cmocka_unit_test(numbers_print),
	    cmocka_unit_test(digits_are_printf_s),
	    cmocka_unit_test(json_is_valid),
	    cmocka_unit_test(much_is_written_in_its_place),
	    cmocka_unit_test(json_texts_are_escaped),
	    cmocka_unit_test(json_numbers_are_printfs),
	    cmocka_unit_test(arena_keeps_and_resets),
	    cmocka_unit_test(queue_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
