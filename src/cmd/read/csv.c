/* cmd/read/csv: one row an element (RFC 4180, but lines end with LF). No field holds a comma but the path's
 * sets and the lists, which are quoted. */
#include "cmd/read/elem.h"

static void head(struct out *o)
{
	out_str(o,
	    "type,timestamp,peer,peer_asn,prefix,path_id,path,origin,next_hop,local_pref,med,community,"
	    "large_community,atomic_aggregate,aggregator,otc\n");
}

static void lead_csv(struct out *o, const struct elem *e)
{
	static const char *const types[] = {"rib,", "announce,", "withdraw,", "state,"};
	char text[UTIME_TEXT];
	size_t n = utime_text(text, e->u->time);

	out_str(o, types[e->kind]);
	out_bytes(o, text, n);
	out_char(o, ',');
}

static void peer_csv(struct out *o, const struct peer_key *p)
{
	out_addr(o, &p->addr);
	out_char(o, ',');
	out_u64(o, p->asn);
	out_char(o, ',');
}

static void number(struct out *o, const struct route *r, unsigned code)
{
	if (attr_seen(&r->v, code) && r->v.value[code].n == 4)
		out_u64(o, be32(r->v.value[code].p));
}

static void large_communities(struct out *o, const struct route *r)
{
	struct span v;

	if (!attr_seen(&r->v, ATTR_LARGE_COMMUNITY))
		return;
	v = r->v.value[ATTR_LARGE_COMMUNITY];
	for (size_t i = 0; i + 4 <= v.n; i += 4) {
		if (i)
			out_char(o, i % 12 ? ':' : ' ');
		out_u64(o, be32(v.p + i));
	}
}

static void attrs_csv(struct out *o, const struct route *r, enum hop_form form)
{
	size_t begin = o->n;

	out_char(o, '"');
	out_path(o, r->path);
	if (!memchr(o->buf + begin, ',', o->n - begin)) { /* no set: no quotes */
		memmove(o->buf + begin, o->buf + begin + 1, o->n - begin - 1);
		o->n--;
	} else {
		out_char(o, '"');
	}
	out_char(o, ',');
	out_str(o, origin_text(r));
	out_char(o, ',');
	out_next_hop(o, r->next_hop);
	out_char(o, ',');
	number(o, r, ATTR_LOCAL_PREF);
	out_char(o, ',');
	number(o, r, ATTR_MED);
	out_char(o, ',');
	if (attr_seen(&r->v, ATTR_COMMUNITY))
		out_communities(o, r->v.value[ATTR_COMMUNITY]);
	out_char(o, ',');
	large_communities(o, r);
	out_str(o, attr_seen(&r->v, ATTR_ATOMIC) ? ",1," : ",0,");
	if (r->aggregator_addr.n) {
		out_u64(o, r->aggregator);
		out_char(o, ' ');
		out_next_hop(o, r->aggregator_addr);
	}
	out_char(o, ',');
	number(o, r, ATTR_OTC);
}

static void line_csv(struct out *o, const struct elem *e)
{
	out_text(o, e->lead);
	if (e->kind == ELEM_STATE) { /* the states stand where the path does: "1 6" */
		out_str(o, ",,");
		out_u64(o, e->u->old_state);
		out_char(o, ' ');
		out_u64(o, e->u->new_state);
		out_str(o, ",,,,,,,,,\n");
		return;
	}
	out_prefix(o, e->prefix);
	out_char(o, ',');
	if (e->addpath)
		out_u64(o, e->path_id);
	out_char(o, ',');
	if (e->kind == ELEM_WITHDRAW)
		out_str(o, ",,,,,,,,,");
	else
		out_text(o, e->attrs);
	out_char(o, '\n');
}

const struct printer printer_csv = {"csv", head, lead_csv, peer_csv, attrs_csv, line_csv};
