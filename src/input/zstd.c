/* input/zstd: zstd (RFC 8878) by libzstd, frame after frame, skippable ones too. */
#include "base/cur.h"
#include "base/mem.h"
#include "input/stream.h"

#include <stdlib.h>
#include <zstd.h>

struct zstd {
	ZSTD_DStream *stream;
	size_t due; /* what ZSTD_decompressStream returned last; 0: at the end of a frame */
};

static bool zstd_is(const uint8_t *p, size_t n)
{
	uint32_t magic = n < 4 ? 0 : __builtin_bswap32(be32(p));

	return magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static bool zstd_open(struct stream *s)
{
	struct zstd *z = mem_alloc(sizeof *z);

	z->stream = ZSTD_createDStream();
	z->due = 1;
	s->state = z;
	if (z->stream)
		return true;
	free(z);
	return stream_bad(s, "zstd: no memory for a decoder") == 0;
}

static void zstd_close(struct stream *s)
{
	struct zstd *z = s->state;

	ZSTD_freeDStream(z->stream);
	free(z);
}

static ssize_t zstd_read(struct stream *s, uint8_t *p, size_t n)
{
	struct zstd *z = s->state;
	/* A call that meets a fault drops what it made before: a block at a time loses no good one. */
	ZSTD_outBuffer out = {p, n < ZSTD_BLOCKSIZE_MAX ? n : ZSTD_BLOCKSIZE_MAX, 0};

	while (out.pos == 0) {
		bool more = stream_fill(s);
		ZSTD_inBuffer in = {s->raw, s->n, s->at};
		if (s->bad)
			return -1;
		if (!more && z->due == 0)
			return 0;
		z->due = ZSTD_decompressStream(z->stream, &out, &in);
		s->at = in.pos;
		if (ZSTD_isError(z->due))
			return stream_bad(s, "zstd: corrupt data");
		if (!more && out.pos == 0 && z->due != 0)
			return stream_bad(s, "zstd: cut short");
	}
	return (ssize_t)out.pos;
}

const struct codec codec_zstd = {"zstd", true, zstd_is, zstd_open, zstd_read, zstd_close};
