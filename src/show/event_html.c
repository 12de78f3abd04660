/*
 * show/event_html: the timeline drawn, one self-contained page that reads without JavaScript. In: events,
 * samples. Out: for each territory that has events: shares stacked over time, a lane a prefix (up, down,
 * unstable), events marked and numbered; then the events as a list with their evidence. Owns nothing.
 */
#include "base/mem.h"
#include "show/events.h"
#include "show/report.h"
#include "show/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDTH = 1000,
	LEFT = 150,
	RIGHT = 20,
	SHARES = 160,
	LANE = 14,
	LANES_DRAWN = 40,
	NUMBER = 17,
	CARRIERS_MAX = 8
};
enum { PREFIXES_LISTED = 12 };

static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1040px;margin:2em auto;padding:0 1em;color:#1b1f24;"
    "background:#fff}h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2.2em}svg{width:100%;height:auto}"
    "svg text{font:11px system-ui,sans-serif;fill:#333}.axis{stroke:#999;stroke-width:1}.up{fill:#9bc995}"
    ".band{shape-rendering:crispEdges}.down{fill:#c0392b}.shaky{fill:#e3b23c}.mark{stroke:#222;stroke-width:"
    "1;stroke-dasharray:3 3}"
    "ol{padding-left:1.6em}li{margin:.7em 0}.kind{font-weight:600}.severity{color:#666}.seen{color:#555}"
    "code{font-size:.9em}.key span{display:inline-block;margin-right:1.2em}.key i{display:inline-block;width:"
    ".8em;height:.8em;margin-right:.35em}footer{margin-top:3em;color:#666;font-size:.9em}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e6e6}svg text{fill:#ccc}"
    ".mark{stroke:#ddd}.severity,.seen,footer{color:#aaa}}@media print{body{margin:0}}";

struct chart { /* one territory's picture */
	struct out *o;
	const struct event_list *l;
	const char *territory;
	uint8_t family;
	utime_t from, to;
	struct prefix lane[LANES_DRAWN];
	size_t lanes, lanes_all;
	asn_t carrier[CARRIERS_MAX]; /* by their largest share */
	double most[CARRIERS_MAX];
	size_t carriers;
};

static double x_of(const struct chart *c, utime_t t)
{
	double part = c->to > c->from ? (double)(t - c->from) / (double)(c->to - c->from) : 0;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static bool mine(const struct chart *c, const struct event *e)
{
	return e->family == c->family && strcmp(e->territory, c->territory) == 0;
}

/* ---- what is drawn ---- */

static int prefix_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static void lanes_find(struct chart *c)
{
	struct prefix *all = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < c->l->n; i++)
		for (size_t k = 0; mine(c, &c->l->v[i]) && k < c->l->v[i].prefixes; k++) {
			all = vec_room(all, n, &cap, sizeof *all);
			all[n++] = c->l->v[i].prefix[k];
		}
	if (n)
		qsort(all, n, sizeof *all, prefix_order);
	for (size_t i = 0; i < n; i++) {
		if (i && prefix_equal(&all[i], &all[i - 1]))
			continue;
		if (c->lanes < LANES_DRAWN)
			c->lane[c->lanes++] = all[i];
		c->lanes_all++;
	}
	free(all);
}

static void carrier_note(struct chart *c, asn_t asn, double share)
{
	size_t i;

	for (i = 0; i < c->carriers && c->carrier[i] != asn; i++)
		;
	if (i < c->carriers) {
		c->most[i] = share > c->most[i] ? share : c->most[i];
	} else if (c->carriers < CARRIERS_MAX) {
		c->carrier[c->carriers] = asn;
		c->most[c->carriers++] = share;
	} else {
		for (i = 0; i < CARRIERS_MAX && c->most[i] >= share; i++)
			;
		if (i < CARRIERS_MAX) {
			c->carrier[i] = asn;
			c->most[i] = share;
		}
	}
}

static bool sample_is_mine(const struct chart *c, const struct shown_sample *s)
{
	return s->family == c->family && strcmp(s->territory, c->territory) == 0;
}

static void carriers_find(struct chart *c)
{
	for (size_t i = 0; i < c->l->samples; i++) {
		const struct shown_sample *s = &c->l->sample[i];
		if (s->upstream && s->share > 0.005 && sample_is_mine(c, s))
			carrier_note(c, s->upstream, s->share);
	}
	for (size_t i = 1; i < c->carriers; i++) /* a fixed order, so that a colour keeps its meaning */
		for (size_t k = i; k > 0 && c->most[k] > c->most[k - 1]; k--) {
			double most = c->most[k];
			asn_t asn = c->carrier[k];
			c->most[k] = c->most[k - 1];
			c->carrier[k] = c->carrier[k - 1];
			c->most[k - 1] = most;
			c->carrier[k - 1] = asn;
		}
}

/* ---- the picture ---- */

struct stack { /* the shares from x on */
	double x, share[CARRIERS_MAX];
};

/* What follows within a quarter of a unit is one step, drawn as it was left. */
static struct stack *stacks_find(const struct chart *c, size_t *n)
{
	size_t cap = 0;
	struct stack *v = vec_room(NULL, 0, &cap, sizeof *v);

	v[0] = (struct stack){.x = LEFT};
	*n = 1;
	for (size_t i = 0; i < c->l->samples; i++) {
		const struct shown_sample *s = &c->l->sample[i];
		double x = x_of(c, s->time);
		if (!s->upstream || !sample_is_mine(c, s))
			continue;
		if (x - v[*n - 1].x > 0.25) {
			v = vec_room(v, *n, &cap, sizeof *v);
			v[*n] = v[*n - 1];
			v[(*n)++].x = x;
		}
		for (size_t k = 0; k < c->carriers; k++)
			if (c->carrier[k] == s->upstream)
				v[*n - 1].share[k] = s->share;
	}
	return v;
}

/* Where the first k carriers end, from below. */
static double stacked(const struct stack *s, size_t k)
{
	double sum = 0;

	while (k-- > 0)
		sum += s->share[k];
	return 20 + SHARES * (1 - sum);
}

/* One carrier's band: along its upper edge and back along that of those below it. */
static void draw_band(struct chart *c, const struct stack *s, size_t n, size_t carrier)
{
	out_printf(
	    c->o, "<path class=\"band\" fill=\"%s\" d=\"M%d %d", picture_colour(carrier), LEFT, 20 + SHARES);
	for (size_t i = 0; i < n; i++)
		out_printf(c->o, "V%.1fH%.1f", stacked(&s[i], carrier + 1),
		    i + 1 < n ? s[i + 1].x : (double)(WIDTH - RIGHT));
	for (size_t i = n; i-- > 0;)
		out_printf(c->o, "V%.1fH%.1f", stacked(&s[i], carrier), s[i].x);
	out_str(c->o, "Z\"/>");
}

static void draw_bands(struct chart *c)
{
	size_t n;
	struct stack *stack = stacks_find(c, &n);

	for (size_t k = 0; k < c->carriers; k++)
		draw_band(c, stack, n, k);
	free(stack);
}

static void draw_span(struct chart *c, const char *class, utime_t from, utime_t to, double y)
{
	double x = x_of(c, from), w = x_of(c, to) - x;

	out_printf(c->o, "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/>", class, x,
	    y, w < 1.5 ? 1.5 : w, LANE - 4);
}

static bool event_has(const struct event *e, const struct prefix *p)
{
	for (size_t i = 0; i < e->prefixes; i++)
		if (prefix_equal(&e->prefix[i], p))
			return true;
	return false;
}

static void draw_lane(struct chart *c, size_t lane, double y)
{
	static const struct {
		enum event_kind kind;
		const char *class;
	} state[] = {{EVENT_INSTABILITY, "shaky"}, {EVENT_OUTAGE, "down"}};
	char text[PREFIX_TEXT + 1];

	text[prefix_text(text, &c->lane[lane])] = '\0';
	out_printf(c->o, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", LEFT - 6, y + 9, text);
	draw_span(c, "up", c->from, c->to, y);
	for (size_t k = 0; k < sizeof state / sizeof *state; k++)
		for (size_t i = 0; i < c->l->n; i++) {
			const struct event *e = &c->l->v[i];
			if (mine(c, e) && e->kind == state[k].kind && event_has(e, &c->lane[lane]))
				draw_span(c, state[k].class, e->first_seen,
				    e->end == UTIME_NONE ? c->to : e->end, y);
		}
}

/*
 * Where the numbers of marks at x[0..n-1], rising, stand: NUMBER apart, and as near to their marks as that
 * allows (runs that touch are pooled about their mean, as in isotonic regression).
 */
static void spread(const double *x, size_t n, double *at)
{
	size_t *first = mem_array(n + 1, sizeof *first), runs = 0;

	for (size_t i = 0; i < n; i++) {
		first[runs++] = i;
		at[i] = x[i] - NUMBER * (double)i;
		while (runs > 1 && at[first[runs - 1]] <= at[first[runs - 2]]) {
			size_t from = first[runs - 2], mid = first[runs - 1];
			at[from] = (at[from] * (double)(mid - from) + at[mid] * (double)(i + 1 - mid)) /
				   (double)(i + 1 - from);
			runs--;
		}
	}
	for (size_t k = runs, end = n; k-- > 0; end = first[k])
		for (size_t i = end; i-- > first[k];)
			at[i] = at[first[k]] + NUMBER * (double)i;
	free(first);
}

/* A number that would stand far from its mark is left to the list below. */
static void draw_numbers(struct chart *c, const double *x, const size_t *number, size_t n)
{
	double *at = mem_array(n + 1, sizeof *at);

	spread(x, n, at);
	for (size_t i = 0; i < n; i++)
		out_printf(c->o,
		    "<text x=\"%.2f\" y=\"11\" text-anchor=\"middle\">%zu</text><line class=\"axis\" "
		    "x1=\"%.2f\" "
		    "x2=\"%.2f\" y1=\"13\" y2=\"20\"/>",
		    at[i], number[i], at[i], x[i]);
	free(at);
}

static void draw_marks(struct chart *c, double height)
{
	double *x = mem_array(c->l->n + 1, sizeof *x), free_from = 0;
	size_t *number = mem_array(c->l->n + 1, sizeof *number), n = 0;

	for (size_t i = 0; i < c->l->n; i++) {
		double here = x_of(c, c->l->v[i].first_seen);
		if (!mine(c, &c->l->v[i]))
			continue;
		out_printf(c->o,
		    "<line class=\"mark\" x1=\"%.2f\" x2=\"%.2f\" y1=\"20\" y2=\"%.1f\"><title>%zu "
		    "%s</title></line>",
		    here, here, height - 22, i + 1, event_kind_text(c->l->v[i].kind));
		if (free_from - here > 6 * NUMBER)
			continue;
		free_from = (here > free_from ? here : free_from) + NUMBER;
		x[n] = here;
		number[n++] = i + 1;
	}
	draw_numbers(c, x, number, n);
	free(x);
	free(number);
}

static void draw_axis(struct chart *c, double height)
{
	char text[40];

	for (unsigned i = 0; i <= 5; i++) {
		utime_t t = c->from + (c->to - c->from) / 5 * i;
		const char *anchor = i == 0 ? "start" : i == 5 ? "end" : "middle";
		text_time(text, t / UTIME_SECOND * UTIME_SECOND);
		text[strlen(text) > 16 ? 16 : strlen(text)] = '\0';
		out_printf(c->o, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x_of(c, t),
		    height - 4, anchor, text);
	}
	out_printf(c->o, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
	    WIDTH - RIGHT, height - 18, height - 18);
}

static void draw(struct chart *c)
{
	double top = c->carriers ? 20 + SHARES + 14 : 24, height;

	height = top + (double)c->lanes * LANE + 30;
	out_printf(
	    c->o, "<svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"Timeline of ", WIDTH, height);
	text_escape(c->o, c->territory);
	out_str(c->o, "\">");
	if (c->carriers) {
		draw_bands(c);
		out_printf(c->o,
		    "<text x=\"%d\" y=\"30\" text-anchor=\"end\">100 %%</text>"
		    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>",
		    LEFT - 6, LEFT - 6, 20 + SHARES);
	}
	for (size_t i = 0; i < c->lanes; i++)
		draw_lane(c, i, top + (double)i * LANE);
	draw_marks(c, height);
	draw_axis(c, height);
	out_str(c->o, "</svg>\n<p class=\"key\">");
	for (size_t i = 0; i < c->carriers; i++) {
		char label[160];
		text_network(label, sizeof label, c->l->facts, c->carrier[i]);
		out_printf(c->o, "<span><i style=\"background:%s\"></i>", picture_colour(i));
		text_escape(c->o, label);
		out_str(c->o, "</span>");
	}
	out_str(c->o, "<span><i style=\"background:#9bc995\"></i>up</span>"
		      "<span><i style=\"background:#e3b23c\"></i>unstable</span>"
		      "<span><i style=\"background:#c0392b\"></i>down</span></p>\n");
	if (c->lanes_all > c->lanes)
		out_printf(
		    c->o, "<p>%zu more prefixes are in the list below.</p>\n", c->lanes_all - c->lanes);
}

/* ---- the list ---- */

static void print_path(struct out *o, const asn_t *asn, unsigned n)
{
	if (!n)
		out_str(o, "no route");
	for (unsigned i = 0; i < n; i++)
		out_printf(o, "%s%u", i ? " " : "", asn[i]);
}

static void print_evidence(struct out *o, const struct event *e)
{
	char when[40], peer[ADDR_TEXT + 1];

	if (!e->evidences)
		return;
	out_str(o, "<details><summary>Paths before and after</summary><ul>");
	for (unsigned i = 0; i < e->evidences; i++) {
		const struct evidence *v = &e->evidence[i];
		text_time(when, v->at);
		peer[addr_text(peer, &v->peer.addr)] = '\0';
		out_printf(o, "<li>AS%u (%s), %s: <code>", v->peer.asn, peer, when);
		print_path(o, v->before, v->before_n);
		out_str(o, "</code> &#8594; <code>");
		print_path(o, v->after, v->after_n);
		out_str(o, "</code></li>");
	}
	out_str(o, "</ul></details>");
}

static void print_event(struct out *o, const struct event *e, size_t number)
{
	char when[40], span[48], text[PREFIX_TEXT + 1];

	text_time(when, e->first_seen);
	out_printf(o,
	    "<li value=\"%zu\"><time>%s</time> <span class=\"kind\">%s</span> "
	    "<span class=\"severity\">%s</span><br>",
	    number, when, event_kind_text(e->kind), severity_text(e->severity));
	text_escape(o, e->why);
	out_str(o, ".<br><span class=\"seen\">");
	if (e->end != UTIME_NONE) {
		text_time(when, e->end);
		out_printf(o, "Until %s (%s). ", when, text_span(span, e->end - e->first_seen));
	} else {
		out_str(o, "Not over at the end of the data. ");
	}
	if (e->vantage)
		out_printf(o, "Seen by %u network%s at %u collector%s.", e->vantage,
		    e->vantage == 1 ? "" : "s", e->collectors, e->collectors == 1 ? "" : "s");
	out_str(o, "</span><br><code>");
	for (size_t i = 0; i < e->prefixes && i < PREFIXES_LISTED; i++) {
		text[prefix_text(text, &e->prefix[i])] = '\0';
		out_printf(o, "%s%s", i ? " " : "", text);
	}
	out_str(o, "</code>");
	if (e->prefixes > PREFIXES_LISTED)
		out_printf(o, " and %zu more", e->prefixes - PREFIXES_LISTED);
	print_evidence(o, e);
	out_str(o, "</li>\n");
}

static void print_place(struct out *o, const struct event_list *l, const struct event *first)
{
	struct chart c = {.o = o,
	    .l = l,
	    .territory = first->territory,
	    .family = first->family,
	    .from = l->from,
	    .to = l->to};
	const char *why = NULL;
	const struct territory *who = *c.territory ? territory_find(l->facts, c.territory, &why) : NULL;

	out_str(o, "<section><h2>");
	if (who && *territory_name(who) && strcmp(territory_name(who), c.territory) != 0) {
		text_escape(o, territory_name(who));
		out_str(o, " (");
		text_escape(o, c.territory);
		out_str(o, ")");
	} else {
		text_escape(o, *c.territory                   ? c.territory
			       : first->scope == SCOPE_HEALTH ? "Health of the peers and collectors"
							      : "Several territories");
	}
	out_str(o, first->family == FAMILY_IPV6 ? ", IPv6</h2>\n" : "</h2>\n");
	if (*c.territory) {
		lanes_find(&c);
		carriers_find(&c);
		draw(&c);
	}
	out_str(o, "<ol>\n");
	for (size_t i = 0; i < l->n; i++)
		if (mine(&c, &l->v[i]))
			print_event(o, &l->v[i], i + 1);
	out_str(o, "</ol></section>\n");
}

static bool place_is_first(const struct event_list *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (l->v[i].family == l->v[n].family && strcmp(l->v[i].territory, l->v[n].territory) == 0)
			return false;
	return true;
}

void events_html(struct out *o, const struct event_list *l)
{
	char from[40], to[40];

	text_time(from, l->from);
	text_time(to, l->to);
	out_printf(o,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
	    "<title>Isthmus: what changed</title><style>%s</style></head><body><h1>What changed</h1>\n"
	    "<p>%zu event%s between %s and %s UTC.</p>\n",
	    style, l->n, l->n == 1 ? "" : "s", from, to);
	for (size_t i = 0; i < l->n; i++)
		if (place_is_first(l, i))
			print_place(o, l, &l->v[i]);
	out_str(o, "<footer>");
	if (l->note)
		text_escape(o, l->note);
	out_str(o, "</footer></body></html>\n");
}
