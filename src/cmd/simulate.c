/* cmd/simulate: routing from a scenario file, or a whole made Internet, as MRT files with the truth beside.
 */
#include "cmd/countries.h"
#include "cmd/verb.h"
#include "sim/sim.h"

#include "base/mem.h"
#include "base/shipped.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int told(bool ok, const char *why)
{
	if (!ok)
		warn_line("%s", why);
	return ok ? EXIT_ANSWERED : EXIT_BAD_INPUT;
}

static int run_scenario(struct scenario *s, const char *dir, char *why, size_t cap)
{
	struct archive_count count = {0};
	struct story story = {0};
	bool ok = s && story_make(s, &story, why, cap);

	ok = ok && pack_folder(dir, why, cap) && archive_write(&story, dir, &count, why, cap) &&
	     truth_write(&story, dir, why, cap);
	if (ok)
		warn_line("%s: %llu files, %llu dumps, %llu routes in them, %llu updates", s->name,
		    (unsigned long long)count.files, (unsigned long long)count.ribs,
		    (unsigned long long)count.routes, (unsigned long long)count.updates);
	story_free(&story);
	scenario_free(s);
	return told(ok, why);
}

/* A whole number of low..high, or `otherwise` where the option is not given; -1: it is something else. */
static long number(const struct args *a, const char *name, long low, long high, long otherwise)
{
	const char *text = args_get(a, name);
	char *end;
	long v;

	if (!text)
		return otherwise;
	v = strtol(text, &end, 10);
	if (!*text || *end || v < low || v > high) {
		(void)usage(a, "--%s takes a number of %ld to %ld, not \"%s\"", name, low, high, text);
		return -1;
	}
	return v;
}

static int run_world(const struct args *a, const char *dir, long seed)
{
	long ases = number(a, "ases", 300, 300000, 75000), peers = number(a, "peers", 1, 250, 40);
	long prefixes = number(a, "prefixes", 1, 3000000, 1000000);
	long minutes = number(a, "updates", 0, 10080, 0), rate = number(a, "rate", 1, 1000000, 400);
	long months = number(a, "months", 0, 1200, 0);
	long threads = number(a, "threads", 1, PARALLEL_MAX, (long)parallel_cores());
	const char *format = args_get(a, "format"), *at = args_get(a, "at");
	struct world_options o = {.topology = args_get(a, "topology"), .pack = PACK_GZ};
	struct world_count count;
	char why[512] = "", (*country)[3] = NULL;
	bool ok;

	if (months < 0 || ases < 0 || peers < 0 || prefixes < 0 || minutes < 0 || rate < 0 || threads < 0)
		return EXIT_USAGE;
	if (!utime_parse(at ? at : "2026-01-01T00:00:00Z", &o.at))
		return usage(a, "--at takes a time, not \"%s\"", at);
	if (format)
		o.pack = strcmp(format, "bz2") == 0  ? PACK_BZ2
			 : strcmp(format, "gz") == 0 ? PACK_GZ
						     : PACK_PLAIN;
	o.ases = (uint32_t)ases;
	o.peers = (uint32_t)peers;
	o.prefixes = (uint32_t)prefixes;
	o.minutes = (unsigned)minutes;
	o.rate = (double)rate;
	o.threads = (unsigned)threads;
	o.seed = (uint64_t)seed;
	o.months = (unsigned)months;
	if (args_has(a, "countries") && !(o.countries = country_codes(&country)))
		return told(false, "--countries: no registry is installed that says which there are");
	o.country = (const char(*)[3])country;
	ok = world_write(&o, dir, &count, why, sizeof why);
	if (ok)
		warn_line("world: %llu routes, %.0f MB before compression, %llu updates",
		    (unsigned long long)count.routes, (double)count.bytes / 1e6,
		    (unsigned long long)count.updates);
	free(country);
	return told(ok, why);
}

/* The scenario itself is written too, to be read and changed. */
static int run_random(const char *dir, long seed)
{
	char why[512] = "", name[32], *text = scenario_random((uint64_t)seed),
	     *file = mem_printf("%s/scenario", dir);
	bool ok = pack_folder(dir, why, sizeof why) &&
		  pack_file(file, PACK_PLAIN, text, strlen(text), why, sizeof why);
	int rc;

	snprintf(name, sizeof name, "random-%ld", seed);
	rc = ok ? run_scenario(scenario_text(text, name, why, sizeof why), dir, why, sizeof why)
		: told(false, why);
	free(file);
	free(text);
	return rc;
}

/* A scenario's own seed holds unless another is asked for. */
static const uint64_t *seed_of(const struct args *a, const uint64_t *seed)
{
	return args_has(a, "seed") ? seed : NULL;
}

/* Those that come with the program: what their folder holds but for its data files. */
static void say_shipped(void)
{
	char *folder = shipped("scenario"), *all = mem_printf("%s/*", folder), *list = mem_strdup("");
	glob_t found = {0};

	if (glob(all, GLOB_MARK, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			const char *name = found.gl_pathv[i] + strlen(folder) + 1;
			char *longer;
			if (strpbrk(name, "./"))
				continue;
			longer = mem_printf("%s %s", list, name);
			free(list);
			list = longer;
		}
	if (*list)
		warn_line("Scenarios that come with it:%s", list);
	globfree(&found);
	free(folder);
	free(all);
	free(list);
}

/* A file, or the name of a scenario that comes with the program. Freed by the caller; NULL: there is no such.
 */
static char *scenario_path(const char *given)
{
	char *name, *path;
	struct stat st;

	if (strchr(given, '/') || (stat(given, &st) == 0 && !S_ISDIR(st.st_mode)))
		return mem_strdup(given);
	name = mem_printf("scenario/%s", given);
	path = shipped(name);
	free(name);
	if (access(path, F_OK) == 0)
		return path;
	warn_line("%s: no such file, nor a scenario that comes with isthmus", given);
	say_shipped();
	free(path);
	return NULL;
}

static int run_named(const char *name, const uint64_t *seed, const char *dir)
{
	char why[512] = "", *path = scenario_path(name);
	int rc = EXIT_BAD_INPUT;

	if (path)
		rc = run_scenario(scenario_read(path, seed, why, sizeof why), dir, why, sizeof why);
	free(path);
	return rc;
}

static int simulate_run(const struct args *a)
{
	const char *dir = args_get(a, "output");
	long given = number(a, "seed", 0, INT32_MAX, 1);
	uint64_t seed = (uint64_t)given;

	if (given < 0)
		return EXIT_USAGE;
	if (!dir)
		return usage(a, "where to? -o DIR");
	if (args_has(a, "world"))
		return a->operands ? usage(a, "--world takes no scenario") : run_world(a, dir, given);
	if (args_has(a, "random"))
		return a->operands ? usage(a, "--random takes no scenario") : run_random(dir, given);
	if (a->operands != 1)
		return usage(a, "which scenario? One file, or the name of one that comes with isthmus");
	return run_named(a->operand[0], seed_of(a, &seed), dir);
}

static const struct opt opts[] = {
    {"output", 'o', "DIR", "the folder to write to; made if need be"},
    {"seed", 0, "N", "another course of chance (the scenario's own, or 1)"},
    {"random", 0, NULL, "a small scenario by chance: events and faults, and what is true of them"},
    {"world", 0, NULL, "a whole Internet instead of a scenario"},
    {"ases", 0, "N", "--world: how many networks (75000)"},
    {"prefixes", 0, "N", "--world: how many prefixes (1000000)"},
    {"peers", 0, "N", "--world: how many peers, all with full feeds (40)"},
    {"topology", 0, "FILE", "--world: the networks of an as-rel file instead"},
    {"at", 0, "TIME", "--world: the time of the dump"},
    {"countries", 0, NULL, "--world: networks in every country; DIR/registry.txt says where"},
    {"months", 0, "N", "--world: providers have changed for so many months since the same seed's beginning"},
    {"updates", 0, "MINUTES", "--world: a stream of updates after the dump"},
    {"rate", 0, "N", "--world: update messages a second (400)"},
    {"format", 0, "gz|bz2|plain", "--world: how the files are written (gz)"},
    {"threads", 0, "N", "--world: how many at once (one a core)"},
    {NULL, 0, NULL, NULL},
};

const struct verb verb_simulate = {"simulate", "SCENARIO -o DIR | --random -o DIR | --world -o DIR",
    "make routing from a topology and a timeline: MRT files and the truth beside", opts, simulate_run};
