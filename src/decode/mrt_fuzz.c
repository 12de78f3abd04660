/*
 * Fuzz: any bytes as an MRT stream, read to the last attribute, prefix and peer; at once, in pieces, and with
 * mrt_totals for what is plain, which must give the same.
 */
#include "decode/decode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct mrt_peers peers;

/* How many elements the update holds. */
static uint64_t read_parts(struct update *u, struct fault_count *faults)
{
	struct fault_count aside = {.skipped_bytes = 0}; /* of attributes: totals do not judge them */
	struct attr_view v;
	struct rib_entry e;
	struct geo_peer geo;
	struct prefix prefix;
	uint64_t n = 0;
	uint32_t id;

	if (u->kind == UPDATE_PEERS)
		mrt_peers_load(&peers, u, faults);
	if (u->kind == UPDATE_OTHER && u->type == 13 && u->subtype == 7)
		for (unsigned left = geo_begin(u, &geo); left; left--)
			if (!geo_next(u, &geo))
				break;
	for (unsigned i = 0; u->kind == UPDATE_MESSAGE && i < 2; i++) {
		while (nlri_next(&u->withdrawn[i], &prefix, &id, faults, u->offset))
			n++;
		while (nlri_next(&u->announced[i], &prefix, &id, faults, u->offset))
			n++;
	}
	while (u->kind == UPDATE_RIB && rib_entry_next(u, &e, faults)) {
		attrs_scan(&e.attrs, &v, &aside, u->offset);
		n += u->own_peer || e.peer_index < peers.n;
	}
	return n;
}

struct seen {
	struct mrt m;
	uint64_t elements;
};

/* Reads it so that each call sees at most `piece` new bytes. */
static void read_all(struct seen *seen, const uint8_t *p, size_t n, size_t piece, bool by_totals)
{
	uint8_t *own = malloc(n ? n : 1);
	size_t begin = 0, end = 0;

	memset(seen, 0, sizeof *seen);
	peers.n = 0;
	memcpy(own, p, n);
	do {
		struct totals totals = {0, 0, 0};
		struct update u;
		struct cur c;
		end = n - end < piece ? n : end + piece;
		c = cur_of(own + begin, end - begin);
		for (;;) {
			const uint8_t *at = c.p;
			if (by_totals)
				mrt_totals(&seen->m, &c, peers.n, &totals);
			if (mrt_next(&seen->m, &c, (uint64_t)(c.p - own), end == n, &u) == MRT_MORE)
				break;
			if (c.p <= at)
				__builtin_trap(); /* it must move on */
			seen->elements += read_parts(&u, &seen->m.faults);
		}
		seen->elements += totals.rib + totals.announce + totals.withdraw;
		begin = (size_t)(c.p - own);
	} while (end < n);
	if (begin != n)
		__builtin_trap();
	free(own);
}

static bool same(const struct seen *a, const struct seen *b)
{
	return a->elements == b->elements && a->m.n_records == b->m.n_records &&
	       memcmp(&a->m.faults, &b->m.faults, sizeof a->m.faults) == 0 &&
	       memcmp(a->m.records, b->m.records, sizeof a->m.records) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct seen whole, pieces, totals;

	read_all(&whole, p, n, n + 1, false);
	read_all(&pieces, p, n, 1 + n / 7, false);
	read_all(&totals, p, n, 1 + n / 3, true);
	if (!same(&whole, &pieces) || !same(&whole, &totals))
		__builtin_trap();
	return 0;
}
