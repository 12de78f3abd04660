/*
 * keep/events: events and their evidence. In: struct event as detect tells it, again when it changes. Out:
 * the same. Columns hold what is searched by; the rest (prefixes, evidence, exact numbers) is a body of
 * variable-length integers (event_body.c). An older version stays in `event_past`, for going back to a cut.
 */
#include "keep/events.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_HELD = 1 << 12 };

static void bind_time(sqlite3_stmt *q, int i, utime_t t)
{
	if (t != UTIME_NONE)
		sqlite3_bind_int64(q, i, t);
}

/* The highest id of the cuts before. */
static int event_top_load(struct store *s)
{
	sqlite3_stmt *q = store_sql(s, SQL_EVENT_LAST);
	int rc;

	if (!q)
		return -1;
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		s->event_top = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return rc == SQLITE_ROW ? 0 : store_fail(s, "reading the events");
}

/* How it stood at the cuts before. */
static int event_keep_past(struct store *s, uint64_t id, int64_t cut)
{
	sqlite3_stmt *q = store_sql(s, SQL_EVENT_KEEP_PAST);

	if (!q)
		return -1;
	sqlite3_bind_int64(q, 1, (int64_t)id);
	sqlite3_bind_int64(q, 2, cut);
	return store_step(s, q, "writing an event");
}

static void event_bind(sqlite3_stmt *q, const struct event *e, int64_t cut, const struct out *body)
{
	sqlite3_bind_int64(q, 1, (int64_t)e->id);
	sqlite3_bind_int64(q, 2, cut);
	sqlite3_bind_int(q, 3, (int)e->kind);
	sqlite3_bind_int(q, 4, (int)e->scope);
	sqlite3_bind_text(q, 5, e->territory, -1, SQLITE_STATIC);
	sqlite3_bind_int(q, 6, e->family);
	sqlite3_bind_int64(q, 7, e->asn);
	sqlite3_bind_int64(q, 8, e->upstream);
	sqlite3_bind_int64(q, 9, (int64_t)e->episode);
	sqlite3_bind_int64(q, 10, e->first_seen);
	bind_time(q, 11, e->end);
	sqlite3_bind_int(q, 12, (int)e->severity);
	sqlite3_bind_text(q, 13, e->why, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(q, 14, body->buf, body->n, SQLITE_STATIC);
}

/* 1: its row is there; 0: there is one of that id already; -1. */
static int event_add(struct store *s, const struct event *e, int64_t cut, const struct out *body)
{
	sqlite3_stmt *q = store_sql(s, SQL_EVENT_ADD);
	int rc;

	if (!q)
		return -1;
	event_bind(q, e, cut, body);
	rc = sqlite3_step(q);
	if (rc != SQLITE_DONE && rc != SQLITE_CONSTRAINT_ROWID && rc != SQLITE_CONSTRAINT_PRIMARYKEY)
		store_fail(s, "writing an event");
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return rc == SQLITE_DONE ? 1 : s->broken ? -1 : 0;
}

static int event_replace(struct store *s, const struct event *e, int64_t cut, const struct out *body)
{
	sqlite3_stmt *q = store_sql(s, SQL_EVENT_PUT);
	int rc;

	if (!q)
		return -1;
	event_bind(q, e, cut, body);
	rc = store_step(s, q, "writing an event");
	sqlite3_clear_bindings(q);
	return rc;
}

/* Most are of this cut, and told for the first time: adding alone is cheaper for SQLite than replacing. */
static int event_put(struct store *s, const struct event *e, int64_t cut)
{
	struct out body;
	int rc = s->event_top == EVENT_TOP_UNKNOWN ? event_top_load(s) : 0;

	if (rc)
		return rc;
	out_open_mem(&body);
	event_body_put(&body, e);
	if (e->id > (uint64_t)s->event_top)
		rc = event_add(s, e, cut, &body);
	else
		rc = event_keep_past(s, e->id, cut);
	if (rc == 0)
		rc = event_replace(s, e, cut, &body);
	out_close(&body);
	return rc < 0 ? -1 : 0;
}

/*
 * Events are told again each time they grow; only how they stand at the commit is written. `held` finds
 * them by id: open addressing, at most half full, a place is an index + 1.
 */
static uint32_t *held_place(struct store *s, uint64_t id)
{
	size_t i = hash_u64(id) & (s->held_cap - 1);

	while (s->held[i] && s->event[s->held[i] - 1].id != id)
		i = (i + 1) & (s->held_cap - 1);
	return &s->held[i];
}

static struct event *held_event(struct store *s, uint64_t id)
{
	uint32_t *place = held_place(s, id);

	if (!*place) {
		s->event = vec_room(s->event, s->events, &s->event_cap, sizeof *s->event);
		s->event[s->events].id = id; /* the rest is the caller's to fill, but for what is owned */
		s->event[s->events++].prefix = NULL;
		*place = (uint32_t)s->events;
	}
	return &s->event[*place - 1];
}

void events_forget(struct store *s)
{
	for (size_t i = 0; i < s->events; i++)
		free(s->event[i].prefix);
	s->events = 0;
	if (s->held)
		memset(s->held, 0, s->held_cap * sizeof *s->held);
}

void events_free(struct store *s)
{
	events_forget(s);
	free(s->event);
	free(s->held);
}

int events_flush(struct store *s)
{
	int rc = s->events ? store_begin(s) : 0;

	for (size_t i = 0; i < s->events && rc == 0; i++) {
		rc = event_put(s, &s->event[i], s->cut_top + 1);
		points_born(s, &s->event[i]);
	}
	events_forget(s);
	return rc;
}

/* Without the room for evidence that it does not use: most of an event. */
void store_event(struct store *s, const struct event *e)
{
	struct event *at;

	if (s->events == EVENTS_HELD && events_flush(s))
		s->broken = true;
	if (!s->held) {
		s->held_cap = 2 * EVENTS_HELD;
		s->held = mem_array(s->held_cap, sizeof *s->held);
	}
	at = held_event(s, e->id);
	free(at->prefix);
	memcpy(at, e, offsetof(struct event, evidence));
	memcpy(at->evidence, e->evidence, e->evidences * sizeof *e->evidence);
	at->evidences = e->evidences;
	at->prefix = NULL;
	if (e->prefixes) {
		at->prefix = mem_array(e->prefixes, sizeof *at->prefix);
		memcpy(at->prefix, e->prefix, e->prefixes * sizeof *at->prefix);
	}
}

/* ---- back to a cut ---- */
int events_rollback(struct store *s, int64_t cut)
{
	static const enum statement steps[] = {
	    SQL_EVENT_DROP_AFTER, SQL_EVENT_BRING_BACK, SQL_PAST_DROP_AFTER, SQL_ANSWER_DROP_AFTER};

	s->event_top = EVENT_TOP_UNKNOWN;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		sqlite3_stmt *q = store_sql(s, steps[i]);
		if (!q)
			return -1;
		sqlite3_bind_int64(q, 1, cut);
		if (store_step(s, q, "writing the events"))
			return -1;
	}
	return 0;
}

/* ---- reading ---- */
enum { CLAUSES = 12 };

struct clause { /* a condition of the query, present where the filter asks for it */
	const char *text;
	int64_t value;
	const char *name;
};

static size_t filter_clauses(const struct event_filter *f, struct clause c[CLAUSES])
{
	size_t n = 0;

	if (f->territory)
		c[n++] = (struct clause){" AND territory = ?", 0, f->territory};
	if (f->kinds && (f->kinds & (f->kinds - 1)) == 0)
		c[n++] = (struct clause){" AND kind = ?", __builtin_ctz(f->kinds), NULL}; /* by the index */
	else if (f->kinds)
		c[n++] = (struct clause){" AND (1 << kind) & ?", f->kinds, NULL};
	if (f->scope >= 0)
		c[n++] = (struct clause){" AND scope = ?", f->scope, NULL};
	if (f->severity)
		c[n++] = (struct clause){" AND severity >= ?", (int64_t)f->severity, NULL};
	if (f->episode)
		c[n++] = (struct clause){" AND episode = ?", (int64_t)f->episode, NULL};
	if (f->upstream)
		c[n++] =
		    (struct clause){" AND id IN (SELECT id FROM event WHERE upstream = ?", f->upstream, NULL};
	if (f->upstream)
		c[n++] = (struct clause){" UNION SELECT id FROM event WHERE asn = ?)", f->upstream, NULL};
	if (f->family)
		c[n++] = (struct clause){" AND family IN (0, ?)", f->family, NULL};
	if (f->from != UTIME_NONE)
		c[n++] = (struct clause){" AND first >= ?", f->from, NULL};
	if (f->to != UTIME_MAX)
		c[n++] = (struct clause){" AND first < ?", f->to, NULL};
	if (f->after_cut)
		c[n++] = (struct clause){" AND cut > ?", f->after_cut, NULL};
	if (f->id)
		c[n++] = (struct clause){" AND id = ?", (int64_t)f->id, NULL};
	return n;
}

static sqlite3_stmt *filter_query(struct store *s, const struct event_filter *f)
{
	struct clause c[CLAUSES];
	size_t n = filter_clauses(f, c);
	sqlite3_stmt *q = NULL;
	struct out text;

	out_open_mem(&text);
	out_str(&text, "SELECT id, kind, scope, territory, family, asn, upstream, episode, first, end, "
		       "severity, why, body"
		       " FROM event WHERE 1");
	for (size_t i = 0; i < n; i++)
		out_str(&text, c[i].text);
	out_str(&text, f->newest_first ? " ORDER BY first DESC, id DESC" : " ORDER BY first, id");
	if (f->limit || f->skip)
		out_printf(&text, " LIMIT %lld OFFSET %zu", f->limit ? (long long)f->limit : -1LL, f->skip);
	if (sqlite3_prepare_v2(s->db, text.buf, (int)text.n, &q, NULL) != SQLITE_OK)
		store_fail(s, "reading the events");
	out_close(&text);
	for (size_t i = 0; q && i < n; i++) {
		if (c[i].name)
			sqlite3_bind_text(q, (int)i + 1, c[i].name, -1, SQLITE_STATIC);
		else
			sqlite3_bind_int64(q, (int)i + 1, c[i].value);
	}
	return q;
}

static bool event_row(sqlite3_stmt *q, struct event *e)
{
	const void *body = sqlite3_column_blob(q, 12);
	struct cur c = cur_of(body, body ? (size_t)sqlite3_column_bytes(q, 12) : 0);

	*e = (struct event){.id = (uint64_t)sqlite3_column_int64(q, 0)};
	if (sqlite3_column_int(q, 1) < 0 || sqlite3_column_int(q, 1) >= EVENT_KINDS)
		return false;
	e->kind = (enum event_kind)sqlite3_column_int(q, 1);
	e->scope = (enum event_scope)sqlite3_column_int(q, 2);
	snprintf(e->territory, sizeof e->territory, "%s", (const char *)sqlite3_column_text(q, 3));
	e->family = (uint8_t)sqlite3_column_int(q, 4);
	e->asn = (asn_t)sqlite3_column_int64(q, 5);
	e->upstream = (asn_t)sqlite3_column_int64(q, 6);
	e->episode = (uint64_t)sqlite3_column_int64(q, 7);
	e->first_seen = sqlite3_column_int64(q, 8);
	e->end = sqlite3_column_type(q, 9) == SQLITE_NULL ? UTIME_NONE : sqlite3_column_int64(q, 9);
	e->severity = (enum severity)sqlite3_column_int(q, 10);
	snprintf(e->why, sizeof e->why, "%s", (const char *)sqlite3_column_text(q, 11));
	return event_body_take(&c, e);
}

int store_events(struct store *s, const struct event_filter *filter,
    bool (*each)(void *arg, const struct event *e), void *arg)
{
	sqlite3_stmt *q = filter_query(s, filter);
	int rc;

	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct event e;
		bool more;
		if (!event_row(q, &e)) {
			store_say(
			    s, "%s/history.db: event %llu is damaged", s->path, (unsigned long long)e.id);
			free(e.prefix);
			sqlite3_finalize(q);
			return -1;
		}
		more = each(arg, &e);
		free(e.prefix);
		if (!more) {
			rc = SQLITE_DONE;
			break;
		}
	}
	if (rc != SQLITE_DONE)
		store_fail(s, "reading the events");
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? 0 : -1;
}

uint64_t store_last_event(struct store *s)
{
	sqlite3_stmt *q = store_sql(s, SQL_EVENT_LAST);
	uint64_t id = 0;

	if (q && sqlite3_step(q) == SQLITE_ROW)
		id = (uint64_t)sqlite3_column_int64(q, 0);
	if (q)
		sqlite3_reset(q);
	return id;
}
