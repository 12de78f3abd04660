/*
 * enrich/delegated: the registries' statistics files, "RIR statistics exchange format" and its extended form:
 * registry|cc|type|start|value|date|status[|opaque-id...]. An IPv4 value counts addresses (any number, not
 * only powers of two), an IPv6 value is a prefix length, an ASN value counts ASNs. What is reserved or
 * available has no holder.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <string.h>

enum { REGISTRY, CC, TYPE, START, VALUE, DATE, STATUS, FIELDS };

/* The header, "2.3|apnic|20171001|73123|19830613|20170930|+1000"; false past the first other line. */
static bool header(struct span content, struct span *field)
{
	struct cur c = cur_of_span(content);
	struct span line;

	while (text_line(&c, &line)) {
		uint64_t n;
		line = text_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		return line.p[0] == '2' && text_fields(line, '|', field, FIELDS) >= 6 &&
		       text_number(field[2], &n) && text_number(field[3], &n);
	}
	return false;
}

static bool is_delegated(struct span content)
{
	struct span field[FIELDS];

	return header(content, field);
}

static bool row_asn(struct loading *l, struct span start, uint64_t count, cc_t cc)
{
	uint64_t asn;

	if (!text_number(start, &asn) || asn > UINT32_MAX || count > UINT32_MAX - asn + 1)
		return false;
	for (uint64_t i = 0; i < count; i++)
		load_asn_country(l, (asn_t)(asn + i), cc);
	return true;
}

static bool row_ipv4(struct loading *l, struct span start, uint64_t count, cc_t cc)
{
	struct addr first, last;
	uint32_t n;

	if (!addr_parse((const char *)start.p, start.n, &first) || first.family != FAMILY_IPV4)
		return false;
	n = be32(first.b);
	if (count == 0 || count - 1 > UINT32_MAX - n)
		return false;
	n = __builtin_bswap32((uint32_t)(n + count - 1));
	memcpy(last.b, &n, sizeof n);
	last = addr_v4(last.b);
	load_range(l, &first, &last, cc);
	return true;
}

static bool row_ipv6(struct loading *l, struct span start, uint64_t len, cc_t cc)
{
	struct addr first, last;

	if (!addr_parse((const char *)start.p, start.n, &first) || first.family != FAMILY_IPV6 || len > 128)
		return false;
	last = first;
	for (uint64_t i = len; i < 128; i++)
		last.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	load_range(l, &first, &last, cc);
	return true;
}

static bool row(struct loading *l, struct span line)
{
	static const struct {
		const char *type;
		bool (*take)(struct loading *, struct span, uint64_t, cc_t);
	} types[] = {{"asn", row_asn}, {"ipv4", row_ipv4}, {"ipv6", row_ipv6}};
	struct span f[FIELDS];
	size_t n = text_fields(line, '|', f, FIELDS);
	uint64_t value;
	cc_t cc;

	if (n >= 6 && text_is(f[5], "summary"))
		return true;
	if (n < FIELDS || !text_cc(f[CC], &cc) || !text_number(f[VALUE], &value))
		return false;
	if (!text_begins(f[STATUS], "allocated") && !text_begins(f[STATUS], "assigned"))
		return true;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_is(f[TYPE], types[i].type))
			return types[i].take(l, f[START], value, cc);
	return false;
}

static void load_delegated(struct loading *l, struct span content)
{
	struct span head[FIELDS], line;
	struct cur c = cur_of_span(content);
	bool begun = false;

	if (!header(content, head))
		return;
	l->source = facts_source(l->f, RANK_REGISTERED, false, "delegated-%.*s %.4s-%.2s-%.2s",
	    (int)head[1].n, head[1].p, head[2].p, head[2].p + 4, head[2].p + 6);
	while (text_line(&c, &line)) {
		line = text_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (begun && ++l->rows && !row(l, line))
			l->bad++;
		begun = true;
	}
}

const struct format format_delegated = {"delegated", is_delegated, load_delegated};
