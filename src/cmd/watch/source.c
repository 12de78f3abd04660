/*
 * cmd/watch/source: the sources of a configuration opened, and RIS Live subscribed to by territory.
 */
#include "cmd/verb.h"
#include "cmd/watch/watch.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

utime_t watch_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return utime_of(t.tv_sec, (uint32_t)(t.tv_nsec / 1000));
}

struct members { /* a territory's members as RIS Live subscriptions */
	struct arena *arena;
	const char **v;
	size_t n;
};

static void add_subscription(struct members *m, const char *filter)
{
	char *text = mem_printf("{%s\"socketOptions\":{\"includeRaw\":true}}", filter);
	const char **more = arena_take(m->arena, (m->n + 2) * sizeof *more);

	if (m->n)
		memcpy(more, m->v, m->n * sizeof *more);
	more[m->n] = arena_strn(m->arena, text, strlen(text));
	m->v = more;
	m->n++;
	free(text);
}

static void subscribe_asn(void *arg, asn_t asn, const char *why)
{
	char filter[64];

	snprintf(filter, sizeof filter, "\"type\":\"UPDATE\",\"path\":\"%u$\",", asn);
	add_subscription(arg, filter);
}

static void subscribe_prefix(void *arg, const struct prefix *p, const char *why)
{
	char filter[160], text[PREFIX_TEXT];

	snprintf(filter, sizeof filter, "\"type\":\"UPDATE\",\"prefix\":\"%.*s\",\"moreSpecific\":true,",
	    (int)prefix_text(text, p), text);
	add_subscription(arg, filter);
}

static void subscribe(struct watch *w, struct watch_source *s)
{
	struct members m = {.arena = &w->config.arena};

	add_subscription(&m, "\"type\":\"RIS_PEER_STATE\",");
	if (s->ris_all || !w->config.whos)
		add_subscription(&m, "\"type\":\"UPDATE\",");
	else
		for (size_t i = 0; i < w->config.whos; i++)
			territory_members(w->who[i], watch_wall(), subscribe_asn, subscribe_prefix, &m);
	s->ris.subscribe = m.v;
	s->ris.subscribes = m.n;
}

static const char *add_source(struct watch *w, struct watch_source *s)
{
	switch (s->kind) {
	case SOURCE_BMP:
		return live_add_bmp(w->live, &s->listen);
	case SOURCE_BGP:
		return live_add_bgp(w->live, &s->listen);
	case SOURCE_FOLLOW:
		return live_add_follow(w->live, &s->follow);
	case SOURCE_RIS:
		break;
	}
	subscribe(w, s);
	return live_add_ris(w->live, &s->ris);
}

bool watch_open_sources(struct watch *w)
{
	bool good = true;

	w->live = live_new();
	for (size_t i = 0; i < w->config.sources; i++) {
		const char *why = add_source(w, &w->config.source[i]);
		if (why)
			warn_line(
			    "%s: source %s: %s", w->config.path, source_name(&w->config.source[i]), why);
		good &= !why;
	}
	return good;
}
