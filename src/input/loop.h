/*
 * input/loop (of this room only): the thread that serves the sockets of live sources. An endpoint is a
 * descriptor with its callbacks, all called in that thread. Endpoints that only bring data (`reads`) rest
 * while too many parcels wait.
 */
#ifndef INPUT_LOOP_H
#define INPUT_LOOP_H

#include "base/cur.h"
#include "base/mem.h"
#include "base/queue.h"
#include "input/live.h"

#include <pthread.h>
#include <stdatomic.h>

struct endpoint {
	struct live *live;
	struct endpoint *next;
	int fd;
	bool reads, resting, dead;
	void (*ready)(struct endpoint *e);             /* readable */
	void (*tick)(struct endpoint *e, utime_t now); /* four times a second; may be NULL */
	void (*drop)(struct endpoint *e);              /* frees it; closes fd */
};

struct worker { /* a source with a thread of its own */
	struct worker *next;
	struct live *live;
	pthread_t thread;
	bool started;
	void *(*run)(void *worker);
	void (*drop)(struct worker *w); /* after the thread ended */
};

struct live {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct parcel *first, **last;
	size_t waiting;
	uint64_t held; /* times that no room was left */
	atomic_bool stop;
	atomic_uint_fast32_t streams;
	int epoll, wake_fd;
	struct endpoint *endpoint;
	struct worker *worker;
	pthread_t thread;
	bool started;
	char why[256];
};

utime_t live_now(void);
uint32_t live_stream(struct live *l); /* a new connection's number */
void live_add(struct live *l, struct endpoint *e);
void live_work(struct live *l, struct worker *w);

struct parcel *parcel_new(enum parcel_kind kind, const char *source, const char *collector, uint32_t stream,
    const void *p, size_t n);
void live_give(struct live *l, struct parcel *p);
void live_note(struct live *l, const char *source, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool live_full(struct live *l);
bool live_wait_room(struct live *l);               /* for workers; false: stopping */
bool live_sleep(struct live *l, unsigned seconds); /* for workers; false: stopping */

/* Listening socket for "address:port", or -1 with l->why. The option's name stands in front of the text. */
int listen_on(struct live *l, const char *address);
/* The next connection of an allowed sender, or -1. */
int listen_accept(struct live *l, int fd, const struct live_listen *o, struct addr *from);

#endif
