/*
 * cmd/read/reader: see reader.h. The order of work for a route: time, type, peer, prefix, attributes (once a
 * set), then the line, put together from pieces made before.
 */
#include "cmd/read/reader.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { PEER_MEMO = 256, TYPE_BGP = 5 };

struct lead_key { /* what a line's beginning depends on */
	utime_t time;
	uint16_t type;
	uint8_t kind;
	bool addpath, local;
};

struct reader {
	const struct printer *printer; /* NULL: count only */
	const struct filter *filter;
	struct filter_run run;
	struct sights *sights;
	struct attr_cache cache;
	struct peer_text memo[PEER_MEMO]; /* peers of messages */
	struct out scratch;
	struct out lead; /* a line's beginning: kind and time, then the peer */
	struct lead_key lead_key;
	size_t lead_n; /* without the peer */
	/* the set asked about last: of a message, it is asked once a prefix */
	const uint8_t *last_set, *judged; /* judged: its faults are counted */
	struct text last_text;
	bool last_passes, last_home;
	struct fault_count told; /* faults that are counted already */
	struct batch *b;
};

void counts_init(struct counts *t)
{
	memset(t, 0, sizeof *t);
	t->first = UTIME_MAX;
	t->last = INT64_MIN;
}

void counts_add(struct counts *sum, const struct counts *t)
{
	for (unsigned i = 0; i < ELEM_KINDS; i++)
		sum->elems[i] += t->elems[i];
	sum->first = t->first < sum->first ? t->first : sum->first;
	sum->last = t->last > sum->last ? t->last : sum->last;
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		if (t->faults.n[i] && (!sum->faults.n[i] || t->faults.first[i] < sum->faults.first[i]))
			sum->faults.first[i] = t->faults.first[i];
		sum->faults.n[i] += t->faults.n[i];
	}
	sum->faults.skipped_bytes += t->faults.skipped_bytes;
}

struct reader *reader_new(const struct printer *printer, const struct filter *filter, struct sights *sights)
{
	struct reader *r = mem_alloc(sizeof *r);

	r->printer = printer;
	r->filter = filter;
	r->sights = sights;
	filter_run_init(&r->run, filter);
	attr_cache_init(&r->cache);
	out_open_mem(&r->scratch);
	out_open_mem(&r->lead);
	return r;
}

void reader_free(struct reader *r)
{
	filter_run_free(&r->run);
	attr_cache_free(&r->cache);
	out_close(&r->scratch);
	out_close(&r->lead);
	free(r);
}

/* ---- peers ---- */

static void peer_text_make(struct peer_text *t, const struct peer_key *key, const struct printer *printer,
    const struct filter *filter)
{
	struct out o;

	t->key = *key;
	t->passes = filter_peer(filter, key);
	t->n = 0;
	if (!printer)
		return;
	out_open_mem(&o);
	printer->peer(&o, key);
	t->n = o.n < sizeof t->p ? o.n : sizeof t->p;
	memcpy(t->p, o.buf, t->n);
	out_close(&o);
}

void peer_texts_load(struct peer_texts *t, const struct mrt_peers *peers, const struct printer *printer,
    const struct filter *filter)
{
	if (peers->n > t->cap) {
		t->cap = peers->n;
		t->v = mem_grow(t->v, t->cap, sizeof *t->v);
	}
	t->n = peers->n;
	for (size_t i = 0; i < t->n; i++)
		peer_text_make(&t->v[i], &peers->peer[i], printer, filter);
}

static bool peer_equal(const struct peer_key *a, const struct peer_key *b)
{
	return a->asn == b->asn && a->addr.family == b->addr.family &&
	       memcmp(a->addr.b, b->addr.b, sizeof a->addr.b) == 0;
}

static const struct peer_text *message_peer(struct reader *r, const struct peer_key *key)
{
	uint64_t h = hash_u64(be64(key->addr.b) ^ be64(key->addr.b + 8) ^ key->asn);
	struct peer_text *t = &r->memo[h % PEER_MEMO];

	if (t->key.addr.family == 0 || !peer_equal(&t->key, key))
		peer_text_make(t, key, r->printer, r->filter);
	return t;
}

/* ---- attributes ---- */

static void set_print(struct reader *r, const struct attr_set *set, enum hop_form form,
    struct fault_count *faults, uint64_t offset)
{
	struct route route;

	r->scratch.n = 0;
	route_of(set, form, &route, faults, offset);
	r->printer->attrs(&r->scratch, &route, form);
	r->last_text = (struct text){r->scratch.buf, r->scratch.n};
}

static uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < FAULT_KINDS; i++)
		n += f->n[i];
	return n;
}

/* Is the set wanted? Its text is then in last_text. */
static bool set_settle(struct reader *r, const struct attr_set *set, enum hop_form form, uint64_t offset)
{
	struct fault_count *faults = set->raw.p == r->judged ? &r->told : &r->b->counts.faults;
	struct attr_slot *slot;
	uint64_t before;
	bool found;

	slot = attr_cache_find(&r->cache, set, form, &found);
	if (!found || !slot) {
		r->last_passes = !r->filter->attrs || filter_attrs(&r->run, set);
		r->last_home =
		    r->last_passes && r->filter->countries && filter_origin_country(r->filter, set);
		if (slot) {
			slot->passes = r->last_passes;
			slot->home = r->last_home;
		}
	} else {
		r->last_passes = slot->passes;
		r->last_home = slot->home;
	}
	if (!r->last_passes || !r->printer)
		return r->last_passes;
	if (slot && slot->printed) {
		r->last_text = attr_slot_text(slot);
		return true;
	}
	before = fault_sum(faults);
	set_print(r, set, form, faults, offset);
	r->judged = set->raw.p;
	if (slot && fault_sum(faults) == before) /* a faulty set is judged, and counted, each time it comes */
		attr_slot_keep(slot, r->last_text);
	return true;
}

static bool set_passes(struct reader *r, const struct attr_set *set, enum hop_form form, uint64_t offset)
{
	if (!r->printer && !r->filter->attrs && !r->filter->countries)
		return true;
	if (set->raw.p != r->last_set) {
		set_settle(r, set, form, offset);
		r->last_set = set->raw.p;
	}
	return r->last_passes;
}

/* --country: registered there, or originated by an AS that is (a withdrawal names no origin) */
static bool at_home(const struct reader *r, bool prefix_home, const struct attr_set *set)
{
	return !r->filter->countries || prefix_home || (set && r->last_home);
}

static bool prefix_home(const struct reader *r, const struct prefix *prefix)
{
	return r->filter->countries && filter_prefix_country(r->filter, prefix);
}

/* ---- elements ---- */

static void see(struct reader *r, const struct elem *e, const struct attr_set *set)
{
	struct span path, path4;
	asn_t flat[64];
	unsigned flags;
	size_t n;

	if (e->prefix)
		sight(r->sights, e->prefix->family == FAMILY_IPV6 ? SIGHT_PREFIX6 : SIGHT_PREFIX4, e->prefix,
		    sizeof *e->prefix);
	sight(r->sights, SIGHT_PEER, e->peer, sizeof *e->peer);
	if (!set)
		return;
	attrs_paths(set, &path, &path4);
	n = as_path_flat(path, path4, set->as_size, flat, 64, &flags);
	sight(r->sights, SIGHT_PATH, flat, n * sizeof *flat);
	if (n && flat[n - 1])
		sight(r->sights, SIGHT_ORIGIN, &flat[n - 1], sizeof *flat);
}

/* Many elements of a second share it: it is made anew only where something of it changes. */
static void lead_begin(struct reader *r, const struct elem *e)
{
	const struct lead_key *k = &r->lead_key;
	const struct update *u = e->u;

	if (!r->printer || (r->lead_n && k->time == u->time && k->type == u->type && k->kind == e->kind &&
			       k->addpath == e->addpath && k->local == u->from_local))
		return;
	r->lead_key = (struct lead_key){u->time, u->type, (uint8_t)e->kind, e->addpath, u->from_local};
	r->lead.n = 0;
	r->printer->lead(&r->lead, e);
	r->lead_n = r->lead.n;
}

static void lead_peer(struct reader *r, struct elem *e, const struct peer_text *from)
{
	r->lead.n = r->lead_n;
	out_bytes(&r->lead, from->p, from->n);
	e->lead = (struct text){r->lead.buf, r->lead.n};
}

static void counts_see(struct counts *t, enum elem_kind kind, utime_t time, uint64_t n)
{
	t->elems[kind] += n;
	t->first = time < t->first ? time : t->first;
	t->last = time > t->last ? time : t->last;
}

static void elem_out(struct reader *r, struct elem *e, const struct attr_set *set)
{
	counts_see(&r->b->counts, e->kind, e->u->time, 1);
	if (r->sights)
		see(r, e, set);
	if (!r->printer)
		return;
	e->attrs = r->last_text;
	r->printer->line(&r->b->text, e);
}

/* Nothing is asked of a prefix: what is asked of the set is asked once. */
static void read_whole_list(
    struct reader *r, struct elem *e, struct nlri list, const struct attr_set *set, enum hop_form form)
{
	struct batch *b = r->b;
	struct prefix prefix;
	uint64_t n = 0;

	e->prefix = &prefix;
	while (nlri_next(&list, &prefix, &e->path_id, &b->counts.faults, e->u->offset)) {
		if (n == 0 && set && !set_passes(r, set, form, e->u->offset))
			return;
		n++;
		if (!r->printer)
			continue;
		e->attrs = r->last_text;
		r->printer->line(&b->text, e);
	}
	if (n)
		counts_see(&b->counts, e->kind, e->u->time, n);
}

static void read_list(struct reader *r, struct update *u, const struct peer_text *from, enum elem_kind kind,
    struct nlri list, enum hop_form form)
{
	struct elem e = {.kind = kind, .u = u, .peer = &u->peer, .safi = list.safi, .addpath = list.addpath};
	const struct attr_set *set = kind == ELEM_ANNOUNCE ? &u->attrs : NULL;
	struct prefix prefix;

	if (list.bytes.n == 0)
		return;
	lead_begin(r, &e);
	lead_peer(r, &e, from);
	r->last_set = NULL; /* the form is another */
	if (!r->sights && !r->filter->prefix_decides && !r->filter->countries) {
		read_whole_list(r, &e, list, set, form);
		return;
	}
	e.prefix = &prefix;
	while (nlri_next(&list, &prefix, &e.path_id, &r->b->counts.faults, u->offset)) {
		if (r->filter->prefix_decides && !filter_prefix(r->filter, &prefix))
			continue;
		if (set && !set_passes(r, set, form, u->offset))
			return;
		if (at_home(r, prefix_home(r, &prefix), set))
			elem_out(r, &e, set);
	}
}

static void read_message(struct reader *r, struct update *u)
{
	const struct peer_text *from = message_peer(r, &u->peer);

	if (!from->passes)
		return;
	for (unsigned i = 0; i < 2 && filter_kind(r->filter, ELEM_WITHDRAW); i++)
		read_list(r, u, from, ELEM_WITHDRAW, u->withdrawn[i], HOP_OLD);
	if (!filter_kind(r->filter, ELEM_ANNOUNCE))
		return;
	read_list(r, u, from, ELEM_ANNOUNCE, u->announced[0], u->type == TYPE_BGP ? HOP_MRT_BGP : HOP_OLD);
	read_list(r, u, from, ELEM_ANNOUNCE, u->announced[1], HOP_MP);
}

static void read_state(struct reader *r, struct update *u)
{
	const struct peer_text *from = message_peer(r, &u->peer);
	struct elem e = {.kind = ELEM_STATE, .u = u, .peer = &u->peer};

	if (!from->passes || !filter_kind(r->filter, ELEM_STATE))
		return;
	lead_begin(r, &e);
	lead_peer(r, &e, from);
	elem_out(r, &e, NULL);
}

static void read_rib(struct reader *r, struct update *u)
{
	struct fault_count *faults = &r->b->counts.faults;
	const struct peer_texts *peers = r->b->peers;
	struct elem e = {
	    .kind = ELEM_RIB, .u = u, .prefix = &u->prefix, .safi = u->safi, .addpath = u->addpath};
	struct rib_entry entry;
	bool home;

	if (r->filter->prefix_decides && !filter_prefix(r->filter, &u->prefix))
		return;
	home = prefix_home(r, &u->prefix);
	lead_begin(r, &e);
	while (rib_entry_next(u, &entry, faults)) {
		const struct peer_text *from;
		if (!u->own_peer && entry.peer_index >= peers->n) {
			fault_add(faults, FAULT_PEER_INDEX, u->offset);
			continue;
		}
		from = u->own_peer ? message_peer(r, &u->peer) : &peers->v[entry.peer_index];
		if (!from->passes || !set_passes(r, &entry.attrs, HOP_EITHER, u->offset) ||
		    !at_home(r, home, &entry.attrs))
			continue;
		e.peer = &from->key;
		lead_peer(r, &e, from);
		e.path_id = entry.path_id;
		e.originated = entry.originated;
		elem_out(r, &e, &entry.attrs);
	}
}

static void judge(struct reader *r, const struct update *u, const struct attr_set *set)
{
	struct attr_view v;

	attrs_scan(set, &v, &r->b->counts.faults, u->offset);
}

/* --stats counts the faults of every attribute, wanted or not. */
static void judge_all(struct reader *r, struct update u)
{
	struct fault_count passed_over = {.skipped_bytes = 0};
	struct rib_entry entry;

	if (u.kind == UPDATE_MESSAGE)
		judge(r, &u, &u.attrs);
	while (u.kind == UPDATE_RIB && rib_entry_next(&u, &entry, &passed_over))
		judge(r, &u, &entry.attrs);
}

static void read_update(struct reader *r, struct update *u)
{
	if (!filter_time(r->filter, u->time))
		return;
	r->last_set = r->judged = NULL;
	if (r->sights)
		judge_all(r, *u);
	switch (u->kind) {
	case UPDATE_MESSAGE:
		read_message(r, u);
		break;
	case UPDATE_RIB:
		if (filter_kind(r->filter, ELEM_RIB))
			read_rib(r, u);
		break;
	case UPDATE_STATE:
		read_state(r, u);
		break;
	case UPDATE_PEERS:
	case UPDATE_OTHER:
		break;
	}
}

void reader_work(void *reader, void *batch)
{
	struct reader *r = reader;

	r->b = batch;
	for (size_t i = 0; i < r->b->n; i++)
		read_update(r, &r->b->u[i]);
}
