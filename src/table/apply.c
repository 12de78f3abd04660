/*
 * table/apply: updates to changes. In: one update at a time, in the order of time of its collector. Out:
 * changes of kind CHANGE_ROUTE, CHANGE_RESET and of the peer's state.
 */
#include "table/inner.h"

enum { STATE_ESTABLISHED = 6 };

struct said { /* what one message says of its prefixes */
	peer_id peer;
	path_id path; /* PATH_NONE: withdrawn */
	uint32_t otc;
	bool unread; /* the path is not known yet */
	bool late;
	struct path_attr attr;
};

struct look { /* a prefix between its look-up's prefetch and its use */
	struct prefix prefix;
	uint64_t hash;
	uint32_t add_id;
	prefix_id id;
};

static void route_said(struct table *t, struct source *s, const struct update *u, struct said *said,
    const struct look *l, bool addpath, struct changes *out)
{
	bool wanted = t->prefixes.wanted[l->id];
	path_id old, path = said->path;

	if (said->late && collector_knows_later(&t->collector[s->collector], said->peer, l->id, u->time)) {
		t->health.late++;
		return;
	}
	collector_touch(t, s->collector, said->peer, l->id, u->time);
	if (said->unread && wanted) {
		paths_intern(&t->paths, &(struct path_attr *){&said->attr}, 1);
		path = said->path = said->attr.id;
		said->unread = false;
	} else if (path != PATH_NONE && !wanted) {
		path = PATH_UNREAD;
	}
	if (addpath) {
		old = route_set_addpath(t, said->peer, l->id, l->add_id, path);
		path = t->column[said->peer][l->id];
	} else {
		route_drop_more(t, said->peer, l->id);
		old = route_set(t, said->peer, l->id, path);
	}
	if (old != path && wanted)
		change_add(out, (struct change){.time = u->time,
				    .old = old,
				    .new = path,
				    .prefix = l->id,
				    .peer = said->peer,
				    .kind = CHANGE_ROUTE,
				    .otc = path == PATH_NONE ? 0 : said->otc});
}

/* Three steps over up to BATCH prefixes, so that their cache misses overlap. */
static void list_said(struct table *t, struct source *s, const struct update *u, struct nlri list,
    struct said *said, struct fault_count *faults, struct changes *out)
{
	uint64_t *count = said->path == PATH_NONE ? &t->health.withdrawn : &t->health.announced;
	struct look look[BATCH];
	size_t n;

	if (!list.family || list.safi != 1)
		return;
	do {
		for (n = 0; n < BATCH; n++) {
			if (!nlri_next(&list, &look[n].prefix, &look[n].add_id, faults, u->offset))
				break;
			look[n].hash = prefix_hash(&look[n].prefix);
			prefix_prefetch(&t->prefixes, look[n].hash);
		}
		*count += n;
		for (size_t i = 0; i < n; i++) {
			look[i].id = prefix_born(t, &look[i].prefix, look[i].hash);
			if (look[i].id != PREFIX_NONE)
				__builtin_prefetch(&t->column[said->peer][look[i].id], 1);
		}
		for (size_t i = 0; i < n; i++)
			if (look[i].id != PREFIX_NONE)
				route_said(t, s, u, said, &look[i], list.addpath, out);
	} while (n == BATCH);
}

static bool has_routes(const struct nlri list[2])
{
	return (list[0].family && list[0].bytes.n) || (list[1].family && list[1].bytes.n);
}

/* The path and OTC of what the message announces; said->path stays PATH_NONE where RFC 7606 makes it a
 * withdrawal (5: an UPDATE without AS_PATH too). */
static void attrs_said(struct table *t, const struct update *u, struct said *said, struct fault_count *faults)
{
	struct attr_view view;

	attrs_scan(&u->attrs, &view, faults, u->offset);
	if (view.withdraw || !attr_seen(&view, ATTR_AS_PATH))
		return;
	said->attr = (struct path_attr){.as_path = view.value[ATTR_AS_PATH],
	    .as_size = u->attrs.as_size,
	    .peer_asn = t->peer[said->peer].key.asn};
	if (u->attrs.as_size == 2 && attr_seen(&view, ATTR_AS4_PATH))
		said->attr.as4_path = view.value[ATTR_AS4_PATH];
	path_attr_hash(&t->paths.cache, &said->attr);
	if (attr_seen(&view, ATTR_OTC) && view.value[ATTR_OTC].n == 4)
		said->otc = be32(view.value[ATTR_OTC].p);
	said->path = PATH_UNREAD;
	said->unread = true;
}

static void apply_message(struct table *t, struct source *s, const struct update *u,
    struct fault_count *faults, struct changes *out)
{
	bool announces = has_routes(u->announced), withdraws = has_routes(u->withdrawn);
	struct said said = {.peer = peer_look(t, s->collector, &u->peer)};
	struct peer *p;

	t->health.updates++;
	if (said.peer == PEER_NONE && (announces || withdraws)) {
		t->health.unknown_peer += !announces;
		said.peer = peer_born(t, s->collector, &u->peer, u->time);
	}
	if (said.peer == PEER_NONE)
		return;
	p = &t->peer[said.peer];
	said.late = u->time < p->last;
	if (!said.late)
		p->last = u->time;
	if (p->state == PEER_UNKNOWN || p->state == PEER_DOWN)
		peer_enter(t, said.peer, PEER_UP, u->time, out);
	list_said(t, s, u, u->withdrawn[0], &said, faults, out);
	list_said(t, s, u, u->withdrawn[1], &said, faults, out);
	if (!announces)
		return;
	attrs_said(t, u, &said, faults);
	list_said(t, s, u, u->announced[0], &said, faults, out);
	list_said(t, s, u, u->announced[1], &said, faults, out);
}

static void apply_state(struct table *t, struct source *s, const struct update *u, struct changes *out)
{
	bool up = u->new_state == STATE_ESTABLISHED, was_up = u->old_state == STATE_ESTABLISHED;
	peer_id id = peer_look(t, s->collector, &u->peer);

	t->health.states++;
	if (id == PEER_NONE && up)
		id = peer_born(t, s->collector, &u->peer, u->time);
	if (id == PEER_NONE || up == was_up)
		return;
	/* Up while routes stand: the session ended unseen, its routes are of the one before. */
	peer_reset(t, id, u->time, out);
	peer_enter(t, id, up ? PEER_UP : PEER_DOWN, u->time, out);
	if (t->peer[id].last < u->time)
		t->peer[id].last = u->time;
	for (struct source *d = t->collector[s->collector].dumping; d; d = d->next)
		dump_stale(d, id);
}

void table_apply(
    struct table *t, struct source *s, struct update *u, struct fault_count *faults, struct changes *out)
{
	collector_spoke(t, s->collector, u->time, out);
	switch (u->kind) {
	case UPDATE_MESSAGE:
		apply_message(t, s, u, faults, out);
		break;
	case UPDATE_RIB:
		dump_record(t, s, u, faults, out);
		break;
	case UPDATE_STATE:
		apply_state(t, s, u, out);
		break;
	case UPDATE_PEERS:
		dump_peers(t, s, u, faults, out);
		break;
	case UPDATE_OTHER:
		break;
	}
}
