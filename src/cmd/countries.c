/* cmd/countries: see countries.h. Apart, for the rooms sim and enrich share names. */
#include "cmd/countries.h"

#include "base/mem.h"
#include "enrich/enrich.h"

#include <stdio.h>

size_t country_codes(char (**code)[3])
{
	struct facts *f = facts_load(&(struct facts_options){0});
	const struct territory *const *list;
	size_t n = territory_countries(f, &list);

	*code = mem_array(n + 1, sizeof **code);
	for (size_t i = 0; i < n; i++)
		snprintf((*code)[i], sizeof **code, "%.2s", territory_id(list[i]));
	facts_free(f);
	return n;
}
