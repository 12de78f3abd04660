/*
 * decode/bgp: one BGP message cut into its sections (RFC 4271 4, extended messages by RFC 8654).
 * In: the bytes of a message. Out: spans of its withdrawn routes, attributes and announced routes in the
 * update. Owns nothing; attributes are not judged here (attr.c), prefixes neither (nlri_next).
 */
#include "decode/attr.h"

enum { BGP_HEADER = 19, BGP_UPDATE = 2 };

static uint8_t nlri_family(uint16_t afi, uint8_t safi)
{
	if (safi < 1 || safi > 3) /* unicast, multicast, and once both (RFC 2858 7) */
		return 0;
	return afi == 1 ? FAMILY_IPV4 : afi == 2 ? FAMILY_IPV6 : 0;
}

/* MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 3, 4); the first of each counts. */
static void cut_multiprotocol(struct update *u, bool addpath)
{
	struct cur list = cur_of_span(u->attrs.raw);
	struct attr a;
	struct mp_reach mp;

	while (attr_next(&list, &a)) {
		if (a.code == ATTR_MP_REACH && !u->announced[1].bytes.p && mp_reach_cut(a.value, false, &mp))
			u->announced[1] =
			    (struct nlri){mp.nlri, nlri_family(mp.afi, mp.safi), mp.safi, addpath};
		if (a.code != ATTR_MP_UNREACH || u->withdrawn[1].bytes.p || a.value.n < 3)
			continue;
		u->withdrawn[1] = (struct nlri){{a.value.p + 3, a.value.n - 3},
		    nlri_family(be16(a.value.p), a.value.p[2]), a.value.p[2], addpath};
		/* RFC 4724 2: nothing but an empty MP_UNREACH_NLRI ends a table */
		u->end_of_rib = a.value.n == 3 && a.value.p + 3 == u->attrs.raw.p + u->attrs.raw.n &&
				list.p - u->attrs.raw.p <= 7 && !u->withdrawn[0].bytes.n &&
				!u->announced[0].bytes.n;
	}
}

bool bgp_cut_body(
    struct span body, uint8_t as_size, bool addpath, struct update *u, struct fault_count *faults)
{
	struct cur c = cur_of_span(body);

	u->withdrawn[0] = (struct nlri){cur_span(&c, cur_u16(&c)), FAMILY_IPV4, 1, addpath};
	u->attrs = (struct attr_set){cur_span(&c, cur_u16(&c)), as_size, false};
	u->announced[0] = (struct nlri){cur_rest(&c), FAMILY_IPV4, 1, addpath};
	if (c.bad) {
		fault_add(faults, FAULT_BGP_BODY, u->offset);
		return false;
	}
	u->kind = UPDATE_MESSAGE;
	if (u->attrs.raw.n)
		cut_multiprotocol(u, addpath);
	else
		u->end_of_rib = !u->withdrawn[0].bytes.n && !u->announced[0].bytes.n;
	return true;
}

bool bgp_cut(struct span message, uint8_t as_size, bool addpath, struct update *u, struct fault_count *faults)
{
	const uint8_t *p = message.p;
	size_t length;
	bool cut;

	u->kind = UPDATE_OTHER;
	if (message.n < BGP_HEADER || be64(p) != UINT64_MAX || be64(p + 8) != UINT64_MAX ||
	    (length = be16(p + 16)) < BGP_HEADER) {
		fault_add(faults, FAULT_BGP_HEADER, u->offset);
		return false;
	}
	cut = length > message.n; /* what is there of a message that was cut is still read */
	if (cut) {
		fault_add(faults, FAULT_BGP_HEADER, u->offset);
		length = message.n;
	}
	u->message = (struct span){p, length};
	if (p[18] != BGP_UPDATE)
		return !cut;
	return bgp_cut_body(
		   (struct span){p + BGP_HEADER, length - BGP_HEADER}, as_size, addpath, u, faults) &&
	       !cut;
}
