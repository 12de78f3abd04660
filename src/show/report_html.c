/*
 * show/report_html: a report as one self-contained page: the sentence, pictures, tables, method and health.
 * In: the answers, one a family. Out: HTML (the WHATWG standard), style and pictures inside, no script; it
 * prints.
 */
#include "show/picture.h"
#include "show/text.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 860, ROWS = 40, PREFIXES = 64, MOMENTS = 60 };

static const char style[] =
    "body{margin:0 auto;max-width:900px;padding:28px 20px 60px;font:15px/1.5 system-ui,'Segoe "
    "UI',Roboto,'DejaVu "
    "Sans',sans-serif;color:#1c2530;background:#fff}"
    "h1{font-size:24px;line-height:1.3;margin:0 0 8px}h2{font-size:17px;margin:34px 0 8px;border-bottom:1px "
    "solid "
    "#e3e7eb;padding-bottom:4px}"
    ".sub{color:#66707a;margin:0 0 18px}"
    "svg{display:block;width:100%;height:auto}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;margin:18px 0}"
    ".facts div{background:#f3f5f7;border-radius:6px;padding:10px 12px}"
    ".facts b{display:block;font-size:21px;font-variant-numeric:tabular-nums}.facts "
    "span{color:#66707a;font-size:12px}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    "th,td{padding:5px 10px 5px 0;text-align:left;border-bottom:1px solid #edf0f2;vertical-align:top}"
    "th{color:#66707a;font-weight:600;font-size:12px}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.n,th.n{padding-right:18px}"
    ".bar{display:inline-block;height:9px;border-radius:2px;min-width:1px}"
    "td.b{width:130px}"
    "footer{margin-top:40px;color:#66707a;font-size:13px}"
    "@media screen and (prefers-color-scheme:dark){body{color:#e4e8ec;background:#14181c}"
    ".sub,.facts span,th,footer{color:#9aa5b0}h2{border-color:#2d343b}th,td{border-color:#262c32}"
    ".facts div{background:#1f252b}svg text[fill='#1c2530']{fill:#e4e8ec}svg "
    "text[fill='#66707a']{fill:#9aa5b0}"
    "svg rect[fill='#f3f5f7']{fill:#1f252b}svg [stroke='#e3e7eb']{stroke:#343c44}svg "
    "[stroke='#1c2530']{stroke:#"
    "e4e8ec}}"
    "@media "
    "print{body{padding:0;max-width:none;font-size:11pt}h2{break-after:avoid}tr,svg,.facts{break-inside:"
    "avoid}"
    ".bar,.facts div{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

/* ---- pieces ---- */
static void cell(struct out *o, const char *text)
{
	out_str(o, "<td>");
	text_escape(o, text);
	out_str(o, "</td>");
}

static void cell_number(struct out *o, const char *text)
{
	out_str(o, "<td class=\"n\">");
	text_escape(o, text);
	out_str(o, "</td>");
}

static void cell_bar(struct out *o, double v, const char *colour)
{
	out_printf(o, "<td class=\"b\"><span class=\"bar\" style=\"width:%.1f%%;background:%s\"></span></td>",
	    v * 100, colour);
}

static void heading(struct out *o, const char *text)
{
	out_str(o, "<h2>");
	text_escape(o, text);
	out_str(o, "</h2>\n");
}

static void table_open(struct out *o, const char *head)
{
	out_printf(o, "<div class=\"scroll\"><table>\n<thead><tr>%s</tr></thead>\n<tbody>\n", head);
}

static void table_close(struct out *o, size_t all, size_t shown, const char *what)
{
	out_str(o, "</tbody></table></div>\n");
	if (all > shown)
		out_printf(o, "<p class=\"sub\">and %zu more %s</p>\n", all - shown, what);
}

static void fact(struct out *o, const char *value, const char *what)
{
	out_str(o, "<div><b>");
	text_escape(o, value);
	out_str(o, "</b><span>");
	text_escape(o, what);
	out_str(o, "</span></div>\n");
}

/* ---- parts of the page ---- */
static void print_facts(struct out *o, const struct report *r)
{
	char text[64], part[32];

	out_str(o, "<div class=\"facts\">\n");
	fact(o, text_percent(part, r->visible), "visible");
	snprintf(text, sizeof text, "%u", r->prefixes);
	fact(o, text, "prefixes");
	fact(o, text_count(part, r->addresses), r->options.family == FAMILY_IPV6 ? "/48s" : "addresses");
	snprintf(text, sizeof text, "%.2f", r->effective);
	fact(o, text, "effective upstreams (1/HHI)");
	fact(o, text_percent(part, r->single_homed), "with a single upstream");
	fact(o, r->resilience_class, "Renesys class, by gateways");
	out_str(o, "</div>\n");
}

static void print_upstreams(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[256], part[32], time[40];

	heading(o, "Upstreams");
	picture_whole(o, a, WIDTH, "Shares of the upstreams with 95 % intervals", picture_shares);
	table_open(o, "<th>network</th><th>registered in</th><th class=\"n\">share</th><th class=\"n\">95 % "
		      "interval</th>"
		      "<th class=\"n\">hegemony</th><th class=\"n\">prefixes</th><th>first seen</th><th>last "
		      "seen</th>");
	for (size_t i = 0; i < r->upstreams && i < ROWS; i++) {
		const struct upstream *u = &r->upstream[i];
		out_str(o, "<tr>");
		text_label(text, sizeof text, a->facts, u->asn);
		cell(o, text);
		text_country(text, sizeof text, a->facts, u->asn);
		cell(o, text);
		cell_number(o, text_percent(part, u->share));
		snprintf(text, sizeof text, "%.1f–%.1f", u->low * 100, u->high * 100);
		cell_number(o, text);
		snprintf(text, sizeof text, "%.3f", u->hegemony);
		cell_number(o, text);
		snprintf(text, sizeof text, "%u", u->prefixes);
		cell_number(o, text);
		cell(o, u->first_seen == UTIME_NONE ? "before the data" : text_time(time, u->first_seen));
		cell(o, u->last_seen == UTIME_NONE ? "still there" : text_time(time, u->last_seen));
		out_str(o, "</tr>\n");
	}
	table_close(o, r->upstreams, ROWS, "upstreams");
}

static void print_countries(struct out *o, const struct report *r)
{
	char text[128], part[32], code[3];

	heading(o, "Registered countries of the upstreams");
	table_open(o, "<th>country</th><th class=\"n\">share</th><th></th>");
	for (size_t i = 0; i < r->countries && i < ROWS; i++) {
		const char *name = cc_name(r->country[i].country);
		cc_text(code, r->country[i].country);
		snprintf(text, sizeof text, "%s %s", code, name ? name : "country unknown");
		out_str(o, "<tr>");
		cell(o, text);
		cell_number(o, text_percent(part, r->country[i].share));
		cell_bar(o, r->country[i].share, "#5b7083");
		out_str(o, "</tr>\n");
	}
	table_close(o, r->countries, ROWS, "countries");
}

static void print_gateways(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[256], part[32];

	heading(o, "Gateways: domestic networks with a foreign neighbour");
	table_open(o, "<th>network</th><th class=\"n\">share</th><th></th>");
	for (size_t i = 0; i < r->gateways && i < ROWS; i++) {
		text_label(text, sizeof text, a->facts, r->gateway[i].asn);
		out_str(o, "<tr>");
		cell(o, text);
		cell_number(o, text_percent(part, r->gateway[i].share));
		cell_bar(o, r->gateway[i].share, "#5b7083");
		out_str(o, "</tr>\n");
	}
	table_close(o, r->gateways, ROWS, "gateways");
}

static void print_resilience(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[256], part[32];

	heading(o, "Resilience");
	out_printf(o,
	    "<p>%zu gateway%s: class <b>%s</b> (1–2 severe, 3–9 significant, 10–39 low, 40 or more "
	    "resistant). "
	    "Concentration over upstreams HHI %.3f, as of %.2f equal ones, entropy %.3f bit; over their "
	    "countries HHI "
	    "%.3f. %s of the %s have a single upstream.</p>\n",
	    r->gateways, r->gateways == 1 ? "" : "s", r->resilience_class, r->hhi, r->effective, r->entropy,
	    r->country_hhi, text_percent(part, r->single_homed),
	    r->options.weight == WEIGHT_PREFIXES ? "prefixes" : "addresses");
	if (r->criticals == 0)
		return;
	table_open(o, "<th>without this network</th><th class=\"n\">have no path left</th><th></th>");
	for (size_t i = 0; i < r->criticals && i < 12; i++) {
		text_label(text, sizeof text, a->facts, r->critical[i].asn);
		out_str(o, "<tr>");
		cell(o, text);
		cell_number(o, text_percent(part, r->critical[i].lost));
		cell_bar(o, r->critical[i].lost, "#d55e00");
		out_str(o, "</tr>\n");
	}
	table_close(o, r->criticals, 12, "networks");
}

static void print_behind(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[256], part[32];

	if (r->options.depth < 2 || r->edges == 0)
		return;
	heading(o, "Carriers of the carriers");
	table_open(o, "<th>carrier</th><th>behind</th><th class=\"n\">part of the routes</th><th></th>");
	for (size_t i = 0; i < r->edges && i < ROWS; i++) {
		out_str(o, "<tr>");
		text_label(text, sizeof text, a->facts, r->edge[i].carrier);
		cell(o, text);
		text_label(text, sizeof text, a->facts, r->edge[i].upstream);
		cell(o, text);
		cell_number(o, text_percent(part, r->edge[i].share));
		cell_bar(o, r->edge[i].share, "#5b7083");
		out_str(o, "</tr>\n");
	}
	table_close(o, r->edges, ROWS, "edges");
}

static void print_prefixes(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[256], part[32];

	if (r->prefixes == 0)
		return;
	heading(o, "Prefixes");
	table_open(o, "<th>prefix</th><th class=\"n\">visible</th><th>mostly by</th><th class=\"n\">with</th>"
		      "<th class=\"n\">upstreams</th>");
	for (size_t i = 0; i < r->prefixes && i < PREFIXES; i++) {
		const struct prefix_row *p = &r->prefix[i];
		text[prefix_text(text, prefix_of(a->table, p->prefix))] = '\0';
		out_str(o, "<tr>");
		cell(o, text);
		cell_number(o, text_percent(part, p->visible));
		text_label(text, sizeof text, a->facts, p->main_upstream);
		cell(o, p->upstreams ? text : "");
		cell_number(o, p->upstreams ? text_percent(part, p->main_share) : "");
		snprintf(text, sizeof text, "%u", p->upstreams);
		cell_number(o, text);
		out_str(o, "</tr>\n");
	}
	table_close(o, r->prefixes, PREFIXES, "prefixes");
}

static void print_method(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	const struct health *h = a->health;
	bool any = false;

	heading(o, "How it was measured");
	out_printf(o,
	    "<p>%u peers of the family were heard, %u of them with a full feed%s; %u network%s outside the "
	    "territory vote%s, "
	    "one vote each, at %u collector%s. A share is the part of the weighted routes that enter through "
	    "the upstream: "
	    "the first foreign network seen from the origin outward. What no vote sees is invisible and "
	    "stands apart. The "
	    "interval is a bootstrap of 1,000 draws over groups of networks with the same next hop. Hegemony "
	    "is the "
	    "trimmed mean over the networks (Fontugne, Shah, Aben, 2018); the class is Renesys' (Cowie, "
	    "2012). A "
	    "carrier's country is where its holder is registered; “global” marks members of the tier-1 "
	    "clique.</p>\n",
	    r->peers, r->full_feed, r->no_full_feed || r->options.all_peers ? " (all peers counted)" : "",
	    r->ases, r->ases == 1 ? "" : "s", r->ases == 1 ? "s" : "", r->collectors,
	    r->collectors == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof r->cleaned / sizeof *r->cleaned; i++)
		if (r->cleaned[i]) {
			out_printf(o, "%s%llu %s", any ? ", " : "<p>Routes left out of the shares: ",
			    (unsigned long long)r->cleaned[i], cleaned_text((enum cleaned)i));
			any = true;
		}
	out_str(o, any ? ".</p>\n" : "");
	out_printf(o, "<p>%llu records read, %llu bad; %llu peer resets, %llu gaps.</p>\n",
	    (unsigned long long)h->records, (unsigned long long)h->bad, (unsigned long long)h->resets,
	    (unsigned long long)h->gaps);
	out_str(o, "<p>Sources of countries and names: ");
	text_escape(o, facts_sources(a->facts));
	out_str(o, ".</p>\n");
}

static void print_answer(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	struct out sentence;
	char time[40];

	out_open_mem(&sentence);
	report_sentence(&sentence, a);
	out_char(&sentence, '\0');
	out_str(o, "<section>\n<h1>");
	text_escape(o, sentence.buf);
	out_str(o, "</h1>\n<p class=\"sub\">");
	out_close(&sentence);
	text_escape(o, territory_name(r->territory));
	out_printf(o, ", IPv%u, %s UTC</p>\n", r->options.family, text_time(time, r->at));
	print_facts(o, r);
	if (a->timeline) {
		heading(o, "Shares over time");
		picture_whole(o, a, WIDTH, "Shares of the upstreams over time, and how much was visible",
		    picture_timeline);
	}
	if (r->upstreams > 0) {
		print_upstreams(o, a);
		print_countries(o, r);
	}
	if (r->gateways > 0)
		print_gateways(o, a);
	print_behind(o, a);
	if (r->upstreams > 0)
		print_resilience(o, a);
	print_prefixes(o, a);
	print_method(o, a);
	out_str(o, "</section>\n");
}

void report_html(struct out *o, const struct answer *a, size_t n)
{
	out_str(o,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Who carries ");
	text_escape(o, territory_name(a[0].report->territory));
	out_printf(o, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	for (size_t i = 0; i < n; i++)
		print_answer(o, &a[i]);
	out_str(o, "<footer>Made by Isthmus " ISTHMUS_VERSION
		   " from public routing data.</footer>\n</body>\n</html>\n");
}
