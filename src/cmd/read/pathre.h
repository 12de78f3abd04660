/*
 * cmd/read/pathre: regular expressions over AS paths as network people write them. A pattern is matched
 * against the path's text as routers and `bgpdump -m` print it ("3356 4837 {64511,64512}", confederations in
 * parentheses):
 *
 *   _ one delimiter, or the beginning or the end     ^ $ beginning and end      . any character
 *   [0-9] [^,] classes    ( | ) groups    * + ? {2} {2,} {2,5} repetition        \ takes away a meaning
 *
 * The text is never made: the pattern becomes an automaton over the 17 characters a path can hold, and what
 * an ASN's digits do to a state is remembered, so that a path costs one look-up an ASN.
 */
#ifndef CMD_READ_PATHRE_H
#define CMD_READ_PATHRE_H

#include "decode/decode.h"

struct pathre;

/* NULL and *error (static text) where the pattern is wrong. Each thread has its own. */
struct pathre *pathre_new(const char *pattern, const char **error);
void pathre_free(struct pathre *re);
bool pathre_match(struct pathre *re, struct span as_path, struct span as4_path, uint8_t as_size);

#endif
