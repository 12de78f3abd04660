/*
 * decode/attr: path attributes, cut by their own lengths and judged by one table of descriptors (RFC
 * 4271 4.3, RFC 7606). In: an attribute list. Out: where each value lies, and what is wrong. Owns nothing.
 */
#include "decode/attr.h"

enum { OPTIONAL = 0x80, TRANSITIVE = 0x40, WELL_KNOWN = TRANSITIVE, FLAG_BITS = OPTIONAL | TRANSITIVE };

/* The length rules of RFC 7606 section 7 and of the attribute's own document. */
enum length_rule { ANY, EXACT, TIMES, TIMES_SOME };

/* What a fault in the attribute costs (RFC 7606 section 2). */
enum fate { DISCARD, WITHDRAW };

static const struct attr_kind {
	const char *name;
	uint8_t flags;
	uint8_t rule; /* enum length_rule, with `length` */
	uint8_t length;
	uint8_t fate;
} kinds[64] = {
    [ATTR_ORIGIN] = {"ORIGIN", WELL_KNOWN, EXACT, 1, WITHDRAW},
    [ATTR_AS_PATH] = {"AS_PATH", WELL_KNOWN, ANY, 0, WITHDRAW},
    [ATTR_NEXT_HOP] = {"NEXT_HOP", WELL_KNOWN, EXACT, 4, WITHDRAW},
    [ATTR_MED] = {"MULTI_EXIT_DISC", OPTIONAL, EXACT, 4, WITHDRAW},
    [ATTR_LOCAL_PREF] = {"LOCAL_PREF", WELL_KNOWN, EXACT, 4, WITHDRAW},
    [ATTR_ATOMIC] = {"ATOMIC_AGGREGATE", WELL_KNOWN, EXACT, 0, DISCARD},
    [ATTR_AGGREGATOR] = {"AGGREGATOR", OPTIONAL | TRANSITIVE, ANY, 0, DISCARD},
    [ATTR_COMMUNITY] = {"COMMUNITIES", OPTIONAL | TRANSITIVE, TIMES, 4, WITHDRAW},
    [ATTR_ORIGINATOR] = {"ORIGINATOR_ID", OPTIONAL, EXACT, 4, WITHDRAW},
    [ATTR_CLUSTER] = {"CLUSTER_LIST", OPTIONAL, TIMES, 4, WITHDRAW},
    [ATTR_MP_REACH] = {"MP_REACH_NLRI", OPTIONAL, ANY, 0, WITHDRAW},
    [ATTR_MP_UNREACH] = {"MP_UNREACH_NLRI", OPTIONAL, ANY, 0, WITHDRAW},
    [ATTR_EXT_COMMUNITY] = {"EXTENDED COMMUNITIES", OPTIONAL | TRANSITIVE, TIMES, 8, WITHDRAW},
    [ATTR_AS4_PATH] = {"AS4_PATH", OPTIONAL | TRANSITIVE, ANY, 0, DISCARD},
    [ATTR_AS4_AGGREGATOR] = {"AS4_AGGREGATOR", OPTIONAL | TRANSITIVE, EXACT, 8, DISCARD},
    [22] = {"PMSI_TUNNEL", OPTIONAL | TRANSITIVE, ANY, 0, WITHDRAW},
    [23] = {"TUNNEL_ENCAPSULATION", OPTIONAL | TRANSITIVE, ANY, 0, WITHDRAW},
    [24] = {"TRAFFIC_ENGINEERING", OPTIONAL, ANY, 0, DISCARD},
    [25] = {"IPV6_EXT_COMMUNITIES", OPTIONAL | TRANSITIVE, TIMES, 20, WITHDRAW},
    [ATTR_AIGP] = {"AIGP", OPTIONAL, ANY, 0, DISCARD},
    [27] = {"PE_DISTINGUISHER_LABELS", OPTIONAL | TRANSITIVE, ANY, 0, DISCARD},
    [29] = {"BGP_LS", OPTIONAL, ANY, 0, DISCARD},
    [ATTR_LARGE_COMMUNITY] = {"LARGE_COMMUNITY", OPTIONAL | TRANSITIVE, TIMES_SOME, 12, WITHDRAW},
    [33] = {"BGPSEC_PATH", OPTIONAL, ANY, 0, DISCARD},
    [ATTR_OTC] = {"ONLY_TO_CUSTOMER", OPTIONAL | TRANSITIVE, EXACT, 4, WITHDRAW},
    [40] = {"PREFIX_SID", OPTIONAL | TRANSITIVE, ANY, 0, DISCARD},
};

const char *attr_name(unsigned code)
{
	return code < 64 && kinds[code].name ? kinds[code].name : "UNKNOWN";
}

static bool length_fits(const struct attr_kind *k, size_t n)
{
	switch ((enum length_rule)k->rule) {
	case EXACT:
		return n == k->length;
	case TIMES:
		return n % k->length == 0;
	case TIMES_SOME:
		return n > 0 && n % k->length == 0;
	default:
		return true;
	}
}

static bool path_fits(struct span value, uint8_t as_size)
{
	struct cur path = cur_of_span(value);
	struct as_segment s;

	while (as_segment_next(&path, as_size, &s))
		if (s.type < SEGMENT_SET || s.type > SEGMENT_CONFED_SET || s.asns.n == 0)
			return false; /* RFC 7606 7.2 */
	return !path.bad;
}

static enum fault attr_judge(const struct attr *a, const struct attr_set *set)
{
	const struct attr_kind *k = &kinds[a->code];
	struct mp_reach mp;

	if (!k->name)
		return FAULT_NONE;
	if ((a->flags & FLAG_BITS) != k->flags)
		return FAULT_ATTR_FLAGS; /* RFC 7606 3.c */
	if (!length_fits(k, a->value.n))
		return FAULT_ATTR_LENGTH;
	switch (a->code) {
	case ATTR_ORIGIN:
		return a->value.p[0] > 2 ? FAULT_ATTR_VALUE : FAULT_NONE; /* RFC 7606 7.1 */
	case ATTR_AS_PATH:
		return path_fits(a->value, set->as_size) ? FAULT_NONE : FAULT_ATTR_VALUE;
	case ATTR_AS4_PATH:
		return path_fits(a->value, 4) ? FAULT_NONE : FAULT_ATTR_VALUE;
	case ATTR_AGGREGATOR: /* RFC 7606 7.7; its length tells the AS's, whatever the record says */
		return a->value.n == 6 || a->value.n == 8 ? FAULT_NONE : FAULT_ATTR_LENGTH;
	case ATTR_MP_REACH:
		return mp_reach_cut(a->value, set->rib_form, &mp) ? FAULT_NONE : FAULT_ATTR_LENGTH;
	case ATTR_MP_UNREACH:
		return a->value.n >= 3 ? FAULT_NONE : FAULT_ATTR_LENGTH;
	case ATTR_OTC: /* RFC 9234 5: AS 0 is malformed */
		return be32(a->value.p) ? FAULT_NONE : FAULT_ATTR_VALUE;
	default:
		return FAULT_NONE;
	}
}

static void view_fault(struct attr_view *view, const struct attr *a, enum fault fault, uint64_t offset)
{
	fault_add(view->faults, fault, offset);
	if (kinds[a->code].fate == WITHDRAW)
		view->withdraw = true;
	else
		view->seen[0] &= ~(UINT64_C(1) << a->code); /* attribute discard */
}

void attrs_scan(
    const struct attr_set *set, struct attr_view *view, struct fault_count *faults, uint64_t offset)
{
	struct cur list = cur_of_span(set->raw);
	struct attr a;

	memset(view->seen, 0, sizeof view->seen);
	view->faults = faults;
	view->withdraw = false;
	while (attr_next(&list, &a)) {
		uint64_t bit = UINT64_C(1) << a.code % 64, *seen = &view->seen[a.code / 64];
		enum fault fault;

		if (*seen & bit) { /* RFC 7606 3.g: the first counts; MP_(UN)REACH twice is worse */
			fault_add(faults, FAULT_ATTR_TWICE, offset);
			view->withdraw |= a.code == ATTR_MP_REACH || a.code == ATTR_MP_UNREACH;
			continue;
		}
		*seen |= bit;
		if (a.code >= 64)
			continue;
		view->value[a.code] = a.value;
		fault = attr_judge(&a, set);
		if (fault)
			view_fault(view, &a, fault, offset);
	}
	if (list.bad) { /* RFC 7606 4: what stood before is kept, the route is withdrawn */
		fault_add(faults, FAULT_ATTR_CUT, offset);
		view->withdraw = true;
	}
}

void attrs_paths(const struct attr_set *set, struct span *as_path, struct span *as4_path)
{
	struct cur list = cur_of_span(set->raw);
	struct attr a;

	*as_path = *as4_path = (struct span){NULL, 0};
	while (attr_next(&list, &a)) {
		if (a.code == ATTR_AS_PATH && !as_path->p) {
			*as_path = a.value;
			if (set->as_size == 4)
				return;
		} else if (a.code == ATTR_AS4_PATH && !as4_path->p) {
			*as4_path = a.value;
		}
	}
}

bool mp_reach_cut(struct span value, bool rib_form, struct mp_reach *mp)
{
	struct cur c = cur_of_span(value);

	*mp = (struct mp_reach){0};
	/* RFC 6396 4.3.4: only the next hop, whose length comes first. Some writers put the whole attribute
	 * there all the same; its first byte is the zero of the AFI. */
	if (rib_form && value.n && value.p[0] != 0) {
		mp->next_hop = cur_span(&c, cur_u8(&c));
		return !c.bad;
	}
	mp->afi = cur_u16(&c);
	mp->safi = cur_u8(&c);
	mp->next_hop = cur_span(&c, cur_u8(&c));
	cur_u8(&c); /* reserved; once the number of SNPAs (RFC 2858 2), long out of use */
	mp->nlri = cur_rest(&c);
	return !c.bad;
}
