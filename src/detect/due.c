/* detect/due: what is to be judged later, in a heap by time; equal times keep the order of entry. A judgement
 * checks the stamp it was entered with: where its subject has moved on since, it is void. */
#include "base/mem.h"
#include "detect/inner.h"

static void (*const judge[DUE_KINDS])(struct detect *, const struct due *) = {
    [DUE_RETELL] = carrier_retell,
    [DUE_LOST] = carrier_judge_lost,
    [DUE_CELL_LOST] = cell_judge_lost,
    [DUE_MOVE_GAIN] = move_judge_gain,
    [DUE_MOVE_LOSS] = move_judge_loss,
    [DUE_DOWN] = down_judge,
    [DUE_UP] = up_judge,
    [DUE_PLACE_DOWN] = place_down_judge,
    [DUE_PLACE_UP] = place_up_judge,
    [DUE_PRIMARY] = primary_judge,
    [DUE_DRIFT] = drift_judge,
    [DUE_QUIET] = quiet_judge,
    [DUE_ORIGIN_END] = origin_end_judge,
    [DUE_LEAK_END] = leak_end_judge,
    [DUE_ORIGIN_LOOK] = origin_look,
    [DUE_ROA] = roa_judge,
    [DUE_RPKI_LOOK] = rpki_look,
};

/* Of the heap: those below one lie side by side, and half the steps of two are taken. */
enum { BELOW = 4 };

static bool due_before(const struct due *a, const struct due *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void due_add(
    struct detect *d, enum due_kind kind, utime_t at, uint32_t subject, uint32_t other, utime_t stamp)
{
	size_t i = d->n_due;
	struct due x = {at, stamp, subject, other, d->due_order++, (uint8_t)kind};

	d->due = vec_room(d->due, d->n_due, &d->due_cap, sizeof *d->due);
	d->n_due++;
	for (; i && due_before(&x, &d->due[(i - 1) / BELOW]); i = (i - 1) / BELOW)
		d->due[i] = d->due[(i - 1) / BELOW];
	d->due[i] = x;
}

static struct due due_take(struct detect *d)
{
	struct due first = d->due[0], last = d->due[--d->n_due];
	size_t i = 0;

	for (;;) {
		size_t child = BELOW * i + 1, end = child + BELOW < d->n_due ? child + BELOW : d->n_due;
		if (child >= d->n_due)
			break;
		for (size_t k = child + 1; k < end; k++)
			if (due_before(&d->due[k], &d->due[child]))
				child = k;
		if (!due_before(&d->due[child], &last))
			break;
		d->due[i] = d->due[child];
		i = child;
	}
	d->due[i] = last;
	return first;
}

/* ---- a few at a time: they come by the thousand, each of a prefix that nobody has asked for since ---- */

enum { AT_ONCE = 16 };

static size_t dues_take(struct detect *d, utime_t until, struct due *due)
{
	size_t n = 0;

	while (n < AT_ONCE && d->n_due && d->due[0].at <= until)
		due[n++] = due_take(d);
	return n;
}

static bool due_is_of_member(const struct due *x)
{
	return x->kind == DUE_DOWN || x->kind == DUE_UP;
}

/* What judging them will ask for: of those that are down the journal, too. */
static void dues_fetch(const struct detect *d, const struct due *due, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (due_is_of_member(&due[i])) {
			member_fetch(d, due[i].subject);
			__builtin_prefetch(member_more_at(d, due[i].subject), 1);
		}
	for (size_t i = 0; i < n; i++)
		if (due[i].kind == DUE_DOWN)
			down_fetch(d, &due[i]);
}

static void due_judge(struct detect *d, const struct due *x)
{
	utime_t now = d->now;

	if (x->at > d->now)
		d->now = x->at;
	judge[x->kind](d, x);
	d->now = now;
}

void due_run(struct detect *d, utime_t until)
{
	struct due due[AT_ONCE];
	size_t n;

	while ((n = dues_take(d, until, due)) > 0) {
		dues_fetch(d, due, n);
		for (size_t i = 0; i < n; i++) {
			while (d->n_due && due_before(d->due, &due[i])) { /* entered meanwhile */
				struct due x = due_take(d);
				due_judge(d, &x);
			}
			due_judge(d, &due[i]);
		}
	}
}
