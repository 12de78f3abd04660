/*
 * decode/capture_text_test: an UPDATE and an OPEN as one line of text, as we read them and as NetGauze's JSON
 * tells them, and captures compared with the lines beside them; for the tests of this room.
 */
#ifndef DECODE_CAPTURE_TEXT_TEST_H
#define DECODE_CAPTURE_TEXT_TEST_H

#include "decode/capture_test.h"

#include <glob.h>
#include <jansson.h>

#define GET(j, name) json_object_get(j, name)
#define NUMBER(j)    ((unsigned long long)json_integer_value(j))
#define NAME_OF(j)   json_object_iter_key(json_object_iter((json_t *)(j)))
#define VALUE_OF(j)  json_object_iter_value(json_object_iter((json_t *)(j)))

/* ---- values ---- */

static inline uint32_t ipv4_of(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, strlen(text), &a));
	return be32(a.b);
}

static inline void say_addr(struct out *o, struct addr a)
{
	char text[ADDR_TEXT];

	out_char(o, ' ');
	out_bytes(o, text, addr_text(text, &a));
}

/* As NetGauze writes it to as we do. */
static inline void say_addr_text(struct out *o, const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, strlen(text), &a));
	say_addr(o, a);
}

/* RFC 4364 4.2: eight bytes of three forms. */
static inline uint64_t distinguisher_of(const json_t *rd)
{
	const char *form = json_is_object(rd) ? NAME_OF(rd) : NULL;
	const json_t *v = form ? VALUE_OF(rd) : NULL;

	if (!form)
		return 0;
	if (strcmp(form, "As2Administrator") == 0)
		return NUMBER(GET(v, "asn2")) << 32 | NUMBER(GET(v, "number"));
	if (strcmp(form, "As4Administrator") == 0)
		return UINT64_C(2) << 48 | NUMBER(GET(v, "asn4")) << 16 | NUMBER(GET(v, "number"));
	return UINT64_C(1) << 48 | (uint64_t)ipv4_of(json_string_value(GET(v, "ip"))) << 16 |
	       NUMBER(GET(v, "number"));
}

static const struct family_name {
	const char *name;
	uint16_t afi;
	uint8_t safi;
} family_names[] = {{"Ipv4Unicast", 1, 1}, {"Ipv4Multicast", 1, 2}, {"Ipv4NlriMplsLabels", 1, 4},
    {"Ipv4MplsLabeledVpn", 1, 128}, {"Ipv6Unicast", 2, 1}, {"Ipv6Multicast", 2, 2},
    {"Ipv6NlriMplsLabels", 2, 4}, {"Ipv6MplsLabeledVpn", 2, 128}, {"L2VpnBgpEvpn", 25, 70},
    {"BgpLs", 16388, 71}};

static inline const struct family_name *family_of(const char *name)
{
	size_t i = 0;

	while (strcmp(family_names[i].name, name) != 0)
		assert_true(++i < sizeof family_names / sizeof *family_names);
	return &family_names[i];
}

/* ---- UPDATE: ours ---- */

static inline void say_numbers(struct out *o, const char *what, struct span v, unsigned size)
{
	if (v.n)
		out_printf(o, " %s", what);
	for (struct cur c = cur_of_span(v); cur_left(&c);)
		out_printf(o, " %u", size == 4 ? cur_u32(&c) : cur_u8(&c));
}

static inline void say_segments(struct out *o, const struct attr_set *attrs, struct span path)
{
	struct cur c = cur_of_span(path);
	struct as_segment s;

	out_str(o, " path");
	while (as_segment_next(&c, attrs->as_size, &s)) {
		out_printf(o, " %u:", s.type);
		for (size_t i = 0; i < s.asns.n / s.as_size; i++)
			out_printf(o, " %u", segment_asn(&s, i));
	}
}

static inline void say_mp_next_hop(struct out *o, const struct attr_view *v)
{
	struct mp_reach mp;

	if (!attr_seen(v, ATTR_MP_REACH) || !mp_reach_cut(v->value[ATTR_MP_REACH], false, &mp) ||
	    mp.safi != 1)
		return;
	out_str(o, " mp");
	if (mp.next_hop.n == 4)
		say_addr(o, addr_v4(mp.next_hop.p));
	else if (mp.next_hop.n >= 16)
		say_addr(o, addr_v6(mp.next_hop.p));
	if (mp.next_hop.n == 32)
		say_addr(o, addr_v6(mp.next_hop.p + 16));
}

static inline struct span value_of(const struct attr_view *v, unsigned code)
{
	return attr_seen(v, code) ? v->value[code] : (struct span){0};
}

static inline void say_our_update(struct out *o, const struct update *u, struct fault_count *faults)
{
	struct attr_view v;

	say_prefixes(o, '-', u->withdrawn[0], faults);
	say_prefixes(o, '-', u->withdrawn[1], faults);
	attrs_scan(&u->attrs, &v, faults, 0);
	say_numbers(o, "origin", value_of(&v, ATTR_ORIGIN), 1);
	say_segments(o, &u->attrs, value_of(&v, ATTR_AS_PATH));
	if (attr_seen(&v, ATTR_NEXT_HOP))
		say_addr(o, addr_v4(v.value[ATTR_NEXT_HOP].p));
	say_numbers(o, "med", value_of(&v, ATTR_MED), 4);
	say_numbers(o, "pref", value_of(&v, ATTR_LOCAL_PREF), 4);
	if (attr_seen(&v, ATTR_AGGREGATOR) && v.value[ATTR_AGGREGATOR].n == 8) {
		out_printf(o, " aggregator %u", be32(v.value[ATTR_AGGREGATOR].p));
		say_addr(o, addr_v4(v.value[ATTR_AGGREGATOR].p + 4));
	}
	say_numbers(o, "communities", value_of(&v, ATTR_COMMUNITY), 4);
	say_numbers(o, "large", value_of(&v, ATTR_LARGE_COMMUNITY), 4);
	say_mp_next_hop(o, &v);
	say_prefixes(o, '+', u->announced[0], faults);
	say_prefixes(o, '+', u->announced[1], faults);
}

/* ---- UPDATE: theirs ---- */

static inline void say_networks(struct out *o, char sign, const json_t *list)
{
	size_t i;
	const json_t *v;

	json_array_foreach(list, i, v)
	{
		const json_t *id = GET(v, "path_id");
		out_printf(o, " %c%s", sign, json_string_value(GET(v, "network")));
		if (json_is_integer(id))
			out_printf(o, "#%llu", NUMBER(id));
	}
}

/* The value of the attribute of this name. */
static inline const json_t *attribute(const json_t *update, const char *name)
{
	size_t i;
	const json_t *a;

	json_array_foreach(GET(update, "path_attributes"), i, a)
	{
		const json_t *v = GET(GET(a, "value"), name);
		if (v)
			return v;
	}
	return NULL;
}

static inline void say_metric(struct out *o, const char *what, const json_t *attribute)
{
	if (attribute)
		out_printf(o, " %s %llu", what, NUMBER(GET(attribute, "metric")));
}

static inline void say_their_path(struct out *o, const json_t *path)
{
	static const char *const types[] = {"", "AsSet", "AsSequence"};
	const json_t *segments = GET(path, "As4PathSegments"), *s, *n;
	size_t i, k;

	out_str(o, " path");
	if (!segments)
		segments = GET(path, "As2PathSegments");
	json_array_foreach(segments, i, s)
	{
		unsigned type = 1;
		while (strcmp(types[type], json_string_value(GET(s, "segment_type"))) != 0)
			assert_true(++type < 3);
		out_printf(o, " %u:", type);
		json_array_foreach(GET(s, "as_numbers"), k, n) out_printf(o, " %llu", NUMBER(n));
	}
}

static inline void say_communities(struct out *o, const json_t *update)
{
	const json_t *plain = GET(attribute(update, "Communities"), "communities"),
		     *large = GET(attribute(update, "LargeCommunities"), "communities"), *c;
	size_t i;

	if (json_array_size(plain))
		out_str(o, " communities");
	json_array_foreach(plain, i, c) out_printf(o, " %llu", NUMBER(c));
	if (json_array_size(large))
		out_str(o, " large");
	json_array_foreach(large, i, c) out_printf(o, " %llu %llu %llu", NUMBER(GET(c, "global_admin")),
	    NUMBER(GET(c, "local_data1")), NUMBER(GET(c, "local_data2")));
}

static inline void say_their_next_hop(struct out *o, const json_t *mp)
{
	const json_t *v4 = GET(mp, "Ipv4Unicast"), *v6 = GET(mp, "Ipv6Unicast"),
		     *main = v4 ? GET(v4, "next_hop") : GET(v6, "next_hop_global"),
		     *local = GET(v4 ? v4 : v6, "next_hop_local");

	if (!main)
		return;
	out_str(o, " mp");
	say_addr_text(o, json_string_value(main));
	if (json_is_string(local))
		say_addr_text(o, json_string_value(local));
}

static inline void say_their_update(struct out *o, const json_t *u)
{
	static const char *const origins[] = {"IGP", "EGP", "Incomplete"};
	const json_t *origin = attribute(u, "Origin"), *hop = attribute(u, "NextHop"),
		     *aggregator = GET(attribute(u, "Aggregator"), "As4Aggregator"),
		     *reach = attribute(u, "MpReach"), *unreach = attribute(u, "MpUnreach");

	say_networks(o, '-', GET(u, "withdrawn_routes"));
	say_networks(o, '-', GET(GET(unreach, "Ipv4Unicast"), "nlri"));
	say_networks(o, '-', GET(GET(unreach, "Ipv6Unicast"), "nlri"));
	for (unsigned i = 0; origin && i < 3; i++)
		if (strcmp(json_string_value(origin), origins[i]) == 0)
			out_printf(o, " origin %u", i);
	say_their_path(o, attribute(u, "AsPath"));
	if (hop)
		say_addr_text(o, json_string_value(GET(hop, "next_hop")));
	say_metric(o, "med", attribute(u, "MultiExitDiscriminator"));
	say_metric(o, "pref", attribute(u, "LocalPreference"));
	if (aggregator) {
		out_printf(o, " aggregator %llu", NUMBER(GET(aggregator, "asn")));
		say_addr_text(o, json_string_value(GET(aggregator, "origin")));
	}
	say_communities(o, u);
	say_their_next_hop(o, reach);
	say_networks(o, '+', GET(u, "nlri"));
	say_networks(o, '+', GET(GET(reach, "Ipv4Unicast"), "nlri"));
	say_networks(o, '+', GET(GET(reach, "Ipv6Unicast"), "nlri"));
}

/* ---- OPEN: its fixed part, and capabilities that this program uses ---- */

static inline void say_our_open(struct out *o, struct span m)
{
	struct cur c = cur_of_span(m), params;

	cur_take(&c, 19);
	out_printf(o, " open %u", cur_u8(&c));
	out_printf(o, " %u", cur_u16(&c));
	out_printf(o, " %u", cur_u16(&c));
	out_printf(o, " %u", cur_u32(&c));
	params = cur_sub(&c, cur_u8(&c));
	while (cur_left(&params)) {
		unsigned type = cur_u8(&params);
		struct cur v = cur_sub(&params, cur_u8(&params));
		while (type == 2 && cur_left(&v)) {
			unsigned code = cur_u8(&v);
			struct cur value = cur_sub(&v, cur_u8(&v));
			if (code == 65)
				out_printf(o, " as4 %u", cur_u32(&value));
			while (code == 69 && cur_left(&value)) {
				unsigned afi = cur_u16(&value), safi = cur_u8(&value);
				out_printf(o, " addpath %u/%u %u", afi, safi, cur_u8(&value));
			}
		}
	}
	assert_false(params.bad || c.bad || cur_left(&c));
}

static inline void say_their_open(struct out *o, const json_t *open)
{
	const json_t *param, *capability, *family;
	size_t i, k, n;

	out_printf(o, " open %llu %llu %llu %u", NUMBER(GET(open, "version")), NUMBER(GET(open, "my_as")),
	    NUMBER(GET(open, "hold_time")), ipv4_of(json_string_value(GET(open, "bgp_id"))));
	json_array_foreach(GET(open, "params"), i, param)
	    json_array_foreach(GET(param, "Capabilities"), k, capability)
	{
		const json_t *as4 = GET(capability, "FourOctetAs"), *addpath = GET(capability, "AddPath");
		if (as4)
			out_printf(o, " as4 %llu", NUMBER(GET(as4, "asn4")));
		json_array_foreach(GET(addpath, "address_families"), n, family)
		{
			const struct family_name *f =
			    family_of(json_string_value(GET(family, "address_type")));
			out_printf(o, " addpath %u/%u %u", f->afi, f->safi,
			    (json_is_true(GET(family, "send")) ? 2U : 0U) |
				(json_is_true(GET(family, "receive")) ? 1U : 0U));
		}
	}
}

/* ---- captures and the lines beside them ---- */

/* The next line as text, by `say`, which is false where NetGauze could not read the message. False at the
 * end. */
static inline bool next_theirs(
    FILE *f, struct out *o, bool (*say)(const json_t *j, struct out *o), bool *unread)
{
	char *line = NULL;
	size_t cap = 0;
	bool got = false;

	*unread = false;
	while (!got && getline(&line, &cap, f) > 0) {
		json_t *j = json_loads(line, JSON_DECODE_ANY, NULL);
		if (j) {
			o->n = 0;
			*unread = !say(j, o);
			out_char(o, '\0');
			got = true;
		}
		json_decref(j);
	}
	free(line);
	return got;
}

struct compared {
	size_t messages, unread;
};

/* Every flow that begins with this byte, of every capture with a file of such a name. */
static inline struct compared compare_all(const char *pattern, const char *beside, uint8_t first,
    void (*compare)(struct flow *flow, FILE *expected, struct compared *sum),
    bool (*say)(const json_t *j, struct out *o))
{
	struct compared sum = {0};
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0) {
		fputs("skipped: no ../shared/data\n", stderr);
		skip();
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		size_t stem = strlen(g.gl_pathv[i]) - strlen(beside);
		char *path = mem_printf("%.*s.pcap", (int)stem, g.gl_pathv[i]);
		FILE *f = fopen(g.gl_pathv[i], "r");
		struct flow flows[FLOWS] = {0};
		size_t n = capture_read(path, flows);
		struct out none;
		bool unread;
		assert_non_null(f);
		for (size_t k = 0; k < n; k++) {
			if (flows[k].n && flows[k].p[0] == first)
				compare(&flows[k], f, &sum);
			free(flows[k].p);
		}
		out_open_mem(&none);
		assert_false(next_theirs(f, &none, say, &unread)); /* every line had its message */
		out_close(&none);
		fclose(f);
		free(path);
	}
	globfree(&g);
	return sum;
}

#endif
