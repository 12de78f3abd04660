/* sim/parallel: see parallel.h. */
#include "sim/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct job {
	atomic_size_t next;
	size_t n;
	void (*work)(void *arg, unsigned thread, size_t i);
	void *arg;
};
struct hand {
	struct job *job;
	unsigned thread;
	pthread_t id;
};

static void *hand_run(void *arg)
{
	struct hand *h = arg;
	size_t i;

	while ((i = atomic_fetch_add(&h->job->next, 1)) < h->job->n)
		h->job->work(h->job->arg, h->thread, i);
	return NULL;
}

void parallel(size_t n, unsigned threads, void (*work)(void *arg, unsigned thread, size_t i), void *arg)
{
	struct job job = {.n = n, .work = work, .arg = arg};
	struct hand hand[PARALLEL_MAX];
	unsigned started = 1;

	if (threads > PARALLEL_MAX)
		threads = PARALLEL_MAX;
	for (unsigned i = 0; i < threads; i++)
		hand[i] = (struct hand){.job = &job, .thread = i};
	/* Where a thread cannot be had, those there are do its part. */
	while (started < threads && pthread_create(&hand[started].id, NULL, hand_run, &hand[started]) == 0)
		started++;
	hand[0] = (struct hand){.job = &job};
	(void)hand_run(&hand[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(hand[i].id, NULL);
}

unsigned parallel_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > PARALLEL_MAX ? PARALLEL_MAX : (unsigned)n;
}
