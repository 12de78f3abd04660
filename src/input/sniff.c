/* input/sniff: see sniff.h. */
#include "input/sniff.h"

#include "base/cur.h"
#include "base/mem.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- MRT ---- */
enum { HEADER = 12, LENGTH_MAX = 1 << 24, CHAIN = 3 };

/* The types that carry routing, and their highest subtype (RFC 6396 4 and 5, RFC 6397, RFC 8050). */
static const struct {
	uint16_t type, subtype_max;
	bool rib;
} kinds[] = {
    {5, 7, false},   /* BGP */
    {11, 2, false},  /* OSPFv2 */
    {12, 2, true},   /* TABLE_DUMP */
    {13, 12, true},  /* TABLE_DUMP_V2 */
    {16, 11, false}, /* BGP4MP */
    {17, 11, false}, /* BGP4MP_ET */
    {32, 0, false},  /* ISIS */
    {33, 0, false},  /* ISIS_ET */
    {48, 0, false},  /* OSPFv3 */
    {49, 0, false},  /* OSPFv3_ET */
};

/* The index of the kind of the header at p (HEADER bytes), or -1. */
static int header_kind(const uint8_t *p)
{
	uint16_t type = be16(p + 4), subtype = be16(p + 6);

	if (be32(p + 8) > LENGTH_MAX)
		return -1;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].type == type && subtype <= kinds[i].subtype_max)
			return (int)i;
	return -1;
}

/* Do records follow each other from p on? */
static bool header_chain(const uint8_t *p, size_t n)
{
	for (unsigned i = 0; i < CHAIN; i++) {
		size_t length;
		if (n < HEADER || header_kind(p) < 0)
			return false;
		length = HEADER + (size_t)be32(p + 8);
		if (length > n)
			return false;
		p += length;
		n -= length;
	}
	return true;
}

bool sniff_mrt(const uint8_t *p, size_t n, utime_t *first, bool *rib)
{
	size_t at = 0;
	int kind;

	if (n < HEADER)
		return false;
	kind = header_kind(p);
	while (kind < 0 && ++at + HEADER <= n)
		if (header_chain(p + at, n - at))
			kind = header_kind(p + at);
	if (kind < 0)
		return false;
	*first = utime_of(be32(p + at), 0);
	if ((kinds[kind].type & 1) && kinds[kind].type >= 17 && n - at >= HEADER + 4 &&
	    be32(p + at + HEADER) < 1000000)
		*first += be32(p + at + HEADER); /* the _ET forms: microseconds */
	*rib = kinds[kind].rib;
	return true;
}

/* ---- collectors ---- */
static bool is_word(char c)
{
	return isalnum((unsigned char)c);
}

/* A label behind "route-views": a place, not what the file is. */
static size_t place_length(const char *s)
{
	static const char *const not_places[] = {"bgpdata", "updates", "update", "ribs", "rib", "bview",
	    "mrt", "gz", "bz2", "xz", "zst", "lz4", "table", "dump", NULL};
	size_t n = 0;

	while (is_word(s[n]) || s[n] == '-')
		n++;
	if (n == 0 || !isalpha((unsigned char)s[0]))
		return 0;
	for (size_t i = 0; not_places[i]; i++)
		if (strlen(not_places[i]) == n && strncasecmp(s, not_places[i], n) == 0)
			return 0;
	return n;
}

/* The collector named at s, its length; 0: none. */
static size_t name_length(const char *s)
{
	size_t n;

	if (strncasecmp(s, "rrc", 3) == 0 && isdigit((unsigned char)s[3]) && isdigit((unsigned char)s[4]) &&
	    !is_word(s[5]))
		return 5;
	if (strncasecmp(s, "route-views", 11) != 0)
		return 0;
	n = 11 + strspn(s + 11, "0123456789");
	if (s[n] == '.' && place_length(s + n + 1))
		n += 1 + place_length(s + n + 1);
	return n;
}

/* A collector's name inside one part of a path (not terminated by 0 but by n), or NULL. */
static char *name_inside(const char *part, size_t n)
{
	char *text = mem_printf("%.*s", (int)n, part), *found = NULL;

	for (size_t i = 0; text[i] && !found; i++) {
		size_t length = i && is_word(text[i - 1]) ? 0 : name_length(text + i);
		if (length)
			found = mem_printf("%.*s", (int)length, text + i);
	}
	free(text);
	return found;
}

/* A folder of the archives' own layout: 2017.10, RIBS, UPDATES, bgpdata. */
static bool is_layout(const char *part, size_t n)
{
	static const char *const names[] = {"bgpdata", "RIBS", "UPDATES", NULL};

	for (size_t i = 0; names[i]; i++)
		if (strlen(names[i]) == n && strncmp(part, names[i], n) == 0)
			return true;
	if (n != 7 || part[4] != '.')
		return false;
	for (size_t i = 0; i < 7; i++)
		if (i != 4 && !isdigit((unsigned char)part[i]))
			return false;
	return true;
}

/* The part of path that ends before *end; moves *end before it. NULL: none is left. */
static const char *part_before(const char *path, const char **end, size_t *n)
{
	const char *e = *end, *p;

	while (e > path && e[-1] == '/')
		e--;
	for (p = e; p > path && p[-1] != '/';)
		p--;
	*n = (size_t)(e - p);
	*end = p;
	return *n ? p : NULL;
}

/* The nearest folder above the file that is not of the layout; NULL: the path's text has none. */
static char *folder_name(const char *path)
{
	const char *end = path + strlen(path), *part;
	size_t n;

	part_before(path, &end, &n); /* the file's own name */
	while ((part = part_before(path, &end, &n))) {
		if (part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.')))
			return NULL;
		if (!is_layout(part, n))
			return mem_printf("%.*s", (int)n, part);
	}
	return NULL;
}

char *sniff_collector(const char *path)
{
	const char *end = path + strlen(path), *part;
	char *name = NULL, *whole;
	size_t n;

	while (!name && (part = part_before(path, &end, &n)))
		name = name_inside(part, n);
	if (!name)
		name = folder_name(path);
	if (!name && strcmp(path, "-") != 0 && (whole = realpath(path, NULL))) {
		name = folder_name(whole);
		free(whole);
	}
	return name ? name : mem_strdup(path);
}
