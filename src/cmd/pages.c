/* cmd/pages: see pages.h. */
#include "cmd/pages.h"

#include "base/mem.h"
#include "cmd/crew.h"
#include "cmd/stored.h"
#include "show/snapshot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_WORKERS = 16 };
static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

/* Every prefix by the country it belongs to, so that each country looks at its own only. */
struct shelf {
	cc_t *country; /* by prefix id */
	prefix_id *id; /* by country */
	size_t n;
	bool has[2]; /* any route of the family, IPv4 and IPv6 */
};

static int shelf_cmp(const void *a, const void *b, void *arg)
{
	const cc_t *country = arg;
	prefix_id x = *(const prefix_id *)a, y = *(const prefix_id *)b;

	if (country[x] != country[y])
		return country[x] < country[y] ? -1 : 1;
	return (x > y) - (x < y);
}

static void shelf_make(struct shelf *s, const struct facts *f, const struct table *t, utime_t at)
{
	size_t all = prefix_count(t);

	*s = (struct shelf){.country = mem_array(all, sizeof(cc_t)), .id = mem_array(all, sizeof(prefix_id))};
	for (prefix_id i = 0; i < all; i++) {
		const struct prefix *p = prefix_of(t, i);
		s->country[i] = prefix_territory(f, p, at);
		s->has[family_index(p->family)] |= prefix_routes(t, i) > 0;
		if (s->country[i] != CC_NONE)
			s->id[s->n++] = i;
	}
	qsort_r(s->id, s->n, sizeof *s->id, shelf_cmp, s->country);
}

static void shelf_find(const struct shelf *s, cc_t country, struct measure_options *o)
{
	size_t low = 0, high = s->n, end;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (s->country[s->id[mid]] < country)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < s->n && s->country[s->id[end]] == country;)
		end++;
	o->candidate = s->id + low;
	o->candidates = end - low;
}

static void shelf_free(struct shelf *s)
{
	free(s->country);
	free(s->id);
}

/* ---- the desk: what every page is made of ---- */
struct desk {
	const struct facts *f;
	const struct table *t;
	const struct shelf *shelf;
	utime_t at;
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool ready;              /* the carriers are there; pages are measured before that */
	struct carrier *carrier; /* by territory */
	size_t carriers, cap;
};

static bool carrier_take(void *arg, const struct carrier *c)
{
	struct desk *d = arg;

	d->carrier = vec_room(d->carrier, d->carriers, &d->cap, sizeof *d->carrier);
	d->carrier[d->carriers++] = *c;
	return true;
}

/* Once the store may be asked. Whoever waits goes on, also where that failed. */
static int desk_ready(struct desk *d, struct store *s, int (*flushed)(void *arg), void *arg)
{
	int rc;

	if (d->ready)
		return 0;
	rc = flushed(arg);
	if (rc == 0)
		rc = store_carriers(s, NULL, carrier_take, d);
	pthread_mutex_lock(&d->lock);
	d->ready = true;
	pthread_cond_broadcast(&d->told);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static size_t carriers_from(const struct desk *d, const char *territory, int least)
{
	size_t low = 0, high = d->carriers;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (strcmp(d->carrier[mid].territory, territory) < least)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void desk_lives(struct desk *d, const struct territory *who, struct report *r)
{
	size_t from, to;

	pthread_mutex_lock(&d->lock);
	while (!d->ready)
		pthread_cond_wait(&d->told, &d->lock);
	pthread_mutex_unlock(&d->lock);
	from = carriers_from(d, territory_id(who), 0);
	to = carriers_from(d, territory_id(who), 1);
	carriers_lives(d->carrier + from, to - from, r);
}

/* ---- a sheet: a page under way, made by any thread ---- */
struct sheet {
	const struct territory *who;
	uint8_t family;
	void *data; /* NULL: no page */
	size_t packed;
};

struct clerk { /* who makes them, in a thread of its own */
	struct desk *desk;
	struct measure_room *room;
	struct packer *packer;
};

static void sheet_make(void *worker, void *job)
{
	const struct clerk *clerk = worker;
	struct desk *d = clerk->desk;
	struct sheet *p = job;
	struct wayin entry = {0};
	struct measure_options o = {.family = p->family, .depth = 2, .wayin = &entry, .room = clerk->room};
	struct report r;
	struct answer a = {.report = &r, .facts = d->f, .table = d->t, .health = table_health(d->t)};
	struct out text;

	shelf_find(d->shelf, cc_of(territory_id(p->who)), &o);
	measure_report(d->t, d->f, p->who, d->at, &o, &r);
	if (r.prefixes > 0) {
		desk_lives(d, p->who, &r);
		out_open_mem(&text);
		snapshot_json(&text, &a, &entry);
		p->data = answer_pack(clerk->packer, text.buf, text.n, &p->packed);
		out_close(&text);
	}
	wayin_free(&entry);
	report_free(&r);
}

/* The oldest page under way into the store; rc: how it went so far. */
static int sheet_keep(struct store *s, struct crew *crew, utime_t at, int rc, bool *more)
{
	struct sheet *p = crew_collect(crew);

	*more = p != NULL;
	if (!p)
		return rc;
	if (rc == 0 && p->data)
		rc = store_keep_answer(
		    s, ANSWER_PAGE, territory_id(p->who), p->family, at, p->data, p->packed);
	free(p->data);
	free(p);
	return rc;
}

struct country {
	const struct territory *who;
	size_t prefixes; /* it may have */
};

/* The largest first, so that none of them is waited for alone at the end. */
static int country_cmp(const void *a, const void *b)
{
	const struct country *x = a, *y = b;

	if (x->prefixes != y->prefixes)
		return x->prefixes < y->prefixes ? 1 : -1;
	return strcmp(territory_id(x->who), territory_id(y->who));
}

static struct country *countries_order(const struct desk *d, size_t *n)
{
	const struct territory *const *who;
	size_t all = territory_countries(d->f, &who);
	struct country *country = mem_array(all + 1, sizeof *country);

	*n = 0;
	for (size_t i = 0; i < all; i++) {
		struct measure_options o;
		shelf_find(d->shelf, cc_of(territory_id(who[i])), &o);
		if (o.candidates)
			country[(*n)++] = (struct country){who[i], o.candidates};
	}
	qsort(country, *n, sizeof *country, country_cmp);
	return country;
}

static void *rank_make(const struct desk *d, uint8_t family, size_t *packed)
{
	struct measure_options o = {.family = family, .depth = 1};
	struct rank rank;
	struct ranking r = {.rank = &rank,
	    .by = RANK_COUNTRY,
	    .options = o,
	    .at = d->at,
	    .facts = d->f,
	    .health = table_health(d->t)};
	struct packer *packer = packer_new();
	struct out text;
	void *data = NULL;

	measure_rank(d->t, d->f, d->at, &o, RANK_COUNTRY, &rank);
	out_open_mem(&text);
	rank_json(&text, &r);
	if (rank.n > 0)
		data = answer_pack(packer, text.buf, text.n, packed);
	packer_free(packer);
	out_close(&text);
	rank_free(&rank);
	return data;
}

/* All pages are given out at once, and measured while the store is still busy with what it was told. */
static int family_keep(struct store *s, struct desk *d, uint8_t family, int (*flushed)(void *arg), void *arg)
{
	size_t n, packed, workers = crew_size() < PAGE_WORKERS ? crew_size() : PAGE_WORKERS;
	struct country *country = countries_order(d, &n);
	struct clerk clerk[PAGE_WORKERS];
	void *worker[PAGE_WORKERS], *rank;
	struct crew *crew;
	bool more = true;
	int rc;

	for (size_t i = 0; i < workers; i++) {
		clerk[i] = (struct clerk){d, measure_room_new(), packer_new()};
		worker[i] = &clerk[i];
	}
	crew = crew_new(worker, workers, n + 1, sheet_make);
	for (size_t i = 0; i < n; i++) {
		struct sheet *p = mem_alloc(sizeof *p);
		p->who = country[i].who;
		p->family = family;
		crew_give(crew, p);
	}
	free(country);
	rank = rank_make(d, family, &packed);
	rc = desk_ready(d, s, flushed, arg);
	while (more)
		rc = sheet_keep(s, crew, d->at, rc, &more);
	if (rc == 0 && rank)
		rc = store_keep_answer(s, ANSWER_RANK, "", family, d->at, rank, packed);
	free(rank);
	crew_free(crew);
	for (size_t i = 0; i < workers; i++) {
		measure_room_free(clerk[i].room);
		packer_free(clerk[i].packer);
	}
	return rc;
}

int pages_keep(struct store *s, const struct facts *f, const struct table *t, utime_t at,
    int (*flushed)(void *arg), void *arg)
{
	struct shelf shelf;
	struct desk d = {.f = f, .t = t, .shelf = &shelf, .at = at};
	int rc = 0;

	pthread_mutex_init(&d.lock, NULL);
	pthread_cond_init(&d.told, NULL);
	shelf_make(&shelf, f, t, at);
	for (size_t k = 0; k < sizeof families / sizeof *families && rc == 0; k++)
		if (shelf.has[family_index(families[k])])
			rc = family_keep(s, &d, families[k], flushed, arg);
	if (rc == 0)
		rc = desk_ready(&d, s, flushed, arg);
	shelf_free(&shelf);
	free(d.carrier);
	pthread_cond_destroy(&d.told);
	pthread_mutex_destroy(&d.lock);
	return rc;
}
