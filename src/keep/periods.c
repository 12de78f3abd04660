/*
 * keep/periods: a series cut into calendar or equal steps, and the times with a single carrier. In: a series.
 * Out: struct periods, the caller's (periods_free).
 */
#include "keep/keep.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PERIODS_MAX = 1000000 };

bool step_parse(const char *s, struct step *step)
{
	*step = (struct step){0};
	if (strcmp(s, "year") == 0)
		step->months = 12;
	else if (strcmp(s, "month") == 0)
		step->months = 1;
	else if (strcmp(s, "day") == 0)
		step->span = 86400 * UTIME_SECOND;
	else if (strcmp(s, "hour") == 0)
		step->span = 3600 * UTIME_SECOND;
	else
		return utime_parse_span(s, &step->span) && step->span > 0;
	return true;
}

struct step step_for(utime_t span)
{
	const utime_t day = 86400 * UTIME_SECOND;

	if (span > 3 * 365 * day)
		return (struct step){.months = 12};
	if (span > 93 * day)
		return (struct step){.months = 1};
	if (span > 3 * day)
		return (struct step){.span = day};
	return (struct step){
	    .span = span > 6 * 3600 * UTIME_SECOND ? 3600 * UTIME_SECOND : 600 * UTIME_SECOND};
}

static utime_t floor_to(utime_t t, utime_t span)
{
	utime_t rest = t % span;

	return t - (rest < 0 ? rest + span : rest);
}

/* The first boundary after t. */
utime_t step_after(const struct step *step, utime_t t)
{
	time_t seconds = (time_t)(floor_to(t, UTIME_SECOND) / UTIME_SECOND);
	struct tm tm;

	if (!step->months)
		return floor_to(t, step->span) + step->span;
	gmtime_r(&seconds, &tm);
	tm.tm_mon = (tm.tm_mon / step->months + 1) * step->months;
	tm.tm_mday = 1;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return (utime_t)timegm(&tm) * UTIME_SECOND;
}

static int share_cmp(const void *a, const void *b)
{
	const struct period_share *x = a, *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return (x->upstream > y->upstream) - (x->upstream < y->upstream);
}

static void period_fill(const struct series *s, struct period *p)
{
	double square = 0, sum = 0;

	p->share = mem_array(s->n, sizeof *p->share);
	for (size_t i = 0; i < s->n; i++) {
		double mean = line_mean(&s->line[i], p->from, p->to);
		if (s->line[i].upstream == 0)
			p->visible = mean;
		else if (mean > 0)
			p->share[p->n++] = (struct period_share){s->line[i].upstream, mean};
	}
	qsort(p->share, p->n, sizeof *p->share, share_cmp);
	for (size_t i = 0; i < p->n; i++)
		sum += p->share[i].share;
	for (size_t i = 0; i < p->n; i++) { /* of the time it was visible: an outage is no shift */
		p->share[i].share /= sum;
		square += p->share[i].share * p->share[i].share;
	}
	p->effective = p->n ? 1 / square : NAN;
}

/* ---- a single carrier ---- */
struct turn { /* a line begins or ends to carry */
	utime_t at;
	asn_t upstream;
	int by;
};

static int turn_cmp(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->by - y->by;
}

static size_t turns_make(const struct series *s, struct turn **turns)
{
	size_t n = 0, cap = 0;

	*turns = NULL;
	for (size_t i = 0; i < s->n; i++) {
		bool on = false;
		for (size_t k = 0; s->line[i].upstream && k < s->line[i].n; k++) {
			bool now = s->line[i].point[k].share > 0;
			if (now == on)
				continue;
			*turns = vec_room(*turns, n, &cap, sizeof **turns);
			(*turns)[n++] =
			    (struct turn){s->line[i].point[k].time, s->line[i].upstream, now ? 1 : -1};
			on = now;
		}
	}
	if (n)
		qsort(*turns, n, sizeof **turns, turn_cmp);
	return n;
}

static void spells_find(const struct series *s, struct periods *p)
{
	struct turn *t;
	size_t n = turns_make(s, &t), cap = 0;
	int64_t carriers = 0, sum = 0; /* of their numbers: the one left when there is one */

	for (size_t i = 0; i < n; i++) {
		utime_t until = i + 1 < n ? t[i + 1].at : s->to;
		carriers += t[i].by;
		sum += t[i].by * (int64_t)t[i].upstream;
		if (carriers != 1 || until <= t[i].at)
			continue;
		if (p->spells && p->spell[p->spells - 1].to == t[i].at &&
		    p->spell[p->spells - 1].upstream == (asn_t)sum) {
			p->spell[p->spells - 1].to = until;
			continue;
		}
		p->spell = vec_room(p->spell, p->spells, &cap, sizeof *p->spell);
		p->spell[p->spells++] = (struct spell){t[i].at, until, (asn_t)sum};
	}
	free(t);
}

bool periods_make(const struct series *s, const struct step *step, struct periods *p)
{
	size_t cap = 0;

	*p = (struct periods){.step = *step};
	for (utime_t t = s->from; s->n && t < s->to; t = p->period[p->n - 1].to) {
		utime_t end = step_after(step, t);
		if (p->n == PERIODS_MAX) {
			periods_free(p);
			return false;
		}
		p->period = vec_room(p->period, p->n, &cap, sizeof *p->period);
		p->period[p->n] = (struct period){.from = t, .to = end < s->to ? end : s->to};
		period_fill(s, &p->period[p->n++]);
	}
	spells_find(s, p);
	return true;
}

void periods_free(struct periods *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->period[i].share);
	free(p->period);
	free(p->spell);
	*p = (struct periods){0};
}
