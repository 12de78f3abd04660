/* enrich/guard: is a new registry file to be believed? */
#ifndef ENRICH_GUARD_H
#define ENRICH_GUARD_H

#include "enrich/load.h"

/*
 * True, with why, where the file is empty, cut, or says so much less than the one in use (NULL: none) that it
 * must be broken: more than 5 % of its ASNs gone (of its rows, where it has none). RIPE's file of 2023-05-01
 * had no ASNs at all. A file older than the one in use may well have fewer.
 */
bool guard_refuses(const struct census *file, const struct census *in_use, char *why, size_t n);

#endif
