/* cmd/verbs: the table of verbs, in the order of --help. A new verb is a row here, a file beside, and a man
 * page. */
#include "cmd/verb.h"

const struct verb *const verbs[] = {
    &verb_help,
    &verb_report,
    &verb_rank,
    &verb_events,
    &verb_version,
    &verb_simulate,
    &verb_completion,
    &verb_read,
    &verb_history,
    NULL,
};
