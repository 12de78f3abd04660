/*
 * input/live_bgp: a passive BGP speaker (RFC 4271) that receives and never announces. In: connections of
 * allowed peers. Out: parcels of MRT records (BGP4MP_ET): every message of an established session, and its
 * states. A session lost without a NOTIFICATION keeps its routes for the peer's restart time (RFC 4724 4.2):
 * its end is told only then, or when the peer is back and begins anew.
 */
#include "input/bgp.h"
#include "input/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOLD = 90, OPEN_WAIT = 240, ROOM = BGP_LONGEST + LIVE_PARCEL_SIZE, CEASE = 6, DRAIN = 64 };

struct ghost { /* a session whose routes stay for a while */
	struct ghost *next;
	struct bgp_session who;
	uint32_t id, stream;
	utime_t until;
};

struct speaker {
	struct endpoint end;
	const struct live_listen *o;
	uint32_t router_id;
	struct ghost *ghost;
};

struct session {
	struct endpoint end;
	struct speaker *speaker;
	struct bgp_session who;
	struct bgp_open open;
	unsigned state, hold;
	uint32_t stream;
	utime_t heard, said;
	uint8_t *p;
	size_t n;
	struct out records;
	bool notified; /* a NOTIFICATION came or went */
	bool lives;    /* a KEEPALIVE came: told even without records */
};

/* ---- what goes out ---- */

static void session_flush(struct session *s)
{
	if (s->records.n || s->lives)
		live_give(s->end.live, parcel_new(PARCEL_MRT, s->speaker->o->name, s->speaker->o->name,
					   s->stream, s->records.buf, s->records.n));
	s->records.n = 0;
	s->lives = false;
}

static void give_state(struct live *l, const char *source, uint32_t stream, const struct bgp_session *who,
    unsigned from, unsigned to)
{
	struct out o;

	out_open_mem(&o);
	bgp_record_state(&o, live_now(), who, from, to);
	live_give(l, parcel_new(PARCEL_MRT, source, source, stream, o.buf, o.n));
	out_close(&o);
}

static void session_say(struct session *s, uint8_t type, const uint8_t *body, size_t n)
{
	uint8_t p[BGP_HEADER + BGP_OPEN_ROOM];
	size_t length = bgp_message_write(p, type, body, n);

	if (send(s->end.fd, p, length, MSG_NOSIGNAL) != (ssize_t)length && !s->end.dead)
		s->heard = 0; /* cannot be reached: the hold timer ends it */
	s->said = live_now();
}

/* The end of a session: why goes to the log; its routes go at once, or stay for the restart time. */
static void session_end(struct session *s, const char *why)
{
	char text[200], from[ADDR_TEXT];

	session_flush(s);
	if (s->state == BGP_ESTABLISHED) {
		if (s->open.graceful && s->open.restart && !s->notified && !s->end.live->stop) {
			struct ghost *g = mem_alloc(sizeof *g);
			*g = (struct ghost){s->speaker->ghost, s->who, s->open.id, s->stream,
			    live_now() + (utime_t)s->open.restart * UTIME_SECOND};
			s->speaker->ghost = g;
		} else {
			give_state(
			    s->end.live, s->speaker->o->name, s->stream, &s->who, BGP_ESTABLISHED, BGP_IDLE);
		}
	}
	snprintf(text, sizeof text, "%.*s AS%u: %s", (int)addr_text(from, &s->who.peer), from, s->who.peer_as,
	    why);
	live_give(s->end.live,
	    parcel_new(PARCEL_DOWN, s->speaker->o->name, s->speaker->o->name, s->stream, text, strlen(text)));
	s->state = BGP_IDLE;
	s->end.dead = true;
}

static void session_refuse(struct session *s, unsigned code, unsigned subcode, const char *why)
{
	const uint8_t body[2] = {(uint8_t)code, (uint8_t)subcode};

	s->notified = true;
	session_say(s, BGP_NOTIFICATION, body, 2);
	session_end(s, why);
}

/* ---- what comes in ---- */

static bool peer_as_allowed(const struct live_listen *o, asn_t asn)
{
	for (size_t i = 0; i < o->peer_ases; i++)
		if (o->peer_as[i] == asn)
			return true;
	return o->peer_ases == 0;
}

/* The same router again: the session before is dead, though nobody told (passive: we never connect
 * ourselves). */
static void replace_older(struct session *s)
{
	for (struct endpoint *e = s->end.live->endpoint; e; e = e->next) {
		struct session *old = (struct session *)e;
		if (e->ready == s->end.ready && old != s && !e->dead && old->speaker == s->speaker &&
		    old->open.id == s->open.id && addr_cmp(&old->who.peer, &s->who.peer) == 0 &&
		    old->who.peer_as == s->who.peer_as)
			session_end(old, "replaced by a new connection");
	}
}

static void session_open(struct session *s, struct span message)
{
	const struct live_listen *o = s->speaker->o;
	uint16_t fault = bgp_open_read(message, &s->open);
	uint8_t own[BGP_OPEN_ROOM];
	size_t n;

	if (fault) {
		session_refuse(s, fault >> 8, fault & 0xff, "a bad OPEN");
		return;
	}
	s->who.peer_as = s->open.asn;
	if (!peer_as_allowed(o, s->open.asn)) {
		session_refuse(s, 2, 2, "this AS is not allowed");
		return;
	}
	s->who.local_as = o->local_as ? o->local_as : s->open.asn;
	s->who.as4 = s->open.as4;
	s->who.ids[0] = s->open.sends_ids[0];
	s->who.ids[1] = s->open.sends_ids[1];
	s->hold = o->hold ? o->hold : HOLD;
	n = bgp_open_write(own, s->who.local_as, (uint16_t)s->hold, s->speaker->router_id);
	if (s->open.hold < s->hold)
		s->hold = s->open.hold;
	session_say(s, BGP_OPEN, own + BGP_HEADER, n - BGP_HEADER);
	session_say(s, BGP_KEEPALIVE, NULL, 0);
	replace_older(s);
	s->state = BGP_OPEN_CONFIRM;
}

/* Back within its restart time: what it had said counts no more, it says it anew. */
static void lay_ghost(struct session *s)
{
	for (struct ghost **link = &s->speaker->ghost; *link;) {
		struct ghost *g = *link;
		if (g->id == s->open.id && addr_cmp(&g->who.peer, &s->who.peer) == 0 &&
		    g->who.peer_as == s->who.peer_as) {
			give_state(
			    s->end.live, s->speaker->o->name, g->stream, &g->who, BGP_ESTABLISHED, BGP_IDLE);
			*link = g->next;
			free(g);
		} else {
			link = &g->next;
		}
	}
}

static void session_establish(struct session *s)
{
	char text[100], from[ADDR_TEXT];

	lay_ghost(s);
	s->state = BGP_ESTABLISHED;
	snprintf(text, sizeof text, "%.*s AS%u", (int)addr_text(from, &s->who.peer), from, s->who.peer_as);
	live_give(s->end.live,
	    parcel_new(PARCEL_UP, s->speaker->o->name, s->speaker->o->name, s->stream, text, strlen(text)));
	bgp_record_state(&s->records, live_now(), &s->who, BGP_OPEN_CONFIRM, BGP_ESTABLISHED);
}

static void session_message(struct session *s, struct span m)
{
	unsigned type = m.p[18];

	if (type == BGP_NOTIFICATION) {
		char text[80];
		s->notified = true;
		snprintf(text, sizeof text, "the peer sent NOTIFICATION %u/%u", m.n > 19 ? m.p[19] : 0U,
		    m.n > 20 ? m.p[20] : 0U);
		session_end(s, text);
	} else if (s->state == BGP_OPEN_SENT && type == BGP_OPEN) {
		session_open(s, m);
	} else if (s->state == BGP_OPEN_CONFIRM && type == BGP_KEEPALIVE) {
		session_establish(s);
	} else if (s->state == BGP_ESTABLISHED && type == BGP_UPDATE) {
		bgp_record_message(&s->records, live_now(), &s->who, m);
	} else if (s->state == BGP_ESTABLISHED && type == BGP_KEEPALIVE) {
		s->lives = true;
	} else if (s->state != BGP_ESTABLISHED || type == BGP_OPEN) {
		session_refuse(s, 5, 0, "a message out of its turn");
	}
}

/* Every whole message at the front; what is left is the beginning of one. */
static void session_messages(struct session *s)
{
	size_t at = 0;

	while (!s->end.dead && s->n - at >= BGP_HEADER) {
		const uint8_t *p = s->p + at;
		size_t length = be16(p + 16);
		if (be64(p) != UINT64_MAX || be64(p + 8) != UINT64_MAX) {
			session_refuse(s, 1, 1, "no marker in front of a message");
			return;
		}
		if (length < BGP_HEADER || (length > 4096 && !s->open.extended) || p[18] < 1 ||
		    p[18] > BGP_REFRESH) {
			session_refuse(
			    s, 1, p[18] < 1 || p[18] > BGP_REFRESH ? 3 : 2, "a bad message header");
			return;
		}
		if (length > s->n - at)
			break;
		session_message(s, (struct span){p, length});
		at += length;
	}
	if (!s->end.dead)
		memmove(s->p, s->p + at, s->n - at);
	s->n -= at;
}

static void session_ready(struct endpoint *e)
{
	struct session *s = (struct session *)e;
	ssize_t got = read(e->fd, s->p + s->n, ROOM - s->n);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		session_end(s, got < 0 ? strerror(errno) : "closed by the peer");
		return;
	}
	s->n += (size_t)got;
	s->heard = live_now();
	session_messages(s);
	if (!e->dead)
		session_flush(s);
}

static void session_tick(struct endpoint *e, utime_t now)
{
	struct session *s = (struct session *)e;
	unsigned wait = s->state == BGP_OPEN_SENT ? OPEN_WAIT : s->hold;

	if (s->end.resting)
		s->heard = now; /* it may well be talking: it is we who do not listen */
	if (wait && now - s->heard > (utime_t)wait * UTIME_SECOND)
		session_refuse(s, 4, 0, "silent for longer than the hold time");
	else if (s->state >= BGP_OPEN_CONFIRM && s->hold &&
		 now - s->said >= (utime_t)s->hold * UTIME_SECOND / 3)
		session_say(s, BGP_KEEPALIVE, NULL, 0);
}

static void session_drop(struct endpoint *e)
{
	struct session *s = (struct session *)e;

	if (s->state == BGP_ESTABLISHED || s->state == BGP_OPEN_CONFIRM)
		session_refuse(s, CEASE, 2, "stopped here");
	/* A close with bytes unread is a reset (RFC 2525 2.17), which can overtake the NOTIFICATION. */
	shutdown(e->fd, SHUT_WR);
	for (unsigned i = 0; i < DRAIN && read(e->fd, s->p, ROOM) > 0; i++)
		;
	close(e->fd);
	free(s->p);
	out_close(&s->records);
	free(s);
}

/* ---- the listener ---- */

static struct addr own_address(int fd)
{
	struct sockaddr_storage s;
	socklen_t n = sizeof s;
	const struct sockaddr_in *s4 = (const void *)&s;
	const struct sockaddr_in6 *s6 = (const void *)&s;

	if (getsockname(fd, (struct sockaddr *)&s, &n) < 0)
		return (struct addr){.family = FAMILY_IPV4};
	return s.ss_family == AF_INET ? addr_v4((const uint8_t *)&s4->sin_addr)
				      : addr_v6((const uint8_t *)&s6->sin6_addr);
}

static void speaker_ready(struct endpoint *e)
{
	struct speaker *x = (struct speaker *)e;
	struct addr from;
	int fd = listen_accept(e->live, e->fd, x->o, &from);
	struct session *s;

	if (fd < 0)
		return;
	s = mem_alloc(sizeof *s);
	s->end = (struct endpoint){
	    .fd = fd, .reads = true, .ready = session_ready, .tick = session_tick, .drop = session_drop};
	s->speaker = x;
	s->who.peer = from;
	s->who.local = own_address(fd);
	if (s->who.local.family != from.family) /* IPv4 on a socket of both: the record has one family */
		s->who.local = addr_v4(s->who.local.b + 12);
	s->p = mem_alloc(ROOM);
	s->state = BGP_OPEN_SENT;
	s->heard = s->said = live_now();
	s->stream = live_stream(e->live);
	out_open_mem(&s->records);
	live_add(e->live, &s->end);
}

static void speaker_tick(struct endpoint *e, utime_t now)
{
	struct speaker *x = (struct speaker *)e;

	for (struct ghost **link = &x->ghost; *link;) {
		struct ghost *g = *link;
		if (now < g->until) {
			link = &g->next;
			continue;
		}
		give_state(e->live, x->o->name, g->stream, &g->who, BGP_ESTABLISHED, BGP_IDLE);
		*link = g->next;
		free(g);
	}
}

static void speaker_drop(struct endpoint *e)
{
	struct speaker *x = (struct speaker *)e;

	for (struct ghost *g; (g = x->ghost);) {
		x->ghost = g->next;
		free(g);
	}
	close(e->fd);
	free(x);
}

/* A key for every allowed sender (RFC 2385); on a socket of both families IPv4 is mapped. */
static bool set_passwords(int fd, const struct live_listen *o)
{
	bool six = own_address(fd).family == FAMILY_IPV6;

	for (size_t i = 0; i < o->allows; i++) {
		const struct prefix *p = &o->allow[i];
		struct tcp_md5sig key = {.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX, .tcpm_prefixlen = p->len};
		struct sockaddr_in *s4 = (void *)&key.tcpm_addr;
		struct sockaddr_in6 *s6 = (void *)&key.tcpm_addr;
		size_t n = strlen(o->password);
		if (n > TCP_MD5SIG_MAXKEYLEN)
			return false;
		key.tcpm_keylen = (uint16_t)n;
		memcpy(key.tcpm_key, o->password, n);
		if (p->family == FAMILY_IPV4 && !six) {
			s4->sin_family = AF_INET;
			memcpy(&s4->sin_addr, p->b, 4);
		} else if (p->family == FAMILY_IPV4) {
			s6->sin6_family = AF_INET6;
			memset((uint8_t *)&s6->sin6_addr + 10, 0xff, 2);
			memcpy((uint8_t *)&s6->sin6_addr + 12, p->b, 4);
			key.tcpm_prefixlen = (uint8_t)(p->len + 96);
		} else {
			s6->sin6_family = AF_INET6;
			memcpy(&s6->sin6_addr, p->b, 16);
		}
		if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &key, sizeof key) < 0)
			return false;
	}
	return true;
}

const char *live_add_bgp(struct live *l, const struct live_listen *o)
{
	struct speaker *x;
	struct addr own;
	int fd = listen_on(l, o->address);

	if (fd < 0)
		return l->why;
	if (o->password && (!o->allows || !set_passwords(fd, o))) {
		snprintf(l->why, sizeof l->why, "password: %s",
		    o->allows ? "this kernel takes no TCP MD5 keys" : "say in `allow` whose it is");
		close(fd);
		return l->why;
	}
	own = own_address(fd);
	x = mem_alloc(sizeof *x);
	x->end =
	    (struct endpoint){.fd = fd, .ready = speaker_ready, .tick = speaker_tick, .drop = speaker_drop};
	x->o = o;
	x->router_id = o->router_id                            ? o->router_id
		       : own.family == FAMILY_IPV4 && own.b[0] ? be32(own.b)
							       : 0x7f000001;
	live_add(l, &x->end);
	return NULL;
}
