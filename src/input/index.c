/* input/index: see index.h. */
#include "input/index.h"

#include <stdio.h>
#include <string.h>

void index_links(const char *page, size_t n, void (*link)(void *arg, const char *to), void *arg)
{
	const char *p = page, *end = page + n;

	while (n && p < end && (p = memmem(p, (size_t)(end - p), "href=\"", 6))) {
		const char *quote = memchr(p + 6, '"', (size_t)(end - p - 6));
		char to[512];
		if (!quote)
			return;
		if ((size_t)(quote - p - 6) < sizeof to) {
			snprintf(to, sizeof to, "%.*s", (int)(quote - p - 6), p + 6);
			link(arg, to);
		}
		p = quote;
	}
}

bool index_file_time(const char *name, const char *word, utime_t *t)
{
	const char *s = name + strlen(word);
	char text[32];

	if (strncmp(name, word, strlen(word)) != 0 || strspn(s, "0123456789") != 8 || s[8] != '.' ||
	    strspn(s + 9, "0123456789") != 4)
		return false;
	if (strspn(s, "0123456789.abcdefghijklmnopqrstuvwxyz") != strlen(s) || strlen(s) > 32)
		return false;
	snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s", s, s + 4, s + 6, s + 9, s + 11);
	return utime_parse(text, t);
}

bool index_is_ris(const char *collector)
{
	return strncmp(collector, "rrc", 3) == 0 && collector[3] >= '0' && collector[3] <= '9';
}

bool index_collector(const char *link, char name[64])
{
	const char *host = strstr(link, "://"), *path = host ? strchr(host + 3, '/') : link;
	size_t n;

	if (!path)
		return false;
	path += strspn(path, "./");
	n = strspn(path, "0123456789.-abcdefghijklmnopqrstuvwxyz");
	if (n == 0 || n >= 64 || (path[n] && path[n] != '/'))
		return false;
	snprintf(name, 64, "%.*s", (int)n, path);
	if (strcmp(name, "bgpdata") == 0)
		snprintf(name, 64, "route-views2");
	else if (!index_is_ris(name) && strncmp(path + n, "/bgpdata", 8) != 0 &&
		 strncmp(name, "route-views", 11) != 0)
		return false;
	return true;
}
