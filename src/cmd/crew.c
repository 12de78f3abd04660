/* cmd/crew: see crew.h. One ring of jobs; `given` and `taken` only grow, a job's place is its number modulo
 * the ring. */
#include "cmd/crew.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct place {
	void *job;
	bool done;
};

struct hand {
	struct crew *crew;
	void *worker;
	pthread_t thread;
};

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t to_do, finished;
	void (*work)(void *worker, void *job);
	struct place *place;
	size_t room, given, taken, collected;
	bool over;
	struct hand *hand;
	size_t hands;
};

static void *hand_run(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct place *p;
		while (c->taken == c->given && !c->over)
			pthread_cond_wait(&c->to_do, &c->lock);
		if (c->taken == c->given)
			break;
		p = &c->place[c->taken++ % c->room];
		pthread_mutex_unlock(&c->lock);
		c->work(h->worker, p->job);
		pthread_mutex_lock(&c->lock);
		p->done = true;
		pthread_cond_signal(&c->finished);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct crew *crew_new(void **worker, size_t workers, size_t jobs, void (*work)(void *worker, void *job))
{
	struct crew *c = mem_alloc(sizeof *c);

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->to_do, NULL);
	pthread_cond_init(&c->finished, NULL);
	c->work = work;
	c->place = mem_array(jobs, sizeof *c->place);
	c->room = jobs;
	c->hand = mem_array(workers, sizeof *c->hand);
	for (size_t i = 0; i < workers; i++) {
		c->hand[i] = (struct hand){.crew = c, .worker = worker[i]};
		if (pthread_create(&c->hand[i].thread, NULL, hand_run, &c->hand[i]) != 0)
			break; /* fewer hands; with none, crew_collect works itself */
		c->hands++;
	}
	if (c->hands == 0)
		c->hand[0].worker = worker[0];
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_broadcast(&c->to_do);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->hands; i++)
		pthread_join(c->hand[i].thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->to_do);
	pthread_cond_destroy(&c->finished);
	free(c->place);
	free(c->hand);
	free(c);
}

bool crew_full(const struct crew *c)
{
	return c->given - c->collected == c->room;
}

void crew_give(struct crew *c, void *job)
{
	pthread_mutex_lock(&c->lock);
	c->place[c->given++ % c->room] = (struct place){job, false};
	pthread_cond_signal(&c->to_do);
	pthread_mutex_unlock(&c->lock);
}

void *crew_collect(struct crew *c)
{
	struct place *p = &c->place[c->collected % c->room];

	if (c->collected == c->given)
		return NULL;
	if (c->hands == 0) {
		c->taken++;
		c->work(c->hand[0].worker, p->job);
	} else {
		pthread_mutex_lock(&c->lock);
		while (!p->done)
			pthread_cond_wait(&c->finished, &c->lock);
		pthread_mutex_unlock(&c->lock);
	}
	c->collected++;
	return p->job;
}

size_t crew_size(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > CREW_MOST ? CREW_MOST : (size_t)n;
}
