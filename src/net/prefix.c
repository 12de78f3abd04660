/* net/prefix: see prefix.h. */
#include "net/prefix.h"

#include <arpa/inet.h>
#include <string.h>

struct addr addr_v4(const uint8_t b[4])
{
	struct addr a = {.family = FAMILY_IPV4};

	memcpy(a.b, b, 4);
	return a;
}

struct addr addr_v6(const uint8_t b[16])
{
	struct addr a = {.family = FAMILY_IPV6};

	memcpy(a.b, b, 16);
	return a;
}

bool addr_parse(const char *s, size_t n, struct addr *a)
{
	char text[ADDR_TEXT];

	if (n == 0 || n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	memset(a, 0, sizeof *a);
	a->family = memchr(text, ':', n) ? FAMILY_IPV6 : FAMILY_IPV4;
	return inet_pton(a->family == FAMILY_IPV6 ? AF_INET6 : AF_INET, text, a->b) == 1;
}

static size_t octet_text(char *p, uint8_t v)
{
	size_t n = 0;

	if (v >= 100)
		p[n++] = (char)('0' + v / 100);
	if (v >= 10)
		p[n++] = (char)('0' + v / 10 % 10);
	p[n++] = (char)('0' + v % 10);
	return n;
}

static size_t group_text(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (n || v >> shift || shift == 0)
			p[n++] = hex[v >> shift & 15];
	return n;
}

static size_t v4_text(char *p, const uint8_t b[4])
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		n += octet_text(p + n, b[i]);
		if (i < 3)
			p[n++] = '.';
	}
	return n;
}

/* The longest run of at least `least` zero groups, the first of equals: its length, and where. */
static unsigned zero_run(const unsigned group[8], unsigned least, unsigned *at)
{
	unsigned best = least - 1, run = 0;

	*at = 8;
	for (unsigned i = 0; i < 8; i++) {
		run = group[i] ? 0 : run + 1;
		if (run > best) {
			best = run;
			*at = i + 1 - run;
		}
	}
	return *at < 8 ? best : 0;
}

static size_t v6_text(char *p, const uint8_t b[16], unsigned least)
{
	unsigned group[8], at, run;
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
	run = zero_run(group, least, &at);
	for (unsigned i = 0; i < 8; i++) {
		if (i == at) {
			p[n++] = ':';
			p[n++] = ':';
			i += run - 1;
			continue;
		}
		/* RFC 5952 5: IPv4 in IPv6, told by its well-known prefixes, as inet_ntop(3) has them */
		if (i == 6 && at == 0 && (run == 6 || (run == 5 && group[5] == 0xffff))) {
			if (run == 5)
				p[n++] = ':';
			return n + v4_text(p + n, b + 12);
		}
		if (i && i != at + run)
			p[n++] = ':';
		n += group_text(p + n, group[i]);
	}
	return n;
}

size_t addr_text(char *p, const struct addr *a)
{
	return a->family == FAMILY_IPV4 ? v4_text(p, a->b) : v6_text(p, a->b, 2);
}

size_t addr_text_old(char *p, const struct addr *a)
{
	return a->family == FAMILY_IPV4 ? v4_text(p, a->b) : v6_text(p, a->b, 1);
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof a->b);
}

struct prefix prefix_make(uint8_t family, const uint8_t *bytes, unsigned len)
{
	struct prefix p = {.family = family, .len = (uint8_t)len};
	unsigned whole = len / 8;

	memcpy(p.b, bytes, whole);
	if (len % 8)
		p.b[whole] = (uint8_t)(bytes[whole] & (0xff00U >> len % 8));
	return p;
}

bool prefix_parse(const char *s, size_t n, struct prefix *p)
{
	const char *slash = memchr(s, '/', n);
	size_t head = slash ? (size_t)(slash - s) : n;
	unsigned len = 0;
	struct addr a;

	if (!addr_parse(s, head, &a))
		return false;
	if (!slash) {
		len = family_bits(a.family);
	} else {
		if (head + 1 == n || n - head > 4)
			return false;
		for (size_t i = head + 1; i < n; i++) {
			if (s[i] < '0' || s[i] > '9')
				return false;
			len = len * 10 + (unsigned)(s[i] - '0');
		}
	}
	if (len > family_bits(a.family))
		return false;
	*p = prefix_make(a.family, a.b, len);
	return true;
}

size_t prefix_text(char *p, const struct prefix *x)
{
	struct addr a = {.family = x->family};
	size_t n;

	memcpy(a.b, x->b, sizeof a.b);
	n = addr_text(p, &a);
	p[n++] = '/';
	return n + octet_text(p + n, x->len);
}

int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int d;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	d = memcmp(a->b, b->b, sizeof a->b);
	return d ? d : (int)a->len - (int)b->len;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->len == b->len && memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool prefix_covers(const struct prefix *a, const struct prefix *b)
{
	unsigned whole = a->len / 8;

	if (a->family != b->family || a->len > b->len || memcmp(a->b, b->b, whole) != 0)
		return false;
	return a->len % 8 == 0 || ((a->b[whole] ^ b->b[whole]) & (0xff00 >> a->len % 8) & 0xff) == 0;
}

bool prefix_bit(const struct prefix *p, unsigned i)
{
	return p->b[i / 8] >> (7 - i % 8) & 1;
}
