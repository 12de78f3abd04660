/* serve/inner: what http.c and stream.c share. Private to them. */
#ifndef SERVE_INNER_H
#define SERVE_INNER_H

#include "serve/api.h"
#include "serve/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { ETAG_TEXT = 48, CACHE_SLOTS = 4096 };

struct made { /* an answer, ready to send to anyone */
	struct MHD_Response *response;
	unsigned status;
	char etag[ETAG_TEXT];
};
struct cached {
	char *key;
	size_t n;
	struct made made;
};
struct cache {
	pthread_mutex_t lock;
	struct cached slot[CACHE_SLOTS];
};

struct stream;
struct http {
	struct http_options options;
	struct MHD_Daemon *daemon;
	uint16_t port;
	pthread_key_t store_key; /* each thread's struct store */
	_Atomic int64_t version; /* of the store, as the cache holds it */
	struct cache cache;
	pthread_t watcher;
	bool watching;
	_Atomic bool stopping;
	_Atomic uint64_t answered;
	/* streams */
	pthread_mutex_t stream_lock;
	struct stream *stream;
	_Atomic unsigned streams;
	int64_t told_cut; /* events of cuts up to here were sent */
};

enum MHD_Result http_send(struct http *h, struct MHD_Connection *c, const struct made *made);

void streams_init(struct http *h);
enum MHD_Result streams_open(struct http *h, struct MHD_Connection *c);
void streams_tell(struct http *h, struct store *s); /* the store has grown */
void streams_end(struct http *h);                   /* lets every stream run out */
void streams_free(struct http *h);

#endif
