/*
 * show/report_csv: `report -o csv` (RFC 4180). In: an answer. Out: a row an upstream; over time, a row an
 * upstream and moment, which holds until the next moment's rows.
 */
#include "show/report.h"
#include "show/text.h"

static void cell_str(struct out *o, const char *s)
{
	text_csv(o, s);
	out_char(o, ',');
}

static void cell_u64(struct out *o, uint64_t v)
{
	out_u64(o, v);
	out_char(o, ',');
}

static void cell_num(struct out *o, double v)
{
	out_fixed(o, v, 6);
	out_char(o, ',');
}

static void cell_time(struct out *o, utime_t t)
{
	char text[UTIME_TEXT];

	if (t != UTIME_NONE) {
		utime_text(text, t);
		out_str(o, text);
	}
}

static void cell_network(struct out *o, const struct facts *f, asn_t asn)
{
	char cc[3];

	cc_text(cc, asn_country(f, asn));
	cell_u64(o, asn);
	cell_str(o, asn_name(f, asn));
	cell_str(o, cc);
}

static void print_instant(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;

	for (size_t i = 0; i < r->upstreams; i++) {
		const struct upstream *u = &r->upstream[i];
		cell_str(o, territory_id(r->territory));
		cell_u64(o, r->options.family);
		cell_time(o, r->at);
		out_char(o, ',');
		cell_network(o, a->facts, u->asn);
		cell_num(o, u->share);
		cell_num(o, u->low);
		cell_num(o, u->high);
		cell_num(o, u->hegemony);
		cell_u64(o, u->prefixes);
		cell_time(o, u->first_seen);
		out_char(o, ',');
		cell_time(o, u->last_seen);
		out_char(o, '\n');
	}
}

static void print_timeline(struct out *o, const struct answer *a)
{
	const struct timeline *t = a->timeline;

	for (size_t i = 0; i < t->moments; i++) {
		if (t->moment[i].n == 0) { /* nobody carries it from here on: a row says so */
			cell_str(o, territory_id(a->report->territory));
			cell_u64(o, a->report->options.family);
			cell_time(o, t->moment[i].at);
			out_str(o, ",,,,0.000000,0,");
			out_fixed(o, t->moment[i].visible, 6);
			out_char(o, '\n');
		}
		for (size_t k = t->moment[i].first; k < t->moment[i].first + t->moment[i].n; k++) {
			cell_str(o, territory_id(a->report->territory));
			cell_u64(o, a->report->options.family);
			cell_time(o, t->moment[i].at);
			out_char(o, ',');
			cell_network(o, a->facts, t->share[k].upstream);
			cell_num(o, t->share[k].share);
			cell_u64(o, t->share[k].prefixes);
			out_fixed(o, t->moment[i].visible, 6);
			out_char(o, '\n');
		}
	}
}

void report_csv(struct out *o, const struct answer *a, bool head)
{
	if (a->timeline) {
		if (head)
			out_str(o, "territory,family,at,asn,name,country,share,prefixes,visible\n");
		print_timeline(o, a);
		return;
	}
	if (head)
		out_str(o, "territory,family,at,asn,name,country,share,low,high,hegemony,prefixes,first_seen,"
			   "last_seen\n");
	print_instant(o, a);
}
