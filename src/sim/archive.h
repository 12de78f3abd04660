/*
 * sim/archive: a story as the files of the public archives. In: the story. Out: folders and names of
 * RouteViews (NAME/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2, .../UPDATES/updates.20171001.0800.bz2) and of
 * RIPE RIS (NAME/2017.10/bview.20171001.0800.gz, updates.20171001.0805.gz). Nothing is kept.
 */
#ifndef SIM_ARCHIVE_H
#define SIM_ARCHIVE_H

#include "sim/story.h"

struct archive_count {
	uint64_t files, bytes; /* before compression */
	uint64_t ribs, routes, updates, states;
};
bool archive_write(
    const struct story *story, const char *dir, struct archive_count *count, char *why, size_t cap);
/* NAME, or NAME/bgpdata for RouteViews, + month, + kind; in `out`. */
void archive_name(
    char *out, size_t cap, enum archive archive, const char *name, bool rib, utime_t at, enum pack pack);

#endif
