/* net/prefix: see prefix.h. */
#include "net/prefix.h"

#include "base/out.h"

#include <arpa/inet.h>
#include <string.h>

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

static size_t group_text(char *p, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (n || v >> shift || shift == 0)
			p[n++] = hex[v >> shift & 15];
	return n;
}

/* "0." to "255.", four bytes each: an octet is one store */
#define TEN(tens, end)                                                                           \
	tens "0." end tens "1." end tens "2." end tens "3." end tens "4." end tens "5." end tens \
	     "6." end tens "7." end tens "8." end tens "9." end
static const char octets[] = TEN("", "\0\0") TEN("1", "\0") TEN("2", "\0") TEN("3", "\0") TEN("4", "\0")
    TEN("5", "\0") TEN("6", "\0") TEN("7", "\0") TEN("8", "\0") TEN("9", "\0") TEN("10", "") TEN("11", "")
	TEN("12", "") TEN("13", "") TEN("14", "") TEN("15", "") TEN("16", "") TEN("17", "") TEN("18", "")
	    TEN("19", "") TEN("20", "") TEN("21", "") TEN("22", "") TEN("23", "") TEN("24", "") "250."
												"251."
												"252."
												"253."
												"254."
												"255.";
_Static_assert(sizeof octets == 4 * 256 + 1, "an octet is four bytes");

/* Writes four bytes an octet, and of the last one three more than count at most. */
static size_t v4_text(char *p, const uint8_t b[4])
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		memcpy(p + n, octets + 4 * b[i], 4);
		n += 2U + (b[i] > 9) + (b[i] > 99);
	}
	return n - 1; /* without the last dot */
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
	size_t n = x->family == FAMILY_IPV4 ? v4_text(p, x->b) : v6_text(p, x->b, 2);

	p[n++] = '/';
	return n + text_small(p + n, x->len);
}

int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int d;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	d = memcmp(a->b, b->b, sizeof a->b);
	return d ? d : (int)a->len - (int)b->len;
}

double prefix_size(const struct prefix *p)
{
	unsigned unit = p->family == FAMILY_IPV4 ? 32 : 48;

	return p->len >= unit ? 1 : (double)(UINT64_C(1) << (unit - p->len));
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
