/*
 * keep: memory across restarts. In: samples, events, per-file provenance and health. Out: series, events,
 * known upstreams. One SQLite file (chunks of step functions, compressed) that needs no server; format in
 * isthmus-store(5). A file is kept whole or not at all. Owns the store's connection; results are the caller's
 * (free with the call named beside them).
 */
#ifndef KEEP_KEEP_H
#define KEEP_KEEP_H

#include "detect/detect.h"

struct store;
enum store_mode { STORE_READ, STORE_WRITE };
/* NULL with *why (static or store-owned text) where it cannot be opened. */
struct store *store_open(const char *path, enum store_mode mode, const char **why);
void store_close(struct store *s);

#endif
