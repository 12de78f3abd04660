/*
 * input/live_ris: RIS Live over a secure WebSocket (libwebsockets). In: JSON messages of a server whose
 * certificate and name were verified. Out: parcels of MRT records, one per collector and read. A connection
 * that fails, ends or falls silent is made anew, after a pause that doubles up to five minutes, and
 * subscribes again.
 */
#include "input/loop.h"
#include "input/ris.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MAX = 300, SILENCE = 60, MESSAGE_MAX = 1024 * 1024, HOSTS = 64, FLUSH_AT = 64 * 1024 };

struct host { /* a collector's records on their way into a parcel */
	char name[RIS_HOST];
	uint32_t stream;
	struct out records;
};

struct ris {
	struct worker worker;
	const struct live_ris *o;
	char *host, *path;
	int port;
	bool tls;
	struct lws_context *context;
	lws_sorted_usec_list_t tick;
	struct lws *wsi;
	bool established, closed, resting, ping;
	size_t subscribed;
	char *message; /* of several frames */
	size_t n, cap;
	struct host hosts[HOSTS];
	size_t n_hosts;
	utime_t heard, pinged;
	unsigned pause;
	uint64_t bad, dropped;
	char why[200];
};

/* ---- messages ---- */

static struct host *host_named(struct ris *r, const char *name)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		if (strcmp(r->hosts[i].name, name) == 0)
			return &r->hosts[i];
	if (r->n_hosts == HOSTS)
		return NULL;
	snprintf(r->hosts[r->n_hosts].name, RIS_HOST, "%s", name);
	out_open_mem(&r->hosts[r->n_hosts].records);
	r->hosts[r->n_hosts].stream = live_stream(r->worker.live);
	return &r->hosts[r->n_hosts++];
}

static void host_flush(struct ris *r, struct host *h)
{
	if (h->records.n)
		live_give(r->worker.live,
		    parcel_new(PARCEL_MRT, r->o->name, h->name, h->stream, h->records.buf, h->records.n));
	h->records.n = 0;
}

static void message_take(struct ris *r, const char *p, size_t n)
{
	struct out record;
	char host[RIS_HOST];
	struct host *h;

	out_open_mem(&record);
	switch (ris_scan(p, n, live_now(), &record, host)) {
	case RIS_RECORD:
		h = host_named(r, host);
		if (!h && r->dropped++ % 1000 == 0)
			live_note(r->worker.live, r->o->name,
			    "%s is one collector more than %d: its messages are dropped (%llu so far)", host,
			    HOSTS, (unsigned long long)r->dropped);
		if (h)
			out_bytes(&h->records, record.buf, record.n);
		if (h && h->records.n > FLUSH_AT)
			host_flush(r, h);
		break;
	case RIS_ERROR:
		live_note(r->worker.live, r->o->name, "the server says: %s", host);
		break;
	case RIS_BAD:
		if (r->bad++ % 1000 == 0)
			live_note(r->worker.live, r->o->name,
			    "a message that is not as RIS Live's are (%llu so far): %.*s",
			    (unsigned long long)r->bad, (int)(n < 80 ? n : 80), p);
		break;
	case RIS_NOTHING:
		break;
	}
	out_close(&record);
}

/* A piece of a message; it is whole with the last fragment's last byte. */
static void piece_take(struct ris *r, struct lws *wsi, const char *p, size_t n)
{
	bool last = lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi);

	r->heard = live_now();
	if (last && r->n == 0) {
		message_take(r, p, n);
		return;
	}
	if (r->n + n > MESSAGE_MAX) {
		snprintf(r->why, sizeof r->why, "a message longer than a megabyte");
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
		return;
	}
	if (r->cap < r->n + n) {
		r->cap = (r->n + n) * 2;
		r->message = mem_grow(r->message, r->cap, 1);
	}
	memcpy(r->message + r->n, p, n);
	r->n += n;
	if (last) {
		message_take(r, r->message, r->n);
		r->n = 0;
	}
}

/* ---- the connection ---- */

/* The next subscription, or, where there is none left, a ping that is due. */
static int subscribe_next(struct ris *r, struct lws *wsi)
{
	char *text, *buf;
	size_t n;
	int put;

	if (r->subscribed < r->o->subscribes)
		text =
		    mem_printf("{\"type\":\"ris_subscribe\",\"data\":%s}", r->o->subscribe[r->subscribed++]);
	else if (r->ping)
		text = mem_strdup("{\"type\":\"ping\"}");
	else
		return 0;
	r->ping = false;
	n = strlen(text);
	buf = mem_alloc(LWS_PRE + n);
	memcpy(buf + LWS_PRE, text, n);
	put = lws_write(wsi, (unsigned char *)buf + LWS_PRE, n, LWS_WRITE_TEXT);
	free(buf);
	free(text);
	if (put < (int)n)
		return -1;
	if (r->subscribed < r->o->subscribes)
		lws_callback_on_writable(wsi);
	return 0;
}

static int ris_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t n)
{
	struct ris *r = lws_context_user(lws_get_context(wsi));

	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		r->established = true;
		r->heard = live_now();
		r->pause = 1;
		live_give(
		    r->worker.live, parcel_new(PARCEL_UP, r->o->name, "", 0, r->o->url, strlen(r->o->url)));
		lws_callback_on_writable(wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return subscribe_next(r, wsi);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		piece_take(r, wsi, in, n);
		if (!r->resting && live_full(r->worker.live)) {
			r->resting = true;
			lws_rx_flow_control(wsi, 0);
		}
		return 0;
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		if (!r->why[0])
			snprintf(r->why, sizeof r->why, "%.*s", in ? (int)n : 20,
			    in ? (const char *)in : "cannot connect");
		r->closed = true;
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
	case LWS_CALLBACK_CLOSED_CLIENT_HTTP: /* before it became a WebSocket */
	case LWS_CALLBACK_WSI_DESTROY:
		if (!r->why[0])
			snprintf(r->why, sizeof r->why, "closed by the server");
		r->closed = true;
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, n);
	}
}

static const struct lws_protocols protocols[] = {
    {"", ris_callback, 0, 65536, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};

static void ris_flush(struct ris *r)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		host_flush(r, &r->hosts[i]);
}

/* Why the connection must end now; NULL: it need not. */
static const char *ris_over(struct ris *r, char text[48])
{
	unsigned seconds = r->o->silence ? r->o->silence : SILENCE;

	if (r->worker.live->stop)
		return "stopped here";
	if (live_now() - r->heard <= (utime_t)seconds * UTIME_SECOND)
		return NULL;
	snprintf(text, 48, "silent for %u s", seconds);
	return text;
}

/* Who asks for little hears little: is the server there still? */
static void ris_ping(struct ris *r)
{
	utime_t third = (utime_t)(r->o->silence ? r->o->silence : SILENCE) * UTIME_SECOND / 3,
		now = live_now();

	if (!r->established || now - r->heard < third || now - r->pinged < third)
		return;
	r->ping = true;
	r->pinged = now;
	lws_callback_on_writable(r->wsi);
}

/* Until the connection is over: what came goes on, and too long a silence ends it. */
static void ris_serve(struct ris *r)
{
	struct live *l = r->worker.live;
	const char *over = NULL;
	char text[48];

	while (!r->closed) {
		lws_service(r->context, 0);
		ris_flush(r);
		if (r->resting && !r->closed && (l->stop || !live_full(l))) {
			r->resting = false;
			lws_rx_flow_control(r->wsi, 1);
		}
		if (r->resting)
			r->heard = live_now(); /* it may well be talking: it is we who do not listen */
		if (r->closed || over)
			continue;
		if (!(over = ris_over(r, text))) {
			ris_ping(r);
			continue;
		}
		if (!r->why[0])
			snprintf(r->why, sizeof r->why, "%s", over);
		lws_set_timeout(r->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
	}
}

/* Wakes lws_service so that flags are looked at four times a second. */
static void ris_tick(lws_sorted_usec_list_t *sul)
{
	struct ris *r = lws_container_of(sul, struct ris, tick);

	lws_sul_schedule(r->context, 0, &r->tick, ris_tick, 250000);
}

static void ris_connect(struct ris *r)
{
	struct lws_client_connect_info connect = {.context = r->context,
	    .address = r->host,
	    .port = r->port,
	    .path = r->path,
	    .host = r->host,
	    .origin = r->host,
	    .ssl_connection = r->tls ? LCCSCF_USE_SSL : 0, /* no leave: chain, dates and name are verified */
	    .pwsi = &r->wsi};

	r->why[0] = '\0';
	r->established = r->closed = r->resting = r->ping = false;
	r->subscribed = r->n = 0;
	r->heard = live_now();
	if (lws_client_connect_via_info(&connect))
		ris_serve(r);
	else if (!r->why[0])
		snprintf(r->why, sizeof r->why, "cannot connect");
	ris_flush(r);
}

static bool ris_begin(struct ris *r)
{
	struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
	    .protocols = protocols,
	    .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		       (r->o->ca_file ? LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS : 0),
	    .client_ssl_ca_filepath = r->o->ca_file,
	    .user = r};

	r->context = lws_create_context(&info);
	if (r->context)
		ris_tick(&r->tick);
	else
		live_note(r->worker.live, r->o->name, "libwebsockets cannot start (certificates: %s)",
		    r->o->ca_file ? r->o->ca_file : "the system's");
	return r->context;
}

static void *ris_run(void *arg)
{
	struct ris *r = arg;
	struct live *l = r->worker.live;

	if (!ris_begin(r))
		return NULL;
	do {
		ris_connect(r);
		if (l->stop)
			break;
		live_give(l, parcel_new(PARCEL_DOWN, r->o->name, "", 0, r->why, strlen(r->why)));
		r->pause = r->pause * 2 < PAUSE_MAX ? r->pause * 2 : PAUSE_MAX;
	} while (live_sleep(l, r->pause));
	lws_context_destroy(r->context);
	return NULL;
}

static void ris_drop(struct worker *w)
{
	struct ris *r = (struct ris *)w;

	for (size_t i = 0; i < r->n_hosts; i++)
		out_close(&r->hosts[i].records);
	free(r->host);
	free(r->path);
	free(r->message);
	free(r);
}

/* "wss://host[:port]/path"; plain ws:// only to this machine. */
static const char *url_cut(struct ris *r, const char *url)
{
	const char *host, *slash, *colon;

	r->tls = strncmp(url, "wss://", 6) == 0;
	if (!r->tls && strncmp(url, "ws://127.0.0.1", 14) != 0 && strncmp(url, "ws://localhost", 14) != 0)
		return "a URL that begins with wss:// is wanted";
	host = url + (r->tls ? 6 : 5);
	slash = host + strcspn(host, "/");
	colon = memchr(host, ':', (size_t)(slash - host));
	r->port = colon ? atoi(colon + 1) : r->tls ? 443 : 80;
	r->host = mem_printf("%.*s", (int)((colon ? colon : slash) - host), host);
	r->path = mem_strdup(*slash ? slash : "/");
	return r->host[0] && r->port > 0 && r->port < 65536 ? NULL
							    : "a URL without a host, or with a bad port";
}

const char *live_ris_fault(const struct live_ris *o)
{
	struct ris r = {0};
	const char *why = url_cut(&r, o->url);

	free(r.host);
	free(r.path);
	return why;
}

const char *live_add_ris(struct live *l, const struct live_ris *o)
{
	struct ris *r = mem_alloc(sizeof *r);
	const char *why;

	lws_set_log_level(0, NULL);
	r->worker = (struct worker){.run = ris_run, .drop = ris_drop};
	r->o = o;
	r->pause = 1;
	why = url_cut(r, o->url);
	if (why)
		ris_drop(&r->worker);
	else
		live_work(l, &r->worker);
	return why;
}
