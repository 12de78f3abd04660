/* Every text loader of registry files on any bytes, dry and for good; then some look-ups in what came of it.
 */
#include "enrich/load.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts *f = facts_load(&(struct facts_options){.no_default = true});
	struct loading l = {.f = f, .path = "fuzz-2020-01-01", .from = UTIME_NONE, .to = UTIME_MAX};
	struct prefix p = prefix_make(FAMILY_IPV4, (const uint8_t[4]){10, 0, 0, 0}, 8);

	f->source[f->sources = 1] = (struct source){strdup("fuzz"), RANK_REGISTERED, false};
	for (size_t i = 0; formats[i]; i++) {
		struct census census = {.date = UTIME_NONE};
		if (formats[i]->by_path || !formats[i]->is((struct span){data, size}))
			continue;
		l.census = &census;
		l.dry = true;
		formats[i]->load(&l, (struct span){data, size});
		l.dry = false;
		l.source = 1;
		l.rank = RANK_REGISTERED;
		formats[i]->load(&l, (struct span){data, size});
	}
	for (int side = 0; side < 2; side++) {
		struct ranges r;
		ranges_build(&r, &l.registered[side], side ? RANGES_INDEX6 : RANGES_INDEX4);
		ranges_of(&r, &p);
		ranges_free(&r);
		free(l.registered[side].v);
		free(l.located[side].v);
	}
	roas_ready(f);
	prefix_rpki(f, &p, 1, 0);
	asn_relation(f, 1, 2);
	facts_free(f);
	return 0;
}
