/*
 * enrich/facts: loads what the machine has and what the user gives, and answers for one AS. In: files. Out:
 * struct facts, read-only from then on.
 */
#include "enrich/facts.h"

#include "base/mem.h"
#include "enrich/territory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void facts_note(struct facts *f, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->note = vec_room(f->note, f->notes, &f->note_cap, sizeof *f->note);
	f->note[f->notes++] = mem_strdup(text);
}

size_t facts_notes(const struct facts *f, const char *const **lines)
{
	*lines = (const char *const *)f->note;
	return f->notes;
}

uint8_t facts_source(struct facts *f, uint8_t rank, bool located, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (f->sources == SOURCES_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->source[++f->sources] = (struct source){mem_strdup(text), rank, located};
	return (uint8_t)f->sources;
}

const char *facts_sources(const struct facts *f)
{
	return f->sources_text;
}

/* ---- what loaders say ---- */

void load_asn_country(struct loading *l, asn_t asn, cc_t cc)
{
	struct as_fact *fact = asns_add(&l->f->as, asn);

	if (cc && l->f->source[l->source].rank >= l->f->source[fact->source].rank) {
		fact->cc = cc;
		fact->source = l->source;
	}
}

void load_range(struct loading *l, const struct addr *first, const struct addr *last, cc_t cc)
{
	const struct source *source = &l->f->source[l->source];
	int side = first->family == FAMILY_IPV6;
	struct prefix a = {.family = first->family, .len = 64}, b = {.family = first->family, .len = 64};
	uint64_t from, to;

	memcpy(a.b, first->b, 16);
	memcpy(b.b, last->b, 16);
	from = prefix_first(&a);
	to = side ? prefix_first(&b) : prefix_first(&b) | UINT32_MAX;
	if (cc == CC_NONE || first->family != last->family || to < from)
		return;
	intervals_add(source->located ? &l->located[side] : &l->registered[side], from, to,
	    range_value(cc, l->source), source->rank);
}

/* ---- files ---- */

static struct span file_read(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, cap = 0;

	if (!in)
		return (struct span){0};
	do {
		if (cap - n < 65536)
			data = mem_grow(data, cap = cap * 2 + 131072, 1);
		n += fread(data + n, 1, cap - n, in);
	} while (!feof(in) && !ferror(in));
	fclose(in);
	return (struct span){data, n};
}

static void load_file(struct loading *l, const char *path)
{
	struct span content = file_read(path);
	size_t i;

	if (!content.p) {
		facts_note(l->f, "%s: %m", path);
		return;
	}
	for (i = 0; formats[i]; i++)
		if (formats[i]->is(content))
			break;
	l->path = path;
	l->rows = l->bad = l->source = 0;
	if (!formats[i])
		facts_note(l->f, "%s: no registry format known here, left out", path);
	else
		formats[i]->load(l, content);
	if (l->bad)
		facts_note(l->f, "%s: %zu of %zu rows cannot be read, left out", path, l->bad, l->rows);
	free((void *)content.p);
}

/* A file the project ships: beside the program in a build tree, or where it was installed. Freed by the
 * caller. */
static char *shipped(const char *name)
{
	static const char *const places[] = {"/../scenario/", "/../../scenario/"};
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash, *path;

	exe[n < 0 ? 0 : n] = '\0';
	if ((slash = strrchr(exe, '/')))
		*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		path = mem_printf("%s%s%s", exe, places[i], name);
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return mem_printf("%s/%s", ISTHMUS_DATADIR, name);
}

static void load_territories(struct facts *f, const char *path)
{
	struct span text = file_read(path);

	if (!text.p) {
		facts_note(f, "%s: %m", path);
		return;
	}
	territories_parse(f, f->territories, text, path);
	free((void *)text.p);
}

static void load_default(struct loading *l)
{
	char *carriers = shipped("carriers.csv"), *territories = shipped("territories.conf");

	load_file(l, carriers);
	load_territories(l->f, territories);
	free(carriers);
	free(territories);
}

static void finish(struct loading *l)
{
	struct facts *f = l->f;

	for (int side = 0; side < 2; side++) {
		struct intervals *all = &l->registered[side];
		unsigned bits = side ? RANGES_INDEX6 : RANGES_INDEX4;
		ranges_build(&f->located[side], &l->located[side], bits);
		for (size_t i = 0; i < l->located[side].n; i++) {
			const struct interval *x = &l->located[side].v[i];
			intervals_add(all, x->first, x->last, x->value, x->rank);
		}
		ranges_build(&f->country[side], all, bits);
		free(all->v);
		free(l->located[side].v);
	}
	territories_ready(f);
	f->sources_text = mem_strdup("");
	for (size_t i = 1; i <= f->sources; i++) {
		char *text = mem_printf("%s%s%s", f->sources_text, i > 1 ? ", " : "", f->source[i].label);
		free(f->sources_text);
		f->sources_text = text;
	}
}

struct facts *facts_load(const struct facts_options *options)
{
	struct facts *f = mem_alloc(sizeof *f);
	struct loading l = {.f = f};

	asns_init(&f->as);
	f->territories = territories_new();
	if (!options->no_default)
		load_default(&l);
	for (size_t i = 0; i < options->registries; i++)
		load_file(&l, options->registry[i]);
	if (options->territories)
		load_territories(f, options->territories);
	finish(&l);
	return f;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	territories_free(f->territories);
	asns_free(&f->as);
	for (int side = 0; side < 2; side++) {
		ranges_free(&f->country[side]);
		ranges_free(&f->located[side]);
	}
	for (size_t i = 1; i <= f->sources; i++)
		free(f->source[i].label);
	for (size_t i = 0; i < f->notes; i++)
		free(f->note[i]);
	free(f->note);
	free(f->route_server);
	free(f->sources_text);
	free(f);
}

/* ---- answers ---- */

cc_t asn_country(const struct facts *f, asn_t asn)
{
	const struct as_fact *fact = asns_get(&f->as, asn);

	return fact ? fact->cc : (cc_t)CC_NONE;
}

const char *asn_name(const struct facts *f, asn_t asn)
{
	const struct as_fact *fact = asns_get(&f->as, asn);

	return fact ? f->as.text + fact->name : "";
}

bool asn_global(const struct facts *f, asn_t asn)
{
	const struct as_fact *fact = asns_get(&f->as, asn);

	return fact && fact->flags & AS_GLOBAL;
}

bool asn_route_server(const struct facts *f, asn_t asn)
{
	const struct as_fact *fact = asns_get(&f->as, asn);

	return fact && fact->flags & AS_ROUTE_SERVER;
}

size_t facts_route_servers(const struct facts *f, const asn_t **sorted)
{
	*sorted = f->route_server;
	return f->route_servers;
}

enum relation asn_relation(const struct facts *f, asn_t a, asn_t b)
{
	return REL_UNKNOWN;
}

enum rpki prefix_rpki(const struct facts *f, const struct prefix *p, asn_t origin, utime_t at)
{
	return RPKI_NO_DATA;
}
