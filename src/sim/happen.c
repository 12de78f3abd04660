/* sim/happen: see happen.h. */
#include "sim/happen.h"

void json_happenings(struct json *j, const struct story *t, const struct view *views)
{
	json_key(j, "events");
	json_array(j);
	json_done(j);
}
