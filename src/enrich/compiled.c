/*
 * enrich/compiled: see compiled.h. The file is of this machine's byte order, and mapped, not read: a magic,
 * then sources   n u32, n x {rank u8, located u8, length u8, label} ASes      n u32, n x {asn u32, name
 * length u16, country u16, source u8, name} six tables as struct ranges, each from an offset that is a
 * multiple of 8: n u64, n + 1 x start u64, n x value u32: registered, located, and the best of both; IPv4 and
 * IPv6 of each
 */
#include "enrich/compiled.h"

#include "base/mem.h"
#include "base/out.h"
#include "enrich/load.h"
#include "enrich/territory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "ISTHREG1";
enum { REGISTERED, LOCATED, BEST, TABLES };

/* ---- writing ---- */

static void put(struct out *o, const void *p, size_t n)
{
	out_bytes(o, p, n);
}

static void put_u32(struct out *o, size_t v)
{
	uint32_t x = (uint32_t)v;

	put(o, &x, sizeof x);
}

static void put_sources(struct out *o, const struct facts *f)
{
	put_u32(o, f->sources);
	for (size_t i = 1; i <= f->sources; i++) {
		const struct source *s = &f->source[i];
		uint8_t head[3] = {s->rank, s->located, (uint8_t)strlen(s->label)};
		put(o, head, sizeof head);
		put(o, s->label, head[2]);
	}
}

static void put_ases(struct out *o, const struct facts *f)
{
	const struct as_fact *fact;
	size_t n = 0;

	for (uint64_t asn = 0; asns_next(&f->as, &asn); asn++)
		n++;
	put_u32(o, n);
	for (uint64_t asn = 0; (fact = asns_next(&f->as, &asn)); asn++) {
		const char *name = f->as.text + fact->name;
		uint16_t length = (uint16_t)strnlen(name, 255);
		put_u32(o, asn);
		put(o, &length, sizeof length);
		put(o, &fact->cc, sizeof fact->cc);
		put(o, &fact->source, 1);
		put(o, name, length);
	}
}

static void put_ranges(struct out *o, const struct ranges *r, size_t *at)
{
	uint64_t n = r->n, zero = 0;

	put(o, &zero, (8 - *at % 8) % 8);
	put(o, &n, sizeof n);
	put(o, r->start, (r->n + 1) * sizeof *r->start);
	put(o, r->value, r->n * sizeof *r->value);
	*at = (*at + 7) / 8 * 8 + sizeof n + (r->n + 1) * sizeof *r->start + r->n * sizeof *r->value;
}

static int write_out(const char *path, const struct facts *f, const struct ranges tables[TABLES][2])
{
	struct out o;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), status;
	ssize_t done;
	size_t at;

	out_open_mem(&o);
	put(&o, magic, sizeof magic);
	put_sources(&o, f);
	put_ases(&o, f);
	at = o.n;
	for (int t = 0; t < TABLES; t++)
		for (int side = 0; side < 2; side++)
			put_ranges(&o, &tables[t][side], &at);
	done = fd < 0 ? -1 : write(fd, o.buf, o.n);
	status = done == (ssize_t)o.n && close(fd) == 0 ? 0 : -1;
	if (status)
		fprintf(stderr, "%s: %m\n", path);
	out_close(&o);
	return status;
}

static void compile_file(struct loading *l, const char *path, uint8_t rank, const char *label)
{
	l->forced = rank;
	l->label = label;
	load_default_file(l, path);
}

int registry_compile(
    const char *out, const char *label, const char *registered, const char *const *located, size_t files)
{
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	struct ranges tables[TABLES][2];
	struct loading l = {.f = f};
	const char *const *notes;
	size_t n;
	int status;

	if (registered)
		compile_file(&l, registered, RANK_DEFAULT_REGISTERED, label);
	for (size_t i = 0; i < files; i++)
		compile_file(&l, located[i], RANK_DEFAULT_LOCATED, NULL);
	for (int side = 0; side < 2; side++) {
		unsigned bits = side ? RANGES_INDEX6 : RANGES_INDEX4;
		ranges_build(&tables[REGISTERED][side], &l.registered[side], bits);
		ranges_build(&tables[LOCATED][side], &l.located[side], bits);
		intervals_join(&l.registered[side], &l.located[side]);
		ranges_build(&tables[BEST][side], &l.registered[side], bits);
		free(l.registered[side].v);
		free(l.located[side].v);
	}
	n = facts_notes(f, &notes);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s\n", notes[i]);
	status = write_out(out, f, tables);
	for (int t = 0; t < 2 * TABLES; t++)
		ranges_free(&tables[t / 2][t % 2]);
	facts_free(f);
	return status || n ? -1 : 0;
}

/* ---- reading ---- */

static uint32_t get_u32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof v);
	return v;
}

static void get_sources(struct facts *f, struct cur *c)
{
	uint32_t n = get_u32(c);

	for (uint32_t i = 0; i < n && f->sources < SOURCES_MAX && !c->bad; i++) {
		uint8_t rank = cur_u8(c), located = cur_u8(c), length = cur_u8(c);
		struct span label = cur_span(c, length);
		f->source[++f->sources] = (struct source){
		    mem_printf("%.*s", (int)label.n, (const char *)label.p), rank, located != 0};
	}
}

static void get_ases(struct facts *f, struct cur *c)
{
	uint32_t n = get_u32(c);

	for (uint32_t i = 0; i < n && !c->bad; i++) {
		asn_t asn = get_u32(c);
		const uint8_t *p = cur_take(c, 5);
		struct as_fact *fact;
		uint16_t length = 0;
		struct span name;
		if (p)
			memcpy(&length, p, sizeof length);
		name = cur_span(c, length);
		if (c->bad)
			return;
		fact = asns_add(&f->as, asn);
		memcpy(&fact->cc, p + 2, sizeof fact->cc);
		fact->source = p[4] <= f->sources ? p[4] : 0;
		asns_name(&f->as, asn, (const char *)name.p, name.n, RANK_DEFAULT_LOCATED);
	}
}

/* A table as it lies in the mapping. */
static void get_ranges(struct cur *c, const uint8_t *begin, struct ranges *r, unsigned bits)
{
	const uint8_t *p;
	uint64_t n = 0;

	cur_take(c, (size_t)(8 - (c->p - begin) % 8) % 8);
	if ((p = cur_take(c, 8)))
		memcpy(&n, p, sizeof n);
	if (n == 0 || n > UINT32_MAX || cur_left(c) < n * 12 + 8) {
		c->bad = true;
		return;
	}
	r->n = (size_t)n;
	r->start = (uint64_t *)(uintptr_t)cur_take(c, (r->n + 1) * sizeof *r->start);
	r->value = (uint32_t *)(uintptr_t)cur_take(c, r->n * sizeof *r->value);
	r->borrowed = true;
	ranges_index(r, bits);
}

bool compiled_open(struct facts *f, struct registry_map *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	struct cur c;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof magic) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	m->n = (size_t)st.st_size;
	m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (m->p == MAP_FAILED) {
		m->p = NULL;
		return false;
	}
	c = cur_of(m->p, m->n);
	if (memcmp(cur_take(&c, sizeof magic), magic, sizeof magic) != 0)
		return false;
	get_sources(f, &c);
	get_ases(f, &c);
	for (int t = 0; t < TABLES && !c.bad; t++)
		for (int side = 0; side < 2 && !c.bad; side++)
			get_ranges(&c, m->p,
			    t == REGISTERED ? &m->registered[side]
			    : t == LOCATED  ? &f->located[side]
					    : &f->country[side],
			    side ? RANGES_INDEX6 : RANGES_INDEX4);
	return !c.bad;
}

void compiled_close(struct registry_map *m)
{
	for (int side = 0; side < 2; side++)
		ranges_free(&m->registered[side]);
	if (m->p)
		munmap(m->p, m->n);
}
