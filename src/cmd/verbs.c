/* cmd/verbs: the table of verbs, in the order of --help. A new verb is a row here, a file beside, and a man
 * page. */
#include "cmd/verb.h"

const struct verb *const verbs[] = {
    &verb_read,
    &verb_report,
    &verb_events,
    &verb_rank,
    &verb_simulate,
    &verb_fetch,
    &verb_ingest,
    &verb_history,
    &verb_export,
    &verb_check,
    &verb_serve,
    &verb_completion,
    &verb_version,
    &verb_help,
    &verb_watch,
    NULL,
};
