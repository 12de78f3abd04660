/*
 * show/report_text: `report` for a person: the answer in a sentence, then tables with bars, fitted to the
 * terminal. In: an answer. Out: UTF-8 text.
 */
#include "show/report.h"
#include "show/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20, PREFIX_ROWS = 16, TIME_ROWS = 24, NARROW = 72 };

static void heading(struct out *o, const struct page *page, const char *text)
{
	out_char(o, '\n');
	text_ink(o, page, INK_BOLD);
	out_str(o, text);
	text_ink(o, page, INK_PLAIN);
}

static void more(struct out *o, const struct page *page, size_t all, size_t shown, const char *what)
{
	if (all <= shown)
		return;
	text_ink(o, page, INK_DIM);
	out_printf(o, "  and %zu more %s (-o csv has all)\n", all - shown, what);
	text_ink(o, page, INK_PLAIN);
}

/* Prints what stands in `line`, broken to the page's width, and empties it. */
static void wrapped(struct out *o, const struct page *page, struct out *line, size_t indent)
{
	out_char(line, '\0');
	text_wrap(o, page, line->buf, indent);
	line->n = 0;
}

static void print_head(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char time[40], count[32], part[32];
	struct out line;

	out_open_mem(&line);
	report_sentence(&line, a);
	text_ink(o, &a->page, INK_BOLD);
	wrapped(o, &a->page, &line, 0);
	text_ink(o, &a->page, INK_PLAIN);
	out_char(o, '\n');
	out_str(&line, territory_name(r->territory));
	if (strcmp(territory_name(r->territory), territory_id(r->territory)) != 0)
		out_printf(&line, " (%s)", territory_id(r->territory));
	out_printf(&line, ", IPv%u, %s UTC: ", r->options.family, text_time(time, r->at));
	out_printf(&line, "%u prefix%s, ", r->prefixes, r->prefixes == 1 ? "" : "es");
	out_printf(&line, "%s %s, ", text_count(count, r->addresses),
	    r->options.family == FAMILY_IPV6 ? "/48s" : "addresses");
	out_printf(&line, "%s visible", text_percent(part, r->visible));
	wrapped(o, &a->page, &line, 2);
	out_close(&line);
}

/* Columns of the upstream table, by the room there is. */
struct columns {
	size_t name, bar;
	bool interval, hegemony, seen;
};

static struct columns columns_fit(const struct answer *a)
{
	size_t width = page_width(&a->page), used = 10 + 1 + 9 + 1 + 9; /* country, share, prefixes */
	struct columns c = {.name = 14, .bar = 0};

	for (size_t i = 0; i < a->report->upstreams; i++)
		c.seen = c.seen || a->report->upstream[i].first_seen != UTIME_NONE ||
			 a->report->upstream[i].last_seen != UTIME_NONE;
	c.interval = width >= 60;
	used += c.interval ? 14 : 0;
	c.hegemony = width >= NARROW;
	used += c.hegemony ? 10 : 0;
	c.seen = c.seen && width >= 100;
	used += c.seen ? 22 : 0;
	if (width > used + c.name)
		c.name = width - used - 1;
	if (c.name > 34)
		c.name = 34;
	if (width > used + c.name + 8)
		c.bar = width - used - c.name - 2;
	if (c.bar > 24)
		c.bar = 24;
	return c;
}

static void print_upstream(struct out *o, const struct answer *a, const struct upstream *u, struct columns c)
{
	char label[256], country[32], text[64], low[32];

	text_label(label, sizeof label, a->facts, u->asn);
	text_country(country, sizeof country, a->facts, u->asn);
	if (!u->country)
		snprintf(country, sizeof country, "-");
	out_str(o, "  ");
	text_left(o, label, c.name - 2);
	out_char(o, ' ');
	text_left(o, country, 10);
	text_right(o, text_percent(text, u->share), 9);
	if (c.bar) {
		out_char(o, ' ');
		text_bar(o, &a->page, u->share, c.bar);
	}
	if (c.interval) {
		snprintf(text, sizeof text, "%.1f-%.1f", u->low * 100, u->high * 100);
		text_right(o, text, 14);
	}
	if (c.hegemony) {
		snprintf(text, sizeof text, "%.3f", u->hegemony);
		text_right(o, text, 10);
	}
	snprintf(low, sizeof low, "%u", u->prefixes);
	text_right(o, low, 9);
	if (c.seen) {
		char time[40];
		if (u->first_seen == UTIME_NONE && u->last_seen == UTIME_NONE)
			snprintf(text, sizeof text, "before the data");
		else
			snprintf(text, sizeof text, "%s%s", u->last_seen != UTIME_NONE ? "until " : "",
			    text_time(time, u->last_seen != UTIME_NONE ? u->last_seen : u->first_seen));
		out_str(o, "  ");
		out_str(o, text);
	}
	out_char(o, '\n');
}

static void print_upstreams(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	struct columns c = columns_fit(a);

	if (r->upstreams == 0)
		return;
	heading(o, &a->page, "");
	text_ink(o, &a->page, INK_BOLD);
	text_left(o, "Upstreams", c.name);
	out_char(o, ' ');
	text_left(o, "country", 10);
	text_right(o, "share", 9);
	text_fill(o, ' ', c.bar ? c.bar + 1 : 0);
	if (c.interval)
		text_right(o, "95 % interval", 14);
	if (c.hegemony)
		text_right(o, "hegemony", 10);
	text_right(o, "prefixes", 9);
	if (c.seen)
		out_str(o, "  since");
	text_ink(o, &a->page, INK_PLAIN);
	out_char(o, '\n');
	for (size_t i = 0; i < r->upstreams && i < ROWS; i++)
		print_upstream(o, a, &r->upstream[i], c);
	more(o, &a->page, r->upstreams, ROWS, "upstreams");
}

static void print_countries(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char part[32], code[3];

	if (r->countries == 0)
		return;
	heading(o, &a->page, "Registered countries of the upstreams\n");
	for (size_t i = 0; i < r->countries && i < 10; i++) {
		const char *name = cc_name(r->country[i].country);
		char label[64];
		cc_text(code, r->country[i].country);
		if (r->country[i].country == CC_NONE)
			snprintf(label, sizeof label, "country unknown");
		else
			snprintf(label, sizeof label, "%s %s", code, name ? name : "");
		out_str(o, "  ");
		text_left(o, label, 24);
		text_right(o, text_percent(part, r->country[i].share), 9);
		out_char(o, ' ');
		text_bar(o, &a->page, r->country[i].share, page_width(&a->page) >= NARROW ? 24 : 12);
		out_char(o, '\n');
	}
	more(o, &a->page, r->countries, 10, "countries");
}

static void print_gateways(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char label[256], part[32];

	if (r->gateways == 0)
		return;
	heading(o, &a->page, "Gateways (domestic networks with a foreign neighbour)\n");
	for (size_t i = 0; i < r->gateways && i < 10; i++) {
		text_label(label, sizeof label, a->facts, r->gateway[i].asn);
		out_str(o, "  ");
		text_left(o, label, page_width(&a->page) >= NARROW ? 40 : 24);
		text_right(o, text_percent(part, r->gateway[i].share), 9);
		out_char(o, ' ');
		text_bar(o, &a->page, r->gateway[i].share, page_width(&a->page) >= NARROW ? 24 : 10);
		out_char(o, '\n');
	}
	more(o, &a->page, r->gateways, 10, "gateways");
}

static void print_resilience(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[400], part[32], label[256];

	if (r->upstreams == 0)
		return;
	heading(o, &a->page, "Resilience\n");
	snprintf(text, sizeof text,
	    "  class %s: %zu gateway%s (1-2 severe, 3-9 significant, 10-39 low, 40 or more resistant)",
	    r->resilience_class, r->gateways, r->gateways == 1 ? "" : "s");
	text_wrap(o, &a->page, text, 4);
	snprintf(text, sizeof text,
	    "  concentration HHI %.3f, as of %.2f equal upstreams; entropy %.3f bit; by country HHI %.3f",
	    r->hhi, r->effective, r->entropy, r->country_hhi);
	text_wrap(o, &a->page, text, 4);
	snprintf(text, sizeof text, "  %s of the %s have a single upstream",
	    text_percent(part, r->single_homed),
	    r->options.weight == WEIGHT_PREFIXES ? "prefixes" : "addresses");
	text_wrap(o, &a->page, text, 4);
	for (size_t i = 0; i < r->criticals && i < 8; i++) {
		text_label(label, sizeof label, a->facts, r->critical[i].asn);
		snprintf(text, sizeof text, "  without %s: %s have no path left", label,
		    text_percent(part, r->critical[i].lost));
		text_wrap(o, &a->page, text, 4);
	}
	more(o, &a->page, r->criticals, 8, "critical networks");
}

/* ---- --depth 2 ---- */
struct behind { /* a carrier and the upstreams it stands behind */
	asn_t carrier;
	double share;
	unsigned upstreams;
};

static int behind_cmp(const void *a, const void *b)
{
	const struct behind *x = a, *y = b;

	if (x->share != y->share)
		return x->share < y->share ? 1 : -1;
	return (x->carrier > y->carrier) - (x->carrier < y->carrier);
}

static struct behind *behind_list(const struct report *r, size_t *n)
{
	struct behind *list = calloc(r->edges + 1, sizeof *list);

	*n = 0;
	for (size_t e = 0; list && e < r->edges; e++) {
		size_t i = 0;
		while (i < *n && list[i].carrier != r->edge[e].carrier)
			i++;
		*n += i == *n;
		list[i].carrier = r->edge[e].carrier;
		list[i].share += r->edge[e].share;
		list[i].upstreams++;
	}
	if (list)
		qsort(list, *n, sizeof *list, behind_cmp);
	return list;
}

static void print_behind(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char label[256], part[32];
	size_t n;
	size_t present = 0; /* upstreams; those that were there and are gone have no share */
	struct behind *list;
	struct out line;

	for (size_t u = 0; u < r->upstreams; u++)
		present += r->upstream[u].share > 0;
	if (r->options.depth < 2 || r->edges == 0)
		return;
	list = behind_list(r, &n);
	out_open_mem(&line);
	heading(o, &a->page, "Carriers of the carriers\n");
	for (size_t i = 0; i < n && i < ROWS; i++) {
		bool first = true;
		size_t left = page_width(&a->page) - (page_width(&a->page) >= NARROW ? 52 : 40);
		text_label(label, sizeof label, a->facts, list[i].carrier);
		out_str(o, "  ");
		text_left(o, label, page_width(&a->page) >= NARROW ? 32 : 20);
		text_right(o, text_percent(part, list[i].share), 9);
		out_str(o, "  behind ");
		for (size_t e = 0; e < r->edges; e++)
			if (r->edge[e].carrier == list[i].carrier && left >= 14) {
				left -= 12;
				out_printf(o, "%sAS%u", first ? "" : ", ", r->edge[e].upstream);
				if (left < 14 && list[i].upstreams > 1)
					out_str(o, " ...");
				first = false;
			}
		out_char(o, '\n');
	}
	more(o, &a->page, n, ROWS, "carriers");
	for (size_t i = 0; i < n && i < ROWS; i++)
		if (list[i].upstreams > 1 && list[i].upstreams == present) {
			text_network(label, sizeof label, a->facts, list[i].carrier);
			out_printf(
			    &line, "  %s stands behind all of them: a failure there reaches each.", label);
			wrapped(o, &a->page, &line, 2);
		}
	free(list);
	out_close(&line);
}

static void print_prefixes(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	char text[PREFIX_TEXT + 1], part[32], label[256];

	if (r->prefixes == 0 || r->prefixes > PREFIX_ROWS)
		return;
	heading(o, &a->page, "Prefixes\n");
	for (size_t i = 0; i < r->prefixes; i++) {
		const struct prefix_row *p = &r->prefix[i];
		text[prefix_text(text, prefix_of(a->table, p->prefix))] = '\0';
		out_str(o, "  ");
		text_left(o, text, r->options.family == FAMILY_IPV6 ? 26 : 20);
		text_right(o, text_percent(part, p->visible), 9);
		out_str(o, " visible");
		if (p->upstreams > 0) {
			text_label(label, sizeof label, a->facts, p->main_upstream);
			size_t room = page_width(&a->page) > 78 ? page_width(&a->page) - 68 : 10;
			out_printf(o, ", %s ", text_percent(part, p->main_share));
			text_left(o, label, text_columns(label) < room ? text_columns(label) : room);
		}
		if (p->upstreams > 1)
			out_printf(o, " of %u upstreams", p->upstreams);
		out_char(o, '\n');
	}
}

static void print_moment(struct out *o, const struct answer *a, const struct moment *m)
{
	const struct timeline *t = a->timeline;
	char time[40], part[32], share[64];
	size_t left = page_width(&a->page) - (page_width(&a->page) > 44 ? 44 : 0), k;

	out_str(o, "  ");
	text_left(o, text_time(time, m->at), 26);
	text_right(o, text_percent(part, m->visible), 9);
	for (k = m->first; k < m->first + m->n; k++) {
		snprintf(share, sizeof share, "  AS%u %s", t->share[k].upstream,
		    text_percent(part, t->share[k].share));
		if (k > m->first && strlen(share) > left)
			break;
		out_str(o, share);
		left -= strlen(share) < left ? strlen(share) : left;
	}
	if (k < m->first + m->n)
		out_printf(o, " +%zu", m->first + m->n - k);
	out_char(o, '\n');
}

/* How long a moment held at least to be among the TIME_ROWS that held longest. */
static utime_t worth_a_line(const struct timeline *t)
{
	utime_t low = 0, high = t->to - t->from + 1;

	while (low < high) { /* the least length that leaves few enough */
		utime_t mid = low + (high - low) / 2;
		size_t n = 0;
		for (size_t i = 0; i < t->moments; i++)
			n += (i + 1 < t->moments ? t->moment[i + 1].at : t->to) - t->moment[i].at >= mid;
		if (n > TIME_ROWS)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void print_timeline(struct out *o, const struct answer *a)
{
	const struct timeline *t = a->timeline;
	utime_t least;
	size_t passed = 0;

	if (!t || t->moments == 0)
		return;
	heading(o, &a->page, "Over time (each line holds until the next; UTC)\n");
	out_str(o, "  ");
	text_left(o, "at", 26);
	text_right(o, "visible", 9);
	out_str(o, "  shares\n");
	least = worth_a_line(t);
	for (size_t i = 0; i < t->moments; i++) {
		utime_t until = i + 1 < t->moments ? t->moment[i + 1].at : t->to;
		if (until - t->moment[i].at < least && i > 0) {
			passed++;
			continue;
		}
		if (passed) {
			text_ink(o, &a->page, INK_DIM);
			out_printf(o, "  ... %zu steps\n", passed);
			text_ink(o, &a->page, INK_PLAIN);
		}
		passed = 0;
		print_moment(o, a, &t->moment[i]);
	}
	if (t->moments > TIME_ROWS)
		out_printf(
		    o, "  %zu moments in all: those that held longest; -o csv has every one\n", t->moments);
}

static void print_method(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	const struct health *h = a->health;
	char text[600];
	struct out line;

	heading(o, &a->page, "How it was measured\n");
	snprintf(text, sizeof text,
	    "  %u peers of the family, %u with a full feed%s; %u network%s outside vote%s, at %u "
	    "collector%s. A "
	    "share is "
	    "the part of the weighted routes that enter through the upstream; the interval is a bootstrap "
	    "over "
	    "networks with the same next hop. A carrier's country is where it is registered.",
	    r->peers, r->full_feed,
	    r->options.all_peers ? " (--all-peers: all count)"
	    : r->no_full_feed    ? " (no full feed: all count)"
				 : "",
	    r->ases, r->ases == 1 ? "" : "s", r->ases == 1 ? "s" : "", r->collectors,
	    r->collectors == 1 ? "" : "s");
	text_ink(o, &a->page, INK_DIM);
	text_wrap(o, &a->page, text, 2);
	out_open_mem(&line);
	for (size_t i = 0; i < sizeof r->cleaned / sizeof *r->cleaned; i++)
		if (r->cleaned[i])
			out_printf(&line, "%s%llu %s", line.n == 0 ? "  Routes left out: " : ", ",
			    (unsigned long long)r->cleaned[i], cleaned_text((enum cleaned)i));
	if (line.n > 0)
		wrapped(o, &a->page, &line, 2);
	out_printf(&line, "  %llu records read, %llu bad; %llu peer resets, %llu gaps.",
	    (unsigned long long)h->records, (unsigned long long)h->bad, (unsigned long long)h->resets,
	    (unsigned long long)h->gaps);
	wrapped(o, &a->page, &line, 2);
	text_ink(o, &a->page, INK_PLAIN);
	out_close(&line);
}

void report_text(struct out *o, const struct answer *a)
{
	print_head(o, a);
	print_timeline(o, a);
	print_upstreams(o, a);
	print_countries(o, a);
	print_gateways(o, a);
	print_behind(o, a);
	print_prefixes(o, a);
	print_resilience(o, a);
	print_method(o, a);
}
