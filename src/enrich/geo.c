/*
 * enrich/geo: tables of addresses and countries: FIRST,LAST,CC with addresses as text or as decimal numbers
 * (IPv4), as Tor's geoip and geoip6 and the ip-to-country CSVs have them; and geofeeds (RFC 8805):
 * PREFIX,CC,REGION,CITY,POSTAL.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <stdio.h>
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

struct row {
	struct addr first, last;
	struct prefix prefix; /* family 0: first and last it is */
	cc_t cc;
};

static bool range_row(struct span line, struct row *r)
{
	struct span f[3];

	memset(r, 0, sizeof *r);
	if (text_fields(line, ',', f, 3) < 2)
		return false;
	if (address(f[0], &r->first) && address(f[1], &r->last))
		return r->first.family == r->last.family && text_cc(f[2], &r->cc);
	return prefix_parse((const char *)f[0].p, f[0].n, &r->prefix) && text_cc(f[1], &r->cc);
}

static bool is_ranges(struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line;
	struct row r;

	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#')
			return range_row(line, &r);
	return false;
}

static void load_ranges(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	const char *slash = strrchr(l->path, '/');
	struct span line;
	struct row r;

	load_about(l, date_in_path(l->path), slash ? slash + 1 : l->path);
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->census->rows++;
		if (!range_row(line, &r))
			l->census->bad++;
		else if (r.prefix.family)
			load_prefix(l, &r.prefix, r.cc);
		else
			load_range(l, &r.first, &r.last, r.cc);
	}
	if (content.n && content.p[content.n - 1] != '\n' && l->census->bad)
		snprintf(l->census->cut, sizeof l->census->cut, "the last line has no end");
}

const struct format format_ranges = {
    .name = "address ranges", .rank = RANK_LOCATED, .located = true, .is = is_ranges, .load = load_ranges};
