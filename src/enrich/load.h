/* enrich/load: the loaders, a row of enrich/formats.c each. */
#ifndef ENRICH_LOAD_H
#define ENRICH_LOAD_H

#include "enrich/facts.h"

extern const struct format format_delegated; /* delegated.c: RIR statistics, extended or not */
extern const struct format format_carriers;  /* names.c: the project's own list */
extern const struct format format_names;     /* names.c: "131279 STAR-KP Ryugyong-dong, KP" */
extern const struct format format_ranges;    /* geo.c: FIRST,LAST,CC or PREFIX,CC */

#endif
