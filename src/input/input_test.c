/* input: every wrapping whole, joined, cut and damaged; large records; early close; lists. Makes its own
 * data. */
#include "input/input.h"

#include "base/mem.h"

#include <bzlib.h>
#include <fcntl.h>
#include <lz4frame.h>
#include <lzma.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
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

static struct bytes pack_lz4(const uint8_t *p, size_t n)
{
	LZ4F_preferences_t how = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
	size_t cap = LZ4F_compressFrameBound(n, &how);
	struct bytes b = {mem_alloc(cap), 0};

	b.n = LZ4F_compressFrame(b.p, cap, p, n, &how);
	assert_false(LZ4F_isError(b.n));
	return b;
}

static const struct wrapping {
	const char *name;
	struct bytes (*pack)(const uint8_t *p, size_t n);
} wrappings[] = {{"plain", pack_plain}, {"gzip", pack_gzip}, {"bzip2", pack_bzip2}, {"xz", pack_xz},
    {"zstd", pack_zstd}, {"lz4", pack_lz4}};
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
	assert_int_equal(n ? fwrite(p, 1, n, f) : 0, n);
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
	static const size_t sizes[] = {1, 11, 100, 100 * 1000, 2200 * 1000 + 7};

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

/* Two members in one file, and padding or rubbish behind the last. */
static void test_joined(void **state)
{
	for (size_t w = 1; w < WRAPPINGS; w++)
		for (size_t cut = 1; cut <= 200001; cut += 100000) {
			struct bytes a = wrappings[w].pack(good.p, cut),
				     b = wrappings[w].pack(good.p + cut, 100000);
			struct bytes none = wrappings[w].pack(good.p, 0);
			uint8_t *p = mem_alloc(a.n + b.n + none.n + 8);
			char *path;
			struct result r;
			memcpy(p, a.p, a.n);
			memcpy(p + a.n, none.p, none.n);
			memcpy(p + a.n + none.n, b.p, b.n);
			path = file_of("joined", p, a.n + none.n + b.n);
			r = read_all(path, 100);
			assert_false(r.bad);
			expect(&r, good.p, cut + 100000);
			free(r.got.p);
			memcpy(p + a.n + none.n + b.n, "rubbish!", 8);
			free(path);
			path = file_of("joined", p, a.n + none.n + b.n + 8);
			r = read_all(path, 100);
			assert_true(r.bad);
			assert_int_equal(r.offset, cut + 100000);
			expect(&r, good.p, cut + 100000);
			free(r.got.p);
			free(path);
			free(p);
			free(a.p);
			free(b.p);
			free(none.p);
		}
}

static void expect_good_part(const struct result *r, const char *name)
{
	assert_true(r->got.n <= good.n);
	if (r->got.n)
		assert_memory_equal(r->got.p, good.p, r->got.n);
	assert_true(r->bad);
	assert_int_equal(r->offset, r->got.n);
	assert_non_null(strstr(r->error, name));
}

/* A cut file gives a good beginning, as long as the wrapping allows, and one error behind it. */
static void test_cut(void **state)
{
	enum { N = 300000 };
	/* What may be lost before the cut: a block of bzip2 -1 or lz4, of zstd and xz what their buffers
	 * hold. */
	static const size_t lost[] = {0, 70000, 220000, 150000, 150000, 70000};

	for (size_t w = 1; w < WRAPPINGS; w++) {
		struct bytes b = wrappings[w].pack(good.p, N);
		for (size_t n = b.n - 1; n >= 20; n -= n < 60 ? 1 : n / 23) {
			char *path = file_of("cut", b.p, n);
			struct result r = read_all(path, 77);
			size_t due = (size_t)((double)N * (double)n / (double)b.n);
			expect_good_part(&r, wrappings[w].name);
			assert_non_null(strstr(r.error, "cut short"));
			assert_true(r.got.n + lost[w] >= due);
			free(r.got.p);
			free(path);
		}
		free(b.p);
	}
}

/* Flipped bits: what lies well before the damage is delivered as it was; bzip2 delivers checked blocks only.
 */
static void test_flipped(void **state)
{
	enum { N = 500000, ROUNDS = 20 };

	for (size_t w = 1; w < WRAPPINGS; w++) {
		struct bytes b = wrappings[w].pack(good.p, N);
		for (unsigned i = 0; i < ROUNDS; i++) {
			size_t at = 20 + random_u32() % (b.n - 40), same = 0;
			uint8_t bit = (uint8_t)(1U << random_u32() % 8);
			char *path;
			struct result r;
			b.p[at] ^= bit;
			path = file_of("flipped", b.p, b.n);
			r = read_all(path, 0);
			b.p[at] ^= bit;
			while (same < r.got.n && same < N && r.got.p[same] == good.p[same])
				same++;
			assert_true(r.bad);
			assert_int_equal(r.offset, r.got.n);
			assert_non_null(strstr(r.error, wrappings[w].name));
			assert_true((double)same + 270000 >= (double)N * (double)at / (double)b.n);
			if (wrappings[w].pack == pack_bzip2)
				assert_int_equal(same, r.got.n);
			free(r.got.p);
			free(path);
		}
		free(b.p);
	}
}

/* lbzip2 loses good blocks before a damage; what is delivered must not depend on who decodes. */
static void test_bzip2_damage_large(void **state)
{
	struct bytes b = pack_bzip2(good.p, good.n);
	char *large, *cut;
	struct result r;

	assert_true(b.n > 1000000); /* large enough for lbzip2 */
	cut = file_of("large-cut", b.p, b.n * 3 / 4);
	r = read_all(cut, 5);
	expect_good_part(&r, "bzip2: cut short");
	assert_true((double)r.got.n + 110000 >= (double)good.n * 0.75);
	free(r.got.p);
	b.p[b.n / 2] ^= 4;
	large = file_of("large-flipped", b.p, b.n);
	r = read_all(large, 5);
	expect_good_part(&r, "bzip2: corrupt data");
	assert_true((double)r.got.n + 220000 >= (double)good.n * 0.5);
	free(r.got.p);
	free(large);
	free(cut);
	free(b.p);
}

/* ---- pipes ---- */
struct writer {
	const char *path;
	const uint8_t *p;
	size_t n, step;
};

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	int fd = open(w->path, O_WRONLY);

	for (size_t at = 0; at < w->n; at += w->step)
		if (write(fd, w->p + at, w->n - at < w->step ? w->n - at : w->step) <= 0)
			break;
	close(fd);
	return NULL;
}

static struct result read_through_pipe(const uint8_t *p, size_t n, size_t step)
{
	struct writer w = {path_of("fifo"), p, n, step};
	struct result r;
	pthread_t t;

	unlink(w.path);
	assert_int_equal(mkfifo(w.path, 0600), 0);
	assert_int_equal(pthread_create(&t, NULL, writer_run, &w), 0);
	r = read_all(w.path, 100);
	pthread_join(t, NULL);
	free((char *)w.path);
	return r;
}

static void test_pipe(void **state)
{
	static const size_t steps[] = {1, 7, 65536};

	for (size_t w = 0; w < WRAPPINGS; w++)
		for (size_t i = 0; i < 3; i++) {
			size_t n = steps[i] == 1 ? 5000 : 500000;
			struct bytes a = wrappings[w].pack(good.p, n), b = wrappings[w].pack(good.p + n, n);
			uint8_t *p = mem_alloc(a.n + b.n);
			struct result r;
			memcpy(p, a.p, a.n);
			memcpy(p + a.n, b.p, b.n);
			r = read_through_pipe(p, a.n + b.n, steps[i]);
			assert_false(r.bad);
			expect(&r, good.p, 2 * n);
			free(r.got.p);
			if (w) {
				r = read_through_pipe(p, a.n + b.n - b.n / 3, steps[i]);
				expect_good_part(&r, wrappings[w].name);
				assert_true(r.got.n >= n);
				free(r.got.p);
			}
			free(p);
			free(a.p);
			free(b.p);
		}
}

/* What a writer has written is delivered though it writes no more for now. */
static void test_pipe_waits(void **state)
{
	for (size_t w = 0; w < 2; w++) {
		struct bytes b = wrappings[w].pack(good.p, 100000);
		char *path = path_of("slow");
		struct block block;
		struct input *in;
		int fd;
		assert_int_equal(mkfifo(path, 0600), 0);
		fd = open(path, O_RDWR); /* stays open: no end of file comes */
		assert_int_equal(write(fd, b.p, 30000), 30000);
		in = input_open(path);
		assert_int_equal(input_next(in, 0, &block), INPUT_BLOCK);
		assert_memory_equal(block.data, good.p, block.len);
		input_close(in); /* while the thread waits for more */
		close(fd);
		unlink(path);
		free(path);
		free(b.p);
	}
}

/* Closing at any time ends threads and children. */
static void test_close_early(void **state)
{
	for (size_t w = 0; w < WRAPPINGS; w++) {
		struct bytes b = wrappings[w].pack(good.p, good.n);
		char *path = file_of("early", b.p, b.n);
		for (unsigned calls = 0; calls < 4; calls++) {
			struct input *in = input_open(path);
			struct block block;
			for (unsigned i = 0; i < calls; i++)
				assert_int_equal(input_next(in, 0, &block), INPUT_BLOCK);
			assert_string_equal(input_path(in), path);
			assert_true(calls == 0 || input_bytes_read(in) > 0);
			input_close(in);
		}
		free(path);
		free(b.p);
	}
	input_close(NULL);
}

/* A record larger than any block: the left-over grows until it is there, whole. */
static void test_large_record(void **state)
{
	for (size_t w = 0; w < 2; w++) {
		struct bytes b = wrappings[w].pack(good.p, good.n);
		char *path = file_of("record", b.p, b.n);
		struct result r = read_all(path, good.n);
		assert_false(r.bad);
		expect(&r, good.p, good.n);
		free(r.got.p);
		r = read_all(path, 3 * 1000 * 1000);
		expect(&r, good.p, good.n);
		free(r.got.p);
		free(path);
		free(b.p);
	}
}

static void test_endless_record(void **state)
{
	char *path = path_of("endless");
	struct input *in;
	struct block b = {0};
	enum input_status status;

	assert_int_equal(truncate(path, 0) == 0 || close(open(path, O_CREAT | O_WRONLY, 0600)) == 0, 1);
	assert_int_equal(truncate(path, 70 << 20), 0); /* sparse */
	in = input_open(path);
	while ((status = input_next(in, b.len, &b)) == INPUT_BLOCK)
		assert_int_equal(b.offset, 0);
	assert_int_equal(status, INPUT_BAD);
	assert_string_equal(input_error(in), "a record larger than 64 MiB");
	assert_int_equal(input_next(in, b.len, &b), INPUT_END);
	input_close(in);
	free(path);
}

static void test_nothing(void **state)
{
	char *empty = file_of("empty", NULL, 0), *missing = path_of("missing");
	struct result r = read_all(empty, 0);

	assert_false(r.bad);
	assert_int_equal(r.got.n, 0);
	r = read_all(missing, 0);
	assert_true(r.bad);
	assert_string_equal(r.error, "No such file or directory");
	r = read_all(dir, 0);
	assert_true(r.bad);
	assert_string_equal(r.error, "Is a directory");
	for (size_t w = 1; w < WRAPPINGS; w++) {
		struct bytes b = wrappings[w].pack(good.p, 0);
		char *path = file_of("nothing", b.p, b.n);
		r = read_all(path, 0);
		assert_false(r.bad);
		assert_int_equal(r.got.n, 0);
		free(path);
		free(b.p);
	}
	free(empty);
	free(missing);
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	signal(SIGPIPE, SIG_IGN);
	good = make_plain(3200 * 1000);
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
	    cmocka_unit_test(test_joined),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_flipped),
	    cmocka_unit_test(test_bzip2_damage_large),
	    cmocka_unit_test(test_pipe),
	    cmocka_unit_test(test_pipe_waits),
	    cmocka_unit_test(test_close_early),
	    cmocka_unit_test(test_large_record),
	    cmocka_unit_test(test_endless_record),
	    cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
