/* enrich/text: cutting text files into lines and fields, as views into bytes somebody else owns. */
#ifndef ENRICH_TEXT_H
#define ENRICH_TEXT_H

#include "base/cur.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next line without its end ("\n" or "\r\n"); false where nothing is left. */
bool text_line(struct cur *c, struct span *line);
struct span text_trim(struct span s);
/* Fields between separators, trimmed; a field in double quotes may hold the separator (RFC 4180). Returns how
 * many there are; the first max are in field[], the rest of it empty. */
size_t text_fields(struct span line, char sep, struct span *field, size_t max);
bool text_is(struct span s, const char *word);
bool text_begins(struct span s, const char *word);
bool text_holds(struct span s, const char *word);
bool text_number(struct span s, uint64_t *v); /* decimal digits only */
bool text_cc(struct span s, uint16_t *cc);    /* two letters -> code; "ZZ", "??", "--" and empty -> 0 */

#endif
