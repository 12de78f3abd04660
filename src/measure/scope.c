/* measure/scope: see scope.h. The prefixes, who votes, and what each route is. */
#include "measure/scope.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *cleaned_text(enum cleaned cause)
{
	static const char *const text[] = {
	    [CLEANED_SET] = "AS_SET in the path",
	    [CLEANED_RESERVED] = "reserved or private AS in the path",
	    [CLEANED_LOOPED] = "looped path",
	    [CLEANED_BAD] = "malformed path",
	    [CLEANED_LENGTH] = "prefix outside /8-/24 (IPv6: /16-/48)",
	    [CLEANED_INSIDE] = "no foreign AS on the path",
	    [CLEANED_ELSEWHERE] = "originated elsewhere",
	};
	return (size_t)cause < sizeof text / sizeof *text ? text[cause] : "?";
}

bool prefix_in_limits(const struct prefix *p)
{
	return p->family == FAMILY_IPV4 ? p->len >= 8 && p->len <= 24 : p->len >= 16 && p->len <= 48;
}

/* ---- borders ---- */
void borders_init(struct borders *b, const struct table *t, const struct territory *who, utime_t at)
{
	*b = (struct borders){.table = t, .node = path_nodes(t), .who = who, .at = at};
}

struct measure_room *measure_room_new(void)
{
	return mem_alloc(sizeof(struct measure_room));
}

void measure_room_free(struct measure_room *room)
{
	if (!room)
		return;
	free(room->known);
	free(room->met);
	free(room->mark);
	free(room);
}

void borders_free(struct borders *b)
{
	struct measure_room *room = b->room;

	if (!room)
		free(b->known);
	for (size_t i = 0; room && i < room->mets; i++)
		room->known[room->met[i]] = (struct border){0};
	if (room)
		room->mets = 0;
	*b = (struct borders){0};
}

/* One for the paths there are now: a room is for a table at rest. */
static void borders_borrow(struct borders *b, size_t cap)
{
	struct measure_room *room = b->room;

	if (room->cap < cap) {
		free(room->known);
		room->known = mem_array(cap, sizeof *room->known);
		room->cap = cap;
	}
	b->known = room->known;
	b->cap = room->cap;
}

static void borders_room(struct borders *b)
{
	size_t n = path_count(b->table), cap = n + n / 4 + 64;

	if (n <= b->cap)
		return;
	if (b->room) {
		borders_borrow(b, cap);
		return;
	}
	if (b->cap) {
		b->known = mem_grow(b->known, cap, sizeof *b->known);
		memset(b->known + b->cap, 0, (cap - b->cap) * sizeof *b->known);
	} else {
		b->known = mem_array(cap, sizeof *b->known); /* its pages come as they are touched */
	}
	b->cap = cap;
}

static bool domestic(const struct borders *b, path_id node)
{
	asn_t asn = b->node[node].asn;
	enum territory_kind kind = territory_kind(b->who);

	if (kind == TERRITORY_AS)
		return asn == territory_asn(b->who);
	if (kind == TERRITORY_PREFIX) /* its origin is its domestic AS */
		return path_node_parent(b->node[node]) == PATH_NONE;
	return territory_has_asn(b->who, asn, b->at) != MEMBER_NO;
}

static void met_add(struct measure_room *room, path_id path)
{
	room->met = vec_room(room->met, room->mets, &room->met_cap, sizeof *room->met);
	room->met[room->mets++] = path;
}

struct border border_of(struct borders *b, path_id path)
{
	path_id chain[256], node = path;
	size_t n = 0;
	struct border now = {0, 0};

	borders_room(b);
	while (node != PATH_NONE && !b->known[node].upstream && n < sizeof chain / sizeof *chain) {
		chain[n++] = node;
		node = path_node_parent(b->node[node]);
	}
	if (node != PATH_NONE)
		now = b->known[node];
	if (now.upstream == NO_UPSTREAM)
		now.upstream = 0;
	while (n-- > 0) { /* from the origin outward; settled once an upstream is found */
		if (now.upstream == 0 && domestic(b, chain[n]))
			now.gateway = b->node[chain[n]].asn;
		else if (now.upstream == 0)
			now.upstream = b->node[chain[n]].asn;
		b->known[chain[n]] = now;
		if (now.upstream == 0)
			b->known[chain[n]].upstream = NO_UPSTREAM;
		if (b->room)
			met_add(b->room, chain[n]);
	}
	return now;
}

/* ---- cells ---- */
bool origin_ours(const struct scope *s, path_id path)
{
	asn_t origin = path_origin(s->table, path);

	if (territory_kind(s->who) == TERRITORY_AS)
		return origin == territory_asn(s->who);
	return territory_has_asn(s->who, origin, s->at) != MEMBER_NO;
}

static unsigned cause_of(unsigned flags)
{
	return flags & PATH_SET        ? CLEANED_SET
	       : flags & PATH_RESERVED ? CLEANED_RESERVED
	       : flags & PATH_LOOPED   ? CLEANED_LOOPED
				       : CLEANED_BAD;
}

enum cell cell_judge(struct scope *s, bool by_origin, path_id path, struct border *border, unsigned *cause)
{
	unsigned flags;

	if (path == PATH_NONE)
		return CELL_NONE;
	if (by_origin && !origin_ours(s, path)) {
		*cause = CLEANED_ELSEWHERE;
		return CELL_ELSEWHERE;
	}
	flags = path_flags(s->table, path);
	if (flags & ~(unsigned)PATH_EMPTY) {
		*cause = cause_of(flags);
		return CELL_LEFT;
	}
	*border = border_of(&s->borders, path);
	if (border->upstream == 0) {
		*cause = CLEANED_INSIDE;
		return CELL_LEFT;
	}
	return CELL_CARRIED;
}

/* The AS next outward of the upstream on this path; 0 where the path begins at the upstream. */
static asn_t outward_of(const struct scope *s, path_id path, asn_t upstream)
{
	asn_t outer = 0;

	for (; path != PATH_NONE && node_asn(s, path) != upstream; path = node_up(s, path))
		outer = node_asn(s, path);
	return path == PATH_NONE ? 0 : outer;
}

/* A prefix has the origin, and so the paths, of the one before more often than not. */
bool scope_judge(struct scope *s, const struct weighed *m, struct judged *row)
{
	bool other = false;

	for (size_t k = 0; k < s->peers; k++) {
		struct judged *x = &row[k];
		path_id path = cell_path(s, m, k);
		x->same = path == x->path && m->by_origin == x->by_origin;
		if (x->same)
			continue;
		*x = (struct judged){.path = path, .by_origin = m->by_origin};
		x->cell =
		    path == PATH_NONE ? CELL_NONE : cell_judge(s, m->by_origin, path, &x->border, &x->cause);
		if (x->cell == CELL_CARRIED)
			x->outer = outward_of(s, path, x->border.upstream);
		other = true;
	}
	return other;
}

/* ---- which prefixes ---- */
/*
 * Where a database alone places a prefix, that is a second opinion and no membership. An AS known by no
 * registry is where its addresses are: the opinion is all there is.
 */
bool prefix_ours(const struct scope *s, const struct prefix *p)
{
	enum member m;

	if (p->family != s->options.family || !prefix_in_limits(p))
		return false;
	m = territory_has_prefix(s->who, p, s->at);
	return m != MEMBER_NO && m != MEMBER_GEOLOCATED;
}

/* Prefixes that a voting peer has with a domestic origin: the whole of an AS, and the AS members of a named
 * set. */
static void mark_by_origin(uint8_t *mark, const struct scope *s)
{
	size_t n = prefix_count(s->table);
	uint8_t *ours = mem_alloc(path_count(s->table) + 1); /* by path id: 1 ours, 2 not */

	for (size_t k = 0; k < s->peers; k++)
		for (prefix_id id = 0; id < n; id++) {
			path_id path = s->column[k][id];
			const struct prefix *p;
			if (path == PATH_NONE || mark[id])
				continue;
			if (!ours[path])
				ours[path] = origin_ours(s, path) ? 1 : 2;
			p = prefix_of(s->table, id);
			if (ours[path] == 1 && p->family == s->options.family && prefix_in_limits(p))
				mark[id] = 2;
		}
	free(ours);
}

/* Of a country whose candidates are known the others are not looked at: there may be many reports at once. */
static bool candidates_only(const struct scope *s)
{
	return territory_kind(s->who) == TERRITORY_COUNTRY && s->options.candidate;
}

static void mark_members(uint8_t *mark, const struct scope *s)
{
	size_t n = prefix_count(s->table);
	enum territory_kind kind = territory_kind(s->who);

	if (candidates_only(s))
		for (size_t i = 0; i < s->options.candidates; i++) {
			prefix_id id = s->options.candidate[i];
			mark[id] = prefix_ours(s, prefix_of(s->table, id));
		}
	else if (kind != TERRITORY_AS)
		for (prefix_id id = 0; id < n; id++)
			mark[id] = prefix_ours(s, prefix_of(s->table, id));
	if (kind == TERRITORY_AS || kind == TERRITORY_NAMED)
		mark_by_origin(mark, s);
}

/* ---- the list ---- */
static int id_cmp(const void *a, const void *b, void *arg)
{
	const struct table *t = arg;
	return prefix_cmp(prefix_of(t, *(const prefix_id *)a), prefix_of(t, *(const prefix_id *)b));
}

void members_nest(struct weighed *m, size_t n, const struct table *t)
{
	uint32_t open[130]; /* the prefixes that cover where we are, outermost first: at most one a length */
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		const struct prefix *p = prefix_of(t, m[i].id);
		while (depth > 0 && !prefix_covers(prefix_of(t, m[open[depth - 1]].id), p))
			depth--;
		m[i].parent = depth ? open[depth - 1] : NO_PARENT;
		open[depth++] = (uint32_t)i;
	}
}

void members_own(const struct weighed *m, size_t n, const bool *present, double *own)
{
	for (size_t i = 0; i < n; i++)
		own[i] = m[i].size;
	for (size_t i = 0; i < n; i++) {
		uint32_t up = m[i].parent;
		if (!(present ? present[i] : m[i].seen))
			continue;
		while (up != NO_PARENT && !(present ? present[up] : m[up].seen))
			up = m[up].parent;
		if (up != NO_PARENT)
			own[up] -= m[i].size;
	}
}

static size_t list_tops(const struct scope *s, const uint8_t *mark, prefix_id *top)
{
	bool few = candidates_only(s);
	size_t all = few ? s->options.candidates : prefix_count(s->table), n = 0;

	for (size_t i = 0; i < all; i++) {
		prefix_id id = few ? s->options.candidate[i] : (prefix_id)i;
		if (mark[id])
			top[n++] = id;
	}
	qsort_r(top, n, sizeof *top, id_cmp, (void *)(uintptr_t)s->table);
	return n;
}

/* The members and everything announced inside them, in address order. */
static void list_members(struct scope *s, const uint8_t *mark)
{
	size_t most = candidates_only(s) ? s->options.candidates : prefix_count(s->table);
	prefix_id *top = mem_array(most + 1, sizeof *top), *inside = NULL;
	size_t tops = list_tops(s, mark, top), cap = 0, inside_cap = 0;
	const struct prefix *last = NULL;

	for (size_t i = 0; i < tops; i++) {
		const struct prefix *p = prefix_of(s->table, top[i]);
		size_t k;
		if (last && prefix_covers(last, p))
			continue;
		last = p;
		k = prefix_inside(s->table, p, inside, inside_cap);
		if (k > inside_cap) {
			inside = mem_grow(inside, k, sizeof *inside);
			inside_cap = k;
			k = prefix_inside(s->table, p, inside, inside_cap);
		}
		for (size_t j = 0; j < k; j++) {
			const struct prefix *q = prefix_of(s->table, inside[j]);
			if (!prefix_in_limits(q))
				continue;
			s->prefix = vec_room(s->prefix, s->prefixes, &cap, sizeof *s->prefix);
			s->prefix[s->prefixes++] = (struct weighed){.id = inside[j],
			    .ours = mark[inside[j]] != 0,
			    .by_origin = mark[inside[j]] == 2,
			    .size = prefix_size(q)};
		}
	}
	free(top);
	free(inside);
	members_nest(s->prefix, s->prefixes, s->table);
}

static void weigh(struct scope *s)
{
	double *own = mem_array(s->prefixes + 1, sizeof *own);

	borders_room(&s->borders); /* for those who fetch from it */
	for (size_t i = 0; i < s->prefixes; i++) {
		struct weighed *m = &s->prefix[i];
		for (size_t k = 0; k < s->peers && !m->seen; k++) {
			path_id path = cell_path(s, m, k);
			m->seen = path != PATH_NONE && (!m->by_origin || origin_ours(s, path));
		}
	}
	members_own(s->prefix, s->prefixes, NULL, own);
	for (size_t i = 0; i < s->prefixes; i++) {
		s->prefix[i].own = own[i];
		s->prefix[i].weight = s->options.weight == WEIGHT_PREFIXES ? 1 : own[i];
	}
	free(own);
}

/* ---- who votes ---- */
struct inside { /* origins of a territory that is a prefix */
	asn_t *asn;
	size_t n, cap;
};

bool asn_inside(const struct scope *s, asn_t asn)
{
	if (territory_kind(s->who) == TERRITORY_AS)
		return asn == territory_asn(s->who);
	return territory_kind(s->who) != TERRITORY_PREFIX &&
	       territory_has_asn(s->who, asn, s->at) != MEMBER_NO;
}

static bool is_inside(const struct scope *s, const struct inside *origins, asn_t asn)
{
	for (size_t i = 0; i < origins->n; i++)
		if (origins->asn[i] == asn)
			return true;
	return asn_inside(s, asn);
}

static void origins_find(struct inside *o, const struct scope *s, const struct voters *v)
{
	size_t n = prefix_inside(s->table, territory_prefix(s->who), NULL, 0);
	prefix_id *id = mem_array(n + 1, sizeof *id);

	n = prefix_inside(s->table, territory_prefix(s->who), id, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v->n && prefix_in_limits(prefix_of(s->table, id[i])); k++) {
			path_id path = v->votes[k] ? peer_column(s->table, (peer_id)k)[id[i]] : PATH_NONE;
			asn_t origin = path ? path_origin(s->table, path) : 0;
			if (path == PATH_NONE || is_inside(s, o, origin))
				continue;
			o->asn = vec_room(o->asn, o->n, &o->cap, sizeof *o->asn);
			o->asn[o->n++] = origin;
		}
	free(id);
}

static int vantage_cmp(const void *a, const void *b)
{
	asn_t x = ((const struct vantage *)a)->asn, y = ((const struct vantage *)b)->asn;
	return (x > y) - (x < y);
}

static void vantages_make(struct scope *s)
{
	size_t n = 0;

	s->vantage = mem_array(s->peers + 1, sizeof *s->vantage);
	for (size_t k = 0; k < s->peers; k++)
		s->vantage[k] = (struct vantage){peer_of(s->table, s->peer[k])->key.asn, 1};
	qsort(s->vantage, s->peers, sizeof *s->vantage, vantage_cmp);
	for (size_t k = 0; k < s->peers; k++) {
		if (n > 0 && s->vantage[n - 1].asn == s->vantage[k].asn)
			s->vantage[n - 1].peers++;
		else
			s->vantage[n++] = s->vantage[k];
	}
	s->vantages = n;
	for (size_t k = 0; k < s->peers; k++) {
		struct vantage key = {peer_of(s->table, s->peer[k])->key.asn, 0};
		struct vantage *found = bsearch(&key, s->vantage, n, sizeof key, vantage_cmp);
		s->vantage_of[k] = (uint32_t)(found - s->vantage);
	}
}

static void scope_peers_free(struct scope *s)
{
	free(s->peer);
	free(s->column);
	free(s->vantage_of);
	free(s->vantage);
	s->peers = s->vantages = 0;
	s->collectors = 0;
}

void scope_peers(struct scope *s, const struct voters *v)
{
	size_t collectors = collector_count(s->table);
	bool *heard = mem_alloc(collectors + 1);
	struct inside origins = {0};

	if (territory_kind(s->who) == TERRITORY_PREFIX)
		origins_find(&origins, s, v);
	scope_peers_free(s);
	s->peer = mem_array(v->n + 1, sizeof *s->peer);
	s->column = mem_array(v->n + 1, sizeof *s->column);
	s->vantage_of = mem_array(v->n + 1, sizeof *s->vantage_of);
	for (size_t k = 0; k < v->n; k++) {
		const struct peer *p = peer_of(s->table, (peer_id)k);
		if (!v->votes[k] || is_inside(s, &origins, p->key.asn))
			continue;
		s->column[s->peers] = peer_column(s->table, (peer_id)k);
		s->peer[s->peers++] = (peer_id)k;
		s->collectors += !heard[p->collector];
		heard[p->collector] = true;
	}
	free(heard);
	free(origins.asn);
	vantages_make(s);
}

void scope_begin(struct scope *s, const struct table *t, const struct territory *who, utime_t at,
    const struct measure_options *o)
{
	*s = (struct scope){.table = t, .who = who, .options = *o, .at = at};
	borders_init(&s->borders, t, who, at);
}

/* Zeros by prefix id. */
static uint8_t *marks_take(const struct scope *s)
{
	struct measure_room *room = s->options.room;
	size_t n = prefix_count(s->table) + 1;

	if (!room || !candidates_only(s))
		return mem_alloc(n);
	if (room->marks < n) {
		free(room->mark);
		room->mark = mem_alloc(n);
		room->marks = n;
	}
	return room->mark;
}

static void marks_back(const struct scope *s, uint8_t *mark)
{
	if (!s->options.room || mark != s->options.room->mark)
		free(mark);
	else
		for (size_t i = 0; i < s->options.candidates; i++)
			mark[s->options.candidate[i]] = 0;
}

void scope_init(struct scope *s, const struct table *t, const struct territory *who, utime_t at,
    const struct measure_options *o, const struct voters *v)
{
	uint8_t *mark;

	scope_begin(s, t, who, at, o);
	s->borders.room = o->room;
	scope_peers(s, v);
	mark = marks_take(s);
	mark_members(mark, s);
	list_members(s, mark);
	weigh(s);
	marks_back(s, mark);
}

void scope_free(struct scope *s)
{
	borders_free(&s->borders);
	free(s->prefix);
	scope_peers_free(s);
	*s = (struct scope){0};
}
