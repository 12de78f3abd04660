/*
 * decode/path: AS paths as views of segments, and as a flat list of ASNs with AS4_PATH merged.
 * In: the values of AS_PATH and AS4_PATH. Out: ASNs in the caller's array. Owns nothing.
 */
#include "decode/decode.h"

bool as_segment_next(struct cur *path, uint8_t as_size, struct as_segment *s)
{
	const uint8_t *head;

	if (cur_left(path) == 0 || !(head = cur_take(path, 2)))
		return false;
	s->type = head[0];
	s->as_size = as_size;
	s->asns = cur_span(path, (size_t)head[1] * as_size);
	return !path->bad;
}

static bool segment_counts(uint8_t type)
{
	return type == SEGMENT_SET || type == SEGMENT_SEQUENCE;
}

/* How long the path is by RFC 4271 9.1.2.2 a: a set counts one; confederations none (RFC 5065 5.3). */
static size_t path_hops(struct cur path, uint8_t as_size)
{
	struct as_segment s;
	size_t n = 0;

	while (as_segment_next(&path, as_size, &s))
		n += s.type == SEGMENT_SET ? 1 : s.type == SEGMENT_SEQUENCE ? s.asns.n / as_size : 0;
	return n;
}

struct flat {
	asn_t *out;
	size_t n, cap;
	unsigned flags;
};

static void flat_push(struct flat *f, asn_t asn)
{
	if (f->n < f->cap)
		f->out[f->n++] = asn;
	else
		f->flags |= PATH_CUT;
}

static void flat_segment(struct flat *f, const struct as_segment *s, size_t *hops)
{
	if (s->type == SEGMENT_SET) {
		f->flags |= PATH_HAS_SET;
		flat_push(f, 0);
		--*hops;
		return;
	}
	for (size_t i = 0; i < s->asns.n && *hops; i += s->as_size, --*hops)
		flat_push(f, s->as_size == 4 ? be32(s->asns.p + i) : be16(s->asns.p + i));
}

/* At most `hops` hops of the path. */
static void flat_path(struct flat *f, struct span value, uint8_t as_size, size_t hops)
{
	struct cur path = cur_of_span(value);
	struct as_segment s;

	while (hops && as_segment_next(&path, as_size, &s)) {
		if (segment_counts(s.type))
			flat_segment(f, &s, &hops);
		else if (s.type == SEGMENT_CONFED_SEQUENCE || s.type == SEGMENT_CONFED_SET)
			f->flags |= PATH_HAS_CONFED;
		else
			f->flags |= PATH_MALFORMED;
	}
	if (path.bad)
		f->flags |= PATH_MALFORMED;
}

size_t as_path_flat(
    struct span as_path, struct span as4_path, uint8_t as_size, asn_t *out, size_t cap, unsigned *flags)
{
	struct flat f = {.out = out, .cap = cap};
	size_t keep = SIZE_MAX;

	/* RFC 6793 4.2.3: the leading hops of AS_PATH that AS4_PATH does not tell, then AS4_PATH. */
	if (as_size == 2 && as4_path.n) {
		size_t hops = path_hops(cur_of_span(as_path), 2), hops4 = path_hops(cur_of_span(as4_path), 4);
		if (hops4 && hops >= hops4)
			keep = hops - hops4;
	}
	flat_path(&f, as_path, as_size, keep);
	if (keep != SIZE_MAX)
		flat_path(&f, as4_path, 4, SIZE_MAX);
	*flags = f.flags;
	return f.n;
}
