/*
 * table/inner: what the files of this room share; nobody else includes it. The table is made of four parts:
 * paths (path.c), prefixes (prefix.c, trie.c), peers with their columns (peer.c, route.c, more.c) and
 * collectors with what was said last (collector.c, dump.c). All big arrays are reserved address space
 * (base/mem pages_reserve): they never move, and only what is touched is memory.
 */
#ifndef TABLE_INNER_H
#define TABLE_INNER_H

#include "base/mem.h"
#include "table/table.h"

#include <stdlib.h>

enum {
	PATH_MAX_IDS = 1 << PATH_ID_BITS, /* the other bits of a slot are a tag */
	PATH_LENGTH_MAX = 255,            /* longer ones (collapsed) are cut and PATH_BAD */
	PREFIX_BITS = 25,
	PREFIX_MAX_IDS = 1 << PREFIX_BITS,
	PEERS_MAX = PEER_NONE,
	COLLECTORS_MAX = 65535,
	TOUCHES_FIRST = 1 << 12,
	TOUCHES_MAX = 1 << 20, /* 16 MB; beyond, the oldest are forgotten early */
	BATCH = 32,            /* look-ups whose cache misses overlap */
};
#define BACKLOG (60 * UTIME_SECOND)
#define SILENCE (3600 * UTIME_SECOND)

/* ---- open addressing of ids by a hash: slot = tag | id + 1 ---- */
struct idmap {
	uint32_t *slot;
	size_t mask; /* slots - 1 */
	size_t n;
	unsigned id_bits;
};

/* ---- bytes, too few for a call ---- */
static inline bool bytes_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		if (be64(a + i) != be64(b + i))
			return false;
	if (n >= 8)
		return be64(a + n - 8) == be64(b + n - 8);
	for (; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}
static inline void bytes_copy(uint8_t *restrict to, const uint8_t *restrict from, size_t n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		memcpy(to, from, 8);
	for (; n > 0; n--)
		*to++ = *from++;
}

/* ---- paths ---- */
struct path_attr { /* what a path is made from, and its place in a cache */
	struct span as_path, as4_path;
	uint8_t as_size;
	asn_t peer_asn; /* stands for an empty path */
	uint64_t hash;  /* 0: too long for a cache */
	path_id id;     /* what comes out */
};
struct step { /* of a cleaned path, from the origin outward */
	asn_t asn;
	uint32_t flags; /* of the path from there to the origin */
};
struct cleaner { /* see clean.c; once made it stays as it is: any thread may use it */
	const asn_t *drop;
	size_t drops;
	uint64_t drop_bits[64]; /* a bit clear: none of drop has that hash */
};
void cleaner_init(struct cleaner *c, const struct table_options *o);
/*
 * The steps of a path, at most PATH_LENGTH_MAX; 0: nothing is left of it, and *flags holds what the peer's
 * own AS, which then stands for it, is to have.
 */
size_t clean_attr(const struct cleaner *c, const struct path_attr *a, struct step *out, uint32_t *flags);
size_t clean_list(
    const struct cleaner *c, asn_t *list, size_t n, unsigned found, struct step *out, uint32_t *flags);

struct path_line {  /* one cache line of a cache of raw attribute bytes: see cache.c */
	path_id id; /* 0: empty; what it means is the owner's */
	uint8_t n, n4, as_size;
	uint8_t raw[57]; /* AS_PATH, then AS4_PATH */
};
enum { LINES_FIRST = 1 << 12, LINES_MAX = 1 << 16 /* 4 MB */ };
struct path_cache {
	uint64_t key; /* hash_key() */
	struct path_line *line;
	size_t lines; /* in use: a power of two */
};
void path_cache_init(struct path_cache *c);
void path_cache_free(struct path_cache *c);
void path_cache_grow(struct path_cache *c, size_t paths);             /* so many were met */
void path_attr_hash(const struct path_cache *c, struct path_attr *a); /* and prefetches its line */
static inline struct path_line *path_line_of(const struct path_cache *c, const struct path_attr *a)
{
	return &c->line[a->hash >> 16 & (c->lines - 1)];
}
static inline bool path_line_holds(const struct path_line *l, const struct path_attr *a)
{
	return a->hash && l->id && l->n == a->as_path.n && l->n4 == a->as4_path.n &&
	       l->as_size == a->as_size && bytes_same(l->raw, a->as_path.p, l->n) &&
	       bytes_same(l->raw + l->n, a->as4_path.p, l->n4);
}
void path_line_fill(struct path_line *l, const struct path_attr *a, path_id id);

enum { PATH_NEAR = 1024 };
struct path_near { /* a node met lately: routes of neighbouring prefixes share their tails */
	struct path_node node;
	path_id id; /* PATH_NONE: none */
};
struct paths {
	uint64_t key; /* hash_key() */
	struct path_node *node;
	uint32_t n;
	struct idmap map; /* {asn, parent, flags} */
	struct path_near near[PATH_NEAR];
	struct path_cache cache;
	struct cleaner cleaner;
	uint64_t *cleaned; /* health.cleaned */
};
static inline unsigned node_flags(struct path_node n)
{
	return n.up >> PATH_ID_BITS;
}
struct walk { /* a cleaned path on its way into the tree, from the origin outward */
	const struct step *step;
	unsigned n;
	path_id id;            /* of the part already in */
	struct path_node node; /* the next */
	uint64_t hash;
	path_id next; /* its id */
};
void paths_init(struct paths *t, const struct table_options *o);
void paths_free(struct paths *t);
void paths_intern(struct paths *t, struct path_attr *const *a, size_t n); /* n at most BATCH */
void paths_walk(struct paths *t, struct walk *w, size_t n); /* n at most BATCH; step and n set, none empty */
path_id path_clean(struct paths *t, asn_t *list, size_t n, unsigned found, asn_t peer_asn);
void paths_rebuild(struct paths *t); /* the map, from the columns */

/* ---- what was cut of a dump's records: see cut.c ---- */
struct cut_entry {
	uint16_t peer; /* index into PEER_INDEX_TABLE */
	uint16_t line; /* of the cutter's cache */
	uint32_t path; /* CUT_LAST, CUT_LINE, or CUT_BORN and more: a birth's number */
};
enum { CUT_LAST, CUT_LINE, CUT_BORN };
struct cut_birth {     /* a path not met lately */
	uint32_t step; /* where its steps begin */
	uint16_t steps;
	uint16_t peer;
	uint32_t flags; /* where it has no steps: of the one that the peer's AS then is */
	bool keeps;     /* it has its entry's line from now on */
};
struct cut_record { /* of update i: where what is of it ends */
	uint32_t entries, births;
	bool whole; /* false: nothing was cut, the record is to be read */
	bool bad;   /* an entry was cut short by the record's end */
};
struct cut {
	struct cut_record record[CUT_UPDATES];
	size_t n;
	struct cut_entry *entry;
	uint32_t *add_id; /* by entry; of records with ADDPATH */
	size_t entries, entry_cap, add_cap;
	struct cut_birth *birth;
	path_id *id; /* by birth, once it is in the tree */
	size_t births, birth_cap, id_cap;
	struct step *step;
	size_t steps, step_cap;
	/* the table's */
	size_t born; /* births in the tree */
};

/* ---- prefixes ---- */
struct trie { /* crit-bit tree over the prefixes: see trie.c */
	uint32_t (*child)[2];
	uint16_t *at;
	uint32_t n, root[2];
};
struct prefixes {
	struct prefix *key;
	uint64_t
	    *own; /* addresses or /64s not covered by announced more specifics, announced itself or not */
	prefix_id *up;   /* the next less specific prefix in the table, announced or not */
	uint16_t *peers; /* with a route now */
	uint8_t *wanted;
	uint32_t n;
	struct idmap map;
	struct trie trie;
};
void prefixes_init(struct prefixes *t);
void prefixes_free(struct prefixes *t);
uint64_t prefix_hash(const struct prefix *p);
void prefix_prefetch(const struct prefixes *t, uint64_t hash);     /* the slot */
void prefix_prefetch_key(const struct prefixes *t, uint64_t hash); /* then what the slot points to */
prefix_id prefix_look(const struct prefixes *t, const struct prefix *p, uint64_t hash);
prefix_id prefix_born(struct table *t, const struct prefix *p, uint64_t hash); /* PREFIX_NONE: no ids left */
void prefix_announced(struct prefixes *t, prefix_id id, bool now);
void prefixes_rebuild(struct prefixes *t);

void trie_init(struct trie *t);
void trie_free(struct trie *t);
void trie_add(struct trie *t, const struct prefix *key, prefix_id id);
/* The longest prefix in the trie that covers *p, p itself left out where `proper`; PREFIX_NONE. */
prefix_id trie_longest(const struct trie *t, const struct prefix *key, const struct prefix *p, bool proper);
/* Calls back for each prefix inside *p in address order; the callback says whether to go on to what lies
 * inside that prefix. */
void trie_inside(const struct trie *t, const struct prefix *key, const struct prefix *p,
    bool (*visit)(void *arg, prefix_id id), void *arg);

/* ---- peers ---- */
struct more_paths { /* the paths of ADDPATH peers: see more.c */
	struct more_entry *entry;
	size_t n, cap;
	uint32_t *bucket, free;
	size_t buckets, used;
};
struct peer_map { /* {collector, key} to peer id */
	peer_id *slot;
	size_t mask;
};

/* ---- collectors ---- */
struct touch { /* an update of the last 60 s */
	utime_t time;
	prefix_id prefix;
	peer_id peer;
};
struct collector {
	char *name;
	struct touch *touch; /* ring */
	size_t touch_cap, touch_head, touches;
	struct source *dumping; /* list of sources with a dump under way */
	utime_t last;           /* of its records */
	uint64_t minutes;       /* of the last 64: bit set where it spoke; bit 0 is the minute of last */
	unsigned minutes_known;
};

/*
 * The last path a peer had in a dump: neighbouring prefixes often have the same. Two attribute lists that are
 * equal up to the end of AS_PATH have the same AS_PATH.
 */
struct path_memo {
	path_id id;      /* PATH_NONE: nothing kept */
	uint8_t n;       /* bytes of the list up to the end of AS_PATH */
	uint8_t raw[59]; /* the whole is one cache line */
};
struct dump_peer {
	struct path_memo memo;
	uint64_t *seen;    /* bit per prefix: the dump has it */
	uint64_t *kept;    /* bit per prefix: an update knows better */
	uint32_t last_add; /* prefix of the last ADDPATH entry */
	peer_id id;
	bool known;     /* had routes when the dump began: seen and mismatches count */
	bool stale;     /* the session went down since: what the dump says is older */
	bool family[2]; /* the dump has entries of this family */
};
enum { DUMP_NOT_MET = UINT16_MAX };
struct dump {
	utime_t begin, last;
	bool partial;           /* something was corrupt: takes no route away */
	struct dump_peer *peer; /* dense */
	size_t n, cap;
	uint16_t *of_index; /* PEER_INDEX_TABLE index to dump peer; DUMP_NOT_MET */
	uint16_t *of_peer;  /* peer id to dump peer */
};
struct cut_known {                   /* what the cuts of a stream refer to */
	path_id line[LINES_MAX];     /* by line of the cutter's cache */
	path_id last[MRT_PEERS_MAX]; /* by peer index */
};
struct source {
	struct table *table;
	collector_id collector;
	struct mrt_peers *peers; /* NULL until a PEER_INDEX_TABLE comes */
	struct dump *dump;
	struct cut_known *known; /* NULL: nothing came cut */
	struct source *next;     /* in collector.dumping */
};

struct table {
	struct table_options options;
	asn_t *drop;
	struct paths paths;
	struct prefixes prefixes;
	struct peer *peer;
	path_id **column;
	uint8_t *missing; /* by peer: not in its collector's last dump */
	size_t peers;
	struct peer_map peer_map;
	struct more_paths more;
	struct collector *collector;
	size_t collectors;
	struct health health;
	utime_t ticked;
};

/* ---- what one file offers to another ---- */
peer_id peer_look(const struct table *t, collector_id c, const struct peer_key *key);
peer_id peer_born(struct table *t, collector_id c, const struct peer_key *key, utime_t now);
void peer_enter(struct table *t, peer_id p, enum peer_state state, utime_t now, struct changes *out);
void peer_reset(struct table *t, peer_id p, utime_t now, struct changes *out);
void peer_map_rebuild(struct table *t);

void more_clear(struct more_paths *m, peer_id peer, prefix_id prefix);

path_id *column_reserve(peer_id id);
void column_free(path_id *column, peer_id id);
size_t column_bytes(const path_id *column, size_t n); /* of memory that its first n cells take */
void route_came(struct table *t, peer_id peer, prefix_id prefix);
void route_went(struct table *t, peer_id peer, prefix_id prefix);
/* Puts path (PATH_NONE: withdraws) and gives what stood there; counts and announces. */
static inline path_id route_set(struct table *t, peer_id peer, prefix_id prefix, path_id path)
{
	path_id *cell = &t->column[peer][prefix], old = *cell;

	*cell = path;
	if (old == PATH_NONE && path != PATH_NONE)
		route_came(t, peer, prefix);
	else if (path == PATH_NONE && old != PATH_NONE)
		route_went(t, peer, prefix);
	return old;
}
path_id route_set_addpath(struct table *t, peer_id peer, prefix_id prefix, uint32_t add_id, path_id path);
static inline void route_drop_more(struct table *t, peer_id peer, prefix_id prefix)
{
	if (t->peer[peer].addpath)
		more_clear(&t->more, peer, prefix);
}

void more_free(struct more_paths *m);
size_t more_bytes(const struct more_paths *m);
size_t more_entry_size(void);
void *more_in_order(const struct more_paths *m); /* m->used entries, in the order of each chain; for free() */
void more_from_order(struct more_paths *m, const void *entries, size_t n);
/* Each gives the first path of {peer, prefix} after the step, PATH_NONE where none is left. */
path_id more_put(struct more_paths *m, peer_id peer, prefix_id prefix, uint32_t add_id, path_id path);
path_id more_take(struct more_paths *m, peer_id peer, prefix_id prefix, uint32_t add_id);
size_t more_list(
    const struct more_paths *m, peer_id peer, prefix_id prefix, path_id *out, size_t cap, size_t skip);

void change_add_slow(struct changes *out);
static inline void change_add(struct changes *out, struct change c)
{
	if (!out)
		return;
	if (out->n == out->cap)
		change_add_slow(out);
	out->v[out->n++] = c;
}

void collector_spoke(struct table *t, collector_id c, utime_t now, struct changes *out);
void collector_touch(struct table *t, collector_id c, peer_id peer, prefix_id prefix, utime_t time);
bool collector_knows_later(const struct collector *c, peer_id peer, prefix_id prefix, utime_t time);

void dump_peers(struct table *t, struct source *s, const struct update *u, struct fault_count *faults,
    struct changes *out);
void dump_record(
    struct table *t, struct source *s, struct update *u, struct fault_count *faults, struct changes *out);
void dump_put(struct table *t, struct source *s, struct update *u, const struct cut *c, size_t i,
    struct fault_count *faults, struct changes *out); /* the same from a cut */
void dump_free(struct table *t, struct source *s);    /* given up: nothing of it is settled */
void dump_end(struct table *t, struct source *s, utime_t now, struct changes *out);
void dump_keep(struct source *s, peer_id peer, prefix_id prefix); /* an update came: the dump is older */
void dump_stale(struct source *s, peer_id peer);                  /* its session went down */
void dump_open(
    struct table *t, struct source *s, utime_t now, struct changes *out); /* unless it is under way */
uint16_t dump_peer_index(struct source *s, peer_id id);
void dump_bit_put(uint64_t **bits, prefix_id id);
static inline bool dump_bit_of(const uint64_t *bits, prefix_id id)
{
	return bits && bits[id / 64] >> (id % 64) & 1;
}

/* ---- idmap ---- */
static inline uint32_t idmap_tag(const struct idmap *m, uint64_t hash)
{
	return (uint32_t)(hash >> 40) << m->id_bits;
}
void idmap_init(struct idmap *m, unsigned id_bits, size_t slots);
void idmap_free(struct idmap *m);
void idmap_put(struct idmap *m, uint64_t hash, uint32_t id); /* room must be there: idmap_full */
static inline bool idmap_full(const struct idmap *m)
{
	return m->n + 1 > m->mask - m->mask / 8;
}

#endif
