/* cmd/pages: see pages.h. */
#include "cmd/pages.h"

#include "base/mem.h"
#include "cmd/stored.h"
#include "show/snapshot.h"

#include <stdlib.h>

static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

/* Every prefix by the country it belongs to, so that each country looks at its own only. */
struct shelf {
	cc_t *country; /* by prefix id */
	prefix_id *id; /* by country */
	size_t n;
	bool has[2]; /* any route of the family, IPv4 and IPv6 */
};

static int shelf_cmp(const void *a, const void *b, void *arg)
{
	const cc_t *country = arg;
	prefix_id x = *(const prefix_id *)a, y = *(const prefix_id *)b;

	if (country[x] != country[y])
		return country[x] < country[y] ? -1 : 1;
	return (x > y) - (x < y);
}

static void shelf_make(struct shelf *s, const struct facts *f, const struct table *t, utime_t at)
{
	size_t all = prefix_count(t);

	*s = (struct shelf){.country = mem_array(all, sizeof(cc_t)), .id = mem_array(all, sizeof(prefix_id))};
	for (prefix_id i = 0; i < all; i++) {
		const struct prefix *p = prefix_of(t, i);
		s->country[i] = prefix_territory(f, p, at);
		s->has[family_index(p->family)] |= prefix_routes(t, i) > 0;
		if (s->country[i] != CC_NONE)
			s->id[s->n++] = i;
	}
	qsort_r(s->id, s->n, sizeof *s->id, shelf_cmp, s->country);
}

static void shelf_find(const struct shelf *s, cc_t country, struct measure_options *o)
{
	size_t low = 0, high = s->n, end;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (s->country[s->id[mid]] < country)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < s->n && s->country[s->id[end]] == country;)
		end++;
	o->candidate = s->id + low;
	o->candidates = end - low;
}

static void shelf_free(struct shelf *s)
{
	free(s->country);
	free(s->id);
}

static int page_keep(struct store *s, const struct facts *f, const struct table *t, const struct shelf *shelf,
    const struct territory *who, uint8_t family, utime_t at)
{
	struct measure_options o = {.family = family, .depth = 2};
	struct report r;
	struct answer a = {.report = &r, .facts = f, .table = t, .health = table_health(t)};
	struct out text;
	int rc = 0;

	shelf_find(shelf, cc_of(territory_id(who)), &o);
	if (o.candidates == 0)
		return 0;
	measure_report(t, f, who, at, &o, &r);
	if (r.prefixes > 0) {
		rc = stored_lives(s, &r) ? 0 : -1;
		out_open_mem(&text);
		snapshot_json(&text, &a);
		if (rc == 0)
			rc = store_keep_answer(
			    s, ANSWER_PAGE, territory_id(who), family, at, text.buf, text.n);
		out_close(&text);
	}
	report_free(&r);
	return rc;
}

static int rank_keep(
    struct store *s, const struct facts *f, const struct table *t, uint8_t family, utime_t at)
{
	struct measure_options o = {.family = family, .depth = 1};
	struct rank rank;
	struct ranking r = {
	    .rank = &rank, .by = RANK_COUNTRY, .options = o, .at = at, .facts = f, .health = table_health(t)};
	struct out text;
	int rc = 0;

	measure_rank(t, f, at, &o, RANK_COUNTRY, &rank);
	out_open_mem(&text);
	rank_json(&text, &r);
	if (rank.n > 0)
		rc = store_keep_answer(s, ANSWER_RANK, "", family, at, text.buf, text.n);
	out_close(&text);
	rank_free(&rank);
	return rc;
}

int pages_keep(struct store *s, const struct facts *f, const struct table *t, utime_t at)
{
	const struct territory *const *country;
	size_t n = territory_countries(f, &country);
	struct shelf shelf;
	int rc = 0;

	shelf_make(&shelf, f, t, at);
	for (size_t k = 0; k < sizeof families / sizeof *families && rc == 0; k++) {
		if (!shelf.has[family_index(families[k])])
			continue;
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = page_keep(s, f, t, &shelf, country[i], families[k], at);
		if (rc == 0)
			rc = rank_keep(s, f, t, families[k], at);
	}
	shelf_free(&shelf);
	return rc;
}
