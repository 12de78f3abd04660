/*
 * detect/voters: who votes, and with what weight. In: the peers with a full table, looked for once a minute.
 * Out: votes by peer; the sums, moved by whole columns. A peer that begins or ceases to vote moves them
 * quietly: that is health, not a happening (design.md 6).
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdlib.h>
#include <string.h>

static void votes_move(struct detect *d, const struct change *c, size_t n, uint32_t weight)
{
	for (size_t i = 0; i < n; i++) {
		const struct prefix_fact *pf = &d->prefix[c[i].prefix];
		const struct way *old = path_way(d, c[i].old), *new = path_way(d, c[i].new);
		if (i % BLOCK == 0)
			changes_fetch(d, c + i, n - i);
		if (d->o.whos || d->o.every_as)
			as_members_join(d, c[i].prefix, c[i].new == PATH_NONE ? old->origin : new->origin);
		d->prefix[c[i].prefix].announced = true;
		if (!origin_stays(pf, &c[i], old, new))
			origin_change(d, &c[i], old, new);
		if ((old->flags | new->flags) & WAY_LEAK)
			leak_change(d, &c[i], old, new);
		route_moved(d, &c[i], path_way(d, c[i].old), path_way(d, c[i].new), weight);
	}
}

static void column_vote(struct detect *d, peer_id peer, size_t row, uint32_t weight, bool gained)
{
	enum { MOVED_AT_ONCE = 512 };
	const path_id *column = peer_column(d->t, peer);
	size_t all = prefix_count(d->t), n = 0;
	struct change c[MOVED_AT_ONCE];

	for (prefix_id i = 0; i < all; i++) {
		if (column[i] <= PATH_UNREAD || d->prefix[i].row != row)
			continue;
		c[n++] = (struct change){.time = d->now,
		    .prefix = i,
		    .peer = peer,
		    .kind = CHANGE_LOAD,
		    .old = gained ? PATH_NONE : column[i],
		    .new = gained ? column[i] : PATH_NONE};
		if (n == MOVED_AT_ONCE) {
			votes_move(d, c, n, weight);
			n = 0;
		}
	}
	votes_move(d, c, n, weight);
}

/* The fewest that are this part of all. */
static uint32_t votes_from(uint32_t all, double part)
{
	uint32_t n = (uint32_t)(part * all);

	if (!all)
		return part > 0 ? UINT32_MAX : 0;
	while (n > 0 && (double)(n - 1) / all >= part)
		n--;
	while ((double)n / all < part)
		n++;
	return n;
}

void place_entitle(struct detect *d, struct place *p)
{
	const uint16_t *vote = d->vote + family_index(p->family) * d->peers;

	p->votes = 0;
	for (peer_id k = 0; k < d->peers; k++)
		if (vote[k] && !peer_inside(d, p, k))
			p->votes += vote[k];
	p->down = votes_from(p->votes, d->o.down_below);
	p->up = votes_from(p->votes, d->o.up_from);
}

/* The weights peers should have now. */
static void votes_wanted(struct detect *d, unsigned row, uint16_t *want)
{
	const struct voters *v = &d->voters[row];

	for (size_t i = 0; i < d->peers; i++) {
		unsigned same = 0;
		want[i] = 0;
		if (i >= v->n || !v->votes[i] || d->watch[i].frozen)
			continue;
		for (size_t k = 0; k < d->peers && k < v->n; k++)
			same += v->votes[k] && !d->watch[k].frozen && d->peer_asn[k] == d->peer_asn[i];
		want[i] = (uint16_t)(VOTE / same);
	}
}

void peers_grow(struct detect *d)
{
	size_t n = peer_count(d->t);
	uint16_t *vote;

	if (n == d->peers)
		return;
	vote = mem_array(2 * n, sizeof *vote);
	for (unsigned row = 0; row < 2; row++)
		if (d->peers)
			memcpy(vote + row * n, d->vote + row * d->peers, d->peers * sizeof *vote);
	free(d->vote);
	d->vote = vote;
	d->peer_asn = mem_grow(d->peer_asn, n, sizeof *d->peer_asn);
	d->peer_home = mem_grow(d->peer_home, n, sizeof *d->peer_home);
	d->watch = mem_grow(d->watch, n, sizeof *d->watch);
	for (size_t i = d->peers; i < n; i++) {
		d->peer_asn[i] = peer_of(d->t, (peer_id)i)->key.asn;
		d->peer_home[i] = asn_home(d, d->peer_asn[i]);
		d->watch[i] = (struct peer_watch){.start = UTIME_NONE,
		    .routes_at = UTIME_NONE,
		    .frozen_at = UTIME_NONE,
		    .whole = UTIME_NONE,
		    .event = NO_INDEX};
	}
	if (!d->o.baseline) {
		d->met = mem_grow(d->met, n, sizeof *d->met);
		d->met_words = mem_grow(d->met_words, n, sizeof *d->met_words);
		for (size_t i = d->peers; i < n; i++) {
			d->met[i] = NULL;
			d->met_words[i] = 0;
		}
	}
	d->peers = n;
}

static bool row_refresh(struct detect *d, unsigned row, uint16_t *want)
{
	uint16_t *vote = d->vote + row * d->peers;
	uint8_t family = row ? FAMILY_IPV6 : FAMILY_IPV4;
	bool moved = false;

	if (d->o.family && d->o.family != family)
		return false;
	voters_find(d->t, family, d->o.all_peers || !d->o.baseline, &d->voters[row]);
	votes_wanted(d, row, want);
	for (size_t i = 0; i < d->peers; i++) {
		if (want[i] == vote[i])
			continue;
		if (vote[i])
			column_vote(d, (peer_id)i, row, vote[i], false);
		if (want[i])
			column_vote(d, (peer_id)i, row, want[i], true);
		vote[i] = want[i];
		moved = true;
	}
	d->votes[row] = 0;
	for (size_t i = 0; i < d->peers; i++)
		d->votes[row] += vote[i];
	d->ases[row] = (d->votes[row] + VOTE - 1) / VOTE;
	return moved;
}

/* At the end of a batch, when the columns are what the changes have told. */
void voters_refresh(struct detect *d)
{
	uint16_t *want;
	bool quiet = d->quiet, moved = false;

	if (!d->armed && d->o.baseline && !(d->voters_due && d->dumped))
		return;
	peers_grow(d);
	want = mem_array(d->peers + 1, sizeof *want);
	d->quiet = true;
	for (unsigned row = 0; row < 2; row++)
		moved |= row_refresh(d, row, want);
	free(want);
	if (moved) {
		for (uint32_t m = member_from(d, 0); m != NO_INDEX; m = member_from(d, m + 1))
			member_reweigh(d, m);
		for (size_t i = 0; i < d->n_places; i++)
			place_entitle(d, &d->place[i]);
		for (uint32_t m = member_from(d, 0); m != NO_INDEX; m = member_from(d, m + 1))
			member_level(d, m, d->now);
		share_rebase(d);
		carriers_gone(d);
		members_gone(d);
	}
	d->quiet = quiet;
	d->votes_ever |= moved;
	if (!d->armed && d->o.baseline && d->votes_ever) {
		d->armed = true;
		d->armed_at = d->now;
	}
	d->voters_due = false;
	d->voters_at = d->now;
}
