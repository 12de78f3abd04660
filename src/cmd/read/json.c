/*
 * cmd/read/json: one JSON object an element, its fields named as RIS Live names them (timestamp, peer,
 * peer_asn, type, path, community, origin, med, aggregator, announcements, withdrawals), and what RIS Live
 * lacks.
 */
#include "base/json.h"
#include "cmd/read/elem.h"
#include "decode/attr.h"

static void lead_json(struct out *o, const struct elem *e)
{
	static const char *const types[] = {[ELEM_RIB] = "RIB",
	    [ELEM_ANNOUNCE] = "UPDATE",
	    [ELEM_WITHDRAW] = "UPDATE",
	    [ELEM_STATE] = "RIS_PEER_STATE"};
	int micros = (int)(e->u->time % UTIME_SECOND), digits = 6;

	out_str(o, "{\"type\":\"");
	out_str(o, types[e->kind]);
	out_str(o, "\",\"timestamp\":");
	out_i64(o, e->u->time / UTIME_SECOND);
	if (micros == 0)
		return;
	for (; micros % 10 == 0; micros /= 10)
		digits--;
	out_printf(o, ".%0*d", digits, micros);
}

static void peer_json(struct out *o, const struct peer_key *p)
{
	out_str(o, ",\"peer\":\"");
	out_addr(o, &p->addr);
	out_str(o, "\",\"peer_asn\":\"");
	out_u64(o, p->asn);
	out_str(o, "\"");
}

/* A set is an array within the path, as RIS Live has it; a confederation an object (RFC 5065). */
static void path_json(struct out *o, struct as_path path)
{
	static const char *const open[] = {"", "[", "", "{\"confed_sequence\":[", "{\"confed_set\":["};
	static const char *const close[] = {"", "]", "", "]}", "]}"};
	struct as_segment s;
	bool comma = false;

	out_str(o, "\"path\":[");
	while (as_path_next(&path, &s) && s.type >= SEGMENT_SET && s.type <= SEGMENT_CONFED_SET) {
		if (comma && s.asns.n)
			out_char(o, ',');
		out_str(o, open[s.type]);
		for (size_t i = 0; i < s.asns.n / s.as_size; i++) {
			if (i)
				out_char(o, ',');
			out_u64(o, segment_asn(&s, i));
		}
		out_str(o, close[s.type]);
		comma = comma || s.asns.n || s.type != SEGMENT_SEQUENCE;
	}
	out_char(o, ']');
}

/* ,"name":[[1,2],[3,4]]: values of `parts` numbers of `size` bytes */
static void tuples(
    struct out *o, const struct route *r, unsigned code, const char *name, size_t parts, size_t size)
{
	struct span v;

	if (!attr_seen(&r->v, code))
		return;
	v = r->v.value[code];
	out_str(o, name);
	for (size_t i = 0; i + parts * size <= v.n; i += parts * size) {
		out_str(o, i ? ",[" : "[");
		for (size_t k = 0; k < parts; k++) {
			if (k)
				out_char(o, ',');
			out_u64(o, size == 2 ? be16(v.p + i + 2 * k) : be32(v.p + i + 4 * k));
		}
		out_char(o, ']');
	}
	out_char(o, ']');
}

static void hex(struct out *o, struct span v)
{
	static const char digit[] = "0123456789abcdef";
	char *p = out_room(o, 2 * v.n);

	for (size_t i = 0; i < v.n; i++) {
		p[2 * i] = digit[v.p[i] >> 4];
		p[2 * i + 1] = digit[v.p[i] & 15];
	}
	out_commit(o, 2 * v.n);
}

static void number(struct out *o, const struct route *r, unsigned code, const char *name)
{
	if (!attr_seen(&r->v, code) || r->v.value[code].n != 4)
		return;
	out_str(o, name);
	out_u64(o, be32(r->v.value[code].p));
}

static void addresses(struct out *o, const struct route *r, unsigned code, const char *name, const char *end)
{
	struct span v;

	if (!attr_seen(&r->v, code) || r->v.value[code].n == 0)
		return;
	v = r->v.value[code];
	out_str(o, name);
	for (size_t i = 0; i + 4 <= v.n; i += 4) {
		if (i)
			out_str(o, "\",\"");
		out_next_hop(o, (struct span){v.p + i, 4});
	}
	out_str(o, end);
}

/* ,"ext_community":["0002fde800000064",...] */
static void ext_communities(struct out *o, const struct route *r)
{
	struct span v;

	if (!attr_seen(&r->v, ATTR_EXT_COMMUNITY))
		return;
	v = r->v.value[ATTR_EXT_COMMUNITY];
	out_str(o, ",\"ext_community\":[");
	for (size_t i = 0; i + 8 <= v.n; i += 8) {
		out_str(o, i ? ",\"" : "\"");
		hex(o, (struct span){v.p + i, 8});
		out_char(o, '"');
	}
	out_char(o, ']');
}

/* ,"attributes":{"26":"0100..."}: those that nothing above tells of, as bytes */
static void others(struct out *o, const struct route *r)
{
	static const uint64_t told =
	    1U << ATTR_ORIGIN | 1U << ATTR_AS_PATH | 1U << ATTR_NEXT_HOP | 1U << ATTR_MED |
	    1U << ATTR_LOCAL_PREF | 1U << ATTR_ATOMIC | 1U << ATTR_AGGREGATOR | 1U << ATTR_COMMUNITY |
	    1U << ATTR_ORIGINATOR | 1U << ATTR_CLUSTER | 1U << ATTR_MP_REACH | 1U << ATTR_MP_UNREACH |
	    1U << ATTR_EXT_COMMUNITY | 1U << ATTR_AS4_PATH | 1U << ATTR_AS4_AGGREGATOR |
	    UINT64_C(1) << ATTR_LARGE_COMMUNITY | UINT64_C(1) << ATTR_OTC;
	struct cur list = cur_of_span(r->raw);
	const char *before = ",\"attributes\":{\"";
	uint64_t seen[4] = {told, 0, 0, 0};
	struct attr a;

	while (attr_next(&list, &a)) {
		uint64_t bit = UINT64_C(1) << a.code % 64;
		if (seen[a.code / 64] & bit)
			continue;
		seen[a.code / 64] |= bit;
		out_str(o, before);
		out_u64(o, a.code);
		out_str(o, "\":\"");
		hex(o, a.value);
		out_char(o, '"');
		before = ",\"";
	}
	if (before[2] == '\0')
		out_char(o, '}');
}

static void attrs_json(struct out *o, const struct route *r, enum hop_form form)
{
	static const char *const origins[] = {"igp", "egp", "incomplete"};
	struct span origin = attr_seen(&r->v, ATTR_ORIGIN) ? r->v.value[ATTR_ORIGIN] : (struct span){NULL, 0};

	out_char(o, ',');
	path_json(o, r->path);
	tuples(o, r, ATTR_COMMUNITY, ",\"community\":[", 2, 2);
	tuples(o, r, ATTR_LARGE_COMMUNITY, ",\"large_community\":[", 3, 4);
	ext_communities(o, r);
	if (origin.n == 1 && origin.p[0] < 3) {
		out_str(o, ",\"origin\":\"");
		out_str(o, origins[origin.p[0]]);
		out_char(o, '"');
	}
	number(o, r, ATTR_MED, ",\"med\":");
	number(o, r, ATTR_LOCAL_PREF, ",\"local_pref\":");
	number(o, r, ATTR_OTC, ",\"otc\":");
	if (attr_seen(&r->v, ATTR_ATOMIC))
		out_str(o, ",\"atomic_aggregate\":true");
	if (r->aggregator_addr.n) {
		out_str(o, ",\"aggregator\":\"");
		out_u64(o, r->aggregator);
		out_char(o, ':');
		out_next_hop(o, r->aggregator_addr);
		out_char(o, '"');
	}
	addresses(o, r, ATTR_ORIGINATOR, ",\"originator_id\":\"", "\"");
	addresses(o, r, ATTR_CLUSTER, ",\"cluster_list\":[\"", "\"]");
	others(o, r);
	out_str(o, ",\"announcements\":[{");
	if (r->next_hop.n) {
		out_str(o, "\"next_hop\":\"");
		out_next_hop(o, r->next_hop);
		out_str(o, "\",");
	}
	out_str(o, "\"prefixes\":[\"");
}

static void extras(struct out *o, const struct elem *e)
{
	if (e->kind == ELEM_RIB) {
		out_str(o, ",\"originated\":");
		out_i64(o, e->originated / UTIME_SECOND);
	}
	if (e->addpath) {
		out_str(o, ",\"path_id\":");
		out_u64(o, e->path_id);
	}
	if (e->safi == 2)
		out_str(o, ",\"safi\":\"multicast\"");
	if (e->u->from_local)
		out_str(o, ",\"direction\":\"sent\"");
}

static void line_json(struct out *o, const struct elem *e)
{
	out_text(o, e->lead);
	if (e->kind == ELEM_STATE) {
		out_str(o, e->u->new_state == 6 ? ",\"state\":\"connected\"" : ",\"state\":\"down\"");
		out_str(o, ",\"old_state\":");
		out_u64(o, e->u->old_state);
		out_str(o, ",\"new_state\":");
		out_u64(o, e->u->new_state);
		out_str(o, "}\n");
		return;
	}
	extras(o, e);
	if (e->kind == ELEM_WITHDRAW)
		out_str(o, ",\"withdrawals\":[\"");
	else
		out_text(o, e->attrs);
	out_prefix(o, e->prefix);
	out_str(o, e->kind == ELEM_WITHDRAW ? "\"]}\n" : "\"]}]}\n");
}

const struct printer printer_json = {"json", NULL, lead_json, peer_json, attrs_json, line_json};
