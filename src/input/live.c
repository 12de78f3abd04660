/*
 * input/live: see live.h. Parcels wait in one list under one lock; sockets are served by one thread (epoll),
 * other sources by a thread each. A full list rests the sockets and makes the other threads wait.
 */
#include "input/loop.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { TICK = 250 /* ms */, EVENTS = 64 };

utime_t live_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return utime_of(t.tv_sec, (uint32_t)(t.tv_nsec / 1000));
}

uint32_t live_stream(struct live *l)
{
	return (uint32_t)atomic_fetch_add(&l->streams, 1) + 1;
}

/* ---- parcels ---- */

struct parcel *parcel_new(enum parcel_kind kind, const char *source, const char *collector, uint32_t stream,
    const void *p, size_t n)
{
	struct parcel *x = mem_alloc(sizeof *x + n + INPUT_PAD);

	x->kind = kind;
	x->time = live_now();
	x->stream = stream;
	x->source = source;
	snprintf(x->collector, sizeof x->collector, "%s", collector);
	x->n = n;
	if (n)
		memcpy(x->data, p, n);
	return x;
}

static struct timespec deadline(unsigned milliseconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += milliseconds / 1000;
	t.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

void live_give(struct live *l, struct parcel *p)
{
	pthread_mutex_lock(&l->lock);
	p->next = NULL;
	*l->last = p;
	l->last = &p->next;
	l->held += ++l->waiting == LIVE_PARCELS;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

void live_note(struct live *l, const char *source, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	live_give(l, parcel_new(PARCEL_NOTE, source, "", 0, text, strlen(text)));
}

struct parcel *live_next(struct live *l, unsigned milliseconds)
{
	struct timespec until = deadline(milliseconds);
	struct parcel *p;
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	while (!l->first && rc == 0)
		rc = pthread_cond_timedwait(&l->changed, &l->lock, &until);
	p = l->first;
	if (p) {
		l->first = p->next;
		if (!l->first)
			l->last = &l->first;
		if (l->waiting-- == LIVE_PARCELS) {
			pthread_cond_broadcast(&l->changed);
			eventfd_write(l->wake_fd, 1);
		}
	}
	pthread_mutex_unlock(&l->lock);
	return p;
}

uint64_t live_held(struct live *l)
{
	uint64_t held;

	pthread_mutex_lock(&l->lock);
	held = l->held;
	pthread_mutex_unlock(&l->lock);
	return held;
}

bool live_full(struct live *l)
{
	bool full;

	pthread_mutex_lock(&l->lock);
	full = l->waiting >= LIVE_PARCELS;
	pthread_mutex_unlock(&l->lock);
	return full;
}

bool live_wait_room(struct live *l)
{
	pthread_mutex_lock(&l->lock);
	while (l->waiting >= LIVE_PARCELS && !l->stop)
		pthread_cond_wait(&l->changed, &l->lock);
	pthread_mutex_unlock(&l->lock);
	return !l->stop;
}

bool live_sleep(struct live *l, unsigned seconds)
{
	struct timespec until = deadline(seconds * 1000);

	pthread_mutex_lock(&l->lock);
	while (!l->stop && pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0)
		;
	pthread_mutex_unlock(&l->lock);
	return !l->stop;
}

/* ---- the loop ---- */

void live_add(struct live *l, struct endpoint *e)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};

	e->live = l;
	e->next = l->endpoint;
	l->endpoint = e;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, e->fd, &event) < 0)
		e->dead = true;
}

static void endpoint_rest(struct live *l, struct endpoint *e, bool rest)
{
	struct epoll_event event = {.events = rest ? 0 : EPOLLIN, .data.ptr = e};

	e->resting = rest;
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, e->fd, &event);
}

static void loop_tick(struct live *l)
{
	utime_t now = live_now();
	bool full = live_full(l);

	for (struct endpoint *e = l->endpoint; e; e = e->next) {
		if (e->resting && !full)
			endpoint_rest(l, e, false);
		if (e->tick && !e->dead)
			e->tick(e, now);
	}
}

static void loop_bury(struct live *l)
{
	for (struct endpoint **link = &l->endpoint; *link;) {
		struct endpoint *e = *link;
		if (e->dead) {
			*link = e->next;
			e->drop(e);
		} else {
			link = &e->next;
		}
	}
}

static void loop_serve(struct live *l, struct epoll_event *event)
{
	struct endpoint *e = event->data.ptr;
	eventfd_t n;

	if (!e)
		eventfd_read(l->wake_fd, &n);
	else if (e->reads && live_full(l))
		endpoint_rest(l, e, true);
	else if (!e->dead)
		e->ready(e);
}

static void *loop_run(void *arg)
{
	struct live *l = arg;
	struct epoll_event event[EVENTS];
	utime_t ticked = 0;

	while (!l->stop) {
		int n = epoll_wait(l->epoll, event, EVENTS, TICK);
		bool woken = false;
		for (int i = 0; i < n; i++) {
			woken |= !event[i].data.ptr;
			loop_serve(l, &event[i]);
		}
		if (woken || live_now() - ticked >= TICK * 1000 || live_now() < ticked) {
			ticked = live_now();
			loop_tick(l);
		}
		loop_bury(l);
	}
	return NULL;
}

/* ---- the whole ---- */

struct live *live_new(void)
{
	struct live *l = mem_alloc(sizeof *l);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, &attr);
	pthread_condattr_destroy(&attr);
	l->last = &l->first;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake_fd, &event);
	return l;
}

void live_work(struct live *l, struct worker *w)
{
	w->live = l;
	w->next = l->worker;
	l->worker = w;
}

void live_start(struct live *l)
{
	l->started = pthread_create(&l->thread, NULL, loop_run, l) == 0;
	for (struct worker *w = l->worker; w; w = w->next)
		w->started = pthread_create(&w->thread, NULL, w->run, w) == 0;
}

void live_free(struct live *l)
{
	struct parcel *p;

	if (!l)
		return;
	l->stop = true;
	pthread_mutex_lock(&l->lock);
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	eventfd_write(l->wake_fd, 1);
	if (l->started)
		pthread_join(l->thread, NULL);
	for (struct worker *w; (w = l->worker);) {
		l->worker = w->next;
		if (w->started)
			pthread_join(w->thread, NULL);
		w->drop(w);
	}
	for (struct endpoint *e = l->endpoint; e; e = e->next)
		e->dead = true;
	loop_bury(l);
	while ((p = l->first)) {
		l->first = p->next;
		free(p);
	}
	close(l->epoll);
	close(l->wake_fd);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
