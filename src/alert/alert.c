/*
 * alert/alert: see alert.h. The flow: an event -> the routes it concerns -> a group -> a message file in the
 * spool -> the delivering thread (one a route) -> the file is removed. A message's name is its number and its
 * route: spool order is sending order.
 */
#include "alert/inner.h"
#include "base/hash.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_FIRST = 1, PAUSE_MAX = 300, TOLD = 8192, GROUP_MAX = 100, TRIES_WAITED = 3 };

struct message {
	struct message *next;
	uint64_t number;
};

struct way { /* a route at work */
	struct alerts *alerts;
	const struct alert_route *route;
	struct alert *group;
	size_t n;
	double since; /* of the group's first event */
	double hour;  /* begin of the hour being counted */
	unsigned sent, held;
	struct alert last_held; /* of those that the limit kept back, where held */
	struct message *first, **last;
	double retry;
	unsigned pause, failures; /* of the message that is first */
	pthread_t thread;         /* delivers its messages; a dead receiver holds up nobody else */
	bool started;
};

struct alerts {
	char *spool;
	int dir;
	const struct facts *facts;
	void (*note)(void *arg, const char *line);
	void *arg;
	struct way *way;
	size_t ways;
	uint64_t number;
	uint64_t told[TOLD]; /* keys of what was told last, a ring */
	size_t told_at;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t waiting;
	bool stop;
};

static const char *const kinds[] = {"webhook", "slack", "mail", "syslog", "command", "file"};

bool alert_kind_parse(const char *s, enum alert_kind *kind)
{
	for (unsigned i = 0; i < ALERT_KINDS; i++)
		if (strcmp(kinds[i], s) == 0) {
			*kind = (enum alert_kind)i;
			return true;
		}
	return false;
}

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void tell_log(struct alerts *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell_log(struct alerts *a, const char *fmt, ...)
{
	char line[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (a->note)
		a->note(a->arg, line);
}

/* ---- the spool ---- */

static void message_name(char *p, size_t n, uint64_t number, const struct way *w)
{
	snprintf(p, n, "%020" PRIu64 ".%s", number, w->route->name);
}

static bool write_file(int dir, const char *name, const struct out *subject, const struct out *body)
{
	int fd = openat(dir, ".writing", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct out o;
	bool good;

	if (fd < 0)
		return false;
	out_open_fd(&o, fd);
	out_bytes(&o, subject->buf, subject->n);
	out_char(&o, '\n');
	out_bytes(&o, body->buf, body->n);
	good = out_close(&o) == 0 && fsync(fd) == 0;
	close(fd);
	return good && renameat(dir, ".writing", dir, name) == 0 && fsync(dir) == 0;
}

static void way_add(struct alerts *a, struct way *w, uint64_t number)
{
	struct message *m = mem_alloc(sizeof *m);

	m->number = number;
	pthread_mutex_lock(&a->lock);
	*w->last = m;
	w->last = &m->next;
	a->waiting++;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* The group as a message in the spool. */
static void way_send(struct alerts *a, struct way *w)
{
	struct out subject, body;
	char name[128];

	if (!w->n)
		return;
	out_open_mem(&subject);
	out_open_mem(&body);
	alert_write(&body, &subject, w->route, w->group, w->n, w->held, a->facts);
	message_name(name, sizeof name, ++a->number, w);
	if (write_file(a->dir, name, &subject, &body))
		way_add(a, w, a->number);
	else
		tell_log(a, "alert %s: cannot write to the spool %s: %s; lost: %.*s", w->route->name,
		    a->spool, strerror(errno), (int)subject.n, subject.buf);
	if (w->held)
		event_free(&w->last_held.event);
	w->held = 0;
	for (size_t i = 0; i < w->n; i++)
		event_free(&w->group[i].event);
	w->n = 0;
	out_close(&subject);
	out_close(&body);
}

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

/* What an earlier run left. */
static void spool_take_up(struct alerts *a)
{
	struct dirent **list = NULL;
	int n = scandir(a->spool, &list, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name, *dot = strchr(name, '.');
		uint64_t number = strtoull(name, NULL, 10);
		size_t k = 0;
		while (dot && dot - name == 20 && k < a->ways && strcmp(a->way[k].route->name, dot + 1) != 0)
			k++;
		if (dot && dot - name == 20) {
			if (number > a->number)
				a->number = number;
			if (k < a->ways)
				way_add(a, &a->way[k], number);
			else
				tell_log(a,
				    "alert: %s/%s waits for a route that the configuration does not have",
				    a->spool, name);
		}
		free(list[i]);
	}
	free(list);
}

/* ---- delivering ---- */

static bool message_send(struct alerts *a, struct way *w, uint64_t number)
{
	char name[128], *text, *line;
	const char *failed = NULL;
	struct stat st;
	int fd;

	message_name(name, sizeof name, number, w);
	fd = openat(a->dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		tell_log(a, "alert %s: %s/%s is gone: %s", w->route->name, a->spool, name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return true;
	}
	text = mem_alloc((size_t)st.st_size + 1);
	if (read(fd, text, (size_t)st.st_size) != st.st_size)
		failed = "cannot read it from the spool";
	close(fd);
	line = strchr(text, '\n');
	if (!failed && line) {
		*line = '\0';
		failed = alert_send(w->route, text, line + 1, (size_t)st.st_size - (size_t)(line + 1 - text));
	}
	if (failed)
		tell_log(a, "alert %s: not delivered: %s; again in %u s", w->route->name, failed, w->pause);
	else
		unlinkat(a->dir, name, 0);
	free(text);
	return !failed;
}

static void wait_for(struct alerts *a, double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)seconds;
	t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&a->changed, &a->lock, &t);
}

static void way_done(struct alerts *a, struct way *w, bool sent)
{
	struct message *m = w->first;

	if (!sent) {
		w->failures++;
		w->retry = now_seconds() + w->pause;
		w->pause = w->pause * 2 < PAUSE_MAX ? w->pause * 2 : PAUSE_MAX;
		pthread_cond_broadcast(&a->changed);
		return;
	}
	w->failures = 0;
	w->pause = PAUSE_FIRST;
	w->first = m->next;
	if (!w->first)
		w->last = &w->first;
	free(m);
	a->waiting--;
	pthread_cond_broadcast(&a->changed);
}

static void *deliver_run(void *arg)
{
	struct way *w = arg;
	struct alerts *a = w->alerts;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		double now = now_seconds();
		bool sent;
		if (!w->first || w->retry > now) {
			wait_for(a, w->first ? w->retry - now : 3600);
			continue;
		}
		pthread_mutex_unlock(&a->lock);
		sent = message_send(a, w, w->first->number); /* only this thread takes from it */
		pthread_mutex_lock(&a->lock);
		way_done(a, w, sent);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- telling ---- */

static bool concerns(const struct alert_route *r, const struct event *e)
{
	if (e->severity < r->least)
		return false;
	for (size_t i = 0; i < r->territories; i++)
		if (strcmp(r->territory[i], e->territory) == 0)
			return true;
	return r->territories == 0;
}

/* Was this said already? Once when it begins, once a severity, once when it is over. */
static bool said_before(struct alerts *a, const struct event *e)
{
	struct {
		uint64_t first, kind, scope, family, asn, upstream, severity, over, own;
		char territory[64];
	} key = {(uint64_t)e->first_seen, e->kind, e->scope, e->family, e->asn, e->upstream,
	    e->end == UTIME_NONE ? e->severity : 0, e->end != UTIME_NONE, e->id >= ALERT_OWN_ID ? e->id : 0,
	    ""};
	uint64_t hash;

	snprintf(key.territory, sizeof key.territory, "%s", e->territory);
	for (size_t i = strlen(key.territory); i < sizeof key.territory; i++)
		key.territory[i] = 0;
	hash = hash_bytes(&key, sizeof key);
	for (size_t i = 0; i < e->prefixes; i++)
		hash ^= hash_bytes(&e->prefix[i], sizeof e->prefix[i]);
	if (e->scope == SCOPE_TERRITORY)
		hash = hash_bytes(&key, sizeof key); /* its prefixes may grow */
	for (size_t i = 0; i < TOLD; i++)
		if (a->told[i] == hash)
			return true;
	a->told[a->told_at++ % TOLD] = hash;
	return false;
}

static bool hour_over(const struct way *w, double now)
{
	return now - w->hour >= (w->route->hour ? (double)w->route->hour / UTIME_SECOND : 3600);
}

static void alert_set(struct alert *a, const struct event *e)
{
	event_copy(&a->event, e);
	a->over = e->end != UTIME_NONE;
}

/* False: the route's limit keeps it back. */
static bool within_limit(struct way *w, const struct event *e, double now)
{
	if (hour_over(w, now)) {
		w->hour = now;
		w->sent = 0;
	}
	if (w->route->per_hour && w->n == 0 && w->sent >= w->route->per_hour) {
		if (w->held++)
			event_free(&w->last_held.event);
		alert_set(&w->last_held, e);
		return false;
	}
	w->sent += w->n == 0;
	return true;
}

/* What the limit kept back is told by the last of it and a count, where nothing else came that could tell. */
static void way_release(struct alerts *a, struct way *w)
{
	if (!w->held || w->n)
		return;
	w->group = mem_grow(w->group, 1, sizeof *w->group);
	alert_set(&w->group[w->n++], &w->last_held.event);
	w->held--;
	if (!w->held)
		event_free(&w->last_held.event);
	w->hour = now_seconds();
	w->sent = 1;
	way_send(a, w);
}

void alerts_tell(struct alerts *a, const struct event *e)
{
	double now = now_seconds();

	if (said_before(a, e))
		return;
	for (size_t i = 0; i < a->ways; i++) {
		struct way *w = &a->way[i];
		if (!concerns(w->route, e) || !within_limit(w, e, now))
			continue;
		w->group = mem_grow(w->group, w->n + 1, sizeof *w->group);
		alert_set(&w->group[w->n], e);
		if (w->n++ == 0)
			w->since = now;
		if (w->route->group == 0 || w->n == GROUP_MAX)
			way_send(a, w);
	}
}

void alerts_tick(struct alerts *a)
{
	double now = now_seconds();

	for (size_t i = 0; i < a->ways; i++) {
		struct way *w = &a->way[i];
		if (w->n && now - w->since >= (double)w->route->group / UTIME_SECOND)
			way_send(a, w);
		if (w->held && hour_over(w, now))
			way_release(a, w);
	}
}

size_t alerts_waiting(struct alerts *a)
{
	size_t n;

	pthread_mutex_lock(&a->lock);
	n = a->waiting;
	pthread_mutex_unlock(&a->lock);
	return n;
}

static bool some_hope(const struct alerts *a)
{
	for (size_t i = 0; i < a->ways; i++)
		if (a->way[i].first && a->way[i].failures < TRIES_WAITED)
			return true;
	return false;
}

bool alerts_wait(struct alerts *a, unsigned seconds)
{
	double until = now_seconds() + seconds, left;

	for (size_t i = 0; i < a->ways; i++)
		way_send(a, &a->way[i]);
	pthread_mutex_lock(&a->lock);
	while (a->waiting && some_hope(a) && (left = until - now_seconds()) > 0)
		wait_for(a, left);
	left = (double)a->waiting;
	pthread_mutex_unlock(&a->lock);
	return left == 0;
}

/* ---- the whole ---- */

static bool spool_make(const char *path)
{
	struct stat st;

	return (mkdir(path, 0700) == 0 || errno == EEXIST) && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       access(path, W_OK) == 0;
}

static void ways_open(
    struct alerts *a, const struct alert_route *route, size_t routes, const struct facts *facts)
{
	a->facts = facts;
	a->ways = routes;
	a->way = mem_array(routes + 1, sizeof *a->way);
	for (size_t i = 0; i < routes; i++)
		a->way[i] = (struct way){
		    .alerts = a, .route = &route[i], .pause = PAUSE_FIRST, .hour = now_seconds()};
	for (size_t i = 0; i < routes; i++)
		a->way[i].last = &a->way[i].first;
	spool_take_up(a);
	for (size_t i = 0; i < routes; i++)
		a->way[i].started = pthread_create(&a->way[i].thread, NULL, deliver_run, &a->way[i]) == 0;
}

/* What waits stays in the spool. */
static void ways_close(struct alerts *a)
{
	for (size_t i = 0; i < a->ways; i++) {
		way_send(a, &a->way[i]);
		way_release(a, &a->way[i]);
	}
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < a->ways; i++) {
		if (a->way[i].started)
			pthread_join(a->way[i].thread, NULL);
		for (struct message *m; (m = a->way[i].first);) {
			a->way[i].first = m->next;
			free(m);
		}
		free(a->way[i].group);
	}
	free(a->way);
	a->way = NULL;
	a->ways = a->waiting = 0;
	a->stop = false;
}

struct alerts *alerts_new(const char *spool, const struct alert_route *route, size_t routes,
    const struct facts *facts, void (*note)(void *arg, const char *line), void *arg, const char **why)
{
	struct alerts *a;
	pthread_condattr_t attr;
	int dir = spool_make(spool) ? open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0) {
		*why = errno == EWOULDBLOCK ? "another process uses it" : strerror(errno);
		if (dir >= 0)
			close(dir);
		return NULL;
	}
	a = mem_alloc(sizeof *a);
	a->spool = mem_strdup(spool);
	a->dir = dir;
	a->note = note;
	a->arg = arg;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, &attr);
	pthread_condattr_destroy(&attr);
	ways_open(a, route, routes, facts);
	return a;
}

void alerts_reroute(
    struct alerts *a, const struct alert_route *route, size_t routes, const struct facts *facts)
{
	ways_close(a);
	ways_open(a, route, routes, facts);
}

void alerts_remember(struct alerts *a, const struct alerts *before)
{
	memcpy(a->told, before->told, sizeof a->told);
	a->told_at = before->told_at;
}

void alerts_free(struct alerts *a)
{
	if (!a)
		return;
	ways_close(a);
	close(a->dir);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a->spool);
	free(a);
}
