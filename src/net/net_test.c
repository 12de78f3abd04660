/* Tests of net: ASNs, prefixes and times in and out of text. */
#include "net/asn.h"
#include "net/prefix.h"
#include "net/utime.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those above it */
#include <cmocka.h>

static void asns(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		asn_t asn;
	} row[] = {{"131279", true, 131279}, {"AS4837", true, 4837}, {"as2.207", true, 131279},
	    {"", false, 0}, {"AS", false, 0}, {"4294967296", false, 0}, {"1.", false, 0},
	    {"1.65536", false, 0}, {"12a", false, 0}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		asn_t asn = 0;
		assert_int_equal(asn_parse(row[i].text, strlen(row[i].text), &asn), row[i].ok);
		if (row[i].ok)
			assert_int_equal(asn, row[i].asn);
	}
	assert_true(
	    asn_reserved(64512) && asn_reserved(0) && asn_reserved(23456) && asn_reserved(UINT32_MAX));
	assert_false(asn_reserved(131279) || asn_reserved(64495) || asn_reserved(131072));
}

static void prefixes(void **state)
{
	static const char *const same[] = {
	    "175.45.176.0/22", "0.0.0.0/0", "2001:db8::/32", "::/0", "1.2.3.4/32"};
	struct prefix p, q;
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_true(prefix_parse(same[i], strlen(same[i]), &p));
		text[prefix_text(text, &p)] = '\0';
		assert_string_equal(text, same[i]);
	}
	assert_true(prefix_parse("175.45.179.255/22", 17, &p));
	assert_true(prefix_parse("175.45.176.0/22", 15, &q));
	assert_true(prefix_equal(&p, &q));
	assert_true(prefix_parse("175.45.178.0/24", 15, &p));
	assert_true(prefix_covers(&q, &p));
	assert_false(prefix_covers(&p, &q));
	assert_false(prefix_parse("1.2.3.4/33", 10, &p));
	assert_false(prefix_parse("1.2.3/8", 7, &p));
	assert_false(prefix_parse("1.2.3.4/", 8, &p));
}

static void times(void **state)
{
	static const struct {
		const char *in, *out;
	} row[] = {{"2017-10-01T09:07:51Z", "2017-10-01T09:07:51Z"},
	    {"2017-10-01 09:07:51.25", "2017-10-01T09:07:51.25Z"}, {"1506848871", "2017-10-01T09:07:51Z"},
	    {"2016-02-29", "2016-02-29T00:00:00Z"}, {"2017-10", "2017-10-01T00:00:00Z"},
	    {"1969-12-31T23:59:59", "1969-12-31T23:59:59Z"}, {"2017", "2017-01-01T00:00:00Z"},
	    {"20171001", "2017-10-01T00:00:00Z"}, {"20171001.0905", "2017-10-01T09:05:00Z"},
	    {"20171001T090751Z", "2017-10-01T09:07:51Z"}, {"2017-10Z", "2017-10-01T00:00:00Z"},
	    {"1506848871.25", "2017-10-01T09:07:51.25Z"}, {"2017-10-01T09:07", "2017-10-01T09:07:00Z"}};
	static const char *const bad[] = {"", "201", "20171", "20171301", "20171001.", "20171001.2500",
	    "20171001.09075", "2017-", "2017T09:00", "2017-13-01", "2017-02-29", "2017-10-01T25:00",
	    "yesterday", "2017-10-01T"};
	char text[UTIME_TEXT];
	utime_t t;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		assert_true(utime_parse(row[i].in, &t));
		utime_text(text, t);
		assert_string_equal(text, row[i].out);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(utime_parse(bad[i], &t));
	assert_true(utime_parse_span("5m", &t));
	assert_int_equal(t, 300 * UTIME_SECOND);
	assert_false(utime_parse_span("-5m", &t));
	assert_true(utime_parse_span("1000000000", &t) && utime_parse_span("1157407d", &t) && t > 0);
	assert_false(utime_parse_span("1157408d", &t) || utime_parse_span("444444443d", &t));
}

/* addr_text against inet_ntop(3), over addresses with many zero groups and embedded IPv4 */
static void address_texts(void **state)
{
	unsigned seed = 7;

	for (unsigned i = 0; i < 20000; i++) {
		struct addr a = {.family = FAMILY_IPV6};
		char want[ADDR_TEXT], got[ADDR_TEXT];
		for (unsigned k = 0; k < 16; k++) {
			seed = seed * 1103515245 + 12345;
			a.b[k] = seed >> 16 & 3 ? 0 : (uint8_t)(seed >> 20);
			if (i % 7 == 0 && (k == 10 || k == 11))
				a.b[k] = 0xff;
		}
		got[addr_text(got, &a)] = '\0';
		assert_non_null(inet_ntop(AF_INET6, a.b, want, sizeof want));
		assert_string_equal(got, want);
	}
}

/* Every octet at every place against inet_ntop(3); the text is written within ADDR_TEXT. */
static void address_texts_v4(void **state)
{
	for (unsigned place = 0; place < 4; place++)
		for (unsigned octet = 0; octet < 256; octet++) {
			struct addr a = {{9, 99, 199, 7}, FAMILY_IPV4};
			char want[ADDR_TEXT], got[ADDR_TEXT];
			a.b[place] = (uint8_t)octet;
			got[addr_text(got, &a)] = '\0';
			assert_non_null(inet_ntop(AF_INET, a.b, want, sizeof want));
			assert_string_equal(got, want);
		}
}

/* Every length of both families, bit by bit; the bytes lie in memory of their own size. */
static void prefix_bits(void **state)
{
	for (unsigned family = FAMILY_IPV4; family <= FAMILY_IPV6; family += 2)
		for (unsigned len = 0; len <= family_bits((uint8_t)family); len++) {
			size_t n = (len + 7) / 8;
			uint8_t *bytes = malloc(n ? n : 1);
			struct prefix p;
			for (size_t i = 0; i < n; i++)
				bytes[i] = (uint8_t)(0xff - i);
			p = prefix_make((uint8_t)family, bytes, len);
			assert_int_equal(p.family, family);
			assert_int_equal(p.len, len);
			for (unsigned bit = 0; bit < 128; bit++)
				assert_int_equal(p.b[bit / 8] >> (7 - bit % 8) & 1,
				    bit < len ? bytes[bit / 8] >> (7 - bit % 8) & 1 : 0);
			free(bytes);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asns),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(times),
	    cmocka_unit_test(address_texts),
	    cmocka_unit_test(address_texts_v4),
	    cmocka_unit_test(prefix_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
