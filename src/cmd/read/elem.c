/* cmd/read/elem: what the printers share. In: attribute sets as views. Out: their text. Owns nothing. */
#include "cmd/read/elem.h"

static bool hop_fits(struct span hop)
{
	return hop.n == 4 || hop.n == 16 || hop.n == 32;
}

static struct span hop_of(const struct attr_set *set, enum hop_form form, const struct attr_view *v)
{
	struct mp_reach mp;

	if (form != HOP_OLD && form != HOP_MRT_BGP && attr_seen(v, ATTR_MP_REACH) &&
	    mp_reach_cut(v->value[ATTR_MP_REACH], set->rib_form, &mp) && hop_fits(mp.next_hop)) {
		if (mp.next_hop.n == 32) /* RFC 2545 3: global, then link-local */
			mp.next_hop.n = 16;
		return mp.next_hop;
	}
	if (form != HOP_MP && attr_seen(v, ATTR_NEXT_HOP) && v->value[ATTR_NEXT_HOP].n == 4)
		return v->value[ATTR_NEXT_HOP];
	return (struct span){NULL, 0};
}

static struct span value_if(const struct attr_view *v, unsigned code, size_t n)
{
	return attr_seen(v, code) && v->value[code].n == n ? v->value[code] : (struct span){NULL, 0};
}

void route_of(const struct attr_set *set, enum hop_form form, struct route *r, struct fault_count *faults,
    uint64_t offset)
{
	struct span path = {NULL, 0}, path4 = {NULL, 0}, aggregator, aggregator4;

	r->raw = set->raw;
	attrs_scan(set, &r->v, faults, offset);
	aggregator = value_if(&r->v, ATTR_AGGREGATOR, 6);
	if (!aggregator.n)
		aggregator = value_if(&r->v, ATTR_AGGREGATOR, 8);
	aggregator4 = value_if(&r->v, ATTR_AS4_AGGREGATOR, 8);
	r->aggregator = !aggregator.n ? 0 : aggregator.n == 8 ? be32(aggregator.p) : be16(aggregator.p);
	if (attr_seen(&r->v, ATTR_AS_PATH))
		path = r->v.value[ATTR_AS_PATH];
	if (attr_seen(&r->v, ATTR_AS4_PATH) && set->as_size == 2)
		path4 = r->v.value[ATTR_AS4_PATH];
	if (aggregator.n && aggregator4.n && set->as_size == 2) {
		if (r->aggregator == ASN_TRANS) {
			aggregator = aggregator4;
			r->aggregator = be32(aggregator.p);
		} else { /* RFC 6793 4.2.3: both AS4 attributes are then ignored */
			path4.n = 0;
		}
	}
	r->aggregator_addr =
	    aggregator.n ? (struct span){aggregator.p + aggregator.n - 4, 4} : (struct span){NULL, 0};
	r->path = as_path_of(path, path4, set->as_size);
	r->next_hop = hop_of(set, form, &r->v);
}

void out_addr(struct out *o, const struct addr *a)
{
	out_commit(o, addr_text(out_room(o, ADDR_TEXT), a));
}

void out_prefix(struct out *o, const struct prefix *p)
{
	out_commit(o, prefix_text(out_room(o, PREFIX_TEXT), p));
}

void out_next_hop(struct out *o, struct span hop)
{
	struct addr a;

	if (hop.n == 0)
		return;
	a = hop.n == 4 ? addr_v4(hop.p) : addr_v6(hop.p);
	out_addr(o, &a);
}

static const struct {
	char open, between, close;
} signs[5] = {
    [SEGMENT_SET] = {'{', ',', '}'},
    [SEGMENT_SEQUENCE] = {0, ' ', 0},
    [SEGMENT_CONFED_SEQUENCE] = {'(', ' ', ')'},
    [SEGMENT_CONFED_SET] = {'[', ',', ']'},
};

void out_path(struct out *o, struct as_path path)
{
	size_t begin = o->n;
	struct as_segment s;
	bool space = false, wrong = false;

	while (as_path_next(&path, &s) && !wrong) {
		size_t n = s.asns.n / s.as_size;
		char *p = out_room(o, 11 * n + 3), *q = p;
		if (s.type < SEGMENT_SET || s.type > SEGMENT_CONFED_SET) {
			wrong = true;
			break;
		}
		if (space)
			*q++ = ' ';
		if (signs[s.type].open)
			*q++ = signs[s.type].open;
		for (size_t i = 0; i < n; i++) {
			if (i)
				*q++ = signs[s.type].between;
			q += text_u32(q, segment_asn(&s, i));
		}
		if (signs[s.type].close)
			*q++ = signs[s.type].close;
		space = n > 0;
		out_commit(o, (size_t)(q - p));
	}
	if (wrong || path.bad) {
		o->n = begin;
		out_str(o, "! Error !");
	}
}

void out_communities(struct out *o, struct span value)
{
	char *p = out_room(o, value.n / 4 * 13), *q = p;

	for (size_t i = 0; i + 4 <= value.n; i += 4) {
		uint32_t c = be32(value.p + i);
		if (i)
			*q++ = ' ';
		if (c - 0xffffff01U < 3) { /* RFC 1997: well-known */
			static const char *const names[] = {"no-export", "no-advertise", "local-AS"};
			size_t n = strlen(names[c - 0xffffff01U]);
			memcpy(q, names[c - 0xffffff01U], n);
			q += n;
			continue;
		}
		q += text_u32(q, c >> 16);
		*q++ = ':';
		q += text_u32(q, c & 0xffff);
	}
	out_commit(o, (size_t)(q - p));
}

const char *origin_text(const struct route *r)
{
	static const char *const names[] = {"IGP", "EGP", "INCOMPLETE"};
	struct span v = value_if(&r->v, ATTR_ORIGIN, 1);

	return v.n && v.p[0] < 2 ? names[v.p[0]] : names[2];
}
