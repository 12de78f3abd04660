/*
 * decode/addpath: BGP4MP records from collectors that negotiate ADD-PATH (RFC 7911) but write the plain
 * subtypes hold path identifiers that nothing tells of (RFC 8050 1 names the problem). In: the prefix lists
 * of one message. Out: whether each is read with identifiers. What a peer did before is remembered in struct
 * mrt by a hash of its address: a message that reads both ways is read as that peer's clear ones were.
 *
 * Read without them, a list with identifiers is nearly always broken, or begins with the zero bytes of a
 * small identifier, which look like default routes in a row. Read with them, a list without is nearly always
 * broken.
 */
#include "decode/addpath.h"

enum { SURE = 8 };

struct reading {
	bool whole;     /* lengths add up */
	unsigned zeros; /* default routes */
	unsigned dirty; /* bits set past a prefix's length */
	unsigned n;
};

static struct reading read_as(const struct nlri *list, size_t id)
{
	const uint8_t *p = list->bytes.p, *end = p + list->bytes.n;
	unsigned bits = family_bits(list->family);
	struct reading r = {0};

	while (p < end) {
		size_t left = (size_t)(end - p), bytes;
		unsigned len;
		if (left < id + 1)
			return r;
		len = p[id];
		bytes = (len + 7) / 8;
		if (len > bits || left < id + 1 + bytes)
			return r;
		r.zeros += len == 0;
		r.dirty += len % 8 && (p[id + bytes] & (0xff >> len % 8));
		r.n++;
		p += id + 1 + bytes;
	}
	r.whole = true;
	return r;
}

/*
 * -1: without identifiers, 1: with, 0: reads both ways. `fresh`: no message of the stream had any so far, so
 * that one which reads both ways is read without, and nothing is remembered of either answer.
 */
static int judge(const struct nlri *list, bool fresh)
{
	struct reading plain = read_as(list, 0), with;

	if (plain.whole && plain.zeros < 2 && (fresh || (!plain.dirty && list->bytes.n < 5)))
		return -1;
	with = read_as(list, 4);
	if (!with.whole || with.dirty || with.zeros > 1)
		return plain.whole ? -1 : with.whole ? 1 : -1;
	if (!plain.whole || plain.zeros > 1)
		return 1;
	return 0;
}

static uint8_t *memory_of(struct mrt *m, const struct peer_key *peer)
{
	uint64_t a = be64(peer->addr.b) ^ be64(peer->addr.b + 8) ^ peer->asn;

	return &m->hidden_addpath[(a * UINT64_C(0x9e3779b97f4a7c15)) >> 56];
}

void addpath_settle(struct mrt *m, struct update *u)
{
	struct nlri *list[4] = {&u->withdrawn[0], &u->withdrawn[1], &u->announced[0], &u->announced[1]};
	uint8_t *memory = memory_of(m, &u->peer);
	bool told = u->withdrawn[0].addpath, hidden = false;

	for (unsigned i = 0; i < 4; i++) {
		int verdict;
		if (!list[i]->bytes.n || !list[i]->family)
			continue;
		verdict = judge(list[i], !told && !hidden && !m->n_hidden);
		if (told) { /* the record says so: only what cannot be read that way is read plainly */
			list[i]->addpath = verdict >= 0;
			continue;
		}
		list[i]->addpath = verdict > 0 || (verdict == 0 && *memory >= 2);
		hidden |= list[i]->addpath;
		if (verdict > 0 && *memory < SURE)
			++*memory;
		else if (verdict < 0 && *memory)
			--*memory;
	}
	m->n_hidden += hidden;
}
