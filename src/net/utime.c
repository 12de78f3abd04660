/* net/utime: see utime.h. Days from the civil date by the usual 400-year cycle; no time zone database is
 * asked. */
#include "net/utime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t days_of(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_of(int64_t days, int64_t *y, int *m, int *d)
{
	int64_t era, doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = yoe + era * 400 + (*m <= 2);
}

static bool number(const char **s, int width, int *v)
{
	*v = 0;
	for (int i = 0; i < width; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*v = *v * 10 + (**s - '0');
	}
	return true;
}

static bool month_length_ok(int y, int m, int d)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m >= 1 && m <= 12 && d >= 1 && d <= length[m - 1] + (m == 2 && leap);
}

static bool parse_fraction(const char **s, int *micros)
{
	int scale = 100000, n = 0;

	*micros = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, n++) {
		*micros += (**s - '0') * scale;
		scale /= 10;
	}
	return n > 0;
}

static bool parse_clock(const char **s, int *seconds, int *micros)
{
	int h, m, sec = 0;

	*micros = 0;
	if (!number(s, 2, &h) || **s != ':')
		return false;
	(*s)++;
	if (!number(s, 2, &m))
		return false;
	if (**s == ':') {
		(*s)++;
		if (!number(s, 2, &sec) || !parse_fraction(s, micros))
			return false;
	}
	*seconds = h * 3600 + m * 60 + sec;
	return h < 24 && m < 60 && sec < 61;
}

static bool parse_epoch(const char *s, utime_t *t)
{
	char *end;
	long long v = strtoll(s, &end, 10);
	int micros;
	const char *rest = end;

	if (end == s || s[0] == '-' || !parse_fraction(&rest, &micros) || *rest || v > INT64_C(253402300799))
		return false;
	*t = v * UTIME_SECOND + micros;
	return true;
}

/* 20171001, and behind it T or the archives' point and 0907 or 090751 (ISO 8601's basic form). */
static bool parse_basic(const char *s, int date[static 3], int *seconds)
{
	int h, m, sec = 0;

	if (!number(&s, 4, &date[0]) || !number(&s, 2, &date[1]) || !number(&s, 2, &date[2]))
		return false;
	*seconds = 0;
	if (*s == 'T' || *s == '.') {
		s++;
		if (!number(&s, 2, &h) || !number(&s, 2, &m) || (*s && *s != 'Z' && !number(&s, 2, &sec)) ||
		    h > 23 || m > 59 || sec > 60)
			return false;
		*seconds = h * 3600 + m * 60 + sec;
	}
	return !*s || strcmp(s, "Z") == 0;
}

/* 2017, 2017-10, 2017-10-01, and behind a whole date a time of day. */
static bool parse_extended(const char *s, int date[static 3], int *seconds, int *micros)
{
	const char *start = s;

	*seconds = *micros = 0;
	date[1] = date[2] = 1;
	if (!number(&s, 4, &date[0]))
		return false;
	if (*s == '-' && (s++, !number(&s, 2, &date[1])))
		return false;
	if (*s == '-' && (s++, !number(&s, 2, &date[2])))
		return false;
	if ((*s == 'T' || *s == ' ') && s - start == 10 && (s++, !parse_clock(&s, seconds, micros)))
		return false;
	return !*s || strcmp(s, "Z") == 0 || strcmp(s, "+00:00") == 0;
}

bool utime_parse(const char *s, utime_t *t)
{
	size_t digits = strspn(s, "0123456789");
	int date[3], seconds, micros = 0;

	if (digits > 8) /* seconds since 1970, as MRT has them: nine digits and more since 1973 */
		return parse_epoch(s, t);
	if (!(digits == 8 ? parse_basic(s, date, &seconds) : parse_extended(s, date, &seconds, &micros)) ||
	    !month_length_ok(date[0], date[1], date[2]))
		return false;
	*t = (days_of(date[0], date[1], date[2]) * 86400 + seconds) * UTIME_SECOND + micros;
	return true;
}

size_t utime_text(char *p, utime_t t)
{
	int64_t seconds = t / UTIME_SECOND, micros = t % UTIME_SECOND, days, y;
	int m, d, n;

	if (micros < 0) {
		micros += UTIME_SECOND;
		seconds--;
	}
	days = seconds / 86400;
	seconds %= 86400;
	if (seconds < 0) {
		seconds += 86400;
		days--;
	}
	date_of(days, &y, &m, &d);
	n = snprintf(p, UTIME_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)y, m, d,
	    (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
	if (micros) {
		n += snprintf(p + n, UTIME_TEXT - (size_t)n, ".%06d", (int)micros);
		while (p[n - 1] == '0')
			n--;
	}
	p[n++] = 'Z';
	p[n] = '\0';
	return (size_t)n;
}

bool utime_parse_span(const char *s, utime_t *span)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	static const int64_t SPAN_MOST = INT64_C(100000000000); /* seconds: added to any time there is room */
	char *end;
	long long v = strtoll(s, &end, 10);

	if (end == s || v < 0 || s[0] == '-' || v > 1000000000)
		return false;
	if (!*end) {
		*span = v * UTIME_SECOND;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (*end == units[i].unit && !end[1] && v <= SPAN_MOST / units[i].seconds) {
			*span = v * units[i].seconds * UTIME_SECOND;
			return true;
		}
	return false;
}
