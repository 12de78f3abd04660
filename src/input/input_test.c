/* input: every wrapping whole, joined, cut and damaged; large records; early close; lists. Makes its own
 * data. */
#include "input/input.h"

#include "base/mem.h"

#include <bzlib.h>
#include <fcntl.h>
#include <lzma.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

struct bytes {
	uint8_t *p;
	size_t n;
};

/* ---- making data ---- */
static char dir[] = "/tmp/isthmus-input-XXXXXX";
static struct bytes good; /* text that packs neither well nor badly */

static uint32_t random_u32(void)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

static struct bytes make_plain(size_t n)
{
	struct bytes b = {mem_alloc(n), n};

	for (size_t i = 0; i < n; i++)
		b.p[i] = i >= 64 && random_u32() % 8 ? b.p[i - 64 + random_u32() % 2] : (uint8_t)random_u32();
	return b;
}

static struct bytes pack_plain(const uint8_t *p, size_t n)
{
	struct bytes b = {mem_alloc(n + 1), n};

	memcpy(b.p, p, n);
	return b;
}

static struct bytes pack_gzip(const uint8_t *p, size_t n)
{
	struct bytes b = {mem_alloc(n + n / 100 + 100), n + n / 100 + 100};
	z_stream z = {.next_in = (uint8_t *)p, .avail_in = (uInt)n, .next_out = b.p, .avail_out = (uInt)b.n};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b.n = z.total_out;
	deflateEnd(&z);
	return b;
}

static struct bytes pack_bzip2(const uint8_t *p, size_t n)
{
	unsigned cap = (unsigned)(n + n / 50 + 1000);
	struct bytes b = {mem_alloc(cap), 0};

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)b.p, &cap, (char *)p, (unsigned)n, 1, 0, 0), BZ_OK);
	b.n = cap;
	return b;
}

static struct bytes pack_xz(const uint8_t *p, size_t n)
{
	size_t cap = lzma_stream_buffer_bound(n);
	struct bytes b = {mem_alloc(cap), 0};

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, p, n, b.p, &b.n, cap), LZMA_OK);
	return b;
}

static struct bytes pack_zstd(const uint8_t *p, size_t n)
{
	size_t cap = ZSTD_compressBound(n);
	struct bytes b = {mem_alloc(cap), 0};
	ZSTD_CCtx *c = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	b.n = ZSTD_compress2(c, b.p, cap, p, n);
	assert_false(ZSTD_isError(b.n));
	ZSTD_freeCCtx(c);
	return b;
}

static const struct wrapping {
	const char *name;
	struct bytes (*pack)(const uint8_t *p, size_t n);
} wrappings[] = {
    {"plain", pack_plain}, {"gzip", pack_gzip}, {"bzip2", pack_bzip2}, {"xz", pack_xz}, {"zstd", pack_zstd}};
enum { WRAPPINGS = sizeof wrappings / sizeof *wrappings };

static char *path_of(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static char *file_of(const char *name, const uint8_t *p, size_t n)
{
	char *path = path_of(name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
	return path;
}

/* ---- reading ---- */
struct result {
	struct bytes got;
	bool bad;
	uint64_t offset;
	char error[200];
};

/* Reads to the end leaving up to `leave` bytes each time; checks offsets, padding, left-overs and the
 * statuses. */
static struct result read_all(const char *path, size_t leave)
{
	struct input *in = input_open(path);
	struct result r = {0};
	struct block b = {0};
	size_t left = 0, cap = 0;
	enum input_status status;

	while ((status = input_next(in, left, &b)) == INPUT_BLOCK) {
		assert_true(b.len > left);
		assert_int_equal(b.offset, r.got.n - left);
		if (left)
			assert_memory_equal(b.data, r.got.p + r.got.n - left, left);
		for (size_t i = 0; i < INPUT_PAD; i++)
			assert_int_equal(b.data[b.len + i], 0);
		if (cap < r.got.n + b.len) {
			cap = (r.got.n + b.len) * 2;
			r.got.p = mem_grow(r.got.p, cap, 1);
		}
		memcpy(r.got.p + r.got.n, b.data + left, b.len - left);
		r.got.n += b.len - left;
		left = leave < b.len ? leave : b.len;
	}
	if (left)
		assert_memory_equal(b.data + b.len - left, r.got.p + r.got.n - left, left);
	if (status == INPUT_BAD) {
		r.bad = true;
		r.offset = input_error_offset(in);
		snprintf(r.error, sizeof r.error, "%s", input_error(in));
		assert_int_equal(input_next(in, left, &b), INPUT_END);
	}
	assert_int_equal(input_next(in, left, &b), INPUT_END);
	input_close(in);
	return r;
}

static void expect(const struct result *r, const uint8_t *p, size_t n)
{
	assert_int_equal(r->got.n, n);
	if (n)
		assert_memory_equal(r->got.p, p, n);
}

static void test_whole(void **state)
{
	static const size_t sizes[] = {1, 11, 100, 100 * 1000, 3 * 1000 * 1000 + 7};

	for (size_t w = 0; w < WRAPPINGS; w++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct bytes b = wrappings[w].pack(good.p, sizes[i]);
			char *path = file_of("whole", b.p, b.n);
			for (size_t leave = 0; leave < 3; leave++) {
				struct result r = read_all(path, leave * leave * 5000);
				assert_false(r.bad);
				expect(&r, good.p, sizes[i]);
				free(r.got.p);
			}
			free(path);
			free(b.p);
		}
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	good = make_plain(6 * 1000 * 1000);
	return 0;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	free(command);
	free(good.p);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
