/*
 * detect/state: everything a run knows, as bytes, to go on later where it stopped. In: a run, or the bytes of
 * one with the same table beside it. Out: the same. One walk over the fields serves both directions, so that
 * what is written is what is read. Layout is the machine's and the program version's: the sizes of all
 * structs stand at the head, and other ones are refused. The bytes are trusted beyond that: keep proves their
 * sum.
 */
#include "detect/inner.h"

#include "base/mem.h"
#include "base/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A struct that changed may hold a new pointer or array: look whether walk() knows it, then set the size. */
_Static_assert(sizeof(struct detect) == 1192, "walk() must know every field of struct detect");
_Static_assert(sizeof(struct place) == 536, "walk() must know every field of struct place");
_Static_assert(sizeof(struct carrier) == 64, "walk() must know every field of struct carrier");
_Static_assert(sizeof(struct carrier_more) == 152, "walk() must know every field of struct carrier_more");
_Static_assert(sizeof(struct incident) == 144, "walk() must know every field of struct incident");
_Static_assert(sizeof(struct open_event) == 1968, "walk() must know every field of struct open_event");

static const char MAGIC[8] = "DETECT2";

struct walk {
	bool writing, bad;
	struct out *out;
	int fd;
};

static void walk_bytes(struct walk *w, void *p, size_t n)
{
	char *at = p;

	if (w->writing) {
		out_much(w->out, p, n);
		return;
	}
	while (n > 0 && !w->bad) {
		ssize_t k = read(w->fd, at, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			w->bad = true;
			break;
		}
		at += k;
		n -= (size_t)k;
	}
}

/* *n elements at *v; when reading, a new array of them. cap may be NULL. */
static void walk_array(struct walk *w, void *v, size_t *n, size_t *cap, size_t size)
{
	void **array = v;

	walk_bytes(w, n, sizeof *n);
	if (w->writing) {
		walk_bytes(w, *array, *n * size);
		return;
	}
	if (w->bad || *n > (SIZE_MAX >> 8) / size) {
		w->bad = true;
		*n = 0;
	}
	*array = *n ? mem_array(*n, size) : NULL;
	if (cap)
		*cap = *n;
	walk_bytes(w, *array, *n * size);
}

/* Likewise of an array that stands on pages of its own. */
static void walk_pages(struct walk *w, void *v, size_t *n, size_t *cap, size_t size)
{
	void **array = v;

	walk_bytes(w, n, sizeof *n);
	if (w->bad || *n > (SIZE_MAX >> 8) / size) {
		w->bad = true;
		*n = 0;
	}
	if (!w->writing)
		*array = vec_pages(NULL, 0, *n, cap, size);
	walk_bytes(w, *array, *n * size);
}

#define WALK(field)           walk_bytes(w, &(field), sizeof(field))
#define WALK_ARRAY(v, n, cap) walk_array(w, &(v), &(n), &(cap), sizeof *(v))
#define WALK_PAGES(v, n, cap) walk_pages(w, &(v), &(n), &(cap), sizeof *(v))
#define WALK_FIXED(v, n)      walk_array(w, &(v), &(n), NULL, sizeof *(v))

static void walk_map(struct walk *w, struct table_of *m)
{
	size_t cap = m->cap;

	WALK_FIXED(m->slot, cap);
	WALK(m->n);
	m->cap = cap;
}

/* One thing behind a pointer that may be NULL; there: it is not (when writing). */
static void walk_one(struct walk *w, void *v, bool there, size_t size)
{
	void **p = v;

	WALK(there);
	if (!w->writing)
		*p = there && !w->bad ? mem_alloc(size) : NULL;
	if (*p)
		walk_bytes(w, *p, size);
}

static void walk_head(struct walk *w)
{
	uint32_t mine[] = {sizeof(struct detect), sizeof(struct path_fact), sizeof(struct way),
	    sizeof(struct prefix_fact), sizeof(struct place), sizeof(struct member_of),
	    sizeof(struct member_more), sizeof(struct flips), sizeof(struct cell), sizeof(struct carrier),
	    sizeof(struct carrier_more), sizeof(struct drift), sizeof(struct pair), sizeof(struct incident),
	    sizeof(struct open_event), sizeof(struct due), sizeof(struct note), sizeof(struct peer_watch),
	    sizeof(struct event)};
	uint32_t theirs[sizeof mine / sizeof *mine];
	char magic[sizeof MAGIC];

	memcpy(magic, MAGIC, sizeof MAGIC);
	memcpy(theirs, mine, sizeof mine);
	WALK(magic);
	WALK(theirs);
	if (memcmp(magic, MAGIC, sizeof MAGIC) != 0 || memcmp(theirs, mine, sizeof mine) != 0)
		w->bad = true;
}

static void walk_ledger(struct walk *w, struct ledger *l)
{
	WALK_ARRAY(l->row, l->n, l->cap);
	WALK_FIXED(l->told, l->n);
	WALK_FIXED(l->carrier, l->n);
	WALK_FIXED(l->asn, l->n);
	WALK_FIXED(l->next, l->n);
	WALK(l->base);
	if (!w->writing) {
		l->top = SIZE_MAX;
		ledger_mark_all(l);
	}
}

static void walk_places(struct walk *w, struct detect *d)
{
	const char *why;

	WALK_ARRAY(d->place, d->n_places, d->place_cap);
	for (size_t i = 0; !w->writing && i < d->n_places; i++) /* of the writer's memory */
		d->place[i].ledger = (struct ledger){0};
	for (size_t i = 0; i < d->n_places && !w->bad; i++)
		walk_ledger(w, &d->place[i].ledger);
	for (size_t i = 0; !w->writing && i < d->n_places; i++)
		if (d->place[i].who && !(d->place[i].who = territory_find(d->f, d->place[i].id, &why)))
			w->bad = true; /* asked for then, and not known now */
	WALK_PAGES(d->member_more, d->prefixes, d->member_more_cap);
	WALK_PAGES(d->far_member, d->n_far_members, d->far_member_cap);
	WALK_PAGES(d->far_more, d->n_far_members, d->far_more_cap);
	WALK_ARRAY(d->flips, d->n_flips, d->flips_cap);
	WALK_PAGES(d->far_cell, d->n_far_cells, d->far_cell_cap);
	WALK_PAGES(d->carrier, d->n_carriers, d->carrier_cap);
	WALK_PAGES(d->carrier_more, d->n_carriers, d->carrier_more_cap);
	for (size_t i = 0; !w->writing && i < d->n_carriers; i++) { /* of the writer's memory */
		struct carrier_more *more = &d->carrier_more[i];
		more->gain.member = more->loss.member = NULL;
		more->drift = NULL;
	}
	for (size_t i = 0; i < d->n_carriers && !w->bad; i++) {
		struct carrier_more *more = &d->carrier_more[i];
		WALK_ARRAY(more->gain.member, more->gain.n, more->gain.cap);
		WALK_ARRAY(more->loss.member, more->loss.n, more->loss.cap);
		walk_one(w, &more->drift, more->drift != NULL, sizeof *more->drift);
	}
}

static void walk_events(struct walk *w, struct detect *d)
{
	WALK_ARRAY(d->pair, d->n_pairs, d->pair_cap);
	WALK_ARRAY(d->incident, d->n_incidents, d->incident_cap);
	for (size_t i = 0; !w->writing && i < d->n_incidents; i++) {
		d->incident[i].victim = NULL;
		d->incident[i].prefix = NULL;
	}
	for (size_t i = 0; i < d->n_incidents && !w->bad; i++) {
		WALK_ARRAY(d->incident[i].victim, d->incident[i].victims, d->incident[i].victim_cap);
		WALK_ARRAY(d->incident[i].prefix, d->incident[i].prefixes, d->incident[i].cap);
	}
	WALK(d->n_events);
	if (!w->writing) {
		d->event = mem_array(w->bad ? 0 : d->n_events, sizeof *d->event);
		d->event_cap = d->n_events;
	}
	for (size_t i = 0; i < d->n_events && !w->bad; i++) {
		walk_one(w, &d->event[i], d->event[i] != NULL, sizeof *d->event[i]);
		if (!w->writing && d->event[i])
			d->event[i]->e.prefix = NULL;
		if (d->event[i])
			WALK_ARRAY(d->event[i]->e.prefix, d->event[i]->e.prefixes, d->event[i]->cap);
	}
	WALK_ARRAY(d->due, d->n_due, d->due_cap);
}

static void walk_journal(struct walk *w, struct detect *d)
{
	struct journal *j = &d->journal;
	size_t used = !j->slot ? 0 : j->end < JOURNAL_RING ? j->end : JOURNAL_RING;

	WALK(j->n);
	WALK(j->end);
	WALK(j->from);
	WALK(used);
	if (used > JOURNAL_RING)
		w->bad = true;
	if (!used || w->bad)
		return;
	if (!w->writing) {
		j->slot = pages_reserve(JOURNAL_RING * sizeof *j->slot);
		j->begin = mem_array(JOURNAL_SEGMENTS, sizeof *j->begin);
	}
	walk_bytes(w, j->begin, used / JOURNAL_SEGMENT * sizeof *j->begin);
	walk_bytes(w, j->slot, used * sizeof *j->slot);
}

static void walk_peers(struct walk *w, struct detect *d)
{
	size_t rows = 2 * d->peers, met = d->met ? d->peers : 0;

	WALK_FIXED(d->vote, rows);
	WALK_FIXED(d->peer_asn, d->peers);
	WALK_FIXED(d->peer_home, d->peers);
	WALK_FIXED(d->watch, d->peers);
	WALK(met);
	if (!w->writing && met && !w->bad) {
		d->met = mem_array(met, sizeof *d->met);
		d->met_words = mem_array(met, sizeof *d->met_words);
	}
	for (size_t i = 0; i < met && !w->bad; i++)
		WALK_FIXED(d->met[i], d->met_words[i]);
	for (size_t i = 0; i < 2; i++) {
		struct voters *v = &d->voters[i];
		struct voters kept = *v;
		WALK(kept);
		if (!w->writing) {
			kept.votes = v->votes;
			*v = kept;
		}
		WALK_FIXED(v->votes, v->n);
	}
}

static void walk(struct walk *w, struct detect *d)
{
	struct table_of *maps[] = {&d->carriers, &d->places, &d->pairs, &d->origins, &d->triples, &d->otc,
	    &d->groups, &d->struck, &d->ways};

	walk_head(w);
	if (w->bad)
		return;
	WALK(d->now);
	WALK(d->start);
	WALK(d->late);
	WALK(d->second);
	WALK(d->armed);
	WALK(d->armed_at);
	WALK(d->quiet);
	WALK(d->voters_due);
	WALK(d->votes_ever);
	WALK(d->dumped);
	WALK(d->voters_at);
	WALK(d->next_id);
	WALK(d->due_order);
	WALK(d->votes);
	WALK(d->ases);
	WALK(d->o.baseline);
	WALK(d->o.every_as);
	WALK_PAGES(d->path, d->paths, d->path_cap);
	WALK_PAGES(d->way, d->n_ways, d->way_cap);
	WALK_PAGES(d->prefix, d->prefixes, d->prefix_cap);
	WALK_ARRAY(d->as, d->n_as, d->as_cap);
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		walk_map(w, maps[i]);
	walk_places(w, d);
	walk_events(w, d);
	WALK_ARRAY(d->touched_member, d->n_touched_members, d->touched_member_cap);
	WALK_ARRAY(d->touched_carrier, d->n_touched_carriers, d->touched_carrier_cap);
	WALK_ARRAY(d->dirty_place, d->n_dirty, d->dirty_cap);
	walk_journal(w, d);
	walk_peers(w, d);
}

int detect_save(const struct detect *d, struct out *o)
{
	struct walk w = {.writing = true, .out = o};
	struct detect copy = *d; /* the walk takes its fields by address and, writing, leaves them */

	walk(&w, &copy);
	(void)out_flush(o);
	return o->failed;
}

bool detect_load(struct detect *d, int fd)
{
	struct walk w = {.fd = fd};

	walk(&w, d);
	if (d->n_as && !w.bad)
		ases_index(d);
	/* the table must be the one it was saved beside */
	if (d->paths > path_count(d->t) || d->prefixes > prefix_count(d->t) || d->peers > peer_count(d->t))
		w.bad = true;
	return !w.bad;
}
