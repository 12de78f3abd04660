/* cmd/stored: see stored.h. */
#include "cmd/stored.h"

#include "base/mem.h"
#include "cmd/verb.h"
#include "measure/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool stored_table(struct stored *s, struct pipe_options *o)
{
	char *path = store_file_path(s->store, s->plan.checkpoint);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why = NULL;

	o->start = fd < 0 ? NULL : table_load(fd, &o->table, &why);
	if (!o->start)
		warn_line("%s: %s", path, why ? why : strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	o->resume = s->plan.upto;
	return o->start != NULL;
}

bool stored_open(struct stored *s, const char *dir, utime_t begin, utime_t until, struct pipe_options *o)
{
	const char *why;
	int64_t cut;

	*s = (struct stored){.store = store_open(dir, STORE_READ, &why)};
	if (!s->store) {
		warn_line("%s", why);
		return false;
	}
	if (store_progress(s->store, &cut, &s->upto) ||
	    store_plan_at(s->store, begin > s->upto ? UTIME_MAX : begin, until, &s->plan)) {
		warn_line("%s: the tables of that time cannot be had: %s; `isthmus history` has the shares",
		    dir, store_error(s->store));
		stored_close(s);
		return false;
	}
	if (s->plan.checkpoint && !stored_table(s, o)) {
		stored_close(s);
		return false;
	}
	s->path = mem_array(s->plan.n + 1, sizeof *s->path);
	for (size_t i = 0; i < s->plan.n; i++)
		s->path[i] = s->plan.file[i].path;
	o->path = s->path;
	o->paths = s->plan.n;
	return true;
}

void stored_close(struct stored *s)
{
	plan_free(&s->plan);
	free(s->path);
	store_close(s->store);
	*s = (struct stored){0};
}

struct lives {
	struct report *r;
	utime_t begin;            /* of the territory's series */
	struct upstream **by_asn; /* the report's */
};

static int upstream_cmp(const void *a, const void *b)
{
	const struct upstream *const *x = a, *const *y = b;

	return ((*x)->asn > (*y)->asn) - ((*x)->asn < (*y)->asn);
}

static struct lives lives_of(struct report *r)
{
	struct lives l = {r, UTIME_NONE, mem_array(r->upstreams + 1, sizeof *l.by_asn)};

	for (size_t i = 0; i < r->upstreams; i++)
		l.by_asn[i] = &r->upstream[i];
	qsort(l.by_asn, r->upstreams, sizeof *l.by_asn, upstream_cmp);
	return l;
}

static bool life_of(void *arg, const struct carrier *c)
{
	struct lives *l = arg;
	struct upstream key = {.asn = c->upstream}, *wanted = &key, **at;

	if (c->family != l->r->options.family)
		return true;
	if (c->upstream == 0)
		l->begin = c->first;
	at = bsearch(&wanted, l->by_asn, l->r->upstreams, sizeof *at, upstream_cmp);
	if (at) {
		struct upstream *u = *at;
		u->first_seen = c->first > l->begin ? c->first : UTIME_NONE; /* there since before the data */
		u->last_seen = c->last != UTIME_NONE && c->last <= l->r->at ? c->last : UTIME_NONE;
	}
	return true;
}

void carriers_lives(const struct carrier *c, size_t n, struct report *r)
{
	struct lives l = lives_of(r);

	for (size_t i = 0; i < n; i++)
		(void)life_of(&l, &c[i]);
	free(l.by_asn);
}

bool stored_lives(struct store *s, struct report *r)
{
	struct lives l = lives_of(r);
	int rc = store_carriers(s, territory_id(r->territory), life_of, &l);

	free(l.by_asn);
	return rc == 0;
}
