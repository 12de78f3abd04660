/* show/rank: `rank` as text, JSON lines and CSV. In: a ranking. Out: rows, most dependent first. */
#include "base/json.h"
#include "show/report.h"
#include "show/text.h"

#include <stdio.h>

enum { TEXT_ROWS = 60 };

static size_t rows(const struct ranking *r, size_t usual)
{
	size_t n = r->top ? r->top : usual;
	return n && n < r->rank->n ? n : r->rank->n;
}

/* ---- text ---- */
static void row_name(char *buf, size_t n, const struct ranking *r, const struct rank_row *row)
{
	char code[3];
	const char *name;

	if (r->by == RANK_AS) {
		text_label(buf, n, r->facts, row->asn);
		return;
	}
	cc_text(code, row->country);
	name = cc_name(row->country);
	snprintf(buf, n, "%s %s", code, name ? name : "");
}

static void print_row(
    struct out *o, const struct ranking *r, const struct rank_row *row, size_t name, size_t top)
{
	char text[256], part[32];

	row_name(text, sizeof text, r, row);
	text_left(o, text, name);
	snprintf(text, sizeof text, "%.3f", row->hhi);
	text_right(o, text, 7);
	snprintf(text, sizeof text, "%.1f", row->effective);
	text_right(o, text, 7);
	out_str(o, "  ");
	text_bar(o, &r->page, row->hhi, 10);
	text_right(o, text_percent(part, row->top_share), 9);
	if (top) {
		out_char(o, ' ');
		text_label(text, sizeof text, r->facts, row->top);
		text_left(o, row->top ? text : "", top);
	}
	snprintf(text, sizeof text, "%u", row->gateways);
	text_right(o, text, 5);
	snprintf(text, sizeof text, "%u", row->upstreams);
	text_right(o, text, 5);
	text_right(o, text_count(part, row->addresses), 14);
	text_right(o, text_percent(part, row->visible), 9);
	out_char(o, '\n');
}

void rank_text(struct out *o, const struct ranking *r)
{
	size_t n = rows(r, TEXT_ROWS), width = page_width(&r->page),
	       fixed = 7 + 7 + 2 + 10 + 9 + 5 + 5 + 14 + 9;
	size_t name = width > fixed + 44 ? 26 : width > fixed + 16 ? 16 : 8;
	size_t top = width > fixed + name + 10 ? width - fixed - name - 2 : 0;
	char time[40];

	text_ink(o, &r->page, INK_BOLD);
	out_printf(o, "%zu %s by how few carry %s, IPv%u, %s UTC\n", r->rank->n,
	    r->by == RANK_AS ? "networks" : "countries", r->by == RANK_AS ? "them" : "them",
	    r->options.family, text_time(time, r->at));
	text_left(o, r->by == RANK_AS ? "network" : "country", name);
	out_str(o, "    HHI    as of            top share");
	if (top) {
		out_char(o, ' ');
		text_left(o, "carried by", top);
	}
	out_printf(o, "   gw   up%14s  visible\n", r->options.family == FAMILY_IPV6 ? "/48s" : "addresses");
	text_ink(o, &r->page, INK_PLAIN);
	for (size_t i = 0; i < n; i++)
		print_row(o, r, &r->rank->row[i], name, top > 30 ? 30 : top);
	if (n < r->rank->n)
		out_printf(o, "and %zu more (--top 0 or -o csv has all)\n", r->rank->n - n);
}

/* ---- JSON and CSV ---- */
static void json_number(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_num(j, v, 6);
}

static void json_count(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void json_top(struct json *j, const struct ranking *r, const struct rank_row *row)
{
	char code[3];

	json_key(j, "top");
	json_open(j);
	json_count(j, "asn", row->top);
	json_key(j, "name");
	json_str(j, asn_name(r->facts, row->top));
	json_key(j, "country");
	cc_text(code, asn_country(r->facts, row->top));
	json_str(j, code);
	json_number(j, "share", row->top_share);
	json_end(j);
}

void rank_json(struct out *o, const struct ranking *r)
{
	char code[3];

	for (size_t i = 0; i < rows(r, 0); i++) {
		const struct rank_row *row = &r->rank->row[i];
		struct json j = json_on(o);
		json_open(&j);
		json_key(&j, "territory");
		cc_text(code, row->country);
		if (r->by == RANK_COUNTRY) {
			json_str(&j, code);
		} else {
			char text[16];
			snprintf(text, sizeof text, "AS%u", row->asn);
			json_str(&j, text);
			json_key(&j, "name");
			json_str(&j, asn_name(r->facts, row->asn));
		}
		json_count(&j, "family", r->options.family);
		json_count(&j, "prefixes", row->prefixes);
		json_count(&j, "addresses", row->addresses);
		json_number(&j, "visible", row->visible);
		json_count(&j, "upstreams", row->upstreams);
		json_count(&j, "gateways", row->gateways);
		json_key(&j, "class");
		json_str(&j, row->resilience_class);
		json_number(&j, "hhi", row->hhi);
		json_number(&j, "effective", row->effective);
		json_number(&j, "country_hhi", row->country_hhi);
		json_number(&j, "single_homed", row->single_homed);
		if (row->top)
			json_top(&j, r, row);
		json_end(&j);
		out_char(o, '\n');
	}
}

static void csv_name(struct out *o, const struct ranking *r, const struct rank_row *row)
{
	char code[3];

	if (r->by == RANK_AS) {
		out_printf(o, "AS%u,", row->asn);
		text_csv(o, asn_name(r->facts, row->asn));
	} else {
		cc_text(code, row->country);
		out_printf(o, "%s,", code);
		text_csv(o, cc_name(row->country) ? cc_name(row->country) : "");
	}
}

void rank_csv(struct out *o, const struct ranking *r)
{
	out_str(o, "territory,name,family,prefixes,addresses,visible,upstreams,gateways,class,hhi,effective,"
		   "country_hhi,"
		   "single_homed,top,top_name,top_share\n");
	for (size_t i = 0; i < rows(r, 0); i++) {
		const struct rank_row *row = &r->rank->row[i];
		csv_name(o, r, row);
		out_printf(o, ",%u,%u,%llu,%.6f,%u,%u,%s,%.6f,%.6f,%.6f,%.6f,", r->options.family,
		    row->prefixes, (unsigned long long)row->addresses, row->visible, row->upstreams,
		    row->gateways, row->resilience_class, row->hhi, row->effective, row->country_hhi,
		    row->single_homed);
		if (row->top)
			out_u64(o, row->top);
		out_char(o, ',');
		text_csv(o, row->top ? asn_name(r->facts, row->top) : "");
		out_printf(o, ",%.6f\n", row->top_share);
	}
}

/* ---- hegemony ---- */
void hegemony_csv(struct out *o, const struct hegemony *h)
{
	out_str(o, "scope,asn,hege,nb_peers\n");
	for (size_t i = 0; i < h->n; i++) {
		out_u64(o, h->row[i].origin);
		out_char(o, ',');
		out_u64(o, h->row[i].asn);
		out_char(o, ',');
		out_fixed(o, h->row[i].score, 6);
		out_char(o, ',');
		out_u64(o, h->peers);
		out_char(o, '\n');
	}
}

void hegemony_json(struct out *o, const struct hegemony *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct json j = json_on(o);
		json_open(&j);
		json_count(&j, "origin", h->row[i].origin);
		json_count(&j, "asn", h->row[i].asn);
		json_number(&j, "hegemony", h->row[i].score);
		json_count(&j, "ases", h->peers);
		json_end(&j);
		out_char(o, '\n');
	}
}
