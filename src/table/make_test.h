/*
 * table/make_test: MRT for the tests of the table and the pipe, written from text. In: "10.0.0.0/8
 * 2001:db8::/32" (with ADDPATH: "7:10.0.0.0/8"), paths "1 2 {3 4}". Out: records (RFC 6396, RFC 8050) in a
 * memory buffer.
 */
#ifndef TABLE_MAKE_TEST_H
#define TABLE_MAKE_TEST_H

#include "base/out.h"
#include "table/table.h"

#include <stdlib.h>
#include <string.h>

static inline void put(struct out *o, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		out_char(o, (char)(v >> (8 * bytes)));
}

static inline struct peer_key mk_peer(const char *addr, asn_t asn)
{
	struct peer_key key = {.asn = asn};

	if (!addr_parse(addr, strlen(addr), &key.addr))
		abort();
	return key;
}

static inline struct prefix mk_prefix(const char *text)
{
	struct prefix p;

	if (!prefix_parse(text, strlen(text), &p))
		abort();
	return p;
}

static inline void mk_record(struct out *o, utime_t time, unsigned type, unsigned subtype, struct out *body)
{
	bool et = type == 16 && time % UTIME_SECOND;

	put(o, (uint64_t)(time / UTIME_SECOND), 4);
	put(o, et ? 17 : type, 2);
	put(o, subtype, 2);
	put(o, body->n + (et ? 4 : 0), 4);
	if (et)
		put(o, (uint64_t)(time % UTIME_SECOND), 4);
	out_bytes(o, body->buf, body->n);
	out_close(body);
}

static inline void put_addr(struct out *o, const struct addr *a)
{
	out_bytes(o, a->b, a->family == FAMILY_IPV4 ? 4 : 16);
}

static inline void put_session(struct out *o, const struct peer_key *peer)
{
	static const uint8_t local[16] = {192, 0, 2, 1};

	put(o, peer->asn, 4);
	put(o, 65000, 4);
	put(o, 0, 2);
	put(o, peer->addr.family == FAMILY_IPV4 ? 1 : 2, 2);
	put_addr(o, &peer->addr);
	out_bytes(o, local, peer->addr.family == FAMILY_IPV4 ? 4 : 16);
}

static inline void mk_state(struct out *o, utime_t time, const struct peer_key *peer, int old, int new)
{
	struct out body;

	out_open_mem(&body);
	put_session(&body, peer);
	put(&body, (uint64_t)old, 2);
	put(&body, (uint64_t) new, 2);
	mk_record(o, time, 16, 5, &body);
}

/* The prefixes of one family from a list of words. */
static inline void put_nlri(struct out *o, const char *words, uint8_t family, bool addpath)
{
	while (words && *words) {
		size_t n = strcspn(words, " "), id = addpath ? strcspn(words, ":") + 1 : 0;
		struct prefix p;
		if (!prefix_parse(words + id, n - id, &p))
			abort();
		if (p.family == family) {
			if (addpath)
				put(o, strtoul(words, NULL, 10), 4);
			put(o, p.len, 1);
			out_bytes(o, p.b, (p.len + 7U) / 8);
		}
		words += n + strspn(words + n, " ");
	}
}

static inline void put_attr(struct out *o, unsigned flags, unsigned code, struct out *value)
{
	put(o, flags | 0x10, 1);
	put(o, code, 1);
	put(o, value->n, 2);
	out_bytes(o, value->buf, value->n);
	out_close(value);
}

/* "1 2 {3 4} 5": sequences, and sets in braces. */
static inline void put_path(struct out *o, const char *path)
{
	struct out value;
	size_t at = 0, words;

	out_open_mem(&value);
	for (const char *p = path; *p;) {
		bool set = *p == '{';
		size_t end = set ? strcspn(p, "}") : strcspn(p, "{");
		const char *stop = p + end;
		put(&value, set ? SEGMENT_SET : SEGMENT_SEQUENCE, 1);
		at = value.n;
		put(&value, 0, 1);
		for (words = 0, p += set; p < stop; words++) {
			char *rest;
			put(&value, strtoul(p, &rest, 10), 4);
			p = rest + strspn(rest, " ");
		}
		value.buf[at] = (char)words;
		p = stop + (set ? 1 : 0);
		p += strspn(p, " ");
	}
	put_attr(o, 0x40, ATTR_AS_PATH, &value);
}

static inline void put_attrs(
    struct out *o, const char *path, const char *announced, const char *withdrawn, bool addpath, uint32_t otc)
{
	struct out value;

	if (path && announced) {
		out_open_mem(&value);
		put(&value, 0, 1);
		put_attr(o, 0x40, ATTR_ORIGIN, &value);
		put_path(o, path);
		out_open_mem(&value);
		put(&value, 0xc0000201, 4);
		put_attr(o, 0x40, ATTR_NEXT_HOP, &value);
	}
	if (otc) {
		out_open_mem(&value);
		put(&value, otc, 4);
		put_attr(o, 0xc0, ATTR_OTC, &value);
	}
	if (announced && strstr(announced, "::")) {
		out_open_mem(&value);
		put(&value, 0x000201, 3);
		put(&value, 16, 1);
		put(&value, 0, 8);
		put(&value, 1, 8);
		put(&value, 0, 1);
		put_nlri(&value, announced, FAMILY_IPV6, addpath);
		put_attr(o, 0x80, ATTR_MP_REACH, &value);
	}
	if (withdrawn && strstr(withdrawn, "::")) {
		out_open_mem(&value);
		put(&value, 0x000201, 3);
		put_nlri(&value, withdrawn, FAMILY_IPV6, addpath);
		put_attr(o, 0x80, ATTR_MP_UNREACH, &value);
	}
}

struct said_update {
	utime_t time;
	const struct peer_key *peer;
	const char *withdrawn, *path, *announced;
	bool addpath;
	uint32_t otc;
};

static inline void mk_message(struct out *o, const struct said_update *u)
{
	struct out body, nlri, attrs;

	out_open_mem(&body);
	put_session(&body, u->peer);
	for (int i = 0; i < 16; i++)
		put(&body, 0xff, 1);
	out_open_mem(&nlri);
	out_open_mem(&attrs);
	put_nlri(&nlri, u->withdrawn, FAMILY_IPV4, u->addpath);
	put_attrs(&attrs, u->path, u->announced, u->withdrawn, u->addpath, u->otc);
	size_t head = body.n;
	put(&body, 0, 2);
	put(&body, 2, 1);
	put(&body, nlri.n, 2);
	out_bytes(&body, nlri.buf, nlri.n);
	put(&body, attrs.n, 2);
	out_bytes(&body, attrs.buf, attrs.n);
	put_nlri(&body, u->announced, FAMILY_IPV4, u->addpath);
	body.buf[head] = (char)((body.n - head + 16) >> 8);
	body.buf[head + 1] = (char)(body.n - head + 16);
	out_close(&nlri);
	out_close(&attrs);
	mk_record(o, u->time, 16, u->addpath ? 9 : 4, &body);
}

static inline void mk_announce(
    struct out *o, utime_t time, const struct peer_key *peer, const char *path, const char *announced)
{
	mk_message(
	    o, &(struct said_update){.time = time, .peer = peer, .path = path, .announced = announced});
}

static inline void mk_withdraw(
    struct out *o, utime_t time, const struct peer_key *peer, const char *withdrawn)
{
	mk_message(o, &(struct said_update){.time = time, .peer = peer, .withdrawn = withdrawn});
}

static inline void mk_peers(struct out *o, utime_t time, const struct peer_key *peer, size_t n)
{
	struct out body;

	out_open_mem(&body);
	put(&body, 0x0a0a0a0a, 4);
	put(&body, 0, 2);
	put(&body, n, 2);
	for (size_t i = 0; i < n; i++) {
		bool six = peer[i].addr.family == FAMILY_IPV6;
		put(&body, six ? 3 : 2, 1);
		put(&body, 0x01010101, 4);
		put_addr(&body, &peer[i].addr);
		put(&body, peer[i].asn, 4);
	}
	mk_record(o, time, 13, 1, &body);
}

struct said_entry {
	unsigned peer;
	const char *path;
	uint32_t add_id;
};

static inline void mk_rib(
    struct out *o, utime_t time, const char *prefix, bool addpath, const struct said_entry *entry, size_t n)
{
	struct prefix p = mk_prefix(prefix);
	struct out body, attrs;

	out_open_mem(&body);
	put(&body, 0, 4);
	put(&body, p.len, 1);
	out_bytes(&body, p.b, (p.len + 7U) / 8);
	put(&body, n, 2);
	for (size_t i = 0; i < n; i++) {
		put(&body, entry[i].peer, 2);
		put(&body, 0, 4);
		if (addpath)
			put(&body, entry[i].add_id, 4);
		out_open_mem(&attrs);
		put_attrs(&attrs, entry[i].path, "", NULL, false, 0);
		put(&body, attrs.n, 2);
		out_bytes(&body, attrs.buf, attrs.n);
		out_close(&attrs);
	}
	mk_record(o, time, 13, (p.family == FAMILY_IPV4 ? 2U : 4U) + (addpath ? 6U : 0U), &body);
}

/* Reads all records into the table; gives how many faults they had. */
static inline uint64_t feed(struct table *t, struct source *s, const struct out *bytes, struct changes *out)
{
	struct mrt m = {0};
	struct cur c = cur_of(bytes->buf, bytes->n);
	struct update u;
	uint64_t faults = 0;

	while (mrt_next(&m, &c, (uint64_t)(c.p - (const uint8_t *)bytes->buf), true, &u) == MRT_UPDATE)
		table_apply(t, s, &u, &m.faults, out);
	for (int k = 0; k < FAULT_KINDS; k++)
		faults += m.faults.n[k];
	return faults;
}

/* "1 2 0 5" into buf: the path as the table has it. */
static inline const char *path_words(const struct table *t, path_id id, char *buf, size_t n)
{
	asn_t list[256];
	size_t k = path_list(t, id, list, 256);
	struct out o;

	out_open_mem(&o);
	for (size_t i = 0; i < k; i++)
		out_printf(&o, "%s%u", i ? " " : "", list[i]);
	out_char(&o, '\0');
	strncpy(buf, o.buf, n - 1);
	buf[n - 1] = '\0';
	out_close(&o);
	return buf;
}

#endif
