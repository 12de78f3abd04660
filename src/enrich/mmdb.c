/*
 * enrich/mmdb: MaxMind's database format (country, city and ASN databases of any maker). In: the file, by
 * libmaxminddb. Out: where addresses are, and names of ASes. The tree is walked once: look-ups then go to the
 * flat table.
 */
#include "enrich/load.h"
#include "enrich/text.h"

#include <maxminddb.h>

#include <stdio.h>
#include <string.h>

static const char marker[] = "\xab\xcd\xefMaxMind.com";

static bool is_mmdb(struct span content)
{
	size_t tail = content.n < 131072 ? content.n : 131072; /* the metadata is in the last 128 KiB */

	return tail && memmem(content.p + content.n - tail, tail, marker, sizeof marker - 1) != NULL;
}

struct walk {
	struct loading *l;
	MMDB_s *db;
	uint32_t ipv4; /* the node where IPv4 begins in an IPv6 tree; 0: it is an IPv4 tree */
	uint32_t seen; /* offset of the entry read last, and what it said */
	cc_t cc;
	bool bad;
};

static struct span string_at(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return (struct span){0};
	return (struct span){(const uint8_t *)data.utf8_string, data.data_size};
}

static cc_t country_at(MMDB_entry_s *entry)
{
	static const char *const paths[][3] = {{"country", "iso_code", NULL},
	    {"registered_country", "iso_code", NULL}, {"country_code", NULL}, {"country", NULL}};
	cc_t cc;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct span s = string_at(entry, paths[i]);
		if (s.n && text_cc(s, &cc))
			return cc;
	}
	return CC_NONE;
}

static void name_at(struct walk *w, MMDB_entry_s *entry)
{
	static const char *const number[] = {"autonomous_system_number", NULL}, *const as[] = {"asn", NULL},
				 *const org[] = {"autonomous_system_organization", NULL},
				 *const name[] = {"as_name", NULL};
	MMDB_entry_data_s data;
	struct span text = string_at(entry, as);
	asn_t asn = 0;

	if (MMDB_aget_value(entry, &data, number) == MMDB_SUCCESS && data.has_data &&
	    data.type == MMDB_DATA_TYPE_UINT32)
		asn = data.uint32;
	else if (!text.n || !asn_parse((const char *)text.p, text.n, &asn))
		return;
	text = string_at(entry, org);
	load_asn_name(w->l, asn, text.n ? text : string_at(entry, name));
}

static void leaf(struct walk *w, MMDB_entry_s *entry, const uint8_t bits[16], unsigned depth, bool four)
{
	struct prefix p =
	    four ? prefix_make(FAMILY_IPV4, bits + (w->ipv4 ? 12 : 0), w->ipv4 ? depth - 96 : depth)
		 : prefix_make(FAMILY_IPV6, bits, depth);

	w->l->census->rows++;
	if (entry->offset != w->seen || w->l->census->rows == 1) {
		w->cc = country_at(entry);
		w->seen = entry->offset;
		name_at(w, entry);
	}
	load_prefix(w->l, &p, w->cc);
}

/* Depth first; an alias of the IPv4 part elsewhere in the tree (6to4, mapped addresses) is passed over. */
static void walk_node(struct walk *w, uint32_t number, uint8_t bits[16], unsigned depth, bool four)
{
	MMDB_search_node_s node;
	unsigned limit = w->db->metadata.ip_version == 4 ? 32 : 128;

	if (depth >= limit || MMDB_read_node(w->db, number, &node) != MMDB_SUCCESS) {
		w->bad = true;
		return;
	}
	for (int side = 0; side < 2 && !w->bad; side++) {
		uint64_t record = side ? node.right_record : node.left_record;
		uint8_t type = side ? node.right_record_type : node.left_record_type;
		MMDB_entry_s *entry = side ? &node.right_record_entry : &node.left_record_entry;
		bool at_ipv4 = w->ipv4 && record == w->ipv4 && type == MMDB_RECORD_TYPE_SEARCH_NODE;
		static const uint8_t zero[12];
		if (side)
			bits[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
		bool home = depth + 1 == 96 && memcmp(bits, zero, 12) == 0;
		if (type == MMDB_RECORD_TYPE_DATA)
			leaf(w, entry, bits, depth + 1, four || (home && w->ipv4));
		else if (type == MMDB_RECORD_TYPE_SEARCH_NODE && (!at_ipv4 || home))
			walk_node(w, (uint32_t)record, bits, depth + 1, four || home);
		else if (type == MMDB_RECORD_TYPE_INVALID)
			w->bad = true;
	}
	bits[depth / 8] &= (uint8_t) ~(0x80 >> depth % 8);
}

/* Follows 96 zero bits. */
static uint32_t ipv4_node(MMDB_s *db)
{
	MMDB_search_node_s node;
	uint64_t number = 0;

	if (db->metadata.ip_version != 6)
		return 0;
	for (int i = 0; i < 96; i++) {
		if (MMDB_read_node(db, (uint32_t)number, &node) != MMDB_SUCCESS ||
		    node.left_record_type != MMDB_RECORD_TYPE_SEARCH_NODE)
			return 0;
		number = node.left_record;
	}
	return (uint32_t)number;
}

static void load_mmdb(struct loading *l, struct span content)
{
	MMDB_s db;
	int status = MMDB_open(l->path, MMDB_MODE_MMAP, &db);
	uint8_t bits[16] = {0};
	struct walk w;

	if (status != MMDB_SUCCESS) {
		snprintf(l->census->cut, sizeof l->census->cut, "%.80s", MMDB_strerror(status));
		return;
	}
	w = (struct walk){.l = l, .db = &db, .ipv4 = ipv4_node(&db)};
	load_about(l, utime_of((int64_t)db.metadata.build_epoch, 0), db.metadata.database_type);
	walk_node(&w, 0, bits, 0, db.metadata.ip_version == 4);
	if (w.bad)
		snprintf(l->census->cut, sizeof l->census->cut, "its search tree is corrupt");
	MMDB_close(&db);
}

const struct format format_mmdb = {
    .name = "MMDB", .rank = RANK_LOCATED, .located = true, .by_path = true, .is = is_mmdb, .load = load_mmdb};
