/*
 * The table against a slow, plain one: per peer and prefix the decoded path as text and the time of its last
 * update, settled at the end of each dump as methods.md 4.1 says. On random streams and on real files. Beside
 * that: the changes told, applied to an empty table, give the table.
 */
#include "table/make_test.h"

#include "base/hash.h"
#include "base/mem.h"
#include "input/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants the four above it */
#include <cmocka.h>

enum { PEERS = 6, ADDPATH_PEER = 5, PREFIXES = 20, MORE = 4, ADD_IDS = 3 };

static const char *const prefixes[PREFIXES] = {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9",
    "10.1.0.0/16", "10.1.0.0/24", "10.1.1.0/24", "11.0.0.0/8", "11.7.0.0/16", "12.0.0.0/24", "12.0.1.0/24",
    "192.0.2.0/24", "192.0.2.128/25", "2001:db8::/32", "2001:db8::/48", "2001:db8:1::/48",
    "2001:db8:1:8000::/49", "2001:db8:2::/64", "2001::/16", "::/0"};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % below;
}

struct cell { /* the routes of a peer for a prefix, in order of arrival */
	struct slow_route {
		uint32_t add_id;
		char path[64];
	} route[MORE];
	int n;
	utime_t last;
};

struct slow {
	struct cell now[PEERS][PREFIXES], dump[PEERS][PREFIXES];
	bool stale[PEERS], in_dump[PEERS];
	utime_t dump_begin; /* 0: none under way */
};

static void slow_announce(
    struct slow *m, int peer, int prefix, uint32_t add_id, const char *path, utime_t time)
{
	struct cell *c = &m->now[peer][prefix];
	int i = 0;

	while (i < c->n && c->route[i].add_id != add_id)
		i++;
	c->route[i].add_id = add_id;
	snprintf(c->route[i].path, sizeof c->route[i].path, "%s", path);
	c->n += i == c->n;
	c->last = time;
}

static void slow_withdraw(struct slow *m, int peer, int prefix, uint32_t add_id, utime_t time)
{
	struct cell *c = &m->now[peer][prefix];

	for (int i = 0; i < c->n; i++)
		if (c->route[i].add_id == add_id) {
			memmove(&c->route[i], &c->route[i + 1], sizeof c->route[0] * (size_t)(c->n - i - 1));
			c->n--;
		}
	c->last = time;
}

static void slow_dump_end(struct slow *m)
{
	for (int peer = 0; peer < PEERS; peer++)
		for (int prefix = 0; prefix < PREFIXES; prefix++)
			if (m->in_dump[peer] && !m->stale[peer] &&
			    m->now[peer][prefix].last <= m->dump_begin - 60 * UTIME_SECOND)
				m->now[peer][prefix] = m->dump[peer][prefix];
	m->dump_begin = 0;
}

struct duel { /* both tables on the same stream */
	struct slow slow;
	struct table *t;
	struct source *updates, *rib;
	struct peer_key peer[PEERS];
	struct changes changes;
	path_id shadow[PEERS][PREFIXES + 8];
	utime_t now;
	int dump_next; /* prefix */
	bool doubtful;
};

static void duel_feed(struct duel *d, struct source *s, struct out *bytes)
{
	assert_int_equal(feed(d->t, s, bytes, &d->changes), 0);
	out_close(bytes);
}

static void draw_path(int peer, char *buf, size_t n)
{
	unsigned a = 300 + draw(4), b = 400 + draw(5);

	snprintf(buf, n, draw(2) ? "%u %u %u" : "%u %u %u 9", 100U + (unsigned)peer, a, b);
}

static void duel_update(struct duel *d)
{
	int peer = (int)draw(PEERS), first = (int)draw(PREFIXES);
	uint32_t add_id = peer == ADDPATH_PEER ? 1 + draw(ADD_IDS) : 0;
	bool withdraws = draw(3) == 0;
	struct said_update u = {.time = d->now, .peer = &d->peer[peer], .addpath = add_id > 0};
	char path[64], list[256] = "";
	struct out bytes;

	draw_path(peer, path, sizeof path);
	for (int i = 0, prefix = first; i < 3; i++, prefix = (prefix + 1) % PREFIXES) {
		size_t n = strlen(list);
		if (add_id)
			snprintf(
			    list + n, sizeof list - n, "%s%u:%s", n ? " " : "", add_id, prefixes[prefix]);
		else
			snprintf(list + n, sizeof list - n, "%s%s", n ? " " : "", prefixes[prefix]);
		if (withdraws)
			slow_withdraw(&d->slow, peer, prefix, add_id, d->now);
		else
			slow_announce(&d->slow, peer, prefix, add_id, path, d->now);
	}
	*(withdraws ? &u.withdrawn : &u.announced) = list;
	u.path = path;
	out_open_mem(&bytes);
	mk_message(&bytes, &u);
	duel_feed(d, d->updates, &bytes);
}

static void duel_state(struct duel *d)
{
	int peer = (int)draw(PEERS);
	bool up = draw(2);
	struct out bytes;

	out_open_mem(&bytes);
	mk_state(&bytes, d->now, &d->peer[peer], up ? 5 : 6, up ? 6 : 1);
	duel_feed(d, d->updates, &bytes);
	for (int i = 0; i < PREFIXES; i++) /* what was said of the routes is still recent */
		d->slow.now[peer][i].n = 0;
	d->slow.stale[peer] = true;
}

static void duel_dump_begin(struct duel *d)
{
	struct out bytes;

	d->now += UTIME_SECOND - d->now % UTIME_SECOND; /* TABLE_DUMP_V2 knows whole seconds only */
	d->slow.dump_begin = d->now;
	d->dump_next = 0;
	memset(d->slow.dump, 0, sizeof d->slow.dump);
	memset(d->slow.stale, 0, sizeof d->slow.stale);
	memset(d->slow.in_dump, 0, sizeof d->slow.in_dump);
	out_open_mem(&bytes);
	mk_peers(&bytes, d->now, d->peer, PEERS);
	duel_feed(d, d->rib, &bytes);
}

/* The next prefix of the dump: mostly what is believed, sometimes something else or nothing. All peers but
 * the ADDPATH one are in it, for both families. */
static void duel_dump_record(struct duel *d)
{
	struct said_entry e[PEERS];
	char path[PEERS][64];
	struct out bytes;
	size_t n = 0;
	int prefix = d->dump_next++;

	for (int peer = 0; peer < PEERS; peer++) {
		struct cell *c = &d->slow.now[peer][prefix], *into = &d->slow.dump[peer][prefix];
		bool must = prefix == 0 || prefix == PREFIXES - 1;
		if (peer == ADDPATH_PEER || (!must && (c->n == 0 || draw(8) == 0)))
			continue;
		if (c->n && draw(8))
			snprintf(path[n], sizeof path[n], "%s", c->route[0].path);
		else
			draw_path(peer, path[n], sizeof path[n]);
		e[n] = (struct said_entry){.peer = (unsigned)peer, .path = path[n]};
		into->n = 1;
		snprintf(into->route[0].path, sizeof into->route[0].path, "%s", path[n]);
		d->slow.in_dump[peer] = true;
		n++;
	}
	out_open_mem(&bytes);
	mk_rib(&bytes, d->now, prefixes[prefix], false, e, n);
	duel_feed(d, d->rib, &bytes);
	if (d->dump_next == PREFIXES) {
		source_end(d->t, d->rib, &d->changes);
		slow_dump_end(&d->slow);
	}
}

/* Changes, one after the other, say truly what stood there before and what stands there then. */
static void duel_replay(struct duel *d)
{
	for (size_t i = 0; i < d->changes.n; i++) {
		const struct change *c = &d->changes.v[i];
		if (c->kind > CHANGE_RESET)
			continue;
		assert_int_equal(d->shadow[c->peer][c->prefix], c->old);
		assert_int_not_equal(c->old, c->new);
		d->shadow[c->peer][c->prefix] = c->new;
	}
	d->changes.n = 0;
}

static void duel_compare(struct duel *d)
{
	char text[64];

	duel_replay(d);
	for (int peer = 0; peer < PEERS; peer++) {
		struct peer_key *key = &d->peer[peer];
		peer_id id = PEER_NONE;
		uint32_t routes = 0, slow = 0;
		for (size_t k = 0; k < peer_count(d->t); k++)
			if (peer_of(d->t, (peer_id)k)->key.asn == key->asn)
				id = (peer_id)k;
		for (int i = 0; i < PREFIXES; i++) {
			struct prefix p = mk_prefix(prefixes[i]);
			prefix_id prefix = prefix_find(d->t, &p);
			const struct cell *c = &d->slow.now[peer][i];
			path_id path = id == PEER_NONE || prefix == PREFIX_NONE
					   ? PATH_NONE
					   : peer_column(d->t, id)[prefix];
			path_id more[MORE];
			slow += c->n > 0;
			assert_string_equal(
			    path_words(d->t, path, text, sizeof text), c->n ? c->route[0].path : "");
			if (path == PATH_NONE)
				continue;
			assert_int_equal(d->shadow[id][prefix], path);
			assert_int_equal(route_more_paths(d->t, id, prefix, more, MORE), c->n - 1);
			for (int k = 1; k < c->n; k++)
				assert_string_equal(
				    path_words(d->t, more[k - 1], text, sizeof text), c->route[k].path);
		}
		if (id != PEER_NONE)
			routes = peer_of(d->t, id)->routes[0] + peer_of(d->t, id)->routes[1];
		assert_int_equal(routes, slow);
	}
}

static void duel_open(struct duel *d)
{
	*d = (struct duel){.t = table_new(NULL), .now = INT64_C(1506848400) * UTIME_SECOND};
	d->updates = source_new(d->t, "rrc00");
	d->rib = source_new(d->t, "rrc00");
	for (unsigned i = 0; i < PEERS; i++) {
		char addr[32];
		snprintf(addr, sizeof addr, i == 2 ? "2001:db8::%u" : "192.0.2.%u", i + 1);
		d->peer[i] = mk_peer(addr, 100 + i);
	}
}

static void random_streams_give_the_same_table(void **state)
{
	for (uint64_t round = 0; round < 60; round++) {
		static struct duel d;
		seed = 7919 * round + 1;
		duel_open(&d);
		for (int step = 0; step < 400; step++) {
			uint32_t what = draw(100);
			d.now += (int64_t)draw(20) * UTIME_SECOND + (draw(3) == 0 ? 250000 : 0);
			if (d.slow.dump_begin && what < 60)
				duel_dump_record(&d);
			else if (!d.slow.dump_begin && what < 3)
				duel_dump_begin(&d);
			else if (what < 64)
				duel_state(&d);
			else
				duel_update(&d);
			if (!d.slow.dump_begin)
				duel_compare(&d);
		}
		source_free(d.updates);
		source_free(d.rib);
		table_free(d.t);
		free(d.changes.v);
	}
}

/* ---- real files: the slow table is a big map from peer and prefix to the path as text, hashed ---- */

struct route_row {
	uint64_t key, peer, path;
};
struct map {
	struct route_row *row;
	size_t mask;
};

static struct route_row *map_at(struct map *m, uint64_t key)
{
	size_t i = key & m->mask;

	while (m->row[i].key && m->row[i].key != key)
		i = (i + 1) & m->mask;
	return &m->row[i];
}

static uint64_t peer_hash(const struct peer_key *key)
{
	return hash_bytes(key->addr.b, 16) ^ hash_u64(key->asn);
}

static uint64_t text_hash(const asn_t *list, size_t n)
{
	struct out o;
	uint64_t hash;

	out_open_mem(&o);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || list[i] != list[i - 1])
			out_printf(&o, "%u ", list[i]);
	hash = hash_bytes(o.buf, o.n);
	out_close(&o);
	return hash ? hash : 1;
}

static uint64_t slow_path(const struct attr_set *set, const struct peer_key *peer)
{
	struct attr_view view;
	struct fault_count faults = {0};
	struct span none = {0};
	asn_t list[1024];
	unsigned flags;
	size_t n;

	attrs_scan(set, &view, &faults, 0);
	n = as_path_flat(attr_seen(&view, ATTR_AS_PATH) ? view.value[ATTR_AS_PATH] : none,
	    attr_seen(&view, ATTR_AS4_PATH) ? view.value[ATTR_AS4_PATH] : none, set->as_size, list, 1024,
	    &flags);
	if (n == 0)
		list[n++] = peer->asn;
	return text_hash(list, n);
}

static void slow_put(struct map *m, const struct peer_key *peer, const struct prefix *p, uint64_t path)
{
	uint64_t who = peer_hash(peer), key = hash_u64(who ^ hash_bytes(p, sizeof *p)) | 1;
	struct route_row *r = map_at(m, key);

	*r = (struct route_row){key, who, path};
}

static bool slow_is_withdrawal(const struct attr_set *set)
{
	struct attr_view view;
	struct fault_count faults = {0};

	attrs_scan(set, &view, &faults, 0);
	return view.withdraw || !attr_seen(&view, ATTR_AS_PATH);
}

static void slow_message(struct map *m, const struct update *u)
{
	struct fault_count faults = {0};
	struct prefix p;
	uint32_t id;

	for (int i = 0; i < 4; i++) {
		struct nlri list = i < 2 ? u->withdrawn[i] : u->announced[i - 2];
		bool gone = i < 2 || slow_is_withdrawal(&u->attrs);
		if (!list.family || list.safi != 1)
			continue;
		while (nlri_next(&list, &p, &id, &faults, 0))
			slow_put(m, &u->peer, &p, gone ? 0 : slow_path(&u->attrs, &u->peer));
	}
}

static void slow_apply(struct map *m, struct mrt_peers *peers, struct update *u)
{
	struct fault_count faults = {0};
	struct rib_entry e;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(peers, u, &faults);
	if (u->kind == UPDATE_MESSAGE)
		slow_message(m, u);
	if (u->kind == UPDATE_STATE && (u->old_state == 6) != (u->new_state == 6))
		for (size_t i = 0; i <= m->mask; i++)
			if (m->row[i].peer == peer_hash(&u->peer))
				m->row[i].path = 0;
	if (u->kind == UPDATE_RIB && u->safi == 1)
		while (rib_entry_next(u, &e, &faults)) {
			const struct peer_key *key = u->own_peer ? &u->peer : &peers->peer[e.peer_index];
			slow_put(m, key, &u->prefix, slow_path(&e.attrs, key));
		}
}

/* Every route of the table stands in the map; the number says that nothing else does. */
static void compare_real(const struct table *t, struct map *m)
{
	size_t routes = 0, slow = 0;
	asn_t list[256];

	for (size_t i = 0; i <= m->mask; i++)
		slow += m->row[i].path != 0;
	for (size_t peer = 0; peer < peer_count(t); peer++)
		for (prefix_id id = 0; id < prefix_count(t); id++) {
			path_id path = peer_column(t, (peer_id)peer)[id];
			uint64_t key = hash_u64(peer_hash(&peer_of(t, (peer_id)peer)->key) ^
						hash_bytes(prefix_of(t, id), sizeof(struct prefix))) |
				       1;
			if (path == PATH_NONE)
				continue;
			routes++;
			assert_int_equal(
			    map_at(m, key)->path, text_hash(list, path_list(t, path, list, 256)));
		}
	assert_int_equal(routes, slow);
	assert_true(routes > 0);
}

static void one_real(const char *path)
{
	struct map m = {mem_array(1 << 22, sizeof *m.row), (1 << 22) - 1};
	struct mrt_peers *peers = mem_alloc(sizeof *peers);
	struct table *t = table_new(NULL);
	struct source *s = source_new(t, "x");
	struct input *in = input_open(path);
	struct mrt mrt = {0};
	struct block b = {0};
	struct cur c = {0};
	struct update u;
	bool last = false;

	for (;;) {
		if (mrt_next(&mrt, &c, b.offset + (uint64_t)(c.p - b.data), last, &u) == MRT_UPDATE) {
			struct update again = u;
			slow_apply(&m, peers, &again);
			table_apply(t, s, &u, &mrt.faults, NULL);
		} else if (last) {
			break;
		} else if (input_next(in, cur_left(&c), &b) == INPUT_BLOCK) {
			c = cur_of(b.data, b.len);
		} else {
			last = true;
		}
	}
	compare_real(t, &m);
	input_close(in);
	source_free(s);
	table_free(t);
	free(peers);
	free(m.row);
}

static void real_files_give_the_same_table(void **state)
{
	static const char *const files[] = {"mrt/pyasn.rib.20140523.0600_firstMB.bz2",
	    "mrt/pyasn.rib6.20151101.0600_firstMB.bz2", "mrt/ripencc-bgpdump.bview.20020722.2337.gz",
	    "mrt/ripencc-bgpdump.updates.20070211.0141.gz", "mrt/ripencc-bgpdump.updates.et-header.2015.gz",
	    "mrt-series-rrc04-2021/ris.rrc04.updates.1609477200.300.gz",
	    "mrt/caida.routeviews.route-views.jinx.updates.1427846400.bz2"};
	int there = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[256];
		snprintf(path, sizeof path, "../shared/data/%s", files[i]);
		if (access(path, R_OK) != 0)
			continue;
		one_real(path);
		there++;
	}
	if (!there) {
		print_message("skipped: no ../shared/data\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_streams_give_the_same_table),
	    cmocka_unit_test(real_files_give_the_same_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
