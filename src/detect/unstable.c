/*
 * detect/unstable: prefixes that will not settle. In: members touched in a second. Out: instability, from the
 * first of five changes within an hour to the last before an hour without. Counted is what all see: a prefix
 * going dark or coming back, or its main upstream changing; not single peers' paths, and not a change that an
 * upstream-* event of the same minutes tells.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdio.h>
#include <string.h>

uint32_t member_main(const struct detect *d, const struct member_of *m)
{
	if (m->level == LEVEL_DOWN || m->level == LEVEL_UNKNOWN)
		return NO_INDEX;
	for (uint32_t k = m->cells; k != NO_INDEX; k = cell_at(d, k)->next)
		if (cell_at(d, k)->votes * 2 > m->visible)
			return cell_at(d, k)->carrier;
	return m->main;
}

void place_moved(struct place *p, utime_t at)
{
	size_t n = sizeof p->moved / sizeof *p->moved;

	memmove(p->moved, p->moved + 1, (n - 1) * sizeof *p->moved);
	p->moved[n - 1] = at;
}

static bool flip_is_told(const struct place *p, utime_t at)
{
	for (size_t i = 0; i < sizeof p->moved / sizeof *p->moved; i++)
		if (p->moved[i] != UTIME_NONE && at >= p->moved[i] - DECLINE_GAP &&
		    at <= p->moved[i] + GROUP_WITHIN)
			return true;
	return false;
}

static void flip_drop(struct flips *f, unsigned i)
{
	memmove(f->at + i, f->at + i + 1, ((unsigned)f->n - i - 1) * sizeof *f->at);
	f->dark = (uint8_t)(((unsigned)f->dark & ((1U << i) - 1)) | ((unsigned)f->dark >> (i + 1) << i));
	f->n--;
}

/* Changes of carrier that an upstream event of the same minutes tells are no unrest. */
static void flips_sift(const struct place *p, struct flips *f)
{
	for (unsigned i = f->n; i-- > 0;)
		if (!(f->dark >> i & 1) && flip_is_told(p, f->at[i]))
			flip_drop(f, i);
}

static struct flips *flips_of(struct detect *d, uint32_t member)
{
	struct member_more *m = member_more_at(d, member);

	if (m->flips == NO_INDEX) {
		d->flips = vec_room(d->flips, d->n_flips, &d->flips_cap, sizeof *d->flips);
		d->flips[d->n_flips] = (struct flips){.n = 0};
		m->flips = (uint32_t)d->n_flips++;
	}
	return &d->flips[m->flips];
}

static uint64_t unrest_key(const struct detect *d, const struct member_of *m)
{
	return (uint64_t)(m->place + 1) << 32 | d->prefix[m->prefix].origin | UINT64_C(1) << 63;
}

static uint32_t unrest_get(const struct detect *d, const struct member_of *m)
{
	const struct place *p = &d->place[m->place];

	return place_is_small(d, p) ? p->instability : map_get(&d->groups, unrest_key(d, m));
}

static void unrest_put(struct detect *d, const struct member_of *m, uint32_t event)
{
	struct place *p = &d->place[m->place];

	if (place_is_small(d, p))
		p->instability = event;
	else
		map_put(&d->groups, unrest_key(d, m), event);
}

static void unrest_why(struct detect *d, struct event *e, const struct place *p)
{
	char where[64];

	place_text(d, p, where, sizeof where);
	if (d->o.baseline)
		event_why(e, "%zu of %u prefix%s of %s changed at least %u times within an hour", e->prefixes,
		    p->members, es(p->members), where, d->o.instability_changes);
	else
		event_why(e, "%zu prefix%s of %s changed at least %u times within an hour", e->prefixes,
		    es(e->prefixes), where, d->o.instability_changes);
}

static void unrest_tell(struct detect *d, uint32_t index, const struct member_of *m)
{
	struct event *e = event_at(d, index);
	struct place *p = &d->place[m->place];
	struct matter what = {.place = p, .what = MATTER_ANY};
	size_t before = e->prefixes;

	event_add_prefix(d, index, prefix_of(d->t, m->prefix));
	event_sort(d, index);
	if (e->prefixes == before)
		return;
	e->scope = place_is_small(d, p) && e->prefixes >= p->up_members ? SCOPE_TERRITORY : SCOPE_PREFIX;
	e->severity =
	    severity_of(d, p, p->whole ? (double)e->prefixes * (double)m->weight / (double)p->whole : 0, e);
	if (e->severity > SEVERITY_MEDIUM)
		e->severity = SEVERITY_MEDIUM;
	if (event_is_read(d, e)) {
		witness_evidence(d, e, e->first_seen, d->now, &what);
		unrest_why(d, e, p);
	}
	event_tell(d, index);
}

static void member_unrest(struct detect *d, uint32_t member)
{
	struct member_of *m = member_at(d, member);
	struct place *p = &d->place[m->place];
	uint32_t index = unrest_get(d, m);
	utime_t first = d->flips[member_more_at(d, member)->flips].at[0];

	if (!event_at(d, index)) {
		index = event_open(d, EVENT_INSTABILITY, SCOPE_PREFIX, m->place, first);
		event_at(d, index)->asn = d->prefix[m->prefix].origin;
		unrest_put(d, m, index);
		if (place_is_small(d, p))
			event_join(d, index, &p->trouble_episode, &p->trouble_last);
		due_add(d, DUE_QUIET, d->now + d->o.instability_window, index, 0, 0);
	}
	if (first < event_at(d, index)->first_seen)
		event_at(d, index)->first_seen = first;
	d->event[index]->last = d->now;
	unrest_tell(d, index, m);
}

static void flip_add(struct detect *d, uint32_t member, utime_t at, bool dark)
{
	struct flips *f = flips_of(d, member);
	unsigned want = d->o.instability_changes < FLIPS ? d->o.instability_changes : FLIPS;

	if (!dark && f->n && at - f->at[f->n - 1] <= DECLINE_GAP)
		return; /* while all are still telling the last one, the greater part wavers */
	if (f->n == want)
		flip_drop(f, 0);
	f->at[f->n] = at;
	f->dark = (uint8_t)(f->dark | (unsigned)dark << f->n);
	f->n++;
	if (f->n == want)
		flips_sift(&d->place[member_at(d, member)->place], f);
	if (f->n && f->n == want && f->at[f->n - 1] - f->at[0] <= d->o.instability_window)
		member_unrest(d, member);
}

void member_flip(struct detect *d, uint32_t member, utime_t at)
{
	struct member_of *m = member_at(d, member);
	uint32_t is = member_main(d, m), was = m->main;
	utime_t began = is == NO_INDEX ? m->fall : was == NO_INDEX ? member_more_at(d, member)->rise : at;

	m->touched = false;
	m->main = is;
	if (is == was || d->quiet || !m->established || d->o.instability_changes == 0)
		return;
	flip_add(d, member, began == UTIME_NONE ? at : began, is == NO_INDEX || was == NO_INDEX);
}

/* The last vote of the recovery that the last flip began. */
static utime_t unrest_ends(struct detect *d, const struct event *e, utime_t last)
{
	utime_t end = last;

	for (size_t i = 0; i < e->prefixes; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		uint32_t m = id == PREFIX_NONE || id >= d->prefixes ? NO_INDEX : d->prefix[id].member;
		utime_t gain = m == NO_INDEX ? UTIME_NONE : member_at(d, m)->last_gain;
		if (gain != UTIME_NONE && gain > end && gain - last <= DECLINE_GAP)
			end = gain;
	}
	return end;
}

void quiet_judge(struct detect *d, const struct due *due)
{
	struct event *e = event_at(d, due->subject);
	utime_t last;

	if (!e)
		return;
	last = d->event[due->subject]->last;
	if (d->now - last < d->o.instability_window) {
		due_add(d, DUE_QUIET, last + d->o.instability_window, due->subject, 0, 0);
		return;
	}
	event_close(d, due->subject, unrest_ends(d, e, last));
}
