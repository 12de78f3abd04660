/* enrich/compiled: the machine's databases in one small file, made at build time (tools/mkregistry.c), so
 * that a start takes milliseconds. */
#ifndef ENRICH_COMPILED_H
#define ENRICH_COMPILED_H

#include "enrich/facts.h"

/* Reads a table of what is registered (NULL: none; called `label` in answers) and geolocation databases;
 * writes OUT. 0, or -1 with a line on standard error. */
int registry_compile(
    const char *out, const char *label, const char *registered, const char *const *located, size_t files);

/* Fills empty facts from such a file; false where it is none or damaged. The facts borrow from m. */
bool compiled_open(struct facts *f, struct registry_map *m, const char *path);
void compiled_close(struct registry_map *m);

#endif
