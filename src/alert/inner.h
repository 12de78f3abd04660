/* alert/inner: what the alert files share. */
#ifndef ALERT_INNER_H
#define ALERT_INNER_H

#include "alert/alert.h"

struct alert { /* an event as one route will tell it */
	struct event event;
	bool over; /* it ended */
};

/* The message of a route: subject (mail) and body, both into out structs. held: messages the limit kept back.
 */
void alert_write(struct out *body, struct out *subject, const struct alert_route *r, const struct alert *v,
    size_t n, unsigned held, const struct facts *facts);
/* NULL when delivered; else why not (valid until the next call of this thread). */
const char *alert_send(const struct alert_route *r, const char *subject, const char *body, size_t n);

#endif
