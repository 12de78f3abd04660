/*
 * cmd/export: what a store holds, as CSV or JSON lines for other programs. In: a store. Out: rows of the part
 * that was asked for.
 */
#include "cmd/answer.h"
#include "show/events.h"
#include "show/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct opt opts[] = {
    {"store", 's', "DIR", "the store"},
    {"output", 'o', "csv|json", "CSV with a head (default), or JSON, an object a line"},
    {"territory", 0, "WHO", "only that one"},
    {"family", 0, "4|6", "only that one"},
    {"from", 0, "TIME", "series and events from then on"},
    {"to", 0, "TIME", "series and events before then"},
    {"kind", 0, "KIND...", "events of that kind; may be repeated"},
    {"carrier", 0, "ASN", "events about that network"},
    {0},
};

struct asked {
	struct store *store;
	struct rows rows;
	struct out out;
	bool csv;
	const char *territory;
	uint8_t family; /* 0: both */
	utime_t from, to;
	struct event_filter filter;
	bool failed;
};

/* ---- a function a row, by part ---- */
static bool put_territory(void *arg, const struct kept_territory *t)
{
	struct asked *q = arg;

	row_str(&q->rows, t->id);
	row_u64(&q->rows, t->family);
	row_time(&q->rows, t->first);
	row_u64(&q->rows, t->carriers);
	row_u64(&q->rows, t->now);
	row_end(&q->rows);
	return true;
}

static bool put_carrier(void *arg, const struct carrier *c)
{
	struct asked *q = arg;

	if (c->upstream == 0 || (q->family && c->family != q->family))
		return true;
	row_str(&q->rows, c->territory);
	row_u64(&q->rows, c->family);
	row_u64(&q->rows, c->upstream);
	row_time(&q->rows, c->first);
	row_time(&q->rows, c->last);
	row_num(&q->rows, c->share / 1e6);
	row_u64(&q->rows, c->prefixes);
	row_end(&q->rows);
	return true;
}

static bool put_file(void *arg, const struct kept_file *f)
{
	static const char digits[] = "0123456789abcdef";
	struct asked *q = arg;
	char hash[HASH_SIZE * 2 + 1] = "";

	for (size_t i = 0; i < HASH_SIZE; i++) {
		hash[2 * i] = digits[f->hash[i] >> 4];
		hash[2 * i + 1] = digits[f->hash[i] & 15];
	}
	row_str(&q->rows, f->path);
	row_str(&q->rows, f->collector);
	row_str(&q->rows, f->rib ? "dump" : "updates");
	row_time(&q->rows, f->first);
	row_time(&q->rows, f->last);
	row_u64(&q->rows, f->size);
	row_u64(&q->rows, f->records);
	row_u64(&q->rows, f->bad);
	row_u64(&q->rows, f->peers);
	row_u64(&q->rows, f->resets);
	row_u64(&q->rows, f->gaps);
	row_str(&q->rows, hash);
	row_str(&q->rows, f->registry);
	row_end(&q->rows);
	return true;
}

static bool put_series(void *arg, const struct kept_territory *t)
{
	struct asked *q = arg;
	struct series s;

	if ((q->territory && strcmp(q->territory, t->id) != 0) || (q->family && t->family != q->family))
		return true;
	if (store_series(q->store, t->id, t->family, q->from, q->to, &s)) {
		q->failed = true;
		return false;
	}
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < s.line[i].n; k++) {
			row_str(&q->rows, s.territory);
			row_u64(&q->rows, s.family);
			row_u64(&q->rows, s.line[i].upstream);
			row_time(&q->rows, s.line[i].point[k].time);
			row_num(&q->rows, s.line[i].point[k].share / 1e6);
			row_u64(&q->rows, s.line[i].point[k].prefixes);
			row_end(&q->rows);
		}
	series_free(&s);
	return true;
}

static void row_prefixes(struct rows *r, const struct event *e)
{
	struct out text;

	out_open_mem(&text);
	for (size_t i = 0; i < e->prefixes; i++) {
		char *p;
		if (i)
			out_char(&text, ' ');
		p = out_room(&text, PREFIX_TEXT);
		out_commit(&text, prefix_text(p, &e->prefix[i]));
	}
	out_char(&text, '\0');
	row_str(r, text.buf);
	out_close(&text);
}

static bool put_event(void *arg, const struct event *e)
{
	static const char *const scope[] = {"territory", "as", "prefix", "health"};
	struct asked *q = arg;
	char cc[3] = "";

	if (!q->csv) {
		event_json(&q->out, e);
		return true;
	}
	if (e->country)
		cc_text(cc, e->country);
	row_u64(&q->rows, e->id);
	row_u64(&q->rows, e->episode);
	row_str(&q->rows, event_kind_text(e->kind));
	row_str(&q->rows, scope[e->scope]);
	row_str(&q->rows, e->territory);
	row_u64(&q->rows, e->family);
	row_u64(&q->rows, e->asn);
	row_u64(&q->rows, e->upstream);
	row_str(&q->rows, cc);
	row_time(&q->rows, e->first_seen);
	row_time(&q->rows, e->confirmed);
	row_time(&q->rows, e->end);
	row_u64(&q->rows, e->vantage);
	row_u64(&q->rows, e->collectors);
	row_num(&q->rows, e->before);
	row_num(&q->rows, e->after);
	row_str(&q->rows, severity_text(e->severity));
	row_str(&q->rows, e->why);
	row_prefixes(&q->rows, e);
	row_end(&q->rows);
	return true;
}

/* ---- the parts ---- */
static int list_territories(struct asked *q)
{
	return store_territories(q->store, put_territory, q);
}

static int list_carriers(struct asked *q)
{
	return store_carriers(q->store, q->territory, put_carrier, q);
}

static int list_files(struct asked *q)
{
	return store_files(q->store, put_file, q);
}

static int list_series(struct asked *q)
{
	return store_territories(q->store, put_series, q) || q->failed ? -1 : 0;
}

static int list_events(struct asked *q)
{
	return store_events(q->store, &q->filter, put_event, q);
}

static const struct part {
	const char *name;
	int (*list)(struct asked *q);
	const char *const *column;
} parts[] = {
    {"series", list_series,
	(const char *const[]){"territory", "family", "asn", "time", "share", "prefixes", NULL}},
    {"events", list_events,
	(const char *const[]){"id", "episode", "kind", "scope", "territory", "family", "asn", "upstream",
	    "country", "first_seen", "confirmed", "end", "vantage", "collectors", "before", "after",
	    "severity", "why", "prefixes", NULL}},
    {"carriers", list_carriers,
	(const char *const[]){
	    "territory", "family", "asn", "first_seen", "last_seen", "share", "prefixes", NULL}},
    {"territories", list_territories,
	(const char *const[]){"territory", "family", "first_seen", "carriers", "carriers_now", NULL}},
    {"files", list_files,
	(const char *const[]){"path", "collector", "kind", "first", "last", "bytes", "records", "bad",
	    "peers", "resets", "gaps", "hash", "registry", NULL}},
};

static const struct part *part_named(const char *name)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	return NULL;
}

static int asked_of(const struct args *a, struct asked *q)
{
	const char *s = args_get(a, "output");

	*q = (struct asked){.from = UTIME_NONE, .to = UTIME_MAX, .filter = EVENT_FILTER_ALL};
	q->csv = !s || strcmp(s, "csv") == 0;
	q->territory = args_get(a, "territory");
	if ((s = args_get(a, "family")))
		q->family = (uint8_t)(*s - '0');
	if (!answer_time(a, "from", &q->from) || !answer_time(a, "to", &q->to))
		return EXIT_USAGE;
	for (size_t i = 0; (s = args_nth(a, "kind", i)); i++) {
		enum event_kind kind;
		if (!event_kind_parse(s, &kind))
			return usage(a, "no kind of event \"%s\"", s);
		q->filter.kinds |= 1u << kind;
	}
	if ((s = args_get(a, "carrier")) && !asn_parse(s, strlen(s), &q->filter.upstream))
		return usage(a, "--carrier: \"%s\" is no AS number", s);
	q->filter.territory = q->territory;
	q->filter.family = q->family;
	q->filter.from = q->from;
	q->filter.to = q->to;
	return 0;
}

static int export_run(const struct args *a)
{
	const struct part *part = a->operands == 1 ? part_named(a->operand[0]) : NULL;
	struct asked q;
	const char *why;
	int status = asked_of(a, &q);

	if (status)
		return status;
	if (!part)
		return usage(a, "which part? series, events, carriers, territories or files");
	if (!args_get(a, "store"))
		return usage(a, "which store? --store DIR");
	q.store = store_open(args_get(a, "store"), STORE_READ, &why);
	if (!q.store) {
		warn_line("%s", why);
		return EXIT_BAD_INPUT;
	}
	out_open_fd(&q.out, STDOUT_FILENO);
	rows_begin(&q.rows, &q.out, part->column, q.csv);
	if (part->list(&q)) {
		warn_line("%s", store_error(q.store));
		status = EXIT_BAD_INPUT;
	}
	status = answer_close(&q.out, status);
	store_close(q.store);
	return status;
}

const struct verb verb_export = {"export", "series|events|carriers|territories|files --store DIR",
    "what a store holds, as CSV or JSON lines", opts, export_run};
