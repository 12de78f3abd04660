/* Fuzz: any bytes as a scenario, read to the end or to its first mistake. Files it names are not opened. */
#include "sim/scenario.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char why[200] = "", *text = malloc(n + 1);

	memcpy(text, p, n);
	text[n] = '\0';
	if (!strstr(text, "include") && !strstr(text, "topology") && strlen(text) < 4096)
		scenario_free(scenario_text(text, "fuzz", why, sizeof why));
	free(text);
	return 0;
}
