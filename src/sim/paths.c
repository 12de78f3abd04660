/* sim/paths: paths as ids, see story.h; and the replay of a story. */
#include "base/mem.h"
#include "sim/rand.h"
#include "sim/story.h"

#include <stdlib.h>
#include <string.h>

static uint64_t path_hash(const asn_t *path, size_t n)
{
	uint64_t h = n;

	for (size_t i = 0; i < n; i++)
		h = hash_u64(h * 31 + path[i]);
	return h;
}

static void slots_grow(struct paths *p)
{
	free(p->slot);
	p->slots = p->slots ? p->slots * 2 : 1024;
	p->slot = mem_array(p->slots, sizeof *p->slot);
	for (uint32_t id = 1; id < p->n; id++) {
		size_t n, at;
		const asn_t *path = story_paths_of(p, id, &n);
		for (at = path_hash(path, n) & (p->slots - 1); p->slot[at]; at = (at + 1) & (p->slots - 1))
			;
		p->slot[at] = id;
	}
}

static void paths_append(struct paths *p, const asn_t *path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p->asn = vec_room(p->asn, p->asns, &p->asns_cap, sizeof *p->asn);
		p->asn[p->asns++] = path[i];
	}
	p->first = vec_room(p->first, p->n + 1, &p->cap, sizeof *p->first);
	p->first[++p->n] = p->asns;
}

uint32_t story_paths_id(struct paths *p, const asn_t *path, size_t n)
{
	size_t at;

	if (p->n == 0) { /* id 0 is the empty path */
		p->first = vec_room(p->first, 0, &p->cap, sizeof *p->first);
		p->first[0] = 0;
		paths_append(p, NULL, 0);
	}
	if (n == 0)
		return 0;
	if (p->slots < 2 * (p->n + 1))
		slots_grow(p);
	for (at = path_hash(path, n) & (p->slots - 1); p->slot[at]; at = (at + 1) & (p->slots - 1)) {
		size_t k;
		const asn_t *there = story_paths_of(p, p->slot[at], &k);
		if (k == n && memcmp(there, path, n * sizeof *path) == 0)
			return p->slot[at];
	}
	p->slot[at] = (uint32_t)p->n;
	paths_append(p, path, n);
	return p->slot[at];
}

void story_paths_free(struct paths *p)
{
	free(p->asn);
	free(p->first);
	free(p->slot);
	*p = (struct paths){0};
}

void retell_start(struct retell *r, const struct story *story)
{
	size_t cells = story->s->sessions * story->prefixes;

	*r = (struct retell){.story = story};
	r->table = mem_array(cells + 1, sizeof *r->table);
	r->up = mem_array(story->s->sessions, sizeof *r->up);
	memcpy(r->table, story->first, cells * sizeof *r->table);
	for (size_t i = 0; i < story->s->sessions; i++)
		r->up[i] = !story->down[i];
}

const struct line_told *retell_next(struct retell *r, uint32_t *before)
{
	const struct line_told *l;
	uint32_t *cell;

	if (r->next == r->story->lines)
		return NULL;
	l = &r->story->line[r->next++];
	*before = 0;
	if (l->told == TOLD_STATE) {
		if (l->hidden)
			return l; /* no record says so: who reads the files goes on believing the table */
		r->up[l->session] = l->new_state == 6;
		memset(r->table + (size_t)l->session * r->story->prefixes, 0,
		    r->story->prefixes * sizeof *r->table);
		return l;
	}
	cell = &r->table[(size_t)l->session * r->story->prefixes + l->prefix];
	*before = *cell;
	*cell = l->path;
	return l;
}

void retell_free(struct retell *r)
{
	free(r->table);
	free(r->up);
}
