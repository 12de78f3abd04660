/* sim/pack: see pack.h. */
#include "sim/pack.h"

#include "base/mem.h"

#include <bzlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { GZ_LEVEL = 6, GZ_WINDOW = 15 + 16, GZ_MEMORY = 8, BZ2_BLOCK = 9 };

const char *pack_suffix(enum pack pack)
{
	static const char *const suffix[] = {".gz", ".bz2", ""};
	return suffix[pack];
}

bool pack_folder(const char *folder, char *why, size_t cap)
{
	char *path = mem_strdup(folder);
	bool ok = true;

	for (char *p = path + 1; ok; p++) {
		char c = *p;
		if (c && c != '/')
			continue;
		*p = '\0';
		ok = mkdir(path, 0777) == 0 || errno == EEXIST;
		if (!ok)
			snprintf(why, cap, "%s: %s", path, strerror(errno));
		*p = c;
		if (!c)
			break;
	}
	free(path);
	return ok;
}

/* The header has no time and no name, so the same bytes give the same file. */
static char *gz_bytes(const void *bytes, size_t n, size_t *made)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
	size_t cap;
	char *to;

	if (deflateInit2(&z, GZ_LEVEL, Z_DEFLATED, GZ_WINDOW, GZ_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	cap = deflateBound(&z, n);
	to = mem_alloc(cap);
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)cap;
	(void)deflate(&z, Z_FINISH);
	*made = z.total_out;
	(void)deflateEnd(&z);
	return to;
}

static char *bz2_bytes(const void *bytes, size_t n, size_t *made)
{
	unsigned cap = (unsigned)(n + n / 100 + 600);
	char *to = mem_alloc(cap);

	if (BZ2_bzBuffToBuffCompress(to, &cap, (char *)(uintptr_t)bytes, (unsigned)n, BZ2_BLOCK, 0, 0) !=
	    BZ_OK)
		abort();
	*made = cap;
	return to;
}

bool pack_file(const char *file, enum pack pack, const void *bytes, size_t n, char *why, size_t cap)
{
	FILE *f = fopen(file, "wb");
	char *made = NULL;
	bool ok;

	if (!f) {
		snprintf(why, cap, "%s: %s", file, strerror(errno));
		return false;
	}
	if (pack == PACK_GZ)
		bytes = made = gz_bytes(bytes, n, &n);
	else if (pack == PACK_BZ2)
		bytes = made = bz2_bytes(bytes, n, &n);
	ok = fwrite(bytes, 1, n, f) == n;
	ok = fclose(f) == 0 && ok;
	if (!ok)
		snprintf(why, cap, "%s: %s", file, strerror(errno));
	free(made);
	return ok;
}
