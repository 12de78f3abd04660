/* base/hash: see hash.h. */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <sys/random.h>
#include <xxhash.h>

static uint64_t key;

__attribute__((constructor)) static void hash_draw(void)
{
	if (getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key)
		key = 0x9e3779b97f4a7c15U;
}

uint64_t hash_key(void)
{
	return key;
}

uint64_t hash_bytes(const void *p, size_t n)
{
	return XXH3_64bits_withSeed(p, n, key);
}

uint64_t hash_same(const void *p, size_t n)
{
	return XXH3_64bits(p, n);
}
