/* net/asn: see asn.h. */
#include "net/asn.h"

static size_t digits(const char *s, size_t n, uint64_t *v)
{
	size_t i = 0;

	for (*v = 0; i < n && i < 11 && s[i] >= '0' && s[i] <= '9'; i++)
		*v = *v * 10 + (uint64_t)(s[i] - '0');
	return i;
}

bool asn_parse(const char *s, size_t n, asn_t *asn)
{
	uint64_t high, low;
	size_t k;

	if (n > 2 && (s[0] == 'A' || s[0] == 'a') && (s[1] == 'S' || s[1] == 's')) {
		s += 2;
		n -= 2;
	}
	k = digits(s, n, &high);
	if (k == 0 || high > UINT32_MAX)
		return false;
	if (k == n) {
		*asn = (asn_t)high;
		return true;
	}
	if (s[k] != '.' || high > 0xffff)
		return false;
	if (k + 1 == n || digits(s + k + 1, n - k - 1, &low) != n - k - 1 || low > 0xffff)
		return false;
	*asn = (asn_t)(high << 16 | low);
	return true;
}
