/*
 * cmd/read/sights: how many different things were seen: sets of 64-bit hashes (two of a billion things share
 * one with a chance of about one in forty). A set that has outgrown its room keeps one half of all hashes,
 * then a quarter, and so on, and tells how many there are by what it has kept (Flajolet 1990, adaptive
 * sampling): memory is bounded whatever comes, and the same things give the same numbers. Owns at most 43 MB,
 * and 6 MB more for a moment while a set is made anew.
 */
#ifndef CMD_READ_SIGHTS_H
#define CMD_READ_SIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sight_kind { SIGHT_PREFIX4, SIGHT_PREFIX6, SIGHT_PEER, SIGHT_ORIGIN, SIGHT_PATH, SIGHT_KINDS };

struct sight_set {
	uint64_t *v;
	size_t n, cap;    /* cap: a power of two, 0 at first */
	unsigned dropped; /* only hashes whose upper `dropped` bits are zero are kept */
};
struct sights {
	struct sight_set set[SIGHT_KINDS];
};

void sight(struct sights *s, enum sight_kind kind, const void *p, size_t n);
uint64_t sights_count(const struct sights *s, enum sight_kind kind, bool *exact);
void sights_free(struct sights *s);

#endif
