/*
 * cmd/sights: how many different things were seen: sets of keyed 64-bit hashes (two of a billion prefixes
 * share one with a chance of about one in forty). Owns 8 to 16 bytes a thing.
 */
#ifndef CMD_SIGHTS_H
#define CMD_SIGHTS_H

#include <stddef.h>
#include <stdint.h>

struct sight_set {
	uint64_t *v;
	size_t n, cap; /* cap: a power of two, 0 at first */
};
struct sights {
	struct sight_set prefix[2], peer, origin, path; /* prefixes by family_index */
};

void sight(struct sight_set *s, const void *p, size_t n);
void sights_free(struct sights *s);

#endif
