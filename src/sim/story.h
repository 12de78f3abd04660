/*
 * sim/story: what every peer tells its collector, in order of time. In: a scenario. Out: the first tables and
 * the lines after them. The archive writes it as files, the truth is computed from the same lines, so the two
 * cannot differ. Owns its arrays; the scenario must outlive it.
 */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "sim/scenario.h"

struct paths { /* AS paths by id; 0: no route */
	asn_t *asn;
	size_t asns, asns_cap;
	size_t *first; /* n + 1 */
	size_t n, cap;
	uint32_t *slot; /* hash table of ids */
	size_t slots;
};
uint32_t story_paths_id(struct paths *p, const asn_t *path, size_t n); /* finds or makes */
static inline const asn_t *story_paths_of(const struct paths *p, uint32_t id, size_t *n)
{
	*n = p->first[id + 1] - p->first[id];
	return p->asn + p->first[id];
}
void story_paths_free(struct paths *p);

enum told { TOLD_ROUTE, TOLD_AGAIN, TOLD_STATE };
struct line_told {
	utime_t at; /* as the collector's clock has it */
	uint32_t order;
	uint32_t session;
	uint32_t prefix; /* ROUTE, AGAIN */
	uint32_t path;   /* 0: withdrawn */
	uint32_t cause;  /* index of the action, or CAUSE_NONE */
	uint8_t told;
	uint8_t old_state, new_state; /* STATE */
	bool hidden;                  /* STATE: the session ends, but no record says so */
};
#define CAUSE_NONE UINT32_MAX

struct story {
	const struct scenario *s;
	struct prefix *prefix; /* ascending */
	uint32_t prefixes;
	uint32_t *first; /* path ids at the start: session * prefixes + prefix */
	bool *down;      /* sessions not there at the start */
	struct line_told *line;
	size_t lines, lines_cap;
	struct paths paths;
	struct graph graph;      /* as it was at the start */
	uint64_t looked, spread; /* work done: choices made again; announcements computed from nothing */
};

bool story_make(const struct scenario *s, struct story *story, char *why, size_t cap);
void story_free(struct story *story);

/* A replay for the story's readers: the tables as the records tell them. */
struct retell {
	const struct story *story;
	uint32_t *table; /* session * prefixes + prefix */
	bool *up;        /* by session */
	size_t next;
};
void retell_start(struct retell *r, const struct story *story);
const struct line_told *retell_next(struct retell *r, uint32_t *before); /* applies it; NULL at the end */
void retell_free(struct retell *r);

#endif
