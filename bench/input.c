/* bench/input FILE: reads a file through input alone and prints its decompressed bytes and MB/s of wall and
 * CPU time. */
#include "input/input.h"

#include "base/mem.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	struct timespec a, b;
	struct rusage own, children;
	struct block block;
	uint64_t bytes = 0;
	double wall;
	struct input *in;

	if (argc != 2) {
		fputs("usage: bench_input FILE\n", stderr);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	in = input_open(argv[1]);
	while (input_next(in, 0, &block) == INPUT_BLOCK)
		bytes += block.len;
	if (input_error(in))
		fprintf(stderr, "%s: offset %llu: %s\n", argv[1], (unsigned long long)input_error_offset(in),
		    input_error(in));
	input_close(in);
	clock_gettime(CLOCK_MONOTONIC, &b);
	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	wall = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	printf("%llu bytes, %.3f s, %.3f s of CPU, %.0f MB/s, peak %.0f MB\n", (unsigned long long)bytes,
	    wall,
	    seconds_of(own.ru_utime) + seconds_of(own.ru_stime) + seconds_of(children.ru_utime) +
		seconds_of(children.ru_stime),
	    (double)bytes / wall / 1e6, (double)mem_peak_rss() / 1e6);
	return 0;
}
