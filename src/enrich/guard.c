/* enrich/guard: see guard.h. */
#include "enrich/guard.h"

#include <stdio.h>

/* More than a twentieth fewer. */
static bool lost(size_t now, size_t before)
{
	return now < before && (before - now) * 20 > before;
}

bool guard_refuses(const struct census *file, const struct census *in_use, char *why, size_t n)
{
	if (*file->cut) {
		snprintf(why, n, "cut: %s", file->cut);
		return true;
	}
	if (file->rows == file->bad) {
		snprintf(why, n, "%s", file->rows ? "not one row can be read" : "empty");
		return true;
	}
	if (!in_use || file->date < in_use->date)
		return false;
	if (lost(file->asns, in_use->asns))
		snprintf(why, n,
		    "%zu ASNs, where %s in use has %zu: more than 5 %% are gone; the one in use stays",
		    file->asns, in_use->label, in_use->asns);
	else if (lost(file->rows - file->bad, in_use->rows - in_use->bad))
		snprintf(why, n,
		    "%zu rows, where %s in use has %zu: more than 5 %% are gone; the one in use stays",
		    file->rows - file->bad, in_use->label, in_use->rows - in_use->bad);
	else
		return false;
	return true;
}
