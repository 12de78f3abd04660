/*
 * sim/random: scenarios by chance. In: a seed. Out: the text of a small scenario: some sixty networks in a
 * dozen made countries, two dozen peers at two collectors, six hours, a few events of every kind, and faults
 * among them that are no events. The caller frees the text.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>

char *scenario_random(uint64_t seed);

#endif
