/* enrich/date: the day a file is of, by its name. */
#include "enrich/load.h"

#include <stdio.h>
#include <string.h>

static bool digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

/* What follows a day: "T0930", ".0930", "_093015", "T09:30:15" is a time of it; anything else is none. */
static utime_t time_of_day(const char *s)
{
	unsigned v[3] = {0, 0, 0}, n = 0;

	if (!*s || !strchr("T._-", *s))
		return 0;
	for (s++; n < 3 && digits(s, 2); s += 2 + (s[2] == ':'))
		v[n++] = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
	if (n < 2 || digits(s, 1) || v[0] > 23 || v[1] > 59 || v[2] > 59)
		return 0;
	return (utime_t)(v[0] * 3600 + v[1] * 60 + v[2]) * UTIME_SECOND;
}

/* "20171001", "2017-10-01", "2017/10/01" at s -> its time. */
static bool day_at(const char *s, utime_t *t)
{
	char text[16];
	size_t n = strlen(s), step = n >= 5 && (s[4] == '-' || s[4] == '/');

	if (n < 8 + 2 * step || !digits(s, 4) || !digits(s + 4 + step, 2) || !digits(s + 6 + 2 * step, 2))
		return false;
	if (step && s[7] != s[4])
		return false;
	if (s[0] != '1' && s[0] != '2')
		return false;
	snprintf(text, sizeof text, "%.4s-%.2s-%.2s", s, s + 4 + step, s + 6 + 2 * step);
	if (!utime_parse(text, t))
		return false;
	*t += time_of_day(s + 8 + 2 * step);
	return true;
}

utime_t date_in_path(const char *path)
{
	utime_t t = UTIME_NONE, found;

	for (const char *s = path; *s; s++)
		if ((s == path || !digits(s - 1, 1)) && day_at(s, &found))
			t = found;
	return t;
}
