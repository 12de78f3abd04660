/* input/lz4: lz4 frames by liblz4, frame after frame, skippable ones too. */
#include "base/cur.h"
#include "base/mem.h"
#include "input/stream.h"

#include <lz4frame.h>
#include <stdlib.h>

enum { LZ4_MAGIC = 0x184d2204 };

struct lz4 {
	LZ4F_dctx *frame;
	size_t due; /* what LZ4F_decompress returned last; 0: at the end of a frame */
};

static bool lz4_is(const uint8_t *p, size_t n)
{
	return n >= 4 && __builtin_bswap32(be32(p)) == LZ4_MAGIC;
}

static bool lz4_open(struct stream *s)
{
	struct lz4 *z = mem_alloc(sizeof *z);

	z->due = 1;
	s->state = z;
	if (!LZ4F_isError(LZ4F_createDecompressionContext(&z->frame, LZ4F_VERSION)))
		return true;
	free(z);
	return stream_bad(s, "lz4: no memory for a decoder") == 0;
}

static void lz4_close(struct stream *s)
{
	struct lz4 *z = s->state;

	LZ4F_freeDecompressionContext(z->frame);
	free(z);
}

static ssize_t lz4_read(struct stream *s, uint8_t *p, size_t n)
{
	struct lz4 *z = s->state;
	size_t made = 0;

	while (made == 0) {
		bool more = stream_fill(s);
		size_t used = stream_left(s);
		if (s->bad)
			return -1;
		if (!more && z->due == 0)
			return 0;
		made = n;
		z->due = LZ4F_decompress(z->frame, p, &made, s->raw + s->at, &used, NULL);
		if (LZ4F_isError(z->due))
			return stream_bad(s, "lz4: corrupt data");
		s->at += used;
		if (!more && made == 0 && z->due != 0)
			return stream_bad(s, "lz4: cut short");
	}
	return (ssize_t)made;
}

const struct codec codec_lz4 = {"lz4", true, lz4_is, lz4_open, lz4_read, lz4_close};
