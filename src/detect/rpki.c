/*
 * detect/rpki: prefixes that a changed ROA makes invalid (RFC 6811). In: the times at which ROAs come and go
 * (enrich), the table. Out: rpki-invalid, one for what a network has in a place and one change made invalid,
 * with the visibility it loses while carriers that validate drop it; it ends when none of it is invalid any
 * more. Looked at when a ROA changes, and then every ten minutes for a day: the loss comes within hours.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>

#define LOOK_EVERY (10 * MINUTE)

static bool invalid(enum rpki s)
{
	return s == RPKI_INVALID_ORIGIN || s == RPKI_INVALID_LENGTH;
}

static uint64_t rpki_key(const struct detect *d, uint32_t member)
{
	const struct member_of *m = member_at(d, member);

	return (uint64_t)(m->place + 1) << 32 | d->prefix[m->prefix].origin | UINT64_C(3) << 62;
}

/* The visibility of its prefixes, by their weight, and how much of the place that is. */
static double rpki_visibility(const struct detect *d, const struct open_event *x, double *part)
{
	const struct place *p = &d->place[x->place];
	double seen = 0, all = 0;

	for (size_t i = 0; i < x->e.prefixes; i++) {
		prefix_id id = prefix_find(d->t, &x->e.prefix[i]);
		for (uint32_t m = id == PREFIX_NONE ? NO_INDEX : d->prefix[id].member; m != NO_INDEX;
		     m = member_at(d, m)->next_of_prefix)
			if (member_at(d, m)->place == x->place) {
				seen +=
				    (double)member_at(d, m)->weight * member_visibility(d, member_at(d, m));
				all += (double)member_at(d, m)->weight;
			}
	}
	*part = p->whole ? all / (double)p->whole : 0;
	return all > 0 ? seen / all : 0;
}

static void rpki_tell(struct detect *d, uint32_t index)
{
	struct open_event *x = d->event[index];
	const struct place *p = &d->place[x->place];
	struct matter what = {.place = p, .what = MATTER_GONE};
	struct event *e = &x->e;
	enum rpki how;
	char who[96], where[64];
	double part, now;

	event_sort(d, index);
	now = rpki_visibility(d, x, &part);
	if (!(e->before >= 0)) /* told for the first time */
		e->before = e->after = now;
	if (now < e->after)
		e->after = now;
	how = prefix_rpki(d->f, &e->prefix[0], e->asn, d->now);
	witness_evidence(d, e, e->first_seen, d->now, &what);
	e->scope = e->prefixes >= p->up_members ? SCOPE_TERRITORY : SCOPE_PREFIX;
	e->severity = severity_of(d, p, part * (0.1 + 0.9 * (e->before - e->after)), e);
	asn_text(d, e->asn, who, sizeof who);
	place_text(d, p, where, sizeof where);
	event_why(e,
	    "A changed ROA makes %zu prefix%s of %s, announced by %s, RPKI invalid (%s); visibility %.2f to "
	    "%.2f",
	    e->prefixes, es(e->prefixes), where, who, how == RPKI_INVALID_LENGTH ? "length" : "origin",
	    e->before, e->after);
	event_tell(d, index);
}

static bool event_names(const struct event *e, const struct prefix *p)
{
	for (size_t i = 0; i < e->prefixes; i++)
		if (prefix_equal(&e->prefix[i], p))
			return true;
	return false;
}

static void rpki_begins(struct detect *d, uint32_t member)
{
	struct member_of *m = member_at(d, member);
	uint32_t index = map_get(&d->groups, rpki_key(d, member));
	struct place *p = &d->place[m->place];
	struct event *e = event_at(d, index);

	if (!e || e->first_seen != d->now) {
		index = event_open(d, EVENT_RPKI_INVALID, SCOPE_PREFIX, m->place, d->now);
		e = event_at(d, index);
		e->asn = d->prefix[m->prefix].origin;
		event_join(d, index, &p->trouble_episode, &p->trouble_last);
		map_put(&d->groups, rpki_key(d, member), index);
		due_add(d, DUE_RPKI_LOOK, d->now, index, 0, 0);
	}
	if (event_names(e, prefix_of(d->t, m->prefix)))
		return; /* two ROAs of it changed at once */
	event_add_prefix(d, index, prefix_of(d->t, m->prefix));
	d->event[index]->live++;
}

static void rpki_ends(struct detect *d, uint32_t member)
{
	uint32_t index = map_get(&d->groups, rpki_key(d, member));
	const struct event *e = event_at(d, index);

	if (e && event_names(e, prefix_of(d->t, member_at(d, member)->prefix)) &&
	    --d->event[index]->live == 0)
		event_close(d, index, d->now);
}

/* Everything in the table that the changed ROA speaks of. */
static void roa_changed(void *arg, const struct prefix *p)
{
	struct detect *d = arg;
	size_t n = prefix_inside(d->t, p, NULL, 0);
	prefix_id *inside = mem_array(n + 1, sizeof *inside);

	n = prefix_inside(d->t, p, inside, n);
	for (size_t i = 0; i < n; i++) {
		prefix_id id = inside[i];
		const struct prefix_fact *pf = id < d->prefixes ? &d->prefix[id] : NULL;
		bool was, is;
		if (!pf || !pf->origin || !prefix_routes(d->t, id))
			continue;
		was = invalid(prefix_rpki(d->f, prefix_of(d->t, id), pf->origin, d->now - 1));
		is = invalid(prefix_rpki(d->f, prefix_of(d->t, id), pf->origin, d->now));
		for (uint32_t m = was == is ? NO_INDEX : prefix_members(d, id); m != NO_INDEX;
		     m = member_at(d, m)->next_of_prefix) {
			if (is)
				rpki_begins(d, m);
			else
				rpki_ends(d, m);
		}
	}
	free(inside);
}

/* From now on; also after a run was loaded, with what is known of ROAs today. */
void rpki_start(struct detect *d)
{
	d->roas_next = roas_change_after(d->f, d->now);
	d->roas_known = true;
	if (d->roas_next != UTIME_MAX)
		due_add(d, DUE_ROA, d->roas_next, 0, 0, d->roas_next);
}

void roa_judge(struct detect *d, const struct due *due)
{
	if (due->stamp != d->roas_next)
		return;
	roas_changed(d->f, due->at, roa_changed, d);
	rpki_start(d);
}

void rpki_look(struct detect *d, const struct due *due)
{
	struct event *e = event_at(d, due->subject);
	double part;

	if (!e || e->kind != EVENT_RPKI_INVALID)
		return;
	if (!d->event[due->subject]->told ||
	    rpki_visibility(d, d->event[due->subject], &part) < e->after - 0.005)
		rpki_tell(d, due->subject);
	if (d->now - e->first_seen < DAY)
		due_add(d, DUE_RPKI_LOOK, d->now + LOOK_EVERY, due->subject, 0, 0);
}
