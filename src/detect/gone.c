/*
 * detect/gone: what went while nobody looked. In: a change of who votes. Out: carriers and prefixes of theirs
 * that begin to be lost. A peer's loss is no happening (design 6): only where those who saw a path last vote
 * again, and do not see it, has it gone.
 */
#include "detect/inner.h"

/* It fell with the last route seen to go, within the time in which a carrier counts as lost; where nobody saw
 * any go, nothing is told. */
void carriers_gone(struct detect *d)
{
	for (uint32_t i = 0; i < d->n_carriers; i++) {
		struct carrier *c = &d->carrier[i];
		struct carrier_more *more = &d->carrier_more[i];
		const uint16_t *vote = d->vote + family_index(d->place[c->place].family) * d->peers;
		if (c->stay != STAY_PRESENT || c->routes || !c->established || !d->armed)
			continue;
		if (c->last_peer >= d->peers || !vote[c->last_peer])
			continue;
		if (c->last_loss == UTIME_NONE || d->now - c->last_loss > d->o.lost_after)
			continue;
		c->stay = STAY_FADING;
		more->zero = d->now;
		due_add(d, DUE_LOST, d->now + d->o.lost_after, i, 0, more->zero);
	}
}

/* The same for a prefix of several. */
static void cells_gone(struct detect *d, uint32_t member)
{
	const struct member_of *m = member_at(d, member);
	const uint16_t *vote = d->vote + family_index(d->place[m->place].family) * d->peers;

	for (uint32_t k = m->cells; k != NO_INDEX; k = cell_at(d, k)->next) {
		struct cell *x = cell_at(d, k);
		utime_t at;
		if (!x->held || x->votes || x->going || d->carrier[x->carrier].stay != STAY_PRESENT)
			continue;
		if (x->last >= d->peers || !vote[x->last])
			continue;
		at = witness_last_loss(d, &d->place[m->place], m->prefix, x->asn);
		if (at != UTIME_NONE)
			cell_goes(d, member, k, at);
	}
}

void members_gone(struct detect *d)
{
	if (!d->armed)
		return;
	for (uint32_t m = member_from(d, 0); m != NO_INDEX; m = member_from(d, m + 1))
		cells_gone(d, m);
}
