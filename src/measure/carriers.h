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
/* Every AS all routes of a prefix cross, > 1 % in sum: prefix by prefix, in the order of the scope. `other`:
 * a cell of the row is not as of the prefix before. */
struct critics;
struct critics *critics_new(struct scope *s);
void critics_add(struct critics *c, size_t prefix, const struct judged *row, bool other);
void critics_end(struct critics *c, struct report *r); /* frees c */
/* --depth 2, likewise */
struct behind;
struct behind *behind_new(struct scope *s);
void behind_add(struct behind *b, size_t prefix, const struct judged *row);
void behind_end(struct behind *b, double carried, struct report *r); /* frees b */

#endif
