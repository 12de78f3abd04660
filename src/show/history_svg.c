/*
 * show/history_svg: the stacked area of carriers' shares over time, and a page around it. One column of the
 * picture is one period; what no vantage AS sees stays empty at the top.
 */
#include "show/history.h"
#include "show/text.h"

#include <math.h>
#include <stdlib.h>

enum {
	WIDTH = 900,
	PLOT_HEIGHT = 260,
	LEFT = 44,
	TOP = 34,
	ROW = 20,
	COLOURS = 8,
	TICKS = 7,
	LABEL_HALF = 55
};

/* Okabe and Ito's palette, told apart by colour-blind readers too; grey for the rest. */
static const char *const colour[COLOURS] = {
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442", "#999999"};

static double plot_x(const struct history *h, utime_t t)
{
	const struct series *s = h->series;

	return LEFT + (WIDTH - LEFT - 10) * (double)(t - s->from) / (double)(s->to - s->from);
}

static double plot_y(double share)
{
	return TOP + PLOT_HEIGHT * (1 - share);
}

/* What stands below line k in a period: visible part x the shares of the lines before it. */
static double stacked(const struct period *p, const struct line *const *order, size_t k)
{
	double sum = 0, all = 0, visible = p->visible;

	for (size_t i = 0; i < p->n; i++)
		all += p->share[i].share;
	for (size_t i = 0; i < k; i++)
		sum += period_share_of(p, order[i]->upstream);
	return all > 0 ? fmin(1, sum / all) * (visible > 0 ? visible : 1) : 0;
}

static void print_point(struct out *o, double x, double y, bool first)
{
	out_char(o, first ? 'M' : 'L');
	out_fixed(o, x, 1);
	out_char(o, ' ');
	out_fixed(o, y, 1);
}

/* The band between two heights of the stack; the last colour holds every line from it on. */
static void print_band(
    struct out *o, const struct history *h, const struct line *const *order, size_t k, size_t upto)
{
	const struct periods *p = h->periods;

	out_str(o, "<path d=\"");
	for (size_t i = 0; i < p->n; i++) {
		double y = plot_y(stacked(&p->period[i], order, upto));
		print_point(o, plot_x(h, p->period[i].from), y, i == 0);
		print_point(o, plot_x(h, p->period[i].to), y, false);
	}
	for (size_t i = p->n; i-- > 0;) {
		double y = plot_y(stacked(&p->period[i], order, k));
		print_point(o, plot_x(h, p->period[i].to), y, false);
		print_point(o, plot_x(h, p->period[i].from), y, false);
	}
	out_printf(o, "Z\" fill=\"%s\"/>\n", colour[k < COLOURS - 1 ? k : COLOURS - 1]);
}

/* Steps of the axis from fine to coarse, and how much of a time tells them apart. */
#define MINUTES(n)                            \
	{                                     \
		.span = (n)*60 * UTIME_SECOND \
	}
#define MONTHS(n)             \
	{                     \
		.months = (n) \
	}
static const struct {
	struct step step;
	uint8_t label;
} axis[] = {{MINUTES(1), 16}, {MINUTES(5), 16}, {MINUTES(15), 16}, {MINUTES(60), 16}, {MINUTES(180), 16},
    {MINUTES(360), 16}, {MINUTES(720), 16}, {MINUTES(1440), 10}, {MINUTES(7 * 1440), 10}, {MONTHS(1), 7},
    {MONTHS(3), 7}, {MONTHS(6), 7}, {MONTHS(12), 4}, {MONTHS(24), 4}, {MONTHS(60), 4}};

static unsigned ticks_of(const struct series *s, const struct step *step)
{
	unsigned n = 0;

	for (utime_t t = step_after(step, s->from); t < s->to && n <= TICKS; t = step_after(step, t))
		n++;
	return n;
}

/* The finest step whose labels find room side by side. */
static void print_times(struct out *o, const struct history *h)
{
	const struct series *s = h->series;
	size_t k = 0;

	while (k + 1 < sizeof axis / sizeof *axis && ticks_of(s, &axis[k].step) > TICKS)
		k++;
	for (utime_t t = step_after(&axis[k].step, s->from); t < s->to; t = step_after(&axis[k].step, t)) {
		double x = plot_x(h, t);
		char text[40];
		text_time(text, t);
		text[axis[k].label] = '\0';
		out_printf(o,
		    "<path d=\"M%.1f %dv4\" stroke=\"currentColor\"/>"
		    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
		    x, TOP + PLOT_HEIGHT, x, TOP + PLOT_HEIGHT + 16,
		    x < LEFT + LABEL_HALF    ? "start"
		    : x > WIDTH - LABEL_HALF ? "end"
					     : "middle",
		    text);
	}
}

static void print_axes(struct out *o, const struct history *h)
{
	for (unsigned i = 0; i <= 4; i++) {
		double y = plot_y(i / 4.0);
		out_printf(o,
		    "<path d=\"M%d %.1fH%d\" stroke=\"currentColor\" stroke-opacity=\".2\"/>"
		    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%u %%</text>\n",
		    LEFT, y, WIDTH - 10, LEFT - 6, y + 4, i * 25);
	}
	print_times(o, h);
}

static void print_legend(struct out *o, const struct history *h, const struct line *const *order, size_t n)
{
	for (size_t i = 0; i < n && i < COLOURS; i++) {
		bool rest = i == COLOURS - 1 && n > COLOURS;
		int x = LEFT + (int)(i % 2) * (WIDTH / 2), y = TOP + PLOT_HEIGHT + 40 + (int)(i / 2) * ROW;
		char network[160], percent[32];
		text_label(network, sizeof network, h->facts, order[i]->upstream);
		out_printf(o,
		    "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%d\" "
		    "y=\"%d\">",
		    x, y - 10, colour[i], x + 18, y);
		if (rest)
			out_printf(o, "%zu others", n - i);
		else {
			text_escape(o, network);
			out_printf(o, " %s",
			    text_percent_short(percent, line_mean(order[i], h->series->from, h->series->to)));
		}
		out_str(o, "</text>\n");
	}
}

void history_svg(struct out *o, const struct history *h)
{
	size_t n;
	const struct line **order = history_order(h, &n);
	int height = TOP + PLOT_HEIGHT + 50 + (int)((n < COLOURS ? n : COLOURS) + 1) / 2 * ROW;

	out_printf(o,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "font-family=\"system-ui,sans-serif\" font-size=\"12\" fill=\"currentColor\">\n<title>",
	    WIDTH, height);
	text_escape(o, h->series->territory);
	out_printf(o, ", IPv%u: who carried it</title>\n<text x=\"%d\" y=\"18\" font-size=\"15\">",
	    h->series->family, LEFT);
	text_escape(o, h->name[0] ? h->name : h->series->territory);
	out_printf(o, ", IPv%u: share of each carrier</text>\n", h->series->family);
	for (size_t k = 0; k < n && k < COLOURS && h->periods->n; k++)
		print_band(o, h, order, k, k == COLOURS - 1 ? n : k + 1);
	print_axes(o, h);
	print_legend(o, h, order, n);
	out_str(o, "</svg>\n");
	free(order);
}

static void html_periods(struct out *o, const struct history *h)
{
	out_str(o, "<h2>By period</h2>\n<table><tr><th>Period<th>Visible<th>Carried by (mean share)\n");
	for (size_t i = 0; i < h->periods->n; i++) {
		const struct period *p = &h->periods->period[i];
		char label[40], percent[32], network[160];
		history_period_text(h, p, label);
		out_printf(o, "<tr><td>%s<td>%s<td>", label, text_percent_short(percent, p->visible));
		for (size_t k = 0; k < p->n && k < HISTORY_CARRIERS; k++) {
			text_label(network, sizeof network, h->facts, p->share[k].upstream);
			out_str(o, k ? ", " : "");
			text_escape(o, network);
			out_printf(o, " %s", text_percent_short(percent, p->share[k].share));
		}
		if (p->n > HISTORY_CARRIERS)
			out_printf(o, ", and %zu more", p->n - HISTORY_CARRIERS);
		out_str(o, p->n == 0 ? "nobody\n" : "\n");
	}
	out_str(o, "</table>\n");
}

static void html_carriers(struct out *o, const struct history *h)
{
	size_t n;
	const struct line **order = history_order(h, &n);

	out_str(o, "<h2>Carriers</h2>\n<table><tr><th>Carrier<th>Country<th>First seen<th>Last seen\n");
	for (size_t i = 0; i < n; i++) {
		char network[160], cc[32], first[40], last[40];
		text_label(network, sizeof network, h->facts, order[i]->upstream);
		text_country(cc, sizeof cc, h->facts, order[i]->upstream);
		out_str(o, "<tr><td>");
		text_escape(o, network);
		out_printf(o, "<td>%s<td>%s<td>%s\n", cc, text_time(first, order[i]->first_seen),
		    order[i]->last_seen == UTIME_NONE ? "still there" : text_time(last, order[i]->last_seen));
	}
	out_str(o, "</table>\n<h2>With a single carrier</h2>\n<table><tr><th>From<th>To<th>Carrier\n");
	for (size_t i = 0; i < h->periods->spells; i++) {
		const struct spell *p = &h->periods->spell[i];
		char network[160], from[40], to[40];
		text_label(network, sizeof network, h->facts, p->upstream);
		out_printf(o, "<tr><td>%s<td>%s<td>", text_time(from, p->from), text_time(to, p->to));
		text_escape(o, network);
		out_char(o, '\n');
	}
	out_str(o, "</table>\n");
	free(order);
}

void history_html(struct out *o, const struct history *h)
{
	char from[40], to[40];

	out_str(o, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	text_escape(o, h->name[0] ? h->name : h->series->territory);
	out_str(o, ": who carried it</title>\n<style>:root{color-scheme:light dark}"
		   "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
		   "svg{width:100%;height:auto}table{border-collapse:collapse}"
		   "td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0;border-bottom:1px "
		   "solid #8884}"
		   "</style>\n<h1>");
	text_escape(o, h->name[0] ? h->name : h->series->territory);
	out_printf(o, ": who carried it</h1>\n<p>IPv%u, %s to %s UTC.</p>\n", h->series->family,
	    text_time(from, h->series->from), text_time(to, h->series->to));
	history_svg(o, h);
	html_periods(o, h);
	html_carriers(o, h);
	out_str(o, "</html>\n");
}
