/*
 * detect/tell: events from first sign to end. In: what a rule found. Out: struct event to the caller's
 * tell(), when confirmed, when it grew, and when it ended (same id). Owns the open events; an ended one is
 * forgotten.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t event_open(
    struct detect *d, enum event_kind kind, enum event_scope scope, uint32_t place, utime_t at)
{
	struct open_event *x = mem_alloc(sizeof *x);
	struct event *e = &x->e;

	e->id = ++d->next_id;
	e->episode = e->id;
	e->kind = kind;
	e->scope = scope;
	e->first_seen = at;
	e->confirmed = d->now;
	e->end = UTIME_NONE;
	e->before = e->after = NAN;
	x->place = place;
	x->last = at;
	x->look.at = UTIME_NONE;
	if (place != NO_INDEX) {
		const struct place *p = &d->place[place];
		memcpy(e->territory, p->id, sizeof e->territory);
		e->family = p->family;
	}
	d->event = vec_room(d->event, d->n_events, &d->event_cap, sizeof(struct open_event *));
	d->event[d->n_events] = x;
	return (uint32_t)d->n_events++;
}

struct event *event_at(struct detect *d, uint32_t index)
{
	return index == NO_INDEX || !d->event[index] ? NULL : &d->event[index]->e;
}

void event_add_prefix(struct detect *d, uint32_t index, const struct prefix *p)
{
	struct open_event *x = d->event[index];

	x->e.prefix = vec_room(x->e.prefix, x->e.prefixes, &x->cap, sizeof *x->e.prefix);
	x->e.prefix[x->e.prefixes++] = *p;
	x->unsorted = true;
}

static int prefix_order(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

void event_sort(struct detect *d, uint32_t index)
{
	struct open_event *x = d->event[index];
	size_t n = 0;

	if (!x->unsorted)
		return;
	qsort(x->e.prefix, x->e.prefixes, sizeof *x->e.prefix, prefix_order);
	for (size_t i = 0; i < x->e.prefixes; i++)
		if (n == 0 || !prefix_equal(&x->e.prefix[n - 1], &x->e.prefix[i]))
			x->e.prefix[n++] = x->e.prefix[i];
	x->e.prefixes = n;
	x->unsorted = false;
}

/* What began before anything could be news (a path's last end, found in the journal later) is none. */
static void tell_if_news(struct detect *d, const struct event *e)
{
	if (e->first_seen >= d->armed_at)
		d->tell(d->tell_arg, e);
}

void event_tell(struct detect *d, uint32_t index)
{
	event_sort(d, index);
	d->event[index]->told = true;
	tell_if_news(d, &d->event[index]->e);
}

void event_drop(struct detect *d, uint32_t index)
{
	event_free(&d->event[index]->e);
	free(d->event[index]);
	d->event[index] = NULL;
}

void event_close(struct detect *d, uint32_t index, utime_t end)
{
	struct event *e = event_at(d, index);

	if (!e)
		return;
	e->end = end > e->first_seen
		     ? end
		     : e->first_seen; /* what it takes back may be older than its first sign */
	event_sort(d, index);
	tell_if_news(d, e);
	event_drop(d, index);
}

/* The sentence, cut where it must be. */
void event_why(struct event *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->why, sizeof e->why, fmt, ap);
	va_end(ap);
}

void event_join(struct detect *d, uint32_t index, uint64_t *episode, utime_t *last)
{
	struct event *e = event_at(d, index);

	if (*episode && *last != UTIME_NONE && e->first_seen - *last <= d->o.episode_gap)
		e->episode = *episode;
	else
		*episode = e->id;
	*last = e->first_seen;
}

void event_upstream(struct detect *d, struct event *e, asn_t upstream)
{
	e->upstream = upstream;
	e->country = asn_country(d->f, upstream);
}

void event_free(struct event *e)
{
	free(e->prefix);
	e->prefix = NULL;
	e->prefixes = 0;
}

void event_copy(struct event *to, const struct event *from)
{
	*to = *from;
	to->prefix = NULL;
	if (!from->prefixes)
		return;
	to->prefix = mem_array(from->prefixes, sizeof *to->prefix);
	memcpy(to->prefix, from->prefix, from->prefixes * sizeof *to->prefix);
}

void place_text(const struct detect *d, const struct place *p, char *buf, size_t n)
{
	const char *name = p->who ? territory_name(p->who) : cc_name(p->country);

	snprintf(buf, n, "%s", name && *name ? name : p->id);
}

void asn_text(const struct detect *d, asn_t asn, char *buf, size_t n)
{
	const char *name = asn_name(d->f, asn);
	cc_t country = asn_country(d->f, asn);
	char cc[3];

	cc_text(cc, country);
	if (*name)
		snprintf(buf, n, "%.40s (AS%u%s%s)", name, asn, country ? ", " : "", country ? cc : "");
	else
		snprintf(
		    buf, n, "AS%u%s%s%s", asn, country ? " (" : "", country ? cc : "", country ? ")" : "");
}

/* What the place has by its sources, where updates alone do not show the whole; 0: nobody tells. */
static double place_size(struct detect *d, const struct place *of)
{
	struct place *p = &d->place[of - d->place];
	const struct territory *who = p->who;
	char cc[3];

	if (p->size < 0) {
		cc_text(cc, p->country);
		if (!who && p->country)
			who = territory_find(d->f, cc, NULL);
		p->size = who ? (float)territory_size(who, p->family, d->now) : 0;
	}
	return (double)p->size;
}

static double event_size(const struct event *e)
{
	const struct prefix *last = NULL;
	double sum = 0;

	for (size_t i = 0; i < e->prefixes; i++)
		if (!last || !prefix_covers(last, &e->prefix[i])) {
			last = &e->prefix[i];
			sum += prefix_size(last);
		}
	return sum;
}

static unsigned grade_of(const double v, const double *from, unsigned n)
{
	unsigned grade = 0;

	while (grade < n && v >= from[grade])
		grade++;
	return grade;
}

/*
 * How bad it is for the place: a part of it in a large one, absolute in a small one (design.md 6). Updates
 * alone show no whole to take a part of: there the number of prefixes decides, or what part they are of all
 * that is registered, a grade lower, and nothing is critical.
 */
enum severity severity_of(struct detect *d, const struct place *p, double part, const struct event *e)
{
	static const double parts[] = {0.005, 0.02, 0.1, 0.5}, counts[] = {10, 30, 100};
	unsigned by_part, by_count;
	double size;

	if (place_is_small(d, p))
		return part >= 0.5 ? SEVERITY_CRITICAL : part > 0 ? SEVERITY_HIGH : SEVERITY_LOW;
	if (d->o.baseline)
		return (enum severity)grade_of(part, parts, SEVERITY_CRITICAL);
	size = place_size(d, p);
	by_part = size > 0 ? grade_of(event_size(e) / size, parts + 1, SEVERITY_HIGH) : 0;
	by_count = grade_of((double)e->prefixes, counts, SEVERITY_HIGH);
	return (enum severity)(by_part > by_count ? by_part : by_count);
}
