/*
 * table/cut: a dump's records cut ahead of the table. In: updates, in the order of their stream. Out: struct
 * cut: of each entry the peer's index and where its path is known from: the peer's last one, a line of the
 * cutter's cache, or a birth, the steps of a path not met lately. Cutting and comparing is more than half the
 * work of a dump, and none of it needs the table: it is done by another thread. The table follows
 * (table_apply_cut): it knows the path ids of the cutter's lines and of each peer's last path, kept in the
 * order of the entries, so what stands in a line when an entry refers to it is what stood there when the
 * entry was cut.
 */
#include "table/inner.h"

#include <string.h>

struct unread { /* an entry's path that is not its peer's last one */
	struct path_attr path;
	struct span attrs;
	size_t entry;
};

/*
 * The last attributes of a peer, up to the end of AS_PATH: as struct path_memo, but where they stand, without
 * a copy. They are forgotten with their block.
 */
struct place {
	const uint8_t *p; /* NULL: nothing kept */
	size_t n;
};

struct cutter {
	const struct cleaner *cleaner; /* the table's */
	utime_t until;
	struct path_cache cache;
	struct place *last; /* by peer index */
	size_t peers;       /* above those of last that are kept */
	size_t births;
	struct unread unread[BATCH];
	size_t unreads;
};

struct cutter *cutter_new(const struct table *t, utime_t until)
{
	struct cutter *c;

	if (t->options.want)
		return NULL;
	c = mem_alloc(sizeof *c);
	c->cleaner = &t->paths.cleaner;
	c->until = until;
	c->last = pages_reserve(MRT_PEERS_MAX * sizeof *c->last);
	path_cache_init(&c->cache);
	return c;
}

void cutter_free(struct cutter *c)
{
	if (!c)
		return;
	path_cache_free(&c->cache);
	pages_free(c->last, MRT_PEERS_MAX * sizeof *c->last);
	free(c);
}

void cutter_forget(struct cutter *c)
{
	memset(c->last, 0, c->peers * sizeof *c->last);
	c->peers = 0;
}

struct cut *cut_new(void)
{
	return mem_alloc(sizeof(struct cut));
}

void cut_free(struct cut *c)
{
	if (!c)
		return;
	free(c->entry);
	free(c->add_id);
	free(c->birth);
	free(c->id);
	free(c->step);
	free(c);
}

void cut_clear(struct cut *c)
{
	c->n = c->entries = c->births = c->steps = c->born = 0;
}

/* ---- cutting: the cutter's thread ---- */
static uint32_t give_birth(
    struct cutter *c, struct cut *cut, const struct path_attr *a, uint16_t peer, struct path_line *line)
{
	struct cut_birth *b;
	struct step *step;

	while (cut->steps + PATH_LENGTH_MAX > cut->step_cap) {
		cut->step_cap = cut->step_cap ? cut->step_cap * 2 : 4096;
		cut->step = mem_grow(cut->step, cut->step_cap, sizeof *cut->step);
	}
	cut->birth = vec_room(cut->birth, cut->births, &cut->birth_cap, sizeof *cut->birth);
	b = &cut->birth[cut->births];
	step = cut->step + cut->steps;
	*b = (struct cut_birth){.step = (uint32_t)cut->steps, .peer = peer};
	b->steps = (uint16_t)clean_attr(c->cleaner, a, step, &b->flags);
	cut->steps += b->steps;
	if (a->hash && b->steps > 0) { /* an empty path is another AS's at another peer */
		path_line_fill(line, a, 1);
		b->keeps = true;
	}
	path_cache_grow(&c->cache, ++c->births);
	return CUT_BORN + (uint32_t)cut->births++;
}

static void read_unread(struct cutter *c, struct cut *cut)
{
	for (size_t i = 0; i < c->unreads; i++) {
		struct unread *r = &c->unread[i];
		struct cut_entry *e = &cut->entry[r->entry];
		struct path_line *line = path_line_of(&c->cache, &r->path);
		e->line = (uint16_t)(line - c->cache.line);
		e->path =
		    path_line_holds(line, &r->path) ? CUT_LINE : give_birth(c, cut, &r->path, e->peer, line);
		if (r->path.as_path.p)
			c->last[e->peer] = (struct place){
			    r->attrs.p, (size_t)(r->path.as_path.p + r->path.as_path.n - r->attrs.p)};
	}
	c->unreads = 0;
}

static void add_entry(struct cutter *c, struct cut *cut, const struct rib_entry *e)
{
	struct place *last = &c->last[e->peer_index];
	struct unread *r = &c->unread[c->unreads];
	struct cut_entry *at = &cut->entry[cut->entries++];

	*at = (struct cut_entry){.peer = e->peer_index, .path = CUT_LAST};
	if (last->p && e->attrs.raw.n >= last->n && bytes_same(last->p, e->attrs.raw.p, last->n))
		return;
	if (c->peers <= e->peer_index)
		c->peers = (size_t)e->peer_index + 1;
	last->p = NULL; /* another entry of the peer before this one is read: not its last */
	r->entry = cut->entries - 1;
	r->attrs = e->attrs.raw;
	r->path.as_size = e->attrs.as_size; /* 4: no AS4_PATH can follow */
	attrs_paths(&e->attrs, &r->path.as_path, &r->path.as4_path);
	path_attr_hash(&c->cache, &r->path);
	if (++c->unreads == BATCH)
		read_unread(c, cut);
}

static void add_record(struct cutter *c, struct cut *cut, struct update *u, struct cut_record *r)
{
	struct fault_count faults = {.skipped_bytes = 0};
	struct rib_entry e;

	while (rib_entry_next(u, &e, &faults)) {
		if (cut->entries == cut->entry_cap) {
			cut->entry_cap = cut->entry_cap ? cut->entry_cap * 2 : 4096;
			cut->entry = mem_grow(cut->entry, cut->entry_cap, sizeof *cut->entry);
		}
		if (u->addpath) {
			while (cut->entries >= cut->add_cap)
				cut->add_id =
				    vec_room(cut->add_id, cut->add_cap, &cut->add_cap, sizeof *cut->add_id);
			cut->add_id[cut->entries] = e.path_id;
		}
		add_entry(c, cut, &e);
	}
	read_unread(c, cut);
	r->bad = faults.n[FAULT_MRT_BODY] > 0;
}

bool cut_add(struct cutter *c, struct cut *cut, struct update *u)
{
	struct cut_record *r = &cut->record[cut->n++];

	r->whole =
	    u->kind == UPDATE_RIB && u->safi == 1 && u->prefix.family && !u->own_peer && u->time < c->until;
	r->bad = false;
	if (u->kind == UPDATE_PEERS)
		cutter_forget(c);
	if (r->whole)
		add_record(c, cut, u, r);
	r->entries = (uint32_t)cut->entries;
	r->births = (uint32_t)cut->births;
	return r->whole;
}

/* ---- following: the table's thread ---- */
static asn_t peer_asn(const struct source *s, uint16_t index)
{
	return s->peers && index < s->peers->n ? s->peers->peer[index].asn : 0;
}

/* The births of record i, and with them those of the records that follow it in one piece. */
static void births_walk(struct table *t, const struct source *s, struct cut *c, size_t i)
{
	struct walk walk[BATCH];
	struct step own[BATCH];
	size_t end, n;

	while (i + 1 < c->n && c->record[i + 1].whole)
		i++;
	end = c->record[i].births;
	while (c->births > c->id_cap)
		c->id = vec_room(c->id, c->id_cap, &c->id_cap, sizeof *c->id);
	for (; c->born < end; c->born += n) {
		n = end - c->born < BATCH ? end - c->born : BATCH;
		for (size_t k = 0; k < n; k++) {
			const struct cut_birth *b = &c->birth[c->born + k];
			own[k] = (struct step){peer_asn(s, b->peer), b->flags};
			walk[k].step = b->steps ? c->step + b->step : &own[k];
			walk[k].n = b->steps ? b->steps : 1;
		}
		paths_walk(&t->paths, walk, n);
		for (size_t k = 0; k < n; k++)
			c->id[c->born + k] = walk[k].id;
	}
}

void table_apply_cut(struct table *t, struct source *s, struct update *u, struct cut *c, size_t i,
    struct fault_count *faults, struct changes *out)
{
	if (!c->record[i].whole) {
		table_apply(t, s, u, faults, out);
		return;
	}
	collector_spoke(t, s->collector, u->time, out);
	if (!s->known)
		s->known = pages_reserve(sizeof *s->known);
	if (c->born < c->record[i].births)
		births_walk(t, s, c, i);
	dump_put(t, s, u, c, i, faults, out);
}
