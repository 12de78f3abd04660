/* show/rows: see rows.h. */
#include "show/rows.h"

#include "show/text.h"

#include <math.h>

enum { DIGITS = 6 };

void rows_begin(struct rows *r, struct out *o, const char *const *column, bool csv)
{
	*r = (struct rows){.o = o, .column = column, .csv = csv};
	for (size_t i = 0; csv && column[i]; i++) {
		if (i)
			out_char(o, ',');
		out_str(o, column[i]);
	}
	if (csv)
		out_char(o, '\n');
}

static void cell(struct rows *r)
{
	if (r->csv) {
		if (r->at)
			out_char(r->o, ',');
	} else {
		if (r->at == 0) {
			r->j = json_on(r->o);
			json_open(&r->j);
		}
		json_key(&r->j, r->column[r->at]);
	}
	r->at++;
}

void row_str(struct rows *r, const char *s)
{
	cell(r);
	if (r->csv)
		text_csv(r->o, s);
	else
		json_str(&r->j, s);
}

void row_u64(struct rows *r, uint64_t v)
{
	cell(r);
	if (r->csv)
		out_u64(r->o, v);
	else
		json_u64(&r->j, v);
}

void row_num(struct rows *r, double v)
{
	cell(r);
	if (!r->csv)
		json_num(&r->j, v, DIGITS);
	else if (isfinite(v))
		out_fixed(r->o, v, DIGITS);
}

void row_time(struct rows *r, utime_t t)
{
	char text[UTIME_TEXT] = "";

	if (t != UTIME_NONE)
		utime_text(text, t);
	if (!r->csv && t == UTIME_NONE) {
		cell(r);
		json_none(&r->j);
		return;
	}
	row_str(r, text);
}

void row_end(struct rows *r)
{
	if (!r->csv)
		json_end(&r->j);
	out_char(r->o, '\n');
	r->at = 0;
}
