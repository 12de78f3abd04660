/*
 * input/ris (of this room only): a RIS Live message (https://ris-live.ripe.net/manual/) as MRT records. In:
 * one JSON text. Out: BGP4MP_ET records. One pass over the text, fuzzed; no tree is built.
 */
#ifndef INPUT_RIS_H
#define INPUT_RIS_H

#include "base/out.h"
#include "net/utime.h"

enum ris_kind {
	RIS_RECORD,  /* a record was written; host says which collector it is of */
	RIS_NOTHING, /* well-formed, but tells no route: KEEPALIVE, pong, subscription confirmed ... */
	RIS_ERROR,   /* the server complains: host holds its text */
	RIS_BAD,     /* no JSON of this kind */
};
enum { RIS_HOST = 128 };
enum ris_kind ris_scan(const char *p, size_t n, utime_t now, struct out *records, char host[RIS_HOST]);

#endif
