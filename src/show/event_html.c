/* show/event_html: the timeline drawn. */
#include "show/events.h"

void events_html(struct out *o, const struct event_list *l)
{
}
