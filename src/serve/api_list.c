/* serve/api_list: territories, search, health: what the store holds. In: the store's lists and facts. Out:
 * JSON. */
#include "base/mem.h"
#include "serve/api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *kind_of(const struct facts *f, const char *id)
{
	static const char *const text[] = {"country", "as", "prefix", "named"};
	const char *why;
	const struct territory *t = territory_find(f, id, &why);

	return text[t ? territory_kind(t) : TERRITORY_NAMED];
}

void api_time(struct json *j, const char *key, utime_t t)
{
	char text[UTIME_TEXT];

	json_key(j, key);
	if (t == UTIME_NONE) {
		json_none(j);
		return;
	}
	utime_text(text, t);
	json_str(j, text);
}

/* The store's rows come by id, then family: one entry an id. */
struct kept {
	char id[64];
	bool family[2];
	utime_t first;
};
struct list {
	struct kept *v;
	size_t n, cap;
};

static bool list_add(void *arg, const struct kept_territory *t)
{
	struct list *l = arg;

	if (l->n == 0 || strcmp(l->v[l->n - 1].id, t->id) != 0) {
		l->v = vec_room(l->v, l->n, &l->cap, sizeof *l->v);
		l->v[l->n] = (struct kept){.first = t->first};
		memcpy(l->v[l->n++].id, t->id, sizeof t->id);
	}
	l->v[l->n - 1].family[family_index(t->family)] = true;
	if (t->first < l->v[l->n - 1].first)
		l->v[l->n - 1].first = t->first;
	return true;
}

static bool list_all(const struct question *q, struct reply *r, struct list *l)
{
	*l = (struct list){0};
	if (store_territories(q->store, list_add, l) == 0)
		return true;
	api_problem(r, 500, "%s", store_error(q->store));
	free(l->v);
	return false;
}

static bool matches(const char *q, const char *id, const char *name)
{
	return !q || !*q || strncasecmp(id, q, strlen(q)) == 0 || strcasestr(name, q);
}

void api_territories(const struct question *q, struct reply *r)
{
	struct json j = json_on(&r->body);
	struct store_info info;
	struct list l;
	uint64_t seen = 0;

	if (!list_all(q, r, &l))
		return;
	if (store_info(q->store, &info))
		info.upto = UTIME_NONE;
	json_open(&j);
	json_key(&j, "items");
	json_list(&j);
	for (size_t i = 0; i < l.n; i++) {
		const char *name = api_territory_name(q->facts, l.v[i].id);
		if (!matches(q->text[PARAM_Q], l.v[i].id, name) || seen++ < q->cursor ||
		    seen > q->cursor + q->limit)
			continue;
		json_open(&j);
		json_key(&j, "id");
		json_str(&j, l.v[i].id);
		json_key(&j, "name");
		json_str(&j, name);
		json_key(&j, "kind");
		json_str(&j, kind_of(q->facts, l.v[i].id));
		json_key(&j, "families");
		json_list(&j);
		if (l.v[i].family[0])
			json_u64(&j, 4);
		if (l.v[i].family[1])
			json_u64(&j, 6);
		json_done(&j);
		api_time(&j, "first", l.v[i].first);
		api_time(&j, "last", info.upto);
		json_end(&j);
	}
	json_done(&j);
	json_key(&j, "next");
	if (seen > q->cursor + q->limit) {
		char next[24];
		next[text_u64(next, q->cursor + q->limit)] = '\0';
		json_str(&j, next);
	} else {
		json_none(&j);
	}
	json_end(&j);
	free(l.v);
}

/* ---- search ---- */

static void hit(struct json *j, const char *kind, const char *id, const char *name, cc_t cc)
{
	char text[3];

	json_open(j);
	json_key(j, "kind");
	json_str(j, kind);
	json_key(j, "id");
	json_str(j, id);
	json_key(j, "name");
	json_str(j, name);
	if (cc) {
		cc_text(text, cc);
		json_key(j, "country");
		json_str(j, text);
	}
	json_end(j);
}

static bool is_kept(const struct list *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0)
			return true;
	return false;
}

/* An AS or a prefix that is not kept as a territory of its own is found as part of the country that is. */
static void hit_inside(struct json *j, const struct list *l, const char *what, cc_t cc)
{
	char id[3], name[200];
	const char *country = cc_name(cc);

	cc_text(id, cc);
	if (!cc || !is_kept(l, id))
		return;
	name[0] = '\0';
	strncat(name, what, 120);
	strcat(name, ", in ");
	strncat(name, country ? country : id, 60);
	hit(j, "country", id, name, cc);
}

static bool search_number(const struct question *q, struct json *j, const struct list *l, const char *text)
{
	char what[160] = "";
	struct prefix p;
	asn_t asn;

	if (strchr(text, '.') || strchr(text, ':')) {
		if (!prefix_parse(text, strlen(text), &p))
			return false;
		hit_inside(j, l, text, prefix_territory(q->facts, &p, UTIME_MAX - 1));
		return true;
	}
	if (!asn_parse(text, strlen(text), &asn))
		return false;
	strcpy(what, "AS");
	what[2 + text_u32(what + 2, asn)] = '\0';
	if (!is_kept(l, what)) {
		strcat(what, " ");
		strncat(what, asn_name(q->facts, asn), 100);
		hit_inside(j, l, what, asn_territory(q->facts, asn, UTIME_MAX - 1));
	}
	return true;
}

void api_search(const struct question *q, struct reply *r)
{
	struct json j = json_on(&r->body);
	const char *text = q->text[PARAM_Q] ? q->text[PARAM_Q] : "";
	uint64_t found = 0;
	struct list l;

	if (!list_all(q, r, &l))
		return;
	json_open(&j);
	json_key(&j, "items");
	json_list(&j);
	for (int exact = 1; exact >= 0 && *text;
	     exact--) /* an id in full comes first: "CN" before "Cundinamarca" */
		for (size_t i = 0; i < l.n && found < q->limit; i++) {
			const char *name = api_territory_name(q->facts, l.v[i].id);
			if ((strcasecmp(l.v[i].id, text) == 0) != exact || !matches(text, l.v[i].id, name))
				continue;
			hit(&j, kind_of(q->facts, l.v[i].id), l.v[i].id, name, CC_NONE);
			found++;
		}
	if (*text)
		search_number(q, &j, &l, text);
	json_done(&j);
	json_end(&j);
	free(l.v);
}

/* ---- health ---- */

struct collectors {
	struct {
		char name[64];
		unsigned peers, resets, gaps;
		utime_t first, last;
	} v[256];
	size_t n;
	unsigned resets, gaps;
	char registry[512];
};

static bool count_file(void *arg, const struct kept_file *f)
{
	struct collectors *c = arg;
	size_t i = 0;

	c->resets += f->resets;
	c->gaps += f->gaps;
	if (f->registry) {
		c->registry[0] = '\0';
		strncat(c->registry, f->registry, sizeof c->registry - 1);
	}
	while (i < c->n && strcmp(c->v[i].name, f->collector) != 0)
		i++;
	if (i == sizeof c->v / sizeof *c->v)
		return true;
	if (i == c->n) {
		c->v[c->n].first = f->first;
		c->v[c->n].last = f->last;
		c->v[c->n].name[0] = '\0';
		strncat(c->v[c->n++].name, f->collector, sizeof c->v->name - 1);
	}
	if (f->peers > c->v[i].peers)
		c->v[i].peers = f->peers;
	if (f->first < c->v[i].first)
		c->v[i].first = f->first;
	if (f->last > c->v[i].last)
		c->v[i].last = f->last;
	return true;
}

void api_health(const struct question *q, struct reply *r)
{
	struct json j = json_on(&r->body);
	struct collectors *c = mem_alloc(sizeof *c);
	struct store_info info;

	if (store_info(q->store, &info) || store_files(q->store, count_file, c)) {
		api_problem(r, 500, "%s", store_error(q->store));
		free(c);
		return;
	}
	json_open(&j);
	json_key(&j, "records");
	json_u64(&j, info.records);
	json_key(&j, "bad");
	json_u64(&j, info.bad);
	json_key(&j, "resets");
	json_u64(&j, c->resets);
	json_key(&j, "gaps");
	json_u64(&j, c->gaps);
	json_key(&j, "files");
	json_u64(&j, info.files);
	api_time(&j, "first", info.from);
	api_time(&j, "last", info.upto);
	json_key(&j, "sources");
	json_str(&j, c->registry);
	json_key(&j, "collectors");
	json_list(&j);
	for (size_t i = 0; i < c->n; i++) {
		json_open(&j);
		json_key(&j, "name");
		json_str(&j, c->v[i].name);
		json_key(&j, "peers");
		json_u64(&j, c->v[i].peers);
		api_time(&j, "first", c->v[i].first);
		api_time(&j, "last", c->v[i].last);
		json_end(&j);
	}
	json_done(&j);
	json_end(&j);
	free(c);
}
