/*
 * input/live_follow: a folder into which archive files keep coming, brought by somebody else or fetched from
 * an archive. In: MRT files, in the order of their first records; of each collector the last table dump and
 * what is not older, then every new file as soon as it stops growing. Out: parcels of whole blocks. Names
 * that begin with a dot are passed over, so a file may be written beside and renamed.
 */
#include "input/fetch.h"
#include "input/loop.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EVERY = 2, EVERY_FETCH = 60 };
/* Updates of this long before a dump: their file may have begun earlier and still hold what the dump lacks.
 */
#define BEFORE_DUMP (15 * 60 * UTIME_SECOND)
#define FETCH_BACK  (3600 * UTIME_SECOND) /* archives may be late */

struct seen {
	char *path;
	uint64_t size;
	bool done;
};

struct follow {
	struct worker worker;
	const struct live_follow *o;
	struct seen *seen;
	size_t n, cap;
};

static struct seen *seen_find(struct follow *f, const char *path)
{
	for (size_t i = f->n; i-- > 0;)
		if (strcmp(f->seen[i].path, path) == 0)
			return &f->seen[i];
	f->seen = vec_room(f->seen, f->n, &f->cap, sizeof *f->seen);
	f->seen[f->n] = (struct seen){.path = mem_strdup(path), .size = UINT64_MAX};
	return &f->seen[f->n++];
}

/* A file's blocks as parcels. An MRT record may lie over two parcels of a stream: the taker keeps the
 * left-over. */
static void file_give(struct follow *f, const struct input_file *file)
{
	struct live *l = f->worker.live;
	struct input *in = input_open(file->path);
	uint32_t stream = live_stream(l);
	struct block b;
	enum input_status status = INPUT_END;

	live_give(
	    l, parcel_new(PARCEL_UP, f->o->name, file->collector, stream, file->path, strlen(file->path)));
	while (live_wait_room(l) && (status = input_next(in, 0, &b)) == INPUT_BLOCK)
		live_give(l, parcel_new(PARCEL_MRT, f->o->name, file->collector, stream, b.data, b.len));
	if (status == INPUT_BAD)
		live_note(l, f->o->name, "%s: offset %llu: %s", file->path,
		    (unsigned long long)input_error_offset(in), input_error(in));
	live_give(l, parcel_new(PARCEL_DOWN, f->o->name, file->collector, stream, NULL, 0));
	input_close(in);
}

/* The first record of the last dump of this file's collector; UTIME_NONE: it has none. */
static utime_t last_dump(const struct input_list *list, const char *collector)
{
	utime_t at = UTIME_NONE;

	for (size_t i = 0; i < list->n; i++)
		if (list->file[i].rib && strcmp(list->file[i].collector, collector) == 0 &&
		    list->file[i].first > at)
			at = list->file[i].first;
	return at;
}

static void follow_begin(struct follow *f)
{
	char *paths[] = {(char *)f->o->folder};
	struct input_list list;

	input_list_make(&list, paths, 1);
	for (size_t i = 0; i < list.n && !f->worker.live->stop; i++) {
		struct input_file *file = &list.file[i];
		utime_t dump = last_dump(&list, file->collector);
		struct seen *s = seen_find(f, file->path);
		s->done = true;
		s->size = file->size;
		if (dump == UTIME_NONE ||
		    (file->rib ? file->first >= dump : file->first >= dump - BEFORE_DUMP))
			file_give(f, file);
	}
	input_list_free(&list);
}

/* Files that were as large when last looked at, and are not read yet. */
static size_t follow_look(struct follow *f, char ***fresh)
{
	char *roots[] = {(char *)f->o->folder, NULL};
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	size_t n = 0;

	while (walk && (e = fts_read(walk))) {
		struct seen *s;
		if (e->fts_level > 0 && e->fts_name[0] == '.') {
			fts_set(walk, e, FTS_SKIP);
			continue;
		}
		if (e->fts_info != FTS_F || !S_ISREG(e->fts_statp->st_mode))
			continue;
		s = seen_find(f, e->fts_path);
		if (!s->done && s->size == (uint64_t)e->fts_statp->st_size && s->size) {
			*fresh = mem_grow(*fresh, n + 1, sizeof **fresh);
			(*fresh)[n++] = s->path;
			s->done = true;
		}
		s->size = (uint64_t)e->fts_statp->st_size;
	}
	if (walk)
		fts_close(walk);
	return n;
}

static void follow_again(struct follow *f)
{
	char **fresh = NULL;
	size_t n = follow_look(f, &fresh);
	struct input_list list;

	input_list_make(&list, fresh, n);
	for (size_t i = 0; i < list.n && !f->worker.live->stop; i++)
		file_give(f, &list.file[i]);
	input_list_free(&list);
	free(fresh);
}

/* What the archive has of the last hour, and the dump before it, into the folder. */
static void follow_fetch(struct follow *f)
{
	utime_t now = live_now();
	struct fetch_options o = {.base_url = f->o->url,
	    .collector = f->o->collector,
	    .collectors = f->o->collectors,
	    .from = now - FETCH_BACK,
	    .to = now,
	    .dir = f->o->folder,
	    .tries = 2,
	    .stop = &f->worker.live->stop};
	struct fetch_plan plan = {0};

	fetch_list(&plan, &o);
	fetch_run(&plan, &o);
	for (size_t i = 0; i < plan.errors && !f->worker.live->stop; i++)
		live_note(f->worker.live, f->o->name, "%s", plan.error[i]);
	for (size_t i = 0; i < plan.n; i++)
		if (plan.file[i].state == FETCH_FAILED)
			live_note(f->worker.live, f->o->name, "%s: %s", plan.file[i].url, plan.file[i].why);
	fetch_free(&plan);
}

static void *follow_run(void *arg)
{
	struct follow *f = arg;
	unsigned every = f->o->every ? f->o->every : f->o->collectors ? EVERY_FETCH : EVERY;

	if (f->o->collectors)
		follow_fetch(f);
	follow_begin(f);
	while (live_sleep(f->worker.live, every)) {
		if (f->o->collectors)
			follow_fetch(f);
		follow_again(f);
	}
	return NULL;
}

static void follow_drop(struct worker *w)
{
	struct follow *f = (struct follow *)w;

	for (size_t i = 0; i < f->n; i++)
		free(f->seen[i].path);
	free(f->seen);
	free(f);
}

const char *live_add_follow(struct live *l, const struct live_follow *o)
{
	struct follow *f;
	struct stat st;

	if (o->collectors && mkdir(o->folder, 0755) < 0 && errno != EEXIST) {
		snprintf(l->why, sizeof l->why, "%s: %s", o->folder, strerror(errno));
		return l->why;
	}
	if (stat(o->folder, &st) < 0 || !S_ISDIR(st.st_mode)) {
		snprintf(l->why, sizeof l->why, "%s is no folder", o->folder);
		return l->why;
	}
	f = mem_alloc(sizeof *f);
	f->worker = (struct worker){.run = follow_run, .drop = follow_drop};
	f->o = o;
	live_work(l, &f->worker);
	return NULL;
}
