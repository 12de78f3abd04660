/* sim/happen: see happen.h. */
#include "sim/happen.h"

void truth_happenings(struct json *j, const struct story *t, const struct sight *views)
{
	json_key(j, "events");
	json_list(j);
	json_done(j);
}
