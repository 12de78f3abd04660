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

static bool due_is_of_member(const struct due *x)
{
	return x->kind == DUE_DOWN || x->kind == DUE_UP;
}

void due_run(struct detect *d, utime_t until)
{
	while (d->n_due && d->due[0].at <= until) {
		struct due x = due_take(d);
		utime_t now = d->now;
		if (d->n_due && due_is_of_member(d->due)) {
			/* they come by the thousand, each of a prefix that nobody has asked for since */
			member_fetch(d, d->due->subject);
			__builtin_prefetch(member_more_at(d, d->due->subject), 1);
		}
		if (x.at > d->now)
			d->now = x.at;
		judge[x.kind](d, &x);
		d->now = now;
	}
}
