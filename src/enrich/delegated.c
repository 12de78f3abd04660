/*
 * enrich/delegated: the registries' statistics files, "RIR statistics exchange format" and its extended form:
 * registry|cc|type|start|value|date|status[|opaque-id...]. An IPv4 value counts addresses (any number, not
 * only powers of two), an IPv6 value is a prefix length, an ASN value counts ASNs. What is reserved or
 * available has no holder.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <stdio.h>
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
	struct addr a;
	struct prefix p;

	if (!addr_parse((const char *)start.p, start.n, &a) || a.family != FAMILY_IPV6 || len > 128)
		return false;
	p = prefix_make(FAMILY_IPV6, a.b, (unsigned)len);
	load_prefix(l, &p, cc);
	return true;
}

static bool row(struct loading *l, const struct span *f)
{
	static const struct {
		const char *type;
		bool (*take)(struct loading *, struct span, uint64_t, cc_t);
	} types[] = {{"asn", row_asn}, {"ipv4", row_ipv4}, {"ipv6", row_ipv6}};
	uint64_t value;
	cc_t cc;

	if (f[STATUS].n == 0 || !text_cc(f[CC], &cc) || !text_number(f[VALUE], &value))
		return false;
	if (!text_begins(f[STATUS], "allocated") && !text_begins(f[STATUS], "assigned"))
		return true;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_is(f[TYPE], types[i].type))
			return types[i].take(l, f[START], value, cc);
	return false;
}

/* A summary line promises how many rows of a type follow: fewer, and the end is missing. */
static void promise(struct span *f, uint64_t *promised)
{
	uint64_t n;

	if (text_number(f[4], &n))
		*promised += n;
}

static void load_delegated(struct loading *l, struct span content)
{
	struct span head[FIELDS], line, f[FIELDS];
	struct cur c = cur_of_span(content);
	struct census *census = l->census;
	uint64_t promised = 0;
	char key[KEY_TEXT], day[16];
	bool begun = false;
	utime_t date;

	if (!header(content, head))
		return;
	snprintf(key, sizeof key, "delegated-%.*s", (int)(head[1].n < 32 ? head[1].n : 32), head[1].p);
	snprintf(day, sizeof day, "%.4s-%.2s-%.2s", head[2].p, head[2].p + 4, head[2].p + 6);
	load_about(l, head[2].n == 8 && utime_parse(day, &date) ? date : UTIME_NONE, key);
	while (text_line(&c, &line)) {
		line = text_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!begun) {
			begun = true;
		} else if (text_fields(line, '|', f, FIELDS) >= 6 && text_is(f[5], "summary")) {
			promise(f, &promised);
		} else {
			census->rows++;
			census->bad += !row(l, f);
		}
	}
	if (census->rows < promised)
		snprintf(census->cut, sizeof census->cut, "%zu rows, its summary promises %llu", census->rows,
		    (unsigned long long)promised);
}

const struct format format_delegated = {
    .name = "delegated", .rank = RANK_REGISTERED, .is = is_delegated, .load = load_delegated};
