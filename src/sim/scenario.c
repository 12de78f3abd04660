/* sim/scenario: see scenario.h. The lines of a file; the actions after `at` are in deeds.c. */
#include "sim/scenario.h"

#include "base/mem.h"
#include "sim/deeds.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INCLUDE_DEPTH = 8 };

bool reader_fail(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (r->failed)
		return false;
	r->failed = true;
	n = snprintf(r->why, r->why_cap, "%s:%u: ", r->file, r->line);
	if (n < 0 || (size_t)n >= r->why_cap)
		return false;
	va_start(ap, fmt);
	vsnprintf(r->why + n, r->why_cap - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

void *scenario_room(struct scenario *s, void *v, size_t n, size_t size)
{
	void *w;

	if (n & (n - 1)) /* room is doubled at powers of two; the arena keeps the old halves until the end */
		return v;
	w = arena_take(&s->arena, (n ? 2 * n : 1) * size);
	if (n)
		memcpy(w, v, n * size);
	return w;
}

char *word_next(struct reader *r)
{
	char *w = r->rest + strspn(r->rest, " \t");
	size_t n = strcspn(w, " \t");

	if (!*w)
		return NULL;
	r->rest = w + n;
	if (*r->rest)
		*r->rest++ = '\0';
	return w;
}

char *word_peek(struct reader *r)
{
	r->rest += strspn(r->rest, " \t");
	return *r->rest ? r->rest : NULL;
}

bool word_is(struct reader *r, const char *want)
{
	const char *w = word_peek(r);
	size_t n = strlen(want);

	if (!w || strncmp(w, want, n) != 0 || (w[n] && w[n] != ' ' && w[n] != '\t'))
		return false;
	(void)word_next(r);
	return true;
}

bool word_asn(struct reader *r, asn_t *asn)
{
	const char *w = word_next(r);

	if (!w)
		return reader_fail(r, "an AS number is missing");
	return asn_parse(w, strlen(w), asn) || reader_fail(r, "no AS number: \"%s\"", w);
}

/* "1,2,3" */
bool word_asns(struct reader *r, struct asns *list)
{
	char *w = word_next(r), *save = NULL;

	if (!w)
		return reader_fail(r, "a list of AS numbers is missing");
	for (char *p = strtok_r(w, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		asn_t asn;
		if (!asn_parse(p, strlen(p), &asn))
			return reader_fail(r, "no AS number: \"%s\"", p);
		list->v = scenario_room(r->s, list->v, list->n, sizeof *list->v);
		list->v[list->n++] = asn;
	}
	return true;
}

bool word_number(struct reader *r, int low, int high, int *n)
{
	const char *w = word_next(r);
	char *end = NULL;
	long v = w ? strtol(w, &end, 10) : 0;

	if (!w || !*w || *end || v < low || v > high)
		return reader_fail(r, "want a number of %d to %d, not \"%s\"", low, high, w ? w : "");
	*n = (int)v;
	return true;
}

bool word_span(struct reader *r, utime_t *span)
{
	const char *w = word_next(r);
	bool minus = w && *w == '-';

	if (!w || !utime_parse_span(w + minus, span))
		return reader_fail(r, "want a span like 90s, 5m, 2h, not \"%s\"", w ? w : "");
	*span = minus ? -*span : *span;
	return true;
}

bool prefixes_add(struct reader *r, struct prefixes *list, const char *w)
{
	struct prefix p;
	struct addr a;
	const char *slash = strchr(w, '/');

	if (!slash || !prefix_parse(w, strlen(w), &p))
		return reader_fail(r, "no prefix: \"%s\"", w);
	(void)addr_parse(w, (size_t)(slash - w), &a);
	if (memcmp(a.b, p.b, sizeof a.b) != 0)
		return reader_fail(r, "%s: bits are set behind the prefix length", w);
	list->v = scenario_room(r->s, list->v, list->n, sizeof *list->v);
	list->v[list->n++] = p;
	return true;
}

/* Prefixes as far as words look like such. */
bool word_prefixes(struct reader *r, struct prefixes *list)
{
	while (word_peek(r) &&
	       (strchr("0123456789:", *r->rest) || memchr(r->rest, ':', strcspn(r->rest, " \t"))))
		if (!prefixes_add(r, list, word_next(r)))
			return false;
	return true;
}

/* ISO time; HH:MM[:SS[.f]] of the start's day; +SPAN after `from`. */
bool word_time(struct reader *r, const char *w, utime_t from, utime_t *t)
{
	utime_t span;
	char text[UTIME_TEXT + 32];

	if (*w == '+' && utime_parse_span(w + 1, &span) && from != UTIME_NONE) {
		*t = from + span;
		return true;
	}
	if (strlen(w) <= 15 && w[0] && w[1] && w[2] == ':' && r->s->start != UTIME_NONE) {
		(void)utime_text(text, r->s->start);
		snprintf(text + 11, sizeof text - 11, "%sZ", w);
		if (utime_parse(text, t))
			return true;
	}
	return utime_parse(w, t) || reader_fail(r, "no time: \"%s\"", w);
}

/* ---- one function per line's first word ---- */
static const char *rest_of(struct reader *r)
{
	const char *w = word_peek(r);

	if (!w)
		return "";
	w = arena_strn(&r->s->arena, w, strlen(w));
	r->rest += strlen(r->rest);
	return w;
}

static bool line_name(struct reader *r)
{
	r->s->name = rest_of(r);
	return true;
}

static bool line_title(struct reader *r)
{
	r->s->title = rest_of(r);
	return true;
}

static bool line_start(struct reader *r)
{
	const char *w = word_next(r);

	return w ? word_time(r, w, UTIME_NONE, &r->s->start) : reader_fail(r, "start when?");
}

static bool line_end(struct reader *r)
{
	const char *w = word_next(r);

	return w ? word_time(r, w, r->s->start, &r->s->end) : reader_fail(r, "end when?");
}

static bool line_seed(struct reader *r)
{
	int n;

	if (!word_number(r, 0, INT32_MAX, &n))
		return false;
	if (!r->seeded)
		r->s->seed = (uint64_t)n;
	return true;
}

static bool line_tie(struct reader *r)
{
	if (word_is(r, "lowest"))
		r->s->tie = TIE_LOWEST;
	else if (word_is(r, "even"))
		r->s->tie = TIE_EVEN;
	else
		return reader_fail(r, "tie lowest or even?");
	return true;
}

static bool line_convergence(struct reader *r)
{
	return word_span(r, &r->s->convergence);
}

static bool line_churn(struct reader *r)
{
	int n;

	if (!word_number(r, 0, 1000000, &n))
		return false;
	r->s->churn = n;
	return true;
}

static bool line_rib(struct reader *r)
{
	const char *w;

	if (word_is(r, "every"))
		return word_span(r, &r->s->rib_every) &&
		       (r->s->rib_every > 0 || reader_fail(r, "rib every how long?"));
	(void)word_is(r, "at");
	while ((w = word_next(r))) {
		utime_t t;
		if (!word_time(r, w, r->s->start, &t))
			return false;
		r->s->rib_at = scenario_room(r->s, r->s->rib_at, r->s->rib_ats, sizeof t);
		r->s->rib_at[r->s->rib_ats++] = t;
	}
	return true;
}

static bool line_as(struct reader *r)
{
	struct as_fact f = {0};
	const char *cc;

	if (!word_asn(r, &f.asn))
		return false;
	cc = word_next(r);
	if (!cc || strlen(cc) != 2)
		return reader_fail(r, "want a country code of two letters, not \"%s\"", cc ? cc : "");
	memcpy(f.country, cc, 2);
	f.name = rest_of(r);
	r->s->fact = scenario_room(r->s, r->s->fact, r->s->facts, sizeof f);
	r->s->fact[r->s->facts++] = f;
	return true;
}

/* `provides A B C`: A is the provider of B and C. `peers A B C`: A peers with B and C. */
static bool line_links(struct reader *r, bool peers)
{
	size_t from = r->s->edges.n;
	asn_t a, b;

	if (!word_asn(r, &a))
		return false;
	do {
		if (!word_asn(r, &b))
			return false;
		if (a == b)
			return reader_fail(r, "AS%u has no link to itself", a);
		edges_add(&r->s->edges, a, b, peers, false);
	} while (word_peek(r) && strcmp(r->rest, "down") != 0);
	if (word_is(r, "down"))
		for (size_t i = from; i < r->s->edges.n; i++)
			r->s->edges.v[i].down = true;
	return true;
}

static bool line_provides(struct reader *r)
{
	return line_links(r, false);
}

static bool line_peers(struct reader *r)
{
	return line_links(r, true);
}

static bool line_clique(struct reader *r)
{
	struct asns all = {0};
	asn_t a;

	while (word_peek(r)) {
		if (!word_asn(r, &a))
			return false;
		for (uint32_t i = 0; i < all.n; i++)
			edges_add(&r->s->edges, all.v[i], a, true, false);
		all.v = scenario_room(r->s, all.v, all.n, sizeof a);
		all.v[all.n++] = a;
	}
	return all.n > 1 || reader_fail(r, "a clique of whom?");
}

static char *beside(struct reader *r, const char *name)
{
	const char *slash = strrchr(r->file, '/');

	if (*name == '/' || !slash)
		return mem_strdup(name);
	return mem_printf("%.*s/%s", (int)(slash - r->file), r->file, name);
}

static bool line_topology(struct reader *r)
{
	char why[400], *file;
	const char *w = word_next(r);
	bool ok;

	if (!w)
		return reader_fail(r, "topology of which file?");
	file = beside(r, w);
	ok = edges_read(&r->s->edges, file, why, sizeof why) || reader_fail(r, "%s", why);
	free(file);
	return ok;
}

static bool lines_of_file(struct reader *r, const char *file);

static bool line_include(struct reader *r)
{
	const char *w = word_next(r), *file_before = r->file;
	unsigned line_before = r->line;
	char *file, *rest_before = r->rest;
	bool ok;

	if (!w)
		return reader_fail(r, "include which file?");
	if (r->depth >= INCLUDE_DEPTH)
		return reader_fail(r, "files that include one another, %d deep", INCLUDE_DEPTH);
	file = beside(r, w);
	r->depth++;
	ok = lines_of_file(r, file);
	r->depth--;
	r->file = file_before;
	r->line = line_before;
	r->rest = rest_before;
	free(file);
	return ok;
}

static bool line_territory(struct reader *r)
{
	struct place p = {0};
	const char *w = word_next(r);

	if (!w)
		return reader_fail(r, "which territory?");
	p.id = p.name = arena_strn(&r->s->arena, w, strlen(w));
	p.by_country = true;
	while (word_peek(r)) {
		if (word_is(r, "asn")) {
			if (!word_asns(r, &p.asns))
				return false;
			p.by_country = false;
		} else if (word_is(r, "prefix")) {
			if (!word_prefixes(r, &p.prefixes))
				return false;
			p.by_country = false;
		} else if (word_is(r, "name")) {
			p.name = rest_of(r);
		} else {
			return reader_fail(r, "want asn, prefix or name, not \"%s\"", word_next(r));
		}
	}
	r->s->place = scenario_room(r->s, r->s->place, r->s->places, sizeof p);
	r->s->place[r->s->places++] = p;
	return true;
}

static bool line_collector(struct reader *r)
{
	struct collector c = {.every = 0};
	const char *w = word_next(r);

	if (!w || strchr(w, '/'))
		return reader_fail(r, "want a collector's name, not \"%s\"", w ? w : "");
	c.name = arena_strn(&r->s->arena, w, strlen(w));
	if (word_is(r, "ris"))
		c.archive = ARCHIVE_RIS;
	else if (word_is(r, "routeviews"))
		c.archive = ARCHIVE_ROUTEVIEWS;
	else
		return reader_fail(r, "collector %s: routeviews or ris?", c.name);
	c.pack = c.archive == ARCHIVE_RIS ? PACK_GZ : PACK_BZ2;
	c.every = (c.archive == ARCHIVE_RIS ? 5 : 15) * 60 * UTIME_SECOND;
	while (word_peek(r)) {
		if (word_is(r, "every")) {
			if (!word_span(r, &c.every) || c.every < 60 * UTIME_SECOND)
				return reader_fail(r, "update files of a minute or more");
		} else if (word_is(r, "skew")) {
			if (!word_span(r, &c.skew))
				return false;
		} else if (word_is(r, "gz")) {
			c.pack = PACK_GZ;
		} else if (word_is(r, "bz2")) {
			c.pack = PACK_BZ2;
		} else if (word_is(r, "plain")) {
			c.pack = PACK_PLAIN;
		} else if (word_is(r, "no-states")) {
			c.no_states = true;
		} else if (word_is(r, "seconds")) {
			c.seconds = true;
		} else {
			return reader_fail(r, "collector %s: what is \"%s\"?", c.name, word_next(r));
		}
	}
	r->s->collector = scenario_room(r->s, r->s->collector, r->s->collectors, sizeof c);
	r->s->collector[r->s->collectors++] = c;
	return true;
}

static bool line_peer(struct reader *r)
{
	struct session p = {.feed = FEED_FULL, .part = 1};
	const char *w;

	if (r->s->collectors == 0)
		return reader_fail(r, "a peer of which collector? A collector line comes first");
	p.collector = (uint32_t)r->s->collectors - 1;
	if (!word_asn(r, &p.asn))
		return false;
	w = word_next(r);
	if (!w || !addr_parse(w, strlen(w), &p.addr))
		return reader_fail(r, "peer AS%u: no address: \"%s\"", p.asn, w ? w : "");
	while (word_peek(r)) {
		int percent;
		if (word_is(r, "full")) {
			p.feed = FEED_FULL;
		} else if (word_is(r, "customers")) {
			p.feed = FEED_CUSTOMERS;
		} else if (word_is(r, "part")) {
			if (!word_number(r, 0, 100, &percent))
				return false;
			p.feed = FEED_PART;
			p.part = percent / 100.0;
		} else if (word_is(r, "down")) {
			p.down = true;
		} else {
			return reader_fail(r, "peer AS%u: want full, customers, part N or down, not \"%s\"",
			    p.asn, word_next(r));
		}
	}
	r->s->session = scenario_room(r->s, r->s->session, r->s->sessions, sizeof p);
	r->s->session[r->s->sessions++] = p;
	return true;
}

static const struct line {
	const char *word;
	bool (*read)(struct reader *r);
} lines[] = {
    {"name", line_name},
    {"title", line_title},
    {"start", line_start},
    {"end", line_end},
    {"seed", line_seed},
    {"tie", line_tie},
    {"convergence", line_convergence},
    {"churn", line_churn},
    {"rib", line_rib},
    {"as", line_as},
    {"provides", line_provides},
    {"peers", line_peers},
    {"clique", line_clique},
    {"topology", line_topology},
    {"include", line_include},
    {"territory", line_territory},
    {"collector", line_collector},
    {"peer", line_peer},
    {"at", read_at},
    {NULL, NULL},
};

static bool line_take(struct reader *r, char *line)
{
	const char *w;

	line[strcspn(line, "#\r\n")] = '\0';
	r->rest = line;
	w = word_next(r);
	if (!w)
		return true;
	for (const struct line *l = lines; l->word; l++)
		if (strcmp(l->word, w) == 0) {
			if (!l->read(r))
				return false;
			return !word_peek(r) || reader_fail(r, "too much: \"%s\"", r->rest);
		}
	return read_deed(r, w, UTIME_NONE, UTIME_NONE);
}

static bool lines_of_file(struct reader *r, const char *file)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t cap = 0;
	bool ok = true;

	if (!f && !r->line) { /* the scenario itself: there is no line that names it */
		r->failed = true;
		snprintf(r->why, r->why_cap, "%s: %s", file, strerror(errno));
		return false;
	}
	if (!f)
		return reader_fail(r, "%s: %s", file, strerror(errno));
	r->file = file;
	r->line = 0;
	while (ok && getline(&line, &cap, f) >= 0) {
		r->line++;
		ok = line_take(r, line);
	}
	free(line);
	fclose(f);
	return ok;
}

static int fact_order(const void *x, const void *y)
{
	const struct as_fact *a = x, *b = y;
	return a->asn < b->asn ? -1 : a->asn > b->asn;
}

static int action_order(const void *x, const void *y)
{
	const struct action *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool whole(struct reader *r)
{
	struct scenario *s = r->s;

	r->line = 0;
	if (s->start == UTIME_NONE)
		return reader_fail(r, "no start");
	if (s->end == UTIME_NONE || s->end <= s->start)
		return reader_fail(r, "no end after the start");
	if (s->sessions == 0)
		return reader_fail(r, "no peer: nobody looks");
	if (s->facts)
		qsort(s->fact, s->facts, sizeof *s->fact, fact_order);
	for (size_t i = 1; i < s->facts; i++)
		if (s->fact[i].asn == s->fact[i - 1].asn)
			return reader_fail(r, "AS%u has two `as` lines", s->fact[i].asn);
	if (s->actions)
		qsort(s->action, s->actions, sizeof *s->action, action_order);
	return true;
}

static struct scenario *scenario_new(void)
{
	struct scenario *s = mem_alloc(sizeof *s);

	s->start = s->end = UTIME_NONE;
	s->name = s->title = "";
	s->convergence = 30 * UTIME_SECOND;
	s->churn = 6;
	s->tie = TIE_EVEN;
	s->seed = 1;
	return s;
}

struct scenario *scenario_read(const char *file, const uint64_t *seed, char *why, size_t cap)
{
	struct reader r = {
	    .s = scenario_new(), .file = file, .why = why, .why_cap = cap, .seeded = seed != NULL};
	const char *slash = strrchr(file, '/');

	if (seed)
		r.s->seed = *seed;
	r.s->name = r.s->file = arena_strn(&r.s->arena, file, strlen(file));
	if (slash)
		r.s->name += slash + 1 - file;
	if (lines_of_file(&r, file)) {
		r.file = file;
		if (whole(&r))
			return r.s;
	}
	scenario_free(r.s);
	return NULL;
}

struct scenario *scenario_text(const char *text, const char *name, char *why, size_t cap)
{
	struct reader r = {.s = scenario_new(), .file = name, .why = why, .why_cap = cap};
	char *copy = mem_strdup(text), *next = copy;
	bool ok = true;

	r.s->name = r.s->file = arena_strn(&r.s->arena, name, strlen(name));
	while (ok && next && *next) {
		char *line = next;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r.line++;
		ok = line_take(&r, line);
	}
	free(copy);
	if (ok && whole(&r))
		return r.s;
	scenario_free(r.s);
	return NULL;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	edges_free(&s->edges);
	arena_free(&s->arena);
	free(s);
}

const struct as_fact *scenario_fact(const struct scenario *s, asn_t asn)
{
	struct as_fact key = {.asn = asn};

	return s->facts ? bsearch(&key, s->fact, s->facts, sizeof key, fact_order) : NULL;
}
