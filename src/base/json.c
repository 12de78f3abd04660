/* base/json: see json.h. Owns nothing; writes into the caller's struct out. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>

struct json json_on(struct out *o)
{
	return (struct json){.o = o};
}

static void json_comma(struct json *j)
{
	uint32_t bit = 1U << j->depth;

	if (j->more & bit)
		out_char(j->o, ',');
	j->more |= bit;
}

static void json_enter(struct json *j, char c)
{
	json_comma(j);
	out_char(j->o, c);
	j->depth++;
	j->more &= ~(1U << j->depth);
}

static void json_close(struct json *j, char c)
{
	j->depth--;
	out_char(j->o, c);
}

void json_open(struct json *j)
{
	json_enter(j, '{');
}

void json_end(struct json *j)
{
	json_close(j, '}');
}

void json_list(struct json *j)
{
	json_enter(j, '[');
}

void json_done(struct json *j)
{
	json_close(j, ']');
}

/* The length of the well-formed UTF-8 sequence at s (RFC 3629), or 0. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 0;

	if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Eight bytes at once that stand for themselves: 0x20 to 0x7e, but for quote and backslash. */
static bool are_plain(const unsigned char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
	uint64_t x, quote, slash;

	memcpy(&x, p, sizeof x);
	quote = x ^ ones * '"';
	slash = x ^ ones * '\\';
	/* a zero borrows its top bit; a top bit of x itself is found first */
	return !((x | (x - ones * 0x20) | (x + ones) | (quote - ones) | (slash - ones)) & tops);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static size_t plain_len(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (n - i >= 8 && are_plain(p + i))
		i += 8;
	while (i < n && is_plain(p[i]))
		i++;
	return i;
}

static void json_escape(struct out *o, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	for (size_t i = 0; i < n;) {
		size_t plain = plain_len(p + i, n - i), len;
		if (plain) { /* most texts are no more than this */
			out_bytes(o, p + i, plain);
			i += plain;
			continue;
		}
		len = utf8_len(p + i, n - i);
		if (len == 0) {
			out_str(o, "\\ufffd");
			i++;
		} else if (len > 1) {
			out_bytes(o, p + i, len);
			i += len;
		} else {
			if (p[i] == '"' || p[i] == '\\')
				out_printf(o, "\\%c", p[i]);
			else if (p[i] == '\n')
				out_str(o, "\\n");
			else if (p[i] == '\t')
				out_str(o, "\\t");
			else
				out_printf(o, "\\u%04x", p[i]);
			i++;
		}
	}
}

void json_key(struct json *j, const char *key)
{
	json_str(j, key);
	out_char(j->o, ':');
	j->more &= ~(1U << j->depth);
}

void json_str(struct json *j, const char *s)
{
	json_strn(j, s, strlen(s));
}

void json_strn(struct json *j, const char *s, size_t n)
{
	json_comma(j);
	out_char(j->o, '"');
	json_escape(j->o, s, n);
	out_char(j->o, '"');
}

void json_u64(struct json *j, uint64_t v)
{
	json_comma(j);
	out_u64(j->o, v);
}

void json_i64(struct json *j, int64_t v)
{
	json_comma(j);
	out_i64(j->o, v);
}

enum { QUICK_DIGITS = 9 };

/*
 * v times a power of ten, rounded as printf(3) does, which looks at every bit of v: what the product lost is
 * known exactly (fma), and decides where it seems to stand in the middle; a true middle goes to the even one.
 */
static uint64_t scaled(double v, double scale)
{
	double x = v * scale, lost = fma(v, scale, -x), n = nearbyint(x), off = x - n;

	if (off >= 0.5 && lost > 0)
		n++;
	else if (off <= -0.5 && lost < 0)
		n--;
	return (uint64_t)n;
}

/* What printf's %.*f gives, without it; 0: not by this way. */
static size_t number_quick(char *text, double v, int digits)
{
	static const uint32_t power[] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	uint64_t all;
	uint32_t part;
	size_t n = 0;

	if (digits < 1 || digits > QUICK_DIGITS || fabs(v) * power[digits] > 1e15)
		return 0;
	all = scaled(fabs(v), power[digits]);
	if (signbit(v))
		text[n++] = '-';
	n += text_u64(text + n, all / power[digits]);
	text[n++] = '.';
	part = (uint32_t)(all % power[digits]);
	for (size_t i = (size_t)digits; i-- > 0; part /= 10)
		text[n + i] = (char)('0' + part % 10);
	return n + (size_t)digits;
}

void json_num(struct json *j, double v, int digits)
{
	char text[384]; /* the largest double has 309 digits before its point */
	size_t n;

	if (!isfinite(v)) {
		json_none(j);
		return;
	}
	n = number_quick(text, v, digits);
	if (!n)
		n = (size_t)snprintf(text, sizeof text, "%.*f", digits, v);
	while (n > 1 && digits > 0 && text[n - 1] == '0' && text[n - 2] != '.')
		n--;
	const char *first = text[0] == '-' && strspn(text, "-0.") >= n ? text + 1 : text; /* no minus zero */
	json_comma(j);
	out_bytes(j->o, first, (size_t)(text + n - first));
}

void json_bool(struct json *j, bool v)
{
	json_raw(j, v ? "true" : "false");
}

void json_none(struct json *j)
{
	json_raw(j, "null");
}

void json_raw(struct json *j, const char *text)
{
	json_comma(j);
	out_str(j->o, text);
}
