/* show/format: names of the output formats. */
#include "show/show.h"

bool format_parse(const char *s, enum format *format)
{
	static const char *const name[] = {
	    [FORMAT_TEXT] = "text",
	    [FORMAT_JSON] = "json",
	    [FORMAT_CSV] = "csv",
	    [FORMAT_SVG] = "svg",
	    [FORMAT_HTML] = "html",
	};

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (strcmp(name[i], s) == 0) {
			*format = (enum format)i;
			return true;
		}
	return false;
}
