/*
 * cmd/watch: `isthmus watch --config F`. The flow, all in this thread: parcels of the live sources
 * (input/live) -> feed -> table -> changes -> detect -> events -> the store (committed at once) and the
 * alerts' spool. Time is the data's where it is old (a followed folder of long ago), else the clock's. HUP
 * reads the configuration again, TERM and INT end in order.
 */
#include "cmd/watch.h"
#include "cmd/verb.h"

#include "base/mem.h"
#include "keep/keep.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { POLL_MS = 100, LINE = 700 };
#define OLD         (2 * 3600 * UTIME_SECOND) /* data older than this is a replay: the clock stays out of it */
#define COMMIT_EACH (60 * UTIME_SECOND)
#define SAY_EACH    (300 * UTIME_SECOND)

static volatile sig_atomic_t want_stop, want_reload;

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		want_reload = 1;
	else
		want_stop = 1;
}

/* sd_notify(3): a datagram to the socket that systemd names; nothing where it does not. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof to.sun_path || (*path != '/' && *path != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		warn_line("isthmus watch: systemd does not listen");
	close(fd);
}

static void say_line(const char *line)
{
	warn_line("%s", line);
}

static void say_note(void *arg, const char *line)
{
	warn_line("%s", line);
}

/* ---- events ---- */

static void on_event(void *arg, const struct event *told)
{
	struct watch *w = arg;
	struct event e = *told; /* its prefixes stay detect's */

	e.id += w->id_base;
	e.episode += w->id_base;
	if (w->store) {
		store_event(w->store, &e);
		w->dirty = true;
	}
	if (w->alerts)
		alerts_tell(w->alerts, &e);
}

static void on_sample(void *arg, const struct sample *s)
{
	struct watch *w = arg;

	store_sample(w->store, s);
	w->dirty = true;
	if (s->time > w->upto)
		w->upto = s->time;
}

/* What is kept reaches to the last update, or to a later sample: what one tells of must lie within. */
static void commit(struct watch *w)
{
	struct store_cut cut = {.live = true, .final = true};

	if (!w->store || !w->dirty || w->data == UTIME_NONE)
		return;
	if (w->data > w->upto)
		w->upto = w->data;
	cut.upto = w->upto;
	if (store_commit(w->store, &cut) < 0)
		warn_line("isthmus watch: store: %s; what changed since the last commit is not kept",
		    store_error(w->store));
	w->dirty = false;
	w->committed = watch_wall();
}

/* ---- time ---- */

static void deliver(struct watch *w)
{
	if (w->batch.n)
		detect_changes(w->detect, w->batch.v, w->batch.n);
	w->batch.n = 0;
}

static void tick(struct watch *w, utime_t now)
{
	utime_t second = now - now % UTIME_SECOND;

	if (w->clock != UTIME_NONE && second <= w->clock)
		return;
	table_tick(w->table, second, &w->batch);
	deliver(w);
	detect_tick(w->detect, second);
	w->clock = second;
}

/* Before an update of this time is applied. */
static void on_second(void *arg, utime_t time)
{
	struct watch *w = arg;

	if (w->data == UTIME_NONE || time > w->data)
		w->data = time;
	tick(w, time);
}

/* ---- the store ---- */

static bool know_carrier(void *arg, const struct carrier *c)
{
	struct watch *w = arg;

	detect_known_upstream(w->detect, c->territory, c->family, c->upstream, c->first,
	    c->last == UTIME_NONE ? watch_wall() : c->last);
	return true;
}

static bool open_store(struct watch *w)
{
	const char *why;
	int64_t cut;

	if (!w->config.store || w->store)
		return true;
	w->store = store_open(w->config.store, STORE_WRITE_NOW, &why);
	if (!w->store)
		warn_line("isthmus watch: store %s: %s", w->config.store, why);
	else if (store_progress(w->store, &cut, &w->upto) < 0)
		warn_line("isthmus watch: store %s: %s", w->config.store, store_error(w->store));
	return w->store;
}

/* A new watcher over the table as it stands. */
static void open_detect(struct watch *w)
{
	struct detect_options o = w->config.detect;

	o.who = w->who;
	o.whos = w->config.whos;
	o.ready = w->detect != NULL;
	if (w->detect)
		detect_free(w->detect);
	w->detect = detect_new(w->table, w->facts, &o, on_event, w);
	if (w->store) {
		detect_on_sample(w->detect, on_sample, w);
		store_carriers(w->store, NULL, know_carrier, w);
		w->id_base = store_last_event(w->store);
	}
}

/* ---- the configuration in force ---- */

static struct facts *load_facts(const struct watch_config *c)
{
	const char *const *notes;
	struct facts *f = facts_load(&(struct facts_options){
	    .registry = c->registry, .registries = c->registries, .territories = c->territories});
	size_t n = facts_notes(f, &notes);

	for (size_t i = 0; i < n; i++)
		warn_line("%s", notes[i]);
	return f;
}

static const struct territory **find_who(const struct watch_config *c, const struct facts *f)
{
	const struct territory **who = mem_array(c->whos + 1, sizeof *who);

	for (size_t i = 0; i < c->whos; i++) {
		const char *why = "unknown";
		who[i] = territory_find(f, c->who[i], &why);
		if (!who[i]) {
			warn_line("%s: who = %s: %s", c->path, c->who[i], why);
			free(who);
			return NULL;
		}
	}
	return who;
}

static bool open_alerts(struct watch *w)
{
	const char *why;

	if (!w->config.routes)
		return true;
	w->alerts =
	    alerts_new(w->config.spool, w->config.route, w->config.routes, w->facts, say_note, NULL, &why);
	if (!w->alerts)
		warn_line("%s: spool = %s: %s", w->config.path, w->config.spool, why);
	return w->alerts;
}

static void begin_hearing(struct watch *w)
{
	free(w->heard);
	w->heard = mem_array(w->config.sources + 1, sizeof *w->heard);
	for (size_t i = 0; i < w->config.sources; i++)
		w->heard[i].last = watch_wall();
}

/* Sources that are described as before go on: the configuration that they point into is kept. */
static bool take_sources(struct watch *w, struct watch_config *fresh)
{
	struct watch_config old = w->config;
	bool same = w->live && old.sources_digest == fresh->sources_digest && old.sources == fresh->sources;

	w->config = *fresh;
	w->kept = mem_grow(w->kept, w->n_kept + 1, sizeof *w->kept);
	w->kept[w->n_kept++] = old;
	if (same) {
		w->config.source = old.source;
		return true;
	}
	live_free(w->live);
	feed_restart(w->feed, &w->batch, watch_wall());
	feed_config(w->feed, &w->config);
	begin_hearing(w);
	if (!watch_open_sources(w))
		return false;
	live_start(w->live);
	return true;
}

/* Puts a configuration that was read well in force. */
static bool take_config(struct watch *w, struct watch_config *fresh)
{
	struct facts *facts = load_facts(fresh), *old = w->facts;
	const struct territory **who = find_who(fresh, facts);
	bool good;

	if (!who) {
		facts_free(facts);
		return false;
	}
	alerts_free(w->alerts);
	w->alerts = NULL;
	deliver(w);
	commit(w);
	free(w->who);
	w->who = who;
	w->facts = facts;
	good = take_sources(w, fresh);
	feed_config(w->feed, &w->config);
	good &= open_store(w);
	open_detect(w);
	facts_free(old);
	return open_alerts(w) && good;
}

static void reload(struct watch *w)
{
	struct watch_config fresh;
	char *path = mem_strdup(w->config.path);

	want_reload = 0;
	notify("RELOADING=1");
	if (!watch_config_read(&fresh, path, say_line)) {
		warn_line("isthmus watch: the configuration before stays in force");
		watch_config_free(&fresh);
	} else if (!take_config(w, &fresh)) {
		warn_line("isthmus watch: not every part of the new configuration works");
	}
	notify("READY=1");
	free(path);
}

/* ---- the loop ---- */

static void tell_parcel(const struct parcel *p)
{
	static const char *const word[] = {
	    [PARCEL_UP] = "connected", [PARCEL_DOWN] = "ended", [PARCEL_NOTE] = "note"};

	if (p->kind != PARCEL_MRT && p->kind != PARCEL_BMP)
		warn_line("%s: %s%s%s: %.*s", p->source, p->collector, *p->collector ? " " : "",
		    word[p->kind], (int)p->n, (const char *)p->data);
}

static void say_state(struct watch *w)
{
	const struct feed_count *c = feed_count(w->feed);
	char line[LINE];

	snprintf(line, sizeof line,
	    "STATUS=%llu updates in %.1f MB, %zu peers, %llu faults, %zu alerts wait, nothing "
	    "dropped\nWATCHDOG=1",
	    (unsigned long long)c->updates, (double)c->bytes / 1e6, peer_count(w->table),
	    (unsigned long long)c->faults, w->alerts ? alerts_waiting(w->alerts) : 0);
	notify(line);
}

static void step(struct watch *w)
{
	struct parcel *p = live_next(w->live, POLL_MS);
	utime_t now = watch_wall();

	if (p) {
		tell_parcel(p);
		watch_hear(w, p);
		feed_parcel(w->feed, p, &w->batch, on_second, w);
		free(p);
	}
	if (!p || w->batch.n > 4096)
		deliver(w);
	if (!p && (w->data == UTIME_NONE || now - w->data < OLD))
		tick(w, now);
	if (w->alerts)
		alerts_tick(w->alerts);
	if (w->dirty && now - w->committed > (p ? COMMIT_EACH : UTIME_SECOND))
		commit(w);
	watch_look_for_silence(w);
	if (now - w->said > 10 * UTIME_SECOND) {
		say_state(w);
		w->said = now;
	}
}

/*
 * The end: what had come is worked on, and the second under way is closed, for its shares are told only then
 * (an event of it may have been told already).
 */
static void finish(struct watch *w)
{
	utime_t last;

	for (unsigned i = 0; i < LIVE_PARCELS; i++) {
		struct parcel *p = live_next(w->live, 0);
		if (!p)
			break;
		feed_parcel(w->feed, p, &w->batch, on_second, w);
		free(p);
	}
	deliver(w);
	last = w->data > w->clock ? w->data : w->clock;
	if (last != UTIME_NONE)
		tick(w, last + UTIME_SECOND);
	commit(w);
}

static void run(struct watch *w)
{
	live_start(w->live);
	notify("READY=1");
	warn_line("isthmus watch: %zu sources, %zu alert routes", w->config.sources, w->config.routes);
	while (!want_stop) {
		if (want_reload)
			reload(w);
		step(w);
	}
	notify("STOPPING=1");
	finish(w);
}

static void close_all(struct watch *w)
{
	live_free(w->live);
	feed_free(w->feed);
	if (w->detect)
		detect_free(w->detect);
	alerts_free(w->alerts);
	if (w->store)
		store_close(w->store);
	if (w->table)
		table_free(w->table);
	facts_free(w->facts);
	free(w->who);
	free(w->heard);
	free(w->batch.v);
	watch_config_free(&w->config);
	for (size_t i = 0; i < w->n_kept; i++)
		watch_config_free(&w->kept[i]);
	free(w->kept);
}

static void test_event(struct event *e)
{
	*e = (struct event){.id = 1,
	    .episode = 1,
	    .kind = EVENT_UPSTREAM_NEW,
	    .scope = SCOPE_TERRITORY,
	    .family = 4,
	    .first_seen = watch_wall(),
	    .confirmed = watch_wall(),
	    .end = UTIME_NONE,
	    .before = 0,
	    .after = 0,
	    .severity = SEVERITY_CRITICAL};
	snprintf(e->why, sizeof e->why, "This is a test of the alert routes: nothing happened");
}

/* One message by every route, whatever territory or severity it is for. */
static int test_alerts(struct watch *w)
{
	struct event e;
	bool all;

	for (size_t i = 0; i < w->config.routes; i++) {
		w->config.route[i].territories = 0;
		w->config.route[i].group = 0;
	}
	if (!w->config.routes || !open_alerts(w)) {
		warn_line("%s: no alert route works", w->config.path);
		return EXIT_BAD_INPUT;
	}
	test_event(&e);
	alerts_tell(w->alerts, &e);
	all = alerts_wait(w->alerts, 30);
	if (all)
		puts("every alert route took the test message");
	else
		warn_line("%zu messages were not delivered; they stay in %s", alerts_waiting(w->alerts),
		    w->config.spool);
	return all ? EXIT_ANSWERED : EXIT_BAD_INPUT;
}

static bool begin(struct watch *w)
{
	struct table_options o = {0};

	w->facts = load_facts(&w->config);
	w->who = find_who(&w->config, w->facts);
	if (!w->who)
		return false;
	o.drop_asns = facts_route_servers(w->facts, &o.drop_asn);
	w->table = table_new(&o);
	w->feed = feed_new(w->table, &w->config);
	w->clock = w->data = w->upto = UTIME_NONE;
	w->said = w->committed = watch_wall();
	begin_hearing(w);
	if (!open_store(w))
		return false;
	open_detect(w);
	return open_alerts(w) && watch_open_sources(w);
}

static int check_only(struct watch *w)
{
	bool good;

	w->facts = load_facts(&w->config);
	w->who = find_who(&w->config, w->facts);
	good = w->who;
	if (good)
		printf("%s: good: %zu sources, %zu alert routes, %zu territories\n", w->config.path,
		    w->config.sources, w->config.routes, w->config.whos);
	return good ? EXIT_ANSWERED : EXIT_BAD_INPUT;
}

static int watch_run(const struct args *a)
{
	struct watch w = {0};
	const char *path = args_get(a, "config");
	struct sigaction act = {.sa_handler = on_signal};
	int status = EXIT_BAD_INPUT;

	if (!path || a->operands)
		return usage(a, "--config FILE is wanted, and nothing else");
	if (watch_config_read(&w.config, path, say_line)) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGHUP, &act, NULL);
		if (args_has(a, "check")) {
			status = check_only(&w);
		} else if (args_has(a, "test-alert")) {
			w.facts = load_facts(&w.config);
			status = test_alerts(&w);
		} else if (begin(&w)) {
			run(&w);
			status = EXIT_ANSWERED;
		}
	}
	close_all(&w);
	return status;
}

static const struct opt opts[] = {
    {"config", 'c', "FILE", "what to watch, where, and whom to tell: isthmus.conf(5)"},
    {"check", 0, NULL, "read the configuration, say what is wrong with it, and end"},
    {"test-alert", 0, NULL, "send a test message by every alert route, and end"},
    {0},
};

const struct verb verb_watch = {
    "watch", "--config FILE", "live: collect, detect, alert, keep", opts, watch_run};
