/*
 * detect/place: births of places (a territory in one family), their members (prefixes), their carriers
 * (upstreams) and the cells between the two. In: prefix ids, ASNs. Out: indexes that never change their
 * meaning. Everything is owned by struct detect; arrays may move at a birth, indexes do not.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <stdio.h>
#include <string.h>

bool prefix_in_shares(const struct prefix *p)
{
	return p->family == FAMILY_IPV4 ? p->len >= 8 && p->len <= 24 : p->len >= 16 && p->len <= 48;
}

static uint32_t place_new(struct detect *d, const char *id, uint8_t family)
{
	struct place *p;

	d->place = vec_room(d->place, d->n_places, &d->place_cap, sizeof *d->place);
	p = &d->place[d->n_places];
	*p = (struct place){.family = family,
	    .first_member = NO_INDEX,
	    .first_touched = NO_INDEX,
	    .outage = NO_INDEX,
	    .primary = NO_INDEX,
	    .challenger = NO_INDEX,
	    .primary_event = NO_INDEX,
	    .instability = NO_INDEX,
	    .group = NO_INDEX,
	    .fall = UTIME_NONE,
	    .last_loss = UTIME_NONE,
	    .rise = UTIME_NONE,
	    .last_gain = UTIME_NONE,
	    .crossed = UTIME_NONE,
	    .visible_since = UTIME_NONE,
	    .challenge = UTIME_NONE,
	    .trouble_last = UTIME_NONE,
	    .told_visible = -1,
	    .size = -1};
	ledger_init(&p->ledger);
	for (size_t i = 0; i < sizeof p->moved / sizeof *p->moved; i++)
		p->moved[i] = UTIME_NONE;
	for (size_t i = 0; i < sizeof p->explained / sizeof *p->explained; i++)
		p->explained[i] = UTIME_NONE;
	strncpy(p->id, id, sizeof p->id - 1);
	return (uint32_t)d->n_places++;
}

static uint32_t place_of_country(struct detect *d, cc_t country, uint8_t family)
{
	uint64_t key = (uint64_t)country << 8 | family;
	uint32_t index = map_get(&d->places, key);
	char id[3];

	if (index != NO_INDEX)
		return index;
	cc_text(id, country);
	index = place_new(d, id, family);
	d->place[index].kind = TERRITORY_COUNTRY;
	d->place[index].country = country;
	place_entitle(d, &d->place[index]);
	map_put(&d->places, key, index);
	return index;
}

static uint32_t place_of_asked(struct detect *d, const struct territory *who, uint8_t family)
{
	uint32_t index;

	for (index = 0; index < d->n_places; index++)
		if (d->place[index].who == who && d->place[index].family == family)
			return index;
	index = place_new(d, territory_id(who), family);
	d->place[index].who = who;
	d->place[index].kind = territory_kind(who);
	if (territory_kind(who) == TERRITORY_COUNTRY)
		d->place[index].country = cc_of(territory_id(who));
	place_entitle(d, &d->place[index]);
	return index;
}

static uint32_t place_of_as(struct detect *d, asn_t asn, uint8_t family)
{
	uint64_t key = UINT64_C(1) << 48 | (uint64_t)asn << 8 | family; /* above every country's */
	uint32_t index = map_get(&d->places, key);
	const struct territory *who;
	char id[16];

	if (index != NO_INDEX)
		return index;
	snprintf(id, sizeof id, "AS%u", asn);
	who = territory_find(d->f, id, NULL);
	index = place_new(d, id, family);
	d->place[index].who = who;
	d->place[index].kind = TERRITORY_AS;
	place_entitle(d, &d->place[index]);
	map_put(&d->places, key, index);
	return index;
}

uint32_t place_by_id(struct detect *d, const char *id, uint8_t family)
{
	asn_t asn;

	if (d->o.every_as && asn_parse(id, strlen(id), &asn))
		return place_of_as(d, asn, family);
	if (!d->o.whos)
		return strlen(id) == 2 ? place_of_country(d, cc_of(id), family) : NO_INDEX;
	for (size_t i = 0; i < d->o.whos; i++)
		if (strcmp(territory_id(d->o.who[i]), id) == 0)
			return place_of_asked(d, d->o.who[i], family);
	return NO_INDEX;
}

uint32_t member_from(const struct detect *d, uint32_t i)
{
	for (; i < d->prefixes; i++)
		if (d->prefix[i].own.place != NO_INDEX)
			return i;
	i = i < FAR ? FAR : i;
	return i - FAR < d->n_far_members ? i : NO_INDEX;
}

/* The prefix's own, or where that is of another place, a far one. */
static uint32_t member_room(struct detect *d, prefix_id prefix)
{
	size_t n = d->n_far_members;

	if (d->prefix[prefix].own.place == NO_INDEX)
		return prefix;
	d->far_member = vec_pages(d->far_member, n, n + 1, &d->far_member_cap, sizeof *d->far_member);
	d->far_more = vec_pages(d->far_more, n, n + 1, &d->far_more_cap, sizeof *d->far_more);
	return FAR + (uint32_t)d->n_far_members++;
}

static void member_new(struct detect *d, prefix_id prefix, uint32_t place)
{
	struct place *p = &d->place[place];
	uint32_t n = member_room(d, prefix);

	*member_at(d, n) = (struct member_of){.place = place,
	    .prefix = prefix,
	    .next_of_prefix = d->prefix[prefix].member,
	    .cells = NO_INDEX,
	    .weight = prefix_own(d->t, prefix),
	    .main = NO_INDEX,
	    .fall = UTIME_NONE,
	    .last_loss = UTIME_NONE,
	    .last_gain = UTIME_NONE};
	*member_more_at(d, n) = (struct member_more){.next_of_place = p->first_member,
	    .outage = NO_INDEX,
	    .flips = NO_INDEX,
	    .rise = UTIME_NONE,
	    .crossed = UTIME_NONE,
	    .up_since = UTIME_NONE};
	p->first_member = d->prefix[prefix].member = n;
	p->members++;
}

static bool asked_has(const struct detect *d, const struct territory *who, const struct prefix *p)
{
	switch (territory_kind(who)) {
	case TERRITORY_AS:
		return false; /* by its origin: as_members_join */
	case TERRITORY_PREFIX:
		return prefix_covers(territory_prefix(who), p);
	default:
		return territory_has_prefix(who, p, d->now) != MEMBER_NO;
	}
}

/* Is it of what was asked for? Also where it is too long for the shares: those leave them, not detection. */
bool prefix_is_asked(const struct detect *d, prefix_id prefix, asn_t origin)
{
	for (size_t i = 0; i < d->o.whos; i++)
		if (territory_kind(d->o.who[i]) == TERRITORY_AS
			? territory_asn(d->o.who[i]) == origin
			: asked_has(d, d->o.who[i], prefix_of(d->t, prefix)))
			return true;
	return false;
}

void members_look(struct detect *d, prefix_id prefix)
{
	const struct prefix *p = prefix_of(d->t, prefix);
	struct prefix_fact *pf = &d->prefix[prefix];

	pf->known = true;
	if (!prefix_in_shares(p) || (d->o.family && d->o.family != p->family))
		return;
	if (!d->o.whos) {
		pf->country = prefix_territory(d->f, p, d->now);
		if (pf->country != CC_NONE)
			member_new(d, prefix, place_of_country(d, pf->country, p->family));
		return;
	}
	for (size_t i = 0; i < d->o.whos; i++)
		if (asked_has(d, d->o.who[i], p))
			member_new(d, prefix, place_of_asked(d, d->o.who[i], p->family));
}

static bool prefix_is_of(const struct detect *d, prefix_id prefix, uint32_t place)
{
	for (uint32_t m = d->prefix[prefix].member; m != NO_INDEX; m = member_at(d, m)->next_of_prefix)
		if (member_at(d, m)->place == place)
			return true;
	return false;
}

void as_members_join(struct detect *d, prefix_id prefix, asn_t origin)
{
	const struct prefix *p = prefix_of(d->t, prefix);

	if (d->o.every_as && origin && prefix_in_shares(p) && (!d->o.family || d->o.family == p->family)) {
		uint32_t place = place_of_as(d, origin, p->family);
		if (!prefix_is_of(d, prefix, place))
			member_new(d, prefix, place);
	}
	for (size_t i = 0; i < d->o.whos; i++) {
		const struct territory *who = d->o.who[i];
		uint32_t place;
		if (territory_kind(who) != TERRITORY_AS || territory_asn(who) != origin)
			continue;
		if (!prefix_in_shares(p) || (d->o.family && d->o.family != p->family))
			continue;
		place = place_of_asked(d, who, p->family);
		if (!prefix_is_of(d, prefix, place))
			member_new(d, prefix, place);
	}
}

void prefixes_grow(struct detect *d)
{
	size_t n = prefix_count(d->t);

	d->prefix = vec_pages(d->prefix, d->prefixes, n, &d->prefix_cap, sizeof *d->prefix);
	d->member_more =
	    vec_pages(d->member_more, d->prefixes, n, &d->member_more_cap, sizeof *d->member_more);
	for (; d->prefixes < n; d->prefixes++)
		d->prefix[d->prefixes] = (struct prefix_fact){.own.place = NO_INDEX,
		    .member = NO_INDEX,
		    .row = (uint8_t)family_index(prefix_of(d->t, (prefix_id)d->prefixes)->family)};
}

uint32_t carrier_find(struct detect *d, uint32_t place, asn_t asn)
{
	uint64_t key = (uint64_t)(place + 1) << 32 | asn;
	uint32_t index = map_get(&d->carriers, key);
	size_t n = d->n_carriers;

	if (index != NO_INDEX)
		return index;
	d->carrier = vec_pages(d->carrier, n, n + 1, &d->carrier_cap, sizeof *d->carrier);
	d->carrier_more = vec_pages(d->carrier_more, n, n + 1, &d->carrier_more_cap, sizeof *d->carrier_more);
	index = (uint32_t)d->n_carriers++;
	d->carrier[index] = (struct carrier){.place = place,
	    .row = ledger_add(&d->place[place].ledger, index, asn),
	    .asn = asn,
	    .fall = UTIME_NONE,
	    .last_loss = UTIME_NONE};
	d->carrier_more[index] = (struct carrier_more){.since = UTIME_NONE,
	    .zero = UTIME_NONE,
	    .last_known = UTIME_NONE,
	    .share_at = UTIME_NONE,
	    .burst = UTIME_NONE,
	    .event = NO_INDEX,
	    .episode_last = UTIME_NONE,
	    .gain = {.start = UTIME_NONE, .event = NO_INDEX},
	    .loss = {.start = UTIME_NONE, .event = NO_INDEX}};
	map_put(&d->carriers, key, index);
	return index;
}

/* The first one of a prefix's own member stands beside it and stays the first. */
static uint32_t cell_new(struct detect *d, uint32_t member)
{
	struct member_of *m = member_at(d, member);
	uint32_t index = member, next = NO_INDEX;

	if (member >= FAR || m->cells != NO_INDEX) {
		size_t n = d->n_far_cells++;
		d->far_cell = vec_pages(d->far_cell, n, n + 1, &d->far_cell_cap, sizeof *d->far_cell);
		index = FAR + (uint32_t)n;
	}
	if (m->cells == NO_INDEX) {
		m->cells = index;
	} else {
		struct cell *first = cell_at(d, m->cells);
		next = first->next;
		first->next = index;
	}
	cell_at(d, index)->next = next;
	return index;
}

uint32_t cell_seek(struct detect *d, uint32_t member, asn_t upstream)
{
	uint32_t index, idle = NO_INDEX, carrier;
	struct cell *c;

	for (index = member_at(d, member)->cells; index != NO_INDEX; index = cell_at(d, index)->next) {
		c = cell_at(d, index);
		if (c->asn == upstream)
			return index;
		if (!c->votes && !c->held && !c->before)
			idle = index;
	}
	carrier = carrier_find(d, member_at(d, member)->place, upstream);
	if (idle == NO_INDEX)
		idle = cell_new(d, member);
	c = cell_at(d, idle);
	*c = (struct cell){
	    .carrier = carrier, .asn = upstream, .next = c->next, .event = NO_INDEX, .at = UTIME_NONE};
	return idle;
}

void member_reweigh(struct detect *d, uint32_t member)
{
	struct member_of *m = member_at(d, member);
	struct place *p = &d->place[m->place];
	uint64_t was = m->weight, is = prefix_own(d->t, m->prefix);

	if (was == is)
		return;
	m->weight = is;
	for (uint32_t i = m->cells; i != NO_INDEX; i = cell_at(d, i)->next) {
		uint64_t votes = cell_at(d, i)->votes;
		struct carrier *c = &d->carrier[cell_at(d, i)->carrier];
		struct row *r = &p->ledger.row[c->row];
		r->share = row_seen(&p->ledger, r);
		ledger_mark(&p->ledger, c->row);
		c->sum += (is - was) * votes;
		r->sum = c->sum;
		ledger_grew(&p->ledger, c->row);
		p->sum += (is - was) * votes;
	}
	if (m->established) {
		p->seen += (is - was) * m->visible;
		p->whole += is - was;
	}
	p->stale = true;
}
