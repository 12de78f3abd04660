/*
 * show/area: the shares over time as stacked areas, steps at the true times of change, and under them a strip
 * of how much was visible. In: an answer with a timeline. Out: SVG elements. Where nothing is visible nothing
 * is drawn: an outage does not look like a shift.
 */
#include "base/mem.h"
#include "show/picture.h"
#include "show/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LAYERS = 8, TOP = 10, HEIGHT = 260, STRIP = 26, GAP = 10, LEFT = 52, RIGHT = 210 };

struct frame {
	const struct timeline *t;
	double x, width;
	asn_t layer[LAYERS]; /* bottom up */
	size_t layers;
	bool rest;                      /* something is in no layer */
	const char *colour[LAYERS + 1]; /* as the bars have it: by share in the report */
};

static double x_of(const struct frame *f, utime_t at)
{
	double whole = (double)(f->t->to - f->t->from);

	return f->x + (whole > 0 ? (double)(at - f->t->from) / whole * f->width : 0);
}

static utime_t until(const struct frame *f, size_t i)
{
	return i + 1 < f->t->moments ? f->t->moment[i + 1].at : f->t->to;
}

/* ---- which upstreams get a layer: those with most of it over the whole time ---- */
struct mass {
	asn_t asn;
	double v;
};

static int mass_cmp(const void *a, const void *b)
{
	const struct mass *x = a, *y = b;

	if (x->v != y->v)
		return x->v < y->v ? 1 : -1;
	return (x->asn > y->asn) - (x->asn < y->asn);
}

static void layers_choose(struct frame *f)
{
	struct mass *mass = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < f->t->moments; i++) {
		const struct moment *m = &f->t->moment[i];
		for (size_t k = m->first; k < m->first + m->n; k++) {
			size_t j = 0;
			while (j < n && mass[j].asn != f->t->share[k].upstream)
				j++;
			if (j == n) {
				mass = vec_room(mass, n, &cap, sizeof *mass);
				mass[n++] = (struct mass){f->t->share[k].upstream, 0};
			}
			mass[j].v += f->t->share[k].share * (double)(until(f, i) - m->at);
		}
	}
	if (n > 0)
		qsort(mass, n, sizeof *mass, mass_cmp);
	f->layers = n < LAYERS ? n : LAYERS;
	f->rest = n > LAYERS;
	for (size_t j = 0; j < f->layers; j++)
		f->layer[j] = mass[j].asn;
	free(mass);
}

/* Top edge of layer l at moment i, 0..1 from the bottom. */
static double edge(const struct frame *f, size_t i, size_t l)
{
	const struct moment *m = &f->t->moment[i];
	double sum = 0;

	if (l >= f->layers)
		return m->n > 0 ? 1 : 0;
	for (size_t k = m->first; k < m->first + m->n; k++)
		for (size_t j = 0; j <= l; j++)
			if (f->layer[j] == f->t->share[k].upstream)
				sum += f->t->share[k].share;
	return sum > 1 ? 1 : sum;
}

static double y_of(double v)
{
	return TOP + HEIGHT * (1 - v);
}

static void draw_layer(struct out *o, const struct frame *f, size_t l)
{
	size_t n = f->t->moments;

	out_printf(o, "<path fill=\"%s\" d=\"M%.2f %.2f", f->colour[l], x_of(f, f->t->moment[0].at),
	    y_of(edge(f, 0, l)));
	for (size_t i = 0; i < n; i++)
		out_printf(o, "V%.2fH%.2f", y_of(edge(f, i, l)), x_of(f, until(f, i)));
	for (size_t i = n; i-- > 0;)
		out_printf(o, "V%.2fH%.2f", y_of(l ? edge(f, i, l - 1) : 0), x_of(f, f->t->moment[i].at));
	out_str(o, "Z\"/>\n");
}

static void draw_strip(struct out *o, const struct frame *f)
{
	double top = TOP + HEIGHT + GAP, bottom = top + STRIP;

	out_printf(o, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#e2604f\"/>\n", f->x,
	    top, f->width, STRIP);
	out_printf(o, "<path fill=\"#aebac6\" d=\"M%.2f %.2f", x_of(f, f->t->moment[0].at), bottom);
	for (size_t i = 0; i < f->t->moments; i++)
		out_printf(o, "V%.2fH%.2f", bottom - STRIP * f->t->moment[i].visible, x_of(f, until(f, i)));
	out_printf(o, "V%.2fZ\"/>\n", bottom);
	picture_text(
	    o, f->x - 8, bottom - 8, "text-anchor=\"end\" font-size=\"11\" fill=\"#66707a\"", "visible");
}

/* ---- scales ---- */
static utime_t tick_step(utime_t span)
{
	static const int seconds[] = {1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
	    172800, 604800, 2592000, 7862400, 31557600};

	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
		if (span / (seconds[i] * UTIME_SECOND) <= 10)
			return seconds[i] * UTIME_SECOND;
	return 10 * 31557600 * UTIME_SECOND;
}

static void tick_text(char *clock, char *day, size_t n, utime_t at, utime_t step)
{
	time_t seconds = (time_t)(at / UTIME_SECOND);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	clock[0] = '\0';
	if (step < 86400 * UTIME_SECOND)
		strftime(clock, n, step < 60 * UTIME_SECOND ? "%H:%M:%S" : "%H:%M", &tm);
	strftime(day, n, step >= 28 * 86400 * UTIME_SECOND ? "%b %Y" : "%-d %b %Y", &tm);
}

static void draw_times(struct out *o, const struct frame *f)
{
	utime_t step = tick_step(f->t->to - f->t->from), at = f->t->from + step - 1;
	double bottom = TOP + HEIGHT + GAP + STRIP;
	char clock[32], day[32], last[32] = "";

	at -= at % step;
	for (; at <= f->t->to; at += step) {
		double x = x_of(f, at);
		out_printf(o,
		    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#1c2530\" "
		    "stroke-opacity=\"0.18\"/>\n",
		    x, TOP, x, bottom + 5);
		tick_text(clock, day, sizeof clock, at, step);
		picture_text(o, x, bottom + 18, "text-anchor=\"middle\" font-size=\"11\" fill=\"#66707a\"",
		    *clock ? clock : day);
		if (*clock && strcmp(day, last) != 0)
			picture_text(o, x, bottom + 32,
			    "text-anchor=\"middle\" font-size=\"11\" fill=\"#66707a\"", day);
		snprintf(last, sizeof last, "%s", day);
	}
}

static void draw_shares_scale(struct out *o, const struct frame *f)
{
	for (int i = 0; i <= 4; i++) {
		char text[16];
		double y = y_of(i / 4.);
		snprintf(text, sizeof text, "%d %%", i * 25);
		picture_text(
		    o, f->x - 8, y + 4, "text-anchor=\"end\" font-size=\"11\" fill=\"#66707a\"", text);
		out_printf(o,
		    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ffffff\" "
		    "stroke-opacity=\"0.35\"/>\n",
		    f->x, y, f->x + f->width, y);
	}
}

/* ---- the layers' names on the right, where they end, none over another ---- */
static void draw_names(struct out *o, const struct answer *a, const struct frame *f)
{
	size_t last = f->t->moments - 1, n = f->layers + f->rest;
	double want[LAYERS + 1], y[LAYERS + 1], x = f->x + f->width + 12;

	for (size_t l = 0; l < n; l++) {
		double low = l ? edge(f, last, l - 1) : 0, high = edge(f, last, l);
		want[l] = y_of((low + high) / 2) + 4;
		y[l] = l && want[l] > y[l - 1] - 30 ? y[l - 1] - 30 : want[l];
		if (l == 0 && y[0] > TOP + HEIGHT - 12)
			y[0] = TOP + HEIGHT - 12;
	}
	for (size_t l = n; l-- > 0;) /* pushed above the top: back down */
		if (y[l] < TOP + 10 + (double)(n - 1 - l) * 30)
			y[l] = TOP + 10 + (double)(n - 1 - l) * 30;
	for (size_t l = 0; l < n; l++) {
		char label[64], part[32];
		double share = edge(f, last, l) - (l ? edge(f, last, l - 1) : 0);
		out_printf(o,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" rx=\"2\" fill=\"%s\"/>\n", x,
		    y[l] - 9, f->colour[l]);
		if (l < f->layers) {
			const char *name = asn_name(a->facts, f->layer[l]);
			snprintf(label, sizeof label, *name ? "%.24s" : "AS%.0s", name);
			if (!*name)
				snprintf(label, sizeof label, "AS%u", f->layer[l]);
			picture_text(
			    o, x + 16, y[l], "font-size=\"13\" font-weight=\"600\" fill=\"#1c2530\"", label);
			snprintf(label, sizeof label, "AS%u, %s at the end", f->layer[l],
			    text_percent(part, share));
		} else {
			picture_text(o, x + 16, y[l], "font-size=\"13\" font-weight=\"600\" fill=\"#1c2530\"",
			    "others");
			snprintf(label, sizeof label, "%s at the end", text_percent(part, share));
		}
		picture_text(o, x + 16, y[l] + 13, "font-size=\"11\" fill=\"#66707a\"", label);
	}
}

static size_t place_of(const struct report *r, asn_t asn)
{
	for (size_t i = 0; i < r->upstreams; i++)
		if (r->upstream[i].asn == asn)
			return i;
	return SIZE_MAX;
}

double picture_timeline(struct out *o, const struct answer *a, double width)
{
	struct frame f = {.t = a->timeline, .x = LEFT, .width = width - LEFT - RIGHT};

	if (f.t->moments == 0) {
		picture_text(
		    o, LEFT, 30, "font-size=\"13\" fill=\"#66707a\"", "Nothing is known of this time.");
		return 44;
	}
	layers_choose(&f);
	for (size_t l = 0; l <= LAYERS; l++)
		f.colour[l] = picture_colour(l < f.layers ? place_of(a->report, f.layer[l]) : SIZE_MAX);
	out_printf(o, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#f3f5f7\"/>\n", f.x, TOP,
	    f.width, HEIGHT);
	for (size_t l = 0; l < f.layers + f.rest; l++)
		draw_layer(o, &f, l);
	draw_strip(o, &f);
	draw_shares_scale(o, &f);
	draw_times(o, &f);
	draw_names(o, a, &f);
	return TOP + HEIGHT + GAP + STRIP + 40;
}
