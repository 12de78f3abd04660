/* Fuzz: a path and query as a client may send them, up to the door of the store; and rows of JSON to CSV. */
#include "serve/api.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cut_query(struct question *q, char *query)
{
	for (char *at = query, *pair; (pair = strsep(&at, "&")) != NULL;) {
		char *value = strchr(pair, '=');
		enum param p;
		if (value)
			*value++ = '\0';
		p = api_param(pair);
		if (p < PARAMS)
			q->text[p] = value ? value : "";
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply r = {.status = 200, .type = "application/json"};
	struct question q = {0};
	char *text = malloc(size + 1), *query;
	const struct route *route;

	memcpy(text, data, size);
	text[size] = '\0';
	out_open_mem(&r.body);
	query = strchr(text, '?');
	if (query)
		*query++ = '\0';
	route = api_route(text, &q.rest);
	if (route && query)
		cut_query(&q, query);
	if (route && !api_read(&q, route, &r))
		api_print_problem(&r);
	r.body.n = 0;
	out_bytes(&r.body, data, size);
	api_csv(&r, "items");
	out_close(&r.body);
	free(text);
	return 0;
}
