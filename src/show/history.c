/* show/history: what the formats of `history` share. See history.h. */
#include "show/history.h"

#include "base/mem.h"
#include "show/text.h"

#include <stdlib.h>

struct weighed {
	const struct line *line;
	double share;
};

static int weighed_cmp(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->share != y->share)
		return x->share > y->share ? -1 : 1;
	return (x->line->upstream > y->line->upstream) - (x->line->upstream < y->line->upstream);
}

const struct line **history_order(const struct history *h, size_t *n)
{
	const struct series *s = h->series;
	struct weighed *w = mem_array(s->n, sizeof *w);
	const struct line **order = mem_array(s->n, sizeof *order);

	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].upstream)
			w[(*n)++] = (struct weighed){&s->line[i], line_mean(&s->line[i], s->from, s->to)};
	qsort(w, *n, sizeof *w, weighed_cmp);
	for (size_t i = 0; i < *n; i++)
		order[i] = w[i].line;
	free(w);
	return order;
}

void history_period_text(const struct history *h, const struct period *p, char buf[static 40])
{
	const struct step *step = &h->periods->step;

	text_time(buf, p->from);
	if (step->months == 12)
		buf[4] = '\0';
	else if (step->months)
		buf[7] = '\0';
	else if (step->span % (86400 * UTIME_SECOND) == 0)
		buf[10] = '\0';
	else if (step->span % (60 * UTIME_SECOND) == 0)
		buf[16] = '\0';
}

double period_share_of(const struct period *p, asn_t upstream)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->share[i].upstream == upstream)
			return p->share[i].share;
	return 0;
}
