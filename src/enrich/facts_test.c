/* enrich/facts: what is known without any configuration, and what a user's own file changes. */
#include "enrich/sample.h"

static void north_korea_is_what_the_shipped_file_says(void **state)
{
	struct facts *f = facts_load(&(struct facts_options){0});
	const struct territory *kp = territory_find(f, "KP", NULL);
	struct prefix star = prefix_of("175.45.178.0/24"), unicom = prefix_of("210.52.109.0/24"),
		      other = prefix_of("175.45.180.0/24");
	utime_t y2017 = time_of("2017-10-01"), y2003 = time_of("2003-01-01");

	assert_string_equal(territory_name(kp), "North Korea");
	assert_ptr_equal(territory_find(f, "north korea", NULL), kp);
	assert_int_equal(territory_has_asn(kp, 131279, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_asn(kp, 4837, y2017), MEMBER_NO);
	assert_int_equal(territory_has_prefix(kp, &star, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_prefix(kp, &unicom, y2017), MEMBER_CURATED);
	assert_int_equal(territory_has_prefix(kp, &unicom, y2003), MEMBER_NO);
	assert_int_equal(territory_has_prefix(kp, &other, y2017), MEMBER_NO);
	assert_int_equal(prefix_territory(f, &star, y2017), cc_of("KP"));
	assert_int_equal(asn_territory(f, 131279, y2017), cc_of("KP"));
	facts_free(f);
}

static void carriers_have_the_names_people_know(void **state)
{
	struct facts *f = facts_load(&(struct facts_options){0});

	assert_int_equal(asn_country(f, 20485), cc_of("RU"));
	assert_int_equal(asn_country(f, 4837), cc_of("CN"));
	assert_string_equal(asn_name(f, 20485), "TransTeleCom");
	assert_string_equal(asn_name(f, 4837), "China Unicom");
	assert_string_equal(asn_name(f, 4294967294), "");
	assert_true(asn_global(f, 3356));
	assert_false(asn_global(f, 20485));
	assert_true(asn_route_server(f, 6695));
	assert_false(asn_route_server(f, 3356));
	facts_free(f);
}

static void a_given_list_changes_the_country_but_not_a_known_name(void **state)
{
	char *folder = sample_folder();
	char *names =
	    sample_file(folder, "asn.txt", "20485 TRANSTELECOM Closed Joint Stock, KZ\n64496 EXAMPLE, NO\n");
	struct facts_options o = {.registry = (const char *const[]){names}, .registries = 1};
	struct facts *f = facts_load(&o);

	assert_int_equal(asn_country(f, 20485), cc_of("KZ"));
	assert_string_equal(asn_name(f, 20485), "TransTeleCom");
	assert_string_equal(asn_name(f, 64496), "EXAMPLE");
	facts_free(f);
	free(names);
	sample_remove(folder);
}

/* The build's registry: there wherever the packages are (script/bootstrap build). */
static void the_default_registry_knows_countries_of_addresses(void **state)
{
	struct facts *f = facts_load(&(struct facts_options){0});
	const struct territory *const *list;
	struct prefix rostelecom = prefix_of("213.59.128.0/18");

	if (note_says(f, "no default registry"))
		skip();
	assert_int_equal(country_of(f, "175.45.176.0/22"), cc_of("KP"));
	assert_int_equal(country_of(f, "133.11.0.0/16"), cc_of("JP"));
	assert_int_equal(prefix_geolocated(f, &rostelecom), cc_of("RU"));
	assert_int_equal(asn_country(f, 7497), cc_of("CN"));
	assert_true(*asn_name(f, 7497) != '\0');
	assert_true(territory_countries(f, &list) > 200);
	assert_int_equal(note_count(f), 0);
	facts_free(f);
}

static void what_is_asked_about_is_found(void **state)
{
	struct facts *f = facts_of_text("131279 STAR-KP Ryugyong-dong, KP\n");
	const struct territory *as = territory_find(f, "as131279", NULL), *p;
	struct prefix in = prefix_of("175.45.177.0/24"), out = prefix_of("175.45.180.0/24");
	const char *why = NULL;

	assert_int_equal(territory_kind(as), TERRITORY_AS);
	assert_string_equal(territory_id(as), "AS131279");
	assert_string_equal(territory_name(as), "STAR-KP Ryugyong-dong");
	assert_int_equal(territory_has_asn(as, 131279, 0), MEMBER_ASKED);
	assert_int_equal(territory_has_asn(as, 131280, 0), MEMBER_NO);
	assert_int_equal(territory_has_prefix(as, &in, 0), MEMBER_NO);
	assert_ptr_equal(territory_find(f, "131279", NULL), as);
	p = territory_find(f, "175.45.176.9/22", NULL);
	assert_int_equal(territory_kind(p), TERRITORY_PREFIX);
	assert_string_equal(territory_id(p), "175.45.176.0/22");
	assert_int_equal(territory_has_prefix(p, &in, 0), MEMBER_ASKED);
	assert_int_equal(territory_has_prefix(p, &out, 0), MEMBER_NO);
	assert_int_equal(territory_kind(territory_find(f, "kp", NULL)), TERRITORY_COUNTRY);
	assert_string_equal(territory_name(territory_find(f, "FR", NULL)), "France");
	assert_null(territory_find(f, "Atlantis", &why));
	assert_non_null(strstr(why, "is no country"));
	assert_null(territory_find(f, "QQ", &why));
	facts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(north_korea_is_what_the_shipped_file_says),
	    cmocka_unit_test(carriers_have_the_names_people_know),
	    cmocka_unit_test(a_given_list_changes_the_country_but_not_a_known_name),
	    cmocka_unit_test(the_default_registry_knows_countries_of_addresses),
	    cmocka_unit_test(what_is_asked_about_is_found),
	};

	setenv("XDG_DATA_HOME", "/nowhere", 1); /* not this machine's fetched files */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
