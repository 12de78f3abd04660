/*
 * detect/journal: see journal.h. In: changes that moved an upstream, a route's presence, an origin or a leak.
 * Out: entries, made anew from their slots for whoever asks. Owns slots and segments.
 */
#include "detect/journal.h"

#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

/* What stands in a slot's words, beside the path: as one number, from its lowest bit up. */
enum { SINCE_BITS = 25, AHEAD_BITS = 21, PEER_BITS = 16 }; /* and two for the form */
enum form { FORM_LOST, FORM_GAINED, FORM_MOVED };          /* moved: the old path stands in the next slot */
#define SINCE_MOST ((UINT64_C(1) << SINCE_BITS) - 1)       /* microseconds: 33 s */
#define EARLIER    (8 * UTIME_SECOND) /* a segment takes changes that are late by so much */
_Static_assert(JOURNAL_RING <= 1 << AHEAD_BITS, "a slot names any other one of the ring");
_Static_assert(sizeof(peer_id) * 8 == PEER_BITS, "and any peer");

static struct note note_of(uint64_t since, uint32_t ahead, peer_id peer, enum form form, path_id path)
{
	uint64_t word = since | (uint64_t)ahead << SINCE_BITS | (uint64_t)peer << (SINCE_BITS + AHEAD_BITS) |
			(uint64_t)form << (SINCE_BITS + AHEAD_BITS + PEER_BITS);

	return (struct note){path, {(uint32_t)word, (uint32_t)(word >> 32)}};
}

static uint64_t note_word(const struct note *s)
{
	return s->word[0] | (uint64_t)s->word[1] << 32;
}

/* ---- what is written ---- */

static void trail_renumber(struct trail *t, uint32_t by)
{
	for (size_t k = 0; k < TRAIL; k++) /* 0: overwritten long ago */
		t->n[k] = t->n[k] > by ? t->n[k] - by : 0;
}

/* Numbers begin anew before they wrap, each slot staying where it is in the ring. */
static void journal_renumber(struct detect *d)
{
	struct journal *j = &d->journal;
	uint32_t by = (j->n / JOURNAL_RING - 1) * JOURNAL_RING;

	for (size_t i = 0; i < d->prefixes; i++)
		trail_renumber(&d->prefix[i].trail, by);
	for (uint32_t m = member_from(d, 0); m != NO_INDEX; m = member_from(d, m + 1))
		trail_renumber(&member_more_at(d, m)->fell, by);
	j->n -= by;
	j->end -= by;
}

/* The rest of the one under way stays empty: nothing leads there. */
static void segment_open(struct detect *d, utime_t time)
{
	struct journal *j = &d->journal;

	if (!j->slot) {
		j->slot = pages_reserve(JOURNAL_RING * sizeof *j->slot);
		j->begin = mem_array(JOURNAL_SEGMENTS, sizeof *j->begin);
		j->n = 1;
	} else {
		j->n = j->end;
	}
	if (j->n > UINT32_MAX - 2 * JOURNAL_SEGMENT)
		journal_renumber(d);
	j->end = j->n - j->n % JOURNAL_SEGMENT + JOURNAL_SEGMENT;
	j->from = time - EARLIER;
	j->begin[j->n % JOURNAL_RING / JOURNAL_SEGMENT] = j->from;
}

void journal_add(struct detect *d, const struct change *c)
{
	struct journal *j = &d->journal;
	struct trail *t = &d->prefix[c->prefix].trail;
	uint8_t next = t->last + 1U < TRAIL ? (uint8_t)(t->last + 1) : 0;
	enum form form = c->new == PATH_NONE ? FORM_LOST : c->old == PATH_NONE ? FORM_GAINED : FORM_MOVED;
	uint32_t slots = form == FORM_MOVED ? 2 : 1, n, ahead;
	struct note *s;

	if (c->kind != CHANGE_ROUTE || (c->peer < d->peers && d->watch[c->peer].frozen))
		return;
	if (j->n + slots > j->end || (uint64_t)(c->time - j->from) > SINCE_MOST)
		segment_open(d, c->time);
	n = j->n;
	j->n = n + slots;
	ahead = n - t->n[next];
	s = &j->slot[n % JOURNAL_RING];
	s[0] = note_of((uint64_t)(c->time - j->from), ahead < JOURNAL_RING && t->n[next] ? ahead : 0, c->peer,
	    form, form == FORM_LOST ? c->old : c->new);
	if (form == FORM_MOVED)
		s[1].path = c->old;
	__builtin_prefetch(&j->slot[(n + 32) % JOURNAL_RING], 1);
	t->n[next] = n;
	t->last = next;
}

void journal_free(struct detect *d)
{
	if (d->journal.slot)
		pages_free(d->journal.slot, JOURNAL_RING * sizeof *d->journal.slot);
	free(d->journal.begin);
	free(d->sight);
}

/* ---- the way back ---- */

void journal_fetch(const struct detect *d, const struct trail *from)
{
	for (unsigned i = 0; d->journal.slot && i < TRAIL; i++)
		__builtin_prefetch(&d->journal.slot[from->n[i] % JOURNAL_RING]);
}

static const struct entry *journal_at(struct back *b)
{
	const struct journal *j = b->j;
	uint32_t n = b->n[b->at], i = n % JOURNAL_RING;
	const struct note *s = &j->slot[i];
	enum form form = (enum form)(note_word(s) >> (SINCE_BITS + AHEAD_BITS + PEER_BITS));

	if (!n || j->end - n > JOURNAL_RING) /* its segment is another one by now */
		return NULL;
	b->x.time = j->begin[i / JOURNAL_SEGMENT] + (utime_t)(note_word(s) & SINCE_MOST);
	b->x.peer = (peer_id)(note_word(s) >> (SINCE_BITS + AHEAD_BITS));
	b->x.old = form == FORM_LOST ? s->path : form == FORM_MOVED ? s[1].path : PATH_NONE;
	b->x.new = form == FORM_LOST ? PATH_NONE : s->path;
	return &b->x;
}

const struct entry *journal_from(const struct detect *d, const struct trail *from, struct back *b)
{
	if (!d->journal.slot)
		return NULL;
	b->j = &d->journal;
	b->at = 0;
	for (unsigned i = 0, k = from->last; i < TRAIL; i++, k = k ? k - 1 : TRAIL - 1) {
		b->n[i] = from->n[k];
		__builtin_prefetch(&d->journal.slot[b->n[i] % JOURNAL_RING]);
	}
	return journal_at(b);
}

const struct entry *journal_last(const struct detect *d, prefix_id prefix, struct back *b)
{
	return journal_from(d, &d->prefix[prefix].trail, b);
}

const struct entry *journal_before(struct back *b)
{
	const struct note *s = &b->j->slot[b->n[b->at] % JOURNAL_RING];
	uint32_t ahead = (uint32_t)(note_word(s) >> SINCE_BITS) & ((1U << AHEAD_BITS) - 1);

	b->n[b->at] = ahead ? b->n[b->at] - ahead : 0;
	__builtin_prefetch(&b->j->slot[b->n[b->at] % JOURNAL_RING]);
	b->at = b->at + 1 < TRAIL ? b->at + 1 : 0;
	return journal_at(b);
}

bool trail_stands(const struct detect *d, utime_t at)
{
	return d->late < at;
}

/* Before a segment that began earlier than that, all is older: else it would have come late, and since. */
uint32_t journal_number(const struct detect *d, utime_t from)
{
	const struct journal *j = &d->journal;

	if (!j->slot || !trail_stands(d, from))
		return 0;
	for (uint32_t n = j->end; n >= JOURNAL_SEGMENT && j->end - n < JOURNAL_RING;) {
		n -= JOURNAL_SEGMENT;
		if (j->begin[n % JOURNAL_RING / JOURNAL_SEGMENT] + EARLIER < from)
			return n;
	}
	return 0;
}
