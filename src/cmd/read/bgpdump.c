/*
 * cmd/read/bgpdump: the lines of `bgpdump -m` (and -M), byte for byte. Where bgpdump is wrong,
 * isthmus-read(1) lists what is printed instead, and why.
 */
#include "cmd/read/elem.h"

enum { MRT_TYPE_BGP = 5, MRT_TYPE_TABLE_DUMP = 12, MRT_TYPE_TABLE_DUMP_V2 = 13, MRT_TYPE_BGP4MP_ET = 17 };

static void time_unix(struct out *o, const struct update *u)
{
	out_i64(o, u->time / UTIME_SECOND);
	if (u->type == MRT_TYPE_BGP4MP_ET)
		out_printf(o, ".%06d", (int)(u->time % UTIME_SECOND));
}

static void time_date(struct out *o, const struct update *u)
{
	char iso[UTIME_TEXT];
	utime_t second = u->time / UTIME_SECOND * UTIME_SECOND;

	utime_text(iso, second); /* 2017-10-01T09:07:51Z -> 10/01/17 09:07:51 */
	out_printf(o, "%.2s/%.2s/%.2s %.8s", iso + 5, iso + 8, iso + 2, iso + 11);
	if (u->type == MRT_TYPE_BGP4MP_ET)
		out_printf(o, ".%06d", (int)(u->time % UTIME_SECOND));
}

static size_t address(char *p, const struct addr *a)
{
	static const uint8_t zeros[12];

	if (a->family == FAMILY_IPV6 && memcmp(a->b, zeros, 12) == 0 && be32(a->b + 12) > 1) {
		struct addr v4 = addr_v4(a->b + 12);
		p[0] = p[1] = ':';
		return 2 + addr_text(p + 2, &v4);
	}
	return addr_text_old(p, a);
}

static void peer(struct out *o, const struct peer_key *p)
{
	out_commit(o, address(out_room(o, ADDR_TEXT), &p->addr));
	out_char(o, '|');
	out_u64(o, p->asn);
	out_char(o, '|');
}

static void next_hop(struct out *o, struct span hop)
{
	struct addr a = hop.n == 4 ? addr_v4(hop.p) : addr_v6(hop.p);

	out_commit(o, address(out_room(o, ADDR_TEXT), &a));
}

static uint32_t number(const struct route *r, unsigned code)
{
	return attr_seen(&r->v, code) && r->v.value[code].n == 4 ? be32(r->v.value[code].p) : 0;
}

static void attrs_begin(struct out *o, const struct route *r)
{
	out_path(o, r->path);
	out_char(o, '|');
	out_str(o, origin_text(r));
}

static void attrs(struct out *o, const struct route *r, enum hop_form form)
{
	attrs_begin(o, r);
	out_char(o, '|');
	if (r->next_hop.n)
		next_hop(o, r->next_hop);
	else if (form != HOP_MP)
		out_str(o, "255.255.255.255"); /* bgpdump's sign for a NEXT_HOP that is missing */
	out_char(o, '|');
	out_u64(o, number(r, ATTR_LOCAL_PREF));
	out_char(o, '|');
	out_u64(o, number(r, ATTR_MED));
	if (form != HOP_MRT_BGP) /* bgpdump leaves this one out for type 5 */
		out_char(o, '|');
	if (attr_seen(&r->v, ATTR_COMMUNITY))
		out_communities(o, r->v.value[ATTR_COMMUNITY]);
	out_str(o, attr_seen(&r->v, ATTR_ATOMIC) ? "|AG|" : "|NAG|");
	if (r->aggregator_addr.n && be32(r->aggregator_addr.p) != UINT32_MAX) {
		out_u64(o, r->aggregator);
		out_char(o, ' ');
		out_next_hop(o, r->aggregator_addr);
	}
	out_str(o, "|\n");
}

static void attrs_short(struct out *o, const struct route *r, enum hop_form form)
{
	attrs_begin(o, r);
	out_char(o, '\n');
}

/* By bits: local, extended time, path identifiers */
static const char *const bgp4mp[8] = {"BGP4MP", "BGP4MP_LOCAL", "BGP4MP_ET", "BGP4MP_ET_LOCAL", "BGP4MP_AP",
    "BGP4MP_LOCAL_AP", "BGP4MP_ET_AP", "BGP4MP_ET_LOCAL_AP"};

static const char *format_name(const struct elem *e)
{
	const struct update *u = e->u;

	if (u->type == MRT_TYPE_BGP)
		return "BGP";
	if (u->type == MRT_TYPE_TABLE_DUMP)
		return "TABLE_DUMP";
	if (u->type == MRT_TYPE_TABLE_DUMP_V2)
		return e->addpath ? "TABLE_DUMP2_AP" : "TABLE_DUMP2";
	return bgp4mp[(u->from_local ? 1 : 0) | (u->type == MRT_TYPE_BGP4MP_ET ? 2 : 0) |
		      (e->addpath ? 4 : 0)];
}

static void lead_begin(struct out *o, const struct elem *e)
{
	out_str(o, format_name(e));
	out_char(o, '|');
}

static void lead_end(struct out *o, const struct elem *e)
{
	static const char *const kinds[] = {
	    [ELEM_RIB] = "|B|", [ELEM_ANNOUNCE] = "|A|", [ELEM_WITHDRAW] = "|W|", [ELEM_STATE] = "|STATE|"};

	out_str(o, kinds[e->kind]);
}

static void lead(struct out *o, const struct elem *e)
{
	lead_begin(o, e);
	time_unix(o, e->u);
	lead_end(o, e);
}

static void lead_short(struct out *o, const struct elem *e)
{
	lead_begin(o, e);
	time_date(o, e->u);
	lead_end(o, e);
}

static char *put(char *q, const char *s, size_t n)
{
	memcpy(q, s, n);
	return q + n;
}

static size_t prefix(char *p, const struct prefix *x)
{
	struct addr a;
	size_t n;

	if (x->family == FAMILY_IPV4)
		return prefix_text(p, x);
	a = addr_v6(x->b);
	n = address(p, &a);
	p[n++] = '/';
	return n + text_u32(p + n, x->len);
}

static void line(struct out *o, const struct elem *e)
{
	char *p = out_room(o, 80 + e->lead.n + e->attrs.n), *q = p;

	q = put(q, e->lead.p, e->lead.n);
	if (e->kind == ELEM_STATE) {
		q += text_u32(q, e->u->old_state);
		*q++ = '|';
		q += text_u32(q, e->u->new_state);
	} else {
		q += prefix(q, e->prefix);
		if (e->addpath) {
			*q++ = '|';
			q += text_u32(q, e->path_id);
		}
	}
	if (e->kind == ELEM_RIB || e->kind == ELEM_ANNOUNCE) {
		*q++ = '|';
		q = put(q, e->attrs.p, e->attrs.n);
	} else {
		*q++ = '\n';
	}
	out_commit(o, (size_t)(q - p));
}

const struct printer printer_bgpdump = {"bgpdump", NULL, lead, peer, attrs, line};
const struct printer printer_bgpdump_short = {"bgpdump-M", NULL, lead_short, peer, attrs_short, line};
