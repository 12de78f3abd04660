/*
 * detect/world_test: the world of detect's tests: six vantage ASes and four prefixes behind AS900, made of
 * MRT records a few bytes long. Each step applies what one moment says and lets detect look, as the pipe
 * does. Owned by up() and down().
 */
#ifndef DETECT_WORLD_TEST_H
#define DETECT_WORLD_TEST_H

#include "detect/detect.h"

#include "base/mem.h"
#include "table/make_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PEERS = 6, TOLD_MAX = 64, SAMPLES_MAX = 512 };
#define START  (INT64_C(1500000000) * UTIME_SECOND)
#define MIN    (60 * UTIME_SECOND)
#define FOUR   "20.0.0.0/24 20.0.1.0/24 20.0.2.0/24 20.0.3.0/24"
#define HOLDER "20.0.0.0/22"

struct world {
	struct table *t;
	struct source *s;
	struct facts *f;
	const struct territory *who;
	struct detect *d;
	struct peer_key peer[PEERS];
	struct event told[TOLD_MAX]; /* by id */
	size_t n;
	struct sample sample[SAMPLES_MAX];
	size_t samples;
	utime_t at; /* latest word or tick */
};

static inline void on_event(void *arg, const struct event *e)
{
	struct world *w = arg;

	assert_true(e->id >= 1 && e->id <= TOLD_MAX);
	event_free(&w->told[e->id - 1]);
	event_copy(&w->told[e->id - 1], e);
	if (e->id > w->n)
		w->n = e->id;
}

static inline void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct world *w = arg;

	assert_true(w->samples + n <= SAMPLES_MAX);
	memcpy(w->sample + w->samples, v, n * sizeof *v);
	w->samples += n;
}

static inline void on_full(void *arg, struct changes *c)
{
	struct world *w = arg;

	detect_changes(w->d, c->v, c->n);
	c->n = 0;
}

static inline void hear(struct world *w, struct out *bytes)
{
	struct changes c = {0};

	assert_int_equal(feed(w->t, w->s, bytes, &c), 0);
	on_full(w, &c);
	free(c.v);
	out_close(bytes);
}

static inline void says(struct world *w, utime_t at, unsigned peer, const char *path, const char *prefixes)
{
	struct out o;

	w->at = at;
	out_open_mem(&o);
	if (path)
		mk_announce(&o, at, &w->peer[peer], path, prefixes);
	else
		mk_withdraw(&o, at, &w->peer[peer], prefixes);
	hear(w, &o);
}

/* Peers from..to-1 say it, a second apart; the path gets the peer's AS in front. */
static inline void all_say(
    struct world *w, utime_t at, unsigned from, unsigned to, const char *rest, const char *prefixes)
{
	for (unsigned i = from; i < to; i++) {
		char path[64];
		snprintf(path, sizeof path, "%u %s", w->peer[i].asn, rest ? rest : "");
		says(w, at + (utime_t)(i - from) * UTIME_SECOND, i, rest ? path : NULL, prefixes);
	}
}

/* Minutes go by without a word. */
static inline void pass(struct world *w, utime_t to)
{
	for (utime_t t = w->at; t <= to; t += MIN)
		detect_tick(w->d, t);
	w->at = to;
}

/* The four prefixes through AS300 at everybody; AS400 is a carrier of others (AS901, AS902) already. */
static inline void baseline(struct world *w)
{
	static const char *const prefix[] = {
	    "20.0.0.0/24", "20.0.1.0/24", "20.0.2.0/24", "20.0.3.0/24", "21.0.0.0/16", "22.0.0.0/16"};
	static const char *const rest[] = {"300 900", "300 900", "300 900", "300 900", "400 901", "400 902"};
	struct out o;

	out_open_mem(&o);
	mk_peers(&o, START, w->peer, PEERS);
	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++) {
		struct said_entry entry[PEERS];
		char path[PEERS][64];
		for (unsigned k = 0; k < PEERS; k++) {
			snprintf(path[k], sizeof path[k], "%u %s", w->peer[k].asn, rest[i]);
			entry[k] = (struct said_entry){.peer = k, .path = path[k]};
		}
		mk_rib(&o, START, prefix[i], false, entry, PEERS);
	}
	/* the first word after a dump ends it */
	mk_announce(&o, START + MIN, &w->peer[0], "100 300 900", "20.0.0.0/24");
	hear(w, &o);
	w->at = START + MIN;
}

/* Nobody has said anything yet. `dump`: what a table dump shows will be the baseline. */
static inline struct world *world_new(
    const char *holder, const char *const *registry, size_t registries, bool dump)
{
	static const char *const addr[] = {
	    "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"};
	struct world *w = mem_alloc(sizeof *w);
	struct detect_options o = detect_defaults;
	const char *why;

	for (unsigned i = 0; i < PEERS; i++)
		w->peer[i] = mk_peer(addr[i], 100 + i);
	w->t = table_new(&(struct table_options){0});
	w->s = source_new(w->t, "rrc99");
	w->f = facts_load(
	    &(struct facts_options){.no_default = true, .registry = registry, .registries = registries});
	w->who = territory_find(w->f, holder, &why);
	assert_non_null(w->who);
	o.who = &w->who;
	o.whos = 1;
	o.baseline = dump;
	w->d = detect_new(w->t, w->f, &o, on_event, w);
	detect_on_sample(w->d, on_samples, w);
	return w;
}

static inline int up_asking(void **state, const char *holder, const char *const *registry, size_t registries)
{
	struct world *w = world_new(holder, registry, registries, true);

	baseline(w);
	*state = w;
	return 0;
}

static inline int up(void **state)
{
	return up_asking(state, HOLDER, NULL, 0);
}

static inline int down(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < w->n; i++)
		event_free(&w->told[i]);
	detect_free(w->d);
	source_free(w->s);
	table_free(w->t);
	facts_free(w->f);
	free(w);
	return 0;
}

static inline size_t count(const struct world *w, enum event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += w->told[i].id && w->told[i].kind == kind;
	return n;
}

/* The one event of this kind about this upstream. */
static inline const struct event *of(const struct world *w, enum event_kind kind, asn_t upstream)
{
	const struct event *e = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (w->told[i].id && w->told[i].kind == kind && w->told[i].upstream == upstream) {
			assert_null(e);
			e = &w->told[i];
		}
	return e;
}

static inline const struct event *only(const struct world *w, enum event_kind kind)
{
	assert_int_equal(count(w, kind), 1);
	for (size_t i = 0; i < w->n; i++)
		if (w->told[i].id && w->told[i].kind == kind)
			return &w->told[i];
	return NULL;
}

static inline void all_states(
    struct world *w, utime_t at, unsigned from, unsigned to, unsigned old, unsigned new)
{
	struct out o;

	out_open_mem(&o);
	for (unsigned i = from; i < to; i++)
		mk_state(&o, at, &w->peer[i], (uint16_t)old, (uint16_t) new);
	hear(w, &o);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, up, down)

#endif
