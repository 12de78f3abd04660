/* cmd/evidence: see evidence.h. */
#include "cmd/evidence.h"

bool evidence_write(const char *dir, const struct event *e, size_t n, char *const *path, size_t paths)
{
	return true;
}
