/*
 * table/more: the paths of ADDPATH peers (RFC 7911), several a prefix, beside the columns, which hold the
 * first of them. A chained hash table by {peer, prefix}; the order within a key is the order of arrival.
 * Entries are reused, so a warm table allocates nothing.
 */
#include "table/inner.h"

#include "base/hash.h"

struct more_entry {
	prefix_id prefix;
	peer_id peer;
	uint32_t add_id, next; /* next: index + 1 */
	path_id path;
};

void more_free(struct more_paths *m)
{
	free(m->entry);
	free(m->bucket);
}

size_t more_bytes(const struct more_paths *m)
{
	return m->cap * sizeof *m->entry + m->buckets * sizeof *m->bucket;
}

static uint32_t *bucket_of(const struct more_paths *m, peer_id peer, prefix_id prefix)
{
	return &m->bucket[hash_u64(((uint64_t)peer << 32 | prefix) ^ hash_key()) & (m->buckets - 1)];
}

static bool is_of(const struct more_entry *e, peer_id peer, prefix_id prefix)
{
	return e->prefix == prefix && e->peer == peer;
}

static path_id first_of(const struct more_paths *m, peer_id peer, prefix_id prefix)
{
	for (uint32_t i = *bucket_of(m, peer, prefix); i; i = m->entry[i - 1].next)
		if (is_of(&m->entry[i - 1], peer, prefix))
			return m->entry[i - 1].path;
	return PATH_NONE;
}

static void append(struct more_paths *m, uint32_t index)
{
	struct more_entry *e = &m->entry[index - 1];
	uint32_t *link = bucket_of(m, e->peer, e->prefix);

	while (*link)
		link = &m->entry[*link - 1].next;
	*link = index;
	e->next = 0;
}

static void more_buckets(struct more_paths *m)
{
	size_t old = m->buckets;
	uint32_t *was = m->bucket;

	m->buckets = old ? old * 2 : 1024;
	m->bucket = mem_array(m->buckets, sizeof *m->bucket);
	for (size_t b = 0; b < old; b++)
		for (uint32_t i = was[b], next; i; i = next) {
			next = m->entry[i - 1].next;
			append(m, i);
		}
	free(was);
}

path_id more_put(struct more_paths *m, peer_id peer, prefix_id prefix, uint32_t add_id, path_id path)
{
	uint32_t index;

	if (m->used >= m->buckets)
		more_buckets(m);
	for (uint32_t i = *bucket_of(m, peer, prefix); i; i = m->entry[i - 1].next)
		if (is_of(&m->entry[i - 1], peer, prefix) && m->entry[i - 1].add_id == add_id) {
			m->entry[i - 1].path = path;
			return first_of(m, peer, prefix);
		}
	index = m->free;
	if (index) {
		m->free = m->entry[index - 1].next;
	} else {
		m->entry = vec_room(m->entry, m->n, &m->cap, sizeof *m->entry);
		index = (uint32_t)++m->n;
	}
	m->entry[index - 1] =
	    (struct more_entry){.prefix = prefix, .peer = peer, .add_id = add_id, .path = path};
	append(m, index);
	m->used++;
	return first_of(m, peer, prefix);
}

/* Takes out the entries of the key that have this add_id, or all. */
static void take(struct more_paths *m, peer_id peer, prefix_id prefix, uint32_t add_id, bool all)
{
	uint32_t *link = m->buckets ? bucket_of(m, peer, prefix) : NULL;

	while (link && *link) {
		uint32_t index = *link;
		struct more_entry *e = &m->entry[index - 1];
		if (!is_of(e, peer, prefix) || !(all || e->add_id == add_id)) {
			link = &e->next;
			continue;
		}
		*link = e->next;
		*e = (struct more_entry){.next = m->free, .peer = PEER_NONE};
		m->free = index;
		m->used--;
	}
}

path_id more_take(struct more_paths *m, peer_id peer, prefix_id prefix, uint32_t add_id)
{
	take(m, peer, prefix, add_id, false);
	return m->buckets ? first_of(m, peer, prefix) : PATH_NONE;
}

void more_clear(struct more_paths *m, peer_id peer, prefix_id prefix)
{
	take(m, peer, prefix, 0, true);
}

size_t more_list(
    const struct more_paths *m, peer_id peer, prefix_id prefix, path_id *out, size_t cap, size_t skip)
{
	size_t n = 0;

	if (!m->buckets)
		return 0;
	for (uint32_t i = *bucket_of(m, peer, prefix); i && n < cap; i = m->entry[i - 1].next) {
		if (!is_of(&m->entry[i - 1], peer, prefix))
			continue;
		if (skip)
			skip--;
		else
			out[n++] = m->entry[i - 1].path;
	}
	return n;
}

size_t more_entry_size(void)
{
	return sizeof(struct more_entry);
}

void *more_in_order(const struct more_paths *m)
{
	struct more_entry *all = mem_array(m->used, sizeof *all);
	size_t n = 0;

	for (size_t b = 0; b < m->buckets; b++)
		for (uint32_t i = m->bucket[b]; i; i = m->entry[i - 1].next)
			all[n++] = m->entry[i - 1];
	return all;
}

void more_from_order(struct more_paths *m, const void *entries, size_t n)
{
	const struct more_entry *e = entries;

	for (size_t i = 0; i < n; i++)
		(void)more_put(m, e[i].peer, e[i].prefix, e[i].add_id, e[i].path);
}
