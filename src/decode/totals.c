/*
 * decode/totals: how many elements plain records hold, for who wants no more than totals. In: the bytes of an
 * MRT stream. Out: numbers, and the cursor at the first record that is not plain: damaged, faulty, of a rare
 * kind, or with path identifiers. That one is mrt_next's, whose answer for a plain record would be the same.
 * Each byte that decides is looked at once. Owns nothing.
 */
#include "decode/record.h"

enum { FORM_NONE, FORM_MESSAGE, FORM_RIB };
enum {
	BGP_HEADER = 19,
	BGP_UPDATE = 2,
	ATTR_EXTENDED = 0x10,
	/* within what record_known allows, so that a longer record is looked at there */
	MESSAGE_MOST = 65535,
	RIB_MOST = 1024 * 1024,
};

struct form {
	uint8_t kind;
	uint8_t as_size; /* of a message */
	uint8_t bits;    /* of a table dump's prefix */
};

/* RFC 6396 4.4, without the forms of RFC 8050 */
static const struct form messages[16] = {
    [1] = {FORM_MESSAGE, 2, 0},
    [4] = {FORM_MESSAGE, 4, 0},
    [6] = {FORM_MESSAGE, 2, 0},
    [7] = {FORM_MESSAGE, 4, 0},
};
/* RFC 6396 4.3 */
static const struct form dumps[16] = {
    [2] = {FORM_RIB, 4, 32},
    [3] = {FORM_RIB, 4, 32},
    [4] = {FORM_RIB, 4, 128},
    [5] = {FORM_RIB, 4, 128},
};

static struct form form_of(const struct mrt_header *h)
{
	if (h->subtype >= 16)
		return (struct form){FORM_NONE, 0, 0};
	if (h->type == MRT_BGP4MP || h->type == MRT_BGP4MP_ET)
		return h->length <= MESSAGE_MOST ? messages[h->subtype] : (struct form){FORM_NONE, 0, 0};
	if (h->type == MRT_TABLE_DUMP_V2)
		return h->length <= RIB_MOST ? dumps[h->subtype] : (struct form){FORM_NONE, 0, 0};
	return (struct form){FORM_NONE, 0, 0};
}

/*
 * The prefixes of a list; false: they do not fill it, or more than one is a default route. What fills it is
 * without path identifiers as long as the stream has shown none (addpath.c, judge).
 */
static bool total_prefixes(const uint8_t *p, size_t n, unsigned bits, uint64_t *count)
{
	unsigned zeros = 0;
	uint64_t prefixes = 0;
	size_t at = 0;

	while (at < n) {
		unsigned len = p[at];
		if (len > bits)
			return false;
		zeros += len == 0;
		prefixes++;
		at += 1 + (len + 7) / 8;
	}
	*count += prefixes;
	return at == n && zeros < 2;
}

/* Bits of an address of the family; 0: prefixes of it are not read (bgp.c, nlri_family). */
static unsigned family_width(uint16_t afi, uint8_t safi)
{
	return safi < 1 || safi > 3 ? 0 : afi == 1 ? 32 : afi == 2 ? 128 : 0;
}

/* MP_REACH_NLRI (RFC 4760 3) or MP_UNREACH_NLRI (4) */
static bool total_multiprotocol(const uint8_t *p, size_t n, bool reach, uint64_t *count)
{
	size_t head = 3;
	unsigned bits;

	if (n < 5 || (reach && n < (head = 5U + p[3])))
		return n == 3 && !reach; /* the end of a table */
	bits = family_width(be16(p), p[2]);
	return !bits || total_prefixes(p + head, n - head, bits, count);
}

/* The path attributes; false also where one that holds prefixes stands twice. */
static bool total_attrs(const uint8_t *p, const uint8_t *end, struct totals *t)
{
	bool reach = false, unreach = false;

	while (end - p >= 4) {
		size_t head = p[0] & ATTR_EXTENDED ? 4 : 3, n = head == 4 ? be16(p + 2) : p[2];
		unsigned code = p[1];
		if ((size_t)(end - p) - head < n)
			return false;
		p += head;
		if (code == ATTR_MP_REACH) {
			if (reach || !total_multiprotocol(p, n, true, &t->announce))
				return false;
			reach = true;
		} else if (code == ATTR_MP_UNREACH) {
			if (unreach || !total_multiprotocol(p, n, false, &t->withdraw))
				return false;
			unreach = true;
		}
		p += n;
	}
	/* ATOMIC_AGGREGATE or another empty one at the very end */
	return p == end || (end - p == 3 && !(p[0] & ATTR_EXTENDED) && p[2] == 0 && p[1] != ATTR_MP_REACH &&
			       p[1] != ATTR_MP_UNREACH);
}

/* The body of a BGP4MP message behind the microseconds: session, header, UPDATE. */
static bool total_message(const uint8_t *p, const uint8_t *end, size_t as_size, struct totals *t)
{
	size_t head = 2 * as_size + 4, withdrawn, attrs;
	unsigned afi;

	if ((size_t)(end - p) < head)
		return false;
	afi = be16(p + head - 2);
	head += afi == 1 ? 8 : 32;
	if ((afi != 1 && afi != 2) || (size_t)(end - p) < head + BGP_HEADER + 4)
		return false;
	p += head;
	if (be64(p) != UINT64_MAX || be64(p + 8) != UINT64_MAX || be16(p + 16) != end - p ||
	    p[18] != BGP_UPDATE)
		return false;
	p += BGP_HEADER;
	withdrawn = be16(p);
	p += 2;
	if ((size_t)(end - p) < withdrawn + 2)
		return false;
	if (!total_prefixes(p, withdrawn, 32, &t->withdraw))
		return false;
	p += withdrawn;
	attrs = be16(p);
	p += 2;
	return (size_t)(end - p) >= attrs && total_attrs(p, p + attrs, t) &&
	       total_prefixes(p + attrs, (size_t)(end - p) - attrs, 32, &t->announce);
}

/* The body of a RIB record (RFC 6396 4.3.2) whose entries all name one of so many peers. */
static bool total_rib(const uint8_t *p, const uint8_t *end, unsigned bits, size_t peers, struct totals *t)
{
	size_t head;
	unsigned n;

	if (end - p < 7 || p[4] > bits)
		return false;
	head = 5 + (p[4] + 7U) / 8;
	if ((size_t)(end - p) < head + 2)
		return false;
	p += head;
	n = be16(p);
	p += 2;
	for (unsigned i = 0; i < n; i++) {
		size_t left = (size_t)(end - p), attrs;
		if (left < 8 || left - 8 < (attrs = be16(p + 6)) || be16(p) >= peers)
			return false;
		p += 8 + attrs;
	}
	t->rib += n;
	return p == end;
}

static bool total_record(const struct mrt_header *h, const uint8_t *p, size_t peers, struct totals *t)
{
	struct form form = form_of(h);
	const uint8_t *end = p + h->length;

	if (form.kind == FORM_RIB)
		return total_rib(p, end, form.bits, peers, t);
	if (form.kind != FORM_MESSAGE)
		return false;
	if (h->type == MRT_BGP4MP_ET) { /* RFC 6396 3: microseconds */
		if (h->length < 4)
			return false;
		p += 4;
	}
	return total_message(p, end, form.as_size, t);
}

void mrt_totals(struct mrt *m, struct cur *c, size_t peers, struct totals *t)
{
	while (!m->lost && !m->pending && !m->n_hidden && cur_left(c) >= MRT_HEADER) {
		struct mrt_header h = mrt_header_of(c->p);
		struct totals sum = *t;
		if (cur_left(c) - MRT_HEADER < h.length || !total_record(&h, c->p + MRT_HEADER, peers, &sum))
			return;
		*t = sum;
		m->records[h.type]++;
		m->n_records++;
		c->p += MRT_HEADER + (size_t)h.length;
	}
}
