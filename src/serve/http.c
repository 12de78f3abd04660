/*
 * serve/http: see http.h. Threads: libmicrohttpd's pool answers; one more watches the store's version. An
 * answer is a response of libmicrohttpd, which counts its users; the cache holds one reference until the
 * store grows.
 */
#include "serve/inner.h"

#include "base/hash.h"
#include "base/mem.h"
#include "serve/asset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_FROM = 1024, KEY_MAX = 512, TIMEOUT_SECONDS = 30, CONNECTION_MEMORY = 32 * 1024 };

/* ---- store connections: one a thread, opened when first asked ---- */

static void store_drop(void *store)
{
	store_close(store);
}

static struct store *store_here(struct http *h)
{
	struct store *s = pthread_getspecific(h->store_key);
	const char *why;

	if (!s && (s = store_open(h->options.store, STORE_READ, &why)) != NULL)
		pthread_setspecific(h->store_key, s);
	return s;
}

/* ---- answers ---- */

static struct MHD_Response *response_of(const void *bytes, size_t n, const char *type, bool gzip)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(n, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (gzip)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return response;
}

static bool gzip_pack(const struct out *in, struct out *packed)
{
	z_stream z = {0};
	bool done;

	if (in->n < GZIP_FROM || deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	z.next_in = (Bytef *)in->buf;
	z.avail_in = (uInt)in->n;
	z.next_out = (Bytef *)out_room(packed, deflateBound(&z, in->n));
	z.avail_out = (uInt)(packed->cap - packed->n);
	done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	out_commit(packed, z.total_out);
	deflateEnd(&z);
	return done;
}

static void etag_of(char etag[ETAG_TEXT], const struct out *body, const char *kind)
{
	/* not the keyed hash: an ETag outlives the process */
	snprintf(etag, ETAG_TEXT, "\"%08lx%zx%s\"",
	    crc32(crc32(0, NULL, 0), (const Bytef *)body->buf, (uInt)body->n), body->n, kind);
}

static void reply_finish(struct http *h, struct reply *r, bool gzip, struct made *made)
{
	struct out packed;
	bool small;

	if (r->status != MHD_HTTP_OK)
		api_print_problem(r);
	out_open_mem(&packed);
	small = gzip && gzip_pack(&r->body, &packed);
	made->status = r->status;
	made->response = small ? response_of(packed.buf, packed.n, r->type, true)
			       : response_of(r->body.buf, r->body.n, r->type, false);
	etag_of(made->etag, &r->body, small ? "z" : "");
	if (r->status == MHD_HTTP_OK)
		MHD_add_response_header(made->response, MHD_HTTP_HEADER_ETAG, made->etag);
	MHD_add_response_header(made->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	if (h->options.origin)
		MHD_add_response_header(
		    made->response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, h->options.origin);
	out_close(&packed);
}

/* ---- questions ---- */

struct texts {
	struct question *q;
	struct reply *r;
};

static enum MHD_Result take_param(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct texts *t = arg;
	enum param p = api_param(key);

	if (p == PARAMS)
		api_problem(t->r, 400, "no parameter \"%.60s\"; /api/v1/openapi.json lists them", key);
	else if (t->q->text[p])
		api_problem(t->r, 400, "%.60s is given twice", key);
	else
		t->q->text[p] = value ? value : "";
	return t->r->status == MHD_HTTP_OK ? MHD_YES : MHD_NO;
}

static bool wants_csv(struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept && strncasecmp(accept, "text/csv", 8) == 0;
}

static void answer_api(struct http *h, struct MHD_Connection *c, const char *path, struct reply *r)
{
	struct question q = {.facts = h->options.facts, .store = store_here(h)};
	struct texts texts = {&q, r};
	const struct route *route = api_route(path, &q.rest);

	if (!route) {
		api_problem(r, 404, "no such question; /api/v1/openapi.json lists them");
		return;
	}
	if (!q.store) {
		api_problem(r, 500, "the store cannot be opened now");
		return;
	}
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_param, &texts);
	if (r->status != MHD_HTTP_OK || !api_read(&q, route, r))
		return;
	q.csv = q.csv || (route->rows && !q.text[PARAM_FORMAT] && wants_csv(c));
	route->answer(&q, r);
	if (q.csv && r->status == MHD_HTTP_OK && strncmp(r->type, "text/csv", 8) != 0)
		api_csv(r, route->rows);
}

/* ---- the cache: answers of this version of the store, by question ---- */

static bool accepts_gzip(struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);

	return accept && strstr(accept, "gzip");
}

struct key {
	char text[KEY_MAX];
	size_t n;
};

static enum MHD_Result key_add(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct key *k = arg;
	int n = snprintf(k->text + k->n, KEY_MAX - k->n, "\n%s=%s", name, value ? value : "");

	k->n = n < 0 || (size_t)n >= KEY_MAX - k->n ? KEY_MAX : k->n + (size_t)n;
	return k->n < KEY_MAX ? MHD_YES : MHD_NO;
}

/* What tells two questions apart; false: too long to be kept. */
static bool key_of(struct key *k, struct MHD_Connection *c, const char *path)
{
	k->n = (size_t)snprintf(
	    k->text, KEY_MAX, "%c%c%s", accepts_gzip(c) ? 'z' : '-', wants_csv(c) ? 'c' : '-', path);
	if (k->n < KEY_MAX)
		MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, key_add, k);
	return k->n < KEY_MAX;
}

static void cache_clear(struct cache *cache)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		if (cache->slot[i].made.response)
			MHD_destroy_response(cache->slot[i].made.response);
		free(cache->slot[i].key);
		cache->slot[i] = (struct cached){0};
	}
}

static bool cache_send(struct http *h, struct MHD_Connection *c, const struct key *k, enum MHD_Result *sent)
{
	struct cached *slot = &h->cache.slot[hash_bytes(k->text, k->n) % CACHE_SLOTS];
	bool hit;

	pthread_mutex_lock(&h->cache.lock);
	hit = slot->key && slot->n == k->n && memcmp(slot->key, k->text, k->n) == 0;
	if (hit)
		*sent = http_send(h, c, &slot->made);
	pthread_mutex_unlock(&h->cache.lock);
	return hit;
}

static void cache_keep(struct http *h, const struct key *k, const struct made *made, int64_t version)
{
	struct cached *slot = &h->cache.slot[hash_bytes(k->text, k->n) % CACHE_SLOTS], was = {0};

	pthread_mutex_lock(&h->cache.lock);
	if (version == h->version) {
		was = *slot;
		*slot = (struct cached){.key = mem_alloc(k->n), .n = k->n, .made = *made};
		memcpy(slot->key, k->text, k->n);
	} else {
		was.made = *made;
	}
	pthread_mutex_unlock(&h->cache.lock);
	free(was.key);
	if (was.made.response)
		MHD_destroy_response(was.made.response);
}

/* ---- requests ---- */

enum MHD_Result http_send(struct http *h, struct MHD_Connection *c, const struct made *made)
{
	const char *known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct MHD_Response *unchanged;
	enum MHD_Result sent;

	h->answered++;
	if (made->status != MHD_HTTP_OK || !known || !strstr(known, made->etag))
		return MHD_queue_response(c, made->status, made->response);
	unchanged = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(unchanged, MHD_HTTP_HEADER_ETAG, made->etag);
	sent = MHD_queue_response(c, MHD_HTTP_NOT_MODIFIED, unchanged);
	MHD_destroy_response(unchanged);
	return sent;
}

static enum MHD_Result send_reply(struct http *h, struct MHD_Connection *c, struct reply *r)
{
	struct made made;
	enum MHD_Result sent;

	reply_finish(h, r, accepts_gzip(c), &made);
	sent = http_send(h, c, &made);
	MHD_destroy_response(made.response);
	out_close(&r->body);
	return sent;
}

static enum MHD_Result on_api(struct http *h, struct MHD_Connection *c, const char *path)
{
	struct reply r = {.status = MHD_HTTP_OK, .type = "application/json"};
	int64_t version = h->version;
	struct made made;
	enum MHD_Result sent;
	struct key key;
	bool keep = key_of(&key, c, path);

	if (keep && cache_send(h, c, &key, &sent))
		return sent;
	out_open_mem(&r.body);
	answer_api(h, c, path, &r);
	if (!keep || r.status != MHD_HTTP_OK)
		return send_reply(h, c, &r);
	reply_finish(h, &r, accepts_gzip(c), &made);
	sent = http_send(h, c, &made);
	cache_keep(h, &key, &made, version);
	out_close(&r.body);
	return sent;
}

static enum MHD_Result on_asset(struct http *h, struct MHD_Connection *c, const char *path)
{
	struct made made = {.status = MHD_HTTP_OK};
	enum MHD_Result sent;

	for (size_t i = 0; i < asset_count; i++) {
		bool gzip = assets[i].gzip && accepts_gzip(c);
		if (strcmp(assets[i].path, path) != 0)
			continue;
		made.response = response_of(gzip ? assets[i].gzip : assets[i].bytes,
		    gzip ? assets[i].gzip_n : assets[i].n, assets[i].type, gzip);
		snprintf(made.etag, sizeof made.etag, "%s", assets[i].etag);
		MHD_add_response_header(made.response, MHD_HTTP_HEADER_ETAG, made.etag);
		/* a name under assets/ holds the hash of its content; the page itself is asked for each time
		 */
		MHD_add_response_header(made.response, MHD_HTTP_HEADER_CACHE_CONTROL,
		    strncmp(path, "assets/", 7) == 0 ? "public, max-age=31536000, immutable" : "no-cache");
		sent = http_send(h, c, &made);
		MHD_destroy_response(made.response);
		return sent;
	}
	struct reply r = {.status = MHD_HTTP_OK};
	out_open_mem(&r.body);
	if (strcmp(path, "index.html") == 0)
		api_problem(&r, MHD_HTTP_NOT_FOUND,
		    "this isthmus was built without the dashboard (npm was missing); the API is at /api/v1/");
	else
		api_problem(&r, MHD_HTTP_NOT_FOUND, "no such page");
	return send_reply(h, c, &r);
}

static enum MHD_Result on_text(
    struct http *h, struct MHD_Connection *c, void (*print)(struct http *, struct reply *))
{
	struct reply r = {.status = MHD_HTTP_OK, .type = "text/plain; charset=utf-8; version=0.0.4"};

	out_open_mem(&r.body);
	print(h, &r);
	return send_reply(h, c, &r);
}

static void print_health(struct http *h, struct reply *r)
{
	if (store_here(h))
		out_str(&r->body, "ok\n");
	else
		api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the store cannot be opened now");
}

static void metric(struct out *o, const char *name, const char *type, const char *help, uint64_t v)
{
	out_printf(o, "# HELP isthmus_%s %s\n# TYPE isthmus_%s %s\nisthmus_%s %llu\n", name, help, name, type,
	    name, (unsigned long long)v);
}

static void print_metrics(struct http *h, struct reply *r)
{
	struct store *s = store_here(h);
	struct store_info info;

	metric(&r->body, "http_answers_total", "counter", "requests answered", h->answered);
	metric(&r->body, "http_streams", "gauge", "open event streams", h->streams);
	if (!s || store_info(s, &info))
		return;
	metric(&r->body, "store_version", "gauge", "goes up with every commit", (uint64_t)info.version);
	metric(&r->body, "store_bytes", "gauge", "size of the store on disk", info.bytes);
	metric(&r->body, "store_files_total", "counter", "archive files kept", info.files);
	metric(&r->body, "store_records_total", "counter", "MRT records read", info.records);
	metric(&r->body, "store_bad_records_total", "counter", "records skipped", info.bad);
	metric(&r->body, "store_events_total", "counter", "events kept", info.events);
	metric(&r->body, "store_upto_seconds", "gauge", "how far the kept data has come, seconds since 1970",
	    info.upto == UTIME_NONE ? 0 : (uint64_t)(info.upto / UTIME_SECOND));
}

static enum MHD_Result on_other_method(struct http *h, struct MHD_Connection *c, const char *method)
{
	struct reply r = {.status = MHD_HTTP_OK};

	out_open_mem(&r.body);
	api_problem(&r, MHD_HTTP_METHOD_NOT_ALLOWED,
	    "%.20s is not taken here: nothing can be changed through this server", method);
	return send_reply(h, c, &r);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *body, size_t *body_n, void **seen)
{
	static const char api[] = "/api/v1/";
	static int again;
	struct http *h = arg;

	if (!*seen) { /* libmicrohttpd asks once after the headers, and again after the body */
		*seen = &again;
		return MHD_YES;
	}
	if (*body_n) {
		*body_n = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return on_other_method(h, c, method);
	if (strcmp(url, "/api/v1/stream") == 0)
		return streams_open(h, c);
	if (strcmp(url, "/api/v1/openapi.json") == 0)
		return on_asset(h, c, "openapi.json");
	if (strncmp(url, api, sizeof api - 1) == 0)
		return on_api(h, c, url + sizeof api - 1);
	if (strcmp(url, "/healthz") == 0)
		return on_text(h, c, print_health);
	if (strcmp(url, "/metrics") == 0)
		return on_text(h, c, print_metrics);
	return on_asset(h, c, strcmp(url, "/") == 0 ? "index.html" : url + 1);
}

/* ---- the watcher: sees the store grow, drops old answers, wakes the streams ---- */

static void *watch_store(void *arg)
{
	static const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
	struct http *h = arg;

	while (!h->stopping) {
		struct store *s = store_here(h);
		int64_t version = s ? store_version(s) : -1;
		if (version >= 0 && version != h->version) {
			pthread_mutex_lock(&h->cache.lock);
			h->version = version;
			cache_clear(&h->cache);
			pthread_mutex_unlock(&h->cache.lock);
			streams_tell(h, s);
		}
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* ---- start and stop ---- */

static bool address_of(const struct http_options *o, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *host = strcmp(o->host, "localhost") == 0 ? "127.0.0.1" : o->host;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(o->port);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(o->port);
	return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
}

static void *log_nothing(void *arg, const char *uri, struct MHD_Connection *c)
{
	return NULL;
}

static bool daemon_start(struct http *h, const char **why)
{
	struct sockaddr_storage address;
	const union MHD_DaemonInfo *bound;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;

	if (!address_of(&h->options, &address)) {
		*why = "not an address to listen at: give 127.0.0.1:8080, or [::1]:8080";
		return false;
	}
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	h->daemon = MHD_start_daemon(flags, h->options.port, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
	    &address, MHD_OPTION_THREAD_POOL_SIZE, h->options.threads, MHD_OPTION_CONNECTION_LIMIT,
	    h->options.connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK,
	    log_nothing, NULL, MHD_OPTION_END);
	if (!h->daemon) {
		*why = strerror(errno);
		return false;
	}
	bound = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	h->port = bound ? bound->port : h->options.port;
	return true;
}

struct http *http_start(const struct http_options *o, const char **why)
{
	struct http *h = mem_alloc(sizeof *h);
	struct store *s = store_open(o->store, STORE_READ, why);

	h->options = *o;
	if (!s) {
		free(h);
		return NULL;
	}
	h->version = store_version(s);
	store_close(s);
	pthread_key_create(&h->store_key, store_drop);
	pthread_mutex_init(&h->cache.lock, NULL);
	streams_init(h);
	if (!daemon_start(h, why)) {
		http_stop(h);
		return NULL;
	}
	pthread_create(&h->watcher, NULL, watch_store, h);
	h->watching = true;
	return h;
}

uint16_t http_port(const struct http *h)
{
	return h->port;
}

void http_stop(struct http *h)
{
	h->stopping = true;
	if (h->watching)
		pthread_join(h->watcher, NULL);
	streams_end(h);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	streams_free(h);
	cache_clear(&h->cache);
	pthread_mutex_destroy(&h->cache.lock);
	pthread_key_delete(h->store_key);
	free(h);
}
