/*
 * enrich/territories: reading a territories file (isthmus-territories(5)). In: its text. Out: sections with
 * their entries, and a note for each value that cannot be read. Comments are kept: they are the sources that
 * --explain shows, which is why this is not left to an INI library.
 */
#include "base/mem.h"
#include "enrich/territory.h"
#include "enrich/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct facts *f;
	struct territories *t;
	const char *path, *file;
	uint32_t line;
	struct section *section;
};

static void fault(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(const struct reader *r, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	facts_note(r->f, "%s:%u: %s", r->path, r->line, what);
}

static char *copy(struct span s)
{
	char *text = mem_alloc(s.n + 1);

	if (s.n)
		memcpy(text, s.p, s.n);
	return text;
}

static void section_clear(struct section *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->entry[i].why);
	free(s->entry);
	free(s->id);
	free(s->name);
	free(s->file);
}

static bool id_fits(const struct reader *r, struct span id)
{
	struct prefix p;
	asn_t asn;

	if (id.n == 0 || memchr(id.p, ',', id.n)) {
		fault(r, "a section needs a name without commas");
		return false;
	}
	if (asn_parse((const char *)id.p, id.n, &asn) || prefix_parse((const char *)id.p, id.n, &p)) {
		fault(r, "[%.*s]: an AS or a prefix is a territory by itself and cannot be redefined",
		    (int)id.n, id.p);
		return false;
	}
	return true;
}

static void section_open(struct reader *r, struct span id)
{
	struct territories *t = r->t;
	cc_t cc = CC_NONE;
	size_t i;

	r->section = NULL;
	if (!id_fits(r, id))
		return;
	for (i = 0; i < t->sections; i++)
		if (strlen(t->section[i].id) == id.n &&
		    strncasecmp(t->section[i].id, (const char *)id.p, id.n) == 0)
			break;
	if (i < t->sections && t->section[i].file_no == t->files) {
		r->section = &t->section[i]; /* the same file goes on with it */
		return;
	}
	if (i == t->sections) {
		t->section = vec_room(t->section, t->sections, &t->cap, sizeof *t->section);
		t->sections++;
	} else {
		section_clear(&t->section[i]);
	}
	if (id.n != 2 || !text_cc(id, &cc) || !cc_name(cc))
		cc = CC_NONE;
	t->section[i] = (struct section){
	    .id = copy(id), .cc = cc, .registered = true, .file = mem_strdup(r->file), .file_no = t->files};
	if (cc)
		cc_text(t->section[i].id, cc);
	r->section = &t->section[i];
}

/* A time of a validity: as utime_parse, or a year alone. */
static bool time_of(struct span s, utime_t *t)
{
	char text[UTIME_TEXT];
	bool year = s.n == 4;

	if (s.n + 4 > sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	memcpy(text + s.n, "-01", year ? 4 : 0);
	text[s.n + (year ? 3 : 0)] = '\0';
	return utime_parse(text, t);
}

/* "@2004-08-03..", "@..2015", "@2010..2015-06-01" */
static bool validity(const struct reader *r, struct span s, struct entry *e)
{
	const uint8_t *dots = s.n > 1 ? memmem(s.p, s.n, "..", 2) : NULL;
	struct span from, to;

	if (dots) {
		from = text_trim((struct span){s.p, (size_t)(dots - s.p)});
		to = text_trim((struct span){dots + 2, (size_t)(s.p + s.n - dots - 2)});
		if ((from.n == 0 || time_of(from, &e->from)) && (to.n == 0 || time_of(to, &e->to))) {
			if (e->from < e->to)
				return true;
			fault(r, "\"@%.*s\" ends before it begins", (int)s.n, s.p);
			return false;
		}
	}
	fault(r, "\"@%.*s\" is no validity: @FROM..TO, dates like 2004-08-03, either may be left out",
	    (int)s.n, s.p);
	return false;
}

static bool value_asn(struct span s, struct entry *e)
{
	e->kind = ENTRY_ASN;
	return asn_parse((const char *)s.p, s.n, &e->asn);
}

static bool value_prefix(struct span s, struct entry *e)
{
	e->kind = ENTRY_PREFIX;
	return prefix_parse((const char *)s.p, s.n, &e->prefix);
}

static bool value_country(struct span s, struct entry *e)
{
	e->kind = ENTRY_COUNTRY;
	return s.n == 2 && text_cc(s, &e->cc) && cc_name(e->cc);
}

static bool value_exclude(struct span s, struct entry *e)
{
	e->exclude = true;
	return (s.n > 2 && (s.p[0] | 0x20) == 'a' && value_asn(s, e)) || value_prefix(s, e);
}

static const struct key {
	const char *name, *wants;
	bool (*value)(struct span s, struct entry *e);
} keys[] = {
    {"asn", "AS number", value_asn},
    {"prefix", "prefix", value_prefix},
    {"country", "country code", value_country},
    {"exclude", "AS (\"AS51040\") or prefix", value_exclude},
};

static void entry_read(struct reader *r, const struct key *key, struct span value, struct span why)
{
	const uint8_t *mark = value.n ? memchr(value.p, '@', value.n) : NULL;
	struct span what = value;
	struct entry e = {.from = UTIME_NONE, .to = UTIME_MAX, .line = r->line};
	struct section *s = r->section;

	if (mark) {
		struct span when = {mark + 1, (size_t)(value.p + value.n - mark - 1)};
		what = text_trim((struct span){value.p, (size_t)(mark - value.p)});
		if (!validity(r, text_trim(when), &e))
			return;
	}
	if (!key->value(what, &e)) {
		fault(r, "%s: \"%.*s\" is no %s", key->name, (int)what.n, what.p, key->wants);
		return;
	}
	if (e.kind == ENTRY_COUNTRY && (e.from != UTIME_NONE || e.to != UTIME_MAX)) {
		fault(r, "country: \"%.*s\" takes no validity", (int)what.n, what.p);
		return;
	}
	e.section = (uint32_t)(s - r->t->section);
	e.why = why.n ? copy(why) : NULL;
	s->entry = vec_room(s->entry, s->n, &s->cap, sizeof *s->entry);
	s->entry[s->n++] = e;
}

static void setting(struct reader *r, struct span key, struct span value, struct span why)
{
	struct span rest = value;

	if (text_is(key, "name")) {
		free(r->section->name);
		r->section->name = copy(value);
		return;
	}
	if (text_is(key, "registered")) {
		if (!text_is(value, "yes") && !text_is(value, "no"))
			fault(r, "registered: \"%.*s\" is neither yes nor no", (int)value.n, value.p);
		else
			r->section->registered = text_is(value, "yes");
		return;
	}
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		if (!text_is(key, keys[k].name))
			continue;
		while (rest.n) {
			const uint8_t *comma = memchr(rest.p, ',', rest.n);
			size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
			entry_read(r, &keys[k], text_trim((struct span){rest.p, n}), why);
			n += comma != NULL;
			rest.p += n;
			rest.n -= n;
		}
		return;
	}
	fault(r, "\"%.*s\" is no key: name, asn, prefix, country, exclude, registered", (int)key.n, key.p);
}

static void read_line(struct reader *r, struct span line)
{
	const uint8_t *semi = line.n ? memchr(line.p, ';', line.n) : NULL, *equals;
	struct span why = {0};

	if (semi) {
		why = text_trim((struct span){semi + 1, (size_t)(line.p + line.n - semi - 1)});
		line.n = (size_t)(semi - line.p);
	}
	line = text_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return;
	if (line.p[0] == '[') {
		if (line.p[line.n - 1] == ']')
			section_open(r, text_trim((struct span){line.p + 1, line.n - 2}));
		else
			fault(r, "a section is [NAME]");
		return;
	}
	equals = memchr(line.p, '=', line.n);
	if (!equals)
		fault(r, "neither a [section] nor \"key = value\": \"%.*s\"", (int)line.n, line.p);
	else if (!r->section)
		fault(r, "stands in no section, left out");
	else
		setting(r, text_trim((struct span){line.p, (size_t)(equals - line.p)}),
		    text_trim((struct span){equals + 1, (size_t)(line.p + line.n - equals - 1)}), why);
}

void territories_parse(struct facts *f, struct territories *t, struct span text, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct reader r = {.f = f, .t = t, .path = path, .file = slash ? slash + 1 : path};
	struct cur c = cur_of_span(text);
	struct span line;

	t->files++;
	while (text_line(&c, &line)) {
		r.line++;
		read_line(&r, line);
	}
}

struct territories *territories_new(void)
{
	struct territories *t = mem_alloc(sizeof *t);

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void territory_free(struct territory *t)
{
	if (!t)
		return;
	if (t->curated) {
		curated_free(t->curated);
		free(t->curated);
	}
	free(t->id);
	free(t);
}

void territories_free(struct territories *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->named && i < t->sections; i++)
		territory_free(t->named[i]);
	for (size_t i = 0; i < CC_CELLS; i++)
		territory_free(t->country[i]);
	while (t->asked) {
		struct territory *next = t->asked->next;
		territory_free(t->asked);
		t->asked = next;
	}
	for (size_t i = 0; i < t->sections; i++)
		section_clear(&t->section[i]);
	curated_free(&t->countries);
	pthread_mutex_destroy(&t->lock);
	free(t->section);
	free(t->named);
	free(t->list);
	free(t);
}
