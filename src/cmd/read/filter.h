/*
 * cmd/read/filter: which elements are wanted. In: the options of a command line. Every option narrows; values
 * of the same option widen. Evaluated on the raw spans, cheapest question first, before anything is printed.
 * Owns its lists. The filter is read by all workers; what matching changes is in struct filter_run, one a
 * worker.
 */
#ifndef CMD_READ_FILTER_H
#define CMD_READ_FILTER_H

#include "cmd/read/elem.h"
#include "cmd/read/pathre.h"
#include "cmd/verb.h"
#include "enrich/enrich.h"

enum prefix_match { MATCH_EXACT, MATCH_MORE, MATCH_LESS, MATCH_OVERLAP };

struct asns {
	asn_t *v;
	size_t n;
};
struct community { /* a pattern: parts by 2 (RFC 1997) or 3 (RFC 8092); `any` bit per part */
	uint32_t part[3];
	uint8_t parts, any;
};

struct filter {
	utime_t from, to;
	unsigned kinds; /* bit per enum elem_kind */
	uint8_t family; /* 0: both */
	enum prefix_match match;
	struct prefix *prefix;
	size_t prefixes;
	struct addr *peer_addr;
	size_t peer_addrs;
	struct asns peer_as, origin, as;
	struct community *community;
	size_t communities;
	const char **path;
	size_t paths;
	cc_t *country;
	size_t countries;
	const struct facts *facts; /* the caller's; wanted where countries are given */
	bool peers;                /* peer_addr or peer_as is given */
	bool attrs;                /* the attributes decide */
	bool prefix_decides;
};

/* 0, or EXIT_USAGE after a word to the user. */
int filter_init(struct filter *f, const struct args *a);
void filter_free(struct filter *f);

struct filter_run {
	const struct filter *filter;
	struct pathre **path;
};
void filter_run_init(struct filter_run *r, const struct filter *f);
void filter_run_free(struct filter_run *r);

static inline bool filter_time(const struct filter *f, utime_t t)
{
	return t >= f->from && t < f->to;
}
static inline bool filter_kind(const struct filter *f, enum elem_kind kind)
{
	return f->kinds >> kind & 1;
}
bool filter_passes_all(const struct filter *f);
bool filter_peer(const struct filter *f, const struct peer_key *peer);
bool filter_prefix(const struct filter *f, const struct prefix *prefix);
bool filter_attrs(struct filter_run *r, const struct attr_set *set);
/* --country, the two ways a route can belong: its prefix is registered there, or the AS that originates it.
 */
bool filter_prefix_country(const struct filter *f, const struct prefix *prefix);
bool filter_origin_country(const struct filter *f, const struct attr_set *set);

#endif
