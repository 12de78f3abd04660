/*
 * enrich/registry: each format of registry file told by its content and read; the choice among dated files;
 * the guards. Small files are written here; what lies in ../shared/data is read where it is there.
 */
#include "enrich/load.h"
#include "enrich/sample.h"

#include <sys/stat.h>

static enum rpki rpki(const struct facts *f, const char *text, asn_t origin, const char *at)
{
	struct prefix p = prefix_of(text);

	return prefix_rpki(f, &p, origin, time_of(at));
}

static void delegated_counts_need_not_be_powers_of_two(void **state)
{
	struct facts *f = facts_of_text("# a comment\n"
					"2.3|apnic|20171001|5|19830613|20170930|+1000\n"
					"apnic|*|asn|*|1|summary\n"
					"apnic|*|ipv4|*|3|summary\n"
					"apnic|KP|asn|131279|3|20091221|allocated|A0|e-stats\n"
					"apnic|JP|ipv4|10.0.0.0|768|20000101|allocated|A1\n"
					"apnic|AU|ipv4|10.0.3.0|256|20000101|assigned|A2\n"
					"apnic|CN|ipv6|2001:db8::|33|20000101|allocated|A3\n"
					"apnic||ipv4|10.0.4.0|256||available|\n"
					"apnic|ZZ|ipv4|10.0.5.0|256||reserved|\n");

	assert_int_equal(note_count(f), 0);
	assert_int_equal(country_of(f, "10.0.2.0/24"), cc_of("JP"));
	assert_int_equal(country_of(f, "10.0.3.0/24"), cc_of("AU"));
	assert_int_equal(country_of(f, "10.0.0.0/22"), cc_of("JP")); /* three quarters of it */
	assert_int_equal(country_of(f, "10.0.4.0/24"), CC_NONE);
	assert_int_equal(country_of(f, "9.255.255.0/24"), CC_NONE);
	assert_int_equal(country_of(f, "2001:db8:7000::/36"), cc_of("CN"));
	assert_int_equal(country_of(f, "2001:db8:8000::/36"), CC_NONE);
	assert_int_equal(asn_country(f, 131279), cc_of("KP"));
	assert_int_equal(asn_country(f, 131281), cc_of("KP"));
	assert_int_equal(asn_country(f, 131282), CC_NONE);
	assert_string_equal(facts_sources(f), "delegated-apnic 2017-10-01");
	facts_free(f);
}

static void bad_rows_are_counted_and_cost_nothing_else(void **state)
{
	struct facts *f = facts_of_text("2|apnic|20171001|5|19830613|20170930|+1000\n"
					"apnic|KP|asn|4294967295|2|20091221|allocated\n"
					"apnic|KP|asn|x|1|20091221|allocated\n"
					"apnic|JP|ipv4|255.255.255.0|512|20000101|allocated\n"
					"apnic|JP|ipv4|10.0.0.0|0|20000101|allocated\n"
					"apnic|JP|ipv6|2001:db8::|129|20000101|allocated\n"
					"apnic|J1|ipv6|2001:db8::|32|20000101|allocated\n"
					"apnic|JP|phone|1|1|20000101|allocated\n"
					"apnic|JP\n"
					"apnic|JP|ipv4|10.1.0.0|256|20000101|allocated\n");

	assert_true(note_says(f, "file: 8 of 9 rows cannot be read, left out"));
	assert_int_equal(country_of(f, "10.1.0.0/24"), cc_of("JP"));
	facts_free(f);
}

static void names_come_as_lines_and_as_json(void **state)
{
	struct facts *f = facts_of_text("1 LVLT-1 - Level 3 Parent, LLC, US\r\n"
					"131279 STAR-KP Ryugyong-dong, KP\n"
					"7 NOTHING, ZZ\n"
					"8 No Country Inc.\n");

	assert_int_equal(note_count(f), 0);
	assert_string_equal(asn_name(f, 1), "LVLT-1 - Level 3 Parent, LLC");
	assert_int_equal(asn_country(f, 1), cc_of("US"));
	assert_string_equal(asn_name(f, 131279), "STAR-KP Ryugyong-dong");
	assert_string_equal(asn_name(f, 7), "NOTHING");
	assert_int_equal(asn_country(f, 7), CC_NONE);
	assert_string_equal(asn_name(f, 8), "No Country Inc.");
	facts_free(f);
	f = facts_of_text(
	    "{\"50088\": \"FITL-IE Fort \\u00c5, GB\", \"131279\": \"STAR-KP Ryugyong-dong, KP\", \"x\": 1}");
	assert_true(note_says(f, "1 of 3 rows"));
	assert_string_equal(asn_name(f, 50088), "FITL-IE Fort Å");
	assert_int_equal(asn_country(f, 131279), cc_of("KP"));
	facts_free(f);
}

static void address_tables_come_in_three_forms(void **state)
{
	struct facts *f = facts_of(
	    (const struct sample[]){{"geoip", "# Tor\n167772160,167772415,AU\n167772416,167773183,??\n"},
		{"table.csv",
		    "10.1.0.0,10.1.2.255,CN\n2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n"},
		{"geofeed.csv", "# RFC 8805\n192.0.2.0/24,US,US-AL,Alabaster,\n"
				"192.0.2.5,NO,,,\n2001:db8::/32,\"SE\",,,\n203.0.113.0/24,,,,\n"},
		{0}},
	    NULL, 0);
	struct prefix geo = prefix_of("192.0.2.0/25");

	assert_int_equal(note_count(f), 0);
	assert_int_equal(country_of(f, "10.0.0.0/24"), cc_of("AU"));
	assert_int_equal(country_of(f, "10.0.1.0/24"), CC_NONE);
	assert_int_equal(country_of(f, "10.1.2.128/25"), cc_of("CN"));
	assert_int_equal(country_of(f, "2001:200::/32"), cc_of("JP"));
	assert_int_equal(country_of(f, "192.0.2.5/32"), cc_of("NO"));
	assert_int_equal(country_of(f, "192.0.2.6/32"), cc_of("US"));
	assert_int_equal(country_of(f, "2001:db8:1::/48"), cc_of("SE"));
	assert_int_equal(country_of(f, "203.0.113.0/24"), CC_NONE);
	assert_int_equal(prefix_geolocated(f, &geo), cc_of("US"));
	facts_free(f);
}

static void registered_wins_over_geolocated(void **state)
{
	struct facts *f = facts_of(
	    (const struct sample[]){{"delegated", "2|ripencc|20171001|1|19830613|20170930|+1000\n"
						  "ripencc|RU|ipv4|77.94.32.0|4096|20070101|allocated\n"},
		{"geo.csv", "77.94.35.0,77.94.35.255,KP\n198.51.100.0,198.51.100.255,KP\n"}, {0}},
	    NULL, 0);
	struct prefix p = prefix_of("77.94.35.0/24"), alone = prefix_of("198.51.100.0/24");
	const struct territory *kp = territory_find(f, "KP", NULL);

	assert_int_equal(prefix_country(f, &p), cc_of("RU"));
	assert_int_equal(prefix_geolocated(f, &p), cc_of("KP"));
	assert_int_equal(territory_has_prefix(kp, &p, 0), MEMBER_NO);
	assert_int_equal(territory_has_prefix(kp, &alone, 0), MEMBER_GEOLOCATED);
	facts_free(f);
}

static void relationships_are_asked_from_both_sides(void **state)
{
	struct facts *f = facts_of_text("# "
					"source:topology|BGP|20160101|ripe|rrc00\n3356|20485|-1\n20485|4837|"
					"0|bgp\n4837|131279|-1\n1|2|9\n");

	assert_true(note_says(f, "1 of 4 rows"));
	assert_int_equal(asn_relation(f, 3356, 20485), REL_CUSTOMER);
	assert_int_equal(asn_relation(f, 20485, 3356), REL_PROVIDER);
	assert_int_equal(asn_relation(f, 131279, 4837), REL_PROVIDER);
	assert_int_equal(asn_relation(f, 4837, 20485), REL_PEER);
	assert_int_equal(asn_relation(f, 20485, 4837), REL_PEER);
	assert_int_equal(asn_relation(f, 3356, 4837), REL_UNKNOWN);
	facts_free(f);
}

static void route_servers_come_from_peeringdb(void **state)
{
	struct facts *f = facts_of(
	    (const struct sample[]){
		{"net.json", "{\"data\": [{\"id\": 1, \"asn\": 4436, \"info_type\": \"NSP\", \"info_types\": "
			     "[\"NSP\"]},"
			     "{\"id\": 2, \"asn\": 42476, \"info_type\": \"Route Server\"},"
			     "{\"id\": 3, \"asn\": 6695, \"info_type\": \"\", \"info_types\": [\"Route "
			     "Server\"]}], \"meta\": {}}"},
		{"ixlan.json", "{\"data\": [{\"id\": 1, \"rs_asn\": 0}, {\"id\": 2, \"rs_asn\": 8714}]}"},
		{"ixs.jsonl",
		    "# {\"date\": \"2023.11.01\"}\n{\"pdb_id\": 1, \"name\": \"A-IX\", \"prefixes\": {}}\n"},
		{0}},
	    NULL, 0);
	const asn_t *list;

	assert_int_equal(note_count(f), 0);
	assert_int_equal(facts_route_servers(f, &list), 3);
	assert_int_equal(list[0], 6695);
	assert_int_equal(list[1], 8714);
	assert_int_equal(list[2], 42476);
	assert_false(asn_route_server(f, 4436));
	facts_free(f);
}

/* The faulty ROA of North Korea, 18 March 2025 (facts/events.md). */
static void a_roa_with_too_short_a_length_makes_routes_invalid(void **state)
{
	struct facts *f = facts_of_text(
	    "URI,ASN,IP Prefix,Max Length,Not Before,Not After\n"
	    "rsync://x/1.roa,AS131279,175.45.176.0/22,22,2025-03-18 09:30:15,2026-03-31 00:00:00\n");

	assert_int_equal(note_count(f), 0);
	assert_int_equal(rpki(f, "175.45.176.0/24", 131279, "2025-03-18T09:30:14"), RPKI_NOT_FOUND);
	assert_int_equal(rpki(f, "175.45.176.0/24", 131279, "2025-03-18T09:30:15"), RPKI_INVALID_LENGTH);
	assert_int_equal(rpki(f, "175.45.176.0/22", 131279, "2025-03-19"), RPKI_VALID);
	assert_int_equal(rpki(f, "175.45.176.0/22", 4837, "2025-03-19"), RPKI_INVALID_ORIGIN);
	assert_int_equal(rpki(f, "175.45.180.0/24", 131279, "2025-03-19"), RPKI_NOT_FOUND);
	assert_int_equal(rpki(f, "175.45.176.0/22", 131279, "2026-03-31"), RPKI_NOT_FOUND);
	facts_free(f);
}

static void every_roa_that_covers_counts(void **state)
{
	struct facts *f =
	    facts_of_text("ASN,IP Prefix,Max Length,Trust Anchor\n"
			  "AS1,10.0.0.0/8,8,arin\nAS2,10.0.0.0/16,24,arin\nAS3,10.0.0.0/16,16,arin\n"
			  "AS4,10.0.1.0/24,24,arin\nAS0,192.0.2.0/24,24,arin\nAS5,2001:db8::/"
			  "32,48,arin\nAS6,10.0.0.0/33,33,x\n");

	assert_true(note_says(f, "1 of 7 rows"));
	assert_int_equal(rpki(f, "10.0.1.0/24", 2, "2020-01-01"), RPKI_VALID); /* by a shorter ROA */
	assert_int_equal(rpki(f, "10.0.1.0/24", 4, "2020-01-01"), RPKI_VALID);
	assert_int_equal(rpki(f, "10.0.1.0/24", 3, "2020-01-01"), RPKI_INVALID_LENGTH);
	assert_int_equal(rpki(f, "10.0.1.0/24", 1, "2020-01-01"), RPKI_INVALID_LENGTH);
	assert_int_equal(rpki(f, "10.0.1.0/24", 9, "2020-01-01"), RPKI_INVALID_ORIGIN);
	assert_int_equal(rpki(f, "10.200.0.0/16", 1, "2020-01-01"), RPKI_INVALID_LENGTH);
	assert_int_equal(rpki(f, "192.0.2.0/24", 0, "2020-01-01"),
	    RPKI_INVALID_ORIGIN); /* RFC 7607: AS 0 validates nothing */
	assert_int_equal(rpki(f, "2001:db8:5::/48", 5, "2020-01-01"), RPKI_VALID);
	assert_int_equal(rpki(f, "2001:db8:5:1::/64", 5, "2020-01-01"), RPKI_INVALID_LENGTH);
	assert_int_equal(rpki(f, "11.0.0.0/8", 1, "2020-01-01"), RPKI_NOT_FOUND);
	facts_free(f);
	f = facts_of_text("{\"metadata\": {}, \"roas\": [{\"asn\": \"AS1\", \"prefix\": \"10.0.0.0/8\", "
			  "\"maxLength\": 9}, {\"asn\": 2, \"prefix\": \"11.0.0.0/8\"}]}");
	assert_int_equal(rpki(f, "10.128.0.0/9", 1, "2020-01-01"), RPKI_VALID);
	assert_int_equal(rpki(f, "11.0.0.0/8", 2, "2020-01-01"), RPKI_VALID);
	facts_free(f);
	f = facts_of(NULL, NULL, 0);
	assert_int_equal(rpki(f, "10.0.0.0/8", 1, "2020-01-01"), RPKI_NO_DATA);
	facts_free(f);
}

static void count_prefix(void *arg, const struct prefix *p)
{
	(void)p;
	++*(unsigned *)arg;
}

/* Snapshots of the same day, by the times in their names: what stays is no change, what a row's own date puts
 * between two of them begins then. */
static void only_what_changes_between_snapshots_is_a_change(void **state)
{
	struct facts *f = facts_of(
	    (const struct sample[]){
		{"vrps-20250318T0000.csv", "ASN,IP Prefix,Max Length,Not Before,Not After\n"
					   "AS1,10.0.0.0/8,8,2025-01-01 00:00:00,\n"},
		{"vrps-20250318T1200.csv", "ASN,IP Prefix,Max Length,Not Before,Not After\n"
					   "AS1,10.0.0.0/8,8,2025-03-18 06:00:00,\n" /* issued anew */
					   "AS131279,175.45.176.0/22,22,2025-03-18 09:30:15,\n"},
		{0}},
	    NULL, 0);
	utime_t at = roas_change_after(f, time_of("2025-03-18"));
	unsigned n = 0;

	(void)state;
	assert_int_equal(at, time_of("2025-03-18T09:30:15Z"));
	roas_changed(f, at, count_prefix, &n);
	assert_int_equal(n, 1);
	assert_true(roas_change_after(f, at) == UTIME_MAX);
	assert_int_equal(rpki(f, "175.45.176.0/24", 131279, "2025-03-18T09:30:14Z"), RPKI_NOT_FOUND);
	assert_int_equal(rpki(f, "175.45.176.0/24", 131279, "2025-03-18T09:30:15Z"), RPKI_INVALID_LENGTH);
	facts_free(f);
}

static void roa_files_of_several_days_are_a_history(void **state)
{
	struct facts *f = facts_of((const struct sample[]){{"roas-2020-02-01.csv", "AS2,10.0.0.0/8,8,x\n"},
				       {"roas-2020-01-01.csv", "AS1,10.0.0.0/8,8,x\n"}, {0}},
	    NULL, 0);

	assert_int_equal(rpki(f, "10.0.0.0/8", 1, "2019-06-01"),
	    RPKI_VALID); /* the first is all that is known of before */
	assert_int_equal(rpki(f, "10.0.0.0/8", 1, "2020-01-31"), RPKI_VALID);
	assert_int_equal(rpki(f, "10.0.0.0/8", 2, "2020-01-31"), RPKI_INVALID_ORIGIN);
	assert_int_equal(rpki(f, "10.0.0.0/8", 2, "2020-02-01"), RPKI_VALID);
	assert_int_equal(rpki(f, "10.0.0.0/8", 1, "2020-02-01"), RPKI_INVALID_ORIGIN);
	facts_free(f);
}

/* ---- dates and guards ---- */

static char *delegated(const char *day, size_t asns, const char *cc)
{
	size_t n = 0, cap = 128 + asns * 48;
	char *text = malloc(cap);

	assert_non_null(text);
	n += (size_t)snprintf(text, cap, "2|ripencc|%s|%zu|19830613|%s|+0000\nripencc|*|asn|*|%zu|summary\n",
	    day, asns, day, asns);
	for (size_t i = 0; i < asns; i++)
		n += (size_t)snprintf(
		    text + n, cap - n, "ripencc|%s|asn|%zu|1|20091221|allocated\n", cc, 1000 + i);
	return text;
}

static void of_several_dated_files_the_fitting_one_is_taken(void **state)
{
	char *old = delegated("20100101", 50, "CZ"), *new = delegated("20170101", 60, "SK");
	const struct sample both[] = {{"new", new}, {"old", old}, {0}};
	struct facts *f = facts_of(both, NULL, 0);

	assert_int_equal(asn_country(f, 1000), cc_of("SK"));
	assert_string_equal(facts_sources(f), "delegated-ripencc 2017-01-01");
	facts_free(f);
	f = facts_of(both, NULL, time_of("2012-01-01"));
	assert_int_equal(asn_country(f, 1000), cc_of("CZ"));
	facts_free(f);
	f = facts_of(both, NULL, time_of("2005-01-01"));
	assert_int_equal(asn_country(f, 1000), cc_of("CZ"));
	facts_free(f);
	free(old);
	free(new);
}

static void a_file_that_lost_its_asns_is_refused(void **state)
{
	char *before = delegated("20230430", 100, "RU"), *lost = delegated("20230501", 94, "DE"),
	     *fewer = delegated("20230501", 95, "DE");
	struct facts *f = facts_of((const struct sample[]){{"before", before}, {"lost", lost}, {0}}, NULL, 0);

	assert_true(note_says(f, "lost: refused: 94 ASNs, where delegated-ripencc 2023-04-30 in use has 100: "
				 "more than 5 % are gone"));
	assert_int_equal(asn_country(f, 1000), cc_of("RU"));
	facts_free(f);
	f = facts_of((const struct sample[]){{"before", before}, {"fewer", fewer}, {0}}, NULL, 0);
	assert_int_equal(note_count(f), 0);
	assert_int_equal(asn_country(f, 1000), cc_of("DE"));
	facts_free(f);
	free(before);
	free(lost);
	free(fewer);
}

static void cut_and_empty_files_are_refused(void **state)
{
	char *whole = delegated("20230430", 100, "RU");
	struct facts *f;

	whole[strlen(whole) - 200] = '\0';
	f = facts_of(
	    (const struct sample[]){{"cut", whole}, {"empty", ""},
		{"head", "2|apnic|20171001|0|19830613|20170930|+1000\n"}, {"names", "1 ONE, US\n2 TWO"},
		{"json", "{\"1\": \"ONE, US\", \"2"}, {"what", "<html>\n"}, {0}},
	    NULL, 0);
	assert_true(note_says(f, "cut: refused: cut: 95 rows, its summary promises 100") ||
		    note_says(f, "cut: refused: cut: 96 rows, its summary promises 100"));
	assert_true(note_says(f, "empty: refused: empty"));
	assert_true(note_says(f, "head: refused: empty"));
	assert_true(note_says(f, "names: refused: cut: the last line has no end"));
	assert_true(note_says(f, "json: refused: cut: line 1"));
	assert_true(note_says(f, "what: no registry format known here"));
	assert_int_equal(asn_country(f, 1000), CC_NONE);
	assert_int_equal(asn_country(f, 1), CC_NONE);
	facts_free(f);
	free(whole);
}

static void accepted_files_stay_in_use(void **state)
{
	char *home = sample_folder(), *folder = NULL, *kept = delegated("20230430", 100, "RU"),
	     *text = delegated("20230501", 10, "DE"), *old = delegated("20100101", 10, "CZ"), *in_use, *given,
	     *older;
	struct facts_options o = {.registries = 1};
	struct facts *f;

	assert_true(asprintf(&folder, "%s/isthmus", home) > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	free(folder);
	assert_true(asprintf(&folder, "%s/isthmus/registry", home) > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	in_use = sample_file(folder, "delegated-ripencc", kept);
	given = sample_file(home, "given", text);
	older = sample_file(home, "older", old);
	setenv("XDG_DATA_HOME", home, 1);
	o.registry = (const char *const[]){given};
	f = facts_load(&o);
	assert_true(
	    note_says(f, "given: refused: 10 ASNs, where delegated-ripencc 2023-04-30 in use has 100"));
	assert_int_equal(asn_country(f, 1090), cc_of("RU"));
	facts_free(f);
	o.registry =
	    (const char *const[]){older}; /* of a day before: no loss, and it is what was asked for */
	f = facts_load(&o);
	assert_false(note_says(f, "refused"));
	assert_int_equal(asn_country(f, 1001), cc_of("CZ"));
	facts_free(f);
	setenv("XDG_DATA_HOME", "/nowhere", 1);
	free(in_use);
	free(given);
	free(older);
	free(folder);
	free(kept);
	free(text);
	free(old);
	sample_remove(home);
}

/* ---- databases ---- */

struct bytes {
	uint8_t b[4096];
	size_t n;
};

static void add(struct bytes *o, const void *p, size_t n)
{
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void add_text(struct bytes *o, const char *s)
{
	o->b[o->n++] = (uint8_t)(2 << 5 | strlen(s));
	add(o, s, strlen(s));
}

static void add_number(struct bytes *o, uint8_t type, size_t size, uint32_t v)
{
	o->b[o->n++] = (uint8_t)((size_t)type << 5 | size);
	for (size_t i = size; i-- > 0;)
		o->b[o->n++] = (uint8_t)(v >> 8 * i);
}

/* An MMDB with one prefix in it: a chain of nodes along its bits (24-bit records; the format's
 * specification). */
static void make_mmdb(struct bytes *o, int version, const uint8_t *bits, uint32_t length)
{
	static const uint8_t map1 = 0xe1, map9 = 0xe9, no_array[] = {0, 4}, no_map = 0xe0;

	for (uint32_t i = 0; i < length; i++) {
		uint32_t next = i + 1 < length ? i + 1 : length + 16, record[2] = {length, length};
		record[(unsigned)bits[i / 8] >> (7 - i % 8) & 1U] = next;
		for (int side = 0; side < 2; side++)
			for (int byte = 2; byte >= 0; byte--)
				o->b[o->n++] = (uint8_t)(record[side] >> 8 * byte);
	}
	o->n += 16;
	add(o, &map1, 1);
	add_text(o, "country");
	add(o, &map1, 1);
	add_text(o, "iso_code");
	add_text(o, "KP");
	add(o, "\xab\xcd\xefMaxMind.com", 14);
	add(o, &map9, 1);
	add_text(o, "node_count");
	add_number(o, 6, 4, length);
	add_text(o, "record_size");
	add_number(o, 5, 2, 24);
	add_text(o, "ip_version");
	add_number(o, 5, 2, (uint32_t)version);
	add_text(o, "binary_format_major_version");
	add_number(o, 5, 2, 2);
	add_text(o, "binary_format_minor_version");
	add_number(o, 5, 2, 0);
	add_text(o, "database_type");
	add_text(o, "Test-Country");
	add_text(o, "languages");
	add(o, no_array, sizeof no_array);
	add_text(o, "description");
	add(o, &no_map, 1);
	add_text(o, "build_epoch");
	add(o, "\x04\x02\x5f\x5e\x10\x00", 6); /* 2020-09-13 */
}

static struct facts *facts_of_bytes(const struct bytes *o)
{
	char *folder = sample_folder(), *path = NULL;
	struct facts *f;

	assert_true(asprintf(&path, "%s/db.mmdb", folder) > 0);
	write_file(path, o->b, o->n);
	f = facts_load(&(struct facts_options){
	    .registry = (const char *const[]){path}, .registries = 1, .no_default = true});
	free(path);
	sample_remove(folder);
	return f;
}

static void mmdb_trees_of_both_kinds_are_walked(void **state)
{
	static const uint8_t four[4] = {175, 45, 176, 0}, mapped[16] = {[12] = 175, 45, 176, 0},
			     six[16] = {0x20, 1, 0xd, 0xb8};
	struct bytes o = {.n = 0};
	struct facts *f;

	make_mmdb(&o, 4, four, 22);
	f = facts_of_bytes(&o);
	assert_int_equal(note_count(f), 0);
	assert_int_equal(country_of(f, "175.45.178.0/24"), cc_of("KP"));
	assert_int_equal(country_of(f, "175.45.180.0/24"), CC_NONE);
	assert_non_null(strstr(facts_sources(f), "Test-Country 2020-09-13"));
	facts_free(f);
	o = (struct bytes){.n = 0};
	make_mmdb(&o, 6, mapped, 96 + 22);
	f = facts_of_bytes(&o);
	assert_int_equal(country_of(f, "175.45.179.0/24"), cc_of("KP"));
	assert_int_equal(country_of(f, "::/96"), CC_NONE);
	facts_free(f);
	o = (struct bytes){.n = 0};
	make_mmdb(&o, 6, six, 32);
	f = facts_of_bytes(&o);
	assert_int_equal(country_of(f, "2001:db8:9::/48"), cc_of("KP"));
	facts_free(f);
	o.b[3] = 0xff; /* a record that points past everything */
	f = facts_of_bytes(&o);
	assert_true(note_says(f, "refused: cut"));
	facts_free(f);
}

static void libloc_is_read_by_its_library(void **state)
{
	static const char path[] = "/usr/share/libloc-location/location.db";
	struct facts *f;
	struct prefix p = prefix_of("175.45.176.0/24");

	if (access(path, R_OK) != 0)
		skip();
	f = facts_load(&(struct facts_options){
	    .registry = (const char *const[]){path}, .registries = 1, .no_default = true});
	assert_int_equal(note_count(f), 0);
	assert_int_equal(prefix_geolocated(f, &p), cc_of("KP"));
	assert_string_equal(asn_name(f, 131279), "Star Joint Venture Co. Ltd.");
	assert_int_equal(asn_country(f, 131279), cc_of("KP"));
	assert_int_equal(asn_country(f, 4837), cc_of("CN"));
	assert_int_equal(asn_country(f, 9737), cc_of("TH")); /* given up; TOT's others are Thai */
	facts_free(f);
}

static void silent_networks_are_where_their_holders_others_are(void **state)
{
	static const struct {
		asn_t asn;
		const char *name, *cc, *want;
	} rows[] = {{1, "One", "TH", "TH"}, {2, "One", "", "TH"}, {3, "Two", "TH", "TH"},
	    {4, "Two", "US", "US"}, {5, "Two", "", ""}, {6, "Three", "", ""}, {7, "Four", "KP", "KP"},
	    {8, "Four", "KP", "KP"}, {9, "Four", "KP", "KP"}, {10, "Four", "CN", "CN"},
	    {11, "Four", "", "KP"}, {12, "", "", ""}, {13, "One more", "", ""}, {14, "Five", "TH", "TH"},
	    {15, "Five", "TH", "TH"}, {16, "Five", "US", "TH"}, {17, "Five", "TH", "TH"}};
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	struct loading l = {.f = f, .rank = RANK_LOCATED, .source = 1};
	enum { N = sizeof rows / sizeof *rows };

	f->source[++f->sources] = (struct source){strdup("libloc"), RANK_LOCATED, true};
	f->source[++f->sources] = (struct source){strdup("another"), RANK_LOCATED, true};
	for (size_t i = 0; i < N; i++) {
		asns_name(&f->as, rows[i].asn, rows[i].name, strlen(rows[i].name), RANK_LOCATED);
		if (*rows[i].cc)
			asns_add(&f->as, rows[i].asn)->cc = cc_of(rows[i].cc);
		asns_add(&f->as, rows[i].asn)->source = rows[i].asn == 10 ? 2 : 1;
	}
	holders_place(&l);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(
		    asn_country(f, rows[i].asn), *rows[i].want ? cc_of(rows[i].want) : (cc_t)CC_NONE);
	assert_string_equal(f->source[3].label, "libloc (same holder's other networks)");
	facts_free(f);
}

/* ---- real files ---- */

static void public_files_are_read_whole(void **state)
{
	static const char *const real[] = {"rir/delegated-afrinic-extended-2026.gz",
	    "rir/delegated-apnic-latest.gz", "rir/delegated-lacnic-extended.gz", "as-names/ripe-asn.txt",
	    "geo/deb.tor.geoip.gz", "geo/npm.asn-country-ipv4.csv.gz", "geo/npm.asn-country-ipv6.csv.gz",
	    "ixp/caida-ixs_202310.jsonl", "peeringdb/beta.anon.api.net.page-1.json",
	    "peeringdb/beta.anon.api.net.page-2.json", "as-rel/asrel_201708.txt.gz",
	    "rpki/hackathon2016.roa.csv"};
	enum { N = sizeof real / sizeof *real };
	char *path[N];
	struct facts *f;

	if (access("../shared/data/rir", R_OK) != 0) {
		print_message("skipped: no ../shared/data\n");
		skip();
	}
	for (size_t i = 0; i < N; i++)
		assert_true(asprintf(&path[i], "../shared/data/%s", real[i]) > 0);
	f = facts_load(&(struct facts_options){
	    .registry = (const char *const *)path, .registries = N, .no_default = true});
	assert_false(note_says(f, "refused"));
	assert_false(note_says(f, "no registry format"));
	assert_int_equal(country_of(f, "175.45.176.0/22"), cc_of("KP"));
	assert_int_equal(asn_country(f, 131279), cc_of("KP"));
	assert_string_equal(asn_name(f, 131279), "STAR-KP Ryugyong-dong");
	assert_int_equal(country_of(f, "41.77.8.0/21"), cc_of("MW")); /* AFRINIC */
	assert_int_equal(asn_relation(f, 4837, 131279), REL_CUSTOMER);
	assert_true(asn_route_server(f, 25309));
	assert_true(asn_route_server(f, 42476));
	assert_int_equal(rpki(f, "194.209.159.0/24", 16079, "2016-01-01"), RPKI_VALID);
	facts_free(f);
	for (size_t i = 0; i < N; i++)
		free(path[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delegated_counts_need_not_be_powers_of_two),
	    cmocka_unit_test(bad_rows_are_counted_and_cost_nothing_else),
	    cmocka_unit_test(names_come_as_lines_and_as_json),
	    cmocka_unit_test(address_tables_come_in_three_forms),
	    cmocka_unit_test(registered_wins_over_geolocated),
	    cmocka_unit_test(relationships_are_asked_from_both_sides),
	    cmocka_unit_test(route_servers_come_from_peeringdb),
	    cmocka_unit_test(a_roa_with_too_short_a_length_makes_routes_invalid),
	    cmocka_unit_test(every_roa_that_covers_counts),
	    cmocka_unit_test(roa_files_of_several_days_are_a_history),
	    cmocka_unit_test(only_what_changes_between_snapshots_is_a_change),
	    cmocka_unit_test(of_several_dated_files_the_fitting_one_is_taken),
	    cmocka_unit_test(a_file_that_lost_its_asns_is_refused),
	    cmocka_unit_test(cut_and_empty_files_are_refused),
	    cmocka_unit_test(accepted_files_stay_in_use),
	    cmocka_unit_test(mmdb_trees_of_both_kinds_are_walked),
	    cmocka_unit_test(libloc_is_read_by_its_library),
	    cmocka_unit_test(silent_networks_are_where_their_holders_others_are),
	    cmocka_unit_test(public_files_are_read_whole),
	};

	setenv("XDG_DATA_HOME", "/nowhere", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
