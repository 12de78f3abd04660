/* bench/table FILE...: files to the table, with what it costs: routes per second and bytes per route. */
#include "cmd/pipe.h"

#include <stdio.h>
#include <string.h>

static uint64_t told[16];

static void count(void *arg, struct table *t, const struct change *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		told[c[i].kind]++;
}

int main(int argc, char **argv)
{
	struct pipe_options o = {.path = argv + 1, .paths = (size_t)argc - 1, .changes = count};
	struct pipe p;

	if (argc > 1 && strcmp(argv[1], "--silent") == 0) {
		o.changes = NULL;
		o.path++;
		o.paths--;
	}
	(void)pipe_run(&o, &p);
	pipe_print_stats(&p);
	printf("changes: route %llu, load %llu, reset %llu, up %llu, down %llu, gap %llu\n",
	    (unsigned long long)told[CHANGE_ROUTE], (unsigned long long)told[CHANGE_LOAD],
	    (unsigned long long)told[CHANGE_RESET], (unsigned long long)told[CHANGE_PEER_UP],
	    (unsigned long long)told[CHANGE_PEER_DOWN], (unsigned long long)told[CHANGE_GAP]);
	pipe_free(&p);
	return p.status;
}
