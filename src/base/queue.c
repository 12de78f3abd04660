/* base/queue: see queue.h. */
#include "base/queue.h"

#include "base/mem.h"

#include <stdlib.h>

void queue_init(struct queue *q, size_t cap)
{
	*q = (struct queue){.cap = cap, .slot = mem_array(cap, sizeof(void *))};
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
}

void queue_free(struct queue *q)
{
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->slot);
}

bool queue_push(struct queue *q, void *element)
{
	bool open;

	pthread_mutex_lock(&q->lock);
	while (q->n == q->cap && !q->closed)
		pthread_cond_wait(&q->changed, &q->lock);
	open = !q->closed;
	if (open) {
		q->slot[(q->head + q->n++) % q->cap] = element;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return open;
}

static void *queue_take(struct queue *q)
{
	void *element = q->slot[q->head];

	q->head = (q->head + 1) % q->cap;
	q->n--;
	pthread_cond_broadcast(&q->changed);
	return element;
}

void *queue_pop(struct queue *q)
{
	void *element;

	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->closed)
		pthread_cond_wait(&q->changed, &q->lock);
	element = q->n ? queue_take(q) : NULL;
	pthread_mutex_unlock(&q->lock);
	return element;
}

void *queue_try_pop(struct queue *q)
{
	void *element;

	pthread_mutex_lock(&q->lock);
	element = q->n ? queue_take(q) : NULL;
	pthread_mutex_unlock(&q->lock);
	return element;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}
