/*
 * serve/http: the API of web/openapi.json and the dashboard's files, over HTTP (libmicrohttpd). In: a store,
 * read only, that others may be writing to, and facts for names. Out: answers. Every answer is made once per
 * version of the store and kept until the store grows, so that a crowd asking the same costs one question.
 * Owns its threads, its store connections (one a thread) and its kept answers between http_start and
 * http_stop.
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "keep/keep.h"

struct http_options {
	const char *store;
	const struct facts *facts;
	const char *host;   /* an address or "localhost"; loopback unless the user said otherwise */
	uint16_t port;      /* 0: any free one */
	const char *origin; /* of Access-Control-Allow-Origin; NULL: none */
	unsigned threads;
	unsigned connections; /* at most so many at once */
};
struct http;
struct http *http_start(const struct http_options *o, const char **why); /* NULL with *why */
uint16_t http_port(const struct http *h);
void http_stop(struct http *h);

#endif
