/*
 * table/save: the table as a checkpoint. In: a table, or the bytes of one. Out: the same bytes, or table.
 * Byte order and struct layout are the machine's; another machine's file is told by its head and refused.
 *
 *     head      magic "ISTHMUS\n", version, byte order mark, sizes of the structs, counts
 *     paths     struct path_node[]
 *     prefixes  key[], own[], up[], peers[], wanted[]
 *     trie      child[], at[]
 *     peers     struct peer[], missing[]
 *     columns   each: a bit per page of 1,024 cells, then the pages whose bit is set (the others are empty)
 *     more      struct more_entry[], in the order of each chain
 *     collectors each: length and name, last, minutes, touches
 *     health
 *
 * Each section is a length, that many bytes, and their XXH3 hash. The maps are made anew: their hash is keyed
 * by the process.
 */
#include "table/inner.h"

#include "base/out.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { VERSION = 1, PAGE_CELLS = 1024, NAME_MOST = 32 * 1024 };

struct head {
	char magic[8];
	uint32_t version, order, peer_size, health_size, entry_size, touch_size;
	uint64_t paths, prefixes, nodes, peers, more, collectors;
	uint32_t root[2];
	int64_t ticked;
};

static const char MAGIC[8] = "ISTHMUS\n";

/* ---- writing ---- */

struct saving {
	struct out *out;
	XXH3_state_t hash;
};

static void put(struct saving *s, const void *data, size_t n)
{
	XXH3_64bits_update(&s->hash, data, n);
	out_much(s->out, data, n);
}

static void section_begin(struct saving *s, uint64_t bytes)
{
	out_bytes(s->out, &bytes, sizeof bytes);
	XXH3_64bits_reset(&s->hash);
}

static void section_end(struct saving *s)
{
	uint64_t hash = XXH3_64bits_digest(&s->hash);

	out_bytes(s->out, &hash, sizeof hash);
}

static void section(struct saving *s, const void *data, size_t n)
{
	section_begin(s, n);
	put(s, data, n);
	section_end(s);
}

static bool page_empty(const path_id *page)
{
	for (size_t i = 0; i < PAGE_CELLS; i++)
		if (page[i])
			return false;
	return true;
}

static size_t column_pages(size_t prefixes)
{
	return (prefixes + PAGE_CELLS - 1) / PAGE_CELLS;
}

static void save_column(struct saving *s, const path_id *column, size_t prefixes)
{
	size_t pages = column_pages(prefixes), full = 0;
	uint8_t *bits = mem_alloc(pages / 8 + 1);

	for (size_t i = 0; i < pages; i++)
		if (!page_empty(column + i * PAGE_CELLS)) {
			bits[i / 8] |= (uint8_t)(1 << i % 8);
			full++;
		}
	section_begin(s, pages / 8 + 1 + full * PAGE_CELLS * sizeof *column);
	put(s, bits, pages / 8 + 1);
	for (size_t i = 0; i < pages; i++)
		if (bits[i / 8] >> i % 8 & 1)
			put(s, column + i * PAGE_CELLS, PAGE_CELLS * sizeof *column);
	section_end(s);
	free(bits);
}

static void save_collector(struct saving *s, const struct collector *c)
{
	uint64_t touches = c->touches;

	section(s, c->name, strlen(c->name));
	section_begin(s, sizeof c->last + sizeof c->minutes + sizeof c->minutes_known + sizeof touches);
	put(s, &c->last, sizeof c->last);
	put(s, &c->minutes, sizeof c->minutes);
	put(s, &c->minutes_known, sizeof c->minutes_known);
	put(s, &touches, sizeof touches);
	section_end(s);
	section_begin(s, touches * sizeof *c->touch);
	for (size_t i = 0; i < c->touches; i++)
		put(s, &c->touch[(c->touch_head + i) & (c->touch_cap - 1)], sizeof *c->touch);
	section_end(s);
}

static void save_arrays(struct saving *s, const struct table *t)
{
	const struct paths *a = &t->paths;
	const struct prefixes *p = &t->prefixes;

	section(s, a->node, a->n * sizeof *a->node);
	section(s, p->key, p->n * sizeof *p->key);
	section(s, p->own, p->n * sizeof *p->own);
	section(s, p->up, p->n * sizeof *p->up);
	section(s, p->peers, p->n * sizeof *p->peers);
	section(s, p->wanted, p->n * sizeof *p->wanted);
	section(s, p->trie.child, p->trie.n * sizeof *p->trie.child);
	section(s, p->trie.at, p->trie.n * sizeof *p->trie.at);
	section(s, t->peer, t->peers * sizeof *t->peer);
	section(s, t->missing, t->peers * sizeof *t->missing);
}

int table_save(const struct table *t, struct out *o)
{
	struct head h = {.version = VERSION,
	    .order = 0x01020304,
	    .peer_size = sizeof(struct peer),
	    .health_size = sizeof(struct health),
	    .entry_size = (uint32_t)more_entry_size(),
	    .touch_size = sizeof(struct touch),
	    .paths = t->paths.n,
	    .prefixes = t->prefixes.n,
	    .nodes = t->prefixes.trie.n,
	    .peers = t->peers,
	    .more = t->more.used,
	    .collectors = t->collectors,
	    .root = {t->prefixes.trie.root[0], t->prefixes.trie.root[1]},
	    .ticked = t->ticked};
	struct saving s = {.out = o};
	void *more;

	if (t->options.want)
		return EINVAL;
	memcpy(h.magic, MAGIC, sizeof h.magic);
	section(&s, &h, sizeof h);
	save_arrays(&s, t);
	for (size_t i = 0; i < t->peers; i++)
		save_column(&s, t->column[i], t->prefixes.n);
	more = more_in_order(&t->more);
	section(&s, more, h.more * h.entry_size);
	free(more);
	for (size_t i = 0; i < t->collectors; i++)
		save_collector(&s, &t->collector[i]);
	section(&s, &t->health, sizeof t->health);
	return out_flush(o) < 0 ? o->failed : 0;
}

/* ---- reading ---- */

struct loading {
	int fd;
	const char *why; /* the first thing wrong; nothing is read after it */
	XXH3_state_t hash;
};

static void take(struct loading *l, void *data, size_t n)
{
	char *p = data;
	size_t got = 0;

	while (!l->why && got < n) {
		ssize_t k = read(l->fd, p + got, n - got);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			l->why = k < 0 ? strerror(errno) : "cut short";
		else
			got += (size_t)k;
	}
	if (!l->why)
		XXH3_64bits_update(&l->hash, data, n);
}

static uint64_t opens(struct loading *l)
{
	uint64_t bytes = 0;

	take(l, &bytes, sizeof bytes);
	XXH3_64bits_reset(&l->hash);
	return bytes;
}

static void closes(struct loading *l)
{
	uint64_t hash = XXH3_64bits_digest(&l->hash), said = 0;

	take(l, &said, sizeof said);
	if (!l->why && said != hash)
		l->why = "damaged: a checksum does not fit";
}

/* A section of exactly this length. */
static void load(struct loading *l, void *data, size_t n)
{
	if (opens(l) != n && !l->why)
		l->why = "damaged: a section has a wrong length";
	take(l, data, n);
	closes(l);
}

static void load_column(struct loading *l, path_id *column, size_t prefixes)
{
	size_t pages = column_pages(prefixes), full = 0, bit_bytes = pages / 8 + 1;
	uint8_t *bits = mem_alloc(bit_bytes);
	uint64_t bytes = opens(l);

	take(l, bits, bit_bytes);
	for (size_t i = 0; i < pages; i++)
		full += bits[i / 8] >> i % 8 & 1;
	if (bytes != bit_bytes + full * PAGE_CELLS * sizeof *column && !l->why)
		l->why = "damaged: a column has a wrong length";
	for (size_t i = 0; i < pages && !l->why; i++)
		if (bits[i / 8] >> i % 8 & 1)
			take(l, column + i * PAGE_CELLS, PAGE_CELLS * sizeof *column);
	closes(l);
	free(bits);
}

static void load_collector(struct loading *l, struct table *t)
{
	struct collector *c = &t->collector[t->collectors];
	uint64_t n = opens(l), touches = 0;

	if (l->why || n > NAME_MOST) {
		l->why = l->why ? l->why : "damaged: a collector's name is too long";
		return;
	}
	c->name = mem_alloc(n + 1);
	t->collectors++;
	take(l, c->name, n);
	closes(l);
	(void)opens(l);
	take(l, &c->last, sizeof c->last);
	take(l, &c->minutes, sizeof c->minutes);
	take(l, &c->minutes_known, sizeof c->minutes_known);
	take(l, &touches, sizeof touches);
	closes(l);
	if (l->why || touches > TOUCHES_MAX)
		return;
	for (c->touch_cap = TOUCHES_FIRST; c->touch_cap < touches;)
		c->touch_cap *= 2;
	c->touch = mem_array(c->touch_cap, sizeof *c->touch);
	c->touches = touches;
	load(l, c->touch, touches * sizeof *c->touch);
}

static const char *head_wrong(const struct head *h)
{
	if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0)
		return "not a checkpoint of a table";
	if (h->version != VERSION || h->peer_size != sizeof(struct peer) ||
	    h->health_size != sizeof(struct health) || h->entry_size != more_entry_size() ||
	    h->touch_size != sizeof(struct touch))
		return "a checkpoint of another version";
	if (h->order != 0x01020304)
		return "a checkpoint of another kind of machine";
	if (h->paths > PATH_MAX_IDS || h->prefixes > PREFIX_MAX_IDS || h->nodes > h->prefixes ||
	    h->peers > PEERS_MAX || h->collectors > COLLECTORS_MAX || h->more > UINT32_MAX)
		return "damaged: counts out of range";
	return NULL;
}

static void load_arrays(struct loading *l, struct table *t, const struct head *h)
{
	struct paths *a = &t->paths;
	struct prefixes *p = &t->prefixes;

	load(l, a->node, h->paths * sizeof *a->node);
	load(l, p->key, h->prefixes * sizeof *p->key);
	load(l, p->own, h->prefixes * sizeof *p->own);
	load(l, p->up, h->prefixes * sizeof *p->up);
	load(l, p->peers, h->prefixes * sizeof *p->peers);
	load(l, p->wanted, h->prefixes * sizeof *p->wanted);
	load(l, p->trie.child, h->nodes * sizeof *p->trie.child);
	load(l, p->trie.at, h->nodes * sizeof *p->trie.at);
	load(l, t->peer, h->peers * sizeof *t->peer);
	load(l, t->missing, h->peers * sizeof *t->missing);
	if (l->why)
		return;
	a->n = (uint32_t)h->paths;
	p->n = (uint32_t)h->prefixes;
	p->trie.n = (uint32_t)h->nodes;
	memcpy(p->trie.root, h->root, sizeof h->root);
	t->ticked = h->ticked;
}

static void load_rest(struct loading *l, struct table *t, const struct head *h)
{
	void *more;

	for (; t->peers < h->peers && !l->why; t->peers++) {
		t->column[t->peers] = column_reserve((peer_id)t->peers);
		load_column(l, t->column[t->peers], h->prefixes);
	}
	if (l->why)
		return;
	more = mem_array(h->more, h->entry_size);
	load(l, more, h->more * h->entry_size);
	if (!l->why)
		more_from_order(&t->more, more, h->more);
	free(more);
	while (t->collectors < h->collectors && !l->why)
		load_collector(l, t);
	load(l, &t->health, sizeof t->health);
}

struct table *table_load(int fd, const struct table_options *options, const char **why)
{
	struct loading l = {.fd = fd};
	struct table *t;
	struct head h;

	if (options && options->want)
		l.why = "a checkpoint is of all prefixes: it cannot be opened for some";
	if (opens(&l) != sizeof h && !l.why)
		l.why = "not a checkpoint of a table";
	take(&l, &h, sizeof h);
	closes(&l);
	if (l.why || (l.why = head_wrong(&h))) {
		*why = l.why;
		return NULL;
	}
	t = table_new(options);
	load_arrays(&l, t, &h);
	load_rest(&l, t, &h);
	if (l.why) {
		table_free(t);
		*why = l.why;
		return NULL;
	}
	paths_rebuild(&t->paths);
	prefixes_rebuild(&t->prefixes);
	peer_map_rebuild(t);
	return t;
}
