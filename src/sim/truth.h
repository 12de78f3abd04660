/*
 * sim/truth: what happened, exactly. In: a story. Out, beside its files: truth.json (the causes, the events
 * they amount to by the definitions of design 6, and each territory's true shares over time by the formula of
 * design 5), and what a reader of the files must know of this made world: territories.ini, registry.txt
 * (delegated-extended), as-names.txt, as-rel.txt.
 */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "sim/story.h"

bool truth_write(const struct story *story, const char *dir, char *why, size_t cap);

#endif
