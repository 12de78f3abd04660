/* Tests of what is written: records read back by the decoder, and compressed files by their libraries. */
#include "sim/mrt.h"

#include "base/mem.h"
#include "decode/decode.h"
#include "sim/archive.h"
#include "sim/pack.h"
#include "sim/rand.h"

#include <bzlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
/* cmocka wants those above it */
#include <cmocka.h>

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_parse(text, strlen(text), &p));
	return p;
}

static struct addr addr(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, strlen(text), &a));
	return a;
}

static struct update next(struct mrt *m, struct cur *c)
{
	struct update u;

	assert_int_equal(mrt_next(m, c, 0, true, &u), MRT_UPDATE);
	for (int i = 1; i < FAULT_KINDS; i++)
		assert_int_equal(m->faults.n[i], 0);
	return u;
}

static const asn_t path[] = {3356, 20485, 131279};
static const uint32_t community[] = {3356U << 16 | 3, 20485U << 16 | 65535};
static const uint32_t large[] = {131279, 1, 2};

static struct mrt_attrs attrs(const char *next_hop)
{
	return (struct mrt_attrs){.path = path,
	    .paths = 3,
	    .next_hop = addr(next_hop),
	    .has_med = true,
	    .med = 7,
	    .atomic = true,
	    .aggregator = 131279,
	    .community = community,
	    .communities = 2,
	    .large = large,
	    .larges = 1};
}

static void updates(void **state)
{
	static const char *const nets[2][2] = {
	    {"175.45.176.0/24", "10.128.0.0/9"}, {"2001:db8::/32", "2001:db8:ffff::/48"}};
	static const char *const peers[2] = {"198.18.0.1", "2001:db8::7"};
	utime_t at = utime_of(1506848871, 250000);
	struct out o;
	struct mrt m = {0};
	struct cur c;

	out_open_mem(&o);
	for (int v6 = 0; v6 < 2; v6++) {
		struct mrt_peer peer = {addr(peers[v6]), 1, 400000};
		struct mrt_local local = {.v4 = addr("192.0.2.1"), .v6 = addr("2001:db8::1"), .asn = 6447};
		struct prefix p[2] = {prefix(nets[v6][0]), prefix(nets[v6][1])};
		struct mrt_attrs a = attrs(peers[v6]);
		assert_int_equal(mrt_put_update(&o, at, true, &peer, &local, &a, p, 2), 2);
		assert_int_equal(mrt_put_update(&o, at, false, &peer, &local, NULL, p, 2), 2);
		mrt_put_state(&o, at, true, &peer, &local, 6, 1);
		mrt_put_open(&o, at, true, &peer, &local);
	}
	c = cur_of(o.buf, o.n);
	for (int v6 = 0; v6 < 2; v6++) {
		struct update u = next(&m, &c);
		struct prefix got;
		struct span as_path, as4;
		asn_t flat[8];
		unsigned flags = 0;
		uint32_t id;
		assert_int_equal(u.kind, UPDATE_MESSAGE);
		assert_int_equal(u.time, at);
		assert_int_equal(u.peer.asn, 400000);
		for (int i = 0; i < 2; i++) {
			struct prefix want = prefix(nets[v6][i]);
			assert_true(nlri_next(&u.announced[v6], &got, &id, &m.faults, 0));
			assert_true(prefix_equal(&got, &want));
		}
		assert_false(nlri_next(&u.announced[v6], &got, &id, &m.faults, 0));
		attrs_paths(&u.attrs, &as_path, &as4);
		assert_int_equal(as_path_flat(as_path, as4, u.attrs.as_size, flat, 8, &flags), 3);
		assert_memory_equal(flat, path, sizeof path);
		u = next(&m, &c);
		assert_int_equal(u.time, utime_of(1506848871, 0)); /* a record of seconds */
		assert_true(nlri_next(&u.withdrawn[v6], &got, &id, &m.faults, 0));
		assert_true(nlri_next(&u.withdrawn[v6], &got, &id, &m.faults, 0));
		assert_false(nlri_next(&u.announced[v6], &got, &id, &m.faults, 0));
		u = next(&m, &c);
		assert_true(u.kind == UPDATE_STATE && u.old_state == 6 && u.new_state == 1);
		assert_int_equal(next(&m, &c).kind, UPDATE_OTHER);
	}
	assert_int_equal(cur_left(&c), 0);
	out_close(&o);
}

/* What does not fit a message of 4096 bytes (RFC 4271 4) goes into the next. */
static void long_updates(void **state)
{
	struct prefix p[3000];
	struct mrt_peer peer = {addr("198.18.0.1"), 1, 3356};
	struct mrt_local local = {.v4 = addr("192.0.2.1"), .asn = 6447};
	struct mrt_attrs a = attrs("198.18.0.1");
	size_t taken = 0, seen = 0, messages = 0;
	struct out o;
	struct mrt m = {0};
	struct cur c;

	for (uint32_t i = 0; i < 3000; i++)
		p[i] = prefix_make(FAMILY_IPV4, (uint8_t[4]){11, (uint8_t)(i >> 8), (uint8_t)i, 0}, 24);
	out_open_mem(&o);
	while (taken < 3000)
		taken += mrt_put_update(
		    &o, 0, true, &peer, &local, taken % 2 ? &a : NULL, p + taken, 3000 - taken);
	c = cur_of(o.buf, o.n);
	while (cur_left(&c)) {
		struct update u = next(&m, &c);
		struct prefix got;
		uint32_t id;
		assert_in_range(u.message.n, 1, 4096);
		while (nlri_next(&u.announced[0], &got, &id, &m.faults, 0) ||
		       nlri_next(&u.withdrawn[0], &got, &id, &m.faults, 0))
			assert_true(prefix_equal(&got, &p[seen++]));
		messages++;
	}
	assert_int_equal(seen, 3000);
	assert_in_range(messages, 3, 5);
	out_close(&o);
}

static void rib(void **state)
{
	struct mrt_peer peer[2] = {{addr("198.18.0.1"), 1, 3356}, {addr("2001:db8::7"), 2, 400000}};
	static struct mrt_peers peers;
	struct prefix p[2] = {prefix("175.45.176.0/22"), prefix("2001:db8::/33")};
	struct out o, bytes;
	struct mrt m = {0};
	struct update u;
	struct cur c;

	out_open_mem(&o);
	out_open_mem(&bytes);
	mrt_put_peers(&o, 0, 77, "view", peer, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct mrt_attrs a = attrs(i ? "2001:db8::7" : "198.18.0.1");
		size_t mark = mrt_rib_begin(&o, 0, i, &p[i]);
		bytes.n = 0;
		mrt_put_attrs(&bytes, &a);
		mrt_rib_entry(&o, i, utime_of(1000, 0), bytes.buf, bytes.n);
		mrt_rib_end(&o, mark, 1);
	}
	c = cur_of(o.buf, o.n);
	u = next(&m, &c);
	assert_int_equal(u.kind, UPDATE_PEERS);
	assert_true(mrt_peers_load(&peers, &u, &m.faults));
	assert_int_equal(peers.n, 2);
	assert_int_equal(peers.peer[1].asn, 400000);
	for (unsigned i = 0; i < 2; i++) {
		struct rib_entry e;
		struct attr_view v;
		u = next(&m, &c);
		assert_true(u.kind == UPDATE_RIB && prefix_equal(&u.prefix, &p[i]) && u.sequence == i);
		assert_true(rib_entry_next(&u, &e, &m.faults));
		assert_int_equal(e.peer_index, i);
		assert_int_equal(e.originated, utime_of(1000, 0));
		attrs_scan(&e.attrs, &v, &m.faults, 0);
		assert_true(attr_seen(&v, ATTR_COMMUNITY) && attr_seen(&v, ATTR_LARGE_COMMUNITY));
		assert_int_equal(attr_seen(&v, ATTR_MP_REACH), i);
		assert_false(v.withdraw || rib_entry_next(&u, &e, &m.faults));
	}
	for (int i = 1; i < FAULT_KINDS; i++)
		assert_int_equal(m.faults.n[i], 0);
	out_close(&o);
	out_close(&bytes);
}

/* ---- compression ---- */
static size_t gz_all(const char *file, char *to, size_t cap)
{
	gzFile f = gzopen(file, "rb");
	int n = gzread(f, to, (unsigned)cap);

	assert_true(n >= 0 && gzeof(f) | 1);
	assert_int_equal(gzclose(f), Z_OK);
	return (size_t)n;
}

/* As the archives' readers do: one stream, and nothing behind it. */
static size_t bz2_all(const char *file, char *to, size_t cap)
{
	FILE *f = fopen(file, "rb");
	int rc = BZ_OK;
	BZFILE *b = BZ2_bzReadOpen(&rc, f, 0, 0, NULL, 0);
	int n = BZ2_bzRead(&rc, b, to, (int)cap);
	void *unused;
	int left;

	assert_int_equal(rc, BZ_STREAM_END);
	BZ2_bzReadGetUnused(&rc, b, &unused, &left);
	assert_int_equal(left, 0);
	assert_int_equal(fgetc(f), EOF);
	BZ2_bzReadClose(&rc, b);
	fclose(f);
	return (size_t)n;
}

static size_t plain_all(const char *file, char *to, size_t cap)
{
	FILE *f = fopen(file, "rb");
	size_t n = fread(to, 1, cap, f);

	fclose(f);
	return n;
}

static void one_stream(void **state)
{
	static const size_t sizes[] = {0, 1, 32767, 699999, 700000, 700001, 5600000, 5600001, 7000123};
	static size_t (*const all[])(const char *, char *, size_t) = {gz_all, bz2_all, plain_all};
	const size_t most = 7000123;
	char *bytes = mem_alloc(most), *back = mem_alloc(most + 2), file[] = "/tmp/isthmus-pack-XXXXXX",
	     why[200];
	struct rand r = {1};

	assert_true(close(mkstemp(file)) == 0);
	for (size_t i = 0; i < most; i++) /* runs, which bzip2's first stage may make longer, and noise */
		bytes[i] = (char)(i % 50000 < 20000 ? (int)(i / 4) : (int)rand_below(&r, 30));
	for (enum pack pack = PACK_GZ; pack <= PACK_PLAIN; pack++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct packer *p = packer_open(file, pack, (unsigned)(i % 3), why, sizeof why);
			for (size_t at = 0; at < sizes[i];) {
				size_t n = 1 + rand_below(&r, 900000);
				n = n < sizes[i] - at ? n : sizes[i] - at;
				packer_write(p, bytes + at, n);
				at += n;
			}
			assert_true(packer_close(p, why, sizeof why));
			assert_int_equal(all[pack](file, back, most + 2), sizes[i]);
			assert_memory_equal(back, bytes, sizes[i]);
			assert_true(pack_file(file, pack, bytes, sizes[i], why, sizeof why));
			assert_int_equal(all[pack](file, back, most + 2), sizes[i]);
			assert_memory_equal(back, bytes, sizes[i]);
		}
	unlink(file);
	free(bytes);
	free(back);
	assert_null(packer_open("/nowhere/x", PACK_GZ, 1, why, sizeof why));
	assert_non_null(strstr(why, "/nowhere/x: "));
}

static void names(void **state)
{
	char name[200];

	archive_name(
	    name, sizeof name, ARCHIVE_ROUTEVIEWS, "route-views2", true, utime_of(1506844800, 0), PACK_BZ2);
	assert_string_equal(name, "route-views2/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2");
	archive_name(name, sizeof name, ARCHIVE_ROUTEVIEWS, "x", false, utime_of(1506844800, 5), PACK_PLAIN);
	assert_string_equal(name, "x/bgpdata/2017.10/UPDATES/updates.20171001.0800");
	archive_name(name, sizeof name, ARCHIVE_RIS, "rrc00", true, utime_of(1506844800, 0), PACK_GZ);
	assert_string_equal(name, "rrc00/2017.10/bview.20171001.0800.gz");
	archive_name(name, sizeof name, ARCHIVE_RIS, "rrc00", false, utime_of(1506845100, 0), PACK_GZ);
	assert_string_equal(name, "rrc00/2017.10/updates.20171001.0805.gz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(updates),
	    cmocka_unit_test(long_updates),
	    cmocka_unit_test(rib),
	    cmocka_unit_test(one_stream),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
