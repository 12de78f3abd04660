/* Fuzz: a pattern, a zero, and an AS_PATH; what matches once matches again. */
#include "cmd/read/pathre.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *zero = n ? memchr(p, 0, n) : NULL;
	struct span path, none = {NULL, 0};
	struct pathre *re;
	const char *error;
	bool yes;

	if (!zero)
		return 0;
	path = (struct span){zero + 1, (size_t)(p + n - zero - 1)};
	if (!(re = pathre_new((const char *)p, &error)))
		return 0;
	yes = pathre_match(re, path, none, 4);
	if (pathre_match(re, path, none, 4) != yes)
		__builtin_trap();
	pathre_match(re, path, path, 2);
	pathre_free(re);
	return 0;
}
