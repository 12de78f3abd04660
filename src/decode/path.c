/*
 * decode/path: AS paths as views of segments, and as a flat list of ASNs with AS4_PATH merged.
 * In: the values of AS_PATH and AS4_PATH. Out: ASNs in the caller's array. Owns nothing.
 */
#include "decode/decode.h"

/* What a segment adds to the length of a path: a set one (RFC 4271 9.1.2.2 a), a confederation none (RFC 5065
 * 5.3). */
static size_t segment_hops(const struct as_segment *s)
{
	return s->type == SEGMENT_SET ? 1 : s->type == SEGMENT_SEQUENCE ? s->asns.n / s->as_size : 0;
}

static size_t path_hops(struct cur path, uint8_t as_size)
{
	struct as_segment s;
	size_t n = 0;

	while (as_segment_next(&path, as_size, &s))
		n += segment_hops(&s);
	return n;
}

struct as_path as_path_of(struct span as_path, struct span as4_path, uint8_t as_size)
{
	struct as_path p = {.rest = cur_of_span(as_path), .as_size = as_size, .hops = SIZE_MAX};
	size_t hops, hops4;

	if (as_size == 4 || as4_path.n == 0)
		return p;
	hops = path_hops(p.rest, 2);
	hops4 = path_hops(cur_of_span(as4_path), 4);
	if (hops4 == 0 || hops < hops4) /* RFC 6793 4.2.3: AS4_PATH is then ignored */
		return p;
	p.rest4 = cur_of_span(as4_path);
	p.hops = hops - hops4;
	return p;
}

/* AS_PATH comes first, as long as it has hops to tell, or confederations beside them. */
static bool segment_is_kept(struct as_path *p, struct as_segment *s)
{
	size_t hops = segment_hops(s);

	if (hops == 0)
		return s->type == SEGMENT_CONFED_SEQUENCE || s->type == SEGMENT_CONFED_SET ||
		       p->hops == SIZE_MAX;
	if (p->hops == 0)
		return false;
	if (hops > p->hops)
		s->asns.n = p->hops * s->as_size;
	if (p->hops != SIZE_MAX)
		p->hops -= hops < p->hops ? hops : p->hops;
	return true;
}

bool as_path_next(struct as_path *p, struct as_segment *s)
{
	if (cur_left(&p->rest)) {
		if (as_segment_next(&p->rest, p->as_size, s) && segment_is_kept(p, s))
			return true;
		p->bad |= p->rest.bad;
		p->rest.p = p->rest.end;
	}
	while (as_segment_next(&p->rest4, 4, s))
		if (s->type != SEGMENT_CONFED_SEQUENCE && s->type != SEGMENT_CONFED_SET)
			return true; /* RFC 6793 6: confederations are passed over in AS4_PATH */
	p->bad |= p->rest4.bad;
	return false;
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

size_t as_path_flat(
    struct span as_path, struct span as4_path, uint8_t as_size, asn_t *out, size_t cap, unsigned *flags)
{
	struct as_path path = as_path_of(as_path, as4_path, as_size);
	struct flat f = {.out = out, .cap = cap};
	struct as_segment s;

	while (as_path_next(&path, &s)) {
		switch (s.type) {
		case SEGMENT_SEQUENCE:
			for (size_t i = 0; i < s.asns.n / s.as_size; i++)
				flat_push(&f, segment_asn(&s, i));
			break;
		case SEGMENT_SET:
			f.flags |= PATH_HAS_SET;
			flat_push(&f, 0);
			break;
		case SEGMENT_CONFED_SEQUENCE:
		case SEGMENT_CONFED_SET:
			f.flags |= PATH_HAS_CONFED;
			break;
		default:
			f.flags |= PATH_MALFORMED;
		}
	}
	if (path.bad)
		f.flags |= PATH_MALFORMED;
	*flags = f.flags;
	return f.n;
}
