/*
 * cmd/read/pathre: see pathre.h. Pattern -> instructions (Thompson 1968) -> a DFA built as paths need its
 * states. Owns its instructions and states; states beyond the room start the cache anew.
 */
#include "cmd/read/pathre.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { CODE_MAX = 512, WORDS = CODE_MAX / 64, STATE_MAX = 2048, MEMO = 8192, REPEAT_MAX = 255 };

static const char alphabet[] = "0123456789 ,{}()[]";
enum { LETTERS = sizeof alphabet - 1, SPACE = 10, COMMA = 11, DELIMITERS = 0x3ffff & ~0x3ff, ANY = 0x3ffff };

enum op { OP_CHAR, OP_SPLIT, OP_JUMP, OP_BEGIN, OP_END, OP_MATCH };
struct code {
	uint8_t op;
	uint32_t letters; /* OP_CHAR: bit per letter */
	uint16_t x, y;    /* OP_SPLIT: both; OP_JUMP: x */
};

struct set {
	uint64_t w[WORDS];
};
struct state {
	struct set set;
	int16_t next[LETTERS];
	bool matched, matched_at_end;
};
struct memo { /* what the digits of an ASN do to a state */
	uint32_t asn;
	int16_t from, to;
};

struct pathre {
	struct code code[CODE_MAX];
	unsigned n;
	/* while parsing */
	const char *p, *error;
	unsigned depth;
	/* while matching */
	struct state *state;
	int16_t states;
	struct memo *memo;
};

/* ---- pattern to instructions: each parse_* leaves its code at the end of re->code ---- */

static unsigned emit(struct pathre *re, enum op op, uint32_t letters)
{
	if (re->n == CODE_MAX - 1) {
		re->error = "the pattern is too long";
		return re->n;
	}
	re->code[re->n] = (struct code){(uint8_t)op, letters, (uint16_t)(re->n + 1), 0};
	return re->n++;
}

/* Room for one instruction at `at`: what stands behind moves, and its targets with it. */
static void insert(struct pathre *re, unsigned at, enum op op)
{
	unsigned end = emit(re, OP_JUMP, 0);

	if (re->error)
		return;
	memmove(&re->code[at + 1], &re->code[at], (end - at) * sizeof *re->code);
	for (unsigned i = at + 1; i < re->n; i++) {
		re->code[i].x = (uint16_t)(re->code[i].x + 1);
		re->code[i].y = (uint16_t)(re->code[i].y + 1);
	}
	re->code[at] = (struct code){(uint8_t)op, 0, (uint16_t)(at + 1), 0};
}

static void make_optional(struct pathre *re, unsigned at)
{
	insert(re, at, OP_SPLIT);
	re->code[at].y = (uint16_t)re->n;
}

static void make_loop(struct pathre *re, unsigned at) /* one or more */
{
	unsigned i = emit(re, OP_SPLIT, 0);

	re->code[i].x = (uint16_t)at;
	re->code[i].y = (uint16_t)re->n;
}

static void append_copy(struct pathre *re, unsigned at, unsigned end)
{
	unsigned shift = re->n - at;

	for (unsigned i = at; i < end && !re->error; i++) {
		unsigned k = emit(re, (enum op)re->code[i].op, re->code[i].letters);
		re->code[k].x = (uint16_t)(re->code[i].x + shift);
		re->code[k].y = (uint16_t)(re->code[i].y + shift);
	}
}

/* atom{low,high}; high 0: without end */
static void make_repeated(struct pathre *re, unsigned at, unsigned low, unsigned high)
{
	unsigned end = re->n, last = at;
	unsigned copies = high ? high : low ? low : 1;

	for (unsigned i = 1; i < copies && !re->error; i++) {
		last = re->n;
		append_copy(re, at, end);
		if (high && i >= low && !re->error)
			make_optional(re, last);
	}
	if (!high)
		make_loop(re, last);
	if (low == 0 && !re->error)
		make_optional(re, at);
}

static uint32_t letter_bit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? 1U << (at - alphabet) : 0;
}

/* The letter at c; what no path holds would never match, which nobody means. */
static uint32_t parse_letter(struct pathre *re, char c)
{
	uint32_t bit = letter_bit(c);

	if (!bit && !re->error)
		re->error = "paths hold digits, spaces, commas and ( ) [ ] { } only";
	return bit;
}

static void parse_class(struct pathre *re)
{
	bool no = *re->p == '^';
	uint32_t letters = 0;

	if (no)
		re->p++;
	for (bool first = true; *re->p && (*re->p != ']' || first); first = false) {
		char low = *re->p++, high = low;
		if (low == '\\' && *re->p)
			low = high = *re->p++;
		if (re->p[0] == '-' && re->p[1] && re->p[1] != ']') {
			high = re->p[1];
			re->p += 2;
		}
		if (low == '_' && high == '_')
			letters |= DELIMITERS;
		else if (low == high)
			letters |= parse_letter(re, low);
		for (int c = low; c <= high; c++)
			letters |= letter_bit((char)c);
	}
	if (*re->p++ != ']') {
		re->p--;
		re->error = "a \"[\" without its \"]\"";
	}
	emit(re, OP_CHAR, no ? ANY & ~letters : letters);
}

static void parse_either(struct pathre *re);

static void parse_underscore(struct pathre *re)
{
	unsigned split = emit(re, OP_SPLIT, 0), at_begin, at_end;

	at_begin = emit(re, OP_BEGIN, 0);
	emit(re, OP_JUMP, 0);
	re->code[split].y = (uint16_t)re->n;
	split = emit(re, OP_SPLIT, 0);
	at_end = emit(re, OP_END, 0);
	emit(re, OP_JUMP, 0);
	re->code[split].y = (uint16_t)re->n;
	emit(re, OP_CHAR, DELIMITERS);
	if (re->error) /* nothing stands behind the last instruction */
		return;
	re->code[at_begin + 1].x = re->code[at_end + 1].x = (uint16_t)re->n;
}

static void parse_atom(struct pathre *re)
{
	char c = *re->p++;

	switch (c) {
	case '(':
		if (++re->depth > 100) {
			re->error = "the pattern is nested too deeply";
			return;
		}
		parse_either(re);
		re->depth--;
		if (*re->p++ != ')') {
			re->p--;
			re->error = re->error ? re->error : "a \"(\" without its \")\"";
		}
		break;
	case '[':
		parse_class(re);
		break;
	case '.':
		emit(re, OP_CHAR, ANY);
		break;
	case '_':
		parse_underscore(re);
		break;
	case '^':
		emit(re, OP_BEGIN, 0);
		break;
	case '$':
		emit(re, OP_END, 0);
		break;
	case '*':
	case '+':
	case '?':
		re->error = "nothing stands before a repetition";
		break;
	case '\\':
		if (!*re->p)
			re->error = "a \"\\\" at the end";
		else
			emit(re, OP_CHAR, parse_letter(re, *re->p++));
		break;
	default:
		emit(re, OP_CHAR, parse_letter(re, c));
	}
}

/* "{2}", "{2,}", "{2,5}" at p: its length, or 0 where it is a plain brace (the sign of an AS_SET) */
static size_t bound_at(const char *p, unsigned *low, unsigned *high)
{
	char *end;
	unsigned long a, b;

	if (p[0] != '{' || p[1] < '0' || p[1] > '9')
		return 0;
	a = b = strtoul(p + 1, &end, 10);
	if (*end == ',') {
		if (end[1] == '}')
			b = 0;
		else if (end[1] < '0' || end[1] > '9' || (b = strtoul(end + 1, &end, 10)) == 0)
			return 0;
		if (*end == ',')
			end++;
	}
	if (*end != '}' || a > REPEAT_MAX || b > REPEAT_MAX || (b && b < a) || (!a && !b && end[-1] == '0'))
		return 0;
	*low = (unsigned)a;
	*high = (unsigned)b;
	return (size_t)(end + 1 - p);
}

static void parse_repeat(struct pathre *re, unsigned at)
{
	unsigned low, high;
	size_t n;

	for (; !re->error; re->p++) {
		if (*re->p == '*' || *re->p == '+') {
			make_loop(re, at);
			if (*re->p == '*' && !re->error)
				make_optional(re, at);
		} else if (*re->p == '?') {
			make_optional(re, at);
		} else if ((n = bound_at(re->p, &low, &high)) > 0) {
			make_repeated(re, at, low, high);
			re->p += n - 1;
		} else {
			return;
		}
	}
}

static void parse_sequence(struct pathre *re)
{
	while (*re->p && *re->p != '|' && *re->p != ')' && !re->error) {
		unsigned at = re->n;
		parse_atom(re);
		parse_repeat(re, at);
	}
}

static void parse_either(struct pathre *re)
{
	unsigned at = re->n, jump;

	parse_sequence(re);
	while (*re->p == '|' && !re->error) {
		re->p++;
		insert(re, at, OP_SPLIT);
		jump = emit(re, OP_JUMP, 0);
		re->code[at].y = (uint16_t)re->n;
		parse_sequence(re);
		re->code[jump].x = (uint16_t)re->n;
	}
}

/* ---- instructions to states ---- */

static bool set_has(const struct set *s, unsigned i)
{
	return s->w[i / 64] >> (i % 64) & 1;
}

static void close_over(const struct pathre *re, struct set *s, unsigned at, bool begin, bool end)
{
	uint16_t stack[CODE_MAX * 2];
	size_t n = 0;

	stack[n++] = (uint16_t)at;
	while (n) {
		unsigned i = stack[--n];
		const struct code *c = &re->code[i];
		if (set_has(s, i))
			continue;
		s->w[i / 64] |= UINT64_C(1) << i % 64;
		if (c->op == OP_SPLIT)
			stack[n++] = c->y;
		if (c->op == OP_SPLIT || c->op == OP_JUMP || (c->op == OP_BEGIN && begin) ||
		    (c->op == OP_END && end))
			stack[n++] = c->x;
	}
}

static void states_reset(struct pathre *re)
{
	re->states = 0;
	for (unsigned i = 0; i < MEMO; i++)
		re->memo[i].from = -1;
}

static int16_t state_of(struct pathre *re, const struct set *set, bool begin)
{
	struct state *s;
	struct set at_end = {{0}};
	unsigned match = re->n - 1;

	for (int16_t i = 1; i < re->states; i++) /* 0 is the beginning, and only that */
		if (memcmp(&re->state[i].set, set, sizeof *set) == 0)
			return i;
	if (re->states == STATE_MAX)
		return -1;
	s = &re->state[re->states];
	s->set = *set;
	s->matched = set_has(set, match);
	for (unsigned i = 0; i < re->n; i++)
		if (set_has(set, i))
			close_over(re, &at_end, i, begin, true);
	s->matched_at_end = set_has(&at_end, match);
	memset(s->next, -1, sizeof s->next);
	return re->states++;
}

/* State 0: before the first letter. */
static void states_begin(struct pathre *re)
{
	struct set set = {{0}};

	states_reset(re);
	close_over(re, &set, 0, true, false);
	state_of(re, &set, true);
}

static int16_t step_new(struct pathre *re, int16_t from, unsigned letter)
{
	struct set set = {{0}};
	int16_t to;

	if (re->state[from].matched) { /* found once is found */
		re->state[from].next[letter] = from;
		return from;
	}
	for (unsigned i = 0; i < re->n; i++)
		if (set_has(&re->state[from].set, i) && re->code[i].op == OP_CHAR &&
		    re->code[i].letters >> letter & 1)
			close_over(re, &set, re->code[i].x, false, false);
	close_over(re, &set, 0, false, false); /* a match may begin anywhere */
	to = state_of(re, &set, false);
	if (to < 0) { /* no room: begin anew from here */
		states_begin(re);
		return state_of(re, &set, false);
	}
	re->state[from].next[letter] = to;
	return to;
}

static int16_t step(struct pathre *re, int16_t from, unsigned letter)
{
	int16_t to = re->state[from].next[letter];

	return to >= 0 ? to : step_new(re, from, letter);
}

static int16_t step_asn(struct pathre *re, int16_t from, asn_t asn)
{
	struct memo *m = &re->memo[((asn ^ (uint32_t)from * 0x9e3779b1U) * 0x85ebca6bU) >> 19 & (MEMO - 1)];
	char digits[10];
	size_t n = 0;
	int16_t to = from;

	if (m->asn == asn && m->from == from)
		return m->to;
	for (asn_t rest = asn; n == 0 || rest; rest /= 10)
		digits[n++] = (char)(rest % 10);
	while (n)
		to = step(re, to, (unsigned)digits[--n]);
	*m = (struct memo){asn, from, to};
	return to;
}

/* ---- matching ---- */

static unsigned opening(uint8_t type)
{
	return type == SEGMENT_SET ? 12 : type == SEGMENT_CONFED_SEQUENCE ? 14 : 16;
}

static int16_t step_segment(struct pathre *re, int16_t at, const struct as_segment *s)
{
	unsigned between = s->type == SEGMENT_SET || s->type == SEGMENT_CONFED_SET ? COMMA : SPACE;
	size_t n = s->asns.n / s->as_size;

	if (s->type != SEGMENT_SEQUENCE)
		at = step(re, at, opening(s->type));
	for (size_t i = 0; i < n; i++) {
		if (i)
			at = step(re, at, between);
		at = step_asn(re, at, segment_asn(s, i));
	}
	if (s->type != SEGMENT_SEQUENCE)
		at = step(re, at, opening(s->type) + 1);
	return at;
}

bool pathre_match(struct pathre *re, struct span as_path, struct span as4_path, uint8_t as_size)
{
	struct as_path path = as_path_of(as_path, as4_path, as_size);
	struct as_segment s;
	int16_t at = 0;
	bool more = false;

	while (as_path_next(&path, &s) && !re->state[at].matched) {
		if (more)
			at = step(re, at, SPACE);
		more = s.asns.n > 0;
		at = step_segment(re, at, &s);
	}
	return re->state[at].matched || re->state[at].matched_at_end;
}

struct pathre *pathre_new(const char *pattern, const char **error)
{
	struct pathre *re = mem_alloc(sizeof *re);

	re->p = pattern;
	parse_either(re);
	if (!re->error && *re->p == ')')
		re->error = "a \")\" without its \"(\"";
	if (re->error) {
		*error = re->error;
		free(re);
		return NULL;
	}
	re->code[re->n++] = (struct code){.op = OP_MATCH};
	re->state = mem_array(STATE_MAX, sizeof *re->state);
	re->memo = mem_array(MEMO, sizeof *re->memo);
	states_begin(re);
	return re;
}

void pathre_free(struct pathre *re)
{
	if (!re)
		return;
	free(re->state);
	free(re->memo);
	free(re);
}
