/*
 * serve/api_report: what stands of a territory: report, rank, graph, prefixes, the list of territories. In:
 * the store's snapshots (the end of what is kept), or its series (an instant before). Out: JSON.
 */
#include <jansson.h>

#include "serve/api.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void reply_json(struct reply *r, json_t *value)
{
	size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10);
	size_t n = json_dumpb(value, NULL, 0, flags);

	json_dumpb(value, out_room(&r->body, n + 1), n, flags);
	out_commit(&r->body, n);
	out_char(&r->body, '\n');
	json_decref(value);
}

const char *api_territory_name(const struct facts *f, const char *id)
{
	const char *why;
	const struct territory *t = territory_find(f, id, &why);

	return t ? territory_name(t) : id;
}

static void set_country(json_t *object, const char *key, cc_t cc)
{
	char text[3];

	cc_text(text, cc);
	json_object_set_new(object, key, json_string(text));
}

static void set_time(json_t *object, const char *key, utime_t t)
{
	char text[UTIME_TEXT];

	if (t == UTIME_NONE) {
		json_object_set_new(object, key, json_null());
		return;
	}
	utime_text(text, t);
	json_object_set_new(object, key, json_string(text));
}

/* ---- the end of what is kept: a snapshot ---- */

static json_t *snapshot_of(const struct question *q, const char *id)
{
	struct answer_kept kept;
	json_t *whole = NULL;

	if (store_answer(q->store, ANSWER_PAGE, id, q->family, UTIME_MAX, &kept) == 0 && kept.json)
		whole = json_loadb(kept.json, kept.n, 0, NULL);
	free(kept.json);
	return whole;
}

/* The contract's report with what the dashboard adds: name, sentence, names of the carriers behind. */
static json_t *report_of_snapshot(const struct question *q, json_t *whole)
{
	json_t *report = json_incref(json_object_get(whole, "report")), *row;
	size_t i;

	json_object_set(report, "name", json_object_get(whole, "name"));
	json_object_set(report, "sentence", json_object_get(whole, "sentence"));
	json_array_foreach(json_object_get(report, "behind"), i, row)
	{
		asn_t asn = (asn_t)json_integer_value(json_object_get(row, "asn"));
		json_object_set_new(row, "name", json_string(asn_name(q->facts, asn)));
		set_country(row, "country", asn_country(q->facts, asn));
	}
	json_array_foreach(json_object_get(report, "upstreams"), i,
	    row) if (asn_global(q->facts, (asn_t)json_integer_value(json_object_get(row, "asn"))))
	    json_object_set_new(row, "global", json_true());
	return report;
}

/* ---- an instant before: from the series ---- */

static double millionths(uint32_t share)
{
	return share / 1e6;
}

static json_t *upstreams_at(const struct question *q, const struct series *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct line *line = &s->line[i];
		const struct point *p = line_point(line, q->at);
		json_t *u;
		if (line->upstream == 0 || !p || p->share == 0)
			continue;
		u = json_object();
		json_object_set_new(u, "asn", json_integer(line->upstream));
		json_object_set_new(u, "name", json_string(asn_name(q->facts, line->upstream)));
		set_country(u, "country", asn_country(q->facts, line->upstream));
		json_object_set_new(u, "share", json_real(millionths(p->share)));
		json_object_set_new(u, "prefixes", json_integer(p->prefixes));
		set_time(u, "first_seen", line->first_seen);
		set_time(u, "last_seen", line->last_seen);
		json_array_append_new(list, u);
	}
	return list;
}

static double share_of(const json_t *row)
{
	return json_number_value(json_object_get(row, "share"));
}

static json_t *countries_of(const json_t *upstreams)
{
	json_t *list = json_array(), *sums = json_object(), *value, *row;
	const char *country;
	size_t i;

	json_array_foreach(upstreams, i, row)
	{
		country = json_string_value(json_object_get(row, "country"));
		json_object_set_new(sums, country,
		    json_real(json_number_value(json_object_get(sums, country)) + share_of(row)));
	}
	json_object_foreach(sums, country, value) json_array_append_new(
	    list, json_pack("{s:s,s:f}", "country", country, "share", json_number_value(value)));
	json_decref(sums);
	return list;
}

/* Orders rows by share, largest first: few rows, so by insertion. */
static void largest_first(json_t *list)
{
	for (size_t i = 1; i < json_array_size(list); i++)
		for (size_t k = i;
		     k > 0 && share_of(json_array_get(list, k)) > share_of(json_array_get(list, k - 1));
		     k--) {
			json_t *row = json_incref(json_array_get(list, k));
			json_array_set(list, k, json_array_get(list, k - 1));
			json_array_set_new(list, k - 1, row);
		}
}

static double hhi_of(const json_t *rows, double *entropy)
{
	double hhi = 0;
	const json_t *row;
	size_t i;

	*entropy = 0;
	json_array_foreach(rows, i, row)
	{
		double s = share_of(row);
		hhi += s * s;
		*entropy -= s > 0 ? s * log2(s) : 0;
	}
	return hhi;
}

static json_t *report_of_series(const struct question *q, const char *id)
{
	struct series s;
	json_t *report, *upstreams, *countries;
	double entropy, other, hhi, country_hhi, visible = 0;
	unsigned prefixes = 0;

	if (store_series(q->store, id, q->family, q->at, q->at + 1, &s) || s.n == 0)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		const struct point *p = s.line[i].upstream ? NULL : line_point(&s.line[i], q->at);
		if (p) {
			visible = millionths(p->share);
			prefixes = p->prefixes;
		}
	}
	upstreams = upstreams_at(q, &s);
	series_free(&s);
	largest_first(upstreams);
	countries = countries_of(upstreams);
	largest_first(countries);
	hhi = hhi_of(upstreams, &entropy);
	country_hhi = hhi_of(countries, &other);
	report = json_pack(
	    "{s:s,s:s,s:i}", "territory", id, "name", api_territory_name(q->facts, id), "family", q->family);
	set_time(report, "at", q->at);
	json_object_set_new(report, "prefixes", json_integer(prefixes));
	json_object_set_new(report, "visible", json_real(visible));
	json_object_set_new(report, "invisible", json_real(1 - visible));
	json_object_set_new(report, "upstreams", upstreams);
	json_object_set_new(report, "countries", countries);
	json_object_set_new(report, "resilience",
	    json_pack("{s:f,s:f,s:f,s:f}", "hhi", hhi, "effective", hhi > 0 ? 1 / hhi : 0, "entropy", entropy,
		"country_hhi", country_hhi));
	return report;
}

/* The report of `id` at q->at (default: the end), or NULL where nothing is kept of it. */
static json_t *report_at(const struct question *q, const char *id)
{
	json_t *whole = snapshot_of(q, id), *report = NULL;
	const char *end = json_string_value(json_object_get(json_object_get(whole, "report"), "at"));
	utime_t at = UTIME_MAX;

	if (whole && (q->at == UTIME_NONE || (end && utime_parse(end, &at) && q->at >= at)))
		report = report_of_snapshot(q, whole);
	json_decref(whole);
	if (!report && q->at != UTIME_NONE)
		report = report_of_series(q, id);
	return report;
}

static void not_kept(const struct question *q, struct reply *r)
{
	api_problem(r, 404, "nothing is kept of \"%.60s\" for IPv%d: /api/v1/territories lists what is",
	    q->rest, q->family);
}

void api_report(const struct question *q, struct reply *r)
{
	json_t *report = report_at(q, q->rest);

	if (!report)
		not_kept(q, r);
	else
		reply_json(r, report);
}

/* ---- rank ---- */

static json_t *rank_row(const struct question *q, const char *id)
{
	static const char *const copied[] = {"prefixes", "addresses", "visible"};
	static const char *const copied_resilience[] = {
	    "gateways", "hhi", "effective", "country_hhi", "single_homed", "class"};
	json_t *report = report_at(q, id), *row, *upstreams = json_object_get(report, "upstreams"), *top;
	const json_t *resilience = json_object_get(report, "resilience");

	if (!report)
		return NULL;
	top = json_array_get(upstreams, 0);
	row = json_pack("{s:s,s:s,s:i}", "id", id, "name", api_territory_name(q->facts, id), "upstreams",
	    (int)json_array_size(upstreams));
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		json_object_set(row, copied[i], json_object_get(report, copied[i]));
	for (size_t i = 0; i < sizeof copied_resilience / sizeof *copied_resilience; i++)
		json_object_set(row, copied_resilience[i], json_object_get(resilience, copied_resilience[i]));
	json_object_set_new(row, "top_share", json_real(top ? share_of(top) : 0));
	json_object_set_new(row, "top",
	    top ? json_pack("{s:O,s:O,s:O}", "asn", json_object_get(top, "asn"), "name",
		      json_object_get(top, "name"), "country", json_object_get(top, "country"))
		: json_pack("{s:i,s:s,s:s}", "asn", 0, "name", "", "country", "ZZ"));
	json_decref(report);
	return row;
}

struct ids {
	uint8_t family;
	json_t *list;
};

static bool add_country(void *arg, const struct kept_territory *t)
{
	struct ids *ids = arg;

	if (t->family == ids->family && strlen(t->id) == 2)
		json_array_append_new(ids->list, json_string(t->id));
	return true;
}

static int dependent_first(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	double p = json_number_value(json_object_get(*x, "hhi")),
	       s = json_number_value(json_object_get(*y, "hhi"));

	if (p != s)
		return p < s ? 1 : -1;
	return strcmp(
	    json_string_value(json_object_get(*x, "id")), json_string_value(json_object_get(*y, "id")));
}

void api_rank(const struct question *q, struct reply *r)
{
	struct ids ids = {.family = q->family, .list = json_array()};
	struct store_info info;
	json_t *answer = json_object(), *items = json_array(), **rows, *id;
	size_t n = 0, i;

	if (store_info(q->store, &info) || store_territories(q->store, add_country, &ids))
		api_problem(r, 500, "%s", store_error(q->store));
	rows = calloc(json_array_size(ids.list) + 1, sizeof(*rows));
	json_array_foreach(ids.list, i, id)
	{
		json_t *row = rank_row(q, json_string_value(id));
		if (rows && row)
			rows[n++] = row;
	}
	if (rows)
		qsort(rows, n, sizeof(*rows), dependent_first);
	for (i = 0; i < n; i++)
		json_array_append_new(items, rows[i]);
	free(rows);
	json_decref(ids.list);
	set_time(answer, "at", q->at != UTIME_NONE ? q->at : info.upto);
	json_object_set_new(answer, "family", json_integer(q->family));
	json_object_set_new(answer, "items", items);
	reply_json(r, answer);
}

/* ---- graph and prefixes: parts of the snapshot ---- */

static json_t *part_of_snapshot(const struct question *q, struct reply *r, json_t **whole)
{
	json_t *part;

	*whole = snapshot_of(q, q->rest);
	if (!*whole) {
		not_kept(q, r);
		return NULL;
	}
	part = json_pack("{s:s,s:i}", "territory", q->rest, "family", q->family);
	json_object_set(part, "at", json_object_get(json_object_get(*whole, "report"), "at"));
	return part;
}

void api_graph(const struct question *q, struct reply *r)
{
	json_t *whole, *part = part_of_snapshot(q, r, &whole);

	if (!part)
		return;
	json_object_set(part, "nodes", json_object_get(whole, "nodes"));
	json_object_set(part, "links", json_object_get(whole, "links"));
	json_decref(whole);
	reply_json(r, part);
}

void api_prefixes(const struct question *q, struct reply *r)
{
	json_t *whole, *part = part_of_snapshot(q, r, &whole), *items;
	const json_t *all;

	if (!part)
		return;
	all = json_object_get(whole, "prefixes");
	items = json_array();
	for (size_t i = q->cursor; i < json_array_size(all) && i < q->cursor + q->limit; i++)
		json_array_append(items, json_array_get(all, i));
	json_object_set_new(part, "items", items);
	if (q->cursor + q->limit < json_array_size(all))
		json_object_set_new(
		    part, "next", json_sprintf("%llu", (unsigned long long)(q->cursor + q->limit)));
	else
		json_object_set_new(part, "next", json_null());
	json_decref(whole);
	reply_json(r, part);
}
