/* input/gzip: gzip (RFC 1952) by ISA-L, member after member. Zero bytes behind the last member are padding.
 */
#include "base/mem.h"
#include "input/stream.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct gzip {
	struct inflate_state inflate;
	int fault; /* an ISAL_ code met after good output */
};

static bool gzip_is(const uint8_t *p, size_t n)
{
	return n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static bool gzip_open(struct stream *s)
{
	struct gzip *g = mem_alloc(sizeof *g);

	isal_inflate_init(&g->inflate);
	g->inflate.crc_flag = ISAL_GZIP;
	s->state = g;
	return true;
}

static void gzip_close(struct stream *s)
{
	free(s->state);
}

static const char *gzip_fault_text(int code)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM:
		return "gzip: checksum does not match";
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "gzip: bad member header";
	default:
		return "gzip: corrupt data";
	}
}

/* Behind a member: 1 another begins, 0 the end, -1 bad. */
static int gzip_member(struct stream *s, struct gzip *g)
{
	while (stream_fill(s) && s->raw[s->at] == 0)
		s->at++;
	if (!stream_fill(s))
		return s->bad ? -1 : 0;
	if (s->raw[s->at] != 0x1f)
		return (int)stream_bad(s, "gzip: something else behind the last member");
	isal_inflate_reset(&g->inflate);
	g->inflate.crc_flag = ISAL_GZIP;
	return 1;
}

static ssize_t gzip_read(struct stream *s, uint8_t *p, size_t n)
{
	struct gzip *g = s->state;
	struct inflate_state *i = &g->inflate;
	size_t had;

	i->next_out = p;
	i->avail_out = (uint32_t)n;
	while (i->avail_out == n) {
		if (g->fault)
			return stream_bad(s, "%s", gzip_fault_text(g->fault));
		if (i->block_state == ISAL_BLOCK_FINISH) {
			int more = gzip_member(s, g);
			if (more <= 0)
				return more;
		}
		stream_fill(s);
		had = stream_left(s);
		i->next_in = s->raw + s->at;
		i->avail_in = (uint32_t)had;
		g->fault = isal_inflate(i);
		s->at = s->n - i->avail_in;
		if (g->fault > 0)
			g->fault = ISAL_INVALID_BLOCK; /* wants a preset dictionary: not gzip */
		if (!had && i->avail_out == n && i->block_state != ISAL_BLOCK_FINISH && !g->fault)
			return stream_bad(s, "gzip: cut short");
	}
	return (ssize_t)(n - i->avail_out);
}

const struct codec codec_gzip = {"gzip", true, gzip_is, gzip_open, gzip_read, gzip_close};
