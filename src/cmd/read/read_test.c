/*
 * `isthmus read` as a user runs it: archives made here, every output, every filter, damage, pipes. The binary
 * is $ISTHMUS.
 */
#include "decode/decode.h"
#include "decode/sample.h"

#include <bzlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static struct sample sample;
static char dir[] = "/tmp/isthmus-read-XXXXXX";
static char output[1 << 20];

static void write_file(const char *name, const void *p, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

/* Runs `isthmus read ARGS` in the folder; its output in `output`, standard error behind it; the exit status.
 */
static int run(const char *args)
{
	char command[1024];
	size_t n = 0, k;
	FILE *f;
	int status;

	snprintf(command, sizeof command, "cd %s && \"%s\" read %s 2>&1", dir, getenv("ISTHMUS"), args);
	f = popen(command, "r");
	assert_non_null(f);
	while ((k = fread(output + n, 1, sizeof output - 1 - n, f)) > 0)
		n += k;
	output[n] = '\0';
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *args, int status, const char *text)
{
	assert_int_equal(run(args), status);
	assert_string_equal(output, text);
}

static size_t lines(void)
{
	size_t n = 0;
	for (const char *p = output; *p; p++)
		n += *p == '\n';
	return n;
}

/* An UPDATE with all that the outputs show. */
static void put_rich(struct sample *s)
{
	static const uint8_t sets[] = {2, 2, 0, 0, 0xd, 0x1c, 0, 0, 0x12, 0xe5, 1, 2, 0, 0, 0, 7, 0, 0, 0, 8};
	size_t record = sample_record(s, 1506848871, 17, 4), bgp, hole;

	put32(s, 250000);
	put_session(s, 131279, "2001:db8:0:1:1:1:1:9", 4);
	bgp = put_bgp(s, 2);
	put16(s, 0);
	hole = hole16(s);
	put_attr(s, 0x40, ATTR_ORIGIN, "\1", 1);
	put_attr(s, 0x40, ATTR_AS_PATH, sets, sizeof sets);
	put_attr(s, 0x40, ATTR_NEXT_HOP, "\300\0\2\1", 4);
	put_attr(s, 0x80, ATTR_MED, "\377\377\377\377", 4);
	put_attr(s, 0x40, ATTR_LOCAL_PREF, "\0\0\0\144", 4);
	put_attr(s, 0x40, ATTR_ATOMIC, "", 0);
	put_attr(s, 0xc0, ATTR_AGGREGATOR, "\0\0\375\350\12\0\0\1", 8);
	put_attr(s, 0xc0, ATTR_COMMUNITY, "\15\34\0\144\377\377\377\1", 8);
	put_attr(s, 0x80, ATTR_ORIGINATOR, "\12\0\0\2", 4);
	put_attr(s, 0x80, ATTR_CLUSTER, "\12\0\0\3\12\0\0\4", 8);
	put_attr(s, 0xc0, ATTR_EXT_COMMUNITY, "\0\2\375\350\0\0\0\144", 8);
	put_attr(s, 0xc0, ATTR_LARGE_COMMUNITY, "\0\0\341\372\0\0\0\1\0\0\0\2", 12);
	put_attr(s, 0xc0, ATTR_OTC, "\0\0\15\34", 4);
	put_attr(s, 0xc0, 128, "\1\2", 2);
	fill16(s, hole);
	put_nlri(s, "175.45.176.0/24");
	fill_bgp(s, bgp);
	sample_end(s, record);
}

/* A dump of two prefixes by three peers, then updates, a withdrawal and a state. */
static void put_all(struct sample *s)
{
	static const char *const kp[] = {"175.45.176.0/24", "175.45.178.0/24", NULL};
	size_t record, bgp, hole;

	s->n = 0;
	put_peers(s, 1506844800, 3);
	put_rib(s, 1506844800, 2, "175.45.176.0/22", 3, 131279);
	put_rib(s, 1506844800, 4, "2001:db8::/32", 2, 64499);
	put_announcement(s, 1506848871, 65551, 131279, kp);
	put_announcement(s, 1506848872, 20485, 131279, kp);
	record = sample_record(s, 1506848880, 16, 4);
	put_session(s, 20485, "192.0.2.9", 4);
	bgp = put_bgp(s, 2);
	hole = hole16(s);
	put_nlri(s, "175.45.178.0/24");
	fill16(s, hole);
	put16(s, 0);
	fill_bgp(s, bgp);
	sample_end(s, record);
	record = sample_record(s, 1506848890, 16, 5);
	put_session(s, 20485, "192.0.2.9", 4);
	put32(s, 6 << 16 | 1);
	sample_end(s, record);
}

#define RIB4(i)                               \
	"TABLE_DUMP2|1506844800|B|10.0.0." #i \
	"|6553" i6(i) "|175.45.176.0/22|6553" i6(i) " 3356 131279|IGP|192.0.2.1|0|0||NAG||\n"
#define i6(i) i6_##i
#define i6_0  "6"
#define i6_1  "7"
#define i6_2  "8"
#define A1    "BGP4MP|1506848871|A|192.0.2.9|65551|175.45.176.0/24|65551 3356 131279|IGP|192.0.2.1|0|0||NAG||\n"
#define A2    "BGP4MP|1506848871|A|192.0.2.9|65551|175.45.178.0/24|65551 3356 131279|IGP|192.0.2.1|0|0||NAG||\n"
#define A3    "BGP4MP|1506848872|A|192.0.2.9|20485|175.45.176.0/24|20485 3356 131279|IGP|192.0.2.1|0|0||NAG||\n"
#define A4    "BGP4MP|1506848872|A|192.0.2.9|20485|175.45.178.0/24|20485 3356 131279|IGP|192.0.2.1|0|0||NAG||\n"
#define W1    "BGP4MP|1506848880|W|192.0.2.9|20485|175.45.178.0/24\n"
#define S1    "BGP4MP|1506848890|STATE|192.0.2.9|20485|6|1\n"
#define R4    RIB4(0) RIB4(1) RIB4(2)
#define R6                                                                                                  \
	"TABLE_DUMP2|1506844800|B|10.0.0.0|65536|2001:db8::/32|65536 3356 64499|IGP|192.0.2.1|0|0||NAG||\n" \
	"TABLE_DUMP2|1506844800|B|10.0.0.1|65537|2001:db8::/32|65537 3356 64499|IGP|192.0.2.1|0|0||NAG||\n"

static void test_bgpdump(void **state)
{
	put_all(&sample);
	write_file("all.mrt", sample.b, sample.n);
	expect("all.mrt", 0, R4 R6 A1 A2 A3 A4 W1 S1);
	expect("-o bgpdump-M --type announce --prefix 175.45.176.0/24 all.mrt", 0,
	    "BGP4MP|10/01/17 09:07:51|A|192.0.2.9|65551|175.45.176.0/24|65551 3356 131279|IGP\n"
	    "BGP4MP|10/01/17 09:07:52|A|192.0.2.9|20485|175.45.176.0/24|20485 3356 131279|IGP\n");
	sample.n = 0;
	put_rich(&sample);
	write_file("rich.mrt", sample.b, sample.n);
	expect("rich.mrt", 0,
	    "BGP4MP_ET|1506848871.250000|A|2001:db8::1:1:1:1:9|131279|175.45.176.0/24|3356 4837 "
	    "{7,8}|EGP|192.0.2.1|100|"
	    "4294967295|3356:100 no-export|AG|65000 10.0.0.1|\n");
}

static void test_filters(void **state)
{
	static const struct {
		const char *args, *want;
	} rows[] = {
	    {"--type rib", R4 R6},
	    {"--type withdraw --type state", W1 S1},
	    {"--family 6", R6},
	    {"--family 4 --type rib", R4},
	    {"--from 2017-10-01T09:07:52Z", A3 A4 W1 S1},
	    {"--from 2017-10-01T09:07:51Z --to 1506848872", A1 A2}, /* half open */
	    {"--to 2017-10-01T09:00", R4 R6},
	    {"--peer 20485", A3 A4 W1 S1},
	    {"--peer AS20485 --peer 10.0.0.2",
		"TABLE_DUMP2|1506844800|B|10.0.0.2|65538|175.45.176.0/22|65538 3356 "
		"131279|IGP|192.0.2.1|0|0||NAG||\n" A3 A4 W1 S1},
	    {"--prefix 175.45.178.0/24", A2 A4 W1},
	    {"--prefix 175.45.178.0/24 --exact", A2 A4 W1},
	    {"--prefix 175.45.176.0/23 --more", A1 A3},
	    {"--prefix 175.45.178.0/24 --less", R4 A2 A4 W1},
	    {"--prefix 175.45.178.0/25 --overlap", R4 A2 A4 W1},
	    {"--prefix 175.45.178.7 --less --type withdraw", W1},
	    {"--prefix 2001:db8::/32 --prefix 175.45.178.0/24 --type rib", R6},
	    {"--origin 64499", R6},
	    {"--origin 131279 --peer 65551", A1 A2},
	    {"--as 20485", A3 A4},
	    {"--as 3356 --type rib --family 6", R6},
	    {"--path _131279$ --type announce", A1 A2 A3 A4},
	    {"--path ^20485_", A3 A4},
	    {"--path '^3356_' --path '^65551_'", A1 A2},
	    {"--path '^[0-9]+_3356_64499$'", R6},
	    {"--community 3356:100", ""},
	};

	put_all(&sample);
	write_file("all.mrt", sample.b, sample.n);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char args[256];
		snprintf(args, sizeof args, "%s all.mrt", rows[i].args);
		if (run(args) != 0 || strcmp(output, rows[i].want) != 0)
			fail_msg("%s:\n%s", rows[i].args, output);
	}
}

static void test_communities(void **state)
{
	static const struct {
		const char *pattern;
		bool yes;
	} rows[] = {{"3356:100", true}, {"3356:*", true}, {"*:100", true}, {"*:*", true}, {"3356:101", false},
	    {"no-export", true}, {"no-advertise", false}, {"57850:1:2", true}, {"57850:*:2", true},
	    {"*:*:3", false}, {"65535:65281", true}};

	sample.n = 0;
	put_rich(&sample);
	write_file("rich.mrt", sample.b, sample.n);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char args[256];
		snprintf(args, sizeof args, "--community '%s' rich.mrt", rows[i].pattern);
		assert_int_equal(run(args), 0);
		if (lines() != rows[i].yes)
			fail_msg("%s", rows[i].pattern);
	}
	assert_int_equal(run("--origin 8 rich.mrt"), 0); /* the set that ends the path */
	assert_int_equal(lines(), 1);
	assert_int_equal(run("--origin 4837 rich.mrt"), 0);
	assert_int_equal(lines(), 0);
}

static void test_country(void **state)
{
	static const char registry[] = "2|apnic|20171001|2|19830613|20171001|+1000\n"
				       "apnic|*|asn|*|1|summary\napnic|*|ipv6|*|1|summary\n"
				       "apnic|FJ|ipv6|2001:db8::|32|20091221|allocated|x\n"
				       "apnic|NR|asn|20486|1|20091221|allocated|y\n";

	put_all(&sample);
	put_rib(&sample, 1506844800, 2, "203.0.113.0/24", 1, 20486);
	write_file("all.mrt", sample.b, sample.n);
	write_file("delegated-apnic-extended-20171001", registry, sizeof registry - 1);
	assert_int_equal(run("--country FJ --registry delegated-apnic-extended-20171001 all.mrt"), 0);
	assert_string_equal(output, R6); /* the prefix is registered there */
	assert_int_equal(run("--country nr --registry delegated-apnic-extended-20171001 all.mrt"), 0);
	assert_int_equal(lines(), 1); /* its origin is */
	assert_non_null(strstr(output, "|203.0.113.0/24|"));
	assert_int_equal(
	    run("--country FJ --country NR --registry delegated-apnic-extended-20171001 all.mrt"), 0);
	assert_int_equal(lines(), 3);
}

static void test_json(void **state)
{
	sample.n = 0;
	put_rich(&sample);
	write_file("rich.mrt", sample.b, sample.n);
	expect("-o json rich.mrt", 0,
	    "{\"type\":\"UPDATE\",\"timestamp\":1506848871.25,\"peer\":\"2001:db8:0:1:1:1:1:9\",\"peer_asn\":"
	    "\"131279\","
	    "\"path\":[3356,4837,[7,8]],\"community\":[[3356,100],[65535,65281]],\"large_community\":[[57850,"
	    "1,2]],"
	    "\"ext_community\":[\"0002fde800000064\"],\"origin\":\"egp\",\"med\":4294967295,\"local_pref\":"
	    "100,\"otc\":3356,"
	    "\"atomic_aggregate\":true,\"aggregator\":\"65000:10.0.0.1\",\"originator_id\":\"10.0.0.2\","
	    "\"cluster_list\":[\"10.0.0.3\",\"10.0.0.4\"],\"attributes\":{\"128\":\"0102\"},"
	    "\"announcements\":[{\"next_hop\":\"192.0.2.1\",\"prefixes\":[\"175.45.176.0/24\"]}]}\n");
	put_all(&sample);
	write_file("all.mrt", sample.b, sample.n);
	expect("-o json --peer 20485 --type withdraw --type state all.mrt", 0,
	    "{\"type\":\"UPDATE\",\"timestamp\":1506848880,\"peer\":\"192.0.2.9\",\"peer_asn\":\"20485\","
	    "\"withdrawals\":[\"175.45.178.0/24\"]}\n"
	    "{\"type\":\"RIS_PEER_STATE\",\"timestamp\":1506848890,\"peer\":\"192.0.2.9\",\"peer_asn\":"
	    "\"20485\","
	    "\"state\":\"down\",\"old_state\":6,\"new_state\":1}\n");
	expect("-o json --peer 10.0.0.1 --family 6 all.mrt", 0,
	    "{\"type\":\"RIB\",\"timestamp\":1506844800,\"peer\":\"10.0.0.1\",\"peer_asn\":\"65537\","
	    "\"originated\":1506844700,"
	    "\"path\":[65537,3356,64499],\"origin\":\"igp\",\"announcements\":[{\"next_hop\":\"192.0.2.1\","
	    "\"prefixes\":[\"2001:db8::/32\"]}]}\n");
}

static void test_csv(void **state)
{
	sample.n = 0;
	put_rich(&sample);
	write_file("rich.mrt", sample.b, sample.n);
	expect("-o csv rich.mrt", 0,
	    "type,timestamp,peer,peer_asn,prefix,path_id,path,origin,next_hop,local_pref,med,community,large_"
	    "community,"
	    "atomic_aggregate,aggregator,otc\n"
	    "announce,2017-10-01T09:07:51.25Z,2001:db8:0:1:1:1:1:9,131279,175.45.176.0/24,,\"3356 4837 "
	    "{7,8}\",EGP,192.0.2.1,"
	    "100,4294967295,3356:100 no-export,57850:1:2,1,65000 10.0.0.1,3356\n");
	put_all(&sample);
	write_file("all.mrt", sample.b, sample.n);
	assert_int_equal(run("-o csv --type state --type withdraw all.mrt"), 0);
	assert_non_null(
	    strstr(output, "\nwithdraw,2017-10-01T09:08:00Z,192.0.2.9,20485,175.45.178.0/24,,,,,,,,,,,\n"
			   "state,2017-10-01T09:08:10Z,192.0.2.9,20485,,,6 1,,,,,,,,,\n"));
}

static void test_totals(void **state)
{
	put_all(&sample);
	write_file("all.mrt", sample.b, sample.n);
	expect("--count all.mrt", 0, "rib       5\nannounce  4\nwithdraw  1\nstate     1\ntotal     11\n");
	expect("--count --origin 131279 all.mrt", 0,
	    "rib       3\nannounce  4\nwithdraw  0\nstate     0\ntotal     7\n");
	sample.b[sample.n++] = 7; /* a fault, so that it stands in both places */
	write_file("all.mrt", sample.b, sample.n);
	assert_int_equal(run("--stats all.mrt"), 1);
	assert_non_null(strstr(output, "records   7\n  TABLE_DUMP_V2  3\n  BGP4MP         4\n"));
	assert_non_null(strstr(output, "peers     5\nprefixes  3 IPv4, 1 IPv6\npaths     7\norigins   2\n"));
	assert_non_null(strstr(output, "from      2017-10-01T08:00:00Z\nto        2017-10-01T09:08:10Z\n"));
	assert_non_null(strstr(output, "  1 the file ends inside a record\n"));
}

/* Several dumps in one file, each with a peer index of its own: entries go by the index before them. */
static void test_joined(void **state)
{
	sample.n = 0;
	put_peers(&sample, 1000, 3);
	put_rib(&sample, 1000, 2, "10.0.0.0/8", 1, 7018);
	put_peers(&sample, 2000, 1);
	sample.b[sample.n - 1] = 99; /* another AS */
	put_rib(&sample, 2000, 2, "10.0.0.0/8", 1, 7018);
	put_rib(&sample, 2000, 2, "11.0.0.0/8", 2,
	    7018); /* its second entry is of a peer that this index lacks */
	write_file("joined.mrt", sample.b, sample.n);
	assert_int_equal(run("joined.mrt"), 1);
	assert_int_equal(lines(), 4);
	assert_non_null(strstr(output, "TABLE_DUMP2|1000|B|10.0.0.0|65536|10.0.0.0/8|"));
	assert_non_null(strstr(output, "TABLE_DUMP2|2000|B|10.0.0.0|65635|10.0.0.0/8|"));
	assert_non_null(strstr(output, "TABLE_DUMP2|2000|B|10.0.0.0|65635|11.0.0.0/8|"));
	assert_non_null(strstr(output, ": a table entry of a peer that no peer index names (1 times)\n"));
}

/* Members one after the other in a .gz, streams in a .bz2: all are read; and standard input. */
static void test_wrappings(void **state)
{
	char path[256];
	size_t half;

	put_all(&sample);
	half = sample.n / 2;
	snprintf(path, sizeof path, "%s/two.gz", dir);
	for (unsigned i = 0; i < 2; i++) {
		gzFile f = gzopen(path, i ? "ab" : "wb");
		gzwrite(f, sample.b + i * half, (unsigned)(i ? sample.n - half : half));
		gzclose(f);
	}
	expect("two.gz", 0, R4 R6 A1 A2 A3 A4 W1 S1);
	expect("- < two.gz", 0, R4 R6 A1 A2 A3 A4 W1 S1);
	expect("--type state two.gz two.gz", 0, S1 S1);
	{
		static char packed[1 << 17];
		size_t n = 0;
		for (unsigned i = 0; i < 2; i++) {
			unsigned room = (unsigned)(sizeof packed - n);
			assert_int_equal(
			    BZ2_bzBuffToBuffCompress(packed + n, &room, (char *)sample.b + i * half,
				(unsigned)(i ? sample.n - half : half), 9, 0, 0),
			    BZ_OK);
			n += room;
		}
		write_file("two.bz2", packed, n);
	}
	expect("two.bz2", 0, R4 R6 A1 A2 A3 A4 W1 S1);
}

static void test_damage(void **state)
{
	char path[256];

	put_all(&sample);
	write_file("cut.mrt", sample.b, sample.n - 1);
	assert_int_equal(run("cut.mrt"), 1);
	assert_non_null(strstr(output, R4 R6 A1 A2 A3 A4 W1));
	assert_non_null(strstr(output, "cut.mrt: offset 529: the file ends inside a record (1 times)\n"));
	write_file("text", "this is not an archive of routing data, but a line of text\n", 58);
	assert_int_equal(run("--type state text all.mrt"), 1);
	assert_non_null(strstr(output, S1));
	assert_non_null(strstr(output, "text: "));
	assert_int_equal(run("--type state missing.mrt all.mrt"), 1);
	assert_non_null(strstr(output, S1));
	assert_non_null(strstr(output, "missing.mrt: "));
	expect("- </dev/null", 1, "-: empty\n");
	snprintf(path, sizeof path, "%s/none.gz", dir);
	gzclose(gzopen(path, "wb"));
	expect("- <none.gz", 1, "-: empty\n");
	expect("/dev/null", 1, "/dev/null: empty\n");
	write_file("empty", "", 0);
	expect("empty", 1, "empty: empty\n");
	memmove(sample.b + 150, sample.b + 170, sample.n - 170);
	write_file("hole.mrt", sample.b, sample.n - 20);
	assert_int_equal(run("--type state hole.mrt"), 1);
	assert_non_null(strstr(output, S1));
	assert_non_null(strstr(output, "bytes skipped)"));
}

/* A message whose attributes serve IPv4 and IPv6 routes: they are printed twice, and their faults told once.
 */
static void test_faults_once(void **state)
{
	static const uint8_t reach[] = {
	    0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 32, 0x20, 1, 0xd, 0xb8};
	size_t record, bgp, hole;

	sample.n = 0;
	record = sample_record(&sample, 1506848871, 16, 4);
	put_session(&sample, 65551, "192.0.2.9", 4);
	bgp = put_bgp(&sample, 2);
	put16(&sample, 0);
	hole = hole16(&sample);
	put_attr(&sample, 0x40, ATTR_ORIGIN, "\11", 1);
	put_attr(&sample, 0x80, ATTR_MP_REACH, reach, sizeof reach);
	fill16(&sample, hole);
	put_nlri(&sample, "10.0.0.0/8");
	put_nlri(&sample, "11.0.0.0/8");
	fill_bgp(&sample, bgp);
	sample_end(&sample, record);
	write_file("faulty.mrt", sample.b, sample.n);
	assert_int_equal(run("faulty.mrt"), 1);
	assert_int_equal(lines(), 4);
	assert_non_null(strstr(output, "|2001:db8::/32|"));
	assert_non_null(strstr(output,
	    "faulty.mrt: offset 0: a path attribute of a value that its type does not allow (1 times)\n"));
}

static void test_usage(void **state)
{
	static const char *const wrong[] = {"", "--path '(' all.mrt", "--prefix x all.mrt", "--exact all.mrt",
	    "--prefix 10.0.0.0/8 --more --less all.mrt", "--community 1 all.mrt",
	    "--community 1:2:3:4 all.mrt", "--family 5 all.mrt", "--peer x all.mrt",
	    "--from yesterday all.mrt", "--type x all.mrt", "-o xml all.mrt", "--country Korea all.mrt",
	    "--nonsense all.mrt", "--community 70000:1 all.mrt"};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (run(wrong[i]) != 2)
			fail_msg("\"%s\" is not refused: %s", wrong[i], output);
}

/* A reader that goes away ends it at once, without a word. */
static void test_closed_pipe(void **state)
{
	static const char *const kp[] = {"175.45.176.0/24", "175.45.178.0/24", NULL};
	FILE *f;
	char path[256];

	sample.n = 0;
	for (unsigned i = 0; i < 100; i++)
		put_announcement(&sample, 1506848871, 65551, 131279, kp);
	snprintf(path, sizeof path, "%s/large.mrt", dir);
	f = fopen(path, "wb");
	for (unsigned i = 0; i < 1000; i++)
		fwrite(sample.b, 1, sample.n, f);
	fclose(f);
	assert_int_equal(run("large.mrt | head -2; echo ${PIPESTATUS:-}"), 0);
	assert_string_equal(output, A1 A2 "\n");
}

static int begin(void **state)
{
	return mkdtemp(dir) && getenv("ISTHMUS") ? 0 : -1;
}

static int end(void **state)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bgpdump),
	    cmocka_unit_test(test_filters),
	    cmocka_unit_test(test_communities),
	    cmocka_unit_test(test_country),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_totals),
	    cmocka_unit_test(test_joined),
	    cmocka_unit_test(test_wrappings),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_faults_once),
	    cmocka_unit_test(test_usage),
	    cmocka_unit_test(test_closed_pipe),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
