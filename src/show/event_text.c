/*
 * show/event_text: the timeline an analyst pastes into a report: a block an episode, a paragraph an event,
 * with what was seen, by whom, and one path before and after. In: events by first_seen. Out: text.
 */
#include "show/events.h"
#include "show/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 4, PREFIXES_SHOWN = 8 };

const char *text_span(char buf[static 48], utime_t span)
{
	static const struct {
		int64_t seconds;
		const char *word;
	} unit[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	int64_t left = span / UTIME_SECOND;
	size_t at = 0;
	unsigned parts = 0;

	*buf = '\0';
	for (size_t i = 0; i < sizeof unit / sizeof *unit && parts < 3; i++) {
		int64_t n = left / unit[i].seconds;
		left %= unit[i].seconds;
		if (!n)
			continue;
		at += (size_t)snprintf(
		    buf + at, 48 - at, "%s%lld %s", at ? " " : "", (long long)n, unit[i].word);
		parts++;
	}
	if (!at)
		snprintf(buf, 48, "under a second");
	return buf;
}

static void print_line(struct out *o, const struct page *page, const char *s)
{
	text_fill(o, ' ', INDENT);
	text_wrap(o, page, s, INDENT + 2);
}

static void print_prefixes(struct out *o, const struct event *e, const struct page *page)
{
	char line[PREFIXES_SHOWN * (PREFIX_TEXT + 1) + 64];
	size_t at = 0;

	for (size_t i = 0; i < e->prefixes && i < PREFIXES_SHOWN; i++) {
		at += prefix_text(line + at, &e->prefix[i]);
		line[at++] = ' ';
	}
	if (!e->prefixes)
		return;
	line[at ? at - 1 : 0] = '\0';
	if (e->prefixes > PREFIXES_SHOWN)
		snprintf(line + at - 1, 64, " and %zu more", e->prefixes - PREFIXES_SHOWN);
	print_line(o, page, line);
}

static size_t path_words(char *p, size_t n, const asn_t *asn, unsigned asns)
{
	size_t at = 0;

	if (!asns)
		return (size_t)snprintf(p, n, "no route");
	for (unsigned i = 0; i < asns && at + 12 < n; i++)
		at += (size_t)snprintf(p + at, n - at, "%s%u", i ? " " : "", asn[i]);
	return at;
}

static void print_evidence(struct out *o, const struct event *e, const struct page *page)
{
	char line[1024], when[40];
	const struct evidence *v = &e->evidence[0];
	size_t at;

	if (!e->evidences)
		return;
	text_time(when, v->at);
	at = (size_t)snprintf(line, sizeof line, "AS%u at %s: ", v->peer.asn, when + strlen(when) - 8);
	at += path_words(line + at, sizeof line - at, v->before, v->before_n);
	at += (size_t)snprintf(line + at, sizeof line - at, " -> ");
	path_words(line + at, sizeof line - at, v->after, v->after_n);
	print_line(o, page, line);
}

static void print_times(struct out *o, const struct event *e, const struct page *page)
{
	char line[256], when[40], span[48];
	size_t at = 0;

	if (e->end != UTIME_NONE && e->end > e->first_seen) {
		text_time(when, e->end);
		at += (size_t)snprintf(
		    line, sizeof line, "until %s (%s)", when, text_span(span, e->end - e->first_seen));
	} else if (e->end == UTIME_NONE) {
		at += (size_t)snprintf(line, sizeof line, "not over at the end of the data");
	}
	if (e->vantage)
		snprintf(line + at, sizeof line - at, "%sseen by %u network%s at %u collector%s",
		    at ? "; " : "", e->vantage, e->vantage == 1 ? "" : "s", e->collectors,
		    e->collectors == 1 ? "" : "s");
	print_line(o, page, line);
}

static void print_event(struct out *o, const struct event *e, const struct page *page)
{
	static const enum ink ink[] = {INK_DIM, INK_PLAIN, INK_WARN, INK_BAD, INK_BAD};
	char when[40], line[512];

	text_time(when, e->first_seen);
	out_printf(o, "  %s  ", when);
	text_ink(o, page, ink[e->severity]);
	text_left(o, event_kind_text(e->kind), 16);
	out_printf(o, " %s", severity_text(e->severity));
	text_ink(o, page, INK_PLAIN);
	out_char(o, '\n');
	snprintf(line, sizeof line, "%s.", e->why);
	print_line(o, page, line);
	print_times(o, e, page);
	print_prefixes(o, e, page);
	print_evidence(o, e, page);
}

static void print_episode(struct out *o, const struct event_list *l, size_t first)
{
	const struct event *e = &l->v[first];
	const char *why = NULL, *name = e->territory;
	const struct territory *who = *name ? territory_find(l->facts, name, &why) : NULL;
	char when[40];

	text_time(when, e->first_seen);
	text_ink(o, &l->page, INK_BOLD);
	if (who && strcmp(territory_name(who), name) != 0 && *territory_name(who))
		out_printf(o, "%s (%s)", territory_name(who), name);
	else
		out_str(o, *name ? name : e->scope == SCOPE_HEALTH ? "Health" : "Several territories");
	if (e->family == FAMILY_IPV6)
		out_str(o, ", IPv6");
	out_printf(o, ", from %s UTC", when);
	text_ink(o, &l->page, INK_PLAIN);
	out_char(o, '\n');
}

void events_text(struct out *o, const struct event_list *l)
{
	bool *done = l->n ? calloc(l->n, sizeof *done) : NULL;
	char from[40], to[40];

	text_time(from, l->from);
	text_time(to, l->to);
	if (l->n == 0)
		out_printf(o, "Nothing%s happened between %s and %s UTC.\n",
		    l->slighter ? " of the severity asked for" : "", from, to);
	for (size_t i = 0; i < l->n; i++) {
		if (done[i])
			continue;
		if (i)
			out_char(o, '\n');
		print_episode(o, l, i);
		for (size_t k = i; k < l->n; k++)
			if (l->v[k].episode == l->v[i].episode) {
				print_event(o, &l->v[k], &l->page);
				done[k] = true;
			}
	}
	if (l->note)
		out_printf(o, "\n%s\n", l->note);
	free(done);
}
