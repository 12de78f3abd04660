/* Fuzz: any text as a RIS Live message. */
#include "input/ris.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct out o;
	char host[RIS_HOST];

	out_open_mem(&o);
	if ((ris_scan((const char *)p, n, UTIME_SECOND, &o, host) == RIS_RECORD) != (o.n > 0))
		__builtin_trap();
	out_close(&o);
	return 0;
}
