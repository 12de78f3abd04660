/* cmd/simulate: routing from a scenario file, as MRT files with the truth beside. */
#include "cmd/verb.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

static int run_scenario(const struct args *a, const char *dir)
{
	char why[512] = "";
	struct archive_count count = {0};
	struct scenario *s = scenario_read(a->operand[0], why, sizeof why);
	struct story story = {0};
	bool ok = s && story_make(s, &story, why, sizeof why);

	ok = ok && pack_folder(dir, why, sizeof why) && archive_write(&story, dir, &count, why, sizeof why) &&
	     truth_write(&story, dir, why, sizeof why);
	if (ok)
		warn_line("%s: %llu files, %llu dumps, %llu routes in them, %llu updates", s->name,
		    (unsigned long long)count.files, (unsigned long long)count.ribs,
		    (unsigned long long)count.routes, (unsigned long long)count.updates);
	else
		warn_line("%s", why);
	story_free(&story);
	scenario_free(s);
	return ok ? EXIT_ANSWERED : EXIT_BAD_INPUT;
}

static int simulate_run(const struct args *a)
{
	const char *dir = args_get(a, "output");

	if (!dir)
		return usage(a, "where to? -o DIR");
	if (a->operands != 1)
		return usage(a, "which scenario? One file");
	return run_scenario(a, dir);
}

static const struct opt opts[] = {
    {"output", 'o', "DIR", "the folder to write to; made if need be"},
    {NULL, 0, NULL, NULL},
};

const struct verb verb_simulate = {"simulate", "SCENARIO -o DIR",
    "make routing from a topology and a timeline: MRT files and the truth beside", opts, simulate_run};
