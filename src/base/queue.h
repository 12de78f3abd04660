/*
 * base/queue: a bounded ring of pointers between threads. Push waits where it is full, pop where it is empty.
 * Closing wakes everyone: push then refuses, pop gives what is left and then NULL. The queue owns no element.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void **slot;
	size_t cap, head, n;
	bool closed;
};

void queue_init(struct queue *q, size_t cap);
void queue_free(struct queue *q);
bool queue_push(struct queue *q, void *element); /* false: closed */
void *queue_pop(struct queue *q);                /* NULL: closed and empty */
void *queue_try_pop(struct queue *q);            /* NULL: empty just now */
void queue_close(struct queue *q);

#endif
