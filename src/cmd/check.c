/* cmd/check: is a store sound? In: a store. Out: a line a fault, with its place; or that there is none. */
#include "cmd/verb.h"
#include "keep/keep.h"

#include <stdio.h>
#include <string.h>

static void say(void *arg, const char *line)
{
	printf("%s: %s\n", (const char *)arg, line);
}

static int say_sound(struct store *s)
{
	struct store_info i;

	if (store_info(s, &i)) {
		warn_line("%s", store_error(s));
		return EXIT_BAD_INPUT;
	}
	printf("%s: sound: %llu files, %llu territories, %llu points, %llu events, %llu commits; %.1f MB and "
	       "%.1f MB of "
	       "checkpoints\n",
	    store_path(s), (unsigned long long)i.files, (unsigned long long)i.territories,
	    (unsigned long long)i.points, (unsigned long long)i.events, (unsigned long long)i.cuts,
	    (double)i.bytes / 1e6, (double)i.checkpoint_bytes / 1e6);
	return EXIT_ANSWERED;
}

static int check_run(const struct args *a)
{
	const char *why;
	struct store *s;
	char name[4096];
	int faults, status = EXIT_BAD_INPUT;

	if (a->operands != 1)
		return usage(a, "which store?");
	s = store_open(a->operand[0], STORE_READ, &why);
	if (!s) {
		printf("%s\n", why);
		return EXIT_BAD_INPUT;
	}
	snprintf(name, sizeof name, "%s", store_path(s));
	faults = store_check(s, say, name);
	if (faults == 0)
		status = say_sound(s);
	else if (faults < 0)
		printf("%s\n", store_error(s));
	else
		printf("%s: %d fault%s\n", name, faults, faults == 1 ? "" : "s");
	store_close(s);
	return status;
}

const struct verb verb_check = {
    "check", "STORE", "verify a store: every checksum and invariant", NULL, check_run};
