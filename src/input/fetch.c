/* input/fetch: see fetch.h. What there is is read from the archives' directory indices, month by month. */
#include "input/fetch.h"

#include "base/cur.h"
#include "base/mem.h"
#include "input/index.h"
#include "input/input.h"
#include "input/transfer.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct archive {
	const char *url, *rib, *updates, *rib_folder, *update_folder, *under;
} ris = {"https://data.ris.ripe.net", "bview.", "updates.", "", "", ""},
  routeviews = {"https://archive.routeviews.org", "rib.", "updates.", "RIBS/", "UPDATES/", "bgpdata"};

/* Update files span 5 minutes (RIS; 15 until 2003) or 15 (RouteViews), here and there more: the one that
 * holds the beginning of a range may have begun so long before. */
#define UPDATES_LONGEST (2 * 3600 * UTIME_SECOND)

static void plan_error(struct fetch_plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void plan_error(struct fetch_plan *plan, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	plan->error = vec_room(plan->error, plan->errors, &plan->error_cap, sizeof *plan->error);
	plan->error[plan->errors++] = mem_strdup(text);
}

/* ---- directory indices ---- */

static const char *base_of(const struct fetch_options *o, const struct archive *a)
{
	return o->base_url ? o->base_url : a->url;
}

/*
 * False: it is not there; why not is said by the caller, but for an archive that cannot be reached: that is
 * said here, once, and the archive is not asked again.
 */
static bool page_get(struct fetch_plan *plan, const struct archive *a, const char *url,
    const struct fetch_options *o, struct transfer *t)
{
	bool *reached = &plan->reached[a == &routeviews && !o->base_url],
	     *unreachable = &plan->unreachable[a == &routeviews && !o->base_url];

	*t = (struct transfer){.url = url, .first_contact = !*reached, .unreachable = *unreachable};
	if (*unreachable) {
		t->state = TRANSFER_FAILED;
		return false;
	}
	transfer_all(t, 1, o);
	if (!t->unreachable)
		*reached = true;
	else if (!*reached)
		*unreachable = true;
	if (*unreachable)
		plan_error(plan, "%s cannot be reached: %s", base_of(o, a), t->why);
	else
		t->unreachable = false; /* it was, before: an error as any other */
	return t->state == TRANSFER_DONE;
}

/* ---- collectors ---- */

struct names {
	char **v;
	size_t n, cap;
	const struct fetch_options *o;
	const struct archive *archive;
};

static void names_add(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return;
	names->v = vec_room(names->v, names->n, &names->cap, sizeof *names->v);
	names->v[names->n++] = mem_strdup(name);
}

static bool wanted(const struct fetch_options *o, const char *name)
{
	for (size_t i = 0; i < o->collectors; i++)
		if (strcmp(o->collector[i], "all") == 0 || fnmatch(o->collector[i], name, 0) == 0)
			return true;
	return false;
}

static void collector_link(void *arg, const char *to)
{
	struct names *names = arg;
	char name[64];

	if (index_collector(to, name) && wanted(names->o, name) &&
	    (names->o->base_url || index_is_ris(name) == (names->archive == &ris)))
		names_add(names, name);
}

static bool is_pattern(const char *s)
{
	return strcmp(s, "all") == 0 || strpbrk(s, "*?[") != NULL;
}

static void find_collectors(struct fetch_plan *plan, struct names *names)
{
	const struct archive *const both[] = {&ris, &routeviews};
	bool patterns = false;

	for (size_t i = 0; i < names->o->collectors; i++) {
		if (is_pattern(names->o->collector[i]))
			patterns = true;
		else
			names_add(names, names->o->collector[i]);
	}
	for (int i = 0; patterns && i < (names->o->base_url ? 1 : 2); i++) {
		struct transfer t;
		char *url = mem_printf("%s/", base_of(names->o, both[i]));
		names->archive = both[i];
		if (page_get(plan, both[i], url, names->o, &t))
			index_links(t.body.buf, t.body.n, collector_link, names);
		else if (!t.unreachable)
			plan_error(plan, "%s: %s", url, t.why);
		out_close(&t.body);
		free(url);
	}
}

/* ---- files ---- */

struct listing {
	struct fetch_plan *plan;
	const struct fetch_options *o;
	const struct archive *archive;
	const char *collector, *folder; /* folder: from the base, "rrc00/2017.10/" */
	utime_t since;                  /* dumps from then on */
};

static void file_link(void *arg, const char *to)
{
	struct listing *l = arg;
	const char *slash = strrchr(to, '/'), *name = slash ? slash + 1 : to;
	const struct archive *a = l->archive;
	struct fetch_file *f;
	utime_t t;
	bool rib = index_file_time(name, a->rib, &t);

	if (!rib && !index_file_time(name, a->updates, &t))
		return;
	if (rib ? l->o->no_ribs || t < l->since || t >= l->o->to
		: l->o->no_updates || t < l->since - UPDATES_LONGEST || t >= l->o->to)
		return;
	l->plan->file = vec_room(l->plan->file, l->plan->n, &l->plan->cap, sizeof *l->plan->file);
	f = &l->plan->file[l->plan->n++];
	*f = (struct fetch_file){.time = t, .rib = rib, .collector = mem_strdup(l->collector)};
	f->url = mem_printf("%s/%s%s", base_of(l->o, a), l->folder, name);
	/* route-views2 lies at the archive's root, where its name would be lost */
	f->path = mem_printf("%s/%s%s%s", l->o->dir,
	    strncmp(l->folder, "bgpdata", 7) == 0 ? "route-views2/" : "", l->folder, name);
}

/* False where there is no such folder; why goes to why, which is empty where it is said already. */
static bool list_folder(struct listing *l, const char *folder, char why[512])
{
	char *url = mem_printf("%s/%s", base_of(l->o, l->archive), folder);
	struct transfer t;
	bool there = page_get(l->plan, l->archive, url, l->o, &t);

	l->folder = folder;
	why[0] = '\0';
	if (there)
		index_links(t.body.buf, t.body.n, file_link, l);
	else if (!t.unreachable)
		snprintf(why, 512, "%.340s: %s", url, t.why);
	out_close(&t.body);
	free(url);
	return there;
}

/* A month's folder of a collector that lies at `root`. */
static bool list_month_at(struct listing *l, const char *root, const char *month, char why[512])
{
	const struct archive *a = l->archive;
	char *folder = mem_printf("%s%s%s%s/", root, *root && *a->under ? "/" : "", a->under, month),
	     *ribs = mem_printf("%s%s", folder, a->rib_folder),
	     *updates = mem_printf("%s%s", folder, a->update_folder);
	bool one = strcmp(ribs, updates) == 0, there = true;

	if (one || !l->o->no_ribs)
		there = list_folder(l, ribs, why);
	if (there && !one && !l->o->no_updates)
		there = list_folder(l, updates, why);
	free(folder);
	free(ribs);
	free(updates);
	return there;
}

/* route-views2 lies at its archive's root; in a copy of ours, under its name. */
static void list_month(struct listing *l, int year, int month, bool needed)
{
	bool at_root = strcmp(l->collector, "route-views2") == 0;
	char *name = mem_printf("/%04d.%02d", year, month), why[512], other[512];

	if (!list_month_at(l, at_root ? "" : l->collector, name, why) &&
	    !(at_root && list_month_at(l, l->collector, name, other)) && needed && *why)
		plan_error(l->plan, "%s", why);
	free(name);
}

static int by_time(const void *a, const void *b)
{
	const struct fetch_file *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return strcmp(x->url, y->url);
}

static void file_clear(struct fetch_file *f)
{
	free(f->url);
	free(f->path);
	free(f->collector);
}

/*
 * Of the dumps before `from` only the last is needed, and of the updates those since it: the last file that
 * began no later, and all that began later.
 */
static void trim(struct fetch_plan *plan, size_t first, const struct fetch_options *o)
{
	utime_t start = o->from, begin = UTIME_NONE;
	size_t kept = first;

	for (size_t i = first; i < plan->n; i++)
		if (plan->file[i].rib && plan->file[i].time <= o->from)
			start = plan->file[i].time;
	for (size_t i = first; i < plan->n; i++)
		if (!plan->file[i].rib && plan->file[i].time <= start)
			begin = plan->file[i].time;
	for (size_t i = first; i < plan->n; i++) {
		struct fetch_file *f = &plan->file[i];
		bool needed = f->rib ? f->time >= start : f->time >= begin;
		if (kept > first && strcmp(plan->file[kept - 1].url, f->url) == 0)
			needed = false; /* linked twice */
		if (needed)
			plan->file[kept++] = *f;
		else
			file_clear(f);
	}
	plan->n = kept;
}

static void list_collector(struct fetch_plan *plan, const struct fetch_options *o, const char *name)
{
	const struct archive *a = index_is_ris(name) ? &ris : &routeviews;
	utime_t since = o->from - (o->no_ribs ? 0 : 24 * 3600 * UTIME_SECOND);
	struct listing l = {.plan = plan, .o = o, .archive = a, .collector = name, .since = since};
	time_t from = (time_t)((since - (o->no_ribs ? UPDATES_LONGEST : 0)) / UTIME_SECOND);
	time_t to = (time_t)((o->to - 1) / UTIME_SECOND);
	size_t first = plan->n;
	struct tm b, e;
	int asked;

	/* the month before is only of use for a dump, and may well not be there */
	gmtime_r(&(time_t){(time_t)(o->from / UTIME_SECOND)}, &b);
	asked = b.tm_year * 12 + b.tm_mon;
	gmtime_r(&from, &b);
	gmtime_r(&to, &e);
	for (int m = b.tm_year * 12 + b.tm_mon; m <= e.tm_year * 12 + e.tm_mon; m++)
		list_month(&l, 1900 + m / 12, m % 12 + 1, m >= asked);
	if (plan->n > first)
		qsort(plan->file + first, plan->n - first, sizeof *plan->file, by_time);
	trim(plan, first, o);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void fetch_list(struct fetch_plan *plan, const struct fetch_options *o)
{
	struct names names = {.o = o};

	memset(plan, 0, sizeof *plan);
	find_collectors(plan, &names);
	if (names.n)
		qsort(names.v, names.n, sizeof *names.v, by_name);
	for (size_t i = 0; i < names.n; i++) {
		list_collector(plan, o, names.v[i]);
		free(names.v[i]);
	}
	free(names.v);
}

/* ---- getting them ---- */

/* Does it decompress to the end, and do its records end there? */
static bool mrt_whole(const char *path, char why[160])
{
	struct input *in = input_open(path);
	enum input_status status;
	struct block b;
	size_t left = 0, records = 0;

	while ((status = input_next(in, left, &b)) == INPUT_BLOCK) {
		size_t at = 0;
		while (b.len - at >= 12 && b.len - at - 12 >= be32(b.data + at + 8)) {
			at += 12 + be32(b.data + at + 8);
			records++;
		}
		left = b.len - at;
		if (left >= 12 && be32(b.data + at + 8) > 1U << 26)
			break; /* no record is that long: not MRT */
	}
	if (status == INPUT_BAD)
		snprintf(why, 160, "%s", input_error(in));
	else if (status == INPUT_BLOCK || (left && !records))
		snprintf(why, 160, "is no MRT file");
	else if (left)
		snprintf(why, 160, "ends in the middle of a record");
	input_close(in);
	return status == INPUT_END && !left;
}

static void make_folders(const char *path)
{
	char *copy = mem_strdup(path);

	for (char *s = strchr(copy + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		mkdir(copy, 0777); /* there already is as well; what fails shows when the file is made */
		*s = '/';
	}
	free(copy);
}

static bool had(const struct fetch_file *f, const struct fetch_options *o)
{
	struct stat st;
	uint64_t size;

	if (stat(f->path, &st) != 0)
		return false;
	return !o->check || !transfer_size(f->url, o, &size) || size == (uint64_t)st.st_size;
}

void fetch_run(struct fetch_plan *plan, const struct fetch_options *o)
{
	struct transfer *t = mem_array(plan->n + 1, sizeof *t);
	struct fetch_file **of = mem_array(plan->n + 1, sizeof *of);
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		struct fetch_file *f = &plan->file[i];
		if (had(f, o)) {
			f->state = FETCH_HAD;
			continue;
		}
		make_folders(f->path);
		t[n] = (struct transfer){.url = f->url, .path = f->path, .whole = mrt_whole};
		of[n++] = f;
	}
	transfer_all(t, n, o);
	for (size_t i = 0; i < n; i++) {
		of[i]->state = t[i].state == TRANSFER_DONE      ? FETCH_GOT
			       : t[i].state == TRANSFER_MISSING ? FETCH_MISSING
								: FETCH_FAILED;
		memcpy(of[i]->why, t[i].why, sizeof of[i]->why);
		plan->bytes += t[i].bytes;
	}
	free(t);
	free(of);
}

enum fetch_result fetch_one(const char *url, const char *path, const struct fetch_options *o, char why[160])
{
	struct transfer t = {.url = url, .path = path, .first_contact = true};

	make_folders(path);
	transfer_all(&t, 1, o);
	memcpy(why, t.why, 160);
	return t.state == TRANSFER_DONE ? FETCH_ONE_GOT
	       : t.unreachable          ? FETCH_ONE_UNREACHABLE
					: FETCH_ONE_FAILED;
}

void fetch_free(struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		file_clear(&plan->file[i]);
	for (size_t i = 0; i < plan->errors; i++)
		free(plan->error[i]);
	free(plan->file);
	free(plan->error);
	memset(plan, 0, sizeof *plan);
}
