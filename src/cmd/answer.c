/* cmd/answer: see answer.h. */
#include "cmd/answer.h"

#include "base/mem.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct families answer_families(const struct args *a)
{
	const char *s = args_get(a, "family");

	if (s && strcmp(s, "all") == 0)
		return (struct families){{FAMILY_IPV4, FAMILY_IPV6}, 2};
	return (struct families){{s && strcmp(s, "6") == 0 ? FAMILY_IPV6 : FAMILY_IPV4}, 1};
}

bool answer_time(const struct args *a, const char *name, utime_t *t)
{
	const char *s = args_get(a, name);

	if (!s || utime_parse(s, t))
		return true;
	usage(a, "--%s \"%s\" is no time; write 2017-10-01T09:07:51Z", name, s);
	return false;
}

struct measure_options answer_measure(const struct args *a)
{
	const char *weight = args_get(a, "weight"), *depth = args_get(a, "depth");

	return (struct measure_options){
	    .family = answer_families(a).v[0],
	    .weight = weight && strcmp(weight, "prefixes") == 0 ? WEIGHT_PREFIXES : WEIGHT_ADDRESSES,
	    .all_peers = args_has(a, "all-peers"),
	    .depth = depth && strcmp(depth, "2") == 0 ? 2 : 1,
	};
}

struct facts *answer_facts(const struct args *a)
{
	const char **registry = NULL, *const * notes;
	size_t n = 0, cap = 0;
	const char *at = args_get(a, "at") ? args_get(a, "at") : args_get(a, "to");
	utime_t time = 0; /* the newest of dated files */
	struct facts *f;

	if (at && !utime_parse(at, &time))
		time = 0;
	for (const char *s; (s = args_nth(a, "registry", n)); n++) {
		registry = vec_room(registry, n, &cap, sizeof *registry);
		registry[n] = s;
	}
	f = facts_load(&(struct facts_options){
	    .registry = registry, .registries = n, .territories = args_get(a, "territories"), .at = time});
	n = facts_notes(f, &notes);
	for (size_t i = 0; i < n; i++)
		warn_line("%s", notes[i]);
	free(registry);
	return f;
}

static bool utf8_terminal(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

struct page answer_page(void)
{
	struct page page = {0};
	struct winsize size;
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!isatty(STDOUT_FILENO))
		return page;
	page.width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
		page.width = size.ws_col;
	page.colour = !(no_colour && *no_colour) && !(term && strcmp(term, "dumb") == 0);
	page.ascii = !utf8_terminal();
	return page;
}

int answer_nothing(const struct args *a, const struct pipe *p)
{
	char begins[UTIME_TEXT];

	if (p->begins == UTIME_NONE) {
		warn_line("isthmus %s: no routing data in what was given", a->verb->name);
	} else {
		utime_text(begins, p->begins);
		warn_line("isthmus %s: nothing before the time asked for: the data begins at %s",
		    a->verb->name, begins);
	}
	return EXIT_BAD_INPUT;
}

int answer_close(struct out *o, int status)
{
	if (out_close(o) == 0 || o->failed == EPIPE) /* the reader of a pipe may leave early */
		return status;
	warn_line("isthmus: standard output: %s", strerror(o->failed));
	return EXIT_BAD_INPUT;
}
