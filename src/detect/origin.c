/*
 * detect/origin: who announces what was another's. In: routes with their origins. Out: origin-new and
 * subprefix-new, graded by RPKI (RFC 6811), relationship, visibility and addresses; what one AS begins to
 * announce within five minutes is one incident. An origin that the holder itself carries, or that a neighbour
 * of the holder is, is delegation and no news.
 */
#include "base/mem.h"
#include "detect/inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t pair_key(prefix_id prefix, asn_t origin)
{
	return (uint64_t)(prefix + 1) << 32 | origin;
}

static struct pair *pair_of(struct detect *d, prefix_id prefix, asn_t origin)
{
	uint32_t index = map_get(&d->pairs, pair_key(prefix, origin));

	if (index == NO_INDEX) {
		d->pair = vec_room(d->pair, d->n_pairs, &d->pair_cap, sizeof *d->pair);
		index = (uint32_t)d->n_pairs++;
		d->pair[index] = (struct pair){.prefix = prefix,
		    .origin = origin,
		    .since = UTIME_NONE,
		    .zero = UTIME_NONE,
		    .incident = NO_INDEX};
		map_put(&d->pairs, pair_key(prefix, origin), index);
	}
	return &d->pair[index];
}

/* The last incident (a new origin, a leak) that names a prefix is kept by prefix: what else its routes do
 * while it lasts, the incident tells. */
void incident_strikes(struct detect *d, uint32_t incident, prefix_id prefix)
{
	map_put(&d->struck, (uint64_t)prefix + 1, incident);
}

bool prefix_is_struck(const struct detect *d, prefix_id prefix, utime_t at)
{
	uint32_t index = map_get(&d->struck, (uint64_t)prefix + 1);
	const struct incident *x = index == NO_INDEX ? NULL : &d->incident[index];

	return x && at >= x->first - GROUP_WITHIN && (x->zero == UTIME_NONE || at <= x->zero + GROUP_WITHIN);
}

bool prefix_is_hijacked(const struct detect *d, prefix_id prefix, utime_t at)
{
	uint32_t index = map_get(&d->struck, (uint64_t)prefix + 1);

	return index != NO_INDEX && d->incident[index].kind != EVENT_ROUTE_LEAK &&
	       prefix_is_struck(d, prefix, at);
}

bool prefix_is_taken(const struct detect *d, prefix_id prefix, asn_t origin)
{
	uint32_t index = map_get(&d->pairs, pair_key(prefix, origin));

	return index != NO_INDEX && d->pair[index].incident != NO_INDEX;
}

/* What begins or ends then is told of the places of its prefixes. */
void incident_explains(struct detect *d, const struct event *e, utime_t at)
{
	for (size_t i = 0; i < e->prefixes; i++) {
		prefix_id id = prefix_find(d->t, &e->prefix[i]);
		uint32_t m = id == PREFIX_NONE || id >= d->prefixes ? NO_INDEX : d->prefix[id].member;
		for (; m != NO_INDEX; m = member_at(d, m)->next_of_prefix)
			place_explain(&d->place[member_at(d, m)->place], at);
	}
}

/* The origin the addresses had before: of the prefix, or of the nearest that covers it. */
static asn_t holder_of(const struct detect *d, prefix_id prefix, prefix_id *held)
{
	for (prefix_id i = prefix; i != PREFIX_NONE && i < d->prefixes; i = prefix_parent(d->t, i))
		if (d->prefix[i].origin && prefix_of(d->t, i)->len) {
			*held = i;
			return d->prefix[i].origin;
		}
	*held = PREFIX_NONE;
	return 0;
}

/* Does the holder stand in the path, or beside the new origin in it, or do the two know each other? */
static bool delegated(const struct detect *d, asn_t holder, asn_t origin, path_id path)
{
	if (asn_relation(d->f, holder, origin) != REL_UNKNOWN)
		return true;
	for (path_id i = path; i != PATH_NONE; i = path_parent(d->t, i))
		if (path_asn(d->t, i) == holder)
			return true;
	return false;
}

static uint32_t incident_of(struct detect *d, enum event_kind kind, asn_t asn)
{
	uint64_t key = (uint64_t)(kind + 1) << 32 | asn;
	uint32_t index = map_get(&d->origins, key);

	if (index != NO_INDEX && d->now - d->incident[index].last <= GROUP_WITHIN)
		return index;
	d->incident = vec_room(d->incident, d->n_incidents, &d->incident_cap, sizeof *d->incident);
	index = (uint32_t)d->n_incidents++;
	d->incident[index] = (struct incident){
	    .kind = kind, .asn = asn, .first = d->now, .last = d->now, .zero = UTIME_NONE, .event = NO_INDEX};
	map_put(&d->origins, key, index);
	return index;
}

static void victim_add(struct incident *x, asn_t asn)
{
	for (size_t i = 0; i < x->victims; i++)
		if (x->victim[i].asn == asn) {
			x->victim[i].n++;
			return;
		}
	x->victim = vec_room(x->victim, x->victims, &x->victim_cap, sizeof *x->victim);
	x->victim[x->victims++] = (struct victim){asn, 1};
}

static int victim_cmp(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->asn < y->asn ? -1 : x->asn > y->asn;
}

void victims_text(struct detect *d, struct incident *x, char *buf, size_t n)
{
	size_t at = 0;

	*buf = '\0';
	qsort(x->victim, x->victims, sizeof *x->victim, victim_cmp);
	for (size_t i = 0; i < x->victims && i < 3 && at < n; i++) {
		char who[96];
		asn_text(d, x->victim[i].asn, who, sizeof who);
		at += (size_t)snprintf(buf + at, n - at, "%s%s", i ? ", " : "", who);
	}
	if (x->victims > 3 && at < n)
		snprintf(buf + at, n - at, " and %zu more", x->victims - 3);
}

/* One country for all of its victims, or none. */
void incident_place(struct detect *d, uint32_t index, prefix_id held, size_t others)
{
	struct event *e = event_at(d, index);
	uint32_t member = held == PREFIX_NONE ? NO_INDEX : prefix_members(d, held);
	const struct place *p = member == NO_INDEX ? NULL : &d->place[member_at(d, member)->place];

	if (held != PREFIX_NONE)
		e->family = prefix_of(d->t, held)->family;
	if (others == 0 && p) {
		d->event[index]->place = member_at(d, member)->place;
		snprintf(e->territory, sizeof e->territory, "%s", p->id);
	} else if (others && (!p || d->event[index]->place != member_at(d, member)->place)) {
		d->event[index]->place = NO_INDEX;
		e->territory[0] = '\0';
	}
}

static enum severity origin_severity(enum rpki rpki, double visible, size_t prefixes)
{
	unsigned grade = SEVERITY_MEDIUM;

	if (rpki == RPKI_INVALID_ORIGIN || rpki == RPKI_INVALID_LENGTH)
		grade++;
	if (prefixes >= 100)
		grade++;
	if (visible < 0.1 && grade > SEVERITY_LOW)
		grade--;
	return grade > SEVERITY_CRITICAL ? SEVERITY_CRITICAL : (enum severity)grade;
}

static const char *const rpki_words[] = {
    "no ROA covers it", "RPKI valid", "RPKI invalid (origin)", "RPKI invalid (length)", "no RPKI data"};

static const char *const nouns[2][2] = {{"more specifics", "more specific"}, {"prefixes", "prefix"}};

static void incident_tell(struct detect *d, struct incident *x, enum rpki rpki)
{
	struct event *e = event_at(d, x->event);
	struct matter what = {.origin = x->asn, .what = MATTER_ORIGIN};
	double all = d->votes[family_index(e->family)] / (double)VOTE;
	char who[96], whom[160];

	if (e->prefixes > 64 && e->prefixes % 1024)
		return; /* a mass event is told anew now and then, and at its end */
	event_sort(d, x->event);
	witness_all(d, e, &what);
	e->before = 0;
	e->after = all > 0 ? fmin(1, e->vantage / all) : NAN;
	e->severity =
	    x->strangers ? origin_severity(rpki, all > 0 ? e->vantage / all : 1, e->prefixes) : SEVERITY_INFO;
	e->scope = x->victims > 1 ? SCOPE_AS : SCOPE_PREFIX;
	asn_text(d, x->asn, who, sizeof who);
	victims_text(d, x, whom, sizeof whom);
	event_why(e, "%s announces %zu %s of %s; %s%s", who, e->prefixes,
	    nouns[x->kind == EVENT_ORIGIN_NEW][e->prefixes == 1], whom, rpki_words[rpki],
	    x->strangers ? "" : "; the two are neighbours");
	incident_explains(d, e, e->first_seen);
	event_tell(d, x->event);
}

static void pair_tell(struct detect *d, struct pair *x, path_id path)
{
	prefix_id held;
	asn_t holder = holder_of(d, x->prefix, &held);
	enum event_kind kind = held == x->prefix ? EVENT_ORIGIN_NEW : EVENT_SUBPREFIX_NEW;
	const struct prefix *p = prefix_of(d->t, x->prefix);
	enum rpki rpki = prefix_rpki(d->f, p, x->origin, d->now);
	struct incident *in;
	bool known = delegated(d, holder, x->origin, path);

	x->known = true;
	if (rpki == RPKI_VALID || !holder || holder == x->origin)
		return;
	if (d->o.whos && !prefix_is_asked(d, held, holder))
		return;
	x->incident = incident_of(d, kind, x->origin);
	in = &d->incident[x->incident];
	if (in->event == NO_INDEX) {
		in->event = event_open(d, kind, SCOPE_PREFIX, NO_INDEX, x->since);
		due_add(d, DUE_ORIGIN_LOOK, d->now + GROUP_WITHIN, x->incident, 0, 0);
	}
	if (!event_at(d, in->event))
		return;
	if (x->since < event_at(d, in->event)->first_seen)
		event_at(d, in->event)->first_seen = x->since;
	event_at(d, in->event)->asn = x->origin;
	incident_place(d, in->event, held, event_at(d, in->event)->prefixes);
	in->last = d->now;
	in->live += x->routes;
	in->strangers += !known;
	victim_add(in, holder);
	event_add_prefix(d, in->event, p);
	incident_strikes(d, x->incident, x->prefix);
	in->zero = UTIME_NONE;
	incident_tell(d, in, rpki);
}

static void pair_gain(struct detect *d, const struct change *c, asn_t origin)
{
	struct pair *x = pair_of(d, c->prefix, origin);
	asn_t vantage = d->peer_asn[c->peer];
	unsigned all = d->ases[family_index(prefix_of(d->t, c->prefix)->family)];
	unsigned needed = all < d->o.down_vantage_min ? all : d->o.down_vantage_min;
	unsigned i;

	if (x->routes++ == 0 && !x->known) {
		x->since = c->time;
		x->seers = 0;
	}
	if (x->incident != NO_INDEX) {
		d->incident[x->incident].live++;
		d->incident[x->incident].zero = UTIME_NONE;
	}
	if (d->quiet)
		x->known = true;
	if (x->known)
		return;
	for (i = 0; i < x->seers && x->seer[i] != vantage; i++)
		;
	if (i == x->seers && i < CANDIDATES)
		x->seer[x->seers++] = vantage;
	if (x->seers >= needed)
		pair_tell(d, x, c->new);
}

static void pair_lose(struct detect *d, const struct change *c, asn_t origin)
{
	struct pair *x = pair_of(d, c->prefix, origin);
	struct incident *in;

	if (x->routes)
		x->routes--;
	if (x->incident == NO_INDEX)
		return;
	in = &d->incident[x->incident];
	if (in->live == 0 || --in->live)
		return;
	in->zero = c->time;
	due_add(d, DUE_ORIGIN_END, c->time + GROUP_WITHIN, x->incident, 0, c->time);
}

/* A prefix met for the first time: its origin is taken for its own, unless another holds what covers it. */
static void origin_first(struct detect *d, const struct change *c, asn_t origin)
{
	struct prefix_fact *pf = &d->prefix[c->prefix];
	prefix_id held;
	asn_t holder = d->quiet ? 0 : holder_of(d, c->prefix, &held);

	if (holder && holder != origin)
		pf->watched = true;
	else
		pf->origin = origin;
}

void origin_change(struct detect *d, const struct change *c, const struct way *old, const struct way *new)
{
	struct prefix_fact *pf = &d->prefix[c->prefix];
	bool gained = c->new != PATH_NONE && !(new->flags &WAY_DIRTY);
	bool lost = c->old != PATH_NONE && !(old->flags & WAY_DIRTY);

	if (gained && !pf->origin && !pf->watched)
		origin_first(d, c, new->origin);
	if (gained && lost && old->origin == new->origin)
		return;
	if (gained && new->origin != pf->origin)
		pair_gain(d, c, new->origin);
	if (lost && old->origin != pf->origin)
		pair_lose(d, c, old->origin);
}

/* When all have told it: how many see it. */
static void incident_look(struct detect *d, struct incident *x)
{
	struct event *e = event_at(d, x->event);
	unsigned seen = e ? e->vantage : 0;

	if (!e || !e->prefixes)
		return;
	incident_tell(d, x, prefix_rpki(d->f, &e->prefix[0], x->asn, d->now));
	if (e->vantage < seen)
		e->vantage = seen;
}

void origin_look(struct detect *d, const struct due *due)
{
	incident_look(d, &d->incident[due->subject]);
}

void origin_end_judge(struct detect *d, const struct due *due)
{
	struct incident *x = &d->incident[due->subject];

	if (x->live || x->zero != due->stamp || x->event == NO_INDEX)
		return;
	if (event_at(d, x->event))
		incident_explains(d, event_at(d, x->event), x->zero);
	incident_look(d, x);
	event_close(d, x->event, x->zero);
	x->event = NO_INDEX;
}
