/*
 * cmd/verb: a verb is a row: its name, what it takes, its options and the function that runs it. From this
 * one table come the parsing, `--help`, the completion for bash and zsh, and the check that every verb has a
 * man page.
 */
#ifndef CMD_VERB_H
#define CMD_VERB_H

#include <stdbool.h>
#include <stddef.h>

enum { EXIT_ANSWERED = 0, EXIT_BAD_INPUT = 1, EXIT_USAGE = 2 };

struct opt {
	const char *name; /* without "--"; {0} ends the table */
	char letter;      /* 0: none */
	const char *arg;  /* placeholder, NULL: a switch. "a|b|c" lists the only values; a trailing "..."
			     allows repeats */
	const char *help;
};

struct args { /* the parsed command line of a verb */
	const struct verb *verb;
	char **operand; /* what is not an option, in order */
	size_t operands;
	struct given {
		const struct opt *opt;
		const char *value;
	} * given;
	size_t n;
};

struct verb {
	const char *name, *synopsis, *summary;
	const struct opt *opts;
	int (*run)(const struct args *a);
};

extern const struct verb verb_version, verb_completion, verb_help, verb_events, verb_serve;
extern const struct verb verb_simulate;
extern const struct verb verb_report, verb_rank;
extern const struct verb verb_fetch;
extern const struct verb verb_read;
extern const struct verb verb_history, verb_ingest, verb_export, verb_check;
extern const struct verb verb_watch;
extern const struct verb *const verbs[]; /* ends with NULL */

int verb_main(int argc, char **argv);                         /* the whole program: exit status */
const char *args_get(const struct args *a, const char *name); /* last value given, or NULL */
bool args_has(const struct args *a, const char *name);
const char *args_nth(
    const struct args *a, const char *name, size_t i); /* i-th of a repeated option, or NULL */
/* "isthmus VERB: ..." to standard error; returns EXIT_USAGE so that a verb can `return usage(a, ...)`. */
int usage(const struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void warn_line(const char *fmt, ...)
    __attribute__((format(printf, 1, 2))); /* a line to standard error, past a progress line */

#endif
