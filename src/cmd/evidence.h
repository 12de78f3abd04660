/*
 * cmd/evidence: the MRT records behind events. In: events, and the files they came from (read again). Out:
 * a folder an event: records.mrt (openable with any reader), paths.txt, event.json.
 */
#ifndef CMD_EVIDENCE_H
#define CMD_EVIDENCE_H

#include "detect/detect.h"

bool evidence_write(
    const char *dir, const struct event *e, size_t n, char *const *path, size_t paths); /* tells why not */

#endif
