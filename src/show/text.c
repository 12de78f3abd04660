/* show/text: see text.h. */
#include "show/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void text_ink(struct out *o, const struct page *page, enum ink ink)
{
	static const char *const code[] = {
	    [INK_PLAIN] = "\033[0m",
	    [INK_BOLD] = "\033[1m",
	    [INK_DIM] = "\033[2m",
	    [INK_BAR] = "\033[36m",
	    [INK_BAD] = "\033[31m",
	    [INK_WARN] = "\033[33m",
	};
	if (page->colour)
		out_str(o, code[ink]);
}

size_t page_width(const struct page *page)
{
	return page->width > 0 ? (size_t)page->width : 100;
}

static bool utf8_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += !utf8_tail(*s);
	return n;
}

/* Bytes of the first `columns` columns of s. */
static size_t text_bytes(const char *s, size_t columns)
{
	size_t i = 0;

	while (s[i]) {
		if (!utf8_tail(s[i]) && columns-- == 0)
			break;
		i++;
	}
	return i;
}

void text_fill(struct out *o, char c, size_t n)
{
	while (n-- > 0)
		out_char(o, c);
}

void text_left(struct out *o, const char *s, size_t width)
{
	size_t n = text_columns(s);

	if (n <= width) {
		out_str(o, s);
		text_fill(o, ' ', width - n);
	} else if (width > 0) {
		size_t keep = text_bytes(s, width - 1);
		while (keep > 0 && s[keep - 1] == ' ')
			keep--;
		out_bytes(o, s, keep);
		out_str(o, "…");
		text_fill(o, ' ', width - 1 - text_columns(s) + text_columns(s + keep));
	}
}

void text_right(struct out *o, const char *s, size_t width)
{
	size_t n = text_columns(s);

	text_fill(o, ' ', n < width ? width - n : 0);
	out_str(o, s);
}

void text_bar(struct out *o, const struct page *page, double value, size_t width)
{
	static const char *const eighth[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double clamped = value < 0 ? 0 : value > 1 ? 1 : value;
	size_t n = (size_t)lround(clamped * (double)width * 8), whole;

	if (n == 0 && value > 0)
		n = 1;
	whole = n / 8;
	text_ink(o, page, INK_BAR);
	for (size_t i = 0; i < whole; i++)
		out_str(o, page->ascii ? "#" : "█");
	if (!page->ascii)
		out_str(o, eighth[n % 8]);
	text_ink(o, page, INK_PLAIN);
	text_fill(o, ' ', width - whole - (!page->ascii && n % 8 ? 1 : 0));
}

void text_wrap(struct out *o, const struct page *page, const char *s, size_t indent)
{
	size_t width = page_width(page), at = strspn(s, " ");
	bool begun = false; /* a word stands on this line */

	text_fill(o, ' ', at);
	for (s += at; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " "), columns = text_columns(s) - text_columns(s + n);
		if (begun && at + 1 + columns > width) {
			out_char(o, '\n');
			text_fill(o, ' ', indent);
			at = indent;
			begun = false;
		}
		if (begun)
			out_char(o, ' ');
		out_bytes(o, s, n);
		at += columns + begun;
		begun = true;
		s += n;
	}
	out_char(o, '\n');
}

char *text_count(char *buf, uint64_t v)
{
	char digits[24];
	size_t n = text_u64(digits, v), k = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = '\0';
	return buf;
}

char *text_percent(char *buf, double v)
{
	if (v > 0 && v < 0.0005)
		snprintf(buf, 32, "< 0.1 %%");
	else if (v < 1 - 1e-9 && v >= 0.9995)
		snprintf(buf, 32, "> 99.9 %%");
	else
		snprintf(buf, 32, "%.1f %%", v * 100);
	return buf;
}

char *text_percent_short(char *buf, double v)
{
	if (v > 0 && v < 0.005)
		snprintf(buf, 32, "< 1 %%");
	else if (v < 1 - 1e-9 && v >= 0.995)
		snprintf(buf, 32, "> 99 %%");
	else
		snprintf(buf, 32, "%.0f %%", v * 100);
	return buf;
}

char *text_time(char buf[static 40], utime_t t)
{
	buf[0] = '\0';
	if (t == UTIME_NONE)
		return buf;
	utime_text(buf, t);
	for (char *p = buf; *p; p++) {
		if (*p == 'T')
			*p = ' ';
		if (*p == 'Z')
			*p = '\0';
	}
	return buf;
}

void text_country(char *buf, size_t n, const struct facts *f, asn_t asn)
{
	cc_t cc = asn_country(f, asn);
	char code[3];

	cc_text(code, cc);
	snprintf(buf, n, "%s%s", cc ? code : "country unknown", asn_global(f, asn) ? ", global" : "");
}

void text_network(char *buf, size_t n, const struct facts *f, asn_t asn)
{
	const char *name = asn_name(f, asn);
	char country[32];

	text_country(country, sizeof country, f, asn);
	if (*name)
		snprintf(buf, n, "%s (AS%u, %s)", name, asn, country);
	else
		snprintf(buf, n, "AS%u (%s)", asn, country);
}

void text_label(char *buf, size_t n, const struct facts *f, asn_t asn)
{
	const char *name = asn_name(f, asn);

	if (*name)
		snprintf(buf, n, "AS%u %s", asn, name);
	else
		snprintf(buf, n, "AS%u", asn);
}

void text_escape(struct out *o, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			out_str(o, "&amp;");
		else if (*s == '<')
			out_str(o, "&lt;");
		else if (*s == '>')
			out_str(o, "&gt;");
		else if (*s == '"')
			out_str(o, "&quot;");
		else if ((unsigned char)*s >= 0x20)
			out_char(o, *s);
	}
}

void text_csv(struct out *o, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		out_str(o, s);
		return;
	}
	out_char(o, '"');
	for (; *s; s++) {
		if (*s == '"')
			out_char(o, '"');
		out_char(o, *s);
	}
	out_char(o, '"');
}
