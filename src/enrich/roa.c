/*
 * enrich/roa: validated ROA payloads and the state of a route by them (RFC 6811). In: CSV as the RIPE NCC's
 * archive, rpki-client and Routinator write it (by its header line, or ASN,PREFIX,MAXLEN without one), and
 * rpki-client's JSON. A file of a time holds until the next given file's time; a row's own dates narrow that,
 * and where a row begins between two files it holds from then on. What holds on from file to file is one row.
 * Out: sorted prefixes, each knowing the one that covers it, so that a look-up is one search and a walk up;
 * and the times at which something changes.
 */
#include "base/mem.h"
#include "enrich/load.h"
#include "enrich/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct roa {
	struct prefix prefix;
	uint8_t max;
	asn_t asn;
	utime_t from, to;
};

enum { NO_COVER = UINT32_MAX };

struct roas {
	struct roa *v; /* by prefix */
	size_t n, cap;
	uint32_t *cover; /* of v[i]: the last of the next shorter prefix that covers it */
	uint32_t *first; /* by family and the first 16 bits: the first of v at or after */
	struct edge {
		utime_t at;
		uint32_t roa;
	} * edge; /* by time */
	size_t edges;
};

void load_roa(struct loading *l, const struct prefix *p, unsigned max, asn_t asn, utime_t from, utime_t to)
{
	struct roas *r = l->f->roas;

	if (l->dry)
		return;
	if (!r)
		r = l->f->roas = mem_alloc(sizeof *r);
	if (from == UTIME_NONE || from <= l->before || from > l->to)
		from = from > l->from ? from : l->from;
	to = to < l->to ? to : l->to;
	if (from >= to)
		return;
	r->v = vec_room(r->v, r->n, &r->cap, sizeof *r->v);
	r->v[r->n++] = (struct roa){*p, (uint8_t)max, asn, from, to};
}

static int by_prefix(const void *a, const void *b)
{
	const struct roa *x = a, *y = b;
	int d = prefix_cmp(&x->prefix, &y->prefix);

	if (d == 0 && x->asn != y->asn)
		d = x->asn < y->asn ? -1 : 1;
	if (d == 0)
		d = (int)x->max - (int)y->max;
	return d ? d : x->from < y->from ? -1 : x->from > y->from;
}

static void roas_merge(struct roas *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct roa *last = n ? &r->v[n - 1] : NULL, *x = &r->v[i];
		if (last && prefix_equal(&last->prefix, &x->prefix) && last->asn == x->asn &&
		    last->max == x->max && x->from <= last->to)
			last->to = x->to > last->to ? x->to : last->to;
		else
			r->v[n++] = *x;
	}
	r->n = n;
}

static int by_time(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->roa < y->roa ? -1 : x->roa > y->roa;
}

static void edges_find(struct roas *r)
{
	r->edge = mem_array(2 * r->n + 1, sizeof *r->edge);
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].from != UTIME_NONE)
			r->edge[r->edges++] = (struct edge){r->v[i].from, (uint32_t)i};
		if (r->v[i].to != UTIME_MAX)
			r->edge[r->edges++] = (struct edge){r->v[i].to, (uint32_t)i};
	}
	qsort(r->edge, r->edges, sizeof *r->edge, by_time);
}

/* The first edge after a time. */
static size_t edge_after(const struct roas *r, utime_t at)
{
	size_t low = 0, high = r->edges;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (r->edge[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

utime_t roas_change_after(const struct facts *f, utime_t at)
{
	size_t i = f->roas ? edge_after(f->roas, at) : 0;

	return f->roas && i < f->roas->edges ? f->roas->edge[i].at : UTIME_MAX;
}

void roas_changed(const struct facts *f, utime_t at, void (*each)(void *, const struct prefix *), void *arg)
{
	const struct roas *r = f->roas;

	for (size_t i = r ? edge_after(r, at - 1) : 0; r && i < r->edges && r->edge[i].at == at; i++)
		each(arg, &r->v[r->edge[i].roa].prefix);
}

static size_t cell_of(const struct prefix *p)
{
	return (size_t)(p->family == FAMILY_IPV6) << 16 | be16(p->b);
}

void roas_ready(struct facts *f)
{
	struct roas *r = f->roas;
	uint32_t up = NO_COVER;
	size_t cell = 0;

	if (!r || !r->n)
		return;
	qsort(r->v, r->n, sizeof *r->v, by_prefix);
	roas_merge(r);
	edges_find(r);
	r->cover = mem_array(r->n, sizeof *r->cover);
	r->first = mem_array((2U << 16) + 1, sizeof *r->first);
	for (size_t i = 0; i < r->n; i++) {
		while (cell <= cell_of(&r->v[i].prefix))
			r->first[cell++] = (uint32_t)i;
		if (i && prefix_equal(&r->v[i].prefix, &r->v[i - 1].prefix)) {
			r->cover[i] = r->cover[i - 1];
			continue;
		}
		up = i ? (uint32_t)(i - 1) : NO_COVER;
		while (up != NO_COVER && !prefix_covers(&r->v[up].prefix, &r->v[i].prefix))
			up = r->cover[up];
		r->cover[i] = up;
	}
	while (cell <= 2U << 16)
		r->first[cell++] = (uint32_t)r->n;
}

void roas_free(struct facts *f)
{
	if (!f->roas)
		return;
	free(f->roas->v);
	free(f->roas->cover);
	free(f->roas->first);
	free(f->roas->edge);
	free(f->roas);
}

/* The last ROA whose prefix is p or sorts before it. */
static uint32_t before(const struct roas *r, const struct prefix *p)
{
	size_t low = r->first[cell_of(p)], high = r->first[cell_of(p) + 1];

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (prefix_cmp(&r->v[mid].prefix, p) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? (uint32_t)(low - 1) : NO_COVER;
}

enum rpki prefix_rpki(const struct facts *f, const struct prefix *p, asn_t origin, utime_t at)
{
	const struct roas *r = f->roas;
	enum rpki state = RPKI_NOT_FOUND;
	uint32_t i;

	if (!r || !r->n)
		return RPKI_NO_DATA;
	i = before(r, p);
	while (i != NO_COVER && !prefix_covers(&r->v[i].prefix, p))
		i = r->cover[i];
	while (i != NO_COVER) { /* all of this prefix, then of those that cover it */
		const struct roa *x = &r->v[i];
		if (x->from <= at && at < x->to) {
			if (x->asn == origin && origin != 0 && p->len <= x->max)
				return RPKI_VALID;
			if (x->asn == origin && origin != 0)
				state = RPKI_INVALID_LENGTH;
			else if (state == RPKI_NOT_FOUND)
				state = RPKI_INVALID_ORIGIN;
		}
		i = i && prefix_equal(&r->v[i - 1].prefix, &x->prefix) ? i - 1 : r->cover[i];
	}
	return state;
}

/* ---- CSV ---- */

enum { ASN, PREFIX, MAX, FROM, TO, COLUMNS, FIELDS = 8 };

struct columns {
	int at[COLUMNS]; /* -1: none */
	bool header;
};

/* Which column is what, by the first line. */
static bool columns_of(struct span line, struct columns *c)
{
	static const char *const names[COLUMNS] = {
	    "ASN", "IP Prefix", "Max Length", "Not Before", "Not After"};
	struct span f[FIELDS];
	size_t n = text_fields(line, ',', f, FIELDS);

	*c = (struct columns){.at = {-1, -1, -1, -1, -1}};
	for (size_t i = 0; i < n && i < FIELDS; i++)
		for (int k = 0; k < COLUMNS; k++)
			if (text_is(f[i], names[k]))
				c->at[k] = (int)i;
	c->header = c->at[ASN] >= 0 && c->at[PREFIX] >= 0 && c->at[MAX] >= 0;
	if (!c->header)
		*c = (struct columns){.at = {0, 1, 2, -1, -1}};
	return c->header;
}

static utime_t time_in(struct span s, utime_t otherwise)
{
	char text[UTIME_TEXT];
	utime_t t;

	if (s.n == 0 || s.n >= sizeof text)
		return otherwise;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return utime_parse(text, &t) ? t : otherwise;
}

static bool roa_row(const struct columns *c, struct span line, struct roa *r)
{
	struct span f[FIELDS];
	uint64_t max;

	text_fields(line, ',', f, FIELDS);
	if (!asn_parse((const char *)f[c->at[ASN]].p, f[c->at[ASN]].n, &r->asn) ||
	    !memchr(f[c->at[PREFIX]].p, '/', f[c->at[PREFIX]].n) ||
	    !prefix_parse((const char *)f[c->at[PREFIX]].p, f[c->at[PREFIX]].n, &r->prefix))
		return false;
	max = r->prefix.len;
	if (f[c->at[MAX]].n && !text_number(f[c->at[MAX]], &max))
		return false;
	r->max = (uint8_t)max;
	r->from = c->at[FROM] < 0 ? UTIME_NONE : time_in(f[c->at[FROM]], UTIME_NONE);
	r->to = c->at[TO] < 0 ? UTIME_MAX : time_in(f[c->at[TO]], UTIME_MAX);
	return max >= r->prefix.len && max <= family_bits(r->prefix.family);
}

static bool is_roas(struct span content)
{
	struct cur c = cur_of_span(content);
	struct columns columns;
	struct span line;
	struct roa r;

	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#')
			return columns_of(line, &columns) || roa_row(&columns, line, &r);
	return false;
}

static void load_roas(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	struct columns columns;
	bool begun = false;
	struct span line;
	struct roa r;

	load_about(l, date_in_path(l->path), "ROAs");
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!begun && (begun = true) && columns_of(line, &columns))
			continue;
		l->census->rows++;
		if (roa_row(&columns, line, &r))
			load_roa(l, &r.prefix, r.max, r.asn, r.from, r.to);
		else
			l->census->bad++;
	}
}

/* ---- JSON ---- */

static bool is_roas_json(struct span content)
{
	struct span s = text_trim(content);

	if (s.n > 8192)
		s.n = 8192;
	return text_begins(s, "{") && text_holds(s, "\"roas\"");
}

static bool roa_object(const json_t *o, struct roa *r)
{
	const json_t *asn = json_object_get(o, "asn"), *max = json_object_get(o, "maxLength");
	const char *prefix = json_string_value(json_object_get(o, "prefix"));
	const char *text = json_string_value(asn);

	if (!prefix || !prefix_parse(prefix, strlen(prefix), &r->prefix))
		return false;
	if (text ? !asn_parse(text, strlen(text), &r->asn) : !json_is_integer(asn))
		return false;
	if (!text)
		r->asn = (asn_t)json_integer_value(asn);
	r->max = json_is_integer(max) ? (uint8_t)json_integer_value(max) : r->prefix.len;
	return r->max >= r->prefix.len && r->max <= family_bits(r->prefix.family);
}

static void load_roas_json(struct loading *l, struct span content)
{
	json_error_t error;
	json_t *all = json_loadb((const char *)content.p, content.n, 0, &error), *o;
	size_t i;

	load_about(l, date_in_path(l->path), "ROAs");
	if (!all)
		snprintf(l->census->cut, sizeof l->census->cut, "line %d: %.60s", error.line, error.text);
	json_array_foreach(json_object_get(all, "roas"), i, o)
	{
		struct roa r;
		l->census->rows++;
		if (roa_object(o, &r))
			load_roa(l, &r.prefix, r.max, r.asn, UTIME_NONE, UTIME_MAX);
		else
			l->census->bad++;
	}
	json_decref(all);
}

const struct format format_roas = {
    .name = "ROAs", .rank = RANK_REGISTERED, .histories = true, .is = is_roas, .load = load_roas};
const struct format format_roas_json = {
    .name = "ROAs", .rank = RANK_REGISTERED, .histories = true, .is = is_roas_json, .load = load_roas_json};
