/*
 * base/json: a writer of compact JSON (RFC 8259) over struct out. In: values in document order. Out: one line
 * of text. The writer puts the commas; the caller opens and closes. Nesting up to 31. Strings are escaped;
 * bytes that are not UTF-8 become U+FFFD, so the output is always valid. (Reading JSON: configuration and API
 * inputs by jansson; RIS Live by its own scanner.)
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/out.h"

struct json {
	struct out *o;
	uint32_t more; /* bit d: a comma is due at depth d */
	unsigned depth;
};

struct json json_on(struct out *o);
void json_open(struct json *j); /* { */
void json_end(struct json *j);  /* } */
void json_list(struct json *j); /* [ */
void json_done(struct json *j); /* ] */
void json_key(struct json *j, const char *key);
void json_str(struct json *j, const char *s);
void json_strn(struct json *j, const char *s, size_t n);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_num(
    struct json *j, double v, int digits); /* at most `digits` decimals, trailing zeros cut; null for NaN */
void json_bool(struct json *j, bool v);
void json_none(struct json *j);
void json_raw(struct json *j, const char *text); /* a value already in JSON */

#endif
