/* keep/events: the body of a kept event, as bytes and back. Private to src/keep/. */
#ifndef KEEP_EVENTS_H
#define KEEP_EVENTS_H

#include "keep/store.h"
#include "keep/varint.h"

void event_body_put(struct out *o, const struct event *e);
/* Fills what the body holds; e->prefix is the caller's to free(), even where it returns false. */
bool event_body_take(struct cur *c, struct event *e);

#endif
