/*
 * cmd/watch/config: isthmus.conf(5) to plain structs. In: an INI file (libinih). Out: struct watch_config,
 * all of it in one arena; every error with its line and what is expected. The keys are one table.
 */
#include "cmd/watch/watch.h"

#include "base/hash.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 198 /* libinih cuts what is longer */ };

enum part { PART_WATCH, PART_BMP, PART_BGP, PART_RIS, PART_FOLLOW, PART_ALERT, PARTS };
static const char *const part_names[PARTS] = {"watch", "bmp", "bgp", "ris", "follow", "alert"};

struct reader {
	struct watch_config *c;
	void (*tell)(const char *line);
	FILE *file;
	unsigned line;
	char section[128];
	enum part part;
	bool part_known;
	size_t index; /* of the source or route that the section describes */
};

__attribute__((format(printf, 2, 3))) static bool complain(struct reader *r, const char *fmt, ...)
{
	char text[400], line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (r->line)
		snprintf(line, sizeof line, "%s:%u: %s", r->c->path, r->line, text);
	else
		snprintf(line, sizeof line, "%s: %s", r->c->path, text);
	r->tell(line);
	r->c->errors++;
	return false;
}

/* ---- values ---- */

static const char *keep_text(struct reader *r, const char *s)
{
	return arena_strn(&r->c->arena, s, strlen(s));
}

static bool set_text(struct reader *r, const char *value, void *to)
{
	*(const char **)to = keep_text(r, value);
	return true;
}

/* Calls `each` for every word of a list (spaces and commas part them). */
static bool for_words(
    struct reader *r, const char *value, bool (*each)(struct reader *r, const char *word, void *to), void *to)
{
	while (*value) {
		size_t space = strspn(value, " ,\t"), n = strcspn(value + space, " ,\t");
		char *word = arena_strn(&r->c->arena, value + space, n);
		if (n && !each(r, word, to))
			return false;
		value += space + n;
	}
	return true;
}

/* A list in the arena, one longer. */
static void *longer(struct reader *r, const void *v, size_t n, size_t size)
{
	void *more = arena_take(&r->c->arena, (n + 1) * size);

	if (n)
		memcpy(more, v, n * size);
	return more;
}

static bool add_word(struct reader *r, const char *word, void *to)
{
	struct {
		const char **v;
		size_t n;
	} *list = to;

	list->v = longer(r, list->v, list->n, sizeof *list->v);
	list->v[list->n++] = word;
	return true;
}

static bool set_words(struct reader *r, const char *value, void *to)
{
	return for_words(r, value, add_word, to);
}

static bool add_prefix(struct reader *r, const char *word, void *to)
{
	struct {
		struct prefix *v;
		size_t n;
	} *list = to;
	struct prefix p;

	if (!prefix_parse(word, strlen(word), &p))
		return complain(r, "\"%s\" is neither an address nor a prefix", word);
	list->v = longer(r, list->v, list->n, sizeof *list->v);
	list->v[list->n++] = p;
	return true;
}

static bool set_prefixes(struct reader *r, const char *value, void *to)
{
	return for_words(r, value, add_prefix, to);
}

static bool add_asn(struct reader *r, const char *word, void *to)
{
	struct {
		asn_t *v;
		size_t n;
	} *list = to;
	asn_t asn;

	if (!asn_parse(word, strlen(word), &asn))
		return complain(r, "\"%s\" is no AS number", word);
	list->v = longer(r, list->v, list->n, sizeof *list->v);
	list->v[list->n++] = asn;
	return true;
}

static bool set_asns(struct reader *r, const char *value, void *to)
{
	return for_words(r, value, add_asn, to);
}

static bool set_asn(struct reader *r, const char *value, void *to)
{
	return asn_parse(value, strlen(value), to) || complain(r, "\"%s\" is no AS number", value);
}

static bool set_router_id(struct reader *r, const char *value, void *to)
{
	struct addr a;

	if (!addr_parse(value, strlen(value), &a) || a.family != FAMILY_IPV4)
		return complain(r, "\"%s\" is no IPv4 address", value);
	*(uint32_t *)to = (uint32_t)a.b[0] << 24 | (uint32_t)a.b[1] << 16 | (uint32_t)a.b[2] << 8 | a.b[3];
	return true;
}

static bool set_span(struct reader *r, const char *value, void *to)
{
	return utime_parse_span(value, to) || complain(r, "\"%s\" is no span of time, as 90s, 5m, 2h", value);
}

static bool set_seconds(struct reader *r, const char *value, void *to)
{
	utime_t span;

	if (!utime_parse_span(value, &span) || span > 65535 * UTIME_SECOND || span < UTIME_SECOND)
		return complain(r, "\"%s\" is no span from 1 s to 65535 s", value);
	*(unsigned *)to = (unsigned)(span / UTIME_SECOND);
	return true;
}

static bool set_number(struct reader *r, const char *value, void *to)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || v > UINT_MAX)
		return complain(r, "\"%s\" is no number", value);
	*(unsigned *)to = (unsigned)v;
	return true;
}

static bool set_severity(struct reader *r, const char *value, void *to)
{
	return severity_parse(value, to) ||
	       complain(r, "\"%s\" is no severity: info, low, medium, high or critical", value);
}

static bool set_kind(struct reader *r, const char *value, void *to)
{
	return alert_kind_parse(value, to) ||
	       complain(
		   r, "\"%s\" is no kind of alert: webhook, slack, mail, syslog, command or file", value);
}

static bool set_yes(struct reader *r, const char *value, void *to)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return complain(r, "\"%s\": yes or no is wanted", value);
	*(bool *)to = *value == 'y';
	return true;
}

static bool set_subscribe(struct reader *r, const char *value, void *to)
{
	if (strcmp(value, "all") != 0 && strcmp(value, "territories") != 0)
		return complain(r, "\"%s\": all or territories is wanted", value);
	*(bool *)to = *value == 'a';
	return true;
}

static bool set_rib(struct reader *r, const char *value, void *to)
{
	static const char *const names[] = {"auto", "pre-policy", "post-policy", "loc-rib", "adj-rib-out"};

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], value) == 0) {
			*(enum bmp_choice *)to = (enum bmp_choice)i;
			return true;
		}
	return complain(r, "\"%s\": auto, pre-policy, post-policy, loc-rib or adj-rib-out is wanted", value);
}

static bool set_family(struct reader *r, const char *value, void *to)
{
	if (strcmp(value, "4") != 0 && strcmp(value, "6") != 0 && strcmp(value, "all") != 0)
		return complain(r, "\"%s\": 4, 6 or all is wanted", value);
	*(uint8_t *)to = *value == 'a' ? 0 : (uint8_t)(*value - '0');
	return true;
}

/* ---- keys ---- */

#define OF_WATCH(m)  offsetof(struct watch_config, m)
#define OF_SOURCE(m) offsetof(struct watch_source, m)
#define OF_ALERT(m)  offsetof(struct alert_route, m)
#define BIT(part)    (1U << (part))

static const struct key {
	unsigned parts;
	const char *name;
	bool (*set)(struct reader *r, const char *value, void *to);
	size_t at;
} keys[] = {
    {BIT(PART_WATCH), "store", set_text, OF_WATCH(store)},
    {BIT(PART_WATCH), "spool", set_text, OF_WATCH(spool)},
    {BIT(PART_WATCH), "territories", set_text, OF_WATCH(territories)},
    {BIT(PART_WATCH), "registry", set_words, OF_WATCH(registry)},
    {BIT(PART_WATCH), "who", set_words, OF_WATCH(who)},
    {BIT(PART_WATCH), "family", set_family, OF_WATCH(detect.family)},
    {BIT(PART_WATCH), "all-peers", set_yes, OF_WATCH(detect.all_peers)},
    {BIT(PART_WATCH), "baseline", set_yes, OF_WATCH(detect.baseline)},
    {BIT(PART_BMP) | BIT(PART_BGP), "listen", set_text, OF_SOURCE(listen.address)},
    {BIT(PART_BMP) | BIT(PART_BGP), "allow", set_prefixes, OF_SOURCE(listen.allow)},
    {BIT(PART_BMP), "rib", set_rib, OF_SOURCE(rib)},
    {BIT(PART_BGP), "local-as", set_asn, OF_SOURCE(listen.local_as)},
    {BIT(PART_BGP), "peer-as", set_asns, OF_SOURCE(listen.peer_as)},
    {BIT(PART_BGP), "router-id", set_router_id, OF_SOURCE(listen.router_id)},
    {BIT(PART_BGP), "hold", set_seconds, OF_SOURCE(listen.hold)},
    {BIT(PART_BGP), "password", set_text, OF_SOURCE(listen.password)},
    {BIT(PART_RIS), "url", set_text, OF_SOURCE(ris.url)},
    {BIT(PART_RIS), "ca", set_text, OF_SOURCE(ris.ca_file)},
    {BIT(PART_RIS), "subscribe", set_subscribe, OF_SOURCE(ris_all)},
    {BIT(PART_RIS), "reconnect-after", set_seconds, OF_SOURCE(ris.silence)},
    {BIT(PART_FOLLOW), "folder", set_text, OF_SOURCE(follow.folder)},
    {BIT(PART_FOLLOW), "collector", set_words, OF_SOURCE(follow.collector)},
    {BIT(PART_FOLLOW), "url", set_text, OF_SOURCE(follow.url)},
    {BIT(PART_FOLLOW), "every", set_seconds, OF_SOURCE(follow.every)},
    {BIT(PART_BMP) | BIT(PART_BGP) | BIT(PART_RIS) | BIT(PART_FOLLOW), "silence", set_span,
	OF_SOURCE(silence)},
    {BIT(PART_ALERT), "kind", set_kind, OF_ALERT(kind)},
    {BIT(PART_ALERT), "url", set_text, OF_ALERT(target)},
    {BIT(PART_ALERT), "run", set_text, OF_ALERT(target)},
    {BIT(PART_ALERT), "file", set_text, OF_ALERT(target)},
    {BIT(PART_ALERT), "socket", set_text, OF_ALERT(target)},
    {BIT(PART_ALERT), "from", set_text, OF_ALERT(from)},
    {BIT(PART_ALERT), "to", set_text, OF_ALERT(to)},
    {BIT(PART_ALERT), "user", set_text, OF_ALERT(user)},
    {BIT(PART_ALERT), "password", set_text, OF_ALERT(password)},
    {BIT(PART_ALERT), "ca", set_text, OF_ALERT(ca_file)},
    {BIT(PART_ALERT), "starttls", set_yes, OF_ALERT(starttls)},
    {BIT(PART_ALERT), "template", set_text, OF_ALERT(template)},
    {BIT(PART_ALERT), "territory", set_words, OF_ALERT(territory)},
    {BIT(PART_ALERT), "severity", set_severity, OF_ALERT(least)},
    {BIT(PART_ALERT), "group", set_span, OF_ALERT(group)},
    {BIT(PART_ALERT), "per-hour", set_number, OF_ALERT(per_hour)},
};

/* ---- sections ---- */

static void name_source(struct watch_source *s, const char *name)
{
	s->listen.name = s->ris.name = s->follow.name = name;
}

const char *source_name(const struct watch_source *s)
{
	return s->listen.name;
}

static bool good_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_", *p))
			return false;
	return *s && strlen(s) < 60;
}

/* "alert night-shift": the part, and the place of what it describes, made when first met. */
static bool section_open(struct reader *r, const char *section)
{
	struct watch_config *c = r->c;
	size_t n = strcspn(section, " \t");
	const char *name = section + n + strspn(section + n, " \t");
	unsigned part = 0;

	snprintf(r->section, sizeof r->section, "%s", section);
	while (part < PARTS && (strlen(part_names[part]) != n || strncmp(part_names[part], section, n) != 0))
		part++;
	r->part = (enum part)part;
	r->part_known = false;
	if (part == PARTS)
		return complain(
		    r, "no section [%s]: watch, bmp, bgp, ris, follow or alert, and a name", section);
	if (part == PART_WATCH)
		return r->part_known = true;
	if (!good_name(name))
		return complain(
		    r, "[%s NAME]: a name of letters, digits, - and _ is wanted", part_names[part]);
	name = keep_text(r, name);
	if (part == PART_ALERT) {
		c->route = longer(r, c->route, c->routes, sizeof *c->route);
		c->route[c->routes++] =
		    (struct alert_route){.name = name, .kind = ALERT_KINDS, .least = SEVERITY_LOW};
	} else {
		c->source = longer(r, c->source, c->sources, sizeof *c->source);
		c->source[c->sources] = (struct watch_source){.kind = (enum source_kind)(part - PART_BMP)};
		name_source(&c->source[c->sources++], name);
	}
	return r->part_known = true;
}

static void *section_base(struct reader *r)
{
	if (r->part == PART_WATCH)
		return r->c;
	if (r->part == PART_ALERT)
		return &r->c->route[r->c->routes - 1];
	return &r->c->source[r->c->sources - 1];
}

static bool set_key(struct reader *r, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].parts & BIT(r->part) && strcmp(keys[i].name, name) == 0)
			return keys[i].set(r, value, (char *)section_base(r) + keys[i].at);
	if (r->part == PART_WATCH) {
		int done = detect_option(&r->c->detect, name, value);
		if (done > 0)
			return true;
		if (done < 0)
			return complain(r, "%s: \"%s\" is not a value for it", name, value);
	}
	return complain(r, "[%s] has no key \"%s\"", part_names[r->part], name);
}

static void add_digest(uint64_t *digest, const char *section, const char *name, const char *value)
{
	const char *const part[] = {section, name, value};

	for (unsigned i = 0; i < 3; i++)
		*digest = hash_u64(*digest ^ hash_bytes(part[i], strlen(part[i])));
}

static int on_key(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;

	if (strcmp(section, r->section) != 0 && !section_open(r, section))
		return 1; /* told once; its keys are passed over */
	if (!r->part_known)
		return 1;
	if (r->part == PART_WATCH && strcmp(name, "spool") != 0)
		add_digest(&r->c->watched_digest, section, name, value);
	else if (r->part != PART_WATCH && r->part != PART_ALERT)
		add_digest(&r->c->sources_digest, section, name, value);
	set_key(r, name, value);
	return 1;
}

static char *next_line(char *line, int size, void *arg)
{
	struct reader *r = arg;
	char long_line[4096];
	size_t n;

	if (!fgets(long_line, sizeof long_line, r->file))
		return NULL;
	r->line++;
	n = strcspn(long_line, "\r\n");
	if (n > LINE_MAX_BYTES) {
		complain(
		    r, "a line longer than %d characters; repeat the key for more of a list", LINE_MAX_BYTES);
		n = 0;
	}
	snprintf(line, (size_t)size, "%.*s\n", (int)n, long_line);
	return line;
}

/* ---- what must be there ---- */

static bool has_scheme(const char *url, const char *const *schemes)
{
	for (; url && *schemes; schemes++)
		if (strncmp(url, *schemes, strlen(*schemes)) == 0)
			return true;
	return false;
}

static void check_route(struct reader *r, const struct alert_route *a)
{
	static const char *const http[] = {"https://", "http://", NULL}, *const smtp[] = {
									     "smtps://", "smtp://", NULL};
	static const char *const want[] = {"url = https://...", "url = https://...", "url = smtp://...", NULL,
	    "run = COMMAND", "file = PATH"};

	if (a->kind == ALERT_KINDS)
		complain(r, "[alert %s]: kind is missing", a->name);
	else if (want[a->kind] && !a->target)
		complain(r, "[alert %s]: %s is missing", a->name, want[a->kind]);
	else if ((a->kind <= ALERT_SLACK && !has_scheme(a->target, http)) ||
		 (a->kind == ALERT_MAIL && !has_scheme(a->target, smtp)))
		complain(r, "[alert %s]: %s is wanted, not \"%s\"", a->name, want[a->kind], a->target);
	else if (a->kind == ALERT_MAIL && (!a->from || !a->to))
		complain(r, "[alert %s]: a mail needs from and to", a->name);
}

static void check_source(struct reader *r, const struct watch_source *s)
{
	static const char *const want[] = {
	    "listen = ADDRESS:PORT", "listen = ADDRESS:PORT", "url = wss://...", "folder = PATH"};
	const char *const have[] = {s->listen.address, s->listen.address, s->ris.url, s->follow.folder};

	const char *fault = NULL;

	if (!have[s->kind])
		complain(r, "[%s %s]: %s is missing", part_names[s->kind + PART_BMP], source_name(s),
		    want[s->kind]);
	else if (s->kind == SOURCE_BMP || s->kind == SOURCE_BGP)
		fault = live_listen_fault(&s->listen);
	else if (s->kind == SOURCE_RIS)
		fault = live_ris_fault(&s->ris);
	if (fault)
		complain(r, "[%s %s]: %s", part_names[s->kind + PART_BMP], source_name(s), fault);
}

static void check_names(struct reader *r)
{
	struct watch_config *c = r->c;

	for (size_t i = 0; i < c->sources; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(source_name(&c->source[i]), source_name(&c->source[k])) == 0)
				complain(r, "two sources are called \"%s\"", source_name(&c->source[i]));
	for (size_t i = 0; i < c->routes; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->route[i].name, c->route[k].name) == 0)
				complain(r, "two alerts are called \"%s\"", c->route[i].name);
}

bool watch_config_read(struct watch_config *c, const char *path, void (*tell)(const char *line))
{
	struct reader r = {.c = c, .tell = tell};

	*c = (struct watch_config){.detect = detect_defaults};
	c->detect.baseline = false;
	c->path = arena_strn(&c->arena, path, strlen(path));
	r.file = fopen(path, "re");
	if (!r.file)
		return complain(&r, "%s", strerror(errno));
	ini_parse_stream(next_line, &r, on_key, &r);
	fclose(r.file);
	r.line = 0;
	for (size_t i = 0; i < c->sources; i++)
		check_source(&r, &c->source[i]);
	for (size_t i = 0; i < c->routes; i++)
		check_route(&r, &c->route[i]);
	check_names(&r);
	if (!c->sources && !c->errors)
		complain(
		    &r, "no source: a section [bmp NAME], [bgp NAME], [ris NAME] or [follow NAME] is wanted");
	if (c->routes && !c->spool)
		complain(
		    &r, "alerts need a folder to wait in until they are delivered: spool = PATH in [watch]");
	return c->errors == 0;
}

void watch_config_free(struct watch_config *c)
{
	arena_free(&c->arena);
	*c = (struct watch_config){0};
}
