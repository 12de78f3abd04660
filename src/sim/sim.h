/*
 * sim: makes routing from a topology and a timeline. In: a scenario file, or the wish for a whole Internet.
 * Out: MRT files as the public archives write them, and the truth beside. Knows only base and net: it writes
 * MRT by itself, so what reads MRT elsewhere is checked by what was written here.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "sim/archive.h"
#include "sim/parallel.h"
#include "sim/random.h"
#include "sim/scenario.h"
#include "sim/story.h"
#include "sim/truth.h"
#include "sim/world.h"

#endif
