/*
 * Fuzz: any bytes as an MRT stream, read to the last attribute, prefix and peer; at once and in pieces, which
 * must give the same.
 */
#include "decode/decode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct mrt_peers peers;

static void read_parts(struct update *u, struct fault_count *faults)
{
	struct attr_view v;
	struct rib_entry e;
	struct geo_peer geo;
	struct prefix prefix;
	uint32_t id;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(&peers, u, faults);
	if (u->kind == UPDATE_OTHER && u->type == 13 && u->subtype == 7)
		for (unsigned left = geo_begin(u, &geo); left; left--)
			if (!geo_next(u, &geo))
				break;
	for (unsigned i = 0; u->kind == UPDATE_MESSAGE && i < 2; i++) {
		while (nlri_next(&u->withdrawn[i], &prefix, &id, faults, u->offset))
			;
		while (nlri_next(&u->announced[i], &prefix, &id, faults, u->offset))
			;
	}
	while (u->kind == UPDATE_RIB && rib_entry_next(u, &e, faults))
		attrs_scan(&e.attrs, &v, faults, u->offset);
}

/* How many updates, read so that each call sees at most `piece` new bytes. */
static size_t read_all(struct mrt *m, const uint8_t *p, size_t n, size_t piece)
{
	uint8_t *own = malloc(n ? n : 1);
	size_t begin = 0, end = 0, updates = 0;

	memcpy(own, p, n);
	do {
		struct update u;
		struct cur c;
		end = n - end < piece ? n : end + piece;
		c = cur_of(own + begin, end - begin);
		for (;; updates++) {
			const uint8_t *at = c.p;
			if (mrt_next(m, &c, (uint64_t)(at - own), end == n, &u) == MRT_MORE)
				break;
			if (c.p <= at)
				__builtin_trap(); /* it must move on */
			read_parts(&u, &m->faults);
		}
		begin = (size_t)(c.p - own);
	} while (end < n);
	if (begin != n)
		__builtin_trap();
	free(own);
	return updates;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct mrt whole, pieces;

	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	if (read_all(&whole, p, n, n + 1) != read_all(&pieces, p, n, 1 + n / 7) ||
	    memcmp(&whole.faults, &pieces.faults, sizeof whole.faults) != 0)
		__builtin_trap();
	return 0;
}
