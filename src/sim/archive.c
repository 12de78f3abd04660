/* sim/archive: see archive.h. */
#include "sim/archive.h"

#include "base/mem.h"
#include "sim/mrt.h"
#include "sim/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH_MAX = 1024, ROUTE_AGE_MAX = 30 * 86400 };

void archive_name(
    char *out, size_t cap, enum archive archive, const char *name, bool rib, utime_t at, enum pack pack)
{
	time_t second = (time_t)(at / UTIME_SECOND);
	char month[16], stamp[32];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(month, sizeof month, "%Y.%m", &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d.%H%M", &tm);
	if (archive == ARCHIVE_RIS)
		snprintf(out, cap, "%s/%s/%s.%s%s", name, month, rib ? "bview" : "updates", stamp,
		    pack_suffix(pack));
	else
		snprintf(out, cap, "%s/bgpdata/%s/%s.%s%s", name, month, rib ? "RIBS/rib" : "UPDATES/updates",
		    stamp, pack_suffix(pack));
}

struct writer { /* of one collector */
	const struct story *story;
	const struct collector *c;
	uint32_t collector;
	const char *dir;
	struct mrt_peer *peer; /* by session */
	unsigned *index;       /* by session: place in the peer table */
	struct mrt_local local;
	bool *down; /* by session: truly so, told or not */
	struct out out;
	struct prefix *batch;
	struct archive_count *count;
	char *why;
	size_t cap;
};

static struct mrt_local local_of(uint32_t collector, const struct collector *c)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0xff};
	uint8_t v4[4] = {192, 0, 2, (uint8_t)(collector + 1)}; /* RFC 5737: documentation addresses */
	struct mrt_local l = {.v4 = addr_v4(v4), .v6 = addr_v6(v6)};

	l.v6.b[15] = v4[3];
	l.asn = c->archive == ARCHIVE_RIS ? 12654 : 6447;
	l.bgp_id = 0xc0000200U + collector + 1;
	return l;
}

static struct mrt_peer peer_of_session(const struct session *s, uint32_t i)
{
	struct mrt_peer p = {.addr = s->addr, .asn = s->asn};

	memcpy(&p.bgp_id, s->addr.b, 4);
	p.bgp_id = s->addr.family == FAMILY_IPV4 ? __builtin_bswap32(p.bgp_id) : 0x0a000001U + i;
	return p;
}

/* Communities as networks set them: where the peer learnt the route, and one of the origin's. */
static struct mrt_attrs attrs_of(const struct writer *w, const struct line_told *l, uint32_t community[3])
{
	const struct scenario *s = w->story->s;
	const struct session *c = &s->session[l->session];
	struct mrt_attrs a = {.next_hop = c->addr};
	asn_t origin;

	a.path = story_paths_of(&w->story->paths, l->path, &a.paths);
	origin = a.path[a.paths - 1];
	if (c->asn < 65536 && rand_of(s->seed, c->asn, 3) % 4) {
		uint32_t learnt = a.paths > 1 ? (uint32_t)rand_of(s->seed, c->asn, a.path[1]) % 30 : 0;
		community[a.communities++] = c->asn << 16 | (100 + learnt);
		if (l->told == TOLD_AGAIN)
			community[a.communities++] = c->asn << 16 | (3000 + l->order % 60);
	}
	if (origin < 65536 && rand_of(s->seed, origin, 4) % 3 == 0)
		community[a.communities++] = origin << 16 | (uint32_t)rand_of(s->seed, origin, 5) % 1000;
	if (l->told == TOLD_AGAIN && a.communities == 0) {
		a.has_med = true;
		a.med = l->order % 100;
	}
	a.community = community;
	return a;
}

/* Lines of one peer, one moment and one path travel in one UPDATE. */
static size_t write_routes(struct writer *w, const struct line_told *l, size_t left)
{
	size_t n = 0, taken = 0;
	uint32_t community[3];
	struct mrt_attrs a;

	while (n < left && n < BATCH_MAX && l[n].told == l->told && l[n].at == l->at &&
	       l[n].session == l->session && l[n].path == l->path) {
		w->batch[n] = w->story->prefix[l[n].prefix];
		n++;
	}
	if (l->path)
		a = attrs_of(w, l, community);
	while (taken < n) {
		taken += mrt_put_update(&w->out, l->at, !w->c->seconds, &w->peer[l->session], &w->local,
		    l->path ? &a : NULL, w->batch + taken, n - taken);
		w->count->updates++;
	}
	return n;
}

static void write_state(struct writer *w, const struct line_told *l)
{
	w->down[l->session] = l->new_state != 6;
	if (l->hidden)
		return;
	mrt_put_state(
	    &w->out, l->at, !w->c->seconds, &w->peer[l->session], &w->local, l->old_state, l->new_state);
	w->count->states++;
	if (l->new_state == 6)
		mrt_put_open(&w->out, l->at, !w->c->seconds, &w->peer[l->session], &w->local);
}

static bool write_file(struct writer *w, bool rib, utime_t at)
{
	char name[512], *path;
	bool ok;

	archive_name(name, sizeof name, w->c->archive, w->c->name, rib, at, w->c->pack);
	path = mem_printf("%s/%s", w->dir, name);
	*strrchr(path, '/') = '\0';
	ok = pack_folder(path, w->why, w->cap);
	path[strlen(path)] = '/';
	ok = ok && pack_file(path, w->c->pack, w->out.buf, w->out.n, w->why, w->cap);
	w->count->files++;
	w->count->bytes += w->out.n;
	w->out.n = 0;
	free(path);
	return ok;
}

/* Is the collector itself off then (its clock's time)? */
static bool is_off(const struct writer *w, utime_t at)
{
	const struct scenario *s = w->story->s;

	for (size_t i = 0; i < s->actions; i++) {
		const struct action *a = &s->action[i];
		if (a->deed == DEED_RESTART && a->collector == w->collector && at >= a->at + w->c->skew &&
		    at < a->end + w->c->skew)
			return true;
	}
	return false;
}

static unsigned write_rib_prefix(struct writer *w, const struct retell *r, uint32_t prefix, utime_t at)
{
	const struct scenario *s = w->story->s;
	struct out attrs;
	unsigned entries = 0;

	out_open_mem(&attrs);
	for (uint32_t i = 0; i < s->sessions; i++) {
		struct line_told l = {.session = i,
		    .prefix = prefix,
		    .path = r->table[(size_t)i * w->story->prefixes + prefix]};
		uint32_t community[3];
		struct mrt_attrs a;
		utime_t age = (utime_t)(rand_of(s->seed, i, prefix) % ROUTE_AGE_MAX) * UTIME_SECOND;
		if (s->session[i].collector != w->collector || w->down[i] || !l.path)
			continue;
		a = attrs_of(w, &l, community);
		attrs.n = 0;
		mrt_put_attrs(&attrs, &a);
		mrt_rib_entry(&w->out, w->index[i], at - age, attrs.buf, attrs.n);
		entries++;
	}
	out_close(&attrs);
	w->count->routes += entries;
	return entries;
}

static bool write_rib(struct writer *w, const struct retell *r, utime_t at)
{
	struct out updates = w->out;
	struct mrt_peer *peers = mem_array(w->story->s->sessions, sizeof *peers);
	uint32_t sequence = 0;
	unsigned n = 0;
	bool ok;

	out_open_mem(&w->out);
	for (uint32_t i = 0; i < w->story->s->sessions; i++)
		if (w->story->s->session[i].collector == w->collector) {
			w->index[i] = n;
			peers[n++] = w->peer[i];
		}
	mrt_put_peers(&w->out, at, w->local.bgp_id, w->c->archive == ARCHIVE_RIS ? "" : w->c->name, peers, n);
	for (uint32_t i = 0; i < w->story->prefixes; i++) {
		size_t before = w->out.n, mark = mrt_rib_begin(&w->out, at, sequence, &w->story->prefix[i]);
		unsigned entries = write_rib_prefix(w, r, i, at);
		if (entries == 0) {
			w->out.n = before;
			continue;
		}
		mrt_rib_end(&w->out, mark, entries);
		sequence++;
	}
	w->count->ribs++;
	ok = write_file(w, true, at);
	out_close(&w->out);
	w->out = updates;
	free(peers);
	return ok;
}

static int time_order(const void *x, const void *y)
{
	utime_t a = *(const utime_t *)x, b = *(const utime_t *)y;
	return a < b ? -1 : a > b;
}

/* The dumps' hours, ascending, ended by UTIME_MAX. A collector whose clock is wrong dumps by its own clock.
 */
static utime_t *rib_times(const struct scenario *s)
{
	utime_t *t = NULL;
	size_t n = 0, cap = 0;

	for (utime_t at = s->start; s->rib_every && at < s->end; at += s->rib_every) {
		t = vec_room(t, n, &cap, sizeof *t);
		t[n++] = at;
	}
	for (size_t i = 0; i < s->rib_ats; i++) {
		t = vec_room(t, n, &cap, sizeof *t);
		t[n++] = s->rib_at[i];
	}
	if (n)
		qsort(t, n, sizeof *t, time_order);
	t = vec_room(t, n, &cap, sizeof *t);
	t[n] = UTIME_MAX;
	return t;
}

static bool due_ribs(struct writer *w, struct retell *r, const utime_t **rib, utime_t until)
{
	for (; **rib <= until && **rib != UTIME_MAX; ++*rib)
		if (!is_off(w, **rib) && !write_rib(w, r, **rib))
			return false;
	return true;
}

/* An update file for each interval; none where nothing was told, for readers call an empty file a mistake. */
static bool due_file(struct writer *w, utime_t *from, utime_t until)
{
	while (*from + w->c->every <= until) {
		if (w->out.n && !write_file(w, false, *from))
			return false;
		*from += w->c->every;
	}
	return true;
}

static bool write_collector(struct writer *w)
{
	const struct story *t = w->story;
	utime_t *ribs = rib_times(t->s), from = t->s->start - t->s->start % w->c->every;
	const utime_t *rib = ribs;
	struct retell r;
	bool ok = true;

	retell_start(&r, t);
	while (ok && r.next < t->lines) {
		const struct line_told *l = &t->line[r.next];
		bool mine = t->s->session[l->session].collector == w->collector;
		size_t n = 1;
		uint32_t before;
		if (mine) {
			ok = due_ribs(w, &r, &rib, l->at) && due_file(w, &from, l->at);
			if (l->told == TOLD_STATE)
				write_state(w, l);
			else
				n = write_routes(w, l, t->lines - r.next);
		}
		for (size_t i = 0; i < n; i++)
			(void)retell_next(&r, &before);
	}
	ok = ok && due_ribs(w, &r, &rib, t->s->end) && due_file(w, &from, t->s->end);
	if (ok && w->out.n)
		ok = write_file(w, false, from);
	retell_free(&r);
	free(ribs);
	return ok;
}

bool archive_write(
    const struct story *story, const char *dir, struct archive_count *count, char *why, size_t cap)
{
	const struct scenario *s = story->s;
	bool ok = true;

	*count = (struct archive_count){0};
	for (uint32_t i = 0; ok && i < s->collectors; i++) {
		struct writer w = {.story = story,
		    .c = &s->collector[i],
		    .collector = i,
		    .dir = dir,
		    .local = local_of(i, &s->collector[i]),
		    .count = count,
		    .why = why,
		    .cap = cap};
		w.peer = mem_array(s->sessions, sizeof *w.peer);
		w.index = mem_array(s->sessions, sizeof *w.index);
		w.down = mem_array(s->sessions, sizeof *w.down);
		w.batch = mem_array(BATCH_MAX, sizeof *w.batch);
		for (uint32_t k = 0; k < s->sessions; k++) {
			w.peer[k] = peer_of_session(&s->session[k], k);
			w.down[k] = story->down[k];
		}
		out_open_mem(&w.out);
		ok = write_collector(&w);
		out_close(&w.out);
		free(w.peer);
		free(w.index);
		free(w.down);
		free(w.batch);
	}
	return ok;
}
