/* show/snapshot: see snapshot.h. Owns nothing. */
#include "show/snapshot.h"

#include "net/prefix.h"

enum { SNAPSHOT_PREFIXES = 2000, DIGITS = 6 };

static void prefix_key(struct json *j, const char *key, const struct prefix *p)
{
	char text[PREFIX_TEXT];

	json_key(j, key);
	json_strn(j, text, prefix_text(text, p));
}

/* design.md 6: UP from 0.5, DOWN below 0.2. */
static const char *state_of(double visible)
{
	return visible >= 0.5 ? "up" : visible < 0.2 ? "down" : "degraded";
}

static void print_prefixes(struct json *j, const struct answer *a)
{
	const struct report *r = a->report;

	json_key(j, "prefixes");
	json_list(j);
	for (size_t i = 0; i < r->prefixes && i < SNAPSHOT_PREFIXES; i++) {
		const struct prefix_row *row = &r->prefix[i];
		json_open(j);
		prefix_key(j, "prefix", prefix_of(a->table, row->prefix));
		json_key(j, "addresses");
		json_u64(j, prefix_own(a->table, row->prefix));
		json_key(j, "visible");
		json_num(j, row->visible, DIGITS);
		json_key(j, "state");
		json_str(j, state_of(row->visible));
		json_key(j, "upstreams");
		json_list(j);
		if (row->upstreams) {
			json_open(j);
			json_key(j, "asn");
			json_u64(j, row->main_upstream);
			json_key(j, "share");
			json_num(j, row->main_share, DIGITS);
			json_end(j);
		}
		json_done(j);
		json_end(j);
	}
	json_done(j);
}

void snapshot_json(struct out *o, const struct answer *a, const struct wayin *e)
{
	const struct report *r = a->report;
	struct json j = json_on(o);
	struct out part;

	json_open(&j);
	json_key(&j, "name");
	json_str(&j, territory_name(r->territory));
	out_open_mem(&part);
	report_sentence(&part, a);
	json_key(&j, "sentence");
	json_strn(&j, part.buf, part.n);
	part.n = 0;
	report_json(&part, a);
	part.buf[part.n - 1] = '\0'; /* in place of the newline */
	json_key(&j, "report");
	json_raw(&j, part.buf);
	out_close(&part);
	print_prefixes(&j, a);
	graph_json(&j, a, e);
	json_end(&j);
	out_char(o, '\0');
	o->n--;
}
