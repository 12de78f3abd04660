/*
 * enrich/registry: registry files to facts. In: paths. Each is told by its content, counted in a dry run,
 * judged, and of those that replace each other (one registry's files of several days) the one that fits the
 * asked time is taken. Out: the facts, filled; a note for what is refused.
 */
#include "base/mem.h"
#include "enrich/guard.h"
#include "enrich/load.h"
#include "input/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct format *const formats[] = {&format_libloc, &format_mmdb, &format_delegated, &format_carriers,
    &format_ixs, &format_peeringdb, &format_roas_json, &format_asnames, &format_asrel, &format_roas,
    &format_names, &format_ranges, NULL};

/* ---- what loaders say ---- */

void load_about(struct loading *l, utime_t date, const char *key)
{
	struct census *c = l->census;
	char day[UTIME_TEXT] = "";

	if (date != UTIME_NONE)
		utime_text(day, date);
	c->date = date;
	snprintf(c->key, sizeof c->key, "%s", key);
	snprintf(c->label, sizeof c->label, "%s%s%.10s", key, *day ? " " : "", day);
}

void load_asn_country(struct loading *l, asn_t asn, cc_t cc)
{
	struct as_fact *fact;

	l->census->asns++;
	if (l->dry || cc == CC_NONE)
		return;
	fact = asns_add(&l->f->as, asn);
	if (l->rank >= l->f->source[fact->source].rank) {
		fact->cc = cc;
		fact->source = l->source;
	}
}

void load_asn_name(struct loading *l, asn_t asn, struct span name)
{
	if (!l->dry)
		asns_name(&l->f->as, asn, (const char *)name.p, name.n, l->rank);
}

void load_asn_known_name(struct loading *l, asn_t asn, struct span name)
{
	if (!l->dry)
		asns_name(&l->f->as, asn, (const char *)name.p, name.n, UINT8_MAX);
}

void load_asn_flag(struct loading *l, asn_t asn, uint8_t flag)
{
	if (!l->dry)
		asns_add(&l->f->as, asn)->flags |= flag;
}

static uint64_t key_of(const struct addr *a)
{
	uint64_t key = be64(a->b);

	return a->family == FAMILY_IPV4 ? key & 0xffffffff00000000U : key;
}

void load_range(struct loading *l, const struct addr *first, const struct addr *last, cc_t cc)
{
	int side = first->family == FAMILY_IPV6;
	struct intervals *list = l->f->source[l->source].located ? &l->located[side] : &l->registered[side];
	uint64_t to = side ? key_of(last) : key_of(last) | UINT32_MAX;

	if (!l->dry && cc != CC_NONE && first->family == last->family)
		intervals_add(list, key_of(first), to, range_value(cc, l->source), l->rank);
}

void load_prefix(struct loading *l, const struct prefix *p, cc_t cc)
{
	struct addr first = {.family = p->family}, last;

	memcpy(first.b, p->b, sizeof p->b);
	last = first;
	for (unsigned i = p->len; i < family_bits(p->family); i++)
		last.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	load_range(l, &first, &last, cc);
}

/* ---- files ---- */

enum { FILE_MAX = 1 << 30 };

bool file_load(const char *path, struct span *content, char why[160])
{
	struct input *in = input_open(path);
	struct block b;
	uint8_t *data = mem_alloc(1);
	size_t n = 0, cap = 1;
	enum input_status status;

	while ((status = input_next(in, 0, &b)) == INPUT_BLOCK && n + b.len < FILE_MAX) {
		if (cap - n < b.len)
			data = mem_grow(data, cap = (n + b.len) * 2, 1);
		memcpy(data + n, b.data, b.len);
		n += b.len;
	}
	if (status == INPUT_BAD)
		snprintf(why, 160, "%s", input_error(in));
	else if (status == INPUT_BLOCK)
		snprintf(why, 160, "larger than 1 GiB");
	input_close(in);
	if (status != INPUT_END)
		free(data);
	else
		*content = (struct span){data, n};
	return status == INPUT_END;
}

struct candidate {
	const char *path;
	const struct format *format;
	struct census census;
	bool kept;    /* it is in use already: from the folder of accepted files */
	bool refused; /* told why */
};

static const struct format *format_of(struct span content)
{
	for (size_t i = 0; formats[i]; i++)
		if (formats[i]->is(content))
			return formats[i];
	return NULL;
}

static void read_into(struct loading *l, struct candidate *c, struct span content)
{
	struct census again = {.date = UTIME_NONE};

	l->path = c->path;
	l->census = l->dry ? &c->census : &again;
	l->rank = l->forced ? l->forced : c->format->rank;
	c->format->load(l, content);
}

/* The dry run. A file of one key with nothing in it has a label still: its name. */
static void survey(struct loading *l, struct candidate *c)
{
	char why[160];
	struct span content;
	const char *slash = strrchr(c->path, '/');

	c->census.date = UTIME_NONE;
	if (!file_load(c->path, &content, why)) {
		facts_note(l->f, "%s: %s", c->path, why);
		return;
	}
	c->format = format_of(content);
	if (c->format) {
		l->dry = true;
		read_into(l, c, content);
		l->dry = false;
		if (l->label || !*c->census.label)
			snprintf(c->census.label, LABEL_TEXT, "%s",
			    l->label ? l->label
			    : slash  ? slash + 1
				     : c->path);
	} else if (content.n == 0) {
		facts_note(l->f, "%s: refused: empty", c->path);
	} else {
		facts_note(l->f, "%s: no registry format known here, left out", c->path);
	}
	free((void *)content.p);
}

bool registry_survey(const char *path, struct census *census, char *why, size_t n)
{
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	struct loading l = {.f = f};
	struct candidate c = {.path = path};

	survey(&l, &c);
	if (f->notes)
		snprintf(why, n, "%s", f->note[f->notes - 1]);
	*census = c.census;
	facts_free(f);
	return c.format != NULL;
}

static uint8_t source_add(struct loading *l, const struct candidate *c)
{
	struct facts *f = l->f;

	if (f->sources == SOURCES_MAX) {
		facts_note(f, "%s: more than %d sources, left out", c->path, SOURCES_MAX);
		return 0;
	}
	f->source[++f->sources] =
	    (struct source){mem_strdup(c->census.label), l->forced ? l->forced : c->format->rank,
		c->format->located && l->forced != RANK_DEFAULT_REGISTERED};
	return (uint8_t)f->sources;
}

static void take(struct loading *l, struct candidate *c)
{
	struct span content = {0};
	char why[160];

	if (!c->format->by_path && !file_load(c->path, &content, why))
		return; /* was there a moment ago */
	l->source = source_add(l, c);
	if (l->source)
		read_into(l, c, content);
	if (c->census.bad)
		facts_note(l->f, "%s: %zu of %zu rows cannot be read, left out", c->path, c->census.bad,
		    c->census.rows);
	free((void *)content.p);
}

static int by_key_and_date(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int d = strcmp(x->census.key, y->census.key);

	if (d)
		return d;
	if (x->census.date != y->census.date)
		return x->census.date < y->census.date ? -1 : 1;
	if (x->kept != y->kept)
		return x->kept ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Of the files of one key, oldest first: the last of before `at`, or the first after it; one that is given
 * rather than one that is kept. */
static struct candidate *fitting(struct candidate *c, size_t n, utime_t at)
{
	struct candidate *best = NULL;

	for (int kept = 0; kept < 2 && !best; kept++)
		for (size_t i = 0; i < n; i++)
			if (!c[i].refused && c[i].kept == kept && (!best || c[i].census.date <= at))
				best = &c[i];
	return best;
}

static void take_group(struct loading *l, struct candidate *c, size_t n, utime_t at)
{
	const struct candidate *in_use = NULL;
	struct candidate *one;

	for (size_t i = 0; i < n; i++) {
		char why[256];
		c[i].refused = guard_refuses(&c[i].census, in_use ? &in_use->census : NULL, why, sizeof why);
		if (c[i].refused)
			facts_note(l->f, "%s: refused: %s", c[i].path, why);
		else
			in_use = &c[i];
	}
	if (!c->format->histories && *c->census.key) {
		if ((one = fitting(c, n, at)))
			take(l, one);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		l->from = i == 0 ? UTIME_NONE : c[i].census.date;
		l->before = i == 0 ? UTIME_NONE : c[i - 1].census.date;
		l->to = i + 1 < n ? c[i + 1].census.date : UTIME_MAX;
		if (!c[i].refused)
			take(l, &c[i]);
	}
}

void load_registries(
    struct loading *l, const char *const *path, size_t n, const char *const *kept, size_t kepts, utime_t at)
{
	struct candidate *c = mem_array(n + kepts + 1, sizeof *c);
	size_t all = 0, group;

	for (size_t i = 0; i < n + kepts; i++) {
		c[all] = (struct candidate){.path = i < kepts ? kept[i] : path[i - kepts], .kept = i < kepts};
		survey(l, &c[all]);
		all += c[all].format != NULL;
	}
	qsort(c, all, sizeof *c, by_key_and_date);
	for (size_t i = 0; i < all; i += group) {
		for (group = 1; i + group < all && *c[i].census.key; group++)
			if (strcmp(c[i].census.key, c[i + group].census.key) != 0)
				break;
		take_group(l, c + i, group, at);
	}
	free(c);
}

void load_default_file(struct loading *l, const char *path)
{
	struct candidate c = {.path = path};

	survey(l, &c);
	if (c.format)
		take(l, &c);
}
