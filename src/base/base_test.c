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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cursor_is_sticky),
	    cmocka_unit_test(child_is_bound_by_its_length),
	    cmocka_unit_test(numbers_print),
	    cmocka_unit_test(digits_are_printf_s),
	    cmocka_unit_test(json_is_valid),
	    cmocka_unit_test(arena_keeps_and_resets),
	    cmocka_unit_test(queue_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
