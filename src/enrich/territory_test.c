/* enrich/territory: territories files, membership and its reasons. */
#include "enrich/sample.h"

static const char registry[] = "2|apnic|20171001|6|19830613|20170930|+1000\n"
			       "apnic|CN|asn|64500|2|20000101|allocated\n"
			       "apnic|HK|asn|64510|1|20000101|allocated\n"
			       "apnic|CN|ipv4|10.0.0.0|65536|20000101|allocated\n"
			       "apnic|HK|ipv4|10.1.0.0|65536|20000101|allocated\n"
			       "apnic|KP|ipv4|10.2.0.0|65536|20000101|allocated\n"
			       "apnic|KP|asn|64520|1|20000101|allocated\n";
static const struct sample files[] = {{"delegated", registry}, {0}};

static enum member has(const struct facts *f, const char *who, const char *prefix, const char *at)
{
	struct prefix p = prefix_of(prefix);

	return territory_has_prefix(territory_find(f, who, NULL), &p, time_of(at));
}

static cc_t partition(const struct facts *f, const char *prefix)
{
	struct prefix p = prefix_of(prefix);

	return prefix_territory(f, &p, time_of("2017-10-01"));
}

static void faults_name_line_and_cause_and_cost_only_that_value(void **state)
{
	struct facts *f = facts_of(NULL,
	    "asn = 1\n"
	    "[islands]\n"
	    "asn = 64496, AS64497 @2010..2012 ; a source\n"
	    "prefix = 192.0.2.0/33, 203.0.113.0/24\n"
	    "prefix = 192.0.2.0/24, 198.51.100.0/24 # not a comment\n"
	    "exclude = 192.0.2.128/25\n"
	    "colour = blue\n"
	    "asn = 7 @2012..2010, 8 @2011\n"
	    "just text\n"
	    "[AS5]\n"
	    "registered = perhaps\n"
	    "[unclosed\n"
	    "country = XX\n",
	    0);
	const struct territory *t = territory_find(f, "Islands", NULL);

	assert_true(note_says(f, "test.conf:1: stands in no section"));
	assert_true(note_says(f, "test.conf:4: prefix: \"192.0.2.0/33\" is no prefix"));
	assert_true(note_says(f, "test.conf:5: prefix: \"198.51.100.0/24 # not a comment\" is no prefix"));
	assert_true(note_says(
	    f, "test.conf:7: \"colour\" is no key: name, asn, prefix, country, exclude, registered"));
	assert_true(note_says(f, "test.conf:8: \"@2012..2010\" ends before it begins"));
	assert_true(note_says(f, "test.conf:8: \"@2011\" is no validity"));
	assert_true(note_says(f, "test.conf:9: neither a [section] nor \"key = value\""));
	assert_true(note_says(f, "test.conf:10: [AS5]: an AS or a prefix is a territory by itself"));
	assert_true(note_says(f, "test.conf:11: stands in no section"));
	assert_true(note_says(f, "test.conf:12: a section is [NAME]"));
	assert_int_equal(note_count(f), 11);
	assert_int_equal(territory_has_asn(t, 64496, 0), MEMBER_CURATED);
	assert_int_equal(has(f, "islands", "203.0.113.0/24", "2017-10"), MEMBER_CURATED);
	assert_int_equal(has(f, "islands", "192.0.2.0/25", "2017-10"), MEMBER_CURATED);
	assert_int_equal(has(f, "islands", "192.0.2.192/26", "2017-10"), MEMBER_NO);
	facts_free(f);
}

static void validity_is_half_open(void **state)
{
	struct facts *f = facts_of(NULL, "[set]\nasn = 5 @2010..2012-03-04, 6 @..2011, 7 @2011-05..\n", 0);
	const struct territory *t = territory_find(f, "set", NULL);

	assert_int_equal(note_count(f), 0);
	assert_int_equal(territory_has_asn(t, 5, time_of("2009-12-31T23:59:59")), MEMBER_NO);
	assert_int_equal(territory_has_asn(t, 5, time_of("2010-01-01")), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(t, 5, time_of("2012-03-03T23:59:59")), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(t, 5, time_of("2012-03-04")), MEMBER_NO);
	assert_int_equal(territory_has_asn(t, 6, time_of("1999-01-01")), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(t, 6, time_of("2011-01-01")), MEMBER_NO);
	assert_int_equal(territory_has_asn(t, 7, time_of("2011-04-30")), MEMBER_NO);
	assert_int_equal(territory_has_asn(t, 7, time_of("2026-01-01")), MEMBER_CURATED);
	facts_free(f);
}

static void registered_resources_are_members_by_default(void **state)
{
	struct facts *f = facts_of(files, NULL, 0);
	const struct territory *cn = territory_find(f, "CN", NULL);
	const struct territory *const *list;

	assert_int_equal(territory_has_asn(cn, 64501, 0), MEMBER_REGISTERED);
	assert_int_equal(territory_has_asn(cn, 64510, 0), MEMBER_NO); /* Hong Kong is its own */
	assert_int_equal(has(f, "CN", "10.0.9.0/24", "2017-10"), MEMBER_REGISTERED);
	assert_int_equal(partition(f, "10.1.9.0/24"), cc_of("HK"));
	assert_int_equal(asn_territory(f, 64510, 0), cc_of("HK"));
	assert_int_equal(territory_countries(f, &list), 3);
	assert_string_equal(territory_id(list[0]), "CN");
	assert_string_equal(territory_id(list[2]), "KP");
	facts_free(f);
}

static void the_user_may_merge_dependent_territories(void **state)
{
	struct facts *f =
	    facts_of(files, "[CN]\ncountry = HK\n[both]\ncountry = KP, HK\nexclude = 10.2.1.0/24\n", 0);
	const struct territory *const *list;

	assert_int_equal(note_count(f), 0);
	assert_int_equal(partition(f, "10.1.9.0/24"), cc_of("CN"));
	assert_int_equal(asn_territory(f, 64510, 0), cc_of("CN"));
	assert_int_equal(has(f, "CN", "10.1.9.0/24", "2017-10"), MEMBER_REGISTERED);
	assert_int_equal(
	    has(f, "HK", "10.1.9.0/24", "2017-10"), MEMBER_REGISTERED); /* still to be asked alone */
	assert_int_equal(has(f, "both", "10.1.9.0/24", "2017-10"), MEMBER_REGISTERED);
	assert_int_equal(has(f, "both", "10.2.0.0/24", "2017-10"), MEMBER_REGISTERED);
	assert_int_equal(has(f, "both", "10.2.1.0/24", "2017-10"), MEMBER_NO);
	assert_int_equal(has(f, "both", "10.0.1.0/24", "2017-10"), MEMBER_NO);
	assert_int_equal(territory_countries(f, &list), 2);
	facts_free(f);
}

static void a_curated_entry_overrides_the_registry(void **state)
{
	struct facts *f = facts_of(files,
	    "[KP]\nasn = 64500\nprefix = 10.0.7.0/24 @2010.. ; lent\nexclude = 10.2.128.0/17, AS64520\n", 0);
	struct prefix p = prefix_of("10.0.7.128/25"), excluded = prefix_of("10.2.200.0/24");
	const struct territory *kp = territory_find(f, "KP", NULL), *cn = territory_find(f, "CN", NULL);
	char why[160];

	assert_int_equal(has(f, "KP", "10.0.7.128/25", "2017-10"), MEMBER_CURATED);
	assert_int_equal(has(f, "CN", "10.0.7.128/25", "2017-10"), MEMBER_NO);
	assert_int_equal(has(f, "CN", "10.0.7.128/25", "2009-10"), MEMBER_REGISTERED);
	assert_int_equal(has(f, "KP", "10.0.0.0/16", "2017-10"), MEMBER_NO); /* what covers it is not lent */
	assert_int_equal(partition(f, "10.0.7.0/24"), cc_of("KP"));
	assert_int_equal(partition(f, "10.2.200.0/24"), CC_NONE);
	assert_int_equal(partition(f, "10.2.1.0/24"), cc_of("KP"));
	assert_int_equal(asn_territory(f, 64500, 0), cc_of("KP"));
	assert_int_equal(asn_territory(f, 64520, 0), CC_NONE);
	assert_int_equal(asn_country(f, 64500), cc_of("CN")); /* what is registered stays to be asked */
	territory_explain_prefix(kp, &p, time_of("2017-10-01"), why, sizeof why);
	assert_string_equal(why, "curated: lent (test.conf:3)");
	territory_explain_prefix(cn, &p, time_of("2017-10-01"), why, sizeof why);
	assert_string_equal(why, "curated for another territory: lent (test.conf:3)");
	territory_explain_prefix(kp, &excluded, time_of("2017-10-01"), why, sizeof why);
	assert_string_equal(why, "excluded: (test.conf:4)");
	territory_explain_asn(cn, 64501, 0, why, sizeof why);
	assert_string_equal(why, "registered in CN: delegated-apnic 2017-10-01");
	facts_free(f);
}

static void nothing_is_a_member_by_default_where_the_file_says_so(void **state)
{
	struct facts *f = facts_of(files, "[KP]\nregistered = no\nprefix = 10.2.0.0/24\n", 0);

	assert_int_equal(has(f, "KP", "10.2.0.0/24", "2017-10"), MEMBER_CURATED);
	assert_int_equal(has(f, "KP", "10.2.1.0/24", "2017-10"), MEMBER_NO);
	assert_int_equal(partition(f, "10.2.1.0/24"), CC_NONE);
	assert_int_equal(asn_territory(f, 64520, 0), CC_NONE);
	facts_free(f);
}

struct listing {
	char text[1024];
};

static void list_asn(void *arg, asn_t asn, const char *why)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof l->text - n, "AS%u %s\n", asn, why);
}

static void list_prefix(void *arg, const struct prefix *p, const char *why)
{
	struct listing *l = arg;
	char text[PREFIX_TEXT + 1];
	size_t n = strlen(l->text);

	text[prefix_text(text, p)] = '\0';
	snprintf(l->text + n, sizeof l->text - n, "%s %s\n", text, why);
}

static void members_are_listed_in_order_with_their_source(void **state)
{
	static const struct sample odd[] = {{"delegated", "2|apnic|20171001|3|19830613|20170930|+1000\n"
							  "apnic|KP|asn|64520|1|20000101|allocated\n"
							  "apnic|KP|ipv4|10.2.0.0|768|20000101|allocated\n"
							  "apnic|KP|ipv6|2001:db8::|32|20000101|allocated\n"},
	    {0}};
	struct facts *f = facts_of(odd, "[KP]\nasn = 5 ; lent\nprefix = 10.9.0.0/24 @2010..\n", 0);
	struct listing l = {{0}};

	territory_members(territory_find(f, "KP", NULL), time_of("2017-10"), list_asn, list_prefix, &l);
	assert_string_equal(l.text, "AS5 curated: lent (test.conf:2)\n"
				    "AS64520 registered in KP: delegated-apnic 2017-10-01\n"
				    "10.2.0.0/23 registered in KP: delegated-apnic 2017-10-01\n"
				    "10.2.2.0/24 registered in KP: delegated-apnic 2017-10-01\n"
				    "10.9.0.0/24 curated: (test.conf:3)\n"
				    "2001:db8::/32 registered in KP: delegated-apnic 2017-10-01\n");
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(faults_name_line_and_cause_and_cost_only_that_value),
	    cmocka_unit_test(validity_is_half_open),
	    cmocka_unit_test(registered_resources_are_members_by_default),
	    cmocka_unit_test(the_user_may_merge_dependent_territories),
	    cmocka_unit_test(a_curated_entry_overrides_the_registry),
	    cmocka_unit_test(nothing_is_a_member_by_default_where_the_file_says_so),
	    cmocka_unit_test(members_are_listed_in_order_with_their_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
