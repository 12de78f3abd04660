/* show/history_json: `history -o json`, one object; and `-o csv`, a row a period and carrier. */
#include "base/json.h"
#include "show/history.h"
#include "show/text.h"

#include <math.h>
#include <stdlib.h>

enum { DIGITS = 6 };

static void key_time(struct json *j, const char *key, utime_t t)
{
	char text[UTIME_TEXT];

	json_key(j, key);
	if (t == UTIME_NONE) {
		json_none(j);
		return;
	}
	utime_text(text, t);
	json_str(j, text);
}

static void key_num(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_num(j, v, DIGITS);
}

static void json_network(struct json *j, const struct history *h, asn_t asn)
{
	char cc[3];

	json_key(j, "asn");
	json_u64(j, asn);
	json_key(j, "name");
	json_str(j, asn_name(h->facts, asn));
	json_key(j, "country");
	cc_text(cc, asn_country(h->facts, asn));
	json_str(j, cc);
}

static void json_periods(struct json *j, const struct history *h)
{
	json_key(j, "periods");
	json_list(j);
	for (size_t i = 0; i < h->periods->n; i++) {
		const struct period *p = &h->periods->period[i];
		json_open(j);
		key_time(j, "from", p->from);
		key_time(j, "to", p->to);
		key_num(j, "visible", p->visible);
		key_num(j, "effective", p->effective);
		json_key(j, "upstreams");
		json_list(j);
		for (size_t k = 0; k < p->n; k++) {
			json_open(j);
			json_key(j, "asn");
			json_u64(j, p->share[k].upstream);
			key_num(j, "share", p->share[k].share);
			json_end(j);
		}
		json_done(j);
		json_end(j);
	}
	json_done(j);
}

static void json_carriers(struct json *j, const struct history *h)
{
	size_t n;
	const struct line **order = history_order(h, &n);

	json_key(j, "upstreams");
	json_list(j);
	for (size_t i = 0; i < n; i++) {
		json_open(j);
		json_network(j, h, order[i]->upstream);
		key_num(j, "share", line_mean(order[i], h->series->from, h->series->to));
		key_time(j, "first_seen", order[i]->first_seen);
		key_time(j, "last_seen", order[i]->last_seen);
		json_end(j);
	}
	json_done(j);
	free(order);
}

static void json_spells(struct json *j, const struct history *h)
{
	json_key(j, "single");
	json_list(j);
	for (size_t i = 0; i < h->periods->spells; i++) {
		json_open(j);
		json_key(j, "asn");
		json_u64(j, h->periods->spell[i].upstream);
		key_time(j, "from", h->periods->spell[i].from);
		key_time(j, "to", h->periods->spell[i].to);
		json_end(j);
	}
	json_done(j);
}

void history_json(struct out *o, const struct history *h)
{
	struct json j = json_on(o);

	json_open(&j);
	json_key(&j, "territory");
	json_str(&j, h->series->territory);
	json_key(&j, "name");
	json_str(&j, h->name);
	json_key(&j, "family");
	json_u64(&j, h->series->family);
	key_time(&j, "from", h->series->from);
	key_time(&j, "to", h->series->to);
	json_periods(&j, h);
	json_carriers(&j, h);
	json_spells(&j, h);
	json_end(&j);
	out_char(o, '\n');
}

void history_csv(struct out *o, const struct history *h)
{
	out_str(o, "territory,family,from,to,asn,name,country,share,visible\n");
	for (size_t i = 0; i < h->periods->n; i++) {
		const struct period *p = &h->periods->period[i];
		char from[UTIME_TEXT], to[UTIME_TEXT], cc[3];
		utime_text(from, p->from);
		utime_text(to, p->to);
		for (size_t k = 0; k < p->n; k++) {
			asn_t asn = p->share[k].upstream;
			text_csv(o, h->series->territory);
			cc_text(cc, asn_country(h->facts, asn));
			out_printf(o, ",%u,%s,%s,%u,", h->series->family, from, to, asn);
			text_csv(o, asn_name(h->facts, asn));
			out_printf(o, ",%s,", cc);
			out_fixed(o, p->share[k].share, DIGITS);
			out_char(o, ',');
			out_fixed(o, p->visible, DIGITS);
			out_char(o, '\n');
		}
	}
}
