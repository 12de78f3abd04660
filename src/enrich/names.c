/*
 * enrich/names: names and countries of ASes. The list RIPE NCC publishes: "131279 STAR-KP Ryugyong-dong, KP";
 * the same as one JSON object; and the project's own of the big carriers (scenario/carriers.csv):
 * asn,name,country,label.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char carriers_head[] = "asn,name,country,label";

/* The first line that is neither empty nor a comment. */
static bool first_line(struct span content, struct cur *c, struct span *line)
{
	*c = cur_of_span(content);
	while (text_line(c, line))
		if (line->n && line->p[0] != '#')
			return true;
	return false;
}

/* "131279 STAR-KP Ryugyong-dong, KP" -> its parts; a line without a country is a name alone. */
static bool name_row(struct span line, asn_t *asn, struct span *name, cc_t *cc)
{
	const uint8_t *space = line.n ? memchr(line.p, ' ', line.n) : NULL, *comma;
	struct span tail;

	if (!space || !asn_parse((const char *)line.p, (size_t)(space - line.p), asn))
		return false;
	*name = text_trim((struct span){space, (size_t)(line.p + line.n - space)});
	*cc = CC_NONE;
	comma = name->n ? memrchr(name->p, ',', name->n) : NULL;
	if (comma) {
		tail = text_trim((struct span){comma + 1, (size_t)(name->p + name->n - comma - 1)});
		if (tail.n == 2 && text_cc(tail, cc))
			*name = text_trim((struct span){name->p, (size_t)(comma - name->p)});
	}
	return true;
}

static bool is_names(struct span content)
{
	struct cur c;
	struct span line, name;
	asn_t asn;
	cc_t cc;

	return first_line(content, &c, &line) && name_row(line, &asn, &name, &cc);
}

static void load_names(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line, name;
	asn_t asn;
	cc_t cc;

	load_about(l, date_in_path(l->path), "AS names");
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->census->rows++;
		if (!name_row(line, &asn, &name, &cc)) {
			l->census->bad++;
			continue;
		}
		load_asn_country(l, asn, cc);
		load_asn_name(l, asn, name);
	}
	if (content.n && content.p[content.n - 1] != '\n')
		snprintf(l->census->cut, sizeof l->census->cut, "the last line has no end");
}

/* pyasn's form: one JSON object, a member an AS. */
static bool is_asnames(struct span content)
{
	struct span s = text_trim(content);
	size_t i = 1;

	if (s.n < 4 || s.p[0] != '{')
		return false;
	while (i < s.n && strchr(" \t\r\n", s.p[i]))
		i++;
	return i + 1 < s.n && s.p[i] == '"' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
}

static void load_asnames(struct loading *l, struct span content)
{
	json_error_t error;
	json_t *all = json_loadb((const char *)content.p, content.n, 0, &error), *value;
	const char *key;

	load_about(l, date_in_path(l->path), "AS names");
	if (!all)
		snprintf(l->census->cut, sizeof l->census->cut, "line %d: %.60s", error.line, error.text);
	json_object_foreach(all, key, value)
	{
		char line[1024];
		struct span name;
		asn_t asn;
		cc_t cc;
		int n = snprintf(
		    line, sizeof line, "%s %s", key, json_is_string(value) ? json_string_value(value) : "");
		l->census->rows++;
		if (n >= (int)sizeof line ||
		    !name_row((struct span){(const uint8_t *)line, (size_t)n}, &asn, &name, &cc)) {
			l->census->bad++;
			continue;
		}
		load_asn_country(l, asn, cc);
		load_asn_name(l, asn, name);
	}
	json_decref(all);
}

static bool is_carriers(struct span content)
{
	struct cur c;
	struct span line;

	return first_line(content, &c, &line) && text_is(line, carriers_head);
}

static bool carrier_row(struct loading *l, struct span line)
{
	struct span f[4];
	asn_t asn;
	cc_t cc;

	if (text_fields(line, ',', f, 4) < 3 || !asn_parse((const char *)f[0].p, f[0].n, &asn) ||
	    !text_cc(f[2], &cc))
		return false;
	load_asn_country(l, asn, cc);
	load_asn_known_name(l, asn, f[1]);
	if (text_is(f[3], "global"))
		load_asn_flag(l, asn, AS_GLOBAL);
	if (text_is(f[3], "route-server"))
		load_asn_flag(l, asn, AS_ROUTE_SERVER);
	return true;
}

static void load_carriers(struct loading *l, struct span content)
{
	struct cur c;
	struct span line;

	load_about(l, UTIME_NONE, "Isthmus' list of carriers");
	first_line(content, &c, &line);
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->census->rows++;
		l->census->bad += !carrier_row(l, line);
	}
}

const struct format format_names = {
    .name = "AS names", .rank = RANK_NAMED, .is = is_names, .load = load_names};
const struct format format_asnames = {
    .name = "AS names", .rank = RANK_NAMED, .is = is_asnames, .load = load_asnames};
const struct format format_carriers = {
    .name = "carriers", .rank = RANK_SHIPPED, .is = is_carriers, .load = load_carriers};
