/*
 * input/sniff (of this room only): is this the beginning of an MRT stream (RFC 6396 2), and whose
 * collector's? In: the first decompressed bytes; a path. Out: plain values.
 */
#ifndef INPUT_SNIFF_H
#define INPUT_SNIFF_H

#include "net/utime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SNIFF_SIZE = 256 * 1024 }; /* as far as a first good record is searched behind damage */

/* The first record's time and whether it is of a table dump; false: these bytes are no MRT. */
bool sniff_mrt(const uint8_t *p, size_t n, utime_t *first, bool *rib);

/*
 * The collector that a file's path names: a part like rrc04, route-views3 or route-views.sg, the nearest to
 * the file's name first; else the folder that holds the file, past the folders of the archives' own layout
 * (bgpdata, 2017.10, RIBS, UPDATES). The caller frees it.
 */
char *sniff_collector(const char *path);

#endif
