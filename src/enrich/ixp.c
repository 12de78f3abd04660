/*
 * enrich/ixp: route servers of exchange points, which stand in AS paths without carrying anything. In:
 * PeeringDB's objects as its API gives them ("net" with info_type Route Server, "ixlan" with rs_asn), and
 * CAIDA's list of exchange points (JSON lines; route servers only where a line has rs_asn). Out: flags.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool is_word(const json_t *v, const char *word)
{
	return json_is_string(v) && strcmp(json_string_value(v), word) == 0;
}

static bool serves_routes(const json_t *object)
{
	const json_t *types = json_object_get(object, "info_types"), *type;
	size_t i;

	json_array_foreach(types, i, type) if (is_word(type, "Route Server")) return true;
	return is_word(json_object_get(object, "info_type"), "Route Server");
}

static void take_object(struct loading *l, const json_t *object)
{
	json_int_t rs = json_integer_value(json_object_get(object, "rs_asn"));
	json_int_t asn = json_integer_value(json_object_get(object, "asn"));

	l->census->rows++;
	if (!json_is_object(object)) {
		l->census->bad++;
		return;
	}
	if (!serves_routes(object))
		asn = 0;
	if (asn > 0 && asn <= UINT32_MAX)
		load_asn_flag(l, (asn_t)asn, AS_ROUTE_SERVER);
	if (rs > 0 && rs <= UINT32_MAX)
		load_asn_flag(l, (asn_t)rs, AS_ROUTE_SERVER);
}

static bool is_peeringdb(struct span content)
{
	struct span s = text_trim(content);

	if (s.n > 4096)
		s.n = 4096;
	return text_begins(s, "{") && text_holds(s, "\"data\"") && text_holds(s, "\"id\"");
}

static void load_peeringdb(struct loading *l, struct span content)
{
	json_error_t error;
	json_t *all = json_loadb((const char *)content.p, content.n, 0, &error), *object;
	const char *slash = strrchr(l->path, '/');
	char key[KEY_TEXT];
	size_t i;

	snprintf(key, sizeof key, "peeringdb %s", slash ? slash + 1 : l->path);
	load_about(l, date_in_path(l->path), key);
	if (!all)
		snprintf(l->census->cut, sizeof l->census->cut, "line %d: %.60s", error.line, error.text);
	json_array_foreach(json_object_get(all, "data"), i, object) take_object(l, object);
	json_decref(all);
}

static bool is_ixs(struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line;

	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#')
			return text_begins(line, "{") &&
			       (text_holds(line, "\"ix_id\"") || text_holds(line, "\"pdb_id\""));
	return false;
}

static void load_ixs(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line;

	load_about(l, date_in_path(l->path), "exchange points");
	while (text_line(&c, &line)) {
		json_t *object;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		object = json_loadb((const char *)line.p, line.n, 0, NULL);
		take_object(l, object);
		json_decref(object);
	}
}

const struct format format_peeringdb = {
    .name = "PeeringDB", .rank = RANK_NAMED, .is = is_peeringdb, .load = load_peeringdb};
const struct format format_ixs = {
    .name = "exchange points", .rank = RANK_NAMED, .is = is_ixs, .load = load_ixs};
