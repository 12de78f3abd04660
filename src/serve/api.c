/* serve/api: see api.h. The table of questions, their parameters, problems, and CSV from JSON. */
#include <jansson.h>

#include "serve/api.h"
#include "show/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE  (PARAM_BIT(PARAM_LIMIT) | PARAM_BIT(PARAM_CURSOR))
#define WHEN  (PARAM_BIT(PARAM_FAMILY) | PARAM_BIT(PARAM_AT))
#define RANGE (PARAM_BIT(PARAM_FAMILY) | PARAM_BIT(PARAM_FROM) | PARAM_BIT(PARAM_TO))
#define FILTER                                                                              \
	(PARAM_BIT(PARAM_TERRITORY) | PARAM_BIT(PARAM_KIND) | PARAM_BIT(PARAM_CARRIER) |    \
	    PARAM_BIT(PARAM_SEVERITY) | PARAM_BIT(PARAM_EPISODE) | PARAM_BIT(PARAM_SCOPE) | \
	    PARAM_BIT(PARAM_FROM) | PARAM_BIT(PARAM_TO))

const struct route api_routes[] = {
    {"territories", PAGE | PARAM_BIT(PARAM_Q), "items", api_territories},
    {"report/", WHEN, "upstreams", api_report},
    {"series/", RANGE | PARAM_BIT(PARAM_STEP) | PARAM_BIT(PARAM_POINTS), "upstreams", api_series},
    {"events", PAGE | FILTER, "items", api_events},
    {"events/", 0, NULL, api_one_event},
    {"rank", WHEN, "items", api_rank},
    {"graph/", WHEN, NULL, api_graph},
    {"prefixes/", WHEN | PAGE, "items", api_prefixes},
    {"lanes/", RANGE, NULL, api_lanes},
    {"health", 0, NULL, api_health},
    {"search", PARAM_BIT(PARAM_Q) | PARAM_BIT(PARAM_LIMIT), NULL, api_search},
    {NULL, 0, NULL, NULL},
};

static const char *const param_name[PARAMS] = {
    [PARAM_FAMILY] = "family",
    [PARAM_AT] = "at",
    [PARAM_FROM] = "from",
    [PARAM_TO] = "to",
    [PARAM_STEP] = "step",
    [PARAM_POINTS] = "points",
    [PARAM_LIMIT] = "limit",
    [PARAM_CURSOR] = "cursor",
    [PARAM_FORMAT] = "format",
    [PARAM_Q] = "q",
    [PARAM_TERRITORY] = "territory",
    [PARAM_KIND] = "kind",
    [PARAM_CARRIER] = "carrier",
    [PARAM_SEVERITY] = "severity",
    [PARAM_EPISODE] = "episode",
    [PARAM_SCOPE] = "scope",
};

const struct route *api_route(const char *path, const char **rest)
{
	for (const struct route *route = api_routes; route->name; route++) {
		size_t n = strlen(route->name);
		bool open = route->name[n - 1] == '/';
		if (strncmp(path, route->name, n) != 0 || (open ? !path[n] : path[n]))
			continue;
		*rest = path + n;
		return route;
	}
	return NULL;
}

enum param api_param(const char *key)
{
	enum param p = 0;

	while (p < PARAMS && strcmp(param_name[p], key) != 0)
		p++;
	return p;
}

void api_problem(struct reply *r, unsigned status, const char *fmt, ...)
{
	va_list ap;

	r->status = status;
	va_start(ap, fmt);
	vsnprintf(r->detail, sizeof r->detail, fmt, ap);
	va_end(ap);
}

static const char *status_title(unsigned status)
{
	static const struct {
		unsigned status;
		const char *title;
	} row[] = {{400, "Bad request"}, {404, "Not found"}, {405, "Method not allowed"},
	    {406, "Not acceptable"}, {500, "The store cannot be read"}, {503, "Too busy"}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		if (row[i].status == status)
			return row[i].title;
	return "Refused";
}

void api_print_problem(struct reply *r)
{
	struct json j = json_on(&r->body);

	r->body.n = 0;
	r->type = "application/problem+json";
	json_open(&j);
	json_key(&j, "type");
	json_str(&j, "about:blank");
	json_key(&j, "title");
	json_str(&j, status_title(r->status));
	json_key(&j, "status");
	json_u64(&j, r->status);
	json_key(&j, "detail");
	json_str(&j, r->detail);
	json_end(&j);
	out_char(&r->body, '\n');
}

/* ---- parameters: each with what it may be ---- */

static bool read_number(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	char *end;

	if (*s < '0' || *s > '9' || strlen(s) > 19)
		return false;
	*v = strtoull(s, &end, 10);
	return !*end && *v >= min && *v <= max;
}

static bool read_family(struct question *q, const char *s)
{
	q->family = (uint8_t)(*s - '0');
	return (*s == '4' || *s == '6') && !s[1];
}

static bool read_format(struct question *q, const char *s)
{
	q->csv = strcmp(s, "csv") == 0;
	return q->csv || strcmp(s, "json") == 0;
}

static bool read_severity(struct question *q, const char *s)
{
	for (unsigned v = SEVERITY_INFO; v <= SEVERITY_CRITICAL; v++)
		if (strcmp(severity_text(v), s) == 0)
			return true;
	return false;
}

static bool read_kinds(struct question *q, const char *s)
{
	char one[32];
	enum event_kind kind;

	for (;;) {
		size_t n = strcspn(s, ",");
		if (n >= sizeof one)
			return false;
		memcpy(one, s, n);
		one[n] = '\0';
		if (!event_kind_parse(one, &kind))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static bool read_at(struct question *q, const char *s)
{
	return utime_parse(s, &q->at);
}
static bool read_from(struct question *q, const char *s)
{
	return utime_parse(s, &q->from);
}
static bool read_to(struct question *q, const char *s)
{
	return utime_parse(s, &q->to);
}
static bool read_step(struct question *q, const char *s)
{
	return utime_parse_span(s, &q->step) && q->step > 0;
}
static bool read_points(struct question *q, const char *s)
{
	return read_number(s, 2, 100000, &q->points);
}
static bool read_limit(struct question *q, const char *s)
{
	return read_number(s, 1, 1000, &q->limit);
}
static bool read_cursor(struct question *q, const char *s)
{
	return read_number(s, 0, UINT32_MAX, &q->cursor);
}
static bool read_episode(struct question *q, const char *s)
{
	return read_number(s, 1, INT64_MAX, &q->episode);
}
static bool read_carrier(struct question *q, const char *s)
{
	asn_t asn = 0;
	bool ok = asn_parse(s, strlen(s), &asn);

	q->carrier = asn;
	return ok;
}
static bool read_text(struct question *q, const char *s)
{
	return strlen(s) <= 100;
}

static const struct {
	bool (*read)(struct question *q, const char *s);
	const char *takes;
} param_rule[PARAMS] = {
    [PARAM_FAMILY] = {read_family, "4 or 6"},
    [PARAM_AT] = {read_at, "a time, such as 2017-10-01T09:07:51Z"},
    [PARAM_FROM] = {read_from, "a time, such as 2017-10-01"},
    [PARAM_TO] = {read_to, "a time, such as 2017-10-03"},
    [PARAM_STEP] = {read_step, "a span, such as 5m, 1h or 1d"},
    [PARAM_POINTS] = {read_points, "a number from 2 to 100000"},
    [PARAM_LIMIT] = {read_limit, "a number from 1 to 1000"},
    [PARAM_CURSOR] = {read_cursor, "the `next` of the page before"},
    [PARAM_FORMAT] = {read_format, "json or csv"},
    [PARAM_Q] = {read_text, "at most 100 bytes"},
    [PARAM_TERRITORY] = {read_text, "a territory's id"},
    [PARAM_KIND] = {read_kinds, "kinds of events, comma-separated, such as upstream-new,outage"},
    [PARAM_CARRIER] = {read_carrier, "an AS number"},
    [PARAM_SEVERITY] = {read_severity, "info, low, medium, high or critical"},
    [PARAM_EPISODE] = {read_episode, "an episode's id"},
    [PARAM_SCOPE] = {read_text, "territory, as, prefix or health"},
};

bool api_read(struct question *q, const struct route *route, struct reply *r)
{
	unsigned takes = route->params | (route->rows ? PARAM_BIT(PARAM_FORMAT) : 0);

	q->family = FAMILY_IPV4;
	q->at = q->from = UTIME_NONE;
	q->to = UTIME_MAX;
	q->limit = 100;
	for (enum param p = 0; p < PARAMS; p++) {
		if (!q->text[p])
			continue;
		if (!(takes & PARAM_BIT(p))) {
			api_problem(r, 400, "%s takes no parameter \"%s\"", route->name, param_name[p]);
			return false;
		}
		if (!param_rule[p].read(q, q->text[p])) {
			api_problem(r, 400, "%s takes %s", param_name[p], param_rule[p].takes);
			return false;
		}
	}
	if (q->from != UTIME_NONE && q->from >= q->to) {
		api_problem(r, 400, "from must be before to");
		return false;
	}
	return true;
}

/* ---- CSV ---- */

/* A value as text: lists joined by blanks, an object by its first text or number. */
static void csv_value(struct out *o, const json_t *v)
{
	size_t i;
	const json_t *x;
	const char *key;

	if (json_is_string(v)) {
		text_csv(o, json_string_value(v));
	} else if (json_is_boolean(v)) {
		out_str(o, json_is_true(v) ? "true" : "false");
	} else if (json_is_integer(v)) {
		out_i64(o, json_integer_value(v));
	} else if (json_is_real(v)) {
		out_printf(o, "%.*g", 10, json_real_value(v));
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, x)
		{
			if (i)
				out_char(o, ' ');
			csv_value(o, x);
		}
	} else if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, x)
		{
			csv_value(o, x);
			break;
		}
	}
}

/* The keys of all rows, in order of first sight: rows may lack what does not apply. */
static json_t *csv_keys(const json_t *rows)
{
	json_t *keys = json_object(), *value;
	const json_t *row;
	const char *key;
	size_t i;

	json_array_foreach(rows, i, row) json_object_foreach((json_t *)row, key, value)
	    json_object_set_new(keys, key, json_true());
	return keys;
}

void api_csv(struct reply *r, const char *rows)
{
	json_t *all = json_loadb(r->body.buf, r->body.n, 0, NULL), *keys, *value;
	const json_t *list = json_object_get(all, rows), *row;
	const char *key;
	size_t i;
	bool more = false;

	keys = csv_keys(list);
	r->body.n = 0;
	r->type = "text/csv; charset=utf-8; header=present";
	json_object_foreach(keys, key, value)
	{
		if (more)
			out_char(&r->body, ',');
		text_csv(&r->body, key);
		more = true;
	}
	out_str(&r->body, "\r\n");
	json_array_foreach(list, i, row)
	{
		more = false;
		json_object_foreach(keys, key, value)
		{
			if (more)
				out_char(&r->body, ',');
			csv_value(&r->body, json_object_get(row, key));
			more = true;
		}
		out_str(&r->body, "\r\n");
	}
	json_decref(keys);
	json_decref(all);
}
