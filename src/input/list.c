/*
 * input/list: paths to archive files in time order. In: files, folders, "-". Out: struct input_list. Each
 * file's first bytes are read (and decompressed) once. What is given by name must be MRT; in a folder only
 * MRT is taken. Names that begin with a dot are passed over in folders.
 */
#include "base/mem.h"
#include "input/input.h"
#include "input/sniff.h"
#include "input/stream.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void list_error(struct input_list *list, const char *path, const char *what)
{
	list->error = mem_grow(list->error, list->errors + 1, sizeof *list->error);
	list->error[list->errors++] = mem_printf("%s: %s", path, what);
}

static struct input_file *list_add(struct input_list *list, const char *path, uint64_t size)
{
	struct input_file *f;

	list->file = mem_grow(list->file, list->n + 1, sizeof *list->file);
	f = &list->file[list->n++];
	*f = (struct input_file){mem_strdup(path), sniff_collector(path), UTIME_NONE, size, false};
	return f;
}

/* The first decompressed bytes of a file, at most SNIFF_SIZE; further than one read only where `want` are not
 * there. */
static size_t head_read(struct stream *s, uint8_t *p, size_t want)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < want && (got = stream_read(s, p + n, SNIFF_SIZE - n)) > 0)
		n += (size_t)got;
	return n;
}

/* A regular file: taken, or an error where it was given by name or is damaged before its first record. */
static void list_file(struct input_list *list, const char *path, uint64_t size, bool given, uint8_t *head)
{
	struct stream s;
	utime_t first;
	bool rib;
	size_t n = 0;

	if (stream_open(&s, path, true))
		n = head_read(&s, head, 64);
	if (n >= 64 && !sniff_mrt(head, n, &first, &rib)) { /* damaged at the start, perhaps */
		ssize_t got;
		while (n < SNIFF_SIZE && (got = stream_read(&s, head + n, SNIFF_SIZE - n)) > 0)
			n += (size_t)got;
	}
	if (sniff_mrt(head, n, &first, &rib)) {
		struct input_file *f = list_add(list, path, size);
		f->first = first;
		f->rib = rib;
	} else if (s.bad) {
		list_error(list, path, s.error);
	} else if (given) {
		list_error(list, path, n ? "not MRT" : "empty");
	}
	stream_close(&s);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void list_folder(struct input_list *list, const char *path, uint8_t *head)
{
	char *roots[] = {(char *)path, NULL};
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	size_t had = list->n, errors = list->errors;
	FTSENT *e;

	while (walk && (e = fts_read(walk))) {
		if (e->fts_level > 0 && e->fts_name[0] == '.')
			fts_set(walk, e, FTS_SKIP);
		else if (e->fts_info == FTS_F && S_ISREG(e->fts_statp->st_mode))
			list_file(list, e->fts_path, (uint64_t)e->fts_statp->st_size, false, head);
		else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
			list_error(list, e->fts_path, strerror(e->fts_errno));
	}
	if (!walk)
		list_error(list, path, strerror(errno));
	else
		fts_close(walk);
	if (list->n == had && list->errors == errors)
		list_error(list, path, "a folder without MRT files");
}

static void list_path(struct input_list *list, const char *path, uint8_t *head)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		list_add(list, path, 0);
	else if (stat(path, &st) < 0)
		list_error(list, path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		list_folder(list, path, head);
	else if (S_ISREG(st.st_mode))
		list_file(list, path, (uint64_t)st.st_size, true, head);
	else
		list_add(list, path, 0); /* a pipe: what is read from it now would be lost */
}

static int by_time(const void *va, const void *vb)
{
	const struct input_file *a = va, *b = vb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return strcmp(a->path, b->path);
}

void input_list_make(struct input_list *list, char *const *paths, size_t n)
{
	uint8_t *head = mem_alloc(SNIFF_SIZE);

	*list = (struct input_list){0};
	for (size_t i = 0; i < n; i++)
		list_path(list, paths[i], head);
	if (list->n)
		qsort(list->file, list->n, sizeof *list->file, by_time);
	free(head);
}

void input_list_free(struct input_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->file[i].path);
		free(list->file[i].collector);
	}
	for (size_t i = 0; i < list->errors; i++)
		free(list->error[i]);
	free(list->file);
	free(list->error);
	*list = (struct input_list){0};
}
