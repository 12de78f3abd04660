/* sim/deeds: see deeds.h. `at T DEED` happens at T; `at T..T DEED` is undone at the second. */
#include "sim/deeds.h"

#include <string.h>

static const char *const deed_names[] = {
    [DEED_ANNOUNCE] = "announce",
    [DEED_WITHDRAW] = "withdraw",
    [DEED_HIDE] = "withdraw",
    [DEED_SHOW] = "announce",
    [DEED_UP] = "up",
    [DEED_DOWN] = "down",
    [DEED_PREFER] = "prefer",
    [DEED_PREPEND] = "prepend",
    [DEED_LEAK] = "leak",
    [DEED_SEAL] = "leak-end",
    [DEED_RESET] = "reset",
    [DEED_BACK] = "reset-end",
    [DEED_RESTART] = "restart",
    [DEED_STARTED] = "restart-end",
    [DEED_ZOMBIE] = "zombie",
    [DEED_HEAL] = "zombie-end",
    [DEED_FLAP] = "flap",
};

const char *deed_text(enum deed deed)
{
	return deed_names[deed];
}

static void action_add(struct reader *r, const struct action *a)
{
	struct scenario *s = r->s;

	s->action = scenario_room(s, s->action, s->actions, sizeof *a);
	s->action[s->actions] = *a;
	s->action[s->actions].order = (uint32_t)s->actions;
	s->action[s->actions++].line = r->line;
}

/* The deed, and at the end of its range what undoes it. */
static bool action_pair(struct reader *r, struct action a, enum deed deed, enum deed undo)
{
	a.deed = deed;
	action_add(r, &a);
	if (a.end == UTIME_NONE)
		return true;
	a.at = a.end;
	a.end = UTIME_NONE;
	a.deed = undo;
	action_add(r, &a);
	return true;
}

static bool origination_options(struct reader *r, struct origination *o)
{
	while (word_peek(r)) {
		int n;
		if (word_is(r, "to")) {
			if (!word_asns(r, &o->only))
				return false;
		} else if (word_is(r, "not")) {
			if (!word_asns(r, &o->not ))
				return false;
		} else if (word_is(r, "path")) {
			if (!word_asns(r, &o->tail))
				return false;
		} else if (word_is(r, "prepend")) {
			struct asns toward = {0};
			if (!word_number(r, 1, 100, &n))
				return false;
			if (!word_is(r, "toward")) {
				o->prepend = (uint8_t)n;
				continue;
			}
			if (!word_asns(r, &toward))
				return false;
			for (uint32_t i = 0; i < toward.n; i++) {
				o->toward = scenario_room(r->s, o->toward, o->towards, sizeof *o->toward);
				o->toward[o->towards++] = (struct toward){toward.v[i], (uint8_t)n};
			}
		} else {
			return reader_fail(r, "want to, not, prepend or path, not \"%s\"", word_next(r));
		}
	}
	return true;
}

static bool deed_announce(struct reader *r, struct action a)
{
	struct scenario *s = r->s;
	struct origination o = {0};

	if (!word_asn(r, &a.a) || !word_prefixes(r, &a.prefixes))
		return false;
	if (a.prefixes.n == 0)
		return reader_fail(r, "AS%u announces which prefix?", a.a);
	o.asn = a.a;
	if (!origination_options(r, &o))
		return false;
	s->origination = scenario_room(s, s->origination, s->originations, sizeof o);
	s->origination[s->originations] = o;
	a.origination = (uint32_t)s->originations++;
	return action_pair(r, a, DEED_ANNOUNCE, DEED_WITHDRAW);
}

static bool deed_withdraw(struct reader *r, struct action a)
{
	if (!word_asn(r, &a.a) || !word_prefixes(r, &a.prefixes))
		return false;
	return action_pair(r, a, DEED_HIDE, DEED_SHOW);
}

/* What was withdrawn is announced as it was. */
static bool deed_show(struct reader *r, struct action a)
{
	return word_asn(r, &a.a) && word_prefixes(r, &a.prefixes) && action_pair(r, a, DEED_SHOW, DEED_HIDE);
}

/* Away at once, back after half of `every`, and so on until the end of the range. */
static bool deed_flap(struct reader *r, struct action a)
{
	utime_t end = a.end;

	if (end == UTIME_NONE)
		return reader_fail(r, "a flap wants a range of time: at T..T flap");
	if (!word_asn(r, &a.a) || !word_prefixes(r, &a.prefixes) || a.prefixes.n == 0 || !word_is(r, "every"))
		return reader_fail(r, "want flap ASN PREFIX... every SPAN");
	if (!word_span(r, &a.every) || a.every < UTIME_SECOND)
		return reader_fail(r, "a flap of a second or more");
	if ((end - a.at) / a.every > 100000)
		return reader_fail(r, "more than 100000 flaps");
	for (utime_t t = a.at; t < end; t += a.every) {
		a.at = t;
		a.end = t + a.every / 2;
		(void)action_pair(r, a, DEED_HIDE, DEED_SHOW);
	}
	return true;
}

static bool deed_up(struct reader *r, struct action a)
{
	return word_asn(r, &a.a) && word_asn(r, &a.b) && action_pair(r, a, DEED_UP, DEED_DOWN);
}

static bool deed_down(struct reader *r, struct action a)
{
	return word_asn(r, &a.a) && word_asn(r, &a.b) && action_pair(r, a, DEED_DOWN, DEED_UP);
}

static bool deed_number(struct reader *r, struct action a, enum deed deed, int low, int high)
{
	utime_t end = a.end;

	if (!word_asn(r, &a.a) || !word_asn(r, &a.b) || !word_number(r, low, high, &a.n))
		return false;
	a.deed = deed;
	action_add(r, &a);
	if (end == UTIME_NONE)
		return true;
	a.at = end;
	a.end = UTIME_NONE;
	a.n = 0;
	action_add(r, &a);
	return true;
}

static bool deed_prefer(struct reader *r, struct action a)
{
	return deed_number(r, a, DEED_PREFER, -120, 120);
}

static bool deed_prepend(struct reader *r, struct action a)
{
	return deed_number(r, a, DEED_PREPEND, 0, 100);
}

static bool deed_leak(struct reader *r, struct action a)
{
	return word_asn(r, &a.a) && word_asns(r, &a.asns) && word_prefixes(r, &a.prefixes) &&
	       action_pair(r, a, DEED_LEAK, DEED_SEAL);
}

static bool named_collector(struct reader *r, uint32_t *collector)
{
	const char *w = word_next(r);

	for (uint32_t i = 0; w && i < r->s->collectors; i++)
		if (strcmp(r->s->collector[i].name, w) == 0) {
			*collector = i;
			return true;
		}
	return reader_fail(r, "no collector \"%s\" so far", w ? w : "");
}

static bool deed_reset(struct reader *r, struct action a)
{
	const char *w;

	if (!named_collector(r, &a.collector))
		return false;
	w = word_next(r);
	if (!w)
		return reader_fail(r, "the session of whom: an AS or an address?");
	if (!asn_parse(w, strlen(w), &a.a) && !addr_parse(w, strlen(w), &a.addr))
		return reader_fail(r, "neither an AS nor an address: \"%s\"", w);
	a.silent = word_is(r, "silent");
	return action_pair(r, a, DEED_RESET, DEED_BACK);
}

static bool deed_join(struct reader *r, struct action a)
{
	const char *w;

	if (!named_collector(r, &a.collector))
		return false;
	w = word_next(r);
	if (!w || (!asn_parse(w, strlen(w), &a.a) && !addr_parse(w, strlen(w), &a.addr)))
		return reader_fail(r, "neither an AS nor an address: \"%s\"", w ? w : "");
	return action_pair(r, a, DEED_BACK, DEED_RESET);
}

static bool deed_restart(struct reader *r, struct action a)
{
	if (a.end == UTIME_NONE)
		return reader_fail(r, "a restart wants a range of time: at T..T restart");
	return named_collector(r, &a.collector) && action_pair(r, a, DEED_RESTART, DEED_STARTED);
}

static bool deed_zombie(struct reader *r, struct action a)
{
	if (!word_asns(r, &a.asns) || !word_prefixes(r, &a.prefixes))
		return false;
	return action_pair(r, a, DEED_ZOMBIE, DEED_HEAL);
}

/* Moves no route: who drops what is invalid is told by other lines. */
static bool deed_roa(struct reader *r, struct action a)
{
	struct scenario *s = r->s;
	struct roa_of x = {.at = a.at, .end = a.end};
	const char *w;
	int max;

	if (!word_asn(r, &x.asn))
		return false;
	if (!(w = word_next(r)))
		return reader_fail(r, "a roa of which prefix?");
	if (!prefixes_add(r, &a.prefixes, w))
		return false;
	x.prefix = a.prefixes.v[0];
	max = (int)x.prefix.len;
	if (word_peek(r) && (!word_number(r, max, x.prefix.family == FAMILY_IPV4 ? 32 : 128, &max)))
		return false;
	x.max = (uint8_t)max;
	s->roa = scenario_room(s, s->roa, s->roas, sizeof x);
	s->roa[s->roas++] = x;
	return true;
}

static const struct {
	const char *word;
	bool (*read)(struct reader *r, struct action a);
	bool timed; /* only after `at` */
} deeds[] = {
    {"announce", deed_announce, false},
    {"prefer", deed_prefer, false},
    {"prepend", deed_prepend, false},
    {"leak", deed_leak, false},
    {"roa", deed_roa, false},
    {"withdraw", deed_withdraw, true},
    {"show", deed_show, true},
    {"flap", deed_flap, true},
    {"up", deed_up, true},
    {"down", deed_down, true},
    {"reset", deed_reset, true},
    {"join", deed_join, true},
    {"restart", deed_restart, true},
    {"zombie", deed_zombie, true},
};

bool read_deed(struct reader *r, const char *word, utime_t at, utime_t end)
{
	struct action a = {.at = at, .end = end};

	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		if (strcmp(deeds[i].word, word) != 0)
			continue;
		if (deeds[i].timed && at == UTIME_NONE)
			return reader_fail(r, "%s wants a time: at T %s", word, word);
		if (!deeds[i].read(r, a))
			return reader_fail(r, "%s: bad", word);
		return !word_peek(r) || reader_fail(r, "%s: too much: \"%s\"", word, r->rest);
	}
	return reader_fail(r, "nothing is called \"%s\" here", word);
}

bool read_at(struct reader *r)
{
	char *w = word_next(r), *dots = w ? strstr(w, "..") : NULL;
	utime_t at, end = UTIME_NONE;

	if (!w)
		return reader_fail(r, "at which time?");
	if (r->s->start == UTIME_NONE)
		return reader_fail(r, "the start line comes first");
	if (dots)
		*dots = '\0';
	if (!word_time(r, w, r->s->start, &at) || (dots && !word_time(r, dots + 2, at, &end)))
		return false;
	if (dots && end <= at)
		return reader_fail(r, "the range ends before it begins");
	if (at < r->s->start)
		return reader_fail(r, "before the start");
	w = word_next(r);
	return w ? read_deed(r, w, at, end) : reader_fail(r, "what happens then?");
}
