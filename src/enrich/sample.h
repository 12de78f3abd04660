/* enrich/sample: what the room's tests share: small files made on the spot, prefixes and times by their text.
 */
#ifndef ENRICH_SAMPLE_H
#define ENRICH_SAMPLE_H

#include "enrich/enrich.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

static inline struct prefix prefix_of(const char *s)
{
	struct prefix p;

	assert_true(prefix_parse(s, strlen(s), &p));
	return p;
}

static inline utime_t time_of(const char *s)
{
	utime_t t;

	assert_true(utime_parse(s, &t));
	return t;
}

static inline void write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A folder of its own for a test; remove with sample_remove. */
static inline char *sample_folder(void)
{
	char *path = strdup("/tmp/isthmus-enrich-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static inline char *sample_file(const char *folder, const char *name, const char *text)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	write_file(path, text, strlen(text));
	return path;
}

static inline void sample_remove(char *folder)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
	free(folder);
}

/* Facts from these texts alone, each a file: `name`s matter where they have a date. NULL ends the list. */
struct sample {
	const char *name, *text;
};

static inline struct facts *facts_of(const struct sample *s, const char *territories, utime_t at)
{
	char *folder = sample_folder(), *path[8], *t = NULL;
	struct facts_options o = {.no_default = true, .at = at};
	struct facts *f;

	for (; s && s[o.registries].name; o.registries++)
		path[o.registries] = sample_file(folder, s[o.registries].name, s[o.registries].text);
	if (territories)
		t = sample_file(folder, "test.conf", territories);
	o.registry = (const char *const *)path;
	o.territories = t;
	f = facts_load(&o);
	for (size_t i = 0; i < o.registries; i++)
		free(path[i]);
	free(t);
	sample_remove(folder);
	return f;
}

static inline struct facts *facts_of_text(const char *text)
{
	return facts_of((const struct sample[]){{"file", text}, {0}}, NULL, 0);
}

static inline size_t note_count(const struct facts *f)
{
	const char *const *notes;

	return facts_notes(f, &notes);
}

static inline bool note_says(const struct facts *f, const char *what)
{
	const char *const *notes;
	size_t n = facts_notes(f, &notes);

	for (size_t i = 0; i < n; i++)
		if (strstr(notes[i], what))
			return true;
	return false;
}

static inline cc_t country_of(const struct facts *f, const char *prefix)
{
	struct prefix p = prefix_of(prefix);

	return prefix_country(f, &p);
}

#endif
