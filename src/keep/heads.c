/* keep/heads: see heads.h. Two tables by open addressing, at most three quarters full. */
#include "keep/heads.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

/* ---- lines ---- */
static struct head *head_slot(struct head *slot, size_t cap, uint64_t key)
{
	size_t i = hash_u64(key) & (cap - 1);

	while (slot[i].key && slot[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slot[i];
}

struct head *head_of(struct heads *h, uint64_t key)
{
	struct head *at;

	if ((h->n + 1) * 4 > h->cap * 3) {
		size_t cap = h->cap ? h->cap * 2 : 1024;
		struct head *grown = mem_array(cap, sizeof *grown);
		for (size_t i = 0; i < h->cap; i++)
			if (h->slot[i].key)
				*head_slot(grown, cap, h->slot[i].key) = h->slot[i];
		free(h->slot);
		h->slot = grown;
		h->cap = cap;
	}
	at = head_slot(h->slot, h->cap, key);
	if (!at->key) {
		*at = (struct head){.key = key, .first = UTIME_NONE, .last = UTIME_NONE, .born = UTIME_NONE};
		h->n++;
	}
	return at;
}

struct listing *listing_of(struct heads *h, int64_t territory, uint8_t family)
{
	size_t i = (size_t)territory * 2 + family_index(family);

	if (i >= h->listings) {
		size_t n = i + 64;
		h->listing = mem_grow(h->listing, n, sizeof *h->listing);
		for (size_t k = h->listings; k < n; k++)
			h->listing[k] = (struct listing){.end = UTIME_NONE, .round = 1, .room = CHUNK_LEAST};
		h->listings = n;
	}
	return &h->listing[i];
}

void head_move(struct head *h, asn_t upstream, utime_t t, uint32_t share, uint32_t prefixes)
{
	bool there = upstream == 0 || share || prefixes;

	if (there && h->first == UTIME_NONE)
		h->first = t;
	h->last = there ? UTIME_NONE : t;
	h->share = share;
	h->prefixes = prefixes;
	h->dirty = true;
}

void points_forget(struct store *s)
{
	struct heads *h = s->heads;

	for (size_t i = 0; i < s->places; i++)
		s->place[i].row = 0;
	if (!h)
		return;
	for (size_t i = 0; i < h->name_cap; i++)
		free(h->name[i].text);
	for (size_t i = 0; i < h->listings; i++) {
		free(h->listing[i].told);
		free(h->listing[i].line);
		chunk_free(&h->listing[i].next);
	}
	free(h->name);
	free(h->slot);
	free(h->listing);
	free(h);
	s->heads = NULL;
}

static bool head_load(void *arg, const struct carrier *c)
{
	struct store *s = arg;
	int64_t id = territory_row(s, c->territory, false);
	struct head *h;

	if (id <= 0)
		return false;
	h = head_of(s->heads, line_key(id, c->family, c->upstream));
	h->first = c->first;
	h->last = c->last;
	h->share = c->share;
	h->prefixes = c->prefixes;
	return true;
}

/* Where the series ends, and when upstream-new events say that lines were born. */
static int ends_load(struct store *s)
{
	sqlite3_stmt *q = store_sql(s, SQL_CHUNK_HEADS);
	int rc;

	if (!q)
		return -1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		listing_of(s->heads, sqlite3_column_int64(q, 0), (uint8_t)sqlite3_column_int(q, 1))->end =
		    sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	if (rc != SQLITE_DONE || !(q = store_sql(s, SQL_CARRIERS_BORN)))
		return store_fail(s, "reading the last values");
	sqlite3_bind_int(q, 1, EVENT_UPSTREAM_NEW);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		head_of(s->heads, line_key(sqlite3_column_int64(q, 0), (uint8_t)sqlite3_column_int(q, 1),
				      (asn_t)sqlite3_column_int64(q, 2)))
		    ->born = sqlite3_column_int64(q, 3);
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : store_fail(s, "reading when carriers were first seen");
}

int heads_load(struct store *s)
{
	if (s->heads)
		return 0;
	s->heads = mem_alloc(sizeof *s->heads);
	return store_carriers(s, NULL, head_load, s) || ends_load(s) ? -1 : 0;
}

/* ---- territories by name ---- */
static struct name *name_slot(struct name *name, size_t cap, const char *text)
{
	size_t i = hash_bytes(text, strlen(text)) & (cap - 1);

	while (name[i].text && strcmp(name[i].text, text) != 0)
		i = (i + 1) & (cap - 1);
	return &name[i];
}

static struct name *name_of(struct heads *h, const char *text)
{
	if ((h->names + 1) * 2 > h->name_cap) {
		size_t cap = h->name_cap ? h->name_cap * 2 : 512;
		struct name *grown = mem_array(cap, sizeof *grown);
		for (size_t i = 0; i < h->name_cap; i++)
			if (h->name[i].text)
				*name_slot(grown, cap, h->name[i].text) = h->name[i];
		free(h->name);
		h->name = grown;
		h->name_cap = cap;
		h->latest = NULL;
	}
	return name_slot(h->name, h->name_cap, text);
}

static int64_t territory_ask(struct store *s, const char *id, bool make)
{
	sqlite3_stmt *q = store_sql(s, SQL_TERRITORY_ID);
	int64_t row = 0;
	int rc;

	if (!q)
		return -1;
	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		row = sqlite3_column_int64(q, 0);
	else if (rc != SQLITE_DONE)
		row = store_fail(s, "looking for a territory");
	sqlite3_reset(q);
	if (row || !make)
		return row;
	q = store_sql(s, SQL_TERRITORY_ADD);
	if (!q || store_begin(s))
		return -1;
	sqlite3_bind_text(q, 1, id, -1, SQLITE_STATIC);
	return store_step(s, q, "adding a territory") ? -1 : sqlite3_last_insert_rowid(s->db);
}

int64_t territory_row(struct store *s, const char *id, bool make)
{
	struct name *at;
	int64_t row;

	if (!s->heads)
		return territory_ask(s, id, make);
	if (s->heads->latest && strcmp(s->heads->latest->text, id) == 0)
		return s->heads->latest->id;
	at = name_of(s->heads, id);
	if (at->text) {
		s->heads->latest = at;
		return at->id;
	}
	row = territory_ask(s, id, make);
	if (row > 0) {
		at->text = mem_strdup(id);
		at->id = row;
		s->heads->names++;
	}
	return row;
}
