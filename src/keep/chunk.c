/* keep/chunk: see chunk.h. Sums wrap as unsigned numbers do, so that damaged bytes are never undefined. */
#include "keep/chunk.h"

#include "base/mem.h"
#include "keep/varint.h"

#include <stdlib.h>

enum { CHUNK_FORMAT = 1, CHUNK_LEVEL = 3 };

int change_point_cmp(const void *a, const void *b)
{
	const struct change_point *x = a, *y = b;

	if (x->upstream != y->upstream)
		return x->upstream < y->upstream ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->cut > y->cut) - (x->cut < y->cut);
}

/* One column: the difference to the point before; an upstream's first point differs from `start`. */
enum column { COLUMN_UPSTREAM, COLUMN_TIME, COLUMN_SHARE, COLUMN_PREFIXES, COLUMN_CUT, COLUMNS };

static int64_t column_get(const struct change_point *p, enum column column)
{
	switch (column) {
	case COLUMN_UPSTREAM:
		return p->upstream;
	case COLUMN_TIME:
		return p->time;
	case COLUMN_SHARE:
		return p->share;
	case COLUMN_PREFIXES:
		return p->prefixes;
	default:
		return p->cut;
	}
}

static bool column_set(struct change_point *p, enum column column, int64_t v)
{
	if (column == COLUMN_TIME)
		p->time = v;
	else if (column == COLUMN_CUT)
		p->cut = v;
	else if (v < 0 || v > UINT32_MAX)
		return false;
	else if (column == COLUMN_UPSTREAM)
		p->upstream = (asn_t)v;
	else if (column == COLUMN_SHARE)
		p->share = (uint32_t)v;
	else
		p->prefixes = (uint32_t)v;
	return true;
}

/* Times begin again with each upstream; the other columns run on. */
static bool column_restarts(const struct change_point *p, size_t i, enum column column)
{
	return i == 0 || (column == COLUMN_TIME && p[i].upstream != p[i - 1].upstream);
}

static void columns_put(struct out *o, const struct change_point *p, size_t n, utime_t start, unsigned mask)
{
	for (enum column k = 0; k < COLUMNS; k++) {
		if (!(mask >> k & 1))
			continue;
		for (size_t i = 0; i < n; i++) {
			uint64_t from = k == COLUMN_TIME ? (uint64_t)start : 0;
			if (!column_restarts(p, i, k))
				from = (uint64_t)column_get(&p[i - 1], k);
			put_int(o, (int64_t)((uint64_t)column_get(&p[i], k) - from));
		}
	}
}

static bool columns_take(struct cur *c, struct change_point *p, size_t n, utime_t start, unsigned mask)
{
	for (enum column k = 0; k < COLUMNS; k++) {
		if (!(mask >> k & 1))
			continue;
		for (size_t i = 0; i < n; i++) {
			uint64_t from = k == COLUMN_TIME ? (uint64_t)start : 0;
			if (!column_restarts(p, i, k))
				from = (uint64_t)column_get(&p[i - 1], k);
			if (!column_set(&p[i], k, (int64_t)(from + (uint64_t)take_int(c))))
				return false;
		}
	}
	return !c->bad;
}

enum {
	MASK_BASE = 1 << COLUMN_UPSTREAM | 1 << COLUMN_SHARE | 1 << COLUMN_PREFIXES,
	MASK_ALL = (1 << COLUMNS) - 1
};

struct packer *packer_new(void)
{
	struct packer *p = mem_alloc(sizeof *p);

	p->zstd = ZSTD_createCCtx();
	return p;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->zstd);
	free(p);
}

void chunk_encode(struct packer *p, const struct chunk *c, uint8_t **bytes, size_t *n)
{
	utime_t start = c->points ? c->point[0].time : 0;
	struct out o;
	size_t cap;

	out_open_mem(&o);
	put_uint(&o, c->bases);
	put_uint(&o, c->points);
	put_int(&o, start);
	columns_put(&o, c->base, c->bases, 0, MASK_BASE);
	columns_put(&o, c->point, c->points, start, MASK_ALL);
	cap = ZSTD_compressBound(o.n);
	*bytes = mem_alloc(cap + 1);
	(*bytes)[0] = CHUNK_FORMAT;
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, CHUNK_LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	*n = 1 + ZSTD_compress2(p->zstd, *bytes + 1, cap, o.buf, o.n);
	out_close(&o);
}

static bool chunk_take(struct cur *c, struct chunk *to)
{
	size_t bases = take_uint(c), points = take_uint(c);
	utime_t start = take_int(c);

	/* every row is at least a byte a column, so the counts cannot ask for more than the bytes hold */
	if (c->bad || bases > cur_left(c) || points > cur_left(c) || points > CHUNK_POINTS_MAX)
		return false;
	to->base = mem_array(bases, sizeof *to->base);
	to->point = mem_array(points, sizeof *to->point);
	to->bases = bases;
	to->points = points;
	return columns_take(c, to->base, bases, 0, MASK_BASE) &&
	       columns_take(c, to->point, points, start, MASK_ALL) && cur_left(c) == 0;
}

bool chunk_decode(const uint8_t *bytes, size_t n, struct chunk *c)
{
	unsigned long long raw;
	uint8_t *plain;
	bool good;

	*c = (struct chunk){0};
	if (n < 2 || bytes[0] != CHUNK_FORMAT)
		return false;
	raw = ZSTD_getFrameContentSize(bytes + 1, n - 1);
	if (raw > CHUNK_RAW_MAX) /* unknown and error are the largest values */
		return false;
	plain = mem_alloc((size_t)raw);
	good = ZSTD_decompress(plain, (size_t)raw, bytes + 1, n - 1) == raw;
	if (good) {
		struct cur in = cur_of(plain, (size_t)raw);
		good = chunk_take(&in, c);
	}
	free(plain);
	if (!good)
		chunk_free(c);
	return good;
}

void chunk_free(struct chunk *c)
{
	free(c->base);
	free(c->point);
	*c = (struct chunk){0};
}
