/* base/shipped: see shipped.h. */
#include "base/shipped.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *shipped(const char *name)
{
	static const char *const places[] = {"/", "/../", "/../scenario/", "/../../scenario/"};
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash, *path;

	exe[n < 0 ? 0 : n] = '\0';
	if ((slash = strrchr(exe, '/')))
		*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		path = mem_printf("%s%s%s", exe, places[i], name);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return mem_printf("%s/%s", ISTHMUS_DATADIR, name);
}
