/* serve/api_events: what changed. In: the store's events and filters. Out: JSON, newest first, a page at a
 * time. */
#include "serve/api.h"
#include "show/show.h"

#include <stdlib.h>
#include <string.h>

static void print_name(struct json *j, const char *key, asn_t asn, const struct facts *f)
{
	if (!asn)
		return;
	json_key(j, key);
	json_str(j, asn_name(f, asn));
}

/* The contract's fields, and what a page needs beside them. */
void api_event(struct json *j, const struct event *e, const struct facts *f)
{
	json_open(j);
	json_key(j, "id");
	json_u64(j, e->id);
	event_fields(j, e);
	print_name(j, "asn_name", e->asn, f);
	print_name(j, "upstream_name", e->upstream, f);
	json_end(j);
}

struct pager {
	const struct question *q;
	struct json *j;
	uint64_t seen, printed;
	bool more;
};

static bool word_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

/* What the store's own filter does not know. */
static bool wanted(const struct question *q, const struct event *e)
{
	static const char *const scope[] = {"territory", "as", "prefix", "health"};

	if (q->text[PARAM_KIND] && !word_in(q->text[PARAM_KIND], event_kind_text(e->kind)))
		return false;
	if (q->text[PARAM_SCOPE] && !word_in(q->text[PARAM_SCOPE], scope[e->scope]))
		return false;
	if (q->episode && e->episode != q->episode)
		return false;
	for (unsigned v = e->severity + 1; q->text[PARAM_SEVERITY] && v <= SEVERITY_CRITICAL; v++)
		if (strcmp(q->text[PARAM_SEVERITY], severity_text(v)) == 0)
			return false;
	return true;
}

static bool print_one(void *arg, const struct event *e)
{
	struct pager *p = arg;

	if (!wanted(p->q, e) || p->seen++ < p->q->cursor)
		return true;
	if (p->printed == p->q->limit) {
		p->more = true;
		return false;
	}
	api_event(p->j, e, p->q->facts);
	p->printed++;
	return true;
}

void api_events(const struct question *q, struct reply *r)
{
	struct event_filter filter = EVENT_FILTER_ALL;
	struct json j = json_on(&r->body);
	struct pager pager = {.q = q, .j = &j};
	char next[24];

	filter.territory = q->text[PARAM_TERRITORY];
	filter.upstream = (asn_t)q->carrier;
	filter.from = q->from;
	filter.to = q->to;
	filter.newest_first = true;
	json_open(&j);
	json_key(&j, "items");
	json_list(&j);
	if (store_events(q->store, &filter, print_one, &pager))
		api_problem(r, 500, "%s", store_error(q->store));
	json_done(&j);
	json_key(&j, "next");
	if (pager.more) {
		next[text_u64(next, q->cursor + q->limit)] = '\0';
		json_str(&j, next);
	} else {
		json_none(&j);
	}
	json_end(&j);
}

static bool print_found(void *arg, const struct event *e)
{
	struct pager *p = arg;

	api_event(p->j, e, p->q->facts);
	p->printed++;
	return false;
}

void api_one_event(const struct question *q, struct reply *r)
{
	struct event_filter filter = EVENT_FILTER_ALL;
	struct json j = json_on(&r->body);
	struct pager pager = {.q = q, .j = &j};
	char *end;

	filter.id = strtoull(q->rest, &end, 10);
	if (*end || filter.id == 0 || filter.id > INT64_MAX)
		api_problem(r, 400, "an event's id is a number, not \"%.60s\"", q->rest);
	else if (store_events(q->store, &filter, print_found, &pager))
		api_problem(r, 500, "%s", store_error(q->store));
	else if (!pager.printed)
		api_problem(r, 404, "no event has the id %.60s", q->rest);
}
