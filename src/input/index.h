/*
 * input/index: the directory index of a web server, and the names of archive files. In: a page of HTML, a
 * name. Out: what the page links to; the time a file is of. Owns nothing.
 */
#ifndef INPUT_INDEX_H
#define INPUT_INDEX_H

#include "net/utime.h"

#include <stdbool.h>
#include <stddef.h>

/* Calls back with what each link points to, as it is written there; links of 512 bytes and more are passed
 * over. */
void index_links(const char *page, size_t n, void (*link)(void *arg, const char *to), void *arg);
/* "updates.20171001.0905.gz" with its first word "updates." -> its time; false where it is none such, or has
 * characters that no archive file's name has. */
bool index_file_time(const char *name, const char *word, utime_t *t);
/* A link of an archive's first page to a collector's folder: "rrc00/", "/route-views3/bgpdata", "bgpdata/"
 * (route-views2) -> the collector's name. */
bool index_collector(const char *link, char name[64]);
bool index_is_ris(const char *collector);

#endif
