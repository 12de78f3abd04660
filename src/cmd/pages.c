/* cmd/pages: see pages.h. */
#include "cmd/pages.h"

#include "cmd/stored.h"
#include "show/snapshot.h"

static const uint8_t families[] = {FAMILY_IPV4, FAMILY_IPV6};

static int page_keep(struct store *s, const struct facts *f, const struct table *t,
    const struct territory *who, uint8_t family, utime_t at)
{
	struct measure_options o = {.family = family, .depth = 2};
	struct report r;
	struct answer a = {.report = &r, .facts = f, .table = t, .health = table_health(t)};
	struct out text;
	int rc = 0;

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

	for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
		for (size_t i = 0; i < n; i++)
			if (page_keep(s, f, t, country[i], families[k], at))
				return -1;
		if (rank_keep(s, f, t, families[k], at))
			return -1;
	}
	return 0;
}
