/*
 * show/event_json: an event to the contract of design.md 7: a line of JSON, fields that do not apply absent,
 * lists sorted. `episode` is the number of the episode's first event in the answer.
 */
#include "base/json.h"
#include "show/events.h"

#include <math.h>

enum { DIGITS = 6 };

static const char *const scopes[] = {"territory", "as", "prefix", "health"};

static void key_time(struct json *j, const char *key, utime_t t)
{
	char text[UTIME_TEXT];

	if (t == UTIME_NONE)
		return;
	utime_text(text, t);
	json_key(j, key);
	json_str(j, text);
}

static void key_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void key_part(struct json *j, const char *key, double v)
{
	if (isnan(v))
		return;
	json_key(j, key);
	json_num(j, v, DIGITS);
}

static void key_path(struct json *j, const char *key, const asn_t *asn, size_t n)
{
	json_key(j, key);
	json_list(j);
	for (size_t i = 0; i < n; i++)
		json_u64(j, asn[i]);
	json_done(j);
}

static void print_evidence(struct json *j, const struct evidence *v)
{
	char text[ADDR_TEXT];

	json_open(j);
	json_key(j, "peer");
	json_strn(j, text, addr_text(text, &v->peer.addr));
	key_u64(j, "asn", v->peer.asn);
	key_time(j, "at", v->at);
	key_path(j, "before", v->before, v->before_n);
	key_path(j, "after", v->after, v->after_n);
	json_end(j);
}

static void print_subject(struct json *j, const struct event *e)
{
	char cc[3];

	json_key(j, "kind");
	json_str(j, event_kind_text(e->kind));
	json_key(j, "scope");
	json_str(j, scopes[e->scope]);
	if (*e->territory) {
		json_key(j, "territory");
		json_str(j, e->territory);
	}
	if (e->family)
		key_u64(j, "family", e->family);
	if (e->asn)
		key_u64(j, "asn", e->asn);
	if (e->upstream)
		key_u64(j, "upstream", e->upstream);
	if (e->country) {
		cc_text(cc, e->country);
		json_key(j, "country");
		json_str(j, cc);
	}
}

void event_fields(struct json *j, const struct event *e)
{
	char text[PREFIX_TEXT];

	print_subject(j, e);
	key_time(j, "first_seen", e->first_seen);
	key_time(j, "confirmed", e->confirmed);
	key_time(j, "end", e->end);
	json_key(j, "prefixes");
	json_list(j);
	for (size_t i = 0; i < e->prefixes; i++)
		json_strn(j, text, prefix_text(text, &e->prefix[i]));
	json_done(j);
	key_u64(j, "vantage", e->vantage);
	key_u64(j, "collectors", e->collectors);
	key_part(j, "before", e->before);
	key_part(j, "after", e->after);
	json_key(j, "severity");
	json_str(j, severity_text(e->severity));
	json_key(j, "why");
	json_str(j, e->why);
	json_key(j, "evidence");
	json_list(j);
	for (unsigned i = 0; i < e->evidences; i++)
		print_evidence(j, &e->evidence[i]);
	json_done(j);
	key_u64(j, "episode", e->episode);
}

void event_json(struct out *o, const struct event *e)
{
	struct json j = json_on(o);

	json_open(&j);
	event_fields(&j, e);
	json_end(&j);
	out_char(o, '\n');
}
