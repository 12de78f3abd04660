/*
 * decode/bgp on captures of real BGP sessions (../shared/data/captures-pmacct, captures-bgp), message by
 * message, every field that both sides have: ours and NetGauze's JSON beside each capture are written as one
 * line of text.
 */
#include "decode/capture_text_test.h"

static bool say_their_line(const json_t *j, struct out *o)
{
	out_str(o, json_is_string(j) ? json_string_value(j) : NAME_OF(j));
	if (GET(j, "Open"))
		say_their_open(o, GET(j, "Open"));
	if (GET(j, "Update"))
		say_their_update(o, GET(j, "Update"));
	return true;
}

/* The next message of a flow, without a fault; false at its end. */
static bool next_bgp(struct cur *c, struct out *o)
{
	static const char *const names[] = {"", "Open", "Update", "Notification", "KeepAlive"};
	struct fault_count faults = {0};
	struct update u = {0};
	struct span m;

	if (cur_left(c) < 19 || cur_left(c) < be16(c->p + 16))
		return false;
	m = cur_span(c, be16(c->p + 16));
	assert_in_range(m.p[18], 1, 4);
	o->n = 0;
	out_str(o, names[m.p[18]]);
	assert_true(bgp_cut(m, 4, false, &u, &faults));
	if (m.p[18] == 1)
		say_our_open(o, m);
	if (u.kind == UPDATE_MESSAGE)
		say_our_update(o, &u, &faults);
	out_char(o, 0);
	for (unsigned k = 0; k < FAULT_KINDS; k++)
		assert_int_equal(faults.n[k], 0);
	return true;
}

static void compare_bgp(struct flow *flow, FILE *expected, struct compared *sum)
{
	struct cur c = cur_of(flow->p, flow->n);
	struct out ours, theirs;
	bool unread;

	out_open_mem(&ours);
	out_open_mem(&theirs);
	while (next_bgp(&c, &ours)) {
		assert_true(next_theirs(expected, &theirs, say_their_line, &unread));
		assert_string_equal(ours.buf, theirs.buf);
		sum->messages++;
	}
	out_close(&ours);
	out_close(&theirs);
}

static void test_bgp(void **state)
{
	struct compared sum = compare_all(
	    "../shared/data/captures-pmacct/*-bgp.json", "-bgp.json", 0xff, compare_bgp, say_their_line);

	assert_int_equal(sum.messages, 778);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sessions of several peers; NetGauze lists part of their messages, in another order. */
static void test_bgp_sessions(void **state)
{
	enum { MANY = 1000 };
	static char *ours[MANY], *theirs[MANY];
	FILE *f = fopen("../shared/data/captures-bgp/bgp.multiple-sessions.traffic-bgp.json", "r");
	struct flow flows[FLOWS] = {0};
	size_t n = 0, due = 0, at = 0, flow_count;
	struct out o;
	bool unread;

	if (!f) {
		fputs("skipped: no ../shared/data\n", stderr);
		skip();
	}
	out_open_mem(&o);
	flow_count = capture_read("../shared/data/captures-bgp/bgp.multiple-sessions.traffic.pcap", flows);
	for (size_t i = 0; i < flow_count; i++) {
		struct cur c = cur_of(flows[i].p, flows[i].n);
		while (next_bgp(&c, &o))
			ours[n++] = mem_strdup(o.buf);
		free(flows[i].p);
	}
	while (next_theirs(f, &o, say_their_line, &unread))
		theirs[due++] = mem_strdup(o.buf);
	fclose(f);
	out_close(&o);
	assert_int_equal(n, 291);
	assert_int_equal(due, 106);
	qsort(ours, n, sizeof *ours, by_text);
	qsort(theirs, due, sizeof *theirs, by_text);
	for (size_t i = 0; i < due; i++) { /* each of theirs has one of ours */
		while (at < n && strcmp(ours[at], theirs[i]) < 0)
			at++;
		assert_true(at < n);
		assert_string_equal(ours[at++], theirs[i]);
		free(theirs[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(ours[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bgp),
	    cmocka_unit_test(test_bgp_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
