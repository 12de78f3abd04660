/*
 * cmd/scribe: see scribe.h. A crew of one. What is told is gathered in a batch of bytes: a head that says
 * what comes, then the struct, an event without the room of its evidence that it does not use.
 */
#include "cmd/scribe.h"

#include "base/mem.h"
#include "base/out.h"
#include "cmd/crew.h"
#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_BYTES = 256 * 1024, BATCHES = 16 };
_Static_assert(offsetof(struct event, evidences) ==
		   offsetof(struct event, evidence) + sizeof((struct event *)0)->evidence,
    "an event's evidence and its count come last");
enum note_kind { NOTE_PLACE, NOTE_SAMPLES, NOTE_EVENT, NOTE_FILE };
enum duty { DUTY_TELL, DUTY_FLUSH, DUTY_COMMIT };

struct note { /* followed by its bytes, and by as many as bring the next one to a multiple of 8 */
	enum note_kind kind;
	uint32_t size;
};

struct place_note {
	uint32_t place;
	uint8_t family;
	char territory[64];
};

struct batch {
	struct out notes;
	enum duty duty; /* after the notes are told */
	utime_t upto;   /* DUTY_COMMIT */
	char checkpoint[32];
	int failed;
	double seconds;
};

struct scribe {
	struct store *store;
	struct crew *crew;
	struct batch *now;
	struct batch *spare[BATCHES + 1]; /* done, to be used again */
	size_t spares;
	bool failed;
	double cost;
};

/* ---- the thread ---- */
static void event_tell(struct store *s, const uint8_t *p, size_t n)
{
	struct event e = {0};
	size_t head = offsetof(struct event, evidence), used;

	memcpy(&e, p, head);
	memcpy(&e.evidences, p + head, sizeof e.evidences);
	used = e.evidences * sizeof *e.evidence;
	memcpy(e.evidence, p + head + sizeof e.evidences, used);
	e.prefix = mem_array(e.prefixes, sizeof *e.prefix);
	memcpy(e.prefix, p + n - e.prefixes * sizeof *e.prefix, e.prefixes * sizeof *e.prefix);
	store_event(s, &e);
	free(e.prefix);
}

static void note_tell(struct store *s, const struct note *note)
{
	const void *p = note + 1;
	const struct place_note *place = p;

	switch (note->kind) {
	case NOTE_PLACE:
		store_place(s, place->place, place->territory, place->family);
		break;
	case NOTE_SAMPLES:
		store_samples(s, p, note->size / sizeof(struct sample));
		break;
	case NOTE_EVENT:
		event_tell(s, p, note->size);
		break;
	case NOTE_FILE:
		store_file(s, p);
		break;
	}
}

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void batch_do(void *worker, void *job)
{
	struct store *s = worker;
	struct batch *b = job;
	struct store_cut cut = {
	    .upto = b->upto, .final = true, .checkpoint = b->checkpoint[0] ? b->checkpoint : NULL};
	double begun = clock_seconds();

	for (size_t at = 0; at < b->notes.n;) {
		const struct note *note = (const void *)(b->notes.buf + at);
		note_tell(s, note);
		at += sizeof *note + padded(note->size);
	}
	if (b->duty == DUTY_FLUSH)
		b->failed = store_flush(s);
	else if (b->duty == DUTY_COMMIT)
		b->failed = store_commit(s, &cut);
	b->seconds = clock_seconds() - begun;
}

/* ---- the caller's side ---- */
struct scribe *scribe_new(struct store *store)
{
	struct scribe *s = mem_alloc(sizeof *s);
	void *worker[] = {store};

	s->store = store;
	s->crew = crew_new(worker, 1, BATCHES, batch_do);
	return s;
}

static struct batch *batch_new(void)
{
	struct batch *b = mem_alloc(sizeof *b);

	out_open_mem(&b->notes);
	return b;
}

static void batch_free(struct batch *b)
{
	out_close(&b->notes);
	free(b);
}

/* The oldest batch comes back; false: none is under way. */
static bool collect(struct scribe *s)
{
	struct batch *b = crew_collect(s->crew);

	if (!b)
		return false;
	s->failed |= b->failed != 0;
	if (b->duty == DUTY_COMMIT)
		s->cost = b->seconds;
	s->spare[s->spares++] = b;
	return true;
}

static struct batch *batch_now(struct scribe *s)
{
	if (!s->now) {
		s->now = s->spares ? s->spare[--s->spares] : batch_new();
		s->now->notes.n = 0;
		s->now->duty = DUTY_TELL;
		s->now->failed = 0;
		s->now->checkpoint[0] = '\0';
	}
	return s->now;
}

static void give(struct scribe *s)
{
	if (!s->now)
		return;
	if (crew_full(s->crew))
		(void)collect(s);
	crew_give(s->crew, s->now);
	s->now = NULL;
}

int scribe_wait(struct scribe *s)
{
	bool failed;

	give(s);
	while (collect(s))
		;
	failed = s->failed;
	s->failed = false;
	return failed ? -1 : 0;
}

void scribe_free(struct scribe *s)
{
	if (!s)
		return;
	(void)scribe_wait(s);
	crew_free(s->crew);
	while (s->spares)
		batch_free(s->spare[--s->spares]);
	free(s);
}

/* Room for a note of that size. */
static char *note_room(struct scribe *s, enum note_kind kind, size_t size)
{
	struct out *o;
	struct note note = {kind, (uint32_t)size};
	char *p;

	if (s->now && s->now->notes.n >= BATCH_BYTES)
		give(s);
	o = &batch_now(s)->notes;
	p = out_room(o, sizeof note + padded(size));
	memcpy(p, &note, sizeof note);
	out_commit(o, sizeof note + padded(size));
	return p + sizeof note;
}

void scribe_place(struct scribe *s, uint32_t place, const char *territory, uint8_t family)
{
	struct place_note note = {place, family, ""};

	snprintf(note.territory, sizeof note.territory, "%s", territory);
	memcpy(note_room(s, NOTE_PLACE, sizeof note), &note, sizeof note);
}

void scribe_samples(struct scribe *s, const struct sample *v, size_t n)
{
	memcpy(note_room(s, NOTE_SAMPLES, n * sizeof *v), v, n * sizeof *v);
}

void scribe_event(struct scribe *s, const struct event *e)
{
	size_t head = offsetof(struct event, evidence), used = e->evidences * sizeof *e->evidence,
	       prefixes = e->prefixes * sizeof *e->prefix;
	char *p = note_room(s, NOTE_EVENT, head + sizeof e->evidences + used + prefixes);

	memcpy(p, e, head);
	memcpy(p + head, &e->evidences, sizeof e->evidences);
	memcpy(p + head + sizeof e->evidences, e->evidence, used);
	if (prefixes)
		memcpy(p + head + sizeof e->evidences + used, e->prefix, prefixes);
}

void scribe_file(struct scribe *s, const struct kept_file *f)
{
	memcpy(note_room(s, NOTE_FILE, sizeof *f), f, sizeof *f);
}

void scribe_flush(struct scribe *s)
{
	batch_now(s)->duty = DUTY_FLUSH;
	give(s);
}

void scribe_commit(struct scribe *s, utime_t upto, const char *checkpoint)
{
	struct batch *b = batch_now(s);

	b->duty = DUTY_COMMIT;
	b->upto = upto;
	if (checkpoint)
		snprintf(b->checkpoint, sizeof b->checkpoint, "%s", checkpoint);
	give(s);
}

double scribe_cost(const struct scribe *s)
{
	return s->cost;
}
