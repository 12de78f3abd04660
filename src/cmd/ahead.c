/* cmd/ahead: see ahead.h. */
#include "cmd/ahead.h"

#include "base/mem.h"
#include "base/queue.h"

#include <stdlib.h>

enum { CHUNKS = 16, STEPS = CUT_UPDATES / AHEAD };

struct chunk_step { /* as struct ahead_step */
	size_t first, n;
	struct fault_count faults;
	uint64_t records;
	const char *error;
	uint64_t error_offset;
	bool ended;
};

struct chunk {
	struct update update[CUT_UPDATES];
	size_t n;
	struct cut *cut;
	struct chunk_step step[STEPS];
	size_t steps;
	bool lent; /* some of its updates need the block */
};

struct ahead {
	/* the thread's */
	struct input *in;
	struct block block;
	struct cur cur;
	struct mrt mrt;
	struct cutter *cutter;
	bool ended;
	const char *error; /* not told yet */
	struct chunk *spare[CHUNKS];
	size_t spares, lent; /* lent: chunks given out that need the block */
	/* between both */
	struct queue empty, full;
	pthread_t thread;
	struct chunk chunk[CHUNKS];
	/* the caller's */
	struct chunk *now;
	size_t at;
};

/* ---- the thread ---- */
/* A chunk that came back; false: there is an end to it. */
static bool chunk_back(struct ahead *a)
{
	struct chunk *c = queue_pop(&a->empty);

	if (!c)
		return false;
	a->lent -= c->lent;
	c->lent = false;
	a->spare[a->spares++] = c;
	return true;
}

static struct chunk *chunk_take(struct ahead *a)
{
	struct chunk *c;

	if (a->spares == 0 && !chunk_back(a))
		return NULL;
	c = a->spare[--a->spares];
	c->n = c->steps = 0;
	cut_clear(c->cut);
	return c;
}

static bool chunk_give(struct ahead *a, struct chunk *c)
{
	a->lent += c->lent;
	return queue_push(&a->full, c);
}

/* The next updates of the block into the chunk, as one step; false: there are none left. */
static bool step_read(struct ahead *a, struct chunk *c)
{
	struct chunk_step *step = &c->step[c->steps];
	enum mrt_status got = MRT_UPDATE;
	size_t first = c->n;

	while (c->n < first + AHEAD && got == MRT_UPDATE) {
		uint64_t offset = a->block.offset + (uint64_t)(a->cur.p - a->block.data);
		struct update *u = &c->update[c->n];
		got = mrt_next(&a->mrt, &a->cur, offset, a->ended, u);
		if (got != MRT_UPDATE)
			break;
		c->n++;
		if (!cut_add(a->cutter, c->cut, u))
			c->lent = true;
	}
	*step = (struct chunk_step){.first = first,
	    .n = c->n - first,
	    .faults = a->mrt.faults,
	    .records = a->mrt.n_records,
	    .error = a->error,
	    .error_offset = a->error ? input_error_offset(a->in) : 0,
	    .ended = a->ended};
	a->error = NULL;
	c->steps++;
	return c->n > first;
}

/* The next block, or the end; false: nobody waits for it any more. */
static bool block_next(struct ahead *a)
{
	enum input_status got;

	while (a->lent > 0)
		if (!chunk_back(a))
			return false;
	cutter_forget(a->cutter);
	got = input_next(a->in, cur_left(&a->cur), &a->block);
	if (got == INPUT_BLOCK) {
		a->cur = cur_of(a->block.data, a->block.len);
		return true;
	}
	a->error = got == INPUT_BAD ? input_error(a->in) : NULL;
	a->ended = true;
	return true;
}

static void *ahead_run(void *arg)
{
	struct ahead *a = arg;
	struct chunk *c = chunk_take(a);

	while (c) {
		bool more = step_read(a, c), over = !more && a->ended;
		if (more && c->steps < STEPS)
			continue;
		if (!chunk_give(a, c) || over || (!more && !block_next(a)))
			break;
		c = chunk_take(a);
	}
	return NULL;
}

/* ---- the caller ---- */
struct ahead *ahead_start(struct input *in, const struct block *b, const struct table *t, utime_t until)
{
	struct cutter *cutter = cutter_new(t, until);
	struct ahead *a;

	if (!cutter)
		return NULL;
	a = mem_alloc(sizeof *a);
	a->in = in;
	a->block = *b;
	a->cur = cur_of(b->data, b->len);
	a->cutter = cutter;
	queue_init(&a->empty, CHUNKS);
	queue_init(&a->full, CHUNKS);
	for (size_t i = 0; i < CHUNKS; i++) {
		a->chunk[i].cut = cut_new();
		a->spare[a->spares++] = &a->chunk[i];
	}
	if (pthread_create(&a->thread, NULL, ahead_run, a) == 0)
		return a;
	a->in = NULL; /* no thread to be joined */
	ahead_stop(a);
	return NULL;
}

void ahead_next(struct ahead *a, struct ahead_step *step)
{
	const struct chunk_step *s;

	if (a->now && a->at == a->now->steps) {
		queue_push(&a->empty, a->now);
		a->now = NULL;
	}
	if (!a->now) {
		a->now = queue_pop(&a->full);
		a->at = 0;
	}
	s = &a->now->step[a->at++];
	*step = (struct ahead_step){.update = a->now->update + s->first,
	    .n = s->n,
	    .cut = a->now->cut,
	    .first = s->first,
	    .faults = &s->faults,
	    .records = s->records,
	    .error = s->error,
	    .error_offset = s->error_offset,
	    .ended = s->ended};
}

void ahead_stop(struct ahead *a)
{
	if (!a)
		return;
	queue_close(&a->empty);
	queue_close(&a->full);
	if (a->in)
		pthread_join(a->thread, NULL);
	for (size_t i = 0; i < CHUNKS; i++)
		cut_free(a->chunk[i].cut);
	queue_free(&a->empty);
	queue_free(&a->full);
	cutter_free(a->cutter);
	free(a);
}
