/*
 * sim/played_test: a small scenario, and what is played of it, for the tests of this room: AS5 has two /16
 * behind 3 (shares 0.4: peers 1 and 3) and 4 (0.6: peers 2, 4 and 6). A played owns its scenario and story.
 */
#ifndef SIM_PLAYED_TEST_H
#define SIM_PLAYED_TEST_H

#include "sim/scenario.h"

#include "base/mem.h"
#include "sim/happen.h"
#include "sim/sight.h"
#include "sim/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those above it */
#include <cmocka.h>

static const char head[] =
    "start 2020-01-01T00:00:00Z\nend +6h\nconvergence 10s\nchurn 0\n"
    "clique 1 2\nprovides 1 3\nprovides 2 4\nprovides 3 5\nprovides 4 5 6\n"
    "announce 5 10.5.0.0/16 10.6.0.0/16\nannounce 6 10.7.0.0/24\nannounce 1 11.0.0.0/8\n"
    "collector a routeviews\npeer 1 198.18.0.1\npeer 3 198.18.0.2\npeer 6 198.18.0.3\n"
    "collector b ris\npeer 2 198.18.0.4\npeer 4 198.18.0.5 part 0\n"
    "territory T asn 5 prefix 10.5.0.0/16 10.6.0.0/16\n";

struct played {
	struct scenario *s;
	struct story t;
};

#define MINUTE (60 * UTIME_SECOND)
#define HOUR   (60 * MINUTE)

static inline struct played play(const char *more)
{
	char why[400] = "", *text = mem_printf("%s%s\n", head, more);
	struct played p = {.s = scenario_text(text, "file", why, sizeof why)};

	if (!p.s || !story_make(p.s, &p.t, why, sizeof why))
		fail_msg("%s", why);
	free(text);
	return p;
}

static inline void played_free(struct played *p)
{
	story_free(&p->t);
	scenario_free(p->s);
}

static inline void happenings_free(struct happenings *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i].prefix);
	free(h->v);
}

static inline const struct happening *nth(
    const struct happenings *h, const char *kind, const char *scope, size_t n)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i].kind, kind) == 0 && strcmp(h->v[i].scope, scope) == 0 && n-- == 0)
			return &h->v[i];
	return NULL;
}

#endif
