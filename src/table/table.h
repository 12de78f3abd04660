/*
 * table: the routes we believe, per peer, as integers. In: struct update, by time. Out: struct change, in
 * batches. Owns the paths (a tree of shared tails), the prefixes, the peers and their columns of path ids,
 * for the life of the table. Four bytes a route in a column, plus its share of paths and prefixes; no
 * allocation per update once warm. One thread writes; ids once born never move and never change their
 * meaning.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "base/out.h"
#include "decode/decode.h"

typedef uint32_t path_id;   /* 0 (PATH_NONE): no route */
typedef uint32_t prefix_id; /* dense from 0 */
typedef uint16_t peer_id;   /* dense from 0 */
typedef uint16_t collector_id;

#define PATH_NONE UINT32_C(0)
#define PATH_UNREAD \
	UINT32_C(1) /* a route of a prefix that options.want refused: counted, its path not read */
#define PREFIX_NONE UINT32_MAX
#define PEER_NONE   UINT16_MAX

struct table;
struct table_options {
	/* ASNs taken out of paths before they are kept (IXP route servers), sorted; may be NULL */
	const asn_t *drop_asn;
	size_t drop_asns;
	/*
	 * Where set, only prefixes it accepts have their paths read and their changes told (asked once a
	 * prefix). A route of the others is PATH_UNREAD: it counts for its peer (full feeds) and as a more
	 * specific (prefix_own), and is no more work than that. NULL: all.
	 */
	bool (*want)(void *arg, const struct prefix *prefix);
	void *want_arg;
};
struct table *table_new(const struct table_options *options);
void table_free(struct table *t);

/* ---- paths ---- */
enum path_flag {      /* of a path or any of its tails; such paths leave the shares (design.md 5) but stay for
			 detection */
	PATH_SET = 1, /* holds an AS_SET */
	PATH_RESERVED = 2, /* holds a reserved or private ASN */
	PATH_LOOPED = 4,   /* an ASN stands twice, not side by side */
	PATH_BAD = 8,      /* malformed or cut */
	PATH_EMPTY =
	    16, /* no AS at all: originated by the peer's own AS (iBGP feed); it stands as the only AS */
	PATH_REFUSED = 32, /* PATH_UNREAD alone */
};
asn_t path_asn(const struct table *t, path_id id); /* the AS nearest the peer */
path_id path_parent(
    const struct table *t, path_id id); /* the rest toward the origin; PATH_NONE behind the origin */
asn_t path_origin(const struct table *t, path_id id);    /* a walk of path_length steps */
unsigned path_length(const struct table *t, path_id id); /* ASes, prepending collapsed */
unsigned path_flags(const struct table *t, path_id id);
size_t path_count(
    const struct table *t); /* ids in use: 2 .. path_count-1; a parent's id is below its child's */
size_t path_list(const struct table *t, path_id id, asn_t *out, size_t cap); /* from the peer to the origin */
/* For whole passes: all nodes, indexed by path id; they do not move, new ones are born behind them. */
enum { PATH_ID_BITS = 27 };
struct path_node {
	asn_t asn;
	uint32_t up; /* the parent, and the flags above its bits */
};
static inline path_id path_node_parent(struct path_node n)
{
	return n.up & ((UINT32_C(1) << PATH_ID_BITS) - 1);
}
const struct path_node *path_nodes(const struct table *t);

/* ---- prefixes ---- */
size_t prefix_count(const struct table *t);
const struct prefix *prefix_of(const struct table *t, prefix_id id);
prefix_id prefix_find(const struct table *t, const struct prefix *p); /* exact; PREFIX_NONE */
prefix_id prefix_longest(
    const struct table *t, const struct prefix *p); /* longest announced that covers p, p included */
prefix_id prefix_parent(const struct table *t, prefix_id id);  /* the next less specific announced prefix */
unsigned prefix_routes(const struct table *t, prefix_id id);   /* peers with a route now */
void prefix_routes_fetch(const struct table *t, prefix_id id); /* it will be asked for soon */
/* Announced prefixes inside p, p included, in address order; returns how many there are, stores at most cap.
 */
size_t prefix_inside(const struct table *t, const struct prefix *p, prefix_id *out, size_t cap);
bool prefix_wanted(const struct table *t, prefix_id id); /* options.want accepted it */
/*
 * Weight of a prefix: addresses (IPv4) or /48s (IPv6) not covered by a more specific that is announced too.
 * Announced: at least one peer has a route now. IPv6 is counted in /64s and told in whole /48s: 0 where more
 * specifics cover all of it, else at least 1.
 */
uint64_t prefix_own(const struct table *t, prefix_id id);

/* ---- peers and collectors ---- */
enum peer_state {
	PEER_UNKNOWN, /* nothing believed of it: no routes */
	PEER_UP,
	PEER_DOWN,     /* the session is told to be down: no routes */
	PEER_DOUBTFUL, /* up, but a record was corrupt or missing; its routes stand until the next dump */
};
struct peer {
	struct peer_key key;
	collector_id collector;
	enum peer_state state;
	utime_t since, last; /* state entered; last word of it */
	uint32_t routes[2];  /* IPv4, IPv6 unicast prefixes with a route now (all, wanted or not) */
	uint32_t shared_as;  /* how many peers have the same AS */
	bool addpath;
};
collector_id table_collector(struct table *t, const char *name); /* finds or makes */
const char *collector_name(const struct table *t, collector_id id);
size_t collector_count(const struct table *t);
size_t peer_count(const struct table *t);
const struct peer *peer_of(const struct table *t, peer_id id);
const path_id *peer_column(
    const struct table *t, peer_id id); /* by prefix id; short columns read as 0 up to prefix_count */
static inline unsigned family_index(uint8_t family)
{
	return family == FAMILY_IPV6;
}
/* Further paths of an ADDPATH peer for a prefix beside the column's (the best known = first): at most cap. */
size_t route_more_paths(const struct table *t, peer_id peer, prefix_id prefix, path_id *out, size_t cap);

/* ---- changes ---- */
enum change_kind {
	CHANGE_ROUTE,   /* an update said so */
	CHANGE_LOAD,    /* a dump said so: first load, or a correction of what updates had told (a mismatch,
			   counted) */
	CHANGE_RESET,   /* the peer's table is forgotten; not a withdrawal: new is PATH_NONE */
	CHANGE_PEER_UP, /* prefix is PREFIX_NONE */
	CHANGE_PEER_DOWN,
	CHANGE_DUMP_BEGIN, /* a table dump of the peer's collector begins, and is in place */
	CHANGE_DUMP_END,
	CHANGE_GAP, /* the collector was silent; `old` holds the seconds */
};
struct change {
	utime_t time;
	path_id old, new;
	prefix_id prefix;
	peer_id peer;
	uint8_t kind;
	uint8_t flags;
	uint32_t otc; /* RFC 9234 Only-To-Customer of the new route, 0: none */
};
struct changes { /* a batch; the caller owns v and empties it by n = 0 */
	struct change *v;
	size_t n, cap;
	/* where set: called as soon as n reaches cap, instead of growing; must empty the batch */
	void (*full)(void *arg, struct changes *c);
	void *arg;
};

struct health { /* counted, never mixed into answers */
	uint64_t records, bad;
	uint64_t updates, announced, withdrawn, dump_routes;
	uint64_t resets, gaps, states, doubtful;
	uint64_t dumps;
	uint64_t mismatch_more, mismatch_less; /* a dump had a route the updates lacked (or another path), or
						  the reverse */
	uint64_t backlog;      /* dump entries passed over: an update of the last 60 s knows better */
	uint64_t late;         /* routes of updates older than what is believed: passed over */
	uint64_t unknown_peer; /* withdrawals of peers never seen, entries of peers their dump lacks */
	uint64_t cleaned[8];   /* by cause, order of path_flag bits: distinct paths that leave the shares */
};

/*
 * One stream (file, session) of a collector: its dump under way. Several streams of one collector may be open
 * at once; what they say is merged by time by the caller. Free the sources before the table.
 */
struct source;
struct source *source_new(struct table *t, const char *collector);
void source_free(struct source *s);
collector_id source_collector(const struct source *s);
/*
 * Says that these updates of that source come next: what they will ask for is fetched, with the cache misses
 * of all overlapping. Changes nothing that is believed; may be left out. n at most 32.
 */
void table_prepare(struct table *t, struct source *s, const struct update *u, size_t n);
/*
 * Applies one update of that source, appending to out (NULL: nobody listens). Times of one collector should
 * not run backwards by more than the backlog (60 s).
 */
void table_apply(
    struct table *t, struct source *s, struct update *u, struct fault_count *faults, struct changes *out);
/*
 * A dump's records cut ahead: what can be read of them without the table, by a thread of its own. One cutter
 * a stream; a table with options.want has none (there is less to read than to cut). The cutter reads nothing
 * of the table that ever changes. A cut holds what was made of up to CUT_UPDATES updates in order, and
 * nothing of their bytes; the table takes the cuts of a stream in the order in which they were made, each
 * update once, by table_apply_cut (the update beside it, number i of the cut). Updates at `until` and later
 * are never cut: they may be left out.
 */
enum { CUT_UPDATES = 512 };
struct cutter;
struct cut;
struct cutter *cutter_new(const struct table *t, utime_t until); /* free it before the table */
void cutter_free(struct cutter *c);
void cutter_forget(struct cutter *c); /* the bytes of what was cut so far are gone */
struct cut *cut_new(void);
void cut_free(struct cut *c);
void cut_clear(struct cut *c);
/* Adds the next update; false: it is not cut, and its bytes will be asked for. */
bool cut_add(struct cutter *c, struct cut *cut, struct update *u);
void table_apply_cut(struct table *t, struct source *s, struct update *u, struct cut *c, size_t i,
    struct fault_count *faults, struct changes *out);
void source_end(
    struct table *t, struct source *s, struct changes *out); /* end of input: a dump under way is closed */
void source_cut(struct source *s); /* left before its end: a dump under way will take no route away */
/*
 * A record of the source was corrupt. peer NULL: nobody knows whose. A dump under way then takes no route
 * away at its end; outside a dump the peer (or all peers of the collector) is doubtful until its next dump.
 */
void source_doubt(
    struct table *t, struct source *s, utime_t at, const struct peer_key *peer, struct changes *out);
void table_tick(struct table *t, utime_t now, struct changes *out); /* silence: 3600 s rules */
const struct health *table_health(const struct table *t);
struct health *table_health_edit(struct table *t); /* for records and bad, which the reader knows */

struct table_size { /* for --stats: bytes and counts */
	size_t routes, paths, prefixes, peers;
	size_t column_bytes, path_bytes, prefix_bytes, cache_bytes, other_bytes, total_bytes;
	double bytes_per_route;
};
void table_measure_size(const struct table *t, struct table_size *size);

/*
 * Checkpoint: the whole table as it stands (no dump under way; not one with options.want: EINVAL), to be
 * opened by the same version on the same kind of machine. Laid out in save.c; every section is checksummed.
 * The caller opens, closes and syncs what is written to. table_load gives NULL with *why where the bytes
 * are not a checkpoint, of another version, cut or damaged. Paths in it stay as they were cleaned when they
 * came.
 */
int table_save(const struct table *t, struct out *o); /* 0, or an errno value */
struct table *table_load(int fd, const struct table_options *options, const char **why);

#endif
