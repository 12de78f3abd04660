/*
 * bench/enrich: what a start costs, and a look-up. In: nothing, or registry files. Out: milliseconds of
 * facts_load, memory, and nanoseconds of the look-ups that are asked once for each prefix and AS that is
 * born.
 */
#include "enrich/enrich.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { N = 1 << 20, ROUNDS = 5 };

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct world {
	const struct facts *f;
	struct prefix *four, *six;
	asn_t *asn;
};

/* Prefixes and ASNs where the Internet has them, in no order: a table's births come so. */
static void world_make(struct world *w)
{
	w->four = mem_array(N, sizeof *w->four);
	w->six = mem_array(N, sizeof *w->six);
	w->asn = mem_array(N, sizeof *w->asn);
	for (uint64_t i = 0; i < N; i++) {
		uint64_t r = hash_u64(i + 1);
		uint8_t b[16] = {(uint8_t)(1 + r % 222), (uint8_t)(r >> 8), (uint8_t)(r >> 16)};
		w->four[i] = prefix_make(FAMILY_IPV4, b, 24);
		b[0] = r >> 24 & 1 ? 0x2a : 0x24;
		b[1] = (uint8_t)(r % 16);
		b[3] = (uint8_t)(r >> 32);
		w->six[i] = prefix_make(FAMILY_IPV6, b, 32);
		w->asn[i] = (asn_t)(r % 400000);
	}
}

static uint64_t four(const struct world *w, size_t i)
{
	return prefix_territory(w->f, &w->four[i], UTIME_MAX - 1);
}

static uint64_t six(const struct world *w, size_t i)
{
	return prefix_territory(w->f, &w->six[i], UTIME_MAX - 1);
}

static uint64_t as(const struct world *w, size_t i)
{
	return asn_territory(w->f, w->asn[i], UTIME_MAX - 1);
}

static uint64_t name(const struct world *w, size_t i)
{
	return (uint64_t)*asn_name(w->f, w->asn[i]);
}

static void measure(const struct world *w, const char *what, uint64_t (*ask)(const struct world *, size_t))
{
	double best = 1e9;
	uint64_t sum = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double begun = cpu_seconds();
		for (size_t i = 0; i < N; i++)
			sum += ask(w, i);
		double took = cpu_seconds() - begun;
		best = took < best ? took : best;
	}
	printf("%-24s %6.1f ns a look-up (sum %llu)\n", what, best * 1e9 / N, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
	struct facts_options o = {
	    .registry = (const char *const *)argv + 1, .registries = (size_t)(argc - 1)};
	struct world w;
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double begun = cpu_seconds();
		facts_free(facts_load(&o));
		double took = cpu_seconds() - begun;
		best = took < best ? took : best;
	}
	w.f = facts_load(&o);
	printf("%-24s %6.1f ms, %zu MB (%s)\n", "facts_load", best * 1e3, mem_peak_rss() >> 20,
	    facts_sources(w.f));
	world_make(&w);
	measure(&w, "prefix_territory IPv4", four);
	measure(&w, "prefix_territory IPv6", six);
	measure(&w, "asn_territory", as);
	measure(&w, "asn_name", name);
	free(w.four);
	free(w.six);
	free(w.asn);
	facts_free((struct facts *)(uintptr_t)w.f);
	return 0;
}
