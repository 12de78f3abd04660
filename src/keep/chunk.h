/*
 * keep/chunk: a run of one territory's step functions as bytes, and back. In: the state at the chunk's start
 * (base) and the changes since (points), both by upstream, points then by time and cut. Out: integer columns
 * as deltas in variable-length integers, under zstd with its content checksum. Layout in isthmus-store(5).
 * Decoding trusts nothing. The chunk owns its arrays (chunk_free).
 */
#ifndef KEEP_CHUNK_H
#define KEEP_CHUNK_H

#include "keep/keep.h"

#include <zstd.h>

struct change_point {
	utime_t time;
	int64_t cut; /* that brought it */
	asn_t upstream;
	uint32_t share, prefixes;
};

struct packer {
	ZSTD_CCtx *zstd;
};

struct chunk {
	struct change_point *base, *point; /* of a base only upstream, share and prefixes count */
	size_t bases, points;
};

/* A chunk is full at four points to each line of its base, within these: what is read to know one instant
 * stays small, and so does the part of the bytes that bases take. */
enum { CHUNK_LEAST = 2048, CHUNK_MOST = 8192 };
enum { CHUNK_POINTS_MAX = 1 << 22, CHUNK_RAW_MAX = 1 << 28 };
void chunk_encode(struct packer *p, const struct chunk *c, uint8_t **bytes, size_t *n); /* free() *bytes */
bool chunk_decode(const uint8_t *bytes, size_t n, struct chunk *c); /* false: damaged, nothing owned */
void chunk_free(struct chunk *c);
int change_point_cmp(const void *a, const void *b); /* upstream, time, cut: for qsort(3) */

#endif
