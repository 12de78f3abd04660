/*
 * table/trie: a crit-bit tree over the prefixes of each family, for longest match and address order. Each
 * prefix stands for the bit string "1 b0 1 b1 ... 0" (a bit "goes on" before each of its bits, and an end),
 * so no prefix is the beginning of another and one kind of node serves for nesting as for branching. A node
 * holds the first position where its two sides differ: even 2k, "ends at length k" (left, one prefix) against
 * "goes on"; odd 2k+1, the value of bit k. n prefixes need n - 1 nodes of 10 bytes. Left to right is address
 * order, a prefix before what lies inside it. Owns its nodes; the keys are the caller's, indexed by id.
 */
#include "table/inner.h"

static const uint32_t NOTHING = UINT32_MAX, LEAF = UINT32_C(1) << 31;

enum { DEPTH_MAX = 2 * 128 + 2 };

void trie_init(struct trie *t)
{
	*t = (struct trie){.root = {NOTHING, NOTHING}};
	t->child = pages_reserve(PREFIX_MAX_IDS * sizeof *t->child);
	t->at = pages_reserve(PREFIX_MAX_IDS * sizeof *t->at);
}

void trie_free(struct trie *t)
{
	pages_free(t->child, PREFIX_MAX_IDS * sizeof *t->child);
	pages_free(t->at, PREFIX_MAX_IDS * sizeof *t->at);
}

static unsigned side(const struct prefix *p, unsigned at)
{
	unsigned k = at / 2;

	return at & 1 ? (unsigned)p->b[k / 8] >> (7 - k % 8) & 1U : (unsigned)(p->len > k);
}

/* The first position where the strings of two different prefixes differ. */
static unsigned differ(const struct prefix *a, const struct prefix *b)
{
	uint64_t high = be64(a->b) ^ be64(b->b), low = be64(a->b + 8) ^ be64(b->b + 8);
	unsigned same =
	    high ? (unsigned)__builtin_clzll(high) : 64 + (low ? (unsigned)__builtin_clzll(low) : 64);
	unsigned shorter = a->len < b->len ? a->len : b->len;

	return same < shorter ? 2 * same + 1 : 2 * shorter;
}

void trie_add(struct trie *t, const struct prefix *key, prefix_id id)
{
	const struct prefix *p = &key[id];
	uint32_t *link = &t->root[family_index(p->family)], ref = *link;
	unsigned at;

	if (ref == NOTHING) {
		*link = LEAF | id;
		return;
	}
	while (!(ref & LEAF))
		ref = t->child[ref][side(p, t->at[ref])];
	at = differ(&key[ref & ~LEAF], p);
	while (!(*link & LEAF) && t->at[*link] < at)
		link = &t->child[*link][side(p, t->at[*link])];
	t->at[t->n] = (uint16_t)at;
	t->child[t->n][side(p, at)] = LEAF | id;
	t->child[t->n][!side(p, at)] = *link;
	*link = t->n++;
}

prefix_id trie_longest(const struct trie *t, const struct prefix *key, const struct prefix *p, bool proper)
{
	uint32_t ref = t->root[family_index(p->family)];
	prefix_id best = PREFIX_NONE;

	if (ref == NOTHING)
		return PREFIX_NONE;
	while (!(ref & LEAF)) {
		unsigned at = t->at[ref];
		if (!(at & 1) && p->len > at / 2) {
			prefix_id shorter = t->child[ref][0] & ~LEAF;
			if (!prefix_covers(&key[shorter], p))
				return best; /* p left this branch higher up: nothing below covers it */
			best = shorter;
		}
		ref = t->child[ref][side(p, at)];
	}
	ref &= ~LEAF;
	if (prefix_covers(&key[ref], p) && !(proper && key[ref].len == p->len))
		best = ref;
	return best;
}

static uint32_t leftmost(const struct trie *t, uint32_t ref)
{
	while (!(ref & LEAF))
		ref = t->child[ref][0];
	return ref & ~LEAF;
}

void trie_inside(const struct trie *t, const struct prefix *key, const struct prefix *p,
    bool (*visit)(void *arg, prefix_id id), void *arg)
{
	uint32_t stack[DEPTH_MAX], ref = t->root[family_index(p->family)];
	unsigned depth = 0;

	if (ref == NOTHING)
		return;
	while (!(ref & LEAF) && t->at[ref] < 2u * p->len)
		ref = t->child[ref][side(p, t->at[ref])];
	if (!prefix_covers(p, &key[leftmost(t, ref)]))
		return;
	stack[depth++] = ref;
	while (depth) {
		ref = stack[--depth];
		if (ref & LEAF) {
			(void)visit(arg, ref & ~LEAF);
		} else if (t->at[ref] & 1) {
			stack[depth++] = t->child[ref][1];
			stack[depth++] = t->child[ref][0];
		} else if (visit(arg, t->child[ref][0] & ~LEAF)) {
			stack[depth++] = t->child[ref][1];
		}
	}
}
