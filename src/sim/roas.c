/*
 * sim/roas: see happen.h. The scenario's ROAs: as a file beside the archive, and what a change of them makes
 * invalid (RFC 6811) of what a territory's networks announce then.
 */
#include "base/mem.h"
#include "sim/happen.h"

#include <stdlib.h>
#include <string.h>

static bool invalid(const struct scenario *s, const struct prefix *p, asn_t origin, utime_t at)
{
	bool covered = false;

	for (size_t i = 0; i < s->roas; i++) {
		const struct roa_of *r = &s->roa[i];
		if (!prefix_covers(&r->prefix, p) || (r->at != UTIME_NONE && at < r->at) ||
		    (r->end != UTIME_NONE && at >= r->end))
			continue;
		if (r->asn == origin && p->len <= r->max)
			return false;
		covered = true;
	}
	return covered;
}

/* Who announces each prefix of the territory just before a time; 0: nobody. */
static void origins_at(const struct story *t, const struct sight *v, utime_t at, asn_t *origin)
{
	struct retell r;
	uint32_t before;

	retell_start(&r, t);
	while (r.next < t->lines && t->line[r.next].at < at)
		(void)retell_next(&r, &before);
	for (size_t p = 0; p < v->prefixes; p++) {
		origin[p] = 0;
		for (size_t c = 0; c < t->s->sessions && !origin[p]; c++) {
			uint32_t path = r.table[c * t->prefixes + v->prefix[p]];
			size_t n;
			const asn_t *asn = path ? story_paths_of(&t->paths, path, &n) : NULL;
			origin[p] = asn ? asn[n - 1] : 0;
		}
	}
	retell_free(&r);
}

static int time_order(const void *a, const void *b)
{
	utime_t x = *(const utime_t *)a, y = *(const utime_t *)b;

	return x < y ? -1 : x > y;
}

static size_t changes_of(const struct scenario *s, utime_t *at)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < s->roas; i++) {
		if (s->roa[i].at != UTIME_NONE)
			at[n++] = s->roa[i].at;
		if (s->roa[i].end != UTIME_NONE)
			at[n++] = s->roa[i].end;
	}
	if (n)
		qsort(at, n, sizeof *at, time_order);
	for (size_t i = 0; i < n; i++)
		if (at[i] < s->end && (kept == 0 || at[kept - 1] != at[i]))
			at[kept++] = at[i];
	return kept;
}

static void ended(struct happenings *h, size_t since, const struct story *t, utime_t at)
{
	for (size_t i = since; i < h->n; i++) {
		bool open = false;
		for (uint32_t k = 0; k < h->v[i].prefixes; k++)
			open |= invalid(t->s, &t->prefix[h->v[i].prefix[k]], h->v[i].asn, at);
		if (!open && h->v[i].end == UTIME_NONE)
			h->v[i].end = at;
	}
}

void happen_rpki(struct happenings *h, const struct story *t, const struct sight *v)
{
	utime_t *at = mem_array(2 * t->s->roas + 1, sizeof *at);
	asn_t *origin = mem_array(v->prefixes + 1, sizeof *origin);
	size_t n = changes_of(t->s, at), since = h->n;

	for (size_t i = 0; i < n; i++) {
		ended(h, since, t, at[i]);
		origins_at(t, v, at[i], origin);
		for (size_t p = 0; p < v->prefixes; p++) {
			const struct prefix *x = &t->prefix[v->prefix[p]];
			struct happening *e = NULL;
			if (!origin[p] || invalid(t->s, x, origin[p], at[i] - 1) ||
			    !invalid(t->s, x, origin[p], at[i]))
				continue;
			for (size_t k = since; k < h->n && !e; k++)
				if (h->v[k].first_seen == at[i] && h->v[k].asn == origin[p])
					e = &h->v[k];
			if (!e) {
				e = happening_add(h, "rpki-invalid", "prefix", at[i]);
				e->territory = v->place->id;
				e->asn = origin[p];
			}
			happening_prefix(e, v->prefix[p]);
		}
	}
	for (size_t i = since; i < h->n; i++)
		if (h->v[i].prefixes == v->prefixes)
			h->v[i].scope = "territory";
	free(origin);
	free(at);
}

/* The columns of the RIPE NCC's archive. */
void roas_write(struct out *o, const struct scenario *s)
{
	char text[PREFIX_TEXT], from[UTIME_TEXT], to[UTIME_TEXT];

	out_str(o, "ASN,IP Prefix,Max Length,Not Before,Not After\n");
	for (size_t i = 0; i < s->roas; i++) {
		const struct roa_of *r = &s->roa[i];
		*from = *to = '\0';
		if (r->at != UTIME_NONE)
			(void)utime_text(from, r->at);
		if (r->end != UTIME_NONE)
			(void)utime_text(to, r->end);
		out_printf(o, "AS%u,%.*s,%u,%s,%s\n", r->asn, (int)prefix_text(text, &r->prefix), text,
		    r->max, from, to);
	}
}
