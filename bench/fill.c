/*
 * bench/fill [PREFIXES [PEERS]]: a full table, made in memory record by record and given to the table as MRT:
 * what a route costs in bytes and time from a dump, from a second dump of the same, from updates, and with
 * every prefix refused; then the checkpoint. Times are of the processor, of table_apply with the decoding of
 * entries alone; the making of the records is left out. A copy of the same bytes stands beside as the limit.
 * The paths: three upstreams' choices for each of 120,000 groups of prefixes, the peer's own AS before them,
 * as many distinct paths as the world of isthmus-simulate(1) has.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/out.h"
#include "table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GROUPS = 120000, RECORDS = 500, UPDATES = 4000000 };

static unsigned prefixes = 1000000, peers = 40;
static uint8_t *copy_to;

struct meter {
	double apply, copy;
};

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void put(struct out *o, uint64_t v, unsigned bytes)
{
	char *p = out_room(o, bytes);

	for (unsigned i = 0; i < bytes; i++)
		p[i] = (char)(v >> (8 * (bytes - 1 - i)));
	out_commit(o, bytes);
}

static void put_header(struct out *o, uint32_t time, unsigned type, unsigned subtype, size_t length)
{
	put(o, time, 4);
	put(o, type, 2);
	put(o, subtype, 2);
	put(o, length, 4);
}

/* AS_PATH of a peer for a group; turn: another choice of upstream. ORIGIN and NEXT_HOP before it. */
static void put_attrs(struct out *o, unsigned peer, uint32_t group, unsigned turn)
{
	uint64_t h = hash_u64(group) >> 8, choice = (hash_u64(h ^ peer % 7) + turn) % 3;
	uint64_t mid = hash_u64(h + choice);

	put(o, 0x400101004003040a, 8);
	put(o, 0x000001, 3);
	put(o, 0x4002, 2);
	put(o, 2 + 4 * 5, 1);
	put(o, 0x0205, 2);
	put(o, 300000 + peer, 4);
	put(o, 174 + mid % 12, 4);
	put(o, 2000 + mid / 16 % 5000, 4);
	put(o, 8000 + h % 10000, 4);
	put(o, 200000 + group / 2 + (group % 2 ? 60000 : 0), 4);
}

enum { ATTRS = 11 + 3 + 2 + 4 * 5 };

static uint32_t address_of(uint32_t i)
{
	return 0x01000000 + i * 0xd00; /* /24s, unequally near: in order, as in a dump */
}

static uint32_t group_of(uint32_t i)
{
	return (uint32_t)(hash_u64(i / 3) % GROUPS); /* neighbours are often of one group */
}

static void put_index(struct out *o, uint32_t time)
{
	put_header(o, time, 13, 1, 8 + peers * 13);
	put(o, 0, 6);
	put(o, peers, 2);
	for (unsigned i = 0; i < peers; i++) {
		put(o, 2, 1);
		put(o, i, 4);
		put(o, 0x0a000001 + i, 4);
		put(o, 300000 + i, 4);
	}
}

static void put_rib(struct out *o, uint32_t time, uint32_t i)
{
	put_header(o, time, 13, 2, 4 + 1 + 3 + 2 + (size_t)peers * (8 + ATTRS));
	put(o, i, 4);
	put(o, 24, 1);
	put(o, address_of(i) >> 8, 3);
	put(o, peers, 2);
	for (unsigned p = 0; p < peers; p++) {
		put(o, p, 2);
		put(o, time, 4);
		put(o, ATTRS, 2);
		put_attrs(o, p, group_of(i), 0);
	}
}

/* An UPDATE of one peer: one group's path, one to four of its prefixes. */
static void put_update(struct out *o, uint32_t time, uint64_t draw)
{
	unsigned peer = (unsigned)(draw % peers), n = 1 + draw / 64 % 4;
	uint32_t at = (uint32_t)(draw / 256 % prefixes);
	size_t length = 19 + 4 + ATTRS + 4 * n;

	put_header(o, time, 16, 4, 20 + length);
	put(o, 300000 + peer, 4);
	put(o, 65000, 4);
	put(o, 1, 4);
	put(o, 0x0a000001 + peer, 4);
	put(o, 0x0a0000ff, 4);
	put(o, UINT64_MAX, 8);
	put(o, UINT64_MAX, 8);
	put(o, length, 2);
	put(o, 2, 1);
	put(o, 0, 2);
	put(o, ATTRS, 2);
	put_attrs(o, peer, group_of(at), draw >> 40 & 1);
	for (unsigned i = 0; i < n; i++) {
		put(o, 24, 1);
		put(o, address_of((at + i) % prefixes) >> 8, 3);
	}
}

static void apply_all(struct table *t, struct source *s, struct out *bytes, struct meter *m)
{
	double begun = cpu_seconds();
	struct mrt mrt = {0};
	struct cur c = cur_of(bytes->buf, bytes->n);
	struct update u[16];
	size_t n = 16;

	memcpy(copy_to, bytes->buf, bytes->n);
	m->copy += cpu_seconds() - begun;
	begun = cpu_seconds();
	while (n == 16) { /* as cmd/pipe.c does */
		for (n = 0; n < 16 && mrt_next(&mrt, &c, 0, true, &u[n]) == MRT_UPDATE;)
			n++;
		table_prepare(t, s, u, n);
		for (size_t i = 0; i < n; i++)
			table_apply(t, s, &u[i], &mrt.faults, NULL);
	}
	m->apply += cpu_seconds() - begun;
	bytes->n = 0;
}

static void tell(const char *what, double routes, struct meter m)
{
	printf("%-24s %6.2f M routes/s on one core (%.2f s; a copy of the bytes %.2f s)\n", what,
	    routes / 1e6 / m.apply, m.apply, m.copy);
	fflush(stdout);
}

static void dump(struct table *t, uint32_t time, const char *what)
{
	struct source *s = source_new(t, "bench");
	struct meter m = {0};
	struct out bytes;

	out_open_mem(&bytes);
	put_index(&bytes, time);
	for (uint32_t i = 0; i < prefixes; i++) {
		put_rib(&bytes, time, i);
		if (i % RECORDS == RECORDS - 1 || i == prefixes - 1)
			apply_all(t, s, &bytes, &m);
	}
	m.apply -= cpu_seconds();
	source_end(t, s, NULL);
	m.apply += cpu_seconds();
	tell(what, (double)prefixes * peers, m);
	source_free(s);
	out_close(&bytes);
}

static void updates(struct table *t, uint32_t time, const char *what)
{
	struct source *s = source_new(t, "bench");
	uint64_t said = table_health(t)->announced;
	struct meter m = {0};
	struct out bytes;

	out_open_mem(&bytes);
	for (uint32_t i = 0; i < UPDATES; i++) {
		put_update(&bytes, time + i / 2000, hash_u64(i + time) >> 1);
		if (i % 8000 == 7999)
			apply_all(t, s, &bytes, &m);
	}
	tell(what, (double)(table_health(t)->announced - said), m);
	printf("%-24s %6.2f M messages/s\n", "", UPDATES / 1e6 / m.apply);
	source_free(s);
	out_close(&bytes);
}

static void checkpoint(struct table *t)
{
	char path[] = "/tmp/isthmus-fill-XXXXXX";
	int fd = mkstemp(path);
	const char *why = NULL;
	double begun = cpu_seconds();
	struct timespec a, b, c;
	struct table *again;

	unlink(path);
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (fd < 0 || table_save(t, fd) != 0 || fdatasync(fd) != 0) {
		perror("checkpoint");
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%-24s written and synced in %.2f s (%.2f s of processor), %.0f MB; ", "checkpoint",
	    (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9, cpu_seconds() - begun,
	    (double)lseek(fd, 0, SEEK_CUR) / 1e6);
	lseek(fd, 0, SEEK_SET);
	begun = cpu_seconds();
	clock_gettime(CLOCK_MONOTONIC, &b);
	again = table_load(fd, NULL, &why);
	clock_gettime(CLOCK_MONOTONIC, &c);
	printf("opened in %.2f s (%.2f s of processor)%s%s\n",
	    (double)(c.tv_sec - b.tv_sec) + (double)(c.tv_nsec - b.tv_nsec) / 1e9, cpu_seconds() - begun,
	    why ? ": " : "", why ? why : "");
	table_free(again);
	close(fd);
}

static bool refuse(void *arg, const struct prefix *p)
{
	return false;
}

int main(int argc, char **argv)
{
	struct table_options none = {.want = refuse};
	struct table *t = table_new(NULL), *refusing = table_new(&none);
	struct table_size z;

	if (argc > 1)
		prefixes = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		peers = (unsigned)strtoul(argv[2], NULL, 10);
	copy_to = mem_alloc(64 << 20);
	dump(t, 1506816000, "dump into empty table");
	table_measure_size(t, &z);
	printf(
	    "%-24s %6.2f bytes a route: %zu routes, %zu prefixes, %zu paths; columns %.1f MB, paths %.1f MB, "
	    "prefixes %.1f MB, cache %.1f MB, other %.1f MB\n",
	    "memory", z.bytes_per_route, z.routes, z.prefixes, z.paths, (double)z.column_bytes / 1e6,
	    (double)z.path_bytes / 1e6, (double)z.prefix_bytes / 1e6, (double)z.cache_bytes / 1e6,
	    (double)z.other_bytes / 1e6);
	printf("%-24s %6.2f bytes a route, whole process\n", "", (double)mem_peak_rss() / (double)z.routes);
	updates(t, 1506816600, "updates");
	dump(t, 1506823200, "dump into full table");
	checkpoint(t);
	table_free(t);
	dump(refusing, 1506816000, "dump, all refused");
	table_free(refusing);
	free(copy_to);
	return 0;
}
