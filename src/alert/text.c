/*
 * alert/text: the words of an alert. In: events, a route. Out: a JSON document (webhook, file,
 * command), the form of Slack and Mattermost, a line (syslog), a mail; or the route's template with its
 * {fields} filled in.
 */
#include "alert/inner.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static void say_time(struct out *o, utime_t t)
{
	char text[UTIME_TEXT];
	size_t n = t == UTIME_NONE ? 0 : utime_text(text, t);

	out_bytes(o, text, n);
}

static void say_place(struct out *o, const struct event *e)
{
	if (e->territory[0])
		out_str(o, e->territory);
	else if (e->asn)
		out_printf(o, "AS%u", e->asn);
	else
		out_str(o, "routing");
}

/* "KP: upstream-new AS20485 TransTeleCom (RU), high"; "routing: collector-gap, high: source live has said
 * nothing ..." */
static void say_title(struct out *o, const struct alert *a, const struct facts *facts)
{
	const struct event *e = &a->event;
	char cc[3];

	say_place(o, e);
	out_printf(o, ": %s%s", a->over ? "over: " : "", event_kind_text(e->kind));
	if (e->upstream) {
		out_printf(o, " AS%u", e->upstream);
		if (facts && asn_name(facts, e->upstream)[0])
			out_printf(o, " %s", asn_name(facts, e->upstream));
		if (e->country) {
			cc_text(cc, e->country);
			out_printf(o, " (%s)", cc);
		}
	}
	out_printf(o, ", %s", severity_text(e->severity));
	if (e->scope == SCOPE_HEALTH) /* whose it is stands there only */
		out_printf(o, ": %s", e->why);
}

static void say_prefixes(struct out *o, const struct event *e)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < e->prefixes && i < 20; i++) {
		if (i)
			out_char(o, ' ');
		out_bytes(o, text, prefix_text(text, &e->prefix[i]));
	}
	if (e->prefixes > 20)
		out_printf(o, " and %zu more", e->prefixes - 20);
}

static void say_path(struct out *o, const asn_t *asn, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out_printf(o, "%s%u", i ? " " : "", asn[i]);
	if (!n)
		out_str(o, "no route");
}

static void say_details(struct out *o, const struct alert *a)
{
	const struct event *e = &a->event;

	out_printf(o, "%s.\nFirst seen: ", e->why);
	say_time(o, e->first_seen);
	out_str(o, "\nConfirmed:  ");
	say_time(o, e->confirmed);
	if (e->end != UTIME_NONE) {
		out_str(o, "\nOver:       ");
		say_time(o, e->end);
	}
	out_str(o, "\nPrefixes:   ");
	say_prefixes(o, e);
	out_printf(o, "\nSeen by:    %u network%s at %u collector%s\n", e->vantage,
	    e->vantage == 1 ? "" : "s", e->collectors, e->collectors == 1 ? "" : "s");
	for (unsigned i = 0; i < e->evidences; i++) {
		const struct evidence *v = &e->evidence[i];
		out_printf(o, "AS%u at ", v->peer.asn);
		say_time(o, v->at);
		out_str(o, ": ");
		say_path(o, v->before, v->before_n);
		out_str(o, " -> ");
		say_path(o, v->after, v->after_n);
		out_char(o, '\n');
	}
}

/* ---- templates ---- */

static void field_title(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_title(o, a, facts);
}
static void field_details(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_details(o, a);
}
static void field_kind(struct out *o, const struct alert *a, const struct facts *facts)
{
	out_str(o, event_kind_text(a->event.kind));
}
static void field_territory(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_place(o, &a->event);
}
static void field_severity(struct out *o, const struct alert *a, const struct facts *facts)
{
	out_str(o, severity_text(a->event.severity));
}
static void field_state(struct out *o, const struct alert *a, const struct facts *facts)
{
	out_str(o, a->over ? "over" : "begun");
}
static void field_upstream(struct out *o, const struct alert *a, const struct facts *facts)
{
	if (a->event.upstream)
		out_printf(o, "AS%u", a->event.upstream);
}
static void field_why(struct out *o, const struct alert *a, const struct facts *facts)
{
	out_str(o, a->event.why);
}
static void field_first(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_time(o, a->event.first_seen);
}
static void field_confirmed(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_time(o, a->event.confirmed);
}
static void field_end(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_time(o, a->event.end);
}
static void field_prefixes(struct out *o, const struct alert *a, const struct facts *facts)
{
	say_prefixes(o, &a->event);
}
static void field_json(struct out *o, const struct alert *a, const struct facts *facts)
{
	event_json(o, &a->event);
	o->n -= o->n && o->buf[o->n - 1] == '\n';
}

static const struct {
	const char *name;
	void (*say)(struct out *o, const struct alert *a, const struct facts *facts);
} fields[] = {
    {"title", field_title},
    {"details", field_details},
    {"kind", field_kind},
    {"territory", field_territory},
    {"severity", field_severity},
    {"state", field_state},
    {"upstream", field_upstream},
    {"why", field_why},
    {"first_seen", field_first},
    {"confirmed", field_confirmed},
    {"end", field_end},
    {"prefixes", field_prefixes},
    {"json", field_json},
};

/* {field} by its value, \n by a line's end; what is no field stays as it is. */
static void say_template(struct out *o, const char *t, const struct alert *a, const struct facts *facts)
{
	while (*t) {
		const char *end = *t == '{' ? strchr(t, '}') : NULL;
		size_t n = end ? (size_t)(end - t - 1) : 0, i, all = sizeof fields / sizeof *fields;
		for (i = 0; end && i < all; i++)
			if (strlen(fields[i].name) == n && strncmp(fields[i].name, t + 1, n) == 0)
				break;
		if (end && i < all) {
			fields[i].say(o, a, facts);
			t = end + 1;
		} else if (t[0] == '\\' && t[1] == 'n') {
			out_char(o, '\n');
			t += 2;
		} else {
			out_char(o, *t++);
		}
	}
}

/* ---- the kinds' own forms ---- */

static void say_text(struct out *o, const struct alert *v, size_t n, const struct facts *facts)
{
	for (size_t i = 0; i < n; i++) {
		say_title(o, &v[i], facts);
		out_char(o, '\n');
		say_details(o, &v[i]);
		if (i + 1 < n)
			out_char(o, '\n');
	}
}

static void say_held(struct out *o, unsigned held)
{
	if (held)
		out_printf(o, "%u more were held back by this route's limit.\n", held);
}

/* Lines as "<PRI>text" (RFC 5424 6.2.1), facility daemon: what is over is a notice, else by severity. */
static void say_syslog(
    struct out *o, const struct alert_route *r, const struct alert *v, size_t n, const struct facts *facts)
{
	static const int priority[] = {[SEVERITY_INFO] = LOG_INFO,
	    [SEVERITY_LOW] = LOG_NOTICE,
	    [SEVERITY_MEDIUM] = LOG_WARNING,
	    [SEVERITY_HIGH] = LOG_ERR,
	    [SEVERITY_CRITICAL] = LOG_CRIT};
	struct out text;

	out_open_mem(&text);
	for (size_t i = 0; i < n; i++) {
		text.n = 0;
		if (r->template) {
			say_template(&text, r->template, &v[i], facts);
		} else {
			say_title(&text, &v[i], facts);
			if (v[i].event.scope != SCOPE_HEALTH)
				out_printf(&text, ": %s", v[i].event.why);
		}
		out_char(&text, '\0');
		for (const char *line = text.buf; *line; line += strspn(line, "\n")) {
			size_t length = strcspn(line, "\n");
			out_printf(
			    o, "<%d>", LOG_DAEMON | (v[i].over ? LOG_NOTICE : priority[v[i].event.severity]));
			out_bytes(o, line, length);
			out_char(o, '\n');
			line += length;
		}
	}
	out_close(&text);
}

static void write_json(
    struct out *o, const struct alert *v, size_t n, unsigned held, const struct facts *facts)
{
	struct json j = json_on(o);
	struct out one;

	json_open(&j);
	json_key(&j, "source");
	json_str(&j, "isthmus " ISTHMUS_VERSION);
	json_key(&j, "held");
	json_u64(&j, held);
	json_key(&j, "events");
	json_list(&j);
	for (size_t i = 0; i < n; i++) {
		out_open_mem(&one);
		say_title(&one, &v[i], facts);
		json_open(&j);
		json_key(&j, "state");
		json_str(&j, v[i].over ? "over" : "begun");
		json_key(&j, "title");
		json_strn(&j, one.buf, one.n);
		one.n = 0;
		field_json(&one, &v[i], facts);
		out_char(&one, '\0');
		json_key(&j, "event");
		json_raw(&j, one.buf);
		json_end(&j);
		out_close(&one);
	}
	json_done(&j);
	json_end(&j);
}

static void write_slack(struct out *o, const struct out *text)
{
	struct json j = json_on(o);

	json_open(&j);
	json_key(&j, "text");
	json_strn(&j, text->buf, text->n);
	json_end(&j);
}

void alert_write(struct out *body, struct out *subject, const struct alert_route *r, const struct alert *v,
    size_t n, unsigned held, const struct facts *facts)
{
	struct out text;

	say_title(subject, &v[0], facts);
	if (n > 1)
		out_printf(subject, " and %zu more", n - 1);
	out_open_mem(&text);
	if (r->kind == ALERT_SYSLOG) {
		say_syslog(&text, r, v, n, facts);
		if (held)
			out_printf(&text, "<%d>", LOG_DAEMON | LOG_NOTICE);
		say_held(&text, held);
	} else if (r->template) {
		for (size_t i = 0; i < n; i++) {
			if (i)
				out_char(&text, '\n');
			say_template(&text, r->template, &v[i], facts);
		}
	} else {
		say_text(&text, v, n, facts);
		say_held(&text, held);
	}
	if (r->kind == ALERT_SLACK)
		write_slack(body, &text);
	else if (r->template || r->kind == ALERT_MAIL || r->kind == ALERT_SYSLOG)
		out_bytes(body, text.buf, text.n);
	else
		write_json(body, v, n, held, facts);
	out_close(&text);
}
