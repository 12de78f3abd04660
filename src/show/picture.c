/*
 * show/picture: a report's shares as bars with their intervals, and the frame of an SVG file. In: an answer.
 * Out: SVG elements whose fonts and colours stand in attributes, so that a file and a page show the same.
 */
#include "show/picture.h"
#include "show/text.h"

#include <math.h>
#include <stdio.h>

enum { BARS = 12, ROW = 30, LABEL = 250, RIGHT = 120 };

/* Okabe and Ito's colours, told apart by colour-blind readers too; the last is for the rest. */
static const char *const colours[] = {
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a800", "#7b61a8"};
enum { COLOURS = sizeof colours / sizeof *colours };

const char *picture_colour(size_t i)
{
	return i < COLOURS ? colours[i] : "#9aa3ad";
}

void picture_text(struct out *o, double x, double y, const char *style, const char *text)
{
	out_printf(o, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
	text_escape(o, text);
	out_str(o, "</text>\n");
}

/* At most `columns` columns of the text, with an ellipsis where more was said. */
static void cut(char *buf, size_t n, const char *text, size_t columns)
{
	struct out o;

	out_open_mem(&o);
	text_left(&o, text, text_columns(text) < columns ? text_columns(text) : columns);
	while (o.n > 0 && o.buf[o.n - 1] == ' ')
		o.n--;
	snprintf(buf, n, "%.*s", (int)o.n, o.buf);
	out_close(&o);
}

static void draw_scale(struct out *o, double x, double width, double top, double bottom)
{
	for (int i = 0; i <= 4; i++) {
		double at = x + width * i / 4;
		char text[16];
		out_printf(o, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#e3e7eb\"/>\n",
		    at, top, at, bottom);
		snprintf(text, sizeof text, "%d %%", i * 25);
		picture_text(
		    o, at, bottom + 16, "text-anchor=\"middle\" font-size=\"11\" fill=\"#66707a\"", text);
	}
}

static void draw_bar(struct out *o, const struct answer *a, size_t i, double y, double x, double width)
{
	const struct upstream *u = &a->report->upstream[i];
	char label[256], text[64], part[32];
	double low = x + width * u->low, high = x + width * u->high, mid = y + ROW / 2. - 1;
	const char *name = asn_name(a->facts, u->asn);

	text_country(text, sizeof text, a->facts, u->asn);
	snprintf(label, sizeof label, "AS%u", u->asn);
	cut(label, sizeof label, *name ? name : label, 30);
	picture_text(o, x - 12, mid - 1, "text-anchor=\"end\" font-size=\"13\" fill=\"#1c2530\"", label);
	snprintf(label, sizeof label, "AS%u, %s", u->asn, text);
	picture_text(o, x - 12, mid + 11, "text-anchor=\"end\" font-size=\"10\" fill=\"#66707a\"", label);
	out_printf(o, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", x,
	    y + 4, width * u->share > 0.5 ? width * u->share : 0.5, ROW - 10, picture_colour(i));
	if (u->high - u->low > 0.002) {
		out_printf(o,
		    "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\" stroke=\"#1c2530\" "
		    "stroke-opacity=\"0.75\" "
		    "stroke-width=\"1.4\" fill=\"none\"/>\n",
		    low, mid, high, low, mid - 4, high, mid - 4);
	}
	picture_text(o, (high > x + width * u->share ? high : x + width * u->share) + 8, mid + 5,
	    "font-size=\"13\" font-weight=\"600\" fill=\"#1c2530\"", text_percent(part, u->share));
}

double picture_shares(struct out *o, const struct answer *a, double width)
{
	const struct report *r = a->report;
	size_t n = 0;
	double bars = width - LABEL - RIGHT, bottom;
	char text[80];

	while (n < r->upstreams && n < BARS && r->upstream[n].share > 0)
		n++;
	bottom = 8 + (double)n * ROW;
	draw_scale(o, LABEL, bars, 4, bottom);
	for (size_t i = 0; i < n; i++)
		draw_bar(o, a, i, 6 + (double)i * ROW, LABEL, bars);
	if (n < r->upstreams && r->upstream[n].share > 0) {
		double rest = 1;
		char part[32];
		size_t more = 0;
		for (size_t i = 0; i < n; i++)
			rest -= r->upstream[i].share;
		while (n + more < r->upstreams && r->upstream[n + more].share > 0)
			more++;
		snprintf(text, sizeof text, "and %zu more upstreams with %s", more, text_percent(part, rest));
		picture_text(o, LABEL, bottom + 36, "font-size=\"12\" fill=\"#66707a\"", text);
		return bottom + 46;
	}
	return bottom + 26;
}

void picture_open(struct out *o, double width, double height, const char *label)
{
	out_printf(o,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
	    "height=\"%.0f\" "
	    "font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\" role=\"img\" "
	    "aria-label=\"",
	    width, height, width, height);
	text_escape(o, label);
	out_str(o, "\">\n");
}

/* Draws into memory first: the height is known when all stands. */
void picture_whole(struct out *o, const struct answer *a, double width, const char *label,
    double (*draw)(struct out *, const struct answer *, double))
{
	struct out inner;
	double height;

	out_open_mem(&inner);
	height = draw(&inner, a, width);
	picture_open(o, width, height, label);
	out_bytes(o, inner.buf, inner.n);
	out_str(o, "</svg>\n");
	out_close(&inner);
}

/* ---- the SVG file: a title, the picture, where it comes from ---- */
static double title_lines(struct out *o, const char *sentence, double width)
{
	struct page page = {.width = (int)(width / 9.4)};
	struct out lines;
	double y = 30;

	out_open_mem(&lines);
	text_wrap(&lines, &page, sentence, 0);
	out_char(&lines, '\0');
	for (char *line = lines.buf, *end; *line; line = end + 1, y += 22) {
		end = line + strcspn(line, "\n");
		*end = '\0';
		picture_text(o, 20, y, "font-size=\"16\" font-weight=\"600\" fill=\"#1c2530\"", line);
	}
	out_close(&lines);
	return y;
}

void report_svg(struct out *o, const struct answer *a)
{
	const double width = 860;
	struct out inner, sentence;
	char time[40], text[256];
	double y, height;

	out_open_mem(&inner);
	out_open_mem(&sentence);
	report_sentence(&sentence, a);
	out_char(&sentence, '\0');
	y = title_lines(&inner, sentence.buf, width - 40) + 6;
	out_printf(&inner, "<g transform=\"translate(0 %.0f)\">\n", y);
	height = a->timeline ? picture_timeline(&inner, a, width) : picture_shares(&inner, a, width);
	out_str(&inner, "</g>\n");
	y += height + 18;
	snprintf(text, sizeof text,
	    "%s, IPv%u, %s%s UTC. Shares of weighted routes; %u network%s at %u collector%s%s. Isthmus.",
	    territory_name(a->report->territory), a->report->options.family, a->timeline ? "until " : "",
	    text_time(time, a->report->at), a->report->ases, a->report->ases == 1 ? "" : "s",
	    a->report->collectors, a->report->collectors == 1 ? "" : "s",
	    a->timeline ? "" : "; lines: 95 % interval");
	picture_text(&inner, 20, y, "font-size=\"11\" fill=\"#66707a\"", text);
	out_str(o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	picture_open(o, width, y + 14, sentence.buf);
	out_str(o, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
	out_bytes(o, inner.buf, inner.n);
	out_str(o, "</svg>\n");
	out_close(&inner);
	out_close(&sentence);
}
