/* serve/asset: the dashboard's files, embedded at build time from web/dist by tools/embed. Static for the
 * process. */
#ifndef SERVE_ASSET_H
#define SERVE_ASSET_H

#include <stddef.h>

struct asset {
	const char *path; /* "index.html", "assets/index-abc.js" */
	const char *type; /* media type */
	const char *etag; /* quoted, of the content */
	const unsigned char *bytes;
	size_t n;
	const unsigned char *gzip; /* the same, compressed; NULL where that gains nothing */
	size_t gzip_n;
};

extern const struct asset assets[]; /* by path; the OpenAPI description is "openapi.json"; ends with {0} */
extern const size_t
    asset_count; /* without the dashboard (built with -Dweb=disabled or no npm): only openapi.json */

#endif
