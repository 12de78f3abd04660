/* Fuzz: any bytes as the beginning of a file, and any text as its path. */
#include "base/mem.h"
#include "input/sniff.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *path = mem_printf("/%.*s", (int)n, (const char *)p), *name = sniff_collector(path);
	utime_t first;
	bool rib;

	if (sniff_mrt(p, n, &first, &rib) && first < 0)
		abort();
	free(name);
	free(path);
	return 0;
}
