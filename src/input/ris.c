/* input/ris: see ris.h. */
#include "input/ris.h"

#include "input/bgp.h"

#include <stdio.h>

enum { DEEPEST = 16, OLDEST = 900 /* s: an older timestamp is a server's mistake, or a replay */ };

struct text { /* a JSON string's inside, escapes not undone, or a number's digits */
	const char *p;
	size_t n;
};

struct fields {
	struct text timestamp, peer, peer_asn, host, type, raw, state, message, outer_type;
};

struct scan {
	const char *p, *end;
	struct fields f;
	bool bad;
};

/* Where a member's value goes, by the object it stands in: 0 the outer one, 1 "data". */
static const struct {
	const char *name;
	unsigned depth;
	size_t field;
} members[] = {
    {"type", 0, offsetof(struct fields, outer_type)},
    {"timestamp", 1, offsetof(struct fields, timestamp)},
    {"peer", 1, offsetof(struct fields, peer)},
    {"peer_asn", 1, offsetof(struct fields, peer_asn)},
    {"host", 1, offsetof(struct fields, host)},
    {"type", 1, offsetof(struct fields, type)},
    {"raw", 1, offsetof(struct fields, raw)},
    {"state", 1, offsetof(struct fields, state)},
    {"message", 1, offsetof(struct fields, message)},
};

static bool text_is(struct text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static struct text take_string(struct scan *s)
{
	struct text t = {s->p + 1, 0};

	if (!take(s, '"')) {
		s->bad = true;
		return (struct text){s->p, 0};
	}
	t.p = s->p;
	while (s->p < s->end && *s->p != '"' && (unsigned char)*s->p >= 0x20)
		s->p += *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	t.n = (size_t)(s->p - t.p);
	if (s->p >= s->end || *s->p != '"')
		s->bad = true;
	else
		s->p++;
	return t;
}

static void take_value(struct scan *s, unsigned depth, bool data, struct text *into);

/* The members of an object; `level` 0 the outer one, 1 "data", 2 any other. */
static void take_object(struct scan *s, unsigned depth, unsigned level)
{
	if (take(s, '}'))
		return;
	do {
		struct text name = take_string(s), *into = NULL;
		skip_space(s);
		if (s->bad || !take(s, ':')) {
			s->bad = true;
			return;
		}
		for (size_t i = 0; i < sizeof members / sizeof *members; i++)
			if (members[i].depth == level && text_is(name, members[i].name))
				into = (struct text *)(void *)((char *)&s->f + members[i].field);
		take_value(s, depth + 1, level == 0 && text_is(name, "data"), into);
	} while (!s->bad && take(s, ','));
	if (!take(s, '}'))
		s->bad = true;
}

static void take_array(struct scan *s, unsigned depth)
{
	if (take(s, ']'))
		return;
	do
		take_value(s, depth + 1, false, NULL);
	while (!s->bad && take(s, ','));
	if (!take(s, ']'))
		s->bad = true;
}

static void take_value(struct scan *s, unsigned depth, bool data, struct text *into)
{
	struct text t;

	skip_space(s);
	t = (struct text){s->p, 0};
	if (s->p == s->end || depth > DEEPEST) {
		s->bad = true;
	} else if (*s->p == '"') {
		t = take_string(s);
	} else if (*s->p == '{') {
		s->p++;
		take_object(s, depth, data ? 1 : 2);
		return;
	} else if (*s->p == '[') {
		s->p++;
		take_array(s, depth);
		return;
	} else { /* a number, true, false, null */
		while (s->p < s->end &&
		       (*s->p == '-' || *s->p == '+' || *s->p == '.' || (*s->p >= '0' && *s->p <= '9') ||
			   (*s->p >= 'a' && *s->p <= 'z') || (*s->p >= 'A' && *s->p <= 'Z')))
			s->p++;
		t.n = (size_t)(s->p - t.p);
		s->bad |= t.n == 0;
	}
	if (into && !s->bad)
		*into = t;
}

/* ---- a record of it ---- */

/* "1553627987.89", with at most six decimals that count. */
static utime_t text_time(struct text t, utime_t now)
{
	int64_t seconds = 0;
	uint32_t micros = 0, unit = 100000;
	size_t i = 0;
	utime_t at;

	for (; i < t.n && t.p[i] >= '0' && t.p[i] <= '9' && seconds < INT64_C(100000000000); i++)
		seconds = seconds * 10 + (t.p[i] - '0');
	if (i < t.n && t.p[i] == '.')
		for (i++; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++, unit /= 10)
			micros += (uint32_t)(t.p[i] - '0') * unit;
	at = utime_of(seconds, micros);
	return at > now || at < now - OLDEST * UTIME_SECOND ? now : at;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Into p (room for n / 2); 0: not hexadecimal. */
static size_t text_bytes(struct text t, uint8_t *p)
{
	if (t.n % 2)
		return 0;
	for (size_t i = 0; i < t.n; i += 2) {
		int high = hex_digit(t.p[i]), low = hex_digit(t.p[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		p[i / 2] = (uint8_t)(high << 4 | low);
	}
	return t.n / 2;
}

static enum ris_kind write_state(
    const struct fields *f, utime_t at, const struct bgp_session *who, struct out *o)
{
	bool down = text_is(f->state, "down"), up = text_is(f->state, "connected");

	if (down)
		bgp_record_state(o, at, who, BGP_ESTABLISHED, BGP_IDLE);
	else if (up)
		bgp_record_state(o, at, who, BGP_OPEN_CONFIRM, BGP_ESTABLISHED);
	return down || up ? RIS_RECORD : RIS_NOTHING;
}

static enum ris_kind write_update(const struct fields *f, utime_t at, struct bgp_session *who, struct out *o)
{
	uint8_t message[BGP_LONGEST];
	size_t n = f->raw.n / 2 <= sizeof message ? text_bytes(f->raw, message) : 0;

	if (n < BGP_HEADER + 4 || be16(message + 16) != n || message[18] != BGP_UPDATE)
		return RIS_BAD;
	who->as4 = bgp_update_as4((struct span){message, n});
	bgp_record_message(o, at, who, (struct span){message, n});
	return RIS_RECORD;
}

static enum ris_kind write_record(const struct fields *f, utime_t now, struct out *o)
{
	struct bgp_session who = {.as4 = true};
	utime_t at = text_time(f->timestamp, now);

	if (!addr_parse(f->peer.p, f->peer.n, &who.peer) ||
	    !asn_parse(f->peer_asn.p, f->peer_asn.n, &who.peer_as))
		return RIS_BAD;
	who.local = (struct addr){.family = who.peer.family};
	if (text_is(f->type, "UPDATE"))
		return write_update(f, at, &who, o);
	if (text_is(f->type, "RIS_PEER_STATE"))
		return write_state(f, at, &who, o);
	return RIS_NOTHING;
}

static void copy_text(char host[RIS_HOST], struct text t)
{
	snprintf(host, RIS_HOST, "%.*s", (int)(t.n < RIS_HOST ? t.n : RIS_HOST - 1), t.n ? t.p : "");
}

enum ris_kind ris_scan(const char *p, size_t n, utime_t now, struct out *records, char host[RIS_HOST])
{
	struct scan s = {.p = p, .end = p + n};

	host[0] = '\0';
	if (!take(&s, '{'))
		return RIS_BAD;
	take_object(&s, 0, 0);
	skip_space(&s);
	if (s.bad || s.p != s.end)
		return RIS_BAD;
	if (text_is(s.f.outer_type, "ris_error")) {
		copy_text(host, s.f.message);
		return RIS_ERROR;
	}
	if (!text_is(s.f.outer_type, "ris_message"))
		return RIS_NOTHING;
	copy_text(host, s.f.host);
	/* "rrc00.ripe.net" once, "rrc00" today */
	host[strcspn(host, ".")] = '\0';
	return host[0] ? write_record(&s.f, now, records) : RIS_BAD;
}
