/*
 * input: see input.h. The flow: stream (file, decompressed) -> buffers -> reader. Where decompressing is
 * worth a thread, buffers go round between it and the reader through two queues; else the reader's own call
 * fills the other of two. A buffer is headroom for the reader's left-over, a body, and the padding.
 */
#include "input/input.h"

#include "base/mem.h"
#include "base/queue.h"
#include "input/stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD = 256 * 1024,
	BODY = 1024 * 1024,
	BUFFERS = 8,
	RECORD_MAX = 64 * 1024 * 1024,
};

struct buffer {
	uint8_t *mem;
	size_t n;    /* bytes in the body */
	ssize_t end; /* > 0: more may come; 0: the end; -1: bad */
};

struct input {
	char *path;
	struct stream stream;
	bool opened, threaded, over;
	enum input_status pending; /* what to say once the bytes before it are delivered */
	struct buffer buffer[BUFFERS];
	struct buffer *now; /* whose body the reader holds */
	struct queue empty, full;
	pthread_t thread;
	struct block block; /* as given out last */
	uint8_t *big;       /* a record larger than a buffer is put together here */
	size_t big_cap;
	const char *error;
	uint64_t end; /* offset behind the bytes given out */
};

struct input *input_open(const char *path)
{
	struct input *in = mem_alloc(sizeof *in);

	in->path = mem_strdup(path);
	return in;
}

/* Fills a body: until it is full, the stream ends, or there is something and the rest is not there yet. */
static void buffer_fill(struct stream *s, struct buffer *b)
{
	b->n = 0;
	do {
		b->end = stream_read(s, b->mem + HEAD + b->n, BODY - b->n);
		if (b->end > 0)
			b->n += (size_t)b->end;
	} while (b->end > 0 && b->n < BODY && !stream_waits(s));
	memset(b->mem + HEAD + b->n, 0, INPUT_PAD);
}

static void *input_thread(void *arg)
{
	struct input *in = arg;
	struct buffer *b;

	while ((b = queue_pop(&in->empty))) {
		buffer_fill(&in->stream, b);
		if (!queue_push(&in->full, b) || b->end <= 0)
			break;
	}
	return NULL;
}

static void input_start(struct input *in)
{
	size_t n;

	in->opened = true;
	in->pending = INPUT_BLOCK;
	if (!stream_open(&in->stream, in->path, false)) {
		in->pending = INPUT_BAD;
		return;
	}
	n = in->stream.codec->beside ? BUFFERS : 2;
	for (size_t i = 0; i < n; i++)
		in->buffer[i].mem = mem_alloc(HEAD + BODY + INPUT_PAD);
	if (n < BUFFERS)
		return;
	queue_init(&in->empty, BUFFERS);
	queue_init(&in->full, BUFFERS);
	for (size_t i = 0; i < n; i++)
		queue_push(&in->empty, &in->buffer[i]);
	in->threaded = pthread_create(&in->thread, NULL, input_thread, in) == 0;
	if (!in->threaded) { /* no thread to be had: the reader's calls do the work */
		queue_free(&in->empty);
		queue_free(&in->full);
	}
}

void input_close(struct input *in)
{
	if (!in)
		return;
	if (in->threaded) {
		queue_close(&in->empty);
		queue_close(&in->full);
		stream_stop(&in->stream);
		pthread_join(in->thread, NULL);
		queue_free(&in->empty);
		queue_free(&in->full);
	}
	if (in->opened)
		stream_close(&in->stream);
	for (size_t i = 0; i < BUFFERS; i++)
		free(in->buffer[i].mem);
	free(in->big);
	free(in->path);
	free(in);
}

/* The left-over and the new body in one piece in in->big, which may hold the left-over already. */
static const uint8_t *input_join_big(
    struct input *in, const uint8_t *tail, size_t left, const struct buffer *b)
{
	size_t want = left + b->n + INPUT_PAD;
	bool inside = in->big && tail >= in->big && tail < in->big + in->big_cap;
	size_t at = inside ? (size_t)(tail - in->big) : 0;

	if (in->big_cap < want) {
		in->big_cap = want + want / 2;
		in->big = mem_grow(in->big, in->big_cap, 1);
	}
	memmove(in->big, inside ? in->big + at : tail, left);
	memcpy(in->big + left, b->mem + HEAD, b->n + INPUT_PAD);
	return in->big;
}

/* The next filled buffer; in->now stays as it is. */
static struct buffer *input_take(struct input *in)
{
	struct buffer *b;

	if (in->threaded)
		return queue_pop(&in->full);
	b = &in->buffer[in->now == in->buffer];
	buffer_fill(&in->stream, b);
	return b;
}

static enum input_status input_stop(struct input *in, enum input_status how, const char *error)
{
	in->pending = INPUT_END;
	in->error = error;
	return how;
}

/* The left-over of the block before and the new body, as one block. */
static void input_give(struct input *in, const struct buffer *b, size_t left)
{
	const uint8_t *tail = left ? in->block.data + (in->block.len - left) : NULL;
	uint8_t *front;

	if (left > HEAD) {
		in->block.data = input_join_big(in, tail, left, b);
	} else {
		front = b->mem + HEAD - left;
		if (left)
			memcpy(front, tail, left);
		in->block.data = front;
	}
	in->block.len = left + b->n;
	in->block.offset = in->end - left;
	in->end += b->n;
}

enum input_status input_next(struct input *in, size_t left, struct block *out)
{
	struct buffer *b;

	if (!in->opened)
		input_start(in);
	if (in->pending == INPUT_BAD)
		return input_stop(in, INPUT_BAD, in->stream.error);
	if (in->pending == INPUT_END)
		return INPUT_END;
	if (left > RECORD_MAX)
		return input_stop(in, INPUT_BAD, "a record larger than 64 MiB");
	b = input_take(in);
	if (b->end <= 0)
		in->pending = b->end < 0 ? INPUT_BAD : INPUT_END;
	if (b->n == 0) {
		/* The block before stays as it is: the reader looks at its left-over once more. */
		return in->pending == INPUT_BAD ? input_stop(in, INPUT_BAD, in->stream.error) : INPUT_END;
	}
	input_give(in, b, left);
	if (in->threaded && in->now)
		queue_push(&in->empty, in->now);
	in->now = b;
	*out = in->block;
	return INPUT_BLOCK;
}

const char *input_error(const struct input *in)
{
	return in->error;
}

uint64_t input_error_offset(const struct input *in)
{
	return in->end;
}

uint64_t input_bytes_read(const struct input *in)
{
	return in->opened ? atomic_load_explicit(&in->stream.raw_read, memory_order_relaxed) : 0;
}

const char *input_path(const struct input *in)
{
	return in->path;
}
