/*
 * tools/mkregistry OUT LABEL [REGISTERED] -- [LOCATED...]: makes the registry that Isthmus starts with from
 * the databases a package manager brought (enrich/compiled.h). LABEL is what the table of registered
 * addresses is called in answers.
 */
#include "enrich/compiled.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	int mark = 3;

	while (mark < argc && strcmp(argv[mark], "--") != 0)
		mark++;
	if (mark >= argc) {
		fprintf(stderr, "usage: mkregistry OUT LABEL [REGISTERED] -- [LOCATED...]\n");
		return 2;
	}
	return registry_compile(argv[1], argv[2], mark > 3 ? argv[3] : NULL,
		   (const char *const *)argv + mark + 1, (size_t)(argc - mark - 1))
		   ? 1
		   : 0;
}
