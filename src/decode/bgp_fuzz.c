/* Fuzz: the first byte chooses how, the rest is a BGP message, an attribute list and an AS path. */
#include "decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_attrs(const struct attr_set *set, struct fault_count *faults)
{
	struct span path, path4;
	struct attr_view v;
	struct mp_reach mp;
	asn_t flat[32];
	unsigned flags;

	attrs_scan(set, &v, faults, 0);
	attrs_paths(set, &path, &path4);
	if (as_path_flat(path, path4, set->as_size, flat, 32, &flags) > 32)
		__builtin_trap();
	if (attr_seen(&v, ATTR_MP_REACH))
		mp_reach_cut(v.value[ATTR_MP_REACH], set->rib_form, &mp);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct fault_count faults = {.skipped_bytes = 0};
	struct update u = {.kind = UPDATE_OTHER};
	struct prefix prefix;
	uint32_t id;
	uint8_t how = n ? p[0] : 0, as_size = how & 1 ? 4 : 2;
	struct span rest = {p + (n > 0), n - (n > 0)};

	if (bgp_cut(rest, as_size, how & 2, &u, &faults) && u.kind == UPDATE_MESSAGE) {
		read_attrs(&u.attrs, &faults);
		for (unsigned i = 0; i < 2; i++) {
			while (nlri_next(&u.withdrawn[i], &prefix, &id, &faults, 0))
				if (prefix.len > family_bits(prefix.family))
					__builtin_trap();
			while (nlri_next(&u.announced[i], &prefix, &id, &faults, 0))
				;
		}
	}
	read_attrs(&(struct attr_set){rest, as_size, how & 4}, &faults);
	return 0;
}
