/* Fuzz: any bytes as a router's BMP connection, read to the last prefix. */
#include "decode/bmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_parts(const struct bmp_message *m)
{
	struct cur c = cur_of_span(m->body);
	struct bmp_tlv tlv;
	struct bmp_stat stat;
	struct bmp_up up;
	struct bmp_down down;

	if (m->type == BMP_STATS)
		cur_u32(&c);
	while (m->type == BMP_STATS ? bmp_stat_next(&c, &stat) : bmp_tlv_next(&c, &tlv))
		;
	if (m->type == BMP_PEER_UP && bmp_up_cut(m, &up) && (up.sent.n < 19 || up.received.n < 19))
		__builtin_trap();
	if (m->type == BMP_PEER_DOWN && bmp_down_cut(m, &down) && down.notification.n &&
	    down.notification.n < 19)
		__builtin_trap();
	if (m->type == BMP_TERMINATION)
		bmp_termination_text(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct bmp b;
	struct cur c = cur_of(p, n);
	struct bmp_message m;
	struct update u;
	struct prefix prefix;
	uint32_t id;

	b = (struct bmp){0};
	while (bmp_next(&b, &c, 0, &m) == BMP_MESSAGE) {
		read_parts(&m);
		while (bmp_update(&b, &m, &u))
			for (unsigned i = 0; u.kind == UPDATE_MESSAGE && i < 2; i++) {
				while (nlri_next(&u.withdrawn[i], &prefix, &id, &b.faults, 0))
					;
				while (nlri_next(&u.announced[i], &prefix, &id, &b.faults, 0))
					;
			}
	}
	return 0;
}
