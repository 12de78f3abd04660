/*
 * cmd/watch: `isthmus watch --config F`. The flow, all in this thread: parcels of the live sources
 * (input/live) -> feed -> table -> changes -> detect -> events -> the store (committed at once) and the
 * alerts' spool. Time is the data's where it is old (a followed folder of long ago), else the clock's. HUP
 * reads the configuration again, TERM and INT end in order.
 */
#include "cmd/watch/watch.h"
#include "cmd/verb.h"

#include "base/mem.h"
#include "keep/keep.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 100 };
#define OLD         (2 * 3600 * UTIME_SECOND) /* data older than this is a replay: the clock stays out of it */
#define COMMIT_EACH (60 * UTIME_SECOND)
#define SAY_EACH    (10 * UTIME_SECOND)

static volatile sig_atomic_t want_stop, want_reload;

static void on_signal(int signal)
{
	if (signal == SIGHUP)
		want_reload = 1;
	else
		want_stop = 1;
}

static void say_line(const char *line)
{
	warn_line("%s", line);
}

/* ---- events ---- */

void watch_event(void *arg, const struct event *told)
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

void watch_samples(void *arg, const struct sample *v, size_t n)
{
	struct watch *w = arg;

	for (; w->places < detect_places(w->detect); w->places++) {
		uint8_t family;
		const char *id = detect_place(w->detect, (uint32_t)w->places, &family);
		store_place(w->store, (uint32_t)w->places, id, family);
	}
	store_samples(w->store, v, n);
	w->dirty = true;
	for (size_t i = 0; i < n; i++)
		if (v[i].time > w->upto)
			w->upto = v[i].time;
}

/* What is kept reaches to the last update, or to a later sample: what one tells of must lie within. */
void watch_commit(struct watch *w)
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

void watch_deliver(struct watch *w)
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
	watch_deliver(w);
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

static void reload(struct watch *w)
{
	struct watch_config fresh;
	char *path = mem_strdup(w->config.path);

	want_reload = 0;
	watch_notify_reload();
	if (!watch_config_read(&fresh, path, say_line)) {
		warn_line("isthmus watch: the configuration before stays in force");
		watch_config_free(&fresh);
	} else {
		watch_force_again(w, &fresh);
	}
	watch_notify("READY=1");
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
		watch_deliver(w);
	if (!p && (w->data == UTIME_NONE || now - w->data < OLD))
		tick(w, now);
	if (w->alerts)
		alerts_tick(w->alerts);
	if (w->dirty && now - w->committed > (p ? COMMIT_EACH : UTIME_SECOND))
		watch_commit(w);
	watch_look_for_silence(w);
	if (now - w->said > SAY_EACH) {
		watch_say_state(w);
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
	watch_deliver(w);
	last = w->data > w->clock ? w->data : w->clock;
	if (last != UTIME_NONE)
		tick(w, last + UTIME_SECOND);
	watch_commit(w);
}

static void run(struct watch *w)
{
	live_start(w->live);
	watch_notify("READY=1");
	warn_line("isthmus watch: %zu sources, %zu alert routes", w->config.sources, w->config.routes);
	while (!want_stop) {
		if (want_reload)
			reload(w);
		step(w);
	}
	watch_notify("STOPPING=1");
	finish(w);
	watch_say_end(w);
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
	for (size_t i = 0; i < w->n_old_facts; i++)
		facts_free(w->old_facts[i]);
	free(w->old_facts);
}

static int check_only(struct watch *w)
{
	bool good;

	w->facts = watch_load_facts(&w->config);
	w->who = watch_find_who(&w->config, w->facts);
	good = w->who && watch_find_routes(&w->config, w->facts, w->who);
	if (good)
		printf("%s: good: %zu sources, %zu alert routes, %zu territories\n", w->config.path,
		    w->config.sources, w->config.routes, w->config.whos);
	return good ? EXIT_ANSWERED : EXIT_BAD_INPUT;
}

static int watch_run(const struct args *a)
{
	struct watch w = {.clock = UTIME_NONE, .data = UTIME_NONE, .upto = UTIME_NONE};
	const char *path = args_get(a, "config");
	struct sigaction act = {.sa_handler = on_signal};
	int status = EXIT_BAD_INPUT;

	if (!path || a->operands)
		return usage(a, "--config FILE is wanted, and nothing else");
	w.said = w.committed = watch_wall();
	if (watch_config_read(&w.config, path, say_line)) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGHUP, &act, NULL);
		if (args_has(a, "check")) {
			status = check_only(&w);
		} else if (args_has(a, "test-alert")) {
			w.facts = watch_load_facts(&w.config);
			status = watch_test_alerts(&w);
		} else if (watch_force(&w)) {
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
