/* decode/sample_test: a sample read back, and what is asked of it; for the tests of this room. */
#ifndef DECODE_SAMPLE_TEST_H
#define DECODE_SAMPLE_TEST_H

#include "decode/decode.h"
#include "decode/sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct stream {
	struct mrt m;
	struct cur c;
	uint64_t at;
};

static inline struct stream stream_of(const struct sample *s)
{
	return (struct stream){.c = cur_of(s->b, s->n)};
}

static inline bool stream_next(struct stream *t, struct update *u)
{
	const uint8_t *before = t->c.p;
	enum mrt_status status = mrt_next(&t->m, &t->c, t->at, true, u);

	t->at += (uint64_t)(t->c.p - before);
	return status == MRT_UPDATE;
}

static inline uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		n += f->n[i];
	return n;
}

static inline void assert_prefix(const struct prefix *p, const char *text)
{
	char s[PREFIX_TEXT + 1];

	s[prefix_text(s, p)] = '\0';
	assert_string_equal(s, text);
}

static inline void assert_path(const struct attr_set *set, size_t n, const asn_t *want)
{
	struct span path, path4;
	asn_t got[64];
	unsigned flags;

	attrs_paths(set, &path, &path4);
	assert_int_equal(as_path_flat(path, path4, set->as_size, got, 64, &flags), n);
	assert_memory_equal(got, want, n * sizeof *got);
}

#endif
