/*
 * keep/event_body: see events.h. Exact: doubles travel as their bits. The first byte is the layout's number.
 */
#include "keep/events.h"

#include "base/mem.h"

#include <stdlib.h>

enum { BODY_FORMAT = 1 };

static void put_double(struct out *o, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	put_uint(o, bits);
}

static double take_double(struct cur *c)
{
	uint64_t bits = take_uint(c);
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static void put_path(struct out *o, const asn_t *path, unsigned n)
{
	put_uint(o, n);
	for (unsigned i = 0; i < n; i++)
		put_uint(o, path[i]);
}

static uint8_t take_path(struct cur *c, asn_t *path)
{
	uint64_t n = take_uint(c);

	if (n > EVIDENCE_PATH_MAX) {
		c->bad = true;
		return 0;
	}
	for (uint64_t i = 0; i < n; i++)
		path[i] = (asn_t)take_uint(c);
	return (uint8_t)n;
}

static void put_addr(struct out *o, uint8_t family, const uint8_t b[16])
{
	put_uint(o, family);
	out_bytes(o, b, family == FAMILY_IPV4 ? 4 : 16);
}

static uint8_t take_addr(struct cur *c, uint8_t b[16])
{
	uint8_t family = cur_u8(c);
	size_t n = family == FAMILY_IPV4 ? 4 : 16;
	const uint8_t *p = cur_take(c, n);

	memset(b, 0, 16);
	if (p)
		memcpy(b, p, n);
	return family;
}

void event_body_put(struct out *o, const struct event *e)
{
	put_uint(o, BODY_FORMAT);
	put_uint(o, e->country);
	put_int(o, e->confirmed);
	put_uint(o, e->vantage);
	put_uint(o, e->collectors);
	put_double(o, e->before);
	put_double(o, e->after);
	put_uint(o, e->prefixes);
	for (size_t i = 0; i < e->prefixes; i++) {
		put_addr(o, e->prefix[i].family, e->prefix[i].b);
		put_uint(o, e->prefix[i].len);
	}
	put_uint(o, e->evidences);
	for (unsigned i = 0; i < e->evidences; i++) {
		const struct evidence *v = &e->evidence[i];
		put_addr(o, v->peer.addr.family, v->peer.addr.b);
		put_uint(o, v->peer.asn);
		put_int(o, v->at);
		put_path(o, v->before, v->before_n);
		put_path(o, v->after, v->after_n);
	}
}

bool event_body_take(struct cur *c, struct event *e)
{
	uint64_t format = take_uint(c), n;

	e->country = (cc_t)take_uint(c);
	e->confirmed = take_int(c);
	e->vantage = (unsigned)take_uint(c);
	e->collectors = (unsigned)take_uint(c);
	e->before = take_double(c);
	e->after = take_double(c);
	n = take_uint(c);
	if (c->bad || format != BODY_FORMAT || n > cur_left(c))
		return false;
	e->prefix = n ? mem_array(n, sizeof *e->prefix) : NULL;
	e->prefixes = n;
	for (size_t i = 0; i < n; i++) {
		e->prefix[i].family = take_addr(c, e->prefix[i].b);
		e->prefix[i].len = (uint8_t)take_uint(c);
	}
	n = take_uint(c);
	if (n > EVIDENCE_MAX)
		return false;
	e->evidences = (unsigned)n;
	for (unsigned i = 0; i < n; i++) {
		struct evidence *v = &e->evidence[i];
		v->peer.addr.family = take_addr(c, v->peer.addr.b);
		v->peer.asn = (asn_t)take_uint(c);
		v->at = take_int(c);
		v->before_n = take_path(c, v->before);
		v->after_n = take_path(c, v->after);
	}
	return !c->bad && cur_left(c) == 0;
}
