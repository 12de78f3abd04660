/*
 * cmd/watch/feed: parcels of live sources into the table. In: parcels in the order in which they came. Out:
 * changes. Each connection or file is a stream with its decoder; what a parcel leaves of a record waits for
 * the next. Owns the streams.
 *
 * Time: a BMP router's own stamp counts where it is finer than a second and of the last seconds; else (a
 * table transfer, a wrong clock, whole seconds, a stamp of when the route was first learnt) that at which its
 * message came.
 */
#include "cmd/verb.h"
#include "cmd/watch/watch.h"

#include "base/mem.h"
#include "decode/bmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_OLDEST (5 * UTIME_SECOND)
#define TRANSFER_QUIET \
	(10 * UTIME_SECOND) /* a peer that says no End-of-RIB has told its table when quiet so long */
#define TRANSFER_LONG (15 * 60 * UTIME_SECOND)

struct part { /* one collector's view within a stream: a BMP router's global table, a VRF of it, an MRT stream
	       */
	struct part *next;
	uint64_t key;
	struct source *source;
};

struct stream {
	struct stream *next;
	uint32_t number;
	char source[64];
	const struct watch_source *from;
	char collector[64];
	struct part *part;
	struct mrt mrt;
	struct bmp *bmp;
	bool pre_seen; /* this router sends pre-policy routes: post-policy ones would be told twice */
	uint8_t *left;
	size_t n_left;
	uint64_t offset;
};

struct transfer { /* by peer: which families are being told for the first time */
	uint8_t families;
	utime_t since, last;
};

struct feed {
	struct table *table;
	const struct watch_config *config;
	struct stream *stream;
	struct transfer *transfer;
	size_t transfers;
	struct feed_count count;
};

struct feed *feed_new(struct table *t, const struct watch_config *c)
{
	struct feed *f = mem_alloc(sizeof *f);

	f->table = t;
	f->config = c;
	return f;
}

const struct feed_count *feed_count(const struct feed *f)
{
	return &f->count;
}

static const struct watch_source *source_named(const struct feed *f, const char *name)
{
	for (size_t i = 0; i < f->config->sources; i++)
		if (strcmp(source_name(&f->config->source[i]), name) == 0)
			return &f->config->source[i];
	return NULL;
}

/* ---- streams ---- */

static struct stream *stream_of(struct feed *f, const struct parcel *p)
{
	struct stream *s = f->stream;

	while (s && s->number != p->stream)
		s = s->next;
	if (s)
		return s;
	s = mem_alloc(sizeof *s);
	s->number = p->stream;
	snprintf(s->source, sizeof s->source, "%s", p->source);
	s->from = source_named(f, s->source);
	memcpy(s->collector, p->collector, sizeof s->collector);
	s->next = f->stream;
	f->stream = s;
	return s;
}

static struct part *part_of(struct feed *f, struct stream *s, uint64_t key)
{
	struct part *p = s->part;
	char *name;

	while (p && p->key != key)
		p = p->next;
	if (p)
		return p;
	p = mem_alloc(sizeof *p);
	name =
	    key ? mem_printf("%s rd %llx", s->collector, (unsigned long long)key) : mem_strdup(s->collector);
	p->key = key;
	p->source = source_new(f->table, name);
	p->next = s->part;
	s->part = p;
	free(name);
	return p;
}

static void stream_free(struct feed *f, struct stream *s, struct changes *out)
{
	struct stream **link = &f->stream;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	for (struct part *p; (p = s->part);) {
		s->part = p->next;
		if (out)
			source_end(f->table, p->source, out);
		source_free(p->source);
		free(p);
	}
	free(s->bmp);
	free(s->left);
	free(s);
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	while (f->stream)
		stream_free(f, f->stream, NULL);
	free(f->transfer);
	free(f);
}

void feed_config(struct feed *f, const struct watch_config *c)
{
	f->config = c;
	for (struct stream *s = f->stream; s; s = s->next)
		s->from = source_named(f, s->source);
}

/* ---- table transfers are no news ---- */

static struct transfer *transfer_of(struct feed *f, peer_id peer)
{
	if (peer >= f->transfers) {
		size_t n = peer + 64U;
		f->transfer = mem_grow(f->transfer, n, sizeof *f->transfer);
		memset(f->transfer + f->transfers, 0, (n - f->transfers) * sizeof *f->transfer);
		f->transfers = n;
	}
	return &f->transfer[peer];
}

/* The changes of one update, from `from` on: a peer that came up begins its transfer; its routes are a load.
 */
static void mark_transfers(struct feed *f, struct changes *out, size_t from, utime_t now)
{
	for (size_t i = from; i < out->n; i++) {
		struct change *c = &out->v[i];
		struct transfer *t;
		if (c->kind != CHANGE_PEER_UP && c->kind != CHANGE_ROUTE)
			continue;
		t = transfer_of(f, c->peer);
		if (c->kind == CHANGE_PEER_UP) {
			*t = (struct transfer){3, now, now};
			continue;
		}
		if (t->families && (now - t->last > TRANSFER_QUIET || now - t->since > TRANSFER_LONG))
			t->families = 0;
		t->last = now;
		if (t->families >> family_index(prefix_of(f->table, c->prefix)->family) & 1)
			c->kind = CHANGE_LOAD;
	}
}

static peer_id peer_find(const struct feed *f, const struct source *s, const struct peer_key *key)
{
	collector_id collector = source_collector(s);

	for (size_t i = 0; i < peer_count(f->table); i++) {
		const struct peer *p = peer_of(f->table, (peer_id)i);
		if (p->collector == collector && p->key.asn == key->asn &&
		    addr_cmp(&p->key.addr, &key->addr) == 0)
			return (peer_id)i;
	}
	return PEER_NONE;
}

/* RFC 4724 2: the family's table has been told. */
static void end_transfer(struct feed *f, const struct source *s, const struct update *u)
{
	peer_id peer = peer_find(f, s, &u->peer);
	uint8_t family = u->withdrawn[1].family ? u->withdrawn[1].family : FAMILY_IPV4;

	if (peer != PEER_NONE)
		transfer_of(f, peer)->families &= (uint8_t) ~(1U << family_index(family));
}

/* ---- updates ---- */

struct run { /* one parcel's way */
	struct changes *out;
	void (*second)(void *arg, utime_t time);
	void *arg;
	utime_t now;
};

static void apply(
    struct feed *f, struct source *s, struct update *u, struct fault_count *faults, const struct run *r)
{
	size_t from;

	r->second(r->arg, u->time);
	from = r->out->n;
	table_apply(f->table, s, u, faults, r->out);
	f->count.messages++;
	f->count.updates += u->kind == UPDATE_MESSAGE;
	if (u->kind == UPDATE_MESSAGE || u->kind == UPDATE_STATE)
		mark_transfers(f, r->out, from, u->time);
	if (u->kind == UPDATE_MESSAGE && u->end_of_rib)
		end_transfer(f, s, u);
}

static uint64_t fault_sum(const struct fault_count *c)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < FAULT_KINDS; k++)
		sum += c->n[k];
	return sum;
}

/* The left-over of the parcel before and this one's bytes, as one; free() *whole. */
static struct cur joined(struct stream *s, const struct parcel *p, uint8_t **whole)
{
	if (!s->n_left) {
		*whole = NULL;
		return cur_of(p->data, p->n);
	}
	*whole = mem_alloc(s->n_left + p->n + INPUT_PAD);
	memcpy(*whole, s->left, s->n_left);
	memcpy(*whole + s->n_left, p->data, p->n);
	return cur_of(*whole, s->n_left + p->n);
}

static void keep_left(struct stream *s, const struct cur *c)
{
	size_t n = cur_left(c);
	uint8_t *left = n ? mem_alloc(n) : NULL;

	if (n)
		memcpy(left, c->p, n);
	free(s->left);
	s->left = left;
	s->n_left = n;
}

static void feed_mrt(struct feed *f, struct stream *s, const struct parcel *p, bool last, const struct run *r)
{
	uint64_t before = fault_sum(&s->mrt.faults);
	struct source *source = part_of(f, s, 0)->source;
	struct update u;
	uint8_t *whole;
	struct cur c = joined(s, p, &whole);
	const uint8_t *begin = c.p;

	while (mrt_next(&s->mrt, &c, s->offset + (uint64_t)(c.p - begin), last, &u) == MRT_UPDATE)
		apply(f, source, &u, &s->mrt.faults, r);
	s->offset += (uint64_t)(c.p - begin);
	f->count.faults += fault_sum(&s->mrt.faults) - before;
	keep_left(s, &c);
	free(whole);
}

/* Which of a router's views the table takes: one of them, for it has one route a prefix and peer. */
static bool view_wanted(struct stream *s, const struct bmp_peer *peer)
{
	static const enum bmp_view chosen[] = {[CHOOSE_PRE] = BMP_IN_PRE,
	    [CHOOSE_POST] = BMP_IN_POST,
	    [CHOOSE_LOC] = BMP_LOC,
	    [CHOOSE_OUT] = BMP_OUT_POST};
	enum bmp_choice choice = s->from ? s->from->rib : CHOOSE_AUTO;

	if (choice != CHOOSE_AUTO)
		return peer->view == chosen[choice];
	if (peer->view == BMP_IN_PRE)
		s->pre_seen = true;
	return peer->view == BMP_IN_PRE || (peer->view == BMP_IN_POST && !s->pre_seen);
}

static utime_t time_of_router(utime_t stamp, utime_t now)
{
	return stamp % UTIME_SECOND && stamp <= now && stamp > now - STAMP_OLDEST ? stamp : now;
}

/* What a router says of itself and of its peers, for the log. */
static void say_router(const struct stream *s, const struct bmp_message *m)
{
	struct cur c = cur_of_span(m->body);
	struct bmp_down down;
	struct bmp_tlv tlv;
	char name[64] = "", peer[ADDR_TEXT];
	const char *why;

	if (m->type == BMP_INITIATION) {
		while (bmp_tlv_next(&c, &tlv))
			for (size_t i = 0; tlv.type == 2 && i < tlv.value.n && i < sizeof name - 1; i++)
				name[i] =
				    tlv.value.p[i] > 32 && tlv.value.p[i] < 127 ? (char)tlv.value.p[i] : '?';
		if (*name)
			warn_line("%s: %s is called %s", s->source, s->collector, name);
	} else if (m->type == BMP_PEER_DOWN) {
		bmp_down_cut(m, &down);
		warn_line("%s: %s: peer %.*s AS%u is down: %s", s->source, s->collector,
		    (int)addr_text(peer, &m->peer.key.addr), peer, m->peer.key.asn,
		    bmp_down_text(down.reason));
	} else if (m->type == BMP_TERMINATION && (why = bmp_termination_text(m))) {
		warn_line("%s: %s ends the connection: %s", s->source, s->collector, why);
	}
}

static void feed_bmp(struct feed *f, struct stream *s, const struct parcel *p, const struct run *r)
{
	struct cur c = cur_of(p->data, p->n);
	struct bmp_message m;
	struct update u;
	uint64_t before;

	if (!s->bmp)
		s->bmp = mem_alloc(sizeof *s->bmp);
	before = fault_sum(&s->bmp->faults);
	while (bmp_next(s->bmp, &c, s->offset, &m) == BMP_MESSAGE) {
		say_router(s, &m);
		if (!m.has_peer || !view_wanted(s, &m.peer))
			continue;
		while (bmp_update(s->bmp, &m, &u)) {
			u.time = time_of_router(u.time, r->now);
			apply(f, part_of(f, s, m.peer.distinguisher)->source, &u, &s->bmp->faults, r);
		}
	}
	s->offset += p->n;
	f->count.faults += fault_sum(&s->bmp->faults) - before;
}

/* ---- ends ---- */

/* RFC 7854 3.2: with the connection goes all that the router told. */
static void peers_gone(struct feed *f, struct stream *s, const struct run *r)
{
	struct fault_count none = {0};

	for (struct part *part = s->part; part; part = part->next)
		for (size_t i = 0; i < peer_count(f->table); i++) {
			const struct peer *p = peer_of(f->table, (peer_id)i);
			struct update u = {.time = r->now,
			    .kind = UPDATE_STATE,
			    .peer = p->key,
			    .old_state = 6,
			    .new_state = 1};
			if (p->collector == source_collector(part->source) && p->state != PEER_DOWN)
				apply(f, part->source, &u, &none, r);
		}
}

/* RIS Live was away: what its peers said meanwhile is not known. */
static void ris_gone(struct feed *f, const struct parcel *p, const struct run *r)
{
	for (struct stream *s = f->stream; s; s = s->next)
		if (s->from && s->from->kind == SOURCE_RIS && strcmp(source_name(s->from), p->source) == 0)
			source_doubt(f->table, part_of(f, s, 0)->source, r->now, NULL, r->out);
}

static void stream_down(struct feed *f, const struct parcel *p, const struct run *r)
{
	struct stream *s;

	if (!p->stream) {
		ris_gone(f, p, r);
		return;
	}
	s = stream_of(f, p);
	if (s->bmp)
		peers_gone(f, s, r);
	else if (s->n_left)
		feed_mrt(f, s, &(struct parcel){0}, true, r);
	/* A BGP session may be over while its routes stay (graceful restart): its stream goes, its table does
	 * not. */
	stream_free(f, s, r->out);
}

static void no_second(void *arg, utime_t time)
{
}

void feed_restart(struct feed *f, struct changes *out, utime_t now)
{
	struct run r = {out, no_second, NULL, now};

	while (f->stream) {
		struct stream *s = f->stream;
		if (s->from && (s->from->kind == SOURCE_BMP || s->from->kind == SOURCE_BGP))
			peers_gone(f, s, &r);
		else if (s->part)
			source_doubt(f->table, s->part->source, now, NULL, out);
		stream_free(f, s, out);
	}
}

void feed_parcel(struct feed *f, const struct parcel *p, struct changes *out,
    void (*second)(void *arg, utime_t time), void *arg)
{
	struct run r = {out, second, arg, p->time};

	f->count.parcels++;
	f->count.bytes += p->n;
	switch (p->kind) {
	case PARCEL_MRT:
		feed_mrt(f, stream_of(f, p), p, false, &r);
		break;
	case PARCEL_BMP:
		feed_bmp(f, stream_of(f, p), p, &r);
		break;
	case PARCEL_DOWN:
		stream_down(f, p, &r);
		break;
	case PARCEL_UP:
	case PARCEL_NOTE:
		break;
	}
}
