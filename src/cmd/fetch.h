/*
 * cmd/fetch: getting archive files for a verb. FETCH_OPTIONS are rows for a verb's table of options;
 * fetch_for reads them from the command line.
 */
#ifndef CMD_FETCH_H
#define CMD_FETCH_H

#include "cmd/verb.h"
#include "net/utime.h"

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
 * What a question about that time needs (the dump before it, and all updates), fetched where it is not in the
 * cache yet. The paths, by time of each collector; they and the array are the caller's to free. Returns
 * EXIT_ANSWERED, or EXIT_BAD_INPUT where something is missing (said on standard error; the paths are what
 * there is), or EXIT_USAGE.
 */
int fetch_for(const struct args *a, utime_t from, utime_t to, char ***path, size_t *n);

#endif
