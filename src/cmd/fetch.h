/*
 * cmd/fetch: getting archive files for a verb. FETCH_OPTIONS are rows for a verb's table of options;
 * fetch_for reads them from the command line.
 */
#ifndef CMD_FETCH_H
#define CMD_FETCH_H

#include "cmd/verb.h"

#define FETCH_OPTION                                                                           \
	{                                                                                      \
		"fetch", 0, NULL, "fetch the files of that time (isthmus fetch) and read them" \
	}
#define FETCH_OPTIONS                                                                          \
	{"collector", 'c', "NAME...",                                                          \
	    "collectors to fetch from: rrc00, route-views2, rrc*, all (default: "              \
	    "rrc00 and route-views2)"},                                                        \
	    {"dir", 'd', "FOLDER", "cache folder (default: $XDG_CACHE_HOME/isthmus/archive)"}, \
	    {"base-url", 0, "URL", "a mirror of the archives"},                                \
	    {"parallel", 0, "N", "transfers at a time (default: 4)"},                          \
	{                                                                                      \
		"tries", 0, "N", "of one file, with growing pauses (default: 5)"               \
	}

/*
 * Runs a verb that reads archive files, with --fetch: what its --from and --to (or --at) need is fetched
 * where it is not in the cache yet, and given to it as operands after those it has. What is missing is said;
 * the verb runs with what there is. Without --fetch it just runs. Returns the worse of both statuses.
 */
int fetch_first(const struct args *a, int (*run)(const struct args *a));

#endif
