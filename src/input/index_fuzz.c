/* Index pages of any bytes: every link as a collector and as a file. */
#include "input/index.h"

#include <stdint.h>

static void try_link(void *arg, const char *to)
{
	char name[64];
	utime_t t;

	index_collector(to, name);
	index_file_time(to, "updates.", &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	index_links((const char *)data, size, try_link, NULL);
	return 0;
}
