/* input/xz: xz by liblzma, stream after stream. */
#include "base/mem.h"
#include "input/stream.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

struct xz {
	lzma_stream stream;
	lzma_ret rc; /* anything but LZMA_OK ends it, once what came before is delivered */
};

enum { XZ_MEMORY = 192 << 20 }; /* what a file may ask for: xz -9 asks for 65 MiB */

static bool xz_is(const uint8_t *p, size_t n)
{
	return n >= 6 && memcmp(p,
			     "\xfd"
			     "7zXZ",
			     6) == 0;
}

static bool xz_open(struct stream *s)
{
	struct xz *x = mem_alloc(sizeof *x);

	x->stream = (lzma_stream)LZMA_STREAM_INIT;
	s->state = x;
	x->rc = lzma_stream_decoder(&x->stream, XZ_MEMORY, LZMA_CONCATENATED);
	if (x->rc == LZMA_OK)
		return true;
	free(x);
	return stream_bad(s, "xz: no memory for a decoder") == 0;
}

static void xz_close(struct stream *s)
{
	struct xz *x = s->state;

	lzma_end(&x->stream);
	free(x);
}

static const char *xz_fault_text(lzma_ret code)
{
	switch (code) {
	case LZMA_BUF_ERROR:
		return "xz: cut short";
	case LZMA_FORMAT_ERROR:
		return "xz: something else behind the last stream";
	case LZMA_OPTIONS_ERROR:
		return "xz: options that liblzma does not know";
	case LZMA_MEMLIMIT_ERROR:
		return "xz: wants more than 192 MiB of memory";
	default:
		return "xz: corrupt data";
	}
}

static ssize_t xz_read(struct stream *s, uint8_t *p, size_t n)
{
	struct xz *x = s->state;
	lzma_stream *z = &x->stream;

	z->next_out = p;
	z->avail_out = n;
	while (z->avail_out == n && x->rc == LZMA_OK) {
		bool more = stream_fill(s);
		if (s->bad)
			return -1;
		z->next_in = s->raw + s->at;
		z->avail_in = stream_left(s);
		x->rc = lzma_code(z, more ? LZMA_RUN : LZMA_FINISH);
		s->at = s->n - z->avail_in;
	}
	if (z->avail_out < n)
		return (ssize_t)(n - z->avail_out);
	return x->rc == LZMA_STREAM_END ? 0 : stream_bad(s, "%s", xz_fault_text(x->rc));
}

const struct codec codec_xz = {"xz", true, xz_is, xz_open, xz_read, xz_close};
