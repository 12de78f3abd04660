/*
 * cmd/events: `isthmus events [WHO...] FILE...`. The flow: facts and territories; the files through the pipe;
 * each batch of changes to detect; its events gathered by id (a later telling replaces an earlier one),
 * sorted, numbered, printed. --evidence reads the files a second time for the records behind them.
 */
#include "show/events.h"
#include "cmd/answer.h"
#include "cmd/evidence.h"
#include "cmd/fetch.h"
#include "cmd/pipe.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
	const struct args *args;
	struct facts *facts;
	struct detect_options detect;
	const struct territory **who;
	char **path;
	size_t paths;
	enum format format;
	enum severity least;
	bool want_kind[EVENT_KINDS], any_kind, all_kinds;
	size_t slighter; /* left out for their severity */
	utime_t from, to;
	utime_t dump; /* of the first table dump; UTIME_NONE: there is none */
	bool late;    /* it does not begin with the data */
	struct detect *d;
	struct table *table;
	struct event *event; /* those wanted, as last told */
	size_t events, cap;
	uint32_t *place; /* by id of detect, from 1: 1 + its place among them, 0: not told yet, or LEFT_OUT */
	size_t ids, id_cap;
	struct shown_sample *sample;
	size_t samples, sample_cap;
	struct event_filter filter; /* --store */
};

/* ---- the command line ---- */

static int parse_kinds(struct run *r)
{
	const char *s;

	for (size_t i = 0; (s = args_nth(r->args, "kind", i)); i++) {
		enum event_kind kind;
		if (!event_kind_parse(s, &kind))
			return usage(r->args, "no kind of event \"%s\"", s);
		r->want_kind[kind] = r->any_kind = true;
	}
	return 0;
}

static int parse_thresholds(struct run *r)
{
	char values[48];

	for (size_t i = 0; i < r->args->n; i++) {
		const struct given *g = &r->args->given[i];
		if (detect_option(&r->detect, g->opt->name, g->value) < 0)
			return usage(r->args, "--%s takes %s, not \"%s\"", g->opt->name,
			    detect_option_values(g->opt->name, values), g->value);
	}
	return 0;
}

static int parse(struct run *r)
{
	const struct args *a = r->args;
	const char *format = args_get(a, "output"), *family = args_get(a, "family"), *least;

	r->from = r->to = r->dump = UTIME_NONE;
	r->detect = detect_defaults;
	r->detect.all_peers = args_has(a, "all-peers");
	r->detect.family = !family || strcmp(family, "all") == 0 ? 0 : (uint8_t)(*family - '0');
	r->least = SEVERITY_LOW;
	least = args_get(a, "severity");
	if (least && !severity_parse(least, &r->least))
		return usage(a, "no severity \"%s\"", least);
	if (format && !format_parse(format, &r->format))
		return usage(a, "no format \"%s\"", format);
	if (!answer_time(a, "from", &r->from) || !answer_time(a, "to", &r->to))
		return EXIT_USAGE;
	if (parse_kinds(r) || parse_thresholds(r))
		return EXIT_USAGE;
	r->detect.least = r->any_kind ? SEVERITY_INFO : r->least;
	return 0;
}

/* Operands that exist as files are files; the others say who. */
static int parse_operands(struct run *r)
{
	const struct args *a = r->args;

	r->who = mem_array(a->operands + 1, sizeof *r->who);
	r->path = mem_array(a->operands + 1, sizeof *r->path);
	for (size_t i = 0; i < a->operands; i++) {
		const char *why = NULL, *s = a->operand[i];
		const struct territory *who;
		if (!args_has(a, "store") && (r->paths || strcmp(s, "-") == 0 || access(s, F_OK) == 0)) {
			r->path[r->paths++] = a->operand[i];
			continue;
		}
		who = territory_find(r->facts, s, &why);
		if (!who)
			return args_has(a, "store") ? usage(a, "%s: %s", s, why)
						    : usage(a, "%s: no such file, and %s", s, why);
		r->who[r->detect.whos++] = who;
	}
	if (!r->paths && !args_has(a, "store"))
		return usage(a, "which files? MRT files or folders of them; - is standard input");
	r->detect.who = r->who;
	return 0;
}

/* ---- reading ---- */

static bool wanted(const struct run *r, const struct event *e)
{
	if (!e->id)
		return false;
	if (r->any_kind)
		return r->want_kind[e->kind];
	return e->severity >= r->least;
}

/* Most are never wanted, and an event is large: one has a place from when it is told so that it is. */
enum { LEFT_OUT = INT32_MAX }; /* in the place of an event that is not wanted, as yet */

static void on_event(void *arg, const struct event *e)
{
	struct run *r = arg;
	uint32_t *place;

	while (r->ids < e->id) {
		r->place = vec_room(r->place, r->ids, &r->id_cap, sizeof *r->place);
		r->place[r->ids++] = 0;
	}
	place = &r->place[e->id - 1];
	if ((!*place || *place == LEFT_OUT) && !wanted(r, e)) {
		r->slighter += !*place && !r->any_kind;
		*place = LEFT_OUT;
		return;
	}
	if (*place == LEFT_OUT) {
		r->slighter -= !r->any_kind;
		*place = 0;
	}
	if (!*place) {
		r->event = vec_room(r->event, r->events, &r->cap, sizeof *r->event);
		r->event[r->events++] = (struct event){0};
		*place = (uint32_t)r->events;
	}
	event_free(&r->event[*place - 1]);
	event_copy(&r->event[*place - 1], e);
}

static void sample_show(struct run *r, const char *territory, struct shown_sample s)
{
	snprintf(s.territory, sizeof s.territory, "%s", territory);
	r->sample = vec_room(r->sample, r->samples, &r->sample_cap, sizeof *r->sample);
	r->sample[r->samples++] = s;
}

static void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct run *r = arg;

	for (size_t i = 0; i < n; i++) {
		struct shown_sample s = {
		    .time = v[i].time, .upstream = v[i].upstream, .share = (double)v[i].share};
		const char *territory = detect_place(r->d, v[i].place, &s.family);
		sample_show(r, territory, s);
	}
}

static void on_changes(void *arg, struct table *t, const struct change *c, size_t n)
{
	struct run *r = arg;

	if (!r->d) {
		r->d = detect_new(t, r->facts, &r->detect, on_event, r);
		if (r->format == FORMAT_HTML)
			detect_on_sample(r->d, on_samples, r);
	}
	detect_changes(r->d, c, n);
}

static void on_tick(void *arg, struct table *t, utime_t now)
{
	struct run *r = arg;

	if (r->d)
		detect_tick(r->d, now);
}

/* A dump that comes when the warm-up is over is no baseline: what was there is learnt by then. */
static void find_baseline(struct run *r)
{
	struct input_list list;
	utime_t begin = UTIME_NONE;

	for (size_t i = 0; i < r->paths; i++)
		if (strcmp(r->path[i], "-") == 0)
			return; /* a stream is taken to begin with its table */
	input_list_make(&list, r->path, r->paths);
	for (size_t i = list.n; i-- > 0;) {
		if (list.file[i].first != UTIME_NONE)
			begin = list.file[i].first;
		if (list.file[i].rib)
			r->dump = list.file[i].first;
	}
	input_list_free(&list);
	r->detect.baseline = r->dump != UTIME_NONE && r->dump - begin < r->detect.warm_up;
	r->late = r->dump != UTIME_NONE && r->dump - begin >= 60 * UTIME_SECOND;
}

static int read_files(struct run *r, struct pipe *p)
{
	struct pipe_options o = {.path = r->path,
	    .paths = r->paths,
	    .changes = on_changes,
	    .tick = on_tick,
	    .step = UTIME_SECOND,
	    .arg = r};
	int status;

	o.table.drop_asns = facts_route_servers(r->facts, &o.table.drop_asn);
	o.from = r->from == UTIME_NONE ? 0 : r->from;
	o.until = r->to == UTIME_NONE ? 0 : r->to;
	r->detect.ready = r->from != UTIME_NONE && r->from > r->dump;
	status = pipe_run(&o, p);
	if (r->d && p->last != UTIME_NONE)
		detect_end(r->d, p->last);
	return status;
}

/* ---- the answer ---- */

static int event_cmp(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->first_seen != y->first_seen)
		return x->first_seen < y->first_seen ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Those to print, by first_seen, numbered from 1; an episode becomes the number of its first. */
static void number(struct run *r)
{
	size_t n = 0, ids = r->place ? r->ids : r->events;
	uint64_t *first = mem_array(ids + 1, sizeof *first);

	for (size_t i = 0; i < r->events; i++) {
		if (wanted(r, &r->event[i])) {
			r->event[n++] = r->event[i];
			continue;
		}
		r->slighter += r->event[i].id && !r->any_kind;
		event_free(&r->event[i]);
	}
	if (n)
		qsort(r->event, n, sizeof *r->event, event_cmp);
	for (size_t i = 0; i < n; i++) {
		struct event *e = &r->event[i];
		if (e->episode <= ids && !first[e->episode])
			first[e->episode] = i + 1;
		e->episode = e->episode <= ids ? first[e->episode] : i + 1;
		e->id = i + 1;
	}
	r->events = n;
	free(first);
}

static const char *how(const struct run *r, char *buf, size_t n)
{
	char span[48], at[UTIME_TEXT];

	if (args_has(r->args, "store")) {
		snprintf(buf, n, "As kept in %s.", args_get(r->args, "store"));
		return buf;
	}
	utime_text(at, r->dump);
	text_span(span, r->detect.warm_up);
	if (!r->detect.baseline)
		snprintf(buf, n,
		    "%s%s: nothing is told of the first %s, and \"new\" means not seen since the data "
		    "begins.",
		    r->late ? "The first table dump given is of " : "No table dump was given",
		    r->late ? at : "", span);
	else if (r->late && !r->detect.ready)
		snprintf(buf, n,
		    "Judged against the table dumps given: nothing is told of the time before the first, %s.",
		    at);
	else
		snprintf(buf, n, "Judged against the table dumps given.");
	if (r->slighter)
		snprintf(buf + strlen(buf), n - strlen(buf),
		    " Not shown: %zu of less severity (--severity info).", r->slighter);
	snprintf(buf + strlen(buf), n - strlen(buf), " Sources: %s.", facts_sources(r->facts));
	return buf;
}

static int answer(struct run *r, const struct pipe *p)
{
	char note[1024];
	struct event_list l = {.facts = r->facts,
	    .page = answer_page(),
	    .from = p->first,
	    .to = p->last,
	    .sample = r->sample,
	    .samples = r->samples};
	struct out o;

	number(r);
	l.v = r->event;
	l.n = r->events;
	l.slighter = r->slighter;
	l.note = how(r, note, sizeof note);
	out_open_fd(&o, STDOUT_FILENO);
	if (r->format == FORMAT_JSON)
		for (size_t i = 0; i < l.n; i++)
			event_json(&o, &l.v[i]);
	else if (r->format == FORMAT_HTML)
		events_html(&o, &l);
	else
		events_text(&o, &l);
	return answer_close(&o, p->status);
}

static int run_files(struct run *r)
{
	struct pipe pipe = {0};
	int status;

	find_baseline(r);
	status = read_files(r, &pipe);
	if (pipe.last == UTIME_NONE) {
		status = answer_nothing(r->args, &pipe);
	} else {
		if (args_has(r->args, "stats"))
			pipe_print_stats(&pipe);
		status = answer(r, &pipe);
		if (args_has(r->args, "evidence") &&
		    !evidence_write(args_get(r->args, "evidence"), r->event, r->events, r->path, r->paths))
			status = EXIT_BAD_INPUT;
	}
	detect_free(r->d);
	pipe_free(&pipe);
	return status;
}

/* ---- from a store ---- */

static bool on_kept_event(void *arg, const struct event *e)
{
	struct run *r = arg;
	bool wanted = r->detect.whos == 0;

	for (size_t i = 0; i < r->detect.whos; i++)
		wanted |= strcmp(territory_id(r->who[i]), e->territory) == 0;
	if (!wanted)
		return true;
	r->event = vec_room(r->event, r->events, &r->cap, sizeof *r->event);
	event_copy(&r->event[r->events++], e);
	return true;
}

static int sample_cmp(const void *a, const void *b)
{
	const struct shown_sample *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* For the page's pictures: the kept series of the places asked about, around their events. */
static int kept_samples(struct run *r, struct store *s, const char *territory, uint8_t family)
{
	struct series series;

	if (store_series(s, territory, family, r->filter.from, r->filter.to, &series))
		return -1;
	for (size_t i = 0; i < series.n; i++)
		for (size_t k = 0; k < series.line[i].n; k++) {
			const struct point *p = &series.line[i].point[k];
			struct shown_sample sample = {.time = p->time,
			    .family = family,
			    .upstream = series.line[i].upstream,
			    .share = p->share / 1e6};
			sample_show(r, series.territory, sample);
		}
	series_free(&series);
	return 0;
}

static int kept_pictures(struct run *r, struct store *s)
{
	int rc = 0;

	for (size_t i = 0; i < r->events && rc == 0; i++) {
		bool had = !r->event[i].territory[0];
		for (size_t k = 0; k < i; k++)
			had |= strcmp(r->event[k].territory, r->event[i].territory) == 0 &&
			       r->event[k].family == r->event[i].family;
		if (!had)
			rc = kept_samples(r, s, r->event[i].territory, r->event[i].family);
	}
	if (r->samples)
		qsort(r->sample, r->samples, sizeof *r->sample, sample_cmp);
	return rc;
}

static int filter_of(struct run *r)
{
	const char *carrier = args_get(r->args, "carrier");

	r->filter = EVENT_FILTER_ALL;
	if (carrier && !asn_parse(carrier, strlen(carrier), &r->filter.upstream))
		return usage(r->args, "--carrier \"%s\" is no AS number", carrier);
	r->filter.family = r->detect.family;
	if (r->from != UTIME_NONE)
		r->filter.from = r->from;
	if (r->to != UTIME_NONE)
		r->filter.to = r->to;
	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		r->filter.kinds |= (uint32_t)r->want_kind[kind] << kind;
	return 0;
}

static int run_store(struct run *r)
{
	struct pipe pipe = {.status = EXIT_ANSWERED};
	struct store_info info;
	const char *why;
	struct store *s;
	int status = filter_of(r);

	if (status)
		return status;
	s = store_open(args_get(r->args, "store"), STORE_READ, &why);
	if (!s) {
		warn_line("%s", why);
		return EXIT_BAD_INPUT;
	}
	if (store_info(s, &info) || store_events(s, &r->filter, on_kept_event, r) ||
	    (r->format == FORMAT_HTML && kept_pictures(r, s))) {
		warn_line("%s", store_error(s));
		status = EXIT_BAD_INPUT;
	} else {
		pipe.first = info.from;
		pipe.last = info.upto;
		status = answer(r, &pipe);
	}
	store_close(s);
	return status;
}

static int events_files(const struct args *a)
{
	struct run r = {.args = a};
	int status = parse(&r);

	if (status)
		return status;
	r.facts = answer_facts(a);
	status = parse_operands(&r);
	if (!status)
		status = args_has(a, "store") ? run_store(&r) : run_files(&r);
	for (size_t i = 0; i < r.events; i++)
		event_free(&r.event[i]);
	free(r.event);
	free(r.place);
	free(r.sample);
	free(r.who);
	free(r.path);
	facts_free(r.facts);
	return status;
}

static int events_run(const struct args *a)
{
	return fetch_first(a, events_files);
}

static const struct opt opts[] = {
    {"output", 'o', "text|json|html", "format (default: text)"},
    {"severity", 0, "info|low|medium|high|critical", "the least that is told (default: low)"},
    {"kind", 0, "KIND...", "only this kind, whatever its severity; may be repeated"},
    FETCH_OPTION,
    {"store", 0, "DIR", "the events of a store (isthmus ingest) in the place of files"},
    {"carrier", 0, "ASN", "with --store: only events about that network"},
    {"evidence", 0, "DIR", "write the MRT records and paths behind each event to DIR"},
    {"from", 0, "TIME", "tell only what happens from TIME on; what is before is the baseline"},
    {"to", 0, "TIME", "read no further than TIME"},
    {"family", 0, "4|6|all", "IPv4, IPv6 or both (default)"},
    {"territories", 0, "FILE", "territories file, beside the one shipped"},
    {"registry", 0, "FILE...", "registry file beside the defaults; may be repeated"},
    {"all-peers", 0, NULL, "every peer votes, not only full feeds"},
    {"warm-up", 0, "SPAN", "without a dump: learn this long before telling (1h)"},
    {"vantage-min", 0, "N", "vantage ASes that must see a new upstream (3; at most 8)"},
    {"lost-after", 0, "SPAN", "an upstream is lost after this long without a path (30m)"},
    {"share-min", 0, "PART", "margin by which the largest share must lead (0.10)"},
    {"primary-after", 0, "SPAN", "and for how long (30m)"},
    {"shift-min", 0, "PART", "step of a share that is told (0.10)"},
    {"down-below", 0, "PART", "visibility below which a prefix is down (0.2)"},
    {"down-after", 0, "SPAN", "and for how long (60s)"},
    {"up-from", 0, "PART", "visibility from which it is up (0.5)"},
    {"up-after", 0, "SPAN", "and for how long (60s)"},
    {"down-vantage-min", 0, "N", "vantage ASes that must see an outage, an origin, a leak (2; at most 8)"},
    {"instability-changes", 0, "N", "changes that make instability (5, which is the most)"},
    {"instability-window", 0, "SPAN", "within this span, and over after as long without (1h)"},
    {"episode-gap", 0, "SPAN", "what comes again within it belongs to the same episode (24h)"},
    {"stats", 0, NULL, "print speed and memory to standard error"},
    FETCH_OPTIONS,
    {0},
};

const struct verb verb_events = {"events", "[WHO...] FILE...",
    "what changed, when, and how one knows: carriers, outages, hijacks, leaks", opts, events_run};
