/*
 * decode/bmp on captures of real routers (../shared/data/captures-pmacct), message by message, every field
 * that both sides have: ours and NetGauze's JSON beside each capture are written as one line of text.
 */
#include "decode/bmp.h"
#include "decode/capture_text_test.h"

/* ---- BMP: ours ---- */

static const char *const type_names[] = {"RouteMonitoring", "StatisticsReport", "PeerDownNotification",
    "PeerUpNotification", "Initiation", "Termination", "RouteMirroring"};

static void say_our_peer(struct out *o, const struct bmp_peer *p)
{
	char time[UTIME_TEXT];

	out_printf(o, " type %u", p->type);
	if (p->type == 3)
		out_printf(o, " filtered %d", p->filtered);
	else
		out_printf(o, " post %d out %d as2 %d ipv6 %d",
		    p->view == BMP_IN_POST || p->view == BMP_OUT_POST, p->view >= BMP_OUT_PRE,
		    p->as_size == 2, p->key.addr.family == FAMILY_IPV6);
	out_printf(o, " rd %llx", (unsigned long long)p->distinguisher);
	if (p->type != 3)
		say_addr(o, p->key.addr);
	time[utime_text(time, p->time)] = '\0';
	out_printf(o, " AS%u %u %s", p->key.asn, p->bgp_id, p->time ? time : "-");
}

static void say_tlvs(struct out *o, struct span tlvs, const unsigned *types, size_t n)
{
	struct cur c = cur_of_span(tlvs);
	struct bmp_tlv tlv;

	while (bmp_tlv_next(&c, &tlv))
		for (size_t i = 0; i < n; i++)
			if (types[i] == tlv.type)
				out_printf(
				    o, " %u=%.*s", tlv.type, (int)tlv.value.n, (const char *)tlv.value.p);
	assert_false(c.bad);
}

static void say_our_up(struct out *o, const struct bmp_message *m)
{
	struct bmp_up up;

	assert_true(bmp_up_cut(m, &up));
	if (m->peer.type != 3)
		say_addr(o, up.local);
	out_printf(o, " ports %u %u", up.local_port, up.remote_port);
	say_our_open(o, up.sent);
	say_our_open(o, up.received);
	say_tlvs(o, up.tlvs, (const unsigned[]){3}, 1);
}

static void say_our_stats(struct out *o, const struct bmp_message *m)
{
	struct cur c = cur_of_span(m->body);
	uint32_t due = cur_u32(&c), n = 0;
	struct bmp_stat s;

	for (; bmp_stat_next(&c, &s); n++)
		out_printf(o, " %u %u/%u %llu", s.type, s.afi, s.safi, (unsigned long long)s.value);
	assert_int_equal(n, due);
}

static void say_our_down(struct out *o, const struct bmp_message *m)
{
	struct bmp_down down;

	assert_true(bmp_down_cut(m, &down));
	out_printf(o, " reason %u", down.reason);
	if (down.notification.n)
		out_printf(o, " %u/%u", down.notification.p[19], down.notification.p[20]);
}

static void say_ours(struct bmp *b, struct bmp_message *m, struct out *o)
{
	struct update u;

	out_str(o, type_names[m->type]);
	if (m->has_peer)
		say_our_peer(o, &m->peer);
	if (m->type == BMP_INITIATION)
		say_tlvs(o, m->body, (const unsigned[]){1, 2}, 2);
	else if (m->type == BMP_PEER_UP)
		say_our_up(o, m);
	else if (m->type == BMP_PEER_DOWN)
		say_our_down(o, m);
	else if (m->type == BMP_STATS)
		say_our_stats(o, m);
	while (bmp_update(b, m, &u))
		if (u.kind == UPDATE_MESSAGE)
			say_our_update(o, &u, &b->faults);
}

/* ---- BMP: theirs ---- */

static void say_their_peer(struct out *o, const json_t *head)
{
	static const char *const types[] = {
	    "GlobalInstancePeer", "RdInstancePeer", "LocalInstancePeer", "LocRibInstancePeer"};
	const json_t *type = GET(head, "peer_type"), *flags = VALUE_OF(type), *time = GET(head, "timestamp");
	const char *address = json_string_value(GET(head, "address"));
	char text[UTIME_TEXT] = "-";
	unsigned t = 0;

	while (strcmp(types[t], NAME_OF(type)) != 0)
		assert_true(++t < 4);
	out_printf(o, " type %u", t);
	if (t == 3)
		out_printf(o, " filtered %d", json_is_true(GET(flags, "filtered")));
	else
		out_printf(o, " post %d out %d as2 %d ipv6 %d", json_is_true(GET(flags, "post_policy")),
		    json_is_true(GET(flags, "adj_rib_out")), json_is_true(GET(flags, "asn2")),
		    json_is_true(GET(flags, "ipv6")));
	out_printf(o, " rd %llx", (unsigned long long)distinguisher_of(GET(head, "rd")));
	if (t != 3)
		say_addr_text(o, address ? address : "0.0.0.0");
	if (json_is_string(time)) {
		utime_t at;
		assert_true(utime_parse(json_string_value(time), &at));
		text[utime_text(text, at)] = '\0';
	}
	out_printf(o, " AS%llu %u %s", NUMBER(GET(head, "peer_as")),
	    ipv4_of(json_string_value(GET(head, "bgp_id"))), text);
}

static void say_information(struct out *o, const json_t *body, const char *name, unsigned type)
{
	size_t i;
	const json_t *v;

	json_array_foreach(GET(body, "information"), i, v) if (GET(v, name))
	    out_printf(o, " %u=%s", type, json_string_value(GET(v, name)));
}

static void say_their_up(struct out *o, const json_t *body)
{
	const json_t *local = GET(body, "local_address");
	const char *type = NAME_OF(GET(GET(body, "peer_header"), "peer_type"));

	if (strcmp(type, "LocRibInstancePeer") != 0)
		say_addr_text(o, json_is_string(local) ? json_string_value(local) : "0.0.0.0");
	out_printf(o, " ports %llu %llu", NUMBER(GET(body, "local_port")), NUMBER(GET(body, "remote_port")));
	say_their_open(o, GET(GET(body, "sent_message"), "Open"));
	say_their_open(o, GET(GET(body, "received_message"), "Open"));
	say_information(o, body, "VrfTableName", 3);
}

static void say_their_stats(struct out *o, const json_t *body)
{
	static const char *const names[] = {"NumberOfPrefixesRejectedByInboundPolicy",
	    "NumberOfDuplicatePrefixAdvertisements", "NumberOfDuplicateWithdraws",
	    "NumberOfUpdatesInvalidatedDueToClusterListLoop", "NumberOfUpdatesInvalidatedDueToAsPathLoop",
	    "NumberOfUpdatesInvalidatedDueToOriginatorId",
	    "NumberOfUpdatesInvalidatedDueToAsConfederationLoop", "NumberOfRoutesInAdjRibIn",
	    "NumberOfRoutesInLocRib", "NumberOfRoutesInPerAfiSafiAdjRibIn",
	    "NumberOfRoutesInPerAfiSafiLocRib", "NumberOfUpdatesSubjectedToTreatAsWithdraw"};
	size_t i;
	const json_t *counter;

	json_array_foreach(GET(body, "counters"), i, counter)
	{
		const json_t *v = VALUE_OF(counter);
		unsigned type = 0;
		if (strcmp(NAME_OF(counter), "Experimental65531") == 0) { /* four bytes, one by one */
			unsigned long long sum = 0;
			for (size_t k = 0; k < json_array_size(v); k++)
				sum = sum << 8 | NUMBER(json_array_get(v, k));
			out_printf(o, " 65531 0/0 %llu", sum);
			continue;
		}
		while (strcmp(names[type], NAME_OF(counter)) != 0)
			assert_true(++type < sizeof names / sizeof *names);
		if (json_is_array(v)) {
			const struct family_name *f = family_of(json_string_value(json_array_get(v, 0)));
			out_printf(o, " %u %u/%u %llu", type, f->afi, f->safi, NUMBER(json_array_get(v, 1)));
		} else {
			out_printf(o, " %u 0/0 %llu", type, NUMBER(v));
		}
	}
}

static void say_their_down(struct out *o, const json_t *body)
{
	const json_t *reason = GET(body, "reason"), *cease;

	if (json_is_string(reason)) {
		assert_string_equal(json_string_value(reason), "RemoteSystemClosedNoData");
		out_printf(o, " reason %d", BMP_DOWN_REMOTE_SILENT);
		return;
	}
	assert_string_equal(NAME_OF(reason), "RemoteSystemClosedNotificationPduFollows");
	cease = GET(GET(VALUE_OF(reason), "Notification"), "CeaseError");
	out_printf(o, " reason %d 6/%d", BMP_DOWN_REMOTE, GET(cease, "AdministrativeShutdown") ? 2 : 4);
	assert_true(GET(cease, "AdministrativeShutdown") || GET(cease, "AdministrativeReset"));
}

static void say_theirs(const json_t *message, struct out *o)
{
	const char *type = NAME_OF(message);
	const json_t *body = VALUE_OF(message), *head = GET(body, "peer_header"),
		     *update = GET(GET(body, "update_message"), "Update");

	out_str(o, type);
	if (head)
		say_their_peer(o, head);
	if (strcmp(type, "Initiation") == 0) {
		say_information(o, body, "SystemDescription", 1);
		say_information(o, body, "SystemName", 2);
	} else if (strcmp(type, "PeerUpNotification") == 0) {
		say_their_up(o, body);
	} else if (strcmp(type, "PeerDownNotification") == 0) {
		say_their_down(o, body);
	} else if (strcmp(type, "StatisticsReport") == 0) {
		say_their_stats(o, body);
	}
	if (update)
		say_their_update(o, update);
}

/* ---- flows ---- */

static bool say_their_line(const json_t *j, struct out *o)
{
	const json_t *v3 = GET(j, "V3");

	if (v3)
		say_theirs(v3, o);
	return v3;
}

static void compare_bmp(struct flow *flow, FILE *expected, struct compared *sum)
{
	struct bmp *b = mem_alloc(sizeof *b);
	struct cur c = cur_of(flow->p, flow->n);
	struct fault_count before = {0};
	struct bmp_message m;
	struct out ours, theirs;
	bool unread;

	out_open_mem(&ours);
	out_open_mem(&theirs);
	while (bmp_next(b, &c, 0, &m) == BMP_MESSAGE) {
		assert_true(next_theirs(expected, &theirs, say_their_line, &unread));
		ours.n = 0;
		say_ours(b, &m, &ours);
		out_char(&ours, 0);
		if (!unread) {
			assert_string_equal(ours.buf, theirs.buf);
			assert_memory_equal(b->faults.n, before.n, sizeof before.n);
		}
		before = b->faults;
		sum->messages++;
		sum->unread += unread;
	}
	out_close(&ours);
	out_close(&theirs);
	free(b);
}

/* Every BMP capture; six messages NetGauze could not read, and says so: an AS_PATH cut, a BGP identifier of
 * 0. */
static void test_bmp(void **state)
{
	struct compared sum = compare_all(
	    "../shared/data/captures-pmacct/*-bmp.json", "-bmp.json", 3, compare_bmp, say_their_line);

	assert_int_equal(sum.messages, 2902);
	assert_int_equal(sum.unread, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bmp)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
