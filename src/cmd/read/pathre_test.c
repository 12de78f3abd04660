/* Path patterns: known patterns against known paths, and random ones against regexec(3) over the text. */
#include "cmd/read/pathre.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* "3356 4837 {1,2} (3 4)" to segments of four bytes an ASN */
static size_t path_bytes(const char *text, uint8_t *out)
{
	size_t n = 0, head = 0;
	uint8_t type = SEGMENT_SEQUENCE;
	bool open = false;

	for (const char *p = text; *p;) {
		if (*p == '{' || *p == '(') {
			type = *p == '{' ? SEGMENT_SET : SEGMENT_CONFED_SEQUENCE;
			open = false;
			p++;
		} else if (*p == '}' || *p == ')') {
			type = SEGMENT_SEQUENCE;
			open = false;
			p++;
		} else if (*p >= '0' && *p <= '9') {
			char *end;
			unsigned long asn = strtoul(p, &end, 10);
			if (!open) {
				head = n;
				out[n++] = type;
				out[n++] = 0;
				open = true;
			}
			out[head + 1]++;
			for (int shift = 24; shift >= 0; shift -= 8)
				out[n++] = (uint8_t)(asn >> shift);
			p = end;
		} else {
			p++;
		}
	}
	return n;
}

static bool matches(const char *pattern, const char *path)
{
	uint8_t bytes[4096];
	const char *error = NULL;
	struct pathre *re = pathre_new(pattern, &error);
	struct span s = {bytes, path_bytes(path, bytes)};
	bool yes;

	assert_non_null(re);
	yes = pathre_match(re, s, (struct span){0}, 4);
	assert_int_equal(pathre_match(re, s, (struct span){0}, 4), yes); /* remembered the same */
	pathre_free(re);
	return yes;
}

static void test_known(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool yes;
	} rows[] = {
	    {"_131279$", "3356 4837 131279", true},
	    {"_131279$", "3356 4837 1131279", false},
	    {"_131279$", "131279", true},
	    {"_131279$", "3356 131279 4837", false},
	    {"^3356_.*_4837_", "3356 1 4837 2", true},
	    {"^3356_.*_4837_", "3356 4837", false}, /* two delimiters are wanted, as routers have it */
	    {"^3356_(.*_)?4837_", "3356 4837", true},
	    {"^3356_4837$", "3356 4837", true},
	    {"^$", "", true},
	    {"^$", "1", false},
	    {"_", "", true},
	    {"^_3356_", "3356 1", true},
	    {"_174_", "1 {174,3} 2", true},
	    {"_174_", "1 {1174,3} 2", false},
	    {"\\{", "1 {174,3}", true},
	    {"{.*}", "1 {174,3}", true},
	    {"{.*}", "1 174", false},
	    {"\\(", "(65001 65002) 3356", true},
	    {"^[0-9]+$", "3356", true},
	    {"^[0-9]+$", "3356 1", false},
	    {"^3356( 3356)+$", "3356 3356 3356", true},
	    {"^3356( 3356)+$", "3356", false},
	    {"_65[0-9]{3}_", "1 65000 2", true},
	    {"_65[0-9]{3}_", "1 650000 2", false},
	    {"^([0-9]+ ){2}[0-9]+$", "1 2 3", true},
	    {"^([0-9]+ ){2}[0-9]+$", "1 2 3 4", false},
	    {"^([0-9]+_){2,}$", "1 2 3 4", true},
	    {"_(174|3356)_(4837|4134)_", "1 3356 4134 9", true},
	    {"_(174|3356)_(4837|4134)_", "1 3356 9 4134", false},
	    {"4294967295", "1 4294967295", true},
	    {"_0_", "0", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (matches(rows[i].pattern, rows[i].path) != rows[i].yes)
			fail_msg("\"%s\" on \"%s\"", rows[i].pattern, rows[i].path);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
	    "(", ")", "[1", "*", "1\\", "AS3356", "\\d+", "[[:digit:]]", "1|*", "(((1)", "([0-9]{200}){200}"};
	const char *error;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		error = NULL;
		assert_null(pathre_new(wrong[i], &error));
		assert_non_null(error);
	}
}

/* Every way to run out of instructions, at every place in an atom. */
static void test_full(void **state)
{
	static const char *const atoms[] = {"1", "_", "(1_)", "1*", "1?_", "(1|_)", "[12]{3}", "(_1){2,5}"};
	const char *error;

	for (size_t i = 0; i < sizeof atoms / sizeof *atoms; i++)
		for (size_t before = 0; before < 10; before++) {
			char pattern[8192] = "";
			memset(pattern, '1', before);
			for (size_t k = 0; k < 600; k++)
				strcat(pattern, atoms[i]);
			assert_null(pathre_new(pattern, &error));
			assert_string_equal(error, "the pattern is too long");
		}
}

static unsigned seed = 1;
static unsigned pick(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 16 & 0x7fff ? (seed >> 16 & 0x7fff) % n : 0;
}

/* The oracle: the same pattern over the text by regexec(3), "_" spelt out as FRRouting's manual has it. */
static bool oracle(const char *pattern, const char *text)
{
	char ere[1024] = "";
	regex_t re;
	bool yes;

	for (const char *p = pattern; *p; p++)
		snprintf(
		    ere + strlen(ere), sizeof ere - strlen(ere), *p == '_' ? "(^|[,{}() ]|$)" : "%c", *p);
	assert_int_equal(regcomp(&re, ere, REG_EXTENDED | REG_NOSUB), 0);
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static void test_random(void **state)
{
	static const char *const atoms[] = {"1", "2", "12", "_", "_", ".", "[12]", "[^1]", "(1|2)", "(1_2|2)",
	    "^", "$", " ", "( |,)", "(_1)", "(2_)"};
	static const char *const repeats[] = {"", "", "", "", "*", "+", "?", "{2}", "{1,2}"};
	static const char *const asns[] = {"1", "2", "12", "21", "112"};

	for (unsigned i = 0; i < 4000; i++) {
		char pattern[256] = "", path[256] = "";
		for (unsigned k = 1 + pick(5); k; k--) {
			const char *atom = atoms[pick(16)];
			strcat(pattern, atom);
			/* glibc is wrong on repeated anchors */
			if (!strpbrk(atom, "^$_") || *atom == '[')
				strcat(pattern, repeats[pick(9)]);
		}
		for (unsigned k = pick(5); k; k--) {
			if (*path)
				strcat(path, " ");
			if (pick(5) == 0)
				snprintf(path + strlen(path), 32, "{%s,%s}", asns[pick(5)], asns[pick(5)]);
			else
				strcat(path, asns[pick(5)]);
		}
		if (matches(pattern, path) != oracle(pattern, path))
			fail_msg("\"%s\" on \"%s\": not as regexec(3)", pattern, path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
