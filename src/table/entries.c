/*
 * table/entries: the entries of a dump's record to routes. In: a RIB record, one prefix and a route of each
 * of its peers. Out: cells of the columns, changes of kind CHANGE_LOAD. The hot path of a dump: a route whose
 * path is the peer's last one costs a comparison of some thirty bytes; of the others the cache misses of a
 * batch overlap.
 */
#include "table/inner.h"

struct entry {         /* between the fetch of its cell and its use */
	uint16_t peer; /* index into the dump's */
	path_id path;
	uint32_t add_id;
};

struct unread { /* an entry's path that is not its peer's last one */
	struct path_attr path;
	struct span attrs;
	struct entry *entry;
};

struct batch {
	struct entry entry[BATCH];
	struct unread unread[BATCH];
	struct path_attr *path[BATCH]; /* of unread */
	size_t n, unreads;
};

/* ---- memo ---- */
static bool memo_holds(const struct path_memo *m, struct span attrs)
{
	return m->id != PATH_NONE && attrs.n >= m->n && bytes_same(m->raw, attrs.p, m->n);
}

static void memo_fill(struct path_memo *m, struct span attrs, const struct path_attr *a)
{
	size_t n = a->as_path.p ? (size_t)(a->as_path.p + a->as_path.n - attrs.p) : 0;

	/* With ASNs of two bytes an AS4_PATH may follow. */
	m->id = n > 0 && n <= sizeof m->raw && a->as_size == 4 ? a->id : PATH_NONE;
	if (m->id == PATH_NONE)
		return;
	m->n = (uint8_t)n;
	bytes_copy(m->raw, attrs.p, n);
}

/* ---- cutting ---- */
/* The dump's peer that an entry is of, by index; DUMP_NOT_MET where its table lacks it. */
static uint16_t entry_peer(struct source *s, const struct update *u, uint16_t index)
{
	struct dump *d = s->dump;
	const struct peer_key *key = &u->peer;
	peer_id id;

	if (!u->own_peer) {
		if (d->of_index[index] != DUMP_NOT_MET)
			return d->of_index[index];
		if (!s->peers || index >= s->peers->n)
			return DUMP_NOT_MET;
		key = &s->peers->peer[index];
	}
	id = peer_born(s->table, s->collector, key, u->time);
	if (id == PEER_NONE)
		return DUMP_NOT_MET;
	if (u->own_peer)
		return dump_peer_index(s, id);
	return d->of_index[index] = dump_peer_index(s, id);
}

/* Is the entry to be put in place? Notes that the dump has it. */
static inline bool entry_counts(
    struct table *t, struct dump_peer *peer, const struct prefix *p, prefix_id prefix)
{
	if (peer->stale)
		return false;
	peer->family[family_index(p->family)] = true;
	if (peer->known)
		dump_bit_put(&peer->seen, prefix);
	if (!dump_bit_of(peer->kept, prefix))
		return true;
	t->health.backlog++;
	return false;
}

static void entry_unread(struct table *t, const struct dump_peer *p, struct span attrs, uint8_t as_size,
    struct entry *e, struct batch *b)
{
	struct unread *r = &b->unread[b->unreads];
	struct attr_set set = {.raw = attrs, .as_size = as_size, .rib_form = true};

	b->path[b->unreads++] = &r->path;
	r->entry = e;
	r->attrs = attrs;
	r->path.peer_asn = t->peer[p->id].key.asn;
	r->path.as_size = as_size;
	attrs_paths(&set, &r->path.as_path, &r->path.as4_path);
	path_attr_hash(&t->paths.cache, &r->path);
}

/*
 * This cell, and at the end of a cache line the next: the prefixes of a first dump have ids in order. The
 * first cell of a page is written to as it is: read first, the page would be the kernel's page of zeros, and
 * the write behind it another fault that stops every other thread.
 */
static inline void cell_fetch(path_id *cell)
{
	path_id none = PATH_NONE;

	if ((uintptr_t)cell % 4096 == 0)
		(void)__atomic_compare_exchange_n(
		    cell, &none, PATH_NONE, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	__builtin_prefetch(cell, 1);
	if ((uintptr_t)cell % 64 == 0)
		__builtin_prefetch(cell + 16, 1);
}

/* Room in the batch for an entry that is to be put in place, with the fetch of its cell begun. NULL: it is
 * not to be, which is counted. */
static inline struct entry *batch_add(struct table *t, struct source *s, const struct update *u,
    prefix_id prefix, uint16_t index, struct batch *b, struct fault_count *faults)
{
	uint16_t peer = entry_peer(s, u, index);
	struct dump_peer *p = &s->dump->peer[peer];
	struct entry *e = &b->entry[b->n];

	if (peer == DUMP_NOT_MET) {
		t->health.unknown_peer++;
		fault_add(faults, FAULT_PEER_INDEX, u->offset);
		return NULL;
	}
	if (!entry_counts(t, p, &u->prefix, prefix))
		return NULL;
	cell_fetch(&t->column[p->id][prefix]);
	e->peer = peer;
	b->n++;
	return e;
}

/* Cuts up to BATCH entries and starts their look-ups; false at the end. */
static bool entries_cut(struct table *t, struct source *s, struct update *u, prefix_id prefix,
    struct batch *b, struct fault_count *faults)
{
	bool wanted = t->prefixes.wanted[prefix];
	struct rib_entry e;
	size_t cut = 0;

	b->n = b->unreads = 0;
	for (; cut < BATCH && rib_entry_next(u, &e, faults); cut++) {
		struct entry *at = batch_add(t, s, u, prefix, e.peer_index, b, faults);
		const struct dump_peer *p;
		if (!at)
			continue;
		p = &s->dump->peer[at->peer];
		at->path = PATH_UNREAD;
		at->add_id = e.path_id;
		if (wanted && memo_holds(&p->memo, e.attrs.raw))
			at->path = p->memo.id;
		else if (wanted)
			entry_unread(t, p, e.attrs.raw, e.attrs.as_size, at, b);
	}
	t->health.dump_routes += cut;
	return cut > 0;
}

static void entries_read(struct table *t, struct dump *d, struct batch *b)
{
	paths_intern(&t->paths, b->path, b->unreads);
	for (size_t i = 0; i < b->unreads; i++) {
		struct unread *r = &b->unread[i];
		r->entry->path = r->path.id;
		memo_fill(&d->peer[r->entry->peer].memo, r->attrs, &r->path);
	}
}

/* ---- putting in place ---- */
/* The first ADDPATH entry of a peer for a prefix replaces all it had there. */
static path_id put_addpath(
    struct table *t, struct dump_peer *p, prefix_id prefix, uint32_t add_id, path_id path)
{
	path_id old = t->column[p->id][prefix];

	if (p->last_add != prefix)
		route_drop_more(t, p->id, prefix);
	p->last_add = prefix;
	(void)route_set_addpath(t, p->id, prefix, add_id, path);
	return old;
}

static void entry_apply(struct table *t, struct dump_peer *p, const struct update *u, const struct entry *e,
    prefix_id prefix, struct changes *out)
{
	path_id path = e->path, old;

	if (u->addpath) {
		old = put_addpath(t, p, prefix, e->add_id, path);
		path = t->column[p->id][prefix];
	} else {
		route_drop_more(t, p->id, prefix);
		old = route_set(t, p->id, prefix, path);
	}
	if (old == path)
		return;
	t->health.mismatch_more += p->known;
	if (out && path != PATH_UNREAD)
		change_add(out, (struct change){.time = u->time,
				    .old = old,
				    .new = path,
				    .prefix = prefix,
				    .peer = p->id,
				    .kind = CHANGE_LOAD});
}

void dump_record(
    struct table *t, struct source *s, struct update *u, struct fault_count *faults, struct changes *out)
{
	struct batch b;
	prefix_id prefix;

	if (u->safi != 1 || !u->prefix.family)
		return; /* unicast only */
	dump_open(t, s, u->time, out);
	prefix = prefix_born(t, &u->prefix, prefix_hash(&u->prefix));
	if (prefix == PREFIX_NONE)
		return;
	while (entries_cut(t, s, u, prefix, &b, faults)) {
		if (b.unreads > 0)
			entries_read(t, s->dump, &b);
		for (size_t i = 0; i < b.n; i++)
			entry_apply(t, &s->dump->peer[b.entry[i].peer], u, &b.entry[i], prefix, out);
	}
}

/* ---- from a cut ---- */
static inline path_id cut_path(struct source *s, const struct cut *c, const struct cut_entry *e)
{
	path_id *last = &s->known->last[e->peer], *line = &s->known->line[e->line];

	if (e->path == CUT_LINE)
		*last = *line;
	if (e->path < CUT_BORN)
		return *last;
	*last = c->id[e->path - CUT_BORN];
	if (c->birth[e->path - CUT_BORN].keeps)
		*line = *last;
	return *last;
}

/* Entries [from, to), at most BATCH, between their cut and their use. */
static void entries_take(struct table *t, struct source *s, const struct update *u, prefix_id prefix,
    const struct cut *c, size_t from, size_t to, struct batch *b, struct fault_count *faults)
{
	b->n = 0;
	for (size_t i = from; i < to; i++) {
		const struct cut_entry *e = &c->entry[i];
		path_id path = cut_path(s, c, e);
		struct entry *at =
		    prefix == PREFIX_NONE ? NULL : batch_add(t, s, u, prefix, e->peer, b, faults);
		if (!at)
			continue;
		at->path = path;
		at->add_id = u->addpath ? c->add_id[i] : 0;
	}
}

void dump_put(struct table *t, struct source *s, struct update *u, const struct cut *c, size_t i,
    struct fault_count *faults, struct changes *out)
{
	size_t at = i ? c->record[i - 1].entries : 0, end = c->record[i].entries, to;
	struct batch b;
	prefix_id prefix;

	dump_open(t, s, u->time, out);
	prefix = prefix_born(t, &u->prefix, prefix_hash(&u->prefix));
	t->health.dump_routes += prefix == PREFIX_NONE ? 0 : end - at;
	for (; at < end; at = to) {
		to = end - at < BATCH ? end : at + BATCH;
		entries_take(t, s, u, prefix, c, at, to, &b, faults);
		for (size_t k = 0; k < b.n; k++)
			entry_apply(t, &s->dump->peer[b.entry[k].peer], u, &b.entry[k], prefix, out);
	}
	if (c->record[i].bad && prefix != PREFIX_NONE)
		fault_add(faults, FAULT_MRT_BODY, u->offset);
}
