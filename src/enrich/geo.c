/*
 * enrich/geo: tables of addresses and countries: FIRST,LAST,CC with addresses as text or as decimal numbers
 * (IPv4), as Tor's geoip and geoip6 and the ip-to-country CSVs have them; and geofeeds (RFC 8805):
 * PREFIX,CC,REGION,CITY,POSTAL.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <string.h>

static bool address(struct span s, struct addr *a)
{
	uint64_t number;
	uint32_t net;

	if (text_number(s, &number)) {
		if (number > UINT32_MAX)
			return false;
		net = __builtin_bswap32((uint32_t)number);
		memset(a, 0, sizeof *a);
		memcpy(a->b, &net, sizeof net);
		a->family = FAMILY_IPV4;
		return true;
	}
	return addr_parse((const char *)s.p, s.n, a);
}

static bool range_row(struct span line, struct addr *first, struct addr *last, cc_t *cc)
{
	struct span f[3];
	struct prefix p;

	if (text_fields(line, ',', f, 3) < 2)
		return false;
	if (address(f[0], first) && address(f[1], last))
		return first->family == last->family && text_cc(f[2], cc);
	if (!prefix_parse((const char *)f[0].p, f[0].n, &p) || !text_cc(f[1], cc))
		return false;
	memset(first, 0, sizeof *first);
	memcpy(first->b, p.b, sizeof p.b);
	first->family = p.family;
	*last = *first;
	for (unsigned i = p.len; i < family_bits(p.family); i++)
		last->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return true;
}

static bool is_ranges(struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line;
	struct addr first, last;
	cc_t cc;

	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#')
			return range_row(line, &first, &last, &cc);
	return false;
}

static void load_ranges(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	const char *slash = strrchr(l->path, '/');
	struct span line;
	struct addr first, last;
	cc_t cc;

	l->source = facts_source(l->f, RANK_LOCATED, true, "%s", slash ? slash + 1 : l->path);
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->rows++;
		if (range_row(line, &first, &last, &cc))
			load_range(l, &first, &last, cc);
		else
			l->bad++;
	}
}

const struct format format_ranges = {"address ranges", is_ranges, load_ranges};
