/*
 * cmd/fetch: `isthmus fetch` (archive files of a range of time) and `isthmus fetch registry` (countries and
 * names of networks). In: the network. Out: files in the cache folder, their paths on standard output.
 */
#include "cmd/fetch.h"

#include "base/mem.h"
#include "cmd/progress.h"
#include "enrich/enrich.h"
#include "input/fetch.h"
#include "input/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct telling {
	struct progress line;
};

static void tell(void *arg, uint64_t bytes, size_t done, size_t of)
{
	struct telling *t = arg;

	progress_show(&t->line, bytes);
}

static char *default_dir(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && *cache == '/')
		return mem_printf("%s/isthmus/archive", cache);
	return mem_printf("%s/.cache/isthmus/archive", home ? home : "");
}

static bool number(const struct args *a, const char *name, unsigned most, unsigned *v)
{
	const char *s = args_get(a, name);
	char *end;
	unsigned long x = s ? strtoul(s, &end, 10) : 0;

	*v = (unsigned)x;
	return !s || (*s >= '0' && *s <= '9' && !*end && x >= 1 && x <= most);
}

static bool span_option(const struct args *a, const char *name, utime_t *span)
{
	const char *s = args_get(a, name);

	return !s || utime_parse_span(s, span);
}

/* What all forms share. 0 or EXIT_USAGE. */
static int transfer_options(const struct args *a, struct fetch_options *o, char **base)
{
	const char *url = args_get(a, "base-url");
	size_t n = url ? strlen(url) : 0;

	if (!number(a, "parallel", 32, &o->parallel))
		return usage(a, "--parallel is a number from 1 to 32");
	if (!number(a, "tries", 100, &o->tries))
		return usage(a, "--tries is a number from 1 to 100");
	if (!span_option(a, "backoff", &o->backoff) || !span_option(a, "silence", &o->silence))
		return usage(a, "--backoff and --silence are spans of time: 2s, 1m");
	while (n && url[n - 1] == '/')
		n--;
	*base = url ? mem_printf("%.*s", (int)n, url) : NULL;
	o->base_url = *base;
	o->check = args_has(a, "check");
	return 0;
}

/* ---- archives ---- */

static int told(const struct fetch_plan *plan)
{
	size_t n[FETCH_FAILED + 1] = {0};

	for (size_t i = 0; i < plan->errors; i++)
		warn_line("%s", plan->error[i]);
	for (size_t i = 0; i < plan->n; i++) {
		const struct fetch_file *f = &plan->file[i];
		n[f->state]++;
		if (f->state == FETCH_MISSING || f->state == FETCH_FAILED)
			warn_line("%s: %s", f->url, f->why);
	}
	if (n[FETCH_GOT] || n[FETCH_MISSING] || n[FETCH_FAILED])
		warn_line("%zu files fetched (%.1f MB), %zu were there, %zu missing, %zu failed",
		    n[FETCH_GOT], (double)plan->bytes / 1e6, n[FETCH_HAD], n[FETCH_MISSING], n[FETCH_FAILED]);
	if (plan->n == 0 && (plan->unreachable[0] || plan->unreachable[1]))
		warn_line("nothing was fetched; where there is no network, --base-url URL asks a mirror, and "
			  "files at hand are given by name");
	else if (plan->n == 0 && plan->errors == 0)
		warn_line("the archives have no files of that time from these collectors");
	return plan->errors || n[FETCH_MISSING] || n[FETCH_FAILED] || plan->n == 0 ? EXIT_BAD_INPUT
										   : EXIT_ANSWERED;
}

static int run_plan(struct fetch_options *o, bool only_list, char ***path, size_t *paths)
{
	struct fetch_plan plan;
	struct telling telling;
	size_t cap = 0;
	int status;

	progress_begin(&telling.line, true);
	fetch_list(&plan, o);
	o->progress = tell;
	o->arg = &telling;
	if (!only_list)
		fetch_run(&plan, o);
	progress_clear(&telling.line);
	status = told(&plan);
	*path = NULL;
	*paths = 0;
	for (size_t i = 0; i < plan.n; i++) {
		const struct fetch_file *f = &plan.file[i];
		if (!only_list && f->state != FETCH_HAD && f->state != FETCH_GOT)
			continue;
		*path = vec_room(*path, *paths, &cap, sizeof **path);
		(*path)[(*paths)++] = mem_strdup(only_list ? f->url : f->path);
	}
	fetch_free(&plan);
	return status;
}

static int fetch_range(const struct args *a, utime_t from, utime_t to, char ***path, size_t *n)
{
	static const char *const usual[] = {"rrc00", "route-views2"};
	struct fetch_options o = {.from = from, .to = to};
	const char *given[64], *type = args_get(a, "type");
	char *base = NULL, *dir = args_get(a, "dir") ? mem_strdup(args_get(a, "dir")) : default_dir();
	int status = transfer_options(a, &o, &base);

	*path = NULL;
	*n = 0;
	while (o.collectors < 64 && (given[o.collectors] = args_nth(a, "collector", o.collectors)))
		o.collectors++;
	o.collector = o.collectors ? given : usual;
	o.collectors = o.collectors ? o.collectors : 2;
	o.no_ribs = type && strcmp(type, "updates") == 0;
	o.no_updates = type && strcmp(type, "ribs") == 0;
	o.dir = dir;
	if (!status)
		status = run_plan(&o, args_has(a, "list"), path, n);
	free(base);
	free(dir);
	return status;
}

/* The time a verb's own options ask about. 0 or EXIT_USAGE. */
static int asked_time(const struct args *a, utime_t *from, utime_t *to)
{
	const char *at = args_get(a, "at"), *first = at ? at : args_get(a, "from"),
		   *last = at ? at : args_get(a, "to");

	if (!first || !last)
		return usage(a, "--fetch needs to know which time: --from and --to%s", at ? "" : ", or --at");
	if (!utime_parse(first, from) || !utime_parse(last, to))
		return usage(
		    a, "\"%s\" is no time; write 2017-10-01T09:00", utime_parse(first, from) ? last : first);
	if (at)
		*from = *to - UTIME_SECOND;
	return *from < *to ? 0 : usage(a, "--from must be before --to");
}

int fetch_first(const struct args *a, int (*run)(const struct args *a))
{
	struct args more = *a;
	utime_t from, to;
	char **path;
	size_t n;
	int status, after;

	if (!args_has(a, "fetch"))
		return run(a);
	if ((status = asked_time(a, &from, &to)) ||
	    (status = fetch_range(a, from, to, &path, &n)) == EXIT_USAGE)
		return status;
	more.operand = mem_array(a->operands + n + 1, sizeof *more.operand);
	memcpy(more.operand, a->operand, a->operands * sizeof *more.operand);
	if (n)
		memcpy(more.operand + a->operands, path, n * sizeof *path);
	more.operands += n;
	after = n ? run(&more) : EXIT_BAD_INPUT;
	for (size_t i = 0; i < n; i++)
		free(path[i]);
	free(path);
	free(more.operand);
	return after > status ? after : status;
}

static int fetch_archives(const struct args *a)
{
	const char *from_text = args_get(a, "from"), *to_text = args_get(a, "to");
	utime_t from, to;
	char **path;
	size_t n;
	int status;

	if (!from_text || !to_text)
		return usage(a, "--from and --to: which time?");
	if (!utime_parse(from_text, &from) || !utime_parse(to_text, &to))
		return usage(a, "\"%s\" is no time; write 2017-10-01T09:00",
		    utime_parse(from_text, &from) ? to_text : from_text);
	if (from >= to)
		return usage(a, "--from must be before --to");
	status = fetch_range(a, from, to, &path, &n);
	for (size_t i = 0; i < n; i++) {
		puts(path[i]);
		free(path[i]);
	}
	free(path);
	return status;
}

/* ---- fetch registry ---- */

/* What is kept, from where; `packed` is unpacked first, for a library that opens the file itself. */
static const struct registry {
	const char *name, *host, *path;
	bool packed;
} registries[] = {
    {"delegated-afrinic", "https://ftp.afrinic.net", "/pub/stats/afrinic/delegated-afrinic-extended-latest",
	false},
    {"delegated-apnic", "https://ftp.apnic.net", "/stats/apnic/delegated-apnic-extended-latest", false},
    {"delegated-arin", "https://ftp.arin.net", "/pub/stats/arin/delegated-arin-extended-latest", false},
    {"delegated-lacnic", "https://ftp.lacnic.net", "/pub/stats/lacnic/delegated-lacnic-extended-latest",
	false},
    {"delegated-ripencc", "https://ftp.ripe.net", "/pub/stats/ripencc/delegated-ripencc-extended-latest",
	false},
    {"asn.txt", "https://ftp.ripe.net", "/ripe/asnames/asn.txt", false},
    {"route-servers.json", "https://www.peeringdb.com", "/api/net?info_type=Route%20Server", false},
    {"location.db", "https://location.ipfire.org", "/databases/1/location.db.xz", true},
};

/* The file's content in place of the file. */
static bool unpack(const char *path, char why[160])
{
	char *plain = mem_printf("%s.plain", path);
	FILE *f = fopen(plain, "wb");
	struct input *in = input_open(path);
	enum input_status status = INPUT_BAD;
	struct block b;
	bool ok = f != NULL;

	while (ok && (status = input_next(in, 0, &b)) == INPUT_BLOCK)
		ok = fwrite(b.data, 1, b.len, f) == b.len;
	if (status == INPUT_BAD)
		snprintf(why, 160, "%s", f ? input_error(in) : "cannot be unpacked");
	input_close(in);
	ok = f && fclose(f) == 0 && ok && status == INPUT_END && rename(plain, path) == 0;
	if (!ok)
		unlink(plain);
	free(plain);
	return ok;
}

static enum fetch_result fetch_registry_file(
    const struct registry *r, const struct fetch_options *o, const char *folder)
{
	char *url = mem_printf("%s%s", o->base_url ? o->base_url : r->host, r->path);
	char *path = mem_printf("%s/.%s", folder, r->name), *kept = mem_printf("%s/%s", folder, r->name);
	char why[1024] = "", short_why[160] = "";
	enum fetch_result result = fetch_one(url, path, o, short_why);
	bool ok = result == FETCH_ONE_GOT && (!r->packed || unpack(path, short_why));

	if (!ok)
		warn_line("%s: %s", url, short_why);
	else if (!(ok = registry_accept(path, r->name, why, sizeof why)))
		warn_line("%s: refused: %s", url, why);
	if (ok)
		puts(kept);
	free(url);
	free(path);
	free(kept);
	return ok ? FETCH_ONE_GOT : result == FETCH_ONE_GOT ? FETCH_ONE_FAILED : result;
}

static int fetch_registry(const struct args *a)
{
	struct fetch_options o = {0};
	char *base = NULL, *folder = registry_folder();
	int status = transfer_options(a, &o, &base);
	size_t failed = 0, unreachable = 0, n = sizeof registries / sizeof *registries;

	for (size_t i = 0; !status && i < n; i++) {
		enum fetch_result result = fetch_registry_file(&registries[i], &o, folder);
		failed += result != FETCH_ONE_GOT;
		unreachable += result == FETCH_ONE_UNREACHABLE;
		if (unreachable == 2 && failed == i + 1) { /* two hosts of two: the others are no nearer */
			failed = n;
			break;
		}
	}
	if (failed == n && unreachable == 2)
		warn_line("nothing was fetched; where there is no network, --base-url URL asks a mirror");
	if (failed)
		warn_line("%zu of %zu registry files stay as they were", failed, n);
	free(base);
	free(folder);
	return status ? status : failed ? EXIT_BAD_INPUT : EXIT_ANSWERED;
}

static int fetch_run_verb(const struct args *a)
{
	if (a->operands == 0)
		return fetch_archives(a);
	if (a->operands == 1 && strcmp(a->operand[0], "registry") == 0)
		return fetch_registry(a);
	return usage(a,
	    "\"%s\"? `isthmus fetch --from T --to T` gets archive files, `isthmus fetch registry` countries "
	    "and names",
	    a->operand[0]);
}

static const struct opt opts[] = {
    {"from", 0, "TIME", "beginning of the range"},
    {"to", 0, "TIME", "end of the range, not included"},
    {"type", 0, "all|ribs|updates", "what to get (default: all)"},
    FETCH_OPTIONS,
    {"list", 'l', NULL, "print the URLs, get nothing"},
    {"check", 0, NULL, "ask for the size of the files that are there, and get again what changed"},
    {"backoff", 0, "SPAN", "pause before the second try, doubled from try to try (default: 1s)"},
    {"silence", 0, "SPAN", "give up a transfer that brings nothing for so long (default: 60s)"},
    {0},
};

const struct verb verb_fetch = {"fetch", "[registry]",
    "archive files of RouteViews and RIPE RIS, or fresh registries", opts, fetch_run_verb};
