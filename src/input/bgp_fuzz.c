/* Fuzz: any bytes as what a BGP peer sends; each message that the session would take, as a record that decode
 * must read. */
#include "decode/decode.h"
#include "input/bgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_record(const struct bgp_session *s, struct span message)
{
	static struct mrt m;
	struct out o;
	struct cur c;
	struct update u;

	out_open_mem(&o);
	bgp_record_message(&o, utime_of(1506848871, 5), s, message);
	c = cur_of(o.buf, o.n);
	m = (struct mrt){0};
	if (mrt_next(&m, &c, 0, true, &u) == MRT_UPDATE &&
	    (u.peer.asn != s->peer_as || u.time != utime_of(1506848871, 5)))
		__builtin_trap();
	if (m.faults.n[FAULT_MRT_LENGTH] || m.faults.n[FAULT_MRT_CUT])
		__builtin_trap();
	out_close(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bgp_session s = {.peer = {.family = FAMILY_IPV4},
	    .local = {.family = FAMILY_IPV4},
	    .peer_as = 64500,
	    .local_as = 1};
	struct bgp_open open;

	while (n >= BGP_HEADER) {
		size_t length = be16(p + 16);
		struct span message = {p, length};
		if (length < BGP_HEADER || length > n)
			break;
		if (p[18] == BGP_OPEN && bgp_open_read(message, &open) == 0)
			s = (struct bgp_session){
			    s.peer, s.local, open.asn, 1, open.as4, {open.sends_ids[0], open.sends_ids[1]}};
		if (p[18] == BGP_UPDATE && be64(p) == UINT64_MAX && be64(p + 8) == UINT64_MAX) {
			bgp_update_as4(message);
			check_record(&s, message);
		}
		p += length;
		n -= length;
	}
	return 0;
}
