/* show/sentence: the answer in words. In: an answer. Out: one or two sentences of plain text. */
#include "show/report.h"
#include "show/text.h"

#include <stdio.h>
#include <string.h>

/* "North Korea's", "Netherlands'", "Star JV's (AS131279)" */
static void whose(struct out *o, const struct territory *t)
{
	const char *name = territory_name(t), *id = territory_id(t);
	size_t n = strlen(name);

	out_printf(o, "%s%s", name, n > 0 && name[n - 1] == 's' ? "'" : "'s");
	if (territory_kind(t) == TERRITORY_AS && strcmp(name, id) != 0)
		out_printf(o, " (%s)", id);
}

static const char *noun(const struct answer *a)
{
	if (a->report->options.weight == WEIGHT_PREFIXES)
		return "prefixes";
	return a->report->options.family == FAMILY_IPV6 ? "routed IPv6 addresses" : "routed addresses";
}

static void seen_by(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;

	out_printf(o, ", as seen by %u network%s", r->ases, r->ases == 1 ? "" : "s");
}

/* How many upstreams to name: those that carry at least 5 %, at most three, and never none. */
static size_t named(const struct report *r)
{
	size_t n = 1;

	while (n < r->upstreams && n < 3 && r->upstream[n].share >= 0.05)
		n++;
	return n;
}

static void carriers(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	size_t n = named(r), present = 0;
	double rest = 1;
	char who[200], part[32];

	while (present < r->upstreams && r->upstream[present].share > 0)
		present++;
	for (size_t i = 0; i < n; i++) {
		text_network(who, sizeof who, a->facts, r->upstream[i].asn);
		text_percent_short(part, r->upstream[i].share);
		rest -= r->upstream[i].share;
		if (i == 0 && present == 1) {
			out_printf(o, "%s alone carries all of ", who);
			whose(o, r->territory);
			out_printf(o, " %s", noun(a));
		} else if (i == 0) {
			out_printf(o, "%s carries %s of ", who, part);
			whose(o, r->territory);
			out_printf(o, " %s", noun(a));
		} else {
			out_printf(o, ", %s %s", who, part);
		}
	}
	if (present > n)
		out_printf(o, ", %zu other%s %s", present - n, present - n == 1 ? "" : "s",
		    text_percent_short(part, rest > 0 ? rest : 0));
}

/* Networks no source has a country for count as foreign: where they carry something, that is to be known. */
static void unplaced(struct out *o, const struct report *r)
{
	char part[32];
	double share = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->upstreams; i++)
		if (r->upstream[i].country == CC_NONE && r->upstream[i].share > 0) {
			share += r->upstream[i].share;
			n++;
		}
	if (share < 0.005 || territory_kind(r->territory) == TERRITORY_AS)
		return;
	text_percent_short(part, share);
	if (n == 1)
		out_printf(o,
		    " %s enters through a network without a known country, which counts as foreign.", part);
	else
		out_printf(o,
		    " %s enters through %zu networks without a known country, which count as foreign.", part,
		    n);
}

void report_sentence(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char part[32];

	if (r->ases == 0) {
		out_str(o, "Nobody says who carries ");
		out_str(o, territory_name(r->territory));
		out_str(o, ": no network outside it has a table in this data.");
		return;
	}
	if (r->upstreams == 0 || r->upstream[0].share <= 0) {
		out_printf(o, "Nobody is seen to carry %s", territory_name(r->territory));
		seen_by(o, a);
		out_str(
		    o, r->prefixes ? ": no path to it enters from abroad." : ": no route to it is visible.");
		return;
	}
	carriers(o, a);
	seen_by(o, a);
	out_char(o, '.');
	if (r->invisible >= 0.005)
		out_printf(o, " %s of the view is missing: where a network has no route at all.",
		    text_percent_short(part, r->invisible));
	unplaced(o, r);
	if (r->no_full_feed)
		out_printf(o, " There is no full feed in this data: all %u peers counted.", r->peers);
}
