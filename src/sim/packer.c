/*
 * sim/packer: long files compressed in blocks by several threads, see pack.h. Readers of the archives stop at
 * the end of the first stream, so the blocks are joined into one: for gzip as RFC 1951 blocks ended by a
 * flush, each knowing the 32 KiB before it; for bzip2 bit by bit, as a block there may start at any bit.
 */
#include "base/mem.h"
#include "sim/pack.h"
#include "sim/parallel.h"

#include <bzlib.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	BLOCK = 700000, /* bzip2's first stage may grow it by a quarter, and it must stay below one block of
			   900 k */
	DICTIONARY = 32768,
	BLOCKS_PER_THREAD = 4,
	GZ_LEVEL = 6,
	BZ2_LEVEL = 9,
};

struct part {
	const char *from;
	size_t n, before; /* bytes; bytes of dictionary in front of them */
	char *made;
	size_t bits; /* of made */
	size_t made_n;
	uint32_t crc;
};

struct packer {
	FILE *f;
	char *name;
	enum pack pack;
	unsigned threads;
	char *buf; /* dictionary, then up to `cap` bytes */
	size_t dictionary, n, cap;
	struct part *part;
	uint32_t crc; /* gzip: of all bytes; bzip2: of the blocks' sums */
	uint64_t total;
	uint8_t left; /* bzip2: bits waiting for a whole byte */
	unsigned lefts;
	bool failed, last;
};

struct packer *packer_open(const char *file, enum pack pack, unsigned threads, char *why, size_t cap)
{
	static const uint8_t gz_head[] = {
	    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}; /* RFC 1952 2.3: no time, no name */
	struct packer *p;
	FILE *f = fopen(file, "wb");

	if (!f) {
		snprintf(why, cap, "%s: %s", file, strerror(errno));
		return NULL;
	}
	p = mem_alloc(sizeof *p);
	p->f = f;
	p->name = mem_strdup(file);
	p->pack = pack;
	p->threads = threads ? threads : 1;
	p->cap = (size_t)BLOCK * BLOCKS_PER_THREAD * p->threads;
	p->buf = mem_alloc(DICTIONARY + p->cap);
	p->part = mem_array((size_t)BLOCKS_PER_THREAD * p->threads + 1, sizeof *p->part);
	if (pack == PACK_GZ)
		p->failed = fwrite(gz_head, 1, sizeof gz_head, f) != sizeof gz_head;
	else if (pack == PACK_BZ2)
		p->failed = fwrite("BZh9", 1, 4, f) != 4;
	return p;
}

static void part_gz(struct packer *p, struct part *t, bool last)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)t->from, .avail_in = (uInt)t->n};
	size_t cap = t->n + t->n / 8 + 1024;

	t->made = mem_alloc(cap);
	if (deflateInit2(&z, GZ_LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	if (t->before)
		(void)deflateSetDictionary(&z, (const Bytef *)t->from - t->before, (uInt)t->before);
	z.next_out = (Bytef *)t->made;
	z.avail_out = (uInt)cap;
	(void)deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH);
	t->made_n = z.total_out;
	(void)deflateEnd(&z);
	t->crc = (uint32_t)crc32(0, (const Bytef *)t->from, (uInt)t->n);
}

static uint64_t bits_at(const uint8_t *p, size_t bit, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++, bit++)
		v = v << 1 | (p[bit / 8] >> (7 - bit % 8) & 1);
	return v;
}

/* A stream of one block: "BZh9", the block, a magic of 48 bits, the sum, and up to seven bits of nothing. */
static void part_bz2(struct part *t)
{
	unsigned n = (unsigned)(t->n + t->n / 100 + 600);
	size_t end;

	t->made = mem_alloc(n);
	if (BZ2_bzBuffToBuffCompress(
		t->made, &n, (char *)(uintptr_t)t->from, (unsigned)t->n, BZ2_LEVEL, 0, 0) != BZ_OK)
		abort();
	t->made_n = n;
	t->crc = (uint32_t)bits_at((const uint8_t *)t->made, 80, 32);
	for (end = (size_t)n * 8 - 80; bits_at((const uint8_t *)t->made, end, 48) != 0x177245385090 ||
				       bits_at((const uint8_t *)t->made, end + 48, 32) != t->crc;
	     end--)
		if (end <= (size_t)n * 8 - 88)
			abort(); /* cannot be: the library ends its streams so */
	t->bits = end - 32;
}

static void part_work(void *arg, unsigned thread, size_t i)
{
	struct packer *p = arg;
	struct part *t = &p->part[i];

	if (p->pack == PACK_BZ2)
		part_bz2(t);
	else
		part_gz(p, t, p->last && t->from + t->n == p->buf + p->dictionary + p->n);
}

static void write_bytes(struct packer *p, const void *bytes, size_t n)
{
	if (!p->failed && fwrite(bytes, 1, n, p->f) != n)
		p->failed = true;
}

/* Appends bits [32, 32 + bits) of a stream, the header left out, to those waiting. */
static void write_bits(struct packer *p, uint8_t *bytes, size_t bits)
{
	size_t whole = bits / 8;

	for (size_t i = 0; i < whole; i++) {
		uint8_t b = bytes[i];
		if (p->lefts) {
			bytes[i] = (uint8_t)(p->left | b >> p->lefts);
			p->left = (uint8_t)(b << (8 - p->lefts));
		}
	}
	write_bytes(p, bytes, whole);
	for (size_t i = whole * 8; i < bits; i++) {
		unsigned bit = bytes[i / 8] >> (7 - i % 8) & 1;
		p->left = (uint8_t)(p->left | bit << (7 - p->lefts));
		if (++p->lefts == 8) {
			write_bytes(p, &p->left, 1);
			p->left = 0;
			p->lefts = 0;
		}
	}
}

static void part_write(struct packer *p, struct part *t)
{
	if (p->pack == PACK_BZ2) {
		write_bits(p, (uint8_t *)t->made + 4, t->bits);
		p->crc = (p->crc << 1 | p->crc >> 31) ^ t->crc;
	} else {
		write_bytes(p, t->made, t->made_n);
		p->crc = (uint32_t)crc32_combine(p->crc, t->crc, (z_off_t)t->n);
	}
	free(t->made);
}

static void packer_flush(struct packer *p)
{
	char *from = p->buf + p->dictionary;
	size_t parts = 0, keep;

	if (p->pack == PACK_PLAIN) {
		write_bytes(p, from, p->n);
	} else {
		for (size_t at = 0; at < p->n || (parts == 0 && p->last && p->pack == PACK_GZ); at += BLOCK) {
			size_t before = p->dictionary + at;
			p->part[parts++] = (struct part){.from = from + at,
			    .n = p->n - at < BLOCK ? p->n - at : BLOCK,
			    .before = before < DICTIONARY ? before : DICTIONARY};
		}
		parallel(parts, p->threads, part_work, p);
		for (size_t i = 0; i < parts; i++)
			part_write(p, &p->part[i]);
	}
	p->total += p->n;
	keep = p->dictionary + p->n < DICTIONARY ? p->dictionary + p->n : DICTIONARY;
	memmove(p->buf, p->buf + p->dictionary + p->n - keep, keep);
	p->dictionary = keep;
	p->n = 0;
}

void packer_write(struct packer *p, const void *bytes, size_t n)
{
	const char *b = bytes;

	while (n) {
		size_t room = p->cap - p->n, k = n < room ? n : room;
		memcpy(p->buf + p->dictionary + p->n, b, k);
		p->n += k;
		b += k;
		n -= k;
		if (p->n == p->cap)
			packer_flush(p);
	}
}

static void packer_end(struct packer *p)
{
	if (p->pack == PACK_GZ) {
		uint32_t tail[2] = {p->crc, (uint32_t)p->total}; /* little-endian, as this machine */
		write_bytes(p, tail, sizeof tail);
	} else if (p->pack == PACK_BZ2) {
		uint8_t tail[11] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90, (uint8_t)(p->crc >> 24),
		    (uint8_t)(p->crc >> 16), (uint8_t)(p->crc >> 8), (uint8_t)p->crc};
		write_bits(p, tail, 80);
		if (p->lefts)
			write_bytes(p, &p->left, 1);
	}
}

bool packer_close(struct packer *p, char *why, size_t cap)
{
	bool ok;

	p->last = true;
	packer_flush(p);
	packer_end(p);
	ok = fclose(p->f) == 0 && !p->failed;
	if (!ok)
		snprintf(why, cap, "%s: %s", p->name, strerror(errno));
	free(p->name);
	free(p->buf);
	free(p->part);
	free(p);
	return ok;
}
