/*
 * measure/carriers: what whole paths say, beyond the border: hegemony of the upstreams, ASes without which
 * addresses have no path, and the carriers behind the carriers. In: a scope. Out: fields of struct report.
 */
#ifndef MEASURE_CARRIERS_H
#define MEASURE_CARRIERS_H

#include "measure/scope.h"
#include "measure/tally.h"

/*
 * Hegemony (Fontugne et al. 2018, as the IHR's code has it): per peer, the part of the weight it sees that
 * crosses the AS, more specifics as in that peer's own table; peers of one AS averaged over those that see
 * the territory; trimmed mean over the vantage ASes, zeros included.
 */
void carriers_hegemony(struct scope *s, struct upstream *u, size_t n);
void carriers_critical(
    struct scope *s, struct report *r); /* every AS all routes of a prefix cross, > 1 % in sum */
void carriers_behind(struct scope *s, const struct tally *t, struct report *r); /* --depth 2 */

#endif
