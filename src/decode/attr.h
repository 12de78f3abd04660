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
static inline bool attr_next(struct cur *list, struct attr *a)
{
	const uint8_t *p = list->p;
	size_t left = cur_left(list), head = 3, n;

	if (left == 0)
		return false;
	if (left < 3 || (p[0] & ATTR_EXTENDED_LENGTH && left < 4)) {
		list->bad = true;
		return false;
	}
	n = p[2];
	if (p[0] & ATTR_EXTENDED_LENGTH) {
		n = be16(p + 2);
		head = 4;
	}
	if (left - head < n) {
		list->bad = true;
		return false;
	}
	a->flags = p[0];
	a->code = p[1];
	a->value = (struct span){p + head, n};
	list->p = p + head + n;
	return true;
}

#endif
