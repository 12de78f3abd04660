/*
 * net/utime: points in time, microseconds since 1970-01-01 UTC. Text is ISO 8601 UTC (RFC 3339 "Z" form),
 * with a fraction only where it is not zero.
 */
#ifndef NET_UTIME_H
#define NET_UTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t utime_t;

#define UTIME_NONE   INT64_MIN
#define UTIME_MAX    INT64_MAX
#define UTIME_SECOND INT64_C(1000000)

enum { UTIME_TEXT = 40 };

static inline utime_t utime_of(int64_t seconds, uint32_t micros)
{
	return seconds * UTIME_SECOND + micros;
}

/* "2017-10-01T09:07:51Z", "2017-10-01 09:07:51.25", "2017-10-01T09:07", "2017-10-01", "2017-10", "2017",
 * "20171001", "20171001.0907" as archives name their files; nine digits and more are seconds since 1970. */
bool utime_parse(const char *s, utime_t *t);
size_t utime_text(char *p, utime_t t); /* room for UTIME_TEXT; terminated; returns length */
/* "90", "90s", "5m", "2h", "7d" -> microseconds; false where it is something else or negative. */
bool utime_parse_span(const char *s, utime_t *span);

#endif
