/*
 * base/hash: hashes. Outside bytes (paths, prefixes, names) are hashed under a key drawn at start, so that a
 * peer cannot choose collisions; ids that we made ourselves are only mixed. Hash values never reach an
 * output.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_key(void);                      /* the process's key, drawn from the kernel at first use */
uint64_t hash_bytes(const void *p, size_t n); /* XXH3 under the key */
uint64_t hash_same(const void *p, size_t n);  /* without it: the same in every run; no place in a table */

static inline uint64_t hash_u64(uint64_t v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93U;
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93U;
	return v ^ v >> 32;
}

#endif
