/*
 * serve/stream: live updates by Server-Sent Events (HTML Living Standard, 9.2). In: the store's new events.
 * Out: `event: event` with the event as JSON, `event: kept` when the store has grown. A reader that has
 * nothing to read is suspended; one that is too slow for STREAM_MAX bytes loses its backlog and is told so by
 * `event: lost`. Owns each stream's text.
 */
#include "serve/inner.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_MAX = 1 << 20, STREAM_BLOCK = 16 * 1024, STREAMS_MAX = 500 };

struct stream {
	struct stream *next;
	struct http *http;
	struct MHD_Connection *connection;
	struct out text; /* to be sent */
	size_t sent;
	bool asleep, over;
};

void streams_init(struct http *h)
{
	struct store *s;
	const char *why;
	utime_t upto;

	pthread_mutex_init(&h->stream_lock, NULL);
	s = store_open(h->options.store, STORE_READ, &why);
	if (s)
		store_progress(s, &h->told_cut, &upto);
	store_close(s);
}

static ssize_t streams_read(void *arg, uint64_t at, char *buf, size_t max)
{
	struct stream *st = arg;
	struct http *h = st->http;
	ssize_t n = 0;

	pthread_mutex_lock(&h->stream_lock);
	if (st->sent < st->text.n) {
		size_t left = st->text.n - st->sent;
		n = (ssize_t)(left < max ? left : max);
		memcpy(buf, st->text.buf + st->sent, (size_t)n);
		st->sent += (size_t)n;
		if (st->sent == st->text.n)
			st->sent = st->text.n = 0;
	} else if (st->over) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		st->asleep = true;
		MHD_suspend_connection(st->connection);
	}
	pthread_mutex_unlock(&h->stream_lock);
	return n;
}

static void stream_closed(void *arg)
{
	struct stream *st = arg;
	struct http *h = st->http;

	pthread_mutex_lock(&h->stream_lock);
	for (struct stream **at = &h->stream; *at; at = &(*at)->next)
		if (*at == st) {
			*at = st->next;
			break;
		}
	pthread_mutex_unlock(&h->stream_lock);
	h->streams--;
	out_close(&st->text);
	free(st);
}

enum MHD_Result streams_open(struct http *h, struct MHD_Connection *c)
{
	static const char hello[] = "retry: 3000\n: isthmus\n\n";
	struct MHD_Response *response;
	enum MHD_Result sent;
	struct stream *st;

	if (h->streams >= STREAMS_MAX || h->stopping) {
		response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
		sent = MHD_queue_response(c, MHD_HTTP_SERVICE_UNAVAILABLE, response);
		MHD_destroy_response(response);
		return sent;
	}
	st = mem_alloc(sizeof *st);
	st->http = h;
	st->connection = c;
	out_open_mem(&st->text);
	out_bytes(&st->text, hello, sizeof hello - 1);
	h->streams++;
	pthread_mutex_lock(&h->stream_lock);
	st->next = h->stream;
	h->stream = st;
	pthread_mutex_unlock(&h->stream_lock);
	response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, STREAM_BLOCK, streams_read, st, stream_closed);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (h->options.origin)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, h->options.origin);
	sent = MHD_queue_response(c, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return sent;
}

struct news {
	struct out text;
	const struct facts *facts;
};

static bool news_add(void *arg, const struct event *e)
{
	struct news *n = arg;
	struct json j = json_on(&n->text);

	out_str(&n->text, "event: event\ndata: ");
	api_event(&j, e, n->facts);
	out_str(&n->text, "\n\n");
	return true;
}

static void stream_give(struct stream *st, const struct out *text)
{
	static const char lost[] = "event: lost\ndata: {}\n\n";

	if (st->text.n - st->sent + text->n > STREAM_MAX) {
		st->sent = st->text.n = 0;
		out_bytes(&st->text, lost, sizeof lost - 1);
	} else {
		out_bytes(&st->text, text->buf, text->n);
	}
	if (st->asleep) {
		st->asleep = false;
		MHD_resume_connection(st->connection);
	}
}

void streams_tell(struct http *h, struct store *s)
{
	struct event_filter filter = EVENT_FILTER_ALL;
	struct news news = {.facts = h->options.facts};
	int64_t cut;
	utime_t upto;

	out_open_mem(&news.text);
	filter.after_cut = h->told_cut;
	filter.limit = 1000;
	if (h->streams && filter.after_cut)
		store_events(s, &filter, news_add, &news);
	if (store_progress(s, &cut, &upto) == 0)
		h->told_cut = cut;
	out_str(&news.text, "event: kept\ndata: {}\n\n");
	pthread_mutex_lock(&h->stream_lock);
	for (struct stream *st = h->stream; st; st = st->next)
		stream_give(st, &news.text);
	pthread_mutex_unlock(&h->stream_lock);
	out_close(&news.text);
}

void streams_end(struct http *h)
{
	pthread_mutex_lock(&h->stream_lock);
	for (struct stream *st = h->stream; st; st = st->next) {
		st->over = true;
		if (st->asleep) {
			st->asleep = false;
			MHD_resume_connection(st->connection);
		}
	}
	pthread_mutex_unlock(&h->stream_lock);
}

void streams_free(struct http *h)
{
	pthread_mutex_destroy(&h->stream_lock);
}
