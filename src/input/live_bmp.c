/*
 * input/live_bmp: routers that send BMP (RFC 7854). In: connections. Out: parcels of whole messages. Only the
 * common header is looked at here; a byte that is no BMP ends the connection, as there is no way back into
 * step.
 */
#include "input/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 6, VERSION = 3, LONGEST = 1 << 20, ROOM = LONGEST + LIVE_PARCEL_SIZE };

struct listener {
	struct endpoint end;
	const struct live_listen *o;
};

struct router {
	struct endpoint end;
	const char *source;
	char collector[64];
	uint32_t stream;
	uint8_t *p;
	size_t n, cap;
};

static void router_end(struct router *r, const char *why)
{
	live_give(r->end.live, parcel_new(PARCEL_DOWN, r->source, r->collector, r->stream, why, strlen(why)));
	r->end.dead = true;
}

/* How many bytes of whole messages stand at the front; *bad: then comes something else. */
static size_t whole_messages(const uint8_t *p, size_t n, bool *bad)
{
	size_t at = 0;

	*bad = false;
	while (n - at >= HEADER) {
		size_t length = be32(p + at + 1);
		if (p[at] != VERSION || length < HEADER || length > LONGEST) {
			*bad = true;
			break;
		}
		if (length > n - at)
			break;
		at += length;
	}
	return at;
}

static void router_ready(struct endpoint *e)
{
	struct router *r = (struct router *)e;
	size_t whole;
	ssize_t got;
	bool bad;

	if (r->cap - r->n < LIVE_PARCEL_SIZE) {
		r->cap = r->n + LIVE_PARCEL_SIZE;
		r->p = mem_grow(r->p, r->cap, 1);
	}
	got = read(e->fd, r->p + r->n, LIVE_PARCEL_SIZE);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		router_end(r, got < 0 ? strerror(errno)
			      : r->n  ? "closed inside a message"
				      : "closed by the router");
		return;
	}
	r->n += (size_t)got;
	whole = whole_messages(r->p, r->n, &bad);
	if (whole) {
		live_give(e->live, parcel_new(PARCEL_BMP, r->source, r->collector, r->stream, r->p, whole));
		memmove(r->p, r->p + whole, r->n - whole);
		r->n -= whole;
	}
	if (bad)
		router_end(r, "what it sent is not BMP version 3");
}

static void router_drop(struct endpoint *e)
{
	struct router *r = (struct router *)e;

	close(e->fd);
	free(r->p);
	free(r);
}

static void listener_ready(struct endpoint *e)
{
	struct listener *x = (struct listener *)e;
	struct addr from;
	int fd = listen_accept(e->live, e->fd, x->o, &from);
	struct router *r;

	if (fd < 0)
		return;
	r = mem_alloc(sizeof *r);
	r->end = (struct endpoint){.fd = fd, .reads = true, .ready = router_ready, .drop = router_drop};
	r->source = x->o->name;
	r->collector[addr_text(r->collector, &from)] = '\0';
	r->stream = live_stream(e->live);
	live_give(e->live, parcel_new(PARCEL_UP, r->source, r->collector, r->stream, NULL, 0));
	live_add(e->live, &r->end);
}

static void listener_drop(struct endpoint *e)
{
	close(e->fd);
	free(e);
}

const char *live_add_bmp(struct live *l, const struct live_listen *o)
{
	struct listener *x;
	int fd = listen_on(l, o->address);

	if (fd < 0)
		return l->why;
	x = mem_alloc(sizeof *x);
	x->end = (struct endpoint){.fd = fd, .ready = listener_ready, .drop = listener_drop};
	x->o = o;
	live_add(l, &x->end);
	return NULL;
}
