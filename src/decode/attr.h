/* decode/attr: one attribute at a time, for the files of this room. */
#ifndef DECODE_ATTR_H
#define DECODE_ATTR_H

#include "decode/decode.h"

enum { ATTR_EXTENDED_LENGTH = 0x10 };

struct attr {
	uint8_t flags, code;
	struct span value;
};
/* false at the end of the list, or list->bad where an attribute runs over it. */
bool attr_next(struct cur *list, struct attr *a);

#endif
