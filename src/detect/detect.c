/*
 * detect: see detect.h. One pass over changes in time order: sums move in tally.c, the rules in upstream.c,
 * move.c, share.c, outage.c, unstable.c, origin.c, leak.c and health.c look at what moved, and due.c brings
 * back what must stay so for a while.
 */
#include "detect/detect.h"

#include "base/mem.h"
#include "detect/inner.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rules: one row a kind, and what moves its threshold ---- */

static const char *const kinds[EVENT_KINDS] = {"upstream-new", "upstream-lost", "upstream-return",
    "primary-changed", "share-shift", "outage", "instability", "origin-new", "subprefix-new", "route-leak",
    "rpki-invalid", "peer-reset", "collector-gap"};
static const char *const severities[] = {"info", "low", "medium", "high", "critical"};

const char *event_kind_text(enum event_kind kind)
{
	return (unsigned)kind < EVENT_KINDS ? kinds[kind] : "?";
}

bool event_kind_parse(const char *s, enum event_kind *kind)
{
	for (unsigned i = 0; i < EVENT_KINDS; i++)
		if (strcmp(s, kinds[i]) == 0) {
			*kind = (enum event_kind)i;
			return true;
		}
	return false;
}

const char *severity_text(enum severity severity)
{
	return severities[severity];
}

bool severity_parse(const char *s, enum severity *severity)
{
	for (unsigned i = 0; i < sizeof severities / sizeof *severities; i++)
		if (strcmp(s, severities[i]) == 0) {
			*severity = (enum severity)i;
			return true;
		}
	return false;
}

const struct detect_options detect_defaults = {
    .baseline = true,
    .warm_up = 60 * MINUTE,
    .share_min = 0.10,
    .shift_min = 0.10,
    .down_below = 0.2,
    .up_from = 0.5,
    .lost_after = 30 * MINUTE,
    .primary_after = 30 * MINUTE,
    .down_after = MINUTE,
    .up_after = MINUTE,
    .episode_gap = 24 * 60 * MINUTE,
    .instability_window = 60 * MINUTE,
    .vantage_min = 3,
    .down_vantage_min = 2,
    .instability_changes = 5,
};

enum knob_type { KNOB_PART, KNOB_SPAN, KNOB_COUNT };
static const struct knob {
	const char *name;
	enum knob_type type;
	size_t offset;
	unsigned most; /* KNOB_COUNT: as many as are kept */
} knobs[] = {
    {"warm-up", KNOB_SPAN, offsetof(struct detect_options, warm_up), 0},
    {"share-min", KNOB_PART, offsetof(struct detect_options, share_min), 0},
    {"shift-min", KNOB_PART, offsetof(struct detect_options, shift_min), 0},
    {"down-below", KNOB_PART, offsetof(struct detect_options, down_below), 0},
    {"up-from", KNOB_PART, offsetof(struct detect_options, up_from), 0},
    {"lost-after", KNOB_SPAN, offsetof(struct detect_options, lost_after), 0},
    {"primary-after", KNOB_SPAN, offsetof(struct detect_options, primary_after), 0},
    {"down-after", KNOB_SPAN, offsetof(struct detect_options, down_after), 0},
    {"up-after", KNOB_SPAN, offsetof(struct detect_options, up_after), 0},
    {"episode-gap", KNOB_SPAN, offsetof(struct detect_options, episode_gap), 0},
    {"instability-window", KNOB_SPAN, offsetof(struct detect_options, instability_window), 0},
    {"vantage-min", KNOB_COUNT, offsetof(struct detect_options, vantage_min), CANDIDATES},
    {"down-vantage-min", KNOB_COUNT, offsetof(struct detect_options, down_vantage_min), CANDIDATES},
    {"instability-changes", KNOB_COUNT, offsetof(struct detect_options, instability_changes), FLIPS},
};

static bool knob_set(const struct knob *k, char *at, const char *value)
{
	char *end;
	double v;

	if (k->type == KNOB_SPAN)
		return utime_parse_span(value, (utime_t *)(void *)at);
	v = strtod(value, &end);
	if (end == value || *end || v < 0)
		return false;
	if (k->type == KNOB_PART) {
		*(double *)(void *)at = v;
		return v <= 1;
	}
	*(unsigned *)(void *)at = (unsigned)v;
	return v >= 1 && v <= k->most;
}

int detect_option(struct detect_options *o, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++)
		if (strcmp(knobs[i].name, name) == 0)
			return knob_set(&knobs[i], (char *)o + knobs[i].offset, value) ? 1 : -1;
	return 0;
}

const char *detect_option_values(const char *name, char buf[static 48])
{
	static const char *const values[] = {
	    [KNOB_PART] = "a part from 0 to 1", [KNOB_SPAN] = "a span of time, as 90s, 30m, 1h or 7d"};

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
		if (strcmp(knobs[i].name, name) != 0)
			continue;
		if (knobs[i].type == KNOB_COUNT)
			snprintf(buf, 48, "a number from 1 to %u", knobs[i].most);
		else
			snprintf(buf, 48, "%s", values[knobs[i].type]);
	}
	return buf;
}

/* ---- life ---- */

struct detect *detect_new(const struct table *t, const struct facts *f, const struct detect_options *o,
    void (*tell)(void *arg, const struct event *e), void *arg)
{
	struct detect *d = mem_alloc(sizeof *d);

	d->t = t;
	d->f = f;
	d->o = *o;
	d->tell = tell;
	d->tell_arg = arg;
	d->now = d->start = d->late = d->armed_at = d->voters_at = UTIME_NONE;
	d->second = INT64_MIN;
	d->quiet = true;
	d->voters_due = d->dumped = o->ready;
	return d;
}

static void free_events(struct detect *d)
{
	for (size_t i = 0; i < d->n_events; i++)
		if (d->event[i]) {
			event_free(&d->event[i]->e);
			free(d->event[i]);
		}
	free(d->event);
}

static void free_carriers(struct detect *d)
{
	for (size_t i = 0; i < d->n_carriers; i++) {
		free(d->carrier_more[i].drift);
		free(d->carrier_more[i].gain.member);
		free(d->carrier_more[i].loss.member);
	}
	for (size_t i = 0; i < d->n_incidents; i++) {
		free(d->incident[i].victim);
		free(d->incident[i].prefix);
	}
	for (size_t i = 0; i < d->n_places; i++)
		ledger_free(&d->place[i].ledger);
	vec_pages_free(d->carrier, d->carrier_cap, sizeof *d->carrier);
	vec_pages_free(d->carrier_more, d->carrier_more_cap, sizeof *d->carrier_more);
	free(d->incident);
}

void detect_free(struct detect *d)
{
	struct table_of *maps[] = {&d->as_far, &d->carriers, &d->places, &d->pairs, &d->origins, &d->triples,
	    &d->otc, &d->groups, &d->struck, &d->ways};

	if (!d)
		return;
	free_events(d);
	free_carriers(d);
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		map_free(maps[i]);
	for (size_t i = 0; d->met && i < d->peers; i++)
		free(d->met[i]);
	free(d->met);
	free(d->met_words);
	journal_free(d);
	vec_pages_free(d->path, d->path_cap, sizeof *d->path);
	vec_pages_free(d->way, d->way_cap, sizeof *d->way);
	vec_pages_free(d->prefix, d->prefix_cap, sizeof *d->prefix);
	vec_pages_free(d->member_more, d->member_more_cap, sizeof *d->member_more);
	vec_pages_free(d->far_member, d->far_member_cap, sizeof *d->far_member);
	vec_pages_free(d->far_more, d->far_more_cap, sizeof *d->far_more);
	vec_pages_free(d->far_cell, d->far_cell_cap, sizeof *d->far_cell);
	free(d->flips);
	free(d->as);
	pages_free(d->as_near, AS_NEAR * sizeof *d->as_near);
	free(d->place);
	free(d->pair);
	free(d->touched_member);
	free(d->touched_carrier);
	free(d->dirty_place);
	free(d->due);
	free(d->vote);
	free(d->peer_asn);
	free(d->peer_home);
	free(d->watch);
	free(d->mark);
	free(d->said);
	voters_free(&d->voters[0]);
	voters_free(&d->voters[1]);
	free(d);
}

void detect_on_sample(
    struct detect *d, void (*sample)(void *arg, const struct sample *v, size_t n), void *arg)
{
	d->sample = sample;
	d->sample_arg = arg;
	if (!d->said)
		d->said = mem_array(SAMPLES_SAID, sizeof *d->said);
}

size_t detect_places(const struct detect *d)
{
	return d->n_places;
}

const char *detect_place(const struct detect *d, uint32_t place, uint8_t *family)
{
	*family = d->place[place].family;
	return d->place[place].id;
}

/* ---- time ---- */

static void time_passes(struct detect *d, utime_t now)
{
	if (d->now == UTIME_NONE) {
		d->start = now;
		d->voters_at = now;
	}
	if (now < d->second || now >= d->second + UTIME_SECOND) {
		utime_t second = now - now % UTIME_SECOND;
		if (d->armed && !d->roas_known)
			rpki_start(d);
		settle(d);
		due_run(d, second - 1);
		d->second = second;
	}
	if (now < d->now)
		d->late = d->now;
	else
		d->now = now;
	if (!d->armed && !d->o.baseline && now - d->start >= d->o.warm_up) {
		d->armed = true;
		d->armed_at = d->start + d->o.warm_up;
	}
}

/* Without a baseline a peer's first word of a prefix says what was there, not what changed. */
static bool first_word(struct detect *d, const struct change *c)
{
	size_t word = c->prefix / 64;
	uint64_t bit = UINT64_C(1) << (c->prefix % 64);

	if (d->o.baseline || c->peer >= d->peers)
		return false;
	if (word >= d->met_words[c->peer]) {
		size_t n = d->prefix_cap / 64 + 1;
		d->met[c->peer] = mem_grow(d->met[c->peer], n, sizeof **d->met);
		memset(d->met[c->peer] + d->met_words[c->peer], 0,
		    (n - d->met_words[c->peer]) * sizeof **d->met);
		d->met_words[c->peer] = n;
	}
	if (d->met[c->peer][word] & bit)
		return false;
	d->met[c->peer][word] |= bit;
	return true;
}

static void change_one(struct detect *d, const struct change *c)
{
	bool learnt;

	time_passes(d, c->time);
	if (c->kind > CHANGE_RESET) {
		health_change(d, c);
		return;
	}
	learnt = first_word(d, c);
	if (c->kind == CHANGE_RESET && c->peer < d->peers)
		health_reset(d, c->peer);
	d->quiet = !d->armed || c->kind != CHANGE_ROUTE || learnt ||
		   (c->peer < d->peers && d->watch[c->peer].frozen);
	if (c->kind == CHANGE_ROUTE && c->new == PATH_NONE && c->peer < d->peers &&
	    !withdrawal_is_usual(&d->watch[c->peer], c->time))
		health_withdrawal(d, c);
	tally_change(d, c);
	if (d->armed && d->quiet)
		for (uint32_t m = d->prefix[c->prefix].member; m != NO_INDEX;
		     m = member_at(d, m)->next_of_prefix)
			d->place[member_at(d, m)->place].learned = true;
}

void detect_changes(struct detect *d, const struct change *c, size_t n)
{
	paths_grow(d);
	prefixes_grow(d);
	peers_grow(d);
	for (size_t i = 0; i < n; i++) {
		if (i % BLOCK == 0)
			changes_fetch(d, c + i, n - i);
		change_one(d, &c[i]);
	}
	if (d->now == UTIME_NONE)
		return;
	health_thaw(d);
	if (d->voters_due || d->now - d->voters_at >= MINUTE ||
	    (!d->o.baseline && peer_count(d->t) && !d->votes_ever))
		voters_refresh(d);
	samples_tell(d);
}

void detect_tick(struct detect *d, utime_t now)
{
	paths_grow(d);
	prefixes_grow(d);
	peers_grow(d);
	time_passes(d, now);
	health_thaw(d); /* a peer may be whole again though nothing changes */
	if (d->voters_due || d->now - d->voters_at >= MINUTE)
		voters_refresh(d);
	samples_tell(d);
}

/* What is pending is judged by what is known; what is still open stays so. */
void detect_end(struct detect *d, utime_t now)
{
	detect_tick(d, now);
	settle(d);
	due_run(d, now);
	samples_tell(d);
}
