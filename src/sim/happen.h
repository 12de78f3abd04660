/*
 * sim/happen: the events that a story amounts to, by the definitions of design 6, told from its lines and
 * samples. In: a story and its views. Out: JSON. Only who reads truth.json to judge a detector needs it;
 * nothing of a detector is used here.
 */
#ifndef SIM_HAPPEN_H
#define SIM_HAPPEN_H

#include "base/json.h"
#include "sim/sight.h"

void truth_happenings(struct json *j, const struct story *t, const struct sight *views); /* "events":[...] */
void truth_time(struct json *j, const char *key, utime_t t);
void truth_prefix(struct json *j, const struct prefix *p);

#endif
