/* decode/addpath: path identifiers (RFC 7911) where a record does not tell of them; for the files of this
 * room. */
#ifndef DECODE_ADDPATH_H
#define DECODE_ADDPATH_H

#include "decode/decode.h"

/* Settles u->withdrawn[].addpath and u->announced[].addpath by content and by what the peer sent before. */
void addpath_settle(struct mrt *m, struct update *u);

#endif
