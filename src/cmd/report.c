/*
 * cmd/report: `isthmus report WHO FILE...`. The flow: facts and territory; the files through the pipe into a
 * table, with the territory's prefixes pushed down as the table's `want`; the measures; the answer in the
 * format asked for.
 */
#include "show/report.h"
#include "cmd/answer.h"
#include "cmd/fetch.h"
#include "cmd/pipe.h"
#include "cmd/stored.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct run {
	const struct args *args;
	struct facts *facts;
	const struct territory *who;
	struct measure_options measure;
	struct families families;
	enum format format;
	utime_t at, from, to, step; /* UTIME_NONE: not given */
	utime_t ask[3];             /* times at which a prefix may belong to the territory */
	struct running *running[2]; /* by family */
	const struct timeline *timeline[2];
	struct stored stored; /* --store; store NULL: files */
};

/* ---- the command line ---- */
static int parse(struct run *r)
{
	const struct args *a = r->args;
	const char *format = args_get(a, "output"), *step = args_get(a, "step");

	r->at = r->from = r->to = UTIME_NONE;
	if (a->operands < 1)
		return usage(a, "who? A country code, an AS, a prefix, or a name from the territories file");
	if (args_has(a, "store") && a->operands > 1)
		return usage(a, "--store in the place of files: give one or the other");
	if (a->operands < 2 && !args_has(a, "explain") && !args_has(a, "store"))
		return usage(a, "which files? MRT files or folders of them; - is standard input");
	if (!answer_time(a, "at", &r->at) || !answer_time(a, "from", &r->from) ||
	    !answer_time(a, "to", &r->to))
		return EXIT_USAGE;
	if (r->at != UTIME_NONE && (r->from != UTIME_NONE || r->to != UTIME_NONE))
		return usage(a, "--at is one instant, --from and --to are a range: give one of both");
	if (r->from != UTIME_NONE && r->to != UTIME_NONE && r->from >= r->to)
		return usage(a, "--from must be before --to");
	if (step && (!utime_parse_span(step, &r->step) || r->step == 0))
		return usage(a, "--step \"%s\" is no span of time; write 90s, 5m, 2h or 7d", step);
	if (step && r->from == UTIME_NONE && r->to == UTIME_NONE)
		return usage(a, "--step goes with --from and --to");
	if (format && !format_parse(format, &r->format))
		return usage(a, "no format \"%s\"", format);
	r->measure = answer_measure(a);
	r->families = answer_families(a);
	return 0;
}

static bool over_time(const struct run *r)
{
	return r->from != UTIME_NONE || r->to != UTIME_NONE;
}

/* ---- reading ---- */
static bool want(void *arg, const struct prefix *p)
{
	const struct run *r = arg;

	for (size_t i = 0; i < sizeof r->ask / sizeof *r->ask; i++) {
		enum member m =
		    r->ask[i] == UTIME_NONE ? MEMBER_NO : territory_has_prefix(r->who, p, r->ask[i]);
		if (m != MEMBER_NO && m != MEMBER_GEOLOCATED)
			return true;
	}
	return false;
}

/* When the data is from, so far as the file list tells: what belongs to a territory may change with time. */
static void find_times(struct run *r)
{
	struct input_list list;

	r->ask[0] = r->at != UTIME_NONE ? r->at : r->to;
	r->ask[1] = r->from;
	r->ask[2] = utime_of(time(NULL), 0);
	if (r->ask[0] != UTIME_NONE)
		return;
	for (size_t i = 1; i < r->args->operands; i++)
		if (strcmp(r->args->operand[i], "-") == 0)
			return;
	input_list_make(&list, r->args->operand + 1, r->args->operands - 1);
	if (list.n > 0) {
		r->ask[0] = list.file[0].first;
		r->ask[2] = list.file[list.n - 1].first;
	}
	input_list_free(&list);
}

static void on_changes(void *arg, struct table *t, const struct change *c, size_t n)
{
	struct run *r = arg;

	for (size_t i = 0; i < r->families.n; i++) {
		if (!r->running[i]) {
			struct measure_options o = r->measure;
			o.family = r->families.v[i];
			r->running[i] = running_new(t, r->facts, r->who, &o, r->from, r->to, r->step);
		}
		running_changes(r->running[i], c, n);
	}
}

static int read_files(struct run *r, struct pipe *p)
{
	struct pipe_options o = {.path = r->args->operand + 1, .paths = r->args->operands - 1, .arg = r};
	enum territory_kind kind = territory_kind(r->who);
	const char *dir = args_get(r->args, "store");

	o.table.drop_asns = facts_route_servers(r->facts, &o.table.drop_asn);
	if (!dir && (kind == TERRITORY_COUNTRY || kind == TERRITORY_PREFIX)) {
		find_times(r);
		o.table.want = want; /* what an AS originates is known only when the routes are read */
		o.table.want_arg = r;
	}
	if (r->at != UTIME_NONE)
		o.until = r->at;
	if (r->to != UTIME_NONE)
		o.until = r->to;
	o.changes = on_changes;
	o.exact = over_time(r); /* each moment is a point in time */
	if (dir) {
		utime_t begin = r->at != UTIME_NONE ? r->at : r->from != UTIME_NONE ? r->from : UTIME_MAX;
		utime_t until = o.until ? o.until : UTIME_MAX;
		if (!stored_open(&r->stored, dir, begin < until ? begin : until, until, &o))
			return EXIT_BAD_INPUT;
	}
	return pipe_run(&o, p);
}

/* ---- --explain ---- */
struct explained {
	struct out *o;
	size_t n;
};

static void explain_asn(void *arg, asn_t asn, const char *why)
{
	struct explained *e = arg;
	out_printf(e->o, "  AS%-18u %s\n", asn, why);
	e->n++;
}

static void explain_prefix(void *arg, const struct prefix *p, const char *why)
{
	struct explained *e = arg;
	char text[PREFIX_TEXT + 1];

	text[prefix_text(text, p)] = '\0';
	out_printf(e->o, "  %-20s %s\n", text, why);
	e->n++;
}

static void explain(struct out *o, const struct run *r, utime_t at)
{
	struct explained e = {.o = o};
	char text[UTIME_TEXT];

	utime_text(text, at);
	out_printf(o, "What belongs to %s (%s) at %s, and by which source:\n", territory_name(r->who),
	    territory_id(r->who), text);
	territory_members(r->who, at, explain_asn, explain_prefix, &e);
	if (e.n == 0)
		out_str(o, "  nothing is known of it\n");
	out_printf(o, "Sources: %s\n", facts_sources(r->facts));
}

/* ---- the answer ---- */
static void print_answers(struct out *o, const struct run *r, struct answer *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r->format == FORMAT_JSON)
			report_json(o, &a[i]);
		else if (r->format == FORMAT_CSV)
			report_csv(o, &a[i], i == 0);
		else if (r->format == FORMAT_SVG && i == 0)
			report_svg(o, &a[i]);
		else if (r->format == FORMAT_HTML && i == 0)
			report_html(o, a, n);
		else if (r->format == FORMAT_TEXT) {
			if (i > 0)
				out_char(o, '\n');
			report_text(o, &a[i]);
		}
	}
}

static int answer(struct run *r, struct pipe *p)
{
	struct report report[2];
	struct answer a[2];
	struct out o;
	utime_t at = r->at != UTIME_NONE ? r->at : r->to != UTIME_NONE ? r->to : p->last;

	out_open_fd(&o, STDOUT_FILENO);
	for (size_t i = 0; i < r->families.n; i++) {
		r->measure.family = r->families.v[i];
		measure_report(p->table, r->facts, r->who, at, &r->measure, &report[i]);
		if (r->running[i]) {
			r->timeline[i] = running_end(r->running[i], at);
			report_lives(&report[i], r->timeline[i], r->facts);
		}
		if (r->stored.store && !stored_lives(r->stored.store, &report[i]))
			warn_line("%s", store_error(r->stored.store));
		a[i] = (struct answer){.report = &report[i],
		    .facts = r->facts,
		    .table = p->table,
		    .health = table_health(p->table),
		    .timeline = over_time(r) ? r->timeline[i] : NULL,
		    .page = answer_page()};
	}
	print_answers(&o, r, a, r->families.n);
	if (args_has(r->args, "explain") && r->format == FORMAT_TEXT) {
		out_char(&o, '\n');
		explain(&o, r, at);
	}
	for (size_t i = 0; i < r->families.n; i++)
		report_free(&report[i]);
	return answer_close(&o, p->status);
}

static int run_files(struct run *r)
{
	struct pipe pipe = {0};
	int status = read_files(r, &pipe);

	if (args_has(r->args, "store") && !r->stored.store) {
		status = EXIT_BAD_INPUT; /* told already */
	} else if (pipe.last == UTIME_NONE) {
		status = answer_nothing(r->args, &pipe);
	} else {
		if (args_has(r->args, "stats"))
			pipe_print_stats(&pipe);
		status = answer(r, &pipe);
	}
	for (size_t i = 0; i < r->families.n; i++)
		running_free(r->running[i]);
	pipe_free(&pipe);
	stored_close(&r->stored);
	return status;
}

static int report_files(const struct args *a)
{
	struct run r = {.args = a};
	const char *why = NULL;
	int status = parse(&r);

	if (status)
		return status;
	r.facts = answer_facts(a);
	r.who = territory_find(r.facts, a->operand[0], &why);
	if (!r.who) {
		status = usage(a, "%s: %s", a->operand[0], why);
	} else if (a->operands < 2 && !args_has(a, "store")) {
		struct out o;
		out_open_fd(&o, STDOUT_FILENO);
		explain(&o, &r, r.at != UTIME_NONE ? r.at : utime_of(time(NULL), 0));
		status = answer_close(&o, EXIT_ANSWERED);
	} else {
		status = run_files(&r);
	}
	facts_free(r.facts);
	return status;
}

static int report_run(const struct args *a)
{
	return fetch_first(a, report_files);
}

static const struct opt opts[] = {
    {"output", 'o', "text|json|csv|svg|html", "format (default: text)"},
    {"store", 's', "DIR", "a store (isthmus ingest) in the place of files"},
    {"at", 0, "TIME", "the state just before TIME (default: the end of the data)"},
    {"from", 0, "TIME", "with --to: the shares over time, at their true times of change"},
    {"to", 0, "TIME", "end of the range, not included"},
    {"step", 0, "SPAN", "over time in buckets of 5m, 1h, ... instead of at every change"},
    {"depth", 0, "1|2", "2: also the carriers of the carriers, and what they share"},
    FETCH_OPTION,
    {"explain", 0, NULL, "list what belongs to WHO, and by which source (FILE may be left out)"},
    FETCH_OPTIONS,
    ANSWER_OPTIONS,
    {0},
};

const struct verb verb_report = {"report", "WHO FILE...",
    "who carries a country, a network or a prefix, and how much of it", opts, report_run};
