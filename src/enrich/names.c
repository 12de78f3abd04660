/*
 * enrich/names: names and countries of ASes. The list RIPE NCC publishes: "131279 STAR-KP Ryugyong-dong, KP";
 * and the project's own of the big carriers (scenario/carriers.csv): asn,name,country,label.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <string.h>

static const char carriers_head[] = "asn,name,country,label";

/* The first line that is neither empty nor a comment. */
static bool first_line(struct span content, struct cur *c, struct span *line)
{
	*c = cur_of_span(content);
	while (text_line(c, line))
		if (line->n && line->p[0] != '#')
			return true;
	return false;
}

/* "131279 STAR-KP Ryugyong-dong, KP" -> its parts; a line without a country is a name alone. */
static bool name_row(struct span line, asn_t *asn, struct span *name, cc_t *cc)
{
	const uint8_t *space = line.n ? memchr(line.p, ' ', line.n) : NULL, *comma;
	struct span tail;

	if (!space || !asn_parse((const char *)line.p, (size_t)(space - line.p), asn))
		return false;
	*name = text_trim((struct span){space, (size_t)(line.p + line.n - space)});
	*cc = CC_NONE;
	comma = name->n ? memrchr(name->p, ',', name->n) : NULL;
	if (comma) {
		tail = text_trim((struct span){comma + 1, (size_t)(name->p + name->n - comma - 1)});
		if (tail.n == 2 && text_cc(tail, cc))
			*name = text_trim((struct span){name->p, (size_t)(comma - name->p)});
	}
	return true;
}

static bool is_names(struct span content)
{
	struct cur c;
	struct span line, name;
	asn_t asn;
	cc_t cc;

	return first_line(content, &c, &line) && name_row(line, &asn, &name, &cc);
}

static void load_names(struct loading *l, struct span content)
{
	struct cur c = cur_of_span(content);
	struct span line, name;
	asn_t asn;
	cc_t cc;

	l->source = facts_source(l->f, RANK_NAMED, false, "AS names");
	while (text_line(&c, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		l->rows++;
		if (!name_row(line, &asn, &name, &cc)) {
			l->bad++;
			continue;
		}
		load_asn_country(l, asn, cc);
		asns_name(&l->f->as, asn, (const char *)name.p, name.n, RANK_NAMED);
	}
}

static bool is_carriers(struct span content)
{
	struct cur c;
	struct span line;

	return first_line(content, &c, &line) && text_is(line, carriers_head);
}

static bool carrier_row(struct loading *l, struct span line)
{
	struct span f[4];
	asn_t asn;
	cc_t cc;

	if (text_fields(line, ',', f, 4) < 3 || !asn_parse((const char *)f[0].p, f[0].n, &asn) ||
	    !text_cc(f[2], &cc))
		return false;
	load_asn_country(l, asn, cc);
	asns_name(&l->f->as, asn, (const char *)f[1].p, f[1].n, l->f->source[l->source].rank);
	if (text_is(f[3], "global"))
		asns_add(&l->f->as, asn)->flags |= AS_GLOBAL;
	return true;
}

static void load_carriers(struct loading *l, struct span content)
{
	struct cur c;
	struct span line;

	l->source = facts_source(l->f, RANK_SHIPPED, false, "the shipped list of carriers");
	first_line(content, &c, &line);
	while (text_line(&c, &line))
		if (line.n && line.p[0] != '#' && ++l->rows && !carrier_row(l, line))
			l->bad++;
}

const struct format format_names = {"AS names", is_names, load_names};
const struct format format_carriers = {"carriers", is_carriers, load_carriers};
