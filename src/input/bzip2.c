/*
 * input/bzip2: bzip2 by libbz2 in this process, stream after stream: for pipes, small files, machines without
 * lbzip2, and what lbzip2 left when it failed. Only blocks whose checksum matched are delivered: libbz2 gives
 * out a block before it checks it, but a call that returns BZ_OK with room to spare has checked it. Input is
 * fed in pieces smaller than any block, hence one call never gives out parts of two.
 */
#include "base/mem.h"
#include "input/stream.h"

#include <bzlib.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE = 16, /* a block takes at least 22 bytes: magic, checksum, origin, map, two tables */
	HOLD = 1024 *
	       1024, /* a block is 900,000 bytes and a little; runs may make it longer: given out unchecked */
};

struct bzip2 {
	bz_stream stream;
	uint8_t *hold;
	size_t at, good, n; /* hold[at..good) may go out; hold[good..n) waits for its checksum */
	bool running, over;
	const char *why; /* it is over: NULL for the end, else the fault */
};

static bool bzip2_is(const uint8_t *p, size_t n)
{
	static const uint8_t block[6] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
	static const uint8_t end[6] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};

	if (n < 4 || memcmp(p, "BZh", 3) != 0 || p[3] < '1' || p[3] > '9')
		return false;
	n = n < 10 ? n - 4 : 6;
	return memcmp(p + 4, block, n) == 0 || memcmp(p + 4, end, n) == 0;
}

static bool bzip2_open(struct stream *s)
{
	struct bzip2 *b = mem_alloc(sizeof *b);

	b->hold = mem_alloc(HOLD);
	s->state = b;
	return true;
}

static void bzip2_close(struct stream *s)
{
	struct bzip2 *b = s->state;

	if (b->running)
		BZ2_bzDecompressEnd(&b->stream);
	free(b->hold);
	free(b);
}

static void bzip2_fault(struct bzip2 *b, const char *why)
{
	b->over = true;
	b->why = why;
}

/* Begins the next stream; false: there is none. */
static bool bzip2_begin(struct stream *s, struct bzip2 *b)
{
	while (stream_fill(s) && s->given && s->raw[s->at] == 0)
		s->at++; /* padding */
	if (!stream_fill(s)) {
		b->over = true;
		return false;
	}
	if (s->raw[s->at] != 'B') {
		bzip2_fault(b, "bzip2: something else behind the last stream");
		return false;
	}
	b->stream = (bz_stream){0};
	b->running = BZ2_bzDecompressInit(&b->stream, 0, 0) == BZ_OK;
	if (!b->running)
		bzip2_fault(b, "bzip2: no memory for a decoder");
	return b->running;
}

/* One piece of input, or as much as there is room for of what it makes. */
static void bzip2_step(struct stream *s, struct bzip2 *b)
{
	size_t left, piece, room = HOLD - b->n;
	int rc;

	if (!b->running && !bzip2_begin(s, b))
		return;
	stream_fill(s);
	left = stream_left(s);
	piece = left < PIECE ? left : PIECE;
	b->stream.next_in = (char *)s->raw + s->at;
	b->stream.avail_in = (unsigned)piece;
	b->stream.next_out = (char *)b->hold + b->n;
	b->stream.avail_out = (unsigned)room;
	rc = BZ2_bzDecompress(&b->stream);
	s->at += piece - b->stream.avail_in;
	room -= b->stream.avail_out;
	b->n += room;
	if (rc == BZ_STREAM_END || (rc == BZ_OK && b->stream.avail_out))
		b->good = b->n;
	if (rc == BZ_STREAM_END) {
		BZ2_bzDecompressEnd(&b->stream);
		b->running = false;
	} else if (rc != BZ_OK) {
		bzip2_fault(b, "bzip2: corrupt data");
	} else if (!left && !room) {
		bzip2_fault(b, "bzip2: cut short");
	}
}

static ssize_t bzip2_read(struct stream *s, uint8_t *p, size_t n)
{
	struct bzip2 *b = s->state;

	while (b->at == b->good) {
		if (b->over)
			return b->why ? stream_bad(s, "%s", b->why) : 0;
		if (b->good == b->n)
			b->at = b->good = b->n = 0;
		bzip2_step(s, b);
		if (s->bad)
			return -1;
		if (b->n == HOLD)
			b->good = HOLD;
	}
	if (n > b->good - b->at)
		n = b->good - b->at;
	memcpy(p, b->hold + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

const struct codec codec_bzip2 = {"bzip2", true, bzip2_is, bzip2_open, bzip2_read, bzip2_close};
