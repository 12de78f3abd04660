/* sim/play: the state while a scenario is played, shared by play.c (routes) and session.c (sessions). */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include "sim/story.h"

#define UNIT_NONE UINT32_MAX

struct signature { /* what makes two prefixes travel alike */
	uint32_t *origination;
	uint32_t n;
	uint32_t *leak;
	uint32_t leaks;
};
struct unit {
	struct signature sig;
	struct announcement a;
	struct route *routes;
	bool live;  /* a prefix has it now */
	bool fresh; /* its routes changed in this step */
};

struct stand {
	uint32_t origination;
	bool hidden;
};
struct standing { /* of a prefix: who announces it now */
	struct stand *v;
	uint32_t n;
	size_t cap;
	uint32_t *leak; /* links that leak it */
	uint32_t leaks;
	size_t leaks_cap;
	uint32_t unit;
};

struct change_of {
	uint32_t session, prefix, path;
};

struct session_event {
	utime_t at;
	uint32_t session, order;
	uint32_t cause;
	bool down, silent, off; /* off: the collector itself */
};

struct play {
	const struct scenario *s;
	struct story *story;
	struct graph g; /* as it is now */
	struct spread *spread;
	struct arena arena;
	struct standing *standing; /* by prefix */
	struct unit *unit;
	uint32_t units;
	size_t units_cap;
	uint32_t *scratch, scratch_n;
	struct route *before;
	uint32_t *now; /* path by session and prefix */
	utime_t *last; /* when it was told */
	uint32_t *session_node;
	const struct action **zombie;
	size_t zombies, zombies_cap;
	bool healed;
	struct change_of *change;
	size_t changes, changes_cap;
	uint32_t *touched;
	size_t toucheds, toucheds_cap;
	struct session_event *event;
	size_t events, events_cap;
	char *why;
	size_t why_cap;
};

uint32_t story_prefix(const struct story *t, const struct prefix *want); /* UINT32_MAX */
void story_tell(struct story *t, const struct line_told *line);
double session_delay(const struct play *p, uint32_t session, uint32_t cause); /* 0..1 of the convergence */
bool session_deed(struct play *p, const struct action *a); /* reset, restart and their ends */
void churn_tell(struct play *p);
/* Skew and order; what is told while a session is down is dropped, and told again when it is back. */
void sessions_tell(struct play *p);

#endif
