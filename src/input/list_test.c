/* input/list, input/sniff: which files are taken, in which order, whose collector. Makes its own data. */
#include "base/mem.h"
#include "input/input.h"
#include "input/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static char dir[] = "/tmp/isthmus-list-XXXXXX";

/* An MRT record: header and `length` zero bytes. */
static size_t record(uint8_t *p, uint32_t time, uint16_t type, uint16_t subtype, uint32_t length)
{
	const uint8_t head[12] = {(uint8_t)(time >> 24), (uint8_t)(time >> 16), (uint8_t)(time >> 8),
	    (uint8_t)time, (uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(subtype >> 8), (uint8_t)subtype,
	    (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};

	memcpy(p, head, 12);
	memset(p + 12, 0, length);
	return 12 + length;
}

static void put(const char *name, const void *p, size_t n)
{
	char *path = mem_printf("%s/%s", dir, name);
	FILE *f;

	for (char *s = path + strlen(dir) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = 0;
		mkdir(path, 0700);
	}
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
	free(path);
}

static void put_mrt(const char *name, uint32_t time, uint16_t type)
{
	uint8_t b[64];

	put(name, b, record(b, time, type, 1, 20));
}

static void put_gzip(const char *name, const void *p, unsigned n, size_t cut)
{
	uint8_t b[512];
	z_stream z = {.next_in = (uint8_t *)p, .avail_in = n, .next_out = b, .avail_out = sizeof b};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	put(name, b, z.total_out - cut);
	deflateEnd(&z);
}

static struct input_list list_of(const char *a, const char *b)
{
	char *paths[] = {mem_printf("%s/%s", dir, a), b ? mem_printf("%s/%s", dir, b) : NULL};
	struct input_list list;

	input_list_make(&list, paths, b ? 2 : 1);
	free(paths[0]);
	free(paths[1]);
	return list;
}

static const char *name_of(const struct input_list *list, size_t i)
{
	assert_true(i < list->n);
	return list->file[i].path + strlen(dir) + 1;
}

static void test_folder(void **state)
{
	uint8_t b[64];
	size_t n = record(b, 1506848000, 13, 1, 20);
	struct input_list list;

	put_mrt("a/rrc00/later", 1506849000, 16);
	put_mrt("a/rrc00/deep/er/et", 1506848871, 17);
	put_mrt("a/rrc01/old", 936352800, 5);
	put_gzip("a/rrc01/rib.wrong-suffix", b, (unsigned)n, 0);
	put("a/README", "Routing data of two collectors.\n", 32);
	put("a/zero", "\0\0\0\0\0\0\0\0\0\0\0\0\0", 13);
	put("a/short", "\x59\xd0", 2);
	put_gzip("a/notes.gz", "nothing here that is routing", 28, 0);
	put_mrt("a/.hidden", 1506849000, 16);
	list = list_of("a", NULL);
	assert_int_equal(list.errors, 0);
	assert_int_equal(list.n, 4);
	assert_string_equal(name_of(&list, 0), "a/rrc01/old");
	assert_string_equal(list.file[0].collector, "rrc01");
	assert_int_equal(list.file[0].first, utime_of(936352800, 0));
	assert_string_equal(name_of(&list, 1), "a/rrc01/rib.wrong-suffix");
	assert_true(list.file[1].rib);
	assert_string_equal(name_of(&list, 2), "a/rrc00/deep/er/et");
	assert_string_equal(list.file[2].collector, "rrc00");
	assert_false(list.file[2].rib);
	assert_string_equal(name_of(&list, 3), "a/rrc00/later");
	assert_int_equal(list.file[3].size, 32);
	input_list_free(&list);
}

static void test_errors(void **state)
{
	struct input_list list;
	uint8_t b[64];
	char *want;

	put("bad/text/x", "no routing", 10);
	put("bad/empty", "", 0);
	put_mrt("bad/good/y", 1506849000, 16);
	list = list_of("bad/none", "bad/good");
	want = mem_printf("%s/bad/none: No such file or directory", dir);
	assert_int_equal(list.errors, 1);
	assert_string_equal(list.error[0], want);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.file[0].collector, "good");
	input_list_free(&list);
	free(want);

	list = list_of("bad/text", "bad/text/x");
	assert_int_equal(list.errors, 2);
	assert_non_null(strstr(list.error[0], "/bad/text: a folder without MRT files"));
	assert_non_null(strstr(list.error[1], "/bad/text/x: not MRT"));
	input_list_free(&list);

	list = list_of("bad/empty", NULL);
	assert_int_equal(list.errors, 1);
	assert_non_null(strstr(list.error[0], "/bad/empty: empty"));
	input_list_free(&list);

	put_gzip("bad/cut/z.gz", b, (unsigned)record(b, 1506848000, 13, 1, 20), 20);
	list = list_of("bad/cut", NULL);
	assert_int_equal(list.errors, 1);
	assert_non_null(strstr(list.error[0], "/bad/cut/z.gz: gzip: cut short"));
	input_list_free(&list);
}

/* A damaged first record does not hide the rest of a file. */
static void test_damaged_start(void **state)
{
	uint8_t b[400];
	size_t n = 0;
	struct input_list list;

	for (uint32_t i = 0; i < 10; i++)
		n += record(b + n, 1506848000 + i, 16, 4, 24);
	b[4] ^= 0x40;
	put("damaged/x", b, n);
	list = list_of("damaged/x", NULL);
	assert_int_equal(list.errors, 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.file[0].first, utime_of(1506848001, 0));
	input_list_free(&list);
}

static void test_pipes_are_not_touched(void **state)
{
	char *fifo = mem_printf("%s/fifo", dir), *paths[] = {fifo, (char *)"-"};
	struct input_list list;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	input_list_make(&list, paths, 2); /* would wait for ever if it opened it */
	assert_int_equal(list.n, 2);
	assert_int_equal(list.errors, 0);
	assert_string_equal(list.file[0].path, "-");
	assert_true(list.file[0].first == UTIME_NONE);
	input_list_free(&list);
	free(fifo);
}

static void test_collectors(void **state)
{
	static const char *const names[][2] = {
	    {"/data/rrc04/2021.10/updates.20211004.1500.gz", "rrc04"},
	    {"/data/caida.ris.rrc06.updates.1401488100.gz", "rrc06"},
	    {"/data/caida.routeviews.route-views.jinx.updates.1401493500.bz2", "route-views.jinx"},
	    {"/m/archive.routeviews.org/route-views.sg/bgpdata/2017.10/UPDATES/updates.20171001.0900.bz2",
		"route-views.sg"},
	    {"/m/route-views3/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2", "route-views3"},
	    {"/m/route-views2.saopaulo/x.bz2", "route-views2.saopaulo"},
	    {"/m/decix.jhb/bgpdata/2023.01/UPDATES/updates.20230101.0000.bz2", "decix.jhb"},
	    {"/m/decix.jhb/bgpdata/2023.01/RIBS/rib.20230101.0000.bz2", "decix.jhb"},
	    {"/rrc00/route-views4.updates.20171001.bz2", "route-views4"},
	    {"/data/arrc001/x", "arrc001"},
	    {"/data/mine/x.mrt", "mine"},
	    {"mine/./x.mrt", "mine/./x.mrt"}, /* no such file: its text is all there is */
	    {"-", "-"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *name = sniff_collector(names[i][0]);
		assert_string_equal(name, names[i][1]);
		free(name);
	}
}

/* A file given without a folder is its real folder's. */
static void test_collector_of_here(void **state)
{
	char *old = getcwd(NULL, 0), *sub = mem_printf("%s/here", dir), *name;

	put_mrt("here/x", 1506849000, 16);
	assert_int_equal(chdir(sub), 0);
	name = sniff_collector("./x");
	assert_string_equal(name, "here");
	free(name);
	assert_int_equal(chdir(old), 0);
	free(old);
	free(sub);
}

static int setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", dir);
	int rc = system(command);

	free(command);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_folder),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_damaged_start),
	    cmocka_unit_test(test_pipes_are_not_touched),
	    cmocka_unit_test(test_collectors),
	    cmocka_unit_test(test_collector_of_here),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
