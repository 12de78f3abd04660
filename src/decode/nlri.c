/*
 * decode/nlri: lists of prefixes (RFC 4271 4.3), with or without path identifiers (RFC 7911 3).
 * In: a span of an UPDATE. Out: one prefix at a time. Owns nothing.
 */
#include "decode/decode.h"

bool nlri_next(
    struct nlri *list, struct prefix *prefix, uint32_t *path_id, struct fault_count *faults, uint64_t offset)
{
	const uint8_t *p = list->bytes.p;
	size_t n = list->bytes.n, id = list->addpath ? 4 : 0, need;

	if (n == 0 || list->family == 0)
		return false;
	if (n < id + 1 || p[id] > family_bits(list->family) || n < (need = id + 1 + (p[id] + 7U) / 8)) {
		fault_add(faults, FAULT_NLRI, offset);
		list->bytes.n = 0;
		return false;
	}
	*path_id = id ? be32(p) : 0;
	*prefix = prefix_make(list->family, p + id + 1, p[id]);
	list->bytes.p = p + need;
	list->bytes.n = n - need;
	return true;
}
