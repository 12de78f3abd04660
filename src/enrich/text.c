/* enrich/text: see text.h. */
#include "enrich/text.h"

#include "enrich/enrich.h"

#include <string.h>

bool text_line(struct cur *c, struct span *line)
{
	size_t left = cur_left(c);
	const uint8_t *end;

	if (left == 0)
		return false;
	end = memchr(c->p, '\n', left);
	line->p = c->p;
	line->n = end ? (size_t)(end - c->p) : left;
	c->p += line->n + (end != NULL);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool blank(uint8_t b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

struct span text_trim(struct span s)
{
	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The field that begins at s.p: its text, and in *used the bytes up to the separator. */
static struct span field_at(struct span s, char sep, size_t *used)
{
	struct span f = text_trim(s);
	const uint8_t *end;
	size_t skip = (size_t)(f.p - s.p);

	if (f.n && f.p[0] == '"' && (end = memchr(f.p + 1, '"', f.n - 1))) {
		const uint8_t *next = memchr(end, sep, (size_t)(s.p + s.n - end));
		*used = next ? (size_t)(next - s.p) : s.n;
		return (struct span){s.p + skip + 1, (size_t)(end - f.p - 1)};
	}
	end = s.n ? memchr(s.p, sep, s.n) : NULL;
	*used = end ? (size_t)(end - s.p) : s.n;
	return text_trim((struct span){s.p, *used});
}

size_t text_fields(struct span line, char sep, struct span *field, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < max; i++)
		field[i] = (struct span){line.p + line.n, 0};
	for (;;) {
		size_t used;
		struct span f = field_at(line, sep, &used);
		if (n < max)
			field[n] = f;
		n++;
		if (used == line.n)
			return n;
		line.p += used + 1;
		line.n -= used + 1;
	}
}

bool text_is(struct span s, const char *word)
{
	return s.p && s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

bool text_begins(struct span s, const char *word)
{
	size_t n = strlen(word);

	return s.p && s.n >= n && memcmp(s.p, word, n) == 0;
}

bool text_holds(struct span s, const char *word)
{
	return s.p && memmem(s.p, s.n, word, strlen(word)) != NULL;
}

bool text_number(struct span s, uint64_t *v)
{
	uint64_t x = 0;

	if (s.n == 0 || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		x = x * 10 + (uint64_t)(s.p[i] - '0');
	}
	*v = x;
	return true;
}

bool text_cc(struct span s, uint16_t *cc)
{
	char two[2];

	*cc = CC_NONE;
	if (s.n == 0 || text_is(s, "??") || text_is(s, "--"))
		return true;
	if (s.n != 2)
		return false;
	for (int i = 0; i < 2; i++) {
		two[i] = (char)(s.p[i] & 0xdf); /* upper case */
		if (two[i] < 'A' || two[i] > 'Z')
			return false;
	}
	if (two[0] != 'Z' || two[1] != 'Z')
		*cc = cc_of(two);
	return true;
}
