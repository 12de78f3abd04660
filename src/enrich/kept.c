/*
 * enrich/kept: the folder of accepted registry files, which every later run uses. In: a fetched file. Out: it
 * is one of them, or a line that says why not.
 */
#include "base/mem.h"
#include "enrich/guard.h"
#include "enrich/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *registry_folder(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (data && *data == '/')
		return mem_printf("%s/isthmus/registry", data);
	return mem_printf("%s/.local/share/isthmus/registry", home ? home : "");
}

static int no_dots(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

size_t registry_kept(char ***path)
{
	char *folder = registry_folder();
	struct dirent **entry = NULL;
	int n = scandir(folder, &entry, no_dots, alphasort);

	*path = mem_array((size_t)(n > 0 ? n : 0) + 1, sizeof **path);
	for (int i = 0; i < n; i++) {
		(*path)[i] = mem_printf("%s/%s", folder, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	free(folder);
	return n > 0 ? (size_t)n : 0;
}

/* The newest kept file of that key; false where there is none. */
static bool in_use_of(const char *key, struct census *in_use)
{
	char **path;
	size_t n = registry_kept(&path);
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		struct census c;
		char why[256];
		if (*key && registry_survey(path[i], &c, why, sizeof why) && strcmp(c.key, key) == 0 &&
		    (!found || c.date > in_use->date)) {
			*in_use = c;
			found = true;
		}
		free(path[i]);
	}
	free(path);
	return found;
}

static bool judge(const char *file, char *why, size_t n)
{
	struct census c, in_use;

	if (!registry_survey(file, &c, why, n))
		return false;
	if (!in_use_of(c.key, &in_use))
		return !guard_refuses(&c, NULL, why, n);
	if (c.date < in_use.date) {
		snprintf(why, n, "%s is older than %s in use", c.label, in_use.label);
		return false;
	}
	return !guard_refuses(&c, &in_use, why, n);
}

bool registry_accept(const char *file, const char *name, char *why, size_t n)
{
	char *folder = registry_folder(), *to = mem_printf("%s/%s", folder, name);
	bool fits = judge(file, why, n);

	if (fits && rename(file, to) != 0) {
		snprintf(why, n, "%s: %s", to, strerror(errno));
		fits = false;
	}
	if (!fits)
		unlink(file);
	free(folder);
	free(to);
	return fits;
}
