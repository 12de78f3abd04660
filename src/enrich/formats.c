/* enrich/formats: the formats of registry files, a row each, in the order in which content is asked. */
#include "enrich/facts.h"
#include "enrich/load.h"

const struct format *const formats[] = {
    &format_delegated, &format_carriers, &format_ranges, &format_names, NULL};
