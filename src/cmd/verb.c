/* cmd/verb: see verb.h. Owns the parsed arguments for the run of the verb. */
#include "cmd/verb.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

int usage(const struct args *a, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "isthmus %s: ", a->verb->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry `isthmus %s --help`.\n", a->verb->name);
	return EXIT_USAGE;
}

void warn_line(const char *fmt, ...)
{
	va_list ap;

	flockfile(stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

const char *args_nth(const struct args *a, const char *name, size_t i)
{
	for (size_t k = 0; k < a->n; k++)
		if (strcmp(a->given[k].opt->name, name) == 0 && i-- == 0)
			return a->given[k].value;
	return NULL;
}

const char *args_get(const struct args *a, const char *name)
{
	for (size_t k = a->n; k-- > 0;)
		if (strcmp(a->given[k].opt->name, name) == 0)
			return a->given[k].value;
	return NULL;
}

bool args_has(const struct args *a, const char *name)
{
	return args_get(a, name) != NULL;
}

static void verb_print_help(const struct verb *v)
{
	printf("Usage: isthmus %s %s\n%s\n", v->name, v->synopsis, v->summary);
	if (v->opts && v->opts->name)
		puts("\nOptions:");
	for (const struct opt *o = v->opts; o && o->name; o++) {
		char left[80];
		snprintf(left, sizeof left, "%s%c%s --%s%s%s", o->letter ? "-" : "  ",
		    o->letter ? o->letter : ' ', o->letter ? "," : "", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		printf("  %-34s %s\n", left, o->help);
	}
	printf("\nManual: isthmus-%s(1)\n", v->name);
}

static const struct opt *opt_named(const struct verb *v, const char *name, size_t n)
{
	const struct opt *only = NULL;
	size_t matches = 0;

	for (const struct opt *o = v->opts; o && o->name; o++) {
		if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
			return o;
		if (strncmp(o->name, name, n) == 0) {
			only = o;
			matches++;
		}
	}
	return matches == 1 ? only : NULL; /* an unambiguous beginning, as getopt_long(3) has it */
}

static const struct opt *opt_lettered(const struct verb *v, char letter)
{
	for (const struct opt *o = v->opts; o && o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* "a|b|c": is value one of them? Placeholders without a bar take anything. */
static bool opt_takes(const struct opt *o, const char *value)
{
	const char *p = o->arg;
	size_t n = strlen(value);

	if (!strchr(p, '|'))
		return true;
	for (; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL) {
		size_t k = strcspn(p, "|.");
		if (k == n && strncmp(p, value, n) == 0)
			return true;
	}
	return false;
}

static int args_add(struct args *a, const struct opt *o, const char *value)
{
	size_t cap = a->n;

	if (o->arg && !opt_takes(o, value))
		return usage(
		    a, "--%s takes %.*s, not \"%s\"", o->name, (int)strcspn(o->arg, "."), o->arg, value);
	a->given = mem_grow(a->given, cap + 1, sizeof *a->given);
	a->given[a->n++] = (struct given){o, value};
	return 0;
}

static int args_long(struct args *a, char **argv, int argc, int *i)
{
	const char *text = argv[*i] + 2, *eq = strchr(text, '=');
	const struct opt *o = opt_named(a->verb, text, eq ? (size_t)(eq - text) : strlen(text));

	if (!o)
		return usage(a, "no option \"%s\"", argv[*i]);
	if (!o->arg)
		return eq ? usage(a, "--%s takes no value", o->name) : args_add(a, o, "");
	if (eq)
		return args_add(a, o, eq + 1);
	if (*i + 1 >= argc)
		return usage(a, "--%s wants %s", o->name, o->arg);
	return args_add(a, o, argv[++*i]);
}

static int args_short(struct args *a, char **argv, int argc, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct opt *o = opt_lettered(a->verb, *p);
		int rc;
		if (!o)
			return usage(a, "no option \"-%c\"", *p);
		if (!o->arg) {
			rc = args_add(a, o, "");
		} else if (p[1]) {
			return args_add(a, o, p + 1);
		} else if (*i + 1 < argc) {
			return args_add(a, o, argv[++*i]);
		} else {
			rc = usage(a, "-%c wants %s", *p, o->arg);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int args_parse(struct args *a, int argc, char **argv)
{
	bool only_operands = false;

	a->operand = mem_array((size_t)argc + 1, sizeof *a->operand);
	for (int i = 0; i < argc; i++) {
		int rc = 0;
		if (!only_operands && strcmp(argv[i], "--") == 0)
			only_operands = true;
		else if (!only_operands && strncmp(argv[i], "--", 2) == 0)
			rc = args_long(a, argv, argc, &i);
		else if (!only_operands && argv[i][0] == '-' && argv[i][1])
			rc = args_short(a, argv, argc, &i);
		else
			a->operand[a->operands++] = argv[i];
		if (rc)
			return rc;
	}
	return 0;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int verb_run(const struct verb *v, int argc, char **argv)
{
	struct args a = {.verb = v};
	int rc;

	if (wants_help(argc, argv)) {
		verb_print_help(v);
		return 0;
	}
	rc = args_parse(&a, argc, argv);
	if (rc == 0)
		rc = v->run(&a);
	free(a.given);
	free(a.operand);
	return rc;
}

static int help_run(const struct args *a)
{
	const struct verb *v = a && a->operands ? verb_find(a->operand[0]) : NULL;

	if (v) {
		verb_print_help(v);
		return 0;
	}
	puts("isthmus: who carries a country's Internet, since when, how much of it, and what happens "
	     "without them\n\n"
	     "Usage: isthmus VERB [OPTIONS] ...\n\nVerbs:");
	for (size_t i = 0; verbs[i]; i++)
		printf("  %-11s %s\n", verbs[i]->name, verbs[i]->summary);
	puts("\n`isthmus VERB --help` lists a verb's options; isthmus(1) has the overview.");
	return 0;
}

const struct verb verb_help = {"help", "[VERB]", "this list, or a verb's options", NULL, help_run};

static int version_run(const struct args *a)
{
	puts("isthmus " ISTHMUS_VERSION);
	return 0;
}

const struct verb verb_version = {"version", "", "the program's version", NULL, version_run};

int verb_main(int argc, char **argv)
{
	const struct verb *v;

	if (argc < 2) {
		fputs("isthmus: a verb is wanted; `isthmus help` lists them\n", stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_run(NULL);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return version_run(NULL);
	v = verb_find(argv[1]);
	if (!v) {
		fprintf(stderr, "isthmus: no verb \"%s\"; `isthmus help` lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	return verb_run(v, argc - 2, argv + 2);
}
