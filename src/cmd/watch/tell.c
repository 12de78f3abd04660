/*
 * cmd/watch/tell: what `watch` says of itself: to systemd (sd_notify(3)), and by the alert routes, of sources
 * that fall silent and that speak again, and as a test. Owns nothing.
 */
#include "cmd/verb.h"
#include "cmd/watch/watch.h"

#include "base/mem.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 700, TEST_SECONDS = 30 };

/* ---- systemd ---- */

/* A datagram to the socket that systemd names; nothing where it names none. */
void watch_notify(const char *state)
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

/* Type=notify-reload wants to know when the reload began. */
void watch_notify_reload(void)
{
	struct timespec t;
	char line[80];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(line, sizeof line, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	watch_notify(line);
}

static void state_text(const struct watch *w, char *line, size_t n)
{
	const struct feed_count *c = feed_count(w->feed);

	snprintf(line, n,
	    "%llu updates in %.1f MB, %zu peers, %llu faults, senders waited for us %llu times, %zu alerts "
	    "wait",
	    (unsigned long long)c->updates, (double)c->bytes / 1e6, peer_count(w->table),
	    (unsigned long long)c->faults, (unsigned long long)live_held(w->live),
	    w->alerts ? alerts_waiting(w->alerts) : 0);
}

void watch_say_state(const struct watch *w)
{
	char text[LINE], line[LINE + 32];

	state_text(w, text, sizeof text);
	snprintf(line, sizeof line, "STATUS=%s\nWATCHDOG=1", text);
	watch_notify(line);
}

void watch_say_end(const struct watch *w)
{
	char text[LINE];

	state_text(w, text, sizeof text);
	warn_line("isthmus watch: stopped: %s", text);
}

/* ---- the dead-man alarm: an event of health, so that it reaches whoever is to know ---- */

void watch_begin_hearing(struct watch *w)
{
	free(w->heard);
	w->heard = mem_array(w->config.sources + 1, sizeof *w->heard);
	for (size_t i = 0; i < w->config.sources; i++)
		w->heard[i].last = watch_wall();
}

static void tell_silence(struct watch *w, size_t i, utime_t since, utime_t over)
{
	const char *name = source_name(&w->config.source[i]);
	struct event e = {.id = ALERT_OWN_ID + i,
	    .kind = EVENT_COLLECTOR_GAP,
	    .scope = SCOPE_HEALTH,
	    .first_seen = since,
	    .confirmed = since + w->config.source[i].silence,
	    .end = over,
	    .severity = SEVERITY_HIGH,
	    .before = NAN,
	    .after = NAN};
	char at[UTIME_TEXT], end[UTIME_TEXT];

	e.episode = e.id;
	utime_text(at, since);
	if (over == UTIME_NONE) {
		snprintf(e.why, sizeof e.why, "source %s has said nothing since %s: nothing is known of it",
		    name, at);
	} else {
		utime_text(end, over);
		snprintf(e.why, sizeof e.why, "source %s speaks again since %s; it had said nothing since %s",
		    name, end, at);
	}
	warn_line("%s", e.why);
	if (w->alerts)
		alerts_tell(w->alerts, &e);
}

void watch_hear(struct watch *w, const struct parcel *p)
{
	if (p->kind != PARCEL_MRT && p->kind != PARCEL_BMP) /* a connection says nothing yet */
		return;
	for (size_t i = 0; i < w->config.sources; i++) {
		struct heard *h = &w->heard[i];
		utime_t now = watch_wall();
		if (strcmp(source_name(&w->config.source[i]), p->source) != 0)
			continue;
		if (h->silent)
			tell_silence(w, i, h->last, now);
		*h = (struct heard){now, false};
	}
}

void watch_look_for_silence(struct watch *w)
{
	utime_t now = watch_wall();

	for (size_t i = 0; i < w->config.sources; i++) {
		utime_t span = w->config.source[i].silence;
		struct heard *h = &w->heard[i];
		if (!span || h->silent || now - h->last < span)
			continue;
		h->silent = true;
		tell_silence(w, i, h->last, UTIME_NONE);
	}
}

/* ---- --test-alert ---- */

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

static void say_note(void *arg, const char *line)
{
	warn_line("%s", line);
}

/*
 * One message by every route, whatever territory or severity it is for. They wait in a folder of their own: a
 * `watch` may be running on the configured one, and a test must not arrive days later.
 */
int watch_test_alerts(struct watch *w)
{
	char spool[] = "/tmp/isthmus-test-alert-XXXXXX", *command;
	const char *why = "no alert route is configured";
	size_t left = 0;
	struct event e;

	for (size_t i = 0; i < w->config.routes; i++) {
		w->config.route[i].territories = 0;
		w->config.route[i].group = 0;
	}
	if (w->config.routes && mkdtemp(spool))
		w->alerts =
		    alerts_new(spool, w->config.route, w->config.routes, w->facts, say_note, NULL, &why);
	if (!w->alerts) {
		warn_line("%s: %s", w->config.path, why);
		return EXIT_BAD_INPUT;
	}
	test_event(&e);
	alerts_tell(w->alerts, &e);
	if (!alerts_wait(w->alerts, TEST_SECONDS))
		left = alerts_waiting(w->alerts);
	alerts_free(w->alerts);
	w->alerts = NULL;
	command = mem_printf("rm -rf %s", spool);
	if (system(command) != 0)
		warn_line("%s stays", spool);
	free(command);
	if (left)
		warn_line("%zu of %zu alert routes did not take the test message", left, w->config.routes);
	else
		puts("every alert route took the test message");
	return left ? EXIT_BAD_INPUT : EXIT_ANSWERED;
}
