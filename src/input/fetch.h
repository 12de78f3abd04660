/*
 * input/fetch: the public archives of RouteViews and RIPE RIS (or a mirror of them), into a folder laid out
 * as they are. In: collectors and a range of time. Out: files that are whole (size as told, they decompress,
 * and their records end where the file ends), or a line that says why not. The caller owns plan and result.
 *
 *   RIPE RIS    BASE/rrc00/2017.10/{bview,updates}.20171001.0000.gz              dumps of 8 h, updates of 5
 * min RouteViews  BASE/route-views3/bgpdata/2017.10/{RIBS/rib,UPDATES/updates}.20171001.0000.bz2   2 h, 15
 * min; the collector route-views2 lies at BASE/bgpdata
 */
#ifndef INPUT_FETCH_H
#define INPUT_FETCH_H

#include "net/utime.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fetch_options {
	const char *base_url;         /* of a mirror that has both layouts; NULL: the archives themselves */
	const char *const *collector; /* names or patterns: "all", "rrc*", "route-views.*" */
	size_t collectors;
	utime_t from, to; /* half-open; the dump before `from` and the updates since it are part of it */
	bool no_ribs, no_updates;
	const char *dir;         /* the cache folder */
	unsigned parallel;       /* transfers at a time; 0: 4 */
	unsigned tries;          /* of one file; 0: 5 */
	utime_t backoff;         /* before the second try, doubled from try to try; 0: 1 s */
	utime_t silence;         /* a transfer that brings nothing for so long is given up; 0: 60 s */
	bool check;              /* ask for the size of what is there already, too */
	const atomic_bool *stop; /* once set, what is under way is left as it is; NULL: never */
	void (*progress)(void *arg, uint64_t bytes, size_t done, size_t of);
	void *arg;
};

struct fetch_file {
	char *url, *path; /* path: in the cache folder */
	char *collector;
	utime_t time;
	bool rib;
	enum { FETCH_WANTED, FETCH_HAD, FETCH_GOT, FETCH_MISSING, FETCH_FAILED } state;
	char why[160]; /* of MISSING and FAILED */
};

struct fetch_plan {
	struct fetch_file *file; /* by collector, then time */
	size_t n, cap;
	char **error; /* a line each: what could not be listed */
	size_t errors, error_cap;
	uint64_t bytes; /* transferred */
	/* by archive: RIPE RIS, RouteViews */
	bool reached[2], unreachable[2]; /* it answered; it did not, and was not asked again */
};

/* What there is, by the archives' directory indices. */
void fetch_list(struct fetch_plan *plan, const struct fetch_options *o);
/* Gets what is not there yet, and sets every file's state. A transfer that was cut goes on where it ended. */
void fetch_run(struct fetch_plan *plan, const struct fetch_options *o);
void fetch_free(struct fetch_plan *plan);

/*
 * One file that is no archive file (a registry's): url to path, whatever its content. Else why; a host that
 * cannot be reached is not tried again.
 */
enum fetch_result { FETCH_ONE_GOT, FETCH_ONE_FAILED, FETCH_ONE_UNREACHABLE };
enum fetch_result fetch_one(const char *url, const char *path, const struct fetch_options *o, char why[160]);

#endif
