/* sim/session: see play.h. What of a story reaches the collector's files. */
#include "base/mem.h"
#include "sim/play.h"
#include "sim/rand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_IDLE = 1, STATE_ESTABLISHED = 6 };

void story_tell(struct story *t, const struct line_told *line)
{
	t->line = vec_room(t->line, t->lines, &t->lines_cap, sizeof *t->line);
	t->line[t->lines] = *line;
	t->line[t->lines].order = (uint32_t)t->lines;
	t->lines++;
}

/* Most peers are quick, a few are late: the square of an even draw. */
double session_delay(const struct play *p, uint32_t session, uint32_t cause)
{
	double u = rand_unit_of(p->s->seed + 7, cause, session);

	return u * u;
}

static void event_add(struct play *p, const struct action *a, uint32_t session)
{
	bool down = a->deed == DEED_RESET || a->deed == DEED_RESTART;

	p->event = vec_room(p->event, p->events, &p->events_cap, sizeof *p->event);
	p->event[p->events] = (struct session_event){.at = a->at + p->s->collector[a->collector].skew,
	    .session = session,
	    .order = (uint32_t)p->events,
	    .cause = (uint32_t)(a - p->s->action),
	    .down = down,
	    .silent = a->silent || p->s->collector[a->collector].no_states,
	    .off = a->deed == DEED_RESTART || a->deed == DEED_STARTED};
	p->events++;
}

bool session_deed(struct play *p, const struct action *a)
{
	bool whole = a->deed == DEED_RESTART || a->deed == DEED_STARTED, found = whole;
	char text[ADDR_TEXT + 1] = "";

	for (uint32_t i = 0; i < p->s->sessions; i++) {
		const struct session *c = &p->s->session[i];
		bool meant = a->addr.family ? addr_cmp(&a->addr, &c->addr) == 0 : a->a == c->asn;
		if (c->collector != a->collector || !(whole || meant))
			continue;
		found = true;
		event_add(p, a, i);
	}
	if (!found) {
		if (a->addr.family)
			text[addr_text(text, &a->addr)] = '\0';
		else
			snprintf(text, sizeof text, "AS%u", a->a);
		snprintf(p->why, p->why_cap, "%s:%u: %s has no peer %s", p->s->file, a->line,
		    p->s->collector[a->collector].name, text);
	}
	return found;
}

/* ---- churn: updates that change nothing of what is measured ---- */
static bool measured(const struct scenario *s, const struct prefix *x)
{
	for (size_t i = 0; i < s->places; i++)
		for (uint32_t k = 0; k < s->place[i].prefixes.n; k++)
			if (prefix_covers(&s->place[i].prefixes.v[k], x))
				return true;
	return false;
}

void churn_tell(struct play *p)
{
	struct story *t = p->story;
	const struct scenario *s = p->s;
	uint32_t *quiet = mem_array((size_t)t->prefixes + 1, sizeof *quiet), n = 0;

	for (uint32_t i = 0; i < t->prefixes; i++)
		if (!measured(s, &t->prefix[i]))
			quiet[n++] = i;
	for (uint32_t i = 0; n && s->churn > 0 && i < s->sessions; i++) {
		struct rand r = {rand_of(s->seed, 99, i)};
		double mean = 3600e6 / s->churn;
		utime_t at = s->start;
		while ((at += (utime_t)(-mean * log(1 - rand_unit(&r))) + 1) < s->end)
			story_tell(t, &(struct line_told){.at = at,
					  .session = i,
					  .prefix = quiet[rand_below(&r, n)],
					  .cause = CAUSE_NONE,
					  .told = TOLD_AGAIN});
	}
	free(quiet);
}

/* ---- down and up ---- */
static int line_order(const void *x, const void *y)
{
	const struct line_told *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int event_order(const void *x, const void *y)
{
	const struct session_event *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

struct filter { /* walks the lines as the world tells them, keeps what the collector writes */
	struct play *p;
	struct story *t;
	uint32_t *now;   /* by session and prefix: what the peer has */
	unsigned *downs; /* by session: reasons to be down */
	struct line_told *in;
	size_t lines, next;
};

static void state_tell(struct filter *f, const struct session_event *e)
{
	story_tell(f->t, &(struct line_told){.at = e->at,
			     .session = e->session,
			     .cause = e->cause,
			     .told = TOLD_STATE,
			     .old_state = e->down ? STATE_ESTABLISHED : STATE_IDLE,
			     .new_state = e->down ? STATE_IDLE : STATE_ESTABLISHED,
			     .hidden = e->silent || (e->off && e->down)});
}

/* The peer tells its whole table, within seconds. */
static void table_tell(struct filter *f, const struct session_event *e)
{
	uint32_t n = f->t->prefixes;
	const uint32_t *row = f->now + (size_t)e->session * n;
	utime_t at = e->at;

	for (uint32_t i = 0; i < n; i++) {
		if (!row[i])
			continue;
		at += 1 + (utime_t)(rand_of(f->p->s->seed, e->session, i) % 20000);
		story_tell(f->t, &(struct line_told){.at = at,
				     .session = e->session,
				     .prefix = i,
				     .path = row[i],
				     .cause = e->cause,
				     .told = TOLD_ROUTE});
	}
}

static void filter_line(struct filter *f, const struct line_told *l)
{
	uint32_t *cell = &f->now[(size_t)l->session * f->t->prefixes + l->prefix];
	struct line_told out = *l;

	if (l->told == TOLD_ROUTE)
		*cell = l->path;
	out.path = *cell;
	if (f->downs[l->session] == 0 && (l->told == TOLD_ROUTE || *cell))
		story_tell(f->t, &out);
}

static void filter_event(struct filter *f, const struct session_event *e)
{
	unsigned *downs = &f->downs[e->session];

	if (e->down) {
		if ((*downs)++ == 0)
			state_tell(f, e);
		return;
	}
	if (*downs == 0 || --*downs > 0)
		return;
	state_tell(f, e);
	table_tell(f, e);
}

/* A table told anew takes seconds; what changed meanwhile must stand behind it. */
static void lines_mend(struct story *t)
{
	size_t cells = t->s->sessions * t->prefixes;
	utime_t *last = mem_array(cells + 1, sizeof *last);

	for (size_t i = 0; i < t->lines; i++) {
		struct line_told *l = &t->line[i];
		utime_t *cell = &last[(size_t)l->session * t->prefixes + l->prefix];
		if (l->told == TOLD_STATE)
			continue;
		if (l->at < *cell)
			l->at = *cell + 1;
		*cell = l->at;
	}
	free(last);
	if (t->lines)
		qsort(t->line, t->lines, sizeof *t->line, line_order);
}

void sessions_tell(struct play *p)
{
	struct story *t = p->story;
	const struct scenario *s = p->s;
	size_t cells = s->sessions * t->prefixes, e = 0;
	struct filter f = {.p = p, .t = t, .in = t->line, .lines = t->lines};

	for (size_t i = 0; i < f.lines; i++)
		f.in[i].at += s->collector[s->session[f.in[i].session].collector].skew;
	if (f.lines)
		qsort(f.in, f.lines, sizeof *f.in, line_order);
	if (p->events)
		qsort(p->event, p->events, sizeof *p->event, event_order);
	f.now = mem_array(cells + 1, sizeof *f.now);
	f.downs = mem_array(s->sessions, sizeof *f.downs);
	memcpy(f.now, t->first, cells * sizeof *f.now);
	for (uint32_t i = 0; i < s->sessions; i++) {
		f.downs[i] = t->down[i];
		if (t->down[i])
			memset(t->first + (size_t)i * t->prefixes, 0, t->prefixes * sizeof *t->first);
	}
	t->line = NULL;
	t->lines = t->lines_cap = 0;
	while (f.next < f.lines || e < p->events) {
		if (e < p->events && (f.next == f.lines || p->event[e].at <= f.in[f.next].at))
			filter_event(&f, &p->event[e++]);
		else
			filter_line(&f, &f.in[f.next++]);
	}
	lines_mend(t);
	free(f.in);
	free(f.now);
	free(f.downs);
	free(p->event);
	p->event = NULL;
	while (t->lines && t->line[t->lines - 1].at >= s->end)
		t->lines--;
}
