/* cmd/completion: shell completion for bash and zsh, printed from the verb table. */
#include "cmd/verb.h"

#include <stdio.h>
#include <string.h>

/* "a|b..." as "a b" */
static void print_choices(const char *p)
{
	for (; *p && *p != '.'; p++)
		putchar(*p == '|' ? ' ' : *p);
}

static bool is_choice(const char *arg)
{
	return arg && strchr(arg, '|') && !strpbrk(arg, " []");
}

static bool is_path(const char *arg)
{
	static const char *const names[] = {"FILE", "DIR", "FOLDER", "STORE"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(arg, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* What may stand in an operand's place, where that is not a file. */
static void print_operands(const struct verb *v)
{
	if (is_choice(v->synopsis))
		print_choices(v->synopsis);
	for (size_t i = 0; strcmp(v->name, "help") == 0 && verbs[i]; i++)
		printf("%s ", verbs[i]->name);
}

static void bash_verb(const struct verb *v)
{
	printf("\t%s)\n\t\twords=\"", v->name);
	for (const struct opt *o = v->opts; o && o->name; o++)
		printf("--%s ", o->name);
	printf("--help\"\n\t\t[[ $cur = -* ]] || words=\"");
	print_operands(v);
	puts("\"\n\t\tcase $prev in");
	for (const struct opt *o = v->opts; o && o->name; o++) {
		if (!is_choice(o->arg))
			continue;
		printf("\t\t--%s", o->name);
		if (o->letter)
			printf("|-%c", o->letter);
		printf(") words=\"");
		print_choices(o->arg);
		puts("\" ;;");
	}
	puts("\t\tesac ;;");
}

static int print_bash(void)
{
	puts("# bash completion for isthmus; made by `isthmus completion bash`\n"
	     "_isthmus() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	     "\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; verbs[i]; i++)
		bash_verb(verbs[i]);
	puts("\tesac\n\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\twords=\"\\");
	for (size_t i = 0; verbs[i]; i++)
		printf("%s ", verbs[i]->name);
	puts("\"\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n"
	     "complete -o filenames -F _isthmus isthmus");
	return 0;
}

static void zsh_quoted(const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *s))
			printf("\\%c", *s);
		else
			putchar(*s);
	}
}

static void zsh_verb(const struct verb *v)
{
	printf("\t%s) _arguments ", v->name);
	for (const struct opt *o = v->opts; o && o->name; o++) {
		printf("'*--%s%s[", o->name, o->arg ? "=" : "");
		zsh_quoted(o->help);
		putchar(']');
		if (is_choice(o->arg)) {
			printf(":%s:(", o->name);
			print_choices(o->arg);
			putchar(')');
		} else if (o->arg) {
			putchar(':');
			zsh_quoted(o->arg);
			printf(is_path(o->arg) ? ":_files" : ": ");
		}
		printf("' ");
	}
	printf("'*:");
	if (is_choice(v->synopsis) || strcmp(v->name, "help") == 0) {
		printf("what:(");
		print_operands(v);
		puts(")' ;;");
	} else {
		puts("file:_files' ;;");
	}
}

static int print_zsh(void)
{
	puts("#compdef isthmus\n# zsh completion for isthmus; made by `isthmus completion zsh`\n"
	     "if (( CURRENT == 2 )); then\n\tlocal -a verbs=(");
	for (size_t i = 0; verbs[i]; i++) {
		printf("\t\t'%s:", verbs[i]->name);
		zsh_quoted(verbs[i]->summary);
		puts("'");
	}
	puts("\t)\n\t_describe verb verbs\n\treturn\nfi\nlocal verb=$words[2]\nshift words; (( CURRENT-- "
	     "))\ncase $verb in");
	for (size_t i = 0; verbs[i]; i++)
		zsh_verb(verbs[i]);
	puts("esac");
	return 0;
}

static int completion_run(const struct args *a)
{
	if (a->operands != 1)
		return usage(a, "which shell: bash or zsh?");
	if (strcmp(a->operand[0], "bash") == 0)
		return print_bash();
	if (strcmp(a->operand[0], "zsh") == 0)
		return print_zsh();
	return usage(a, "no completion for \"%s\": bash or zsh", a->operand[0]);
}

const struct verb verb_completion = {
    "completion", "bash|zsh", "shell completion, for sourcing", NULL, completion_run};
