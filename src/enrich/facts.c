/*
 * enrich/facts: loads what the machine has and what the user gives, and answers for one AS. In: files. Out:
 * struct facts, read-only from then on.
 */
#include "enrich/facts.h"

#include "base/mem.h"
#include "base/shipped.h"
#include "enrich/compiled.h"
#include "enrich/load.h"
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

const char *facts_sources(const struct facts *f)
{
	return f->sources_text;
}

/* ---- files ---- */

static void load_territories(struct facts *f, const char *path)
{
	struct span text;
	char why[160];

	if (!file_load(path, &text, why)) {
		facts_note(f, "%s: %s", path, why);
		return;
	}
	territories_parse(f, f->territories, text, path);
	free((void *)text.p);
}

static void load_default(struct loading *l)
{
	char *registry = shipped("registry.bin"), *carriers = shipped("carriers.csv"),
	     *territories = shipped("territories.conf");

	if (access(registry, R_OK) != 0)
		facts_note(l->f,
		    "no default registry (%s): countries and names come from --registry files alone",
		    registry);
	else if (!compiled_open(l->f, &l->f->map, registry))
		facts_note(l->f, "%s: damaged, of no use; build or install again", registry);
	load_default_file(l, carriers);
	load_territories(l->f, territories);
	free(registry);
	free(carriers);
	free(territories);
}

static void load_given(struct loading *l, const struct facts_options *o)
{
	char **kept = NULL;
	size_t n = o->no_default ? 0 : registry_kept(&kept);

	load_registries(
	    l, o->registry, o->registries, (const char *const *)kept, n, o->at ? o->at : UTIME_MAX);
	for (size_t i = 0; i < n; i++)
		free(kept[i]);
	free(kept);
}

static void list_route_servers(struct facts *f)
{
	const struct as_fact *fact;
	size_t cap = 0;

	for (uint64_t asn = 0; (fact = asns_next(&f->as, &asn)); asn++)
		if (fact->flags & AS_ROUTE_SERVER) {
			f->route_server =
			    vec_room(f->route_server, f->route_servers, &cap, sizeof *f->route_server);
			f->route_server[f->route_servers++] = (asn_t)asn;
		}
}

/* Ranges that were ready, back to intervals, to be joined with what was read beside them. */
static void reopen(const struct facts *f, struct intervals *list, const struct ranges *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->value[i])
			intervals_add(list, r->start[i], ranges_last(r, i), r->value[i],
			    f->source[r->value[i] & 0xff].rank);
}

/* The ranges of one family. Where no file was read beside the default they stay as they are. */
static void finish_side(struct loading *l, int side)
{
	struct facts *f = l->f;
	struct intervals *registered = &l->registered[side], *located = &l->located[side];
	unsigned bits = side ? RANGES_INDEX6 : RANGES_INDEX4;

	if (f->country[side].n == 0 || registered->n || located->n) {
		reopen(f, registered, &f->map.registered[side]);
		reopen(f, located, &f->located[side]);
		intervals_join(registered, located);
		ranges_free(&f->located[side]);
		ranges_free(&f->country[side]);
		ranges_build(&f->located[side], located, bits);
		ranges_build(&f->country[side], registered, bits);
	}
	free(registered->v);
	free(located->v);
}

static void finish(struct loading *l)
{
	struct facts *f = l->f;

	finish_side(l, 0);
	finish_side(l, 1);
	roas_ready(f);
	territories_ready(f);
	list_route_servers(f);
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
	load_given(&l, options);
	if (options->territories)
		load_territories(f, options->territories);
	finish(&l);
	return f;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	compiled_close(&f->map);
	territories_free(f->territories);
	relations_free(f);
	roas_free(f);
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
