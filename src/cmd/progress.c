/* cmd/progress: see progress.h. */
#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double clock_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void progress_begin(struct progress *p, bool wanted)
{
	*p = (struct progress){.begun = clock_seconds(), .on = wanted && isatty(STDERR_FILENO)};
}

void progress_clear(struct progress *p)
{
	if (p->shown > 0)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}

void progress_show(struct progress *p, uint64_t bytes)
{
	double now, gone, rate, left;

	if (!p->on)
		return;
	now = clock_seconds();
	gone = now - p->begun;
	if (gone < 2 || now < p->shown + 0.5)
		return;
	rate = (double)bytes / gone;
	left = rate > 0 && p->total > bytes ? (double)(p->total - bytes) / rate : 0;
	fputs("\r\033[K", stderr);
	if (p->of > 1)
		fprintf(stderr, "%zu of %zu files, ", p->files, p->of);
	fprintf(stderr, "%.1f of %.1f MB, %.1f MB/s, %.0f s left", (double)bytes / 1e6,
	    (double)p->total / 1e6, rate / 1e6, left);
	fflush(stderr);
	p->shown = now;
}
