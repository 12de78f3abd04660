/* decode/capture_test: the TCP payload in a packet capture, and an UPDATE as text; for the tests of this
 * room. */
#ifndef DECODE_CAPTURE_TEST_H
#define DECODE_CAPTURE_TEST_H

#include "base/mem.h"
#include "base/out.h"
#include "decode/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A sender's payload, in order. */
struct flow {
	uint8_t end[36]; /* addresses and ports */
	uint32_t next;   /* sequence number due */
	uint8_t *p;
	size_t n;
};

static inline uint8_t *file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f);
	rewind(f);
	p = mem_alloc(*n + 1);
	assert_int_equal(fread(p, 1, *n, f), *n);
	fclose(f);
	return p;
}

static inline void flow_add(struct flow *flow, uint32_t seq, const uint8_t *p, size_t n)
{
	uint32_t again = flow->next - seq; /* bytes seen before */

	if ((int32_t)again < 0 || again >= n)
		return;
	flow->p = mem_grow(flow->p, flow->n + n - again, 1);
	memcpy(flow->p + flow->n, p + again, n - again);
	flow->n += n - again;
	flow->next += (uint32_t)(n - again);
}

/* One Ethernet frame with IPv4 or IPv6 and TCP. */
static inline void frame_add(struct flow *flows, size_t *n, struct cur c)
{
	uint8_t end[36] = {0};
	uint16_t type, ports;
	const uint8_t *ip, *tcp;
	size_t head, length;

	cur_take(&c, 12);
	type = cur_u16(&c);
	if (type != 0x0800 && type != 0x86dd)
		return;
	ip = c.p;
	head = type == 0x0800 ? (size_t)(ip[0] & 15) * 4 : 40;
	length = type == 0x0800 ? be16(ip + 2) : 40U + be16(ip + 4);
	if ((type == 0x0800 ? ip[9] : ip[6]) != 6)
		return;
	memcpy(end, type == 0x0800 ? ip + 12 : ip + 8, type == 0x0800 ? 8 : 32);
	tcp = ip + head;
	memcpy(end + 32, tcp, 4);
	ports = (uint16_t)((tcp[12] >> 4) * 4);
	if (head + ports >= length || tcp + ports + (length - head - ports) > c.end)
		return;
	for (size_t i = 0; i <= *n; i++) {
		if (i == *n) {
			flows[(*n)++] = (struct flow){.next = be32(tcp + 4)};
			memcpy(flows[i].end, end, sizeof end);
		}
		if (memcmp(flows[i].end, end, sizeof end) == 0) {
			flow_add(&flows[i], be32(tcp + 4), tcp + ports, length - head - ports);
			return;
		}
	}
}

enum { FLOWS = 64 };
static inline size_t capture_read(const char *path, struct flow flows[FLOWS])
{
	size_t n, count = 0;
	uint8_t *p = file_read(path, &n);
	struct cur c = cur_of(p, n);

	cur_take(&c, 24);
	while (cur_left(&c) >= 16) {
		const uint8_t *head = cur_take(&c, 16);
		frame_add(flows, &count, cur_sub(&c, __builtin_bswap32(be32(head + 8)))); /* little-endian */
		assert_true(count < FLOWS);
	}
	free(p);
	return count;
}

/* ---- as text ---- */

static inline void say_prefixes(struct out *o, char sign, struct nlri list, struct fault_count *faults)
{
	struct prefix p;
	uint32_t id;
	char text[PREFIX_TEXT];

	while (list.safi == 1 && list.family && nlri_next(&list, &p, &id, faults, 0)) {
		out_char(o, ' ');
		out_char(o, sign);
		out_bytes(o, text, prefix_text(text, &p));
		if (list.addpath)
			out_printf(o, "#%u", id);
	}
}

static inline void say_path(struct out *o, const struct update *u)
{
	struct span as_path, as4_path;
	struct cur c;
	struct as_segment s;

	attrs_paths(&u->attrs, &as_path, &as4_path);
	c = cur_of_span(as_path);
	while (as_segment_next(&c, u->attrs.as_size, &s))
		for (struct cur a = cur_of_span(s.asns); cur_left(&a);)
			out_printf(o, " %u", s.as_size == 4 ? cur_u32(&a) : cur_u16(&a));
}

#endif
