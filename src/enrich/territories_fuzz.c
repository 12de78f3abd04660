/* Territories files of any bytes; then membership of what they name. */
#include "enrich/territory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	const struct territory *const *list;
	struct prefix p = prefix_make(FAMILY_IPV4, (const uint8_t[4]){10, 0, 0, 0}, 8);
	char why[64];

	territories_free(f->territories);
	f->territories = territories_new();
	territories_parse(f, f->territories, (struct span){data, size}, "fuzz");
	territories_ready(f);
	for (size_t i = 0, n = territory_countries(f, &list); i < n; i++) {
		territory_explain_prefix(list[i], &p, 0, why, sizeof why);
		territory_explain_asn(list[i], 1, 0, why, sizeof why);
		territory_members(list[i], 0, NULL, NULL, NULL);
	}
	prefix_territory(f, &p, 0);
	asn_territory(f, 1, 0);
	facts_free(f);
	return 0;
}
