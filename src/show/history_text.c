/* show/history_text: `history` for a terminal: a line a period, a line a carrier, the times with a single
 * one. */
#include "show/history.h"
#include "show/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPARKS = 40, SPELLS_TOLD = 20 };

static void print_head(struct out *o, const struct history *h, size_t carriers)
{
	char from[40], to[40];

	text_ink(o, &h->page, INK_BOLD);
	out_str(o, h->series->territory);
	if (h->name[0])
		out_printf(o, " %s", h->name);
	text_ink(o, &h->page, INK_PLAIN);
	out_printf(o, ", IPv%u: %s to %s, %zu carrier%s\n", h->series->family,
	    text_time(from, h->series->from), text_time(to, h->series->to), carriers,
	    carriers == 1 ? "" : "s");
}

static void print_periods(struct out *o, const struct history *h)
{
	out_str(o, "\nPeriod            Visible  Carried by (mean share)\n");
	for (size_t i = 0; i < h->periods->n; i++) {
		const struct period *p = &h->periods->period[i];
		char label[40], percent[32], network[160];
		history_period_text(h, p, label);
		text_left(o, label, 16);
		text_right(o, text_percent_short(percent, p->visible), 9);
		out_str(o, "  ");
		for (size_t k = 0; k < p->n && k < HISTORY_CARRIERS; k++) {
			text_label(network, sizeof network, h->facts, p->share[k].upstream);
			out_printf(o, "%s%s %s", k ? ", " : "", network,
			    text_percent_short(percent, p->share[k].share));
		}
		if (p->n > HISTORY_CARRIERS)
			out_printf(o, ", and %zu more", p->n - HISTORY_CARRIERS);
		if (p->n == 0)
			out_str(o, "nobody");
		out_char(o, '\n');
	}
}

/* The share over the whole range in SPARKS steps. */
static void print_spark(struct out *o, const struct history *h, const struct line *line)
{
	static const char *const block[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char ascii[] = " .:-=+*#@";
	utime_t from = h->series->from, width = h->series->to - from;

	text_ink(o, &h->page, INK_BAR);
	for (unsigned i = 0; i < SPARKS; i++) {
		double mean = line_mean(line, from + width / SPARKS * i, from + width / SPARKS * (i + 1));
		size_t level = mean > 0 ? (size_t)fmin(8, ceil(mean * 8)) : 0;
		if (h->page.ascii)
			out_char(o, ascii[level]);
		else
			out_str(o, block[level]);
	}
	text_ink(o, &h->page, INK_PLAIN);
}

static void print_carriers(struct out *o, const struct history *h, const struct line *const *order, size_t n)
{
	out_str(o, "\nCarrier                         First seen           Last seen\n");
	for (size_t i = 0; i < n; i++) {
		char network[160], first[40], last[40];
		text_label(network, sizeof network, h->facts, order[i]->upstream);
		text_left(o, network, 30);
		out_printf(o, "  %-19.19s  %-19.19s  ", text_time(first, order[i]->first_seen),
		    order[i]->last_seen == UTIME_NONE ? "still there" : text_time(last, order[i]->last_seen));
		print_spark(o, h, order[i]);
		out_char(o, '\n');
	}
}

static void print_spells(struct out *o, const struct history *h)
{
	const struct periods *p = h->periods;

	if (p->spells == 0) {
		out_str(o, "\nNever with a single carrier.\n");
		return;
	}
	out_str(o, "\nWith a single carrier\n");
	for (size_t i = 0; i < p->spells && i < SPELLS_TOLD; i++) {
		char from[40], to[40], network[160];
		text_label(network, sizeof network, h->facts, p->spell[i].upstream);
		out_printf(o, "%.19s to %.19s  %s\n", text_time(from, p->spell[i].from),
		    text_time(to, p->spell[i].to), network);
	}
	if (p->spells > SPELLS_TOLD)
		out_printf(o, "and %zu more times; -o json has all\n", p->spells - SPELLS_TOLD);
}

void history_text(struct out *o, const struct history *h)
{
	size_t n;
	const struct line **order = history_order(h, &n);

	print_head(o, h, n);
	print_periods(o, h);
	print_carriers(o, h, order, n);
	print_spells(o, h);
	free(order);
}
