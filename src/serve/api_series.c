/*
 * serve/api_series: shares and prefix states over time. In: the store's step functions and events. Out: JSON
 * by columns (one axis of times for all carriers), or CSV.
 */
#include "base/mem.h"
#include "serve/api.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- series ---- */

struct axis { /* the instants at which a row begins */
	utime_t *t;
	size_t n;
};

static int time_cmp(const void *a, const void *b)
{
	const utime_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void axis_of_changes(struct axis *axis, const struct series *s)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->line[i].n;
	axis->t = mem_array(n + 1, sizeof *axis->t);
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->line[i].n; k++) {
			utime_t t = s->line[i].point[k].time;
			axis->t[axis->n++] = t < s->from ? s->from : t;
		}
	qsort(axis->t, axis->n, sizeof *axis->t, time_cmp);
	for (size_t i = 0; i < axis->n; i++)
		if (i == 0 || axis->t[i] != axis->t[kept - 1])
			axis->t[kept++] = axis->t[i];
	axis->n = kept;
}

static void axis_of_steps(struct axis *axis, const struct series *s, utime_t step)
{
	free(axis->t);
	axis->n = 0;
	axis->t = mem_array((size_t)((s->to - s->from) / step) + 2, sizeof *axis->t);
	axis->t[axis->n++] = s->from;
	for (utime_t t = (s->from / step + 1) * step; t < s->to; t += step)
		axis->t[axis->n++] = t;
}

/* Rows at every change, or at every step where asked for or where the changes are more than wanted. */
static utime_t axis_make(struct axis *axis, const struct question *q, const struct series *s)
{
	utime_t step = q->step, span = s->to - s->from;

	*axis = (struct axis){0};
	axis_of_changes(axis, s);
	if (!step && q->points && axis->n > q->points)
		step = span / (utime_t)q->points + 1;
	if (step)
		axis_of_steps(axis, s, step);
	return step;
}

/* A line's value in row i: what holds there, or with a step its mean over the row. -1: not yet there. */
static double row_value(const struct line *line, const struct axis *axis, size_t i, utime_t step, utime_t to)
{
	utime_t end = i + 1 < axis->n ? axis->t[i + 1] : to;

	if (!line_point(line, step ? end - 1 : axis->t[i]))
		return -1;
	return step ? line_mean(line, axis->t[i], end) : line_at(line, axis->t[i]) / 1e6;
}

static const struct line *own_line(const struct series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].upstream == 0)
			return &s->line[i];
	return NULL;
}

static void print_values(struct json *j, const char *key, const struct line *line, const struct axis *axis,
    utime_t step, utime_t to)
{
	json_key(j, key);
	json_list(j);
	for (size_t i = 0; i < axis->n; i++) {
		double v = line ? row_value(line, axis, i, step, to) : -1;
		if (v < 0)
			json_none(j);
		else
			json_num(j, v, 6);
	}
	json_done(j);
}

static void print_series(
    struct json *j, const struct question *q, const struct series *s, const struct axis *axis, utime_t step)
{
	char cc[3];

	json_key(j, "times");
	json_list(j);
	for (size_t i = 0; i < axis->n; i++)
		json_num(j, (double)axis->t[i] / 1e6, 6);
	json_done(j);
	json_key(j, "upstreams");
	json_list(j);
	for (size_t i = 0; i < s->n; i++) {
		const struct line *line = &s->line[i];
		if (line->upstream == 0)
			continue;
		cc_text(cc, asn_country(q->facts, line->upstream));
		json_open(j);
		json_key(j, "asn");
		json_u64(j, line->upstream);
		json_key(j, "name");
		json_str(j, asn_name(q->facts, line->upstream));
		json_key(j, "country");
		json_str(j, cc);
		api_time(j, "first_seen", line->first_seen);
		api_time(j, "last_seen", line->last_seen);
		print_values(j, "values", line, axis, step, s->to);
		json_end(j);
	}
	json_done(j);
	print_values(j, "visible", own_line(s), axis, step, s->to);
}

/* The carriers in the order of their weight over the whole time: what a stacked picture wants. */
static int line_cmp(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;
	double p = 0, s = 0;

	for (size_t i = 0; i < (*x)->n; i++)
		p = fmax(p, (*x)->point[i].share);
	for (size_t i = 0; i < (*y)->n; i++)
		s = fmax(s, (*y)->point[i].share);
	if (p != s)
		return p < s ? 1 : -1;
	return ((*x)->upstream > (*y)->upstream) - ((*x)->upstream < (*y)->upstream);
}

static void lines_order(struct series *s)
{
	const struct line **by = mem_array(s->n + 1, sizeof(*by));
	struct line *line = mem_array(s->n + 1, sizeof *line);

	for (size_t i = 0; i < s->n; i++)
		by[i] = &s->line[i];
	qsort(by, s->n, sizeof(*by), line_cmp);
	for (size_t i = 0; i < s->n; i++)
		line[i] = *by[i];
	memcpy(s->line, line, s->n * sizeof *line);
	free(line);
	free(by);
}

static void csv_series(struct reply *r, const struct series *s, const struct axis *axis, utime_t step)
{
	char text[UTIME_TEXT];

	r->type = "text/csv; charset=utf-8; header=present";
	out_str(&r->body, "time");
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].upstream)
			out_printf(&r->body, ",AS%u", (unsigned)s->line[i].upstream);
		else
			out_str(&r->body, ",visible");
	out_str(&r->body, "\r\n");
	for (size_t row = 0; row < axis->n; row++) {
		utime_text(text, axis->t[row]);
		out_str(&r->body, text);
		for (size_t i = 0; i < s->n; i++) {
			double v = row_value(&s->line[i], axis, row, step, s->to);
			out_char(&r->body, ',');
			if (v >= 0)
				out_fixed(&r->body, v, 6);
		}
		out_str(&r->body, "\r\n");
	}
}

void api_series(const struct question *q, struct reply *r)
{
	struct json j = json_on(&r->body);
	struct axis axis;
	struct series s;
	utime_t step;

	if (store_series(q->store, q->rest, q->family, q->from, q->to, &s)) {
		api_problem(r, 500, "%s", store_error(q->store));
		return;
	}
	if (s.n == 0) {
		series_free(&s);
		api_problem(
		    r, 404, "nothing is kept of \"%.60s\" for IPv%d in that time", q->rest, q->family);
		return;
	}
	lines_order(&s);
	step = axis_make(&axis, q, &s);
	if (q->csv) {
		csv_series(r, &s, &axis, step);
	} else {
		json_open(&j);
		json_key(&j, "territory");
		json_str(&j, q->rest);
		json_key(&j, "family");
		json_u64(&j, q->family);
		api_time(&j, "from", s.from);
		api_time(&j, "to", s.to);
		print_series(&j, q, &s, &axis, step);
		json_end(&j);
	}
	free(axis.t);
	series_free(&s);
}

/* ---- lanes ---- */

static void print_states(struct json *j, const struct lane *lane)
{
	static const char *const state[] = {"up", "degraded", "down"};

	json_key(j, "states");
	json_list(j);
	for (size_t i = 0; i < lane->steps; i++) {
		json_list(j);
		json_num(j, (double)lane->step[i].time / 1e6, 6);
		json_str(j, state[lane->step[i].state]);
		json_done(j);
	}
	json_done(j);
}

static void print_carriers(struct json *j, const struct lane *lane)
{
	json_key(j, "upstreams");
	json_list(j);
	for (size_t i = 0; i < lane->changes; i++) {
		json_list(j);
		json_num(j, (double)lane->carriers[i].time / 1e6, 6);
		json_list(j);
		for (size_t k = 0; k < lane->carriers[i].n; k++)
			json_u64(j, lane->carriers[i].asn[k]);
		json_done(j);
		json_done(j);
	}
	json_done(j);
}

void api_lanes(const struct question *q, struct reply *r)
{
	struct json j = json_on(&r->body);
	struct lanes lanes;
	char text[PREFIX_TEXT];

	if (store_lanes(q->store, q->rest, q->family, q->from, q->to, &lanes)) {
		api_problem(r, 500, "%s", store_error(q->store));
		return;
	}
	json_open(&j);
	json_key(&j, "territory");
	json_str(&j, q->rest);
	json_key(&j, "family");
	json_u64(&j, q->family);
	api_time(&j, "from", lanes.from);
	api_time(&j, "to", lanes.to);
	json_key(&j, "items");
	json_list(&j);
	for (size_t i = 0; i < lanes.n; i++) {
		json_open(&j);
		json_key(&j, "prefix");
		json_strn(&j, text, prefix_text(text, &lanes.lane[i].prefix));
		print_states(&j, &lanes.lane[i]);
		print_carriers(&j, &lanes.lane[i]);
		json_end(&j);
	}
	json_done(&j);
	json_end(&j);
	lanes_free(&lanes);
}
