/* show/picture: pictures of a report as SVG. */
#include "show/report.h"
double picture_shares(struct out *o, const struct answer *a, double width)
{
	return width;
}
void report_svg(struct out *o, const struct answer *a)
{
}
void report_html(struct out *o, const struct answer *a, size_t n)
{
}
