/*
 * cmd/rank: `isthmus rank FILE...`. The flow: facts; the files through the pipe into a table; one pass over
 * it; every country (or AS) by how few carry it, or every AS's hegemony over every origin.
 */
#include "cmd/answer.h"
#include "cmd/pipe.h"
#include "cmd/stored.h"
#include "show/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct run {
	const struct args *args;
	struct facts *facts;
	enum format format;
	utime_t at;
	size_t top;
	bool top_given;
};

static int parse(struct run *r)
{
	const struct args *a = r->args;
	const char *format = args_get(a, "output"), *top = args_get(a, "top");
	char *end;

	r->at = UTIME_NONE;
	if (args_has(a, "store") && a->operands > 0)
		return usage(a, "--store in the place of files: give one or the other");
	if (a->operands < 1 && !args_has(a, "store"))
		return usage(a, "which files? MRT files or folders of them; - is standard input");
	if (!answer_time(a, "at", &r->at))
		return EXIT_USAGE;
	if (format && !format_parse(format, &r->format))
		return usage(a, "no format \"%s\"", format);
	if (top) {
		r->top = strtoul(top, &end, 10);
		if (*end || !*top)
			return usage(a, "--top takes a number of rows, not \"%s\"", top);
		if (r->top == 0)
			r->top = SIZE_MAX;
	}
	if (args_has(a, "hegemony") && args_has(a, "by"))
		return usage(a, "--hegemony is by AS already: --by does not go with it");
	return 0;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void print_hegemony(
    struct out *o, const struct run *r, const struct pipe *p, const struct measure_options *m)
{
	struct hegemony h;

	measure_hegemony(p->table, m, &h);
	if (r->format == FORMAT_JSON)
		hegemony_json(o, &h);
	else
		hegemony_csv(o, &h);
	hegemony_free(&h);
}

static void print_rank(
    struct out *o, const struct run *r, const struct pipe *p, const struct measure_options *m)
{
	const char *by = args_get(r->args, "by");
	struct rank rank;
	struct ranking ranking = {.rank = &rank,
	    .by = by && strcmp(by, "as") == 0 ? RANK_AS : RANK_COUNTRY,
	    .options = *m,
	    .at = r->at != UTIME_NONE ? r->at : p->last,
	    .facts = r->facts,
	    .health = table_health(p->table),
	    .page = answer_page(),
	    .top = r->top};

	measure_rank(p->table, r->facts, ranking.at, m, ranking.by, &rank);
	if (r->format == FORMAT_JSON)
		rank_json(o, &ranking);
	else if (r->format == FORMAT_CSV)
		rank_csv(o, &ranking);
	else
		rank_text(o, &ranking);
	rank_free(&rank);
}

static int answer(const struct run *r, const struct pipe *p)
{
	struct families families = answer_families(r->args);
	struct measure_options measure = answer_measure(r->args);
	double start = seconds();
	struct out o;

	out_open_fd(&o, STDOUT_FILENO);
	for (size_t i = 0; i < families.n; i++) {
		measure.family = families.v[i];
		if (args_has(r->args, "hegemony"))
			print_hegemony(&o, r, p, &measure);
		else
			print_rank(&o, r, p, &measure);
	}
	if (args_has(r->args, "stats"))
		warn_line("measure    %.2f s, printing included", seconds() - start);
	return answer_close(&o, p->status);
}

static int rank_run(const struct args *a)
{
	struct run r = {.args = a};
	struct pipe pipe = {0};
	struct pipe_options o = {.path = a->operand, .paths = a->operands};
	struct stored stored = {0};
	const char *dir = args_get(a, "store");
	int status = parse(&r);

	if (status)
		return status;
	r.facts = answer_facts(a);
	o.table.drop_asns = facts_route_servers(r.facts, &o.table.drop_asn);
	o.until = r.at != UTIME_NONE ? r.at : 0;
	if (dir &&
	    !stored_open(&stored, dir, o.until ? o.until : UTIME_MAX, o.until ? o.until : UTIME_MAX, &o)) {
		facts_free(r.facts);
		return EXIT_BAD_INPUT;
	}
	status = pipe_run(&o, &pipe);
	if (pipe.last == UTIME_NONE) {
		status = answer_nothing(a, &pipe);
	} else {
		if (args_has(a, "stats"))
			pipe_print_stats(&pipe);
		status = answer(&r, &pipe);
	}
	pipe_free(&pipe);
	stored_close(&stored);
	facts_free(r.facts);
	return status;
}

static const struct opt opts[] = {
    {"output", 'o', "text|json|csv", "format (default: text; --hegemony: csv)"},
    {"by", 0, "country|as", "rank countries (default), or every network that originates prefixes"},
    {"hegemony", 0, NULL, "instead: every AS's hegemony over every origin AS, as scope,asn,hege,nb_peers"},
    {"top", 0, "N", "only the first N rows (text: 60 by default; 0: all)"},
    {"store", 's', "DIR", "a store (isthmus ingest) in the place of files"},
    {"at", 0, "TIME", "the state just before TIME (default: the end of the data)"},
    ANSWER_OPTIONS,
    {0},
};

const struct verb verb_rank = {
    "rank", "FILE...", "every country, or network, by how few carry it", opts, rank_run};
