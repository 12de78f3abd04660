/* sim/truth: see truth.h. */
#include "sim/truth.h"

#include "base/json.h"
#include "base/mem.h"
#include "sim/happen.h"
#include "sim/sight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHARE_DIGITS = 6 };

void truth_time(struct json *j, const char *key, utime_t t)
{
	char text[UTIME_TEXT];

	if (t == UTIME_NONE)
		return;
	json_key(j, key);
	(void)utime_text(text, t);
	json_str(j, text);
}

void truth_prefix(struct json *j, const struct prefix *p)
{
	char text[PREFIX_TEXT];

	json_strn(j, text, prefix_text(text, p));
}

/* A line of its own for each element, so that the file reads and compares well. */
void truth_line(struct json *j)
{
	if (j->more >> j->depth & 1) {
		out_char(j->o, ',');
		j->more &= ~(1U << j->depth);
	}
	out_char(j->o, '\n');
}

/* ---- causes: what the scenario did ---- */
static void json_cause(struct json *j, const struct scenario *s, const struct action *a)
{
	char text[ADDR_TEXT];

	json_open(j);
	truth_time(j, "at", a->at);
	truth_time(j, "end", a->end);
	json_key(j, "what");
	json_str(j, deed_text(a->deed));
	json_key(j, "line");
	json_u64(j, a->line);
	if (a->a) {
		json_key(j, "asn");
		json_u64(j, a->a);
	}
	if (a->b || a->asns.n) {
		json_key(j, "with");
		json_list(j);
		if (a->b)
			json_u64(j, a->b);
		for (uint32_t i = 0; i < a->asns.n; i++)
			json_u64(j, a->asns.v[i]);
		json_done(j);
	}
	if (a->prefixes.n) {
		json_key(j, "prefixes");
		json_list(j);
		for (uint32_t i = 0; i < a->prefixes.n; i++)
			truth_prefix(j, &a->prefixes.v[i]);
		json_done(j);
	}
	if (a->deed >= DEED_RESET && a->deed <= DEED_STARTED) {
		json_key(j, "collector");
		json_str(j, s->collector[a->collector].name);
	}
	if (a->addr.family) {
		json_key(j, "peer");
		json_strn(j, text, addr_text(text, &a->addr));
	}
	json_end(j);
}

static void json_causes(struct json *j, const struct scenario *s)
{
	json_key(j, "causes");
	json_list(j);
	for (size_t i = 0; i < s->actions; i++)
		if (s->action[i].at != UTIME_NONE) {
			truth_line(j);
			json_cause(j, s, &s->action[i]);
		}
	json_done(j);
}

/* ---- territories: their true shares over time ---- */
static void json_sample(struct json *j, const struct sight *v, const struct sample_of *m)
{
	json_open(j);
	truth_time(j, "at", m->at);
	json_key(j, "visible");
	json_num(j, m->visible, SHARE_DIGITS);
	json_key(j, "ases");
	json_u64(j, m->voters);
	json_key(j, "shares");
	json_open(j);
	for (size_t u = 0; u < v->upstreams; u++)
		if (m->share[u] > 0) {
			char asn[16];
			snprintf(asn, sizeof asn, "%u", v->upstream[u]);
			json_key(j, asn);
			json_num(j, m->share[u], SHARE_DIGITS);
		}
	json_end(j);
	json_end(j);
}

static void json_view(struct json *j, const struct story *t, const struct sight *v)
{
	json_open(j);
	json_key(j, "id");
	json_str(j, v->place->id);
	json_key(j, "name");
	json_str(j, v->place->name);
	json_key(j, "family");
	json_u64(j, v->prefixes ? t->prefix[v->prefix[0]].family : FAMILY_IPV4);
	json_key(j, "asns");
	json_list(j);
	for (size_t i = 0; i < v->asns; i++)
		json_u64(j, v->asn[i]);
	json_done(j);
	json_key(j, "prefixes");
	json_list(j);
	for (size_t i = 0; i < v->prefixes; i++)
		truth_prefix(j, &t->prefix[v->prefix[i]]);
	json_done(j);
	json_key(j, "series");
	json_list(j);
	for (size_t i = 0; i < v->samples; i++) {
		truth_line(j);
		json_sample(j, v, &v->sample[i]);
	}
	json_done(j);
	json_end(j);
}

static void json_truth(struct json *j, const struct story *t, const struct sight *v)
{
	const struct scenario *s = t->s;

	json_open(j);
	json_key(j, "name");
	json_str(j, s->name);
	json_key(j, "title");
	json_str(j, s->title);
	truth_time(j, "start", s->start);
	truth_time(j, "end", s->end);
	json_key(j, "seed");
	json_u64(j, s->seed);
	json_key(j, "collectors");
	json_list(j);
	for (size_t i = 0; i < s->collectors; i++)
		json_str(j, s->collector[i].name);
	json_done(j);
	json_key(j, "peers");
	json_u64(j, s->sessions);
	json_causes(j, s);
	truth_happenings(j, t, v);
	json_key(j, "territories");
	json_list(j);
	for (size_t i = 0; i < s->places; i++) {
		truth_line(j);
		json_view(j, t, &v[i]);
	}
	json_done(j);
	json_end(j);
	out_char(j->o, '\n');
}

/* ---- the files beside ---- */
static bool beside_open(struct out *o, const char *dir, const char *name, char *why, size_t cap)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		snprintf(why, cap, "%s: %s", path, strerror(errno));
	else
		out_open_fd(o, fd);
	free(path);
	return fd >= 0;
}

static bool beside_close(struct out *o, const char *dir, const char *name, char *why, size_t cap)
{
	int fd = o->fd, rc = out_close(o);

	if (rc)
		snprintf(why, cap, "%s/%s: %s", dir, name, strerror(o->failed));
	return close(fd) == 0 && rc == 0;
}

static void write_territories(struct out *o, const struct story *t, const struct sight *views)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < t->s->places; i++) {
		const struct sight *v = &views[i];
		/* the world of the scenario is all there is */
		out_printf(o, "[%s]\nname    = %s\nregistered = no\n", v->place->id, v->place->name);
		for (size_t k = 0; k < v->asns; k++)
			out_printf(o, "asn     = %u\n", v->asn[k]);
		for (uint32_t k = 0; k < v->place->prefixes.n; k++)
			out_printf(
			    o, "prefix  = %.*s\n", (int)prefix_text(text, &v->place->prefixes.v[k]), text);
		for (size_t k = 0; v->place->prefixes.n == 0 && k < v->prefixes; k++)
			out_printf(
			    o, "prefix  = %.*s\n", (int)prefix_text(text, &t->prefix[v->prefix[k]]), text);
		out_char(o, '\n');
	}
}

/* Who a prefix is registered to: the AS that announced it first, from the start on. */
static const struct as_fact *holder(const struct scenario *s, const struct prefix *x)
{
	for (size_t i = 0; i < s->actions && s->action[i].at == UTIME_NONE; i++)
		for (uint32_t k = 0; s->action[i].deed == DEED_ANNOUNCE && k < s->action[i].prefixes.n; k++)
			if (prefix_equal(&s->action[i].prefixes.v[k], x))
				return scenario_fact(s, s->action[i].a);
	return NULL;
}

/* registry|cc|type|start|value|date|status|opaque-id, as the RIRs' delegated-extended files have it. */
static void write_registry(struct out *o, const struct story *t)
{
	const struct scenario *s = t->s;
	char text[ADDR_TEXT];

	out_printf(o, "2.3|sim|20000101|%zu|20000101|20000101|+0000\n", s->facts + t->prefixes);
	for (size_t i = 0; i < s->facts; i++)
		out_printf(o, "sim|%s|asn|%u|1|20000101|assigned|AS%u\n", s->fact[i].country, s->fact[i].asn,
		    s->fact[i].asn);
	for (uint32_t i = 0; i < t->prefixes; i++) {
		const struct prefix *p = &t->prefix[i];
		const struct as_fact *f = holder(s, p);
		struct addr a = {.family = p->family};
		bool v4 = p->family == FAMILY_IPV4;
		if (!f)
			continue;
		memcpy(a.b, p->b, sizeof a.b);
		out_printf(o, "sim|%s|%s|%.*s|%lu|20000101|allocated|AS%u\n", f->country,
		    v4 ? "ipv4" : "ipv6", (int)addr_text(text, &a), text,
		    v4 ? 1UL << (32 - p->len) : (unsigned long)p->len, f->asn);
	}
}

static void write_names(struct out *o, const struct story *t)
{
	for (size_t i = 0; i < t->s->facts; i++)
		out_printf(o, "%u %s, %s\n", t->s->fact[i].asn,
		    *t->s->fact[i].name ? t->s->fact[i].name : "-", t->s->fact[i].country);
}

static void write_relations(struct out *o, const struct story *t)
{
	const struct graph *g = &t->graph;

	out_printf(o, "# %s: every link of the scenario, also those that come later\n", t->s->name);
	for (uint32_t i = 0; i < g->links; i++) {
		const struct link *l = &g->link[i];
		if (l->rel == REL_CUSTOMER)
			out_printf(o, "%u|%u|-1\n", g->asn[l->from], g->asn[l->to]);
		else if (l->rel == REL_PEER && l->from < l->to)
			out_printf(o, "%u|%u|0\n", g->asn[l->from], g->asn[l->to]);
	}
}

static bool write_beside(const struct story *t, const char *dir, const struct sight *v, char *why, size_t cap)
{
	struct out o;
	struct json j;

	if (!beside_open(&o, dir, "truth.json", why, cap))
		return false;
	j = json_on(&o);
	json_truth(&j, t, v);
	if (!beside_close(&o, dir, "truth.json", why, cap) ||
	    !beside_open(&o, dir, "territories.ini", why, cap))
		return false;
	write_territories(&o, t, v);
	if (!beside_close(&o, dir, "territories.ini", why, cap) ||
	    !beside_open(&o, dir, "registry.txt", why, cap))
		return false;
	write_registry(&o, t);
	if (!beside_close(&o, dir, "registry.txt", why, cap) ||
	    !beside_open(&o, dir, "as-names.txt", why, cap))
		return false;
	write_names(&o, t);
	if (!beside_close(&o, dir, "as-names.txt", why, cap) || !beside_open(&o, dir, "as-rel.txt", why, cap))
		return false;
	write_relations(&o, t);
	if (t->s->roas) {
		if (!beside_close(&o, dir, "as-rel.txt", why, cap) ||
		    !beside_open(&o, dir, "roas.csv", why, cap))
			return false;
		roas_write(&o, t->s);
		return beside_close(&o, dir, "roas.csv", why, cap);
	}
	return beside_close(&o, dir, "as-rel.txt", why, cap);
}

bool truth_write(const struct story *story, const char *dir, char *why, size_t cap)
{
	size_t n = story->s->places;
	struct sight *v = mem_array(n + 1, sizeof *v);
	bool ok;

	for (size_t i = 0; i < n; i++)
		sight_make(&v[i], story, &story->s->place[i]);
	ok = write_beside(story, dir, v, why, cap);
	for (size_t i = 0; i < n; i++)
		sight_free(&v[i]);
	free(v);
	return ok;
}
