/*
 * table/clean: raw AS_PATH and AS4_PATH bytes to the steps of a path, from the origin outward. Cleaning
 * follows design.md 5: confederations stripped and AS4_PATH merged (by decode), prepending collapsed, sets,
 * reserved ASNs and loops flagged, route servers taken out last. Knows nothing of the tree, owns nothing, and
 * changes nothing: a dump's paths are cleaned beside the thread that has the table.
 */
#include "table/inner.h"

enum { FLAT_MAX = 1024 };

/* 12 bits of it, for sets of ASNs as bits. */
static uint32_t asn_mix(asn_t asn)
{
	return asn * UINT32_C(0x9e3779b1) >> 20;
}

void cleaner_init(struct cleaner *c, const struct table_options *o)
{
	*c = (struct cleaner){.drop = o->drop_asn, .drops = o->drop_asns};
	for (size_t i = 0; i < c->drops; i++)
		c->drop_bits[asn_mix(c->drop[i]) / 64] |= UINT64_C(1) << asn_mix(c->drop[i]) % 64;
}

static bool dropped(const struct cleaner *c, asn_t asn)
{
	size_t lo = 0, hi = c->drops;

	if (!(c->drop_bits[asn_mix(asn) / 64] >> asn_mix(asn) % 64 & 1))
		return false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (c->drop[mid] < asn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->drops && c->drop[lo] == asn;
}

static size_t collapse(asn_t *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

static bool stands_later(const asn_t *list, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (list[k] == list[i])
			return true;
	return false;
}

/* What the AS at list[i] adds to the flags of the path from there to the origin. */
static unsigned asn_flags(const asn_t *list, size_t n, size_t i, unsigned found)
{
	unsigned flags = stands_later(list, n, i) ? PATH_LOOPED : 0;

	if (list[i] == 0 && (found & PATH_HAS_SET))
		return flags | PATH_SET;
	return asn_reserved(list[i]) ? flags | PATH_RESERVED : flags;
}

/* What stood apart only by a route server is one AS, with the flags found on the way. */
static size_t push(struct step *out, size_t n, asn_t asn, unsigned flags)
{
	n += n == 0 || out[n - 1].asn != asn;
	out[n - 1] = (struct step){asn, flags};
	return n;
}

size_t clean_list(
    const struct cleaner *c, asn_t *list, size_t n, unsigned found, struct step *out, uint32_t *flags)
{
	unsigned f = found & (PATH_CUT | PATH_MALFORMED) ? PATH_BAD : 0;
	size_t steps = 0;

	n = collapse(list, n);
	if (n > PATH_LENGTH_MAX) {
		n = PATH_LENGTH_MAX;
		f |= PATH_BAD;
	}
	for (size_t i = n; i-- > 0;) {
		f |= asn_flags(list, n, i, found);
		if (!dropped(c, list[i]))
			steps = push(out, steps, list[i], f);
	}
	*flags = f | PATH_EMPTY;
	return steps;
}

static bool has_step(const struct step *step, size_t n, asn_t asn)
{
	for (size_t i = 0; i < n; i++)
		if (step[i].asn == asn)
			return true;
	return false;
}

/* The common case in one go: one sequence of ASNs of four bytes with nothing to clean but prepending. 0:
 * something else. */
static size_t clean_plain(const struct cleaner *c, const struct path_attr *a, struct step *out)
{
	const uint8_t *p = a->as_path.p;
	size_t n = a->as_path.n, steps = 0;
	uint64_t met = 0; /* bits of the ASNs so far */

	if (a->as_size != 4 || n < 6 || p[0] != SEGMENT_SEQUENCE || n != 2 + 4 * (size_t)p[1])
		return 0;
	for (; n > 2; n -= 4) {
		asn_t asn = be32(p + n - 4);
		uint64_t bit = UINT64_C(1) << asn_mix(asn) % 64;
		if (steps > 0 && asn == out[steps - 1].asn)
			continue;
		if (asn_reserved(asn) || (met & bit && has_step(out, steps, asn)) || dropped(c, asn))
			return 0;
		met |= bit;
		out[steps++] = (struct step){asn, 0};
	}
	return steps;
}

size_t clean_attr(const struct cleaner *c, const struct path_attr *a, struct step *out, uint32_t *flags)
{
	asn_t list[FLAT_MAX];
	unsigned found = 0;
	size_t n = clean_plain(c, a, out);

	if (n > 0)
		return n;
	n = as_path_flat(a->as_path, a->as4_path, a->as_size, list, FLAT_MAX, &found);
	return clean_list(c, list, n, found, out, flags);
}
