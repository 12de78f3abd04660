/*
 * Fuzz target of the chunk codec: any bytes are refused or decode to points; what decodes, encodes to the
 * same points. The first byte chooses whether the rest is a chunk as stored or the columns under the
 * compression.
 */
#include "keep/chunk.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void again(const struct chunk *c)
{
	struct chunk back;
	struct packer *p = packer_new();
	uint8_t *bytes;
	size_t n;

	chunk_encode(p, c, &bytes, &n);
	packer_free(p);
	if (!chunk_decode(bytes, n, &back) || back.points != c->points || back.bases != c->bases)
		abort();
	for (size_t i = 0; i < c->points; i++)
		if (change_point_cmp(&c->point[i], &back.point[i]) != 0 ||
		    c->point[i].share != back.point[i].share)
			abort();
	chunk_free(&back);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct chunk c;

	if (n < 1)
		return 0;
	if (data[0] & 1) {
		size_t cap = ZSTD_compressBound(n);
		uint8_t *packed = mem_alloc(cap + 1);
		packed[0] = 1;
		size_t got = ZSTD_compress(packed + 1, cap, data + 1, n - 1, 1);
		if (chunk_decode(packed, got + 1, &c)) {
			again(&c);
			chunk_free(&c);
		}
		free(packed);
	} else if (chunk_decode(data + 1, n - 1, &c)) {
		again(&c);
		chunk_free(&c);
	}
	return 0;
}
