/*
 * measure/scope: a territory on a table: its prefixes with their weights, the peers that vote, and where each
 * route enters. In: a table at rest, facts, a territory. Out: struct scope, a matrix of cells (prefix by
 * voting peer) read straight from the table's columns. Owns its lists and a memory of borders by path id;
 * valid until the table changes.
 */
#ifndef MEASURE_SCOPE_H
#define MEASURE_SCOPE_H

#include "measure/measure.h"

/* ---- borders: where a path enters the territory, remembered by path id ---- */
struct border {
	asn_t upstream; /* first foreign AS seen from the origin outward; 0: none on the path */
	asn_t gateway;  /* the domestic AS next to it; 0: the origin itself is foreign */
};
#define NO_UPSTREAM UINT32_MAX /* in `known` alone: none on the path; 0 is not yet asked */
struct borders {
	const struct table *table;
	const struct path_node *node; /* the table's */
	const struct territory *who;
	utime_t at;
	struct border *known; /* by path id */
	size_t cap;
	struct measure_room *room; /* whose `known` is, NULL: its own */
};
void borders_init(struct borders *b, const struct table *t, const struct territory *who, utime_t at);
void borders_free(struct borders *b);
struct border border_of(struct borders *b, path_id path);

/* Between two reports its arrays hold nothing but zeros; what one writes is taken back, not all of them
 * wiped. */
struct measure_room {
	struct border *known;
	path_id *met; /* of which something is known */
	size_t cap, mets, met_cap;
	uint8_t *mark; /* by prefix id */
	size_t marks;
};

/* What a route is to the territory. */
enum cell {
	CELL_NONE,      /* no route: invisible */
	CELL_CARRIED,   /* a vote for an upstream */
	CELL_LEFT,      /* a route, but its path leaves the shares */
	CELL_ELSEWHERE, /* another origin's route: neither share nor invisible */
};

struct weighed { /* a prefix of the territory, or a more specific one that takes addresses from it */
	prefix_id id;
	uint32_t parent; /* index of the next less specific in the list; NO_PARENT */
	bool ours;       /* belongs to the territory */
	bool by_origin;  /* ... where the route's origin is domestic */
	bool seen;       /* by at least one voting vantage AS */
	double size;     /* all its addresses (IPv4) or /48s (IPv6) */
	double own;      /* those that no more specific seen prefix covers */
	double weight;   /* own, or 1 */
};
#define NO_PARENT UINT32_MAX

struct vantage { /* an AS that votes */
	asn_t asn;
	unsigned peers;
};

struct scope {
	const struct table *table;
	const struct territory *who;
	struct measure_options options;
	utime_t at;
	struct borders borders;
	struct weighed *prefix; /* in address order */
	size_t prefixes;
	peer_id *peer; /* that vote and stand outside the territory */
	const path_id **column;
	uint32_t *vantage_of; /* by index into peer */
	size_t peers;
	struct vantage *vantage; /* by ASN */
	size_t vantages;
	unsigned collectors;
	uint64_t cleaned[8];
};
void scope_init(struct scope *s, const struct table *t, const struct territory *who, utime_t at,
    const struct measure_options *o, const struct voters *v);
void scope_free(struct scope *s);
/* The parts of it, for who keeps prefixes of its own: nothing but the territory, then (again and again) who
 * votes. */
void scope_begin(struct scope *s, const struct table *t, const struct territory *who, utime_t at,
    const struct measure_options *o);
void scope_peers(struct scope *s, const struct voters *v);
bool asn_inside(
    const struct scope *s, asn_t asn); /* domestic; of a territory that is a prefix only paths tell */
bool prefix_ours(const struct scope *s, const struct prefix *p); /* by its addresses */
bool origin_ours(const struct scope *s, path_id path);           /* by its origin */
enum cell cell_judge(struct scope *s, bool by_origin, path_id path, struct border *border, unsigned *cause);
bool prefix_in_limits(const struct prefix *p); /* /8-/24, /16-/48 */

static inline path_id cell_path(const struct scope *s, const struct weighed *m, size_t peer)
{
	return s->column[peer][m->id];
}
/* What the route at (prefix, voting peer) is; *border where it is CARRIED, *cause (enum cleaned) where it is
 * LEFT. */
static inline enum cell cell_of(
    struct scope *s, const struct weighed *m, size_t peer, struct border *border, unsigned *cause)
{
	path_id path = cell_path(s, m, peer);

	return path == PATH_NONE ? CELL_NONE : cell_judge(s, m->by_origin, path, border, cause);
}

/* A prefix's cells, for the passes that look at them together. */
struct judged {
	path_id path;
	bool by_origin;
	enum cell cell;
	unsigned cause; /* enum cleaned */
	struct border border;
	asn_t outer; /* the AS next outward of the upstream; 0: the vantage AS is the upstream itself */
	bool same;   /* as of the prefix before: what was found of its path then still holds */
};
/* By peer, over those of the prefix before (zeros at first). False: all of them are the same. */
bool scope_judge(struct scope *s, const struct weighed *m, struct judged *row);

/* A path's first node, without a call for each: passes over cells ask for millions. */
static inline asn_t node_asn(const struct scope *s, path_id path)
{
	return s->borders.node[path].asn;
}
static inline path_id node_up(const struct scope *s, path_id path)
{
	return path_node_parent(s->borders.node[path]);
}
/* What is known of the path at (prefix by index, peer) will be asked for soon: each is a wait for memory. */
static inline void cell_fetch(const struct scope *s, size_t prefix, size_t peer)
{
	path_id path;

	if (prefix >= s->prefixes)
		return;
	path = cell_path(s, &s->prefix[prefix], peer);
	__builtin_prefetch(&s->borders.node[path]);
	__builtin_prefetch(&s->borders.known[path]);
}
static inline void cells_fetch(const struct scope *s, size_t prefix)
{
	for (size_t k = 0; k < s->peers; k++)
		cell_fetch(s, prefix, k);
}
/* Sets parent by prefix order, for a list sorted by prefix_cmp. */
void members_nest(struct weighed *m, size_t n, const struct table *t);
/* own = size less what the nearest present more specifics cover; present[] by index, NULL: all that are seen.
 */
void members_own(const struct weighed *m, size_t n, const bool *present, double *own);

/* wayin.c: prefix by prefix, in the order of the scope. */
struct ways;
struct ways *ways_new(struct scope *s);
void ways_add(struct ways *w, size_t prefix, const struct judged *row);
void ways_end(struct ways *w, struct wayin *e); /* frees w */

#endif
