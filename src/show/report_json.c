/* show/report_json: `report -o json` to the contract of design.md 7. In: an answer. Out: one object, one
 * line. */
#include "base/json.h"
#include "show/report.h"
#include "show/text.h"

enum { DIGITS = 6 };

static void json_time(struct json *j, utime_t t)
{
	char text[UTIME_TEXT];

	if (t == UTIME_NONE) {
		json_none(j);
		return;
	}
	utime_text(text, t);
	json_str(j, text);
}

static void json_cc(struct json *j, cc_t cc)
{
	char text[3];

	cc_text(text, cc);
	json_str(j, text);
}

static void key_num(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_num(j, v, DIGITS);
}

static void key_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void print_vantage(struct json *j, const struct report *r)
{
	json_key(j, "vantage");
	json_open(j);
	key_u64(j, "peers", r->peers);
	key_u64(j, "full_feed", r->full_feed);
	key_u64(j, "ases", r->ases);
	key_u64(j, "collectors", r->collectors);
	json_end(j);
}

static void print_upstreams(struct json *j, const struct answer *a)
{
	json_key(j, "upstreams");
	json_list(j);
	for (size_t i = 0; i < a->report->upstreams; i++) {
		const struct upstream *u = &a->report->upstream[i];
		json_open(j);
		key_u64(j, "asn", u->asn);
		json_key(j, "name");
		json_str(j, asn_name(a->facts, u->asn));
		json_key(j, "country");
		json_cc(j, u->country);
		key_num(j, "share", u->share);
		key_num(j, "low", u->low);
		key_num(j, "high", u->high);
		key_num(j, "hegemony", u->hegemony);
		key_u64(j, "prefixes", u->prefixes);
		json_key(j, "first_seen");
		json_time(j, u->first_seen);
		json_key(j, "last_seen");
		json_time(j, u->last_seen);
		json_end(j);
	}
	json_done(j);
}

static void print_countries(struct json *j, const struct report *r)
{
	json_key(j, "countries");
	json_list(j);
	for (size_t i = 0; i < r->countries; i++) {
		json_open(j);
		json_key(j, "country");
		json_cc(j, r->country[i].country);
		key_num(j, "share", r->country[i].share);
		json_end(j);
	}
	json_done(j);
}

static void print_gateways(struct json *j, const struct answer *a)
{
	json_key(j, "gateways");
	json_list(j);
	for (size_t i = 0; i < a->report->gateways; i++) {
		json_open(j);
		key_u64(j, "asn", a->report->gateway[i].asn);
		json_key(j, "name");
		json_str(j, asn_name(a->facts, a->report->gateway[i].asn));
		key_num(j, "share", a->report->gateway[i].share);
		json_end(j);
	}
	json_done(j);
}

static void print_resilience(struct json *j, const struct report *r)
{
	json_key(j, "resilience");
	json_open(j);
	key_u64(j, "gateways", r->gateways);
	json_key(j, "class");
	json_str(j, r->resilience_class);
	key_num(j, "hhi", r->hhi);
	key_num(j, "effective", r->effective);
	key_num(j, "entropy", r->entropy);
	key_num(j, "country_hhi", r->country_hhi);
	key_num(j, "single_homed", r->single_homed);
	json_key(j, "critical");
	json_list(j);
	for (size_t i = 0; i < r->criticals; i++) {
		json_open(j);
		key_u64(j, "asn", r->critical[i].asn);
		key_num(j, "lost", r->critical[i].lost);
		json_end(j);
	}
	json_done(j);
	json_end(j);
}

/* --depth 2: beyond the contract, so only where asked for. */
static void print_depth(struct json *j, const struct report *r)
{
	json_key(j, "behind");
	json_list(j);
	for (size_t i = 0; i < r->edges; i++) {
		json_open(j);
		key_u64(j, "asn", r->edge[i].carrier);
		key_u64(j, "upstream", r->edge[i].upstream);
		key_num(j, "share", r->edge[i].share);
		json_end(j);
	}
	json_done(j);
}

static void print_series(struct json *j, const struct timeline *t)
{
	json_key(j, "from");
	json_time(j, t->from);
	json_key(j, "to");
	json_time(j, t->to);
	json_key(j, "series");
	json_list(j);
	for (size_t i = 0; i < t->moments; i++) {
		const struct moment *m = &t->moment[i];
		json_open(j);
		json_key(j, "at");
		json_time(j, m->at);
		key_num(j, "visible", m->visible);
		key_u64(j, "ases", m->ases);
		json_key(j, "upstreams");
		json_list(j);
		for (size_t k = m->first; k < m->first + m->n; k++) {
			json_open(j);
			key_u64(j, "asn", t->share[k].upstream);
			key_num(j, "share", t->share[k].share);
			key_u64(j, "prefixes", t->share[k].prefixes);
			json_end(j);
		}
		json_done(j);
		json_end(j);
	}
	json_done(j);
}

static void print_health(struct json *j, const struct health *h)
{
	json_key(j, "health");
	json_open(j);
	key_u64(j, "records", h->records);
	key_u64(j, "bad", h->bad);
	key_u64(j, "resets", h->resets);
	key_u64(j, "gaps", h->gaps);
	json_end(j);
}

void report_json(struct out *o, const struct answer *a)
{
	const struct report *r = a->report;
	struct json j = json_on(o);

	json_open(&j);
	json_key(&j, "territory");
	json_str(&j, territory_id(r->territory));
	key_u64(&j, "family", r->options.family);
	json_key(&j, "at");
	json_time(&j, r->at);
	print_vantage(&j, r);
	key_u64(&j, "prefixes", r->prefixes);
	key_u64(&j, "addresses", r->addresses);
	key_num(&j, "visible", r->visible);
	key_num(&j, "invisible", r->invisible);
	print_upstreams(&j, a);
	print_countries(&j, r);
	print_gateways(&j, a);
	print_resilience(&j, r);
	if (r->options.depth > 1)
		print_depth(&j, r);
	if (a->timeline)
		print_series(&j, a->timeline);
	print_health(&j, a->health);
	json_end(&j);
	out_char(o, '\n');
}
