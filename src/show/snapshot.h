/*
 * show/snapshot: all that the dashboard shows of a territory at one instant, as one JSON object that keep
 * stores whole: {"report": (the contract of `report -o json`, depth 2), "name", "sentence", "prefixes":
 * [...], "nodes": [...], "links": [...]}. In: a report with the table at hand. Out: text.
 */
#ifndef SHOW_SNAPSHOT_H
#define SHOW_SNAPSHOT_H

#include "base/json.h"
#include "show/report.h"

/* The text is terminated, o->n does not count that. */
void snapshot_json(struct out *o, const struct answer *a, const struct wayin *e);
/* The keys "nodes" and "links": the largest nodes of each layer, the rest of a layer as one node "others". */
void graph_json(struct json *j, const struct answer *a, const struct wayin *e);

#endif
