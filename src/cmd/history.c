/*
 * cmd/history: the kept series of a territory, period by period. In: a store. Out: who carried it, since
 * when, and when there was only one.
 */
#include "show/history.h"
#include "cmd/answer.h"

#include <stdio.h>
#include <unistd.h>

static const struct opt opts[] = {
    {"store", 's', "DIR", "the store (made by isthmus ingest)"},
    {"from", 0, "TIME", "only from then on"},
    {"to", 0, "TIME", "only before then"},
    {"step", 0, "STEP", "year, month, day, hour, or a span as 15m (default: by the range)"},
    {"family", 0, "4|6", "IPv4 (default) or IPv6"},
    {"output", 'o', "text|json|csv|svg|html", "format (default: text)"},
    {"registry", 0, "FILE...", "registry files for names"},
    {"territories", 0, "FILE", "territories file"},
    {0},
};

struct asked {
	const char *who;
	utime_t from, to;
	struct step step;
	bool step_given;
	uint8_t family;
	enum format format;
};

static int asked_of(const struct args *a, struct asked *q)
{
	const char *text;

	*q =
	    (struct asked){.from = UTIME_NONE, .to = UTIME_MAX, .family = FAMILY_IPV4, .format = FORMAT_TEXT};
	if (!args_get(a, "store"))
		return usage(a, "which store? --store DIR");
	if (a->operands != 1)
		return usage(a, "whose history? One territory, as KP, AS131279, 175.45.176.0/22");
	q->who = a->operand[0];
	if ((text = args_get(a, "from")) && !utime_parse(text, &q->from))
		return usage(a, "--from: \"%s\" is not a time", text);
	if ((text = args_get(a, "to")) && !utime_parse(text, &q->to))
		return usage(a, "--to: \"%s\" is not a time", text);
	if (q->from >= q->to)
		return usage(a, "--from is not before --to");
	if ((text = args_get(a, "step")) && !step_parse(text, &q->step))
		return usage(a, "--step: \"%s\" is neither year, month, day, hour nor a span", text);
	q->step_given = text != NULL;
	if ((text = args_get(a, "family")))
		q->family = (uint8_t)(text[0] - '0');
	if ((text = args_get(a, "output")))
		(void)format_parse(text, &q->format);
	return 0;
}

static void print(struct out *o, enum format format, const struct history *h)
{
	static void (*const printer[])(struct out *, const struct history *) = {
	    [FORMAT_TEXT] = history_text,
	    [FORMAT_JSON] = history_json,
	    [FORMAT_CSV] = history_csv,
	    [FORMAT_SVG] = history_svg,
	    [FORMAT_HTML] = history_html,
	};

	printer[format](o, h);
}

static const char *name_of(const struct facts *f, const char *who)
{
	const char *why;
	const struct territory *t = territory_find(f, who, &why);

	return t ? territory_name(t) : "";
}

static int history_of(const struct args *a, const struct asked *q, struct store *s)
{
	struct series series;
	struct periods periods;
	struct out o;
	int rc = EXIT_ANSWERED;

	if (store_series(s, q->who, q->family, q->from, q->to, &series)) {
		warn_line("%s", store_error(s));
		return EXIT_BAD_INPUT;
	}
	if (series.n == 0) {
		warn_line("isthmus history: nothing is kept of %s, IPv%u, in %s for that time; `isthmus "
			  "export --store %s "
			  "territories` lists what is",
		    q->who, q->family, store_path(s), store_path(s));
		series_free(&series);
		return EXIT_BAD_INPUT;
	}
	struct step step = q->step_given ? q->step : step_for(series.to - series.from);
	if (!periods_make(&series, &step, &periods)) {
		rc = usage(a, "--step: more than a million periods; choose a longer one");
	} else {
		struct facts *facts = answer_facts(a);
		struct history h = {&series, &periods, facts, name_of(facts, q->who), answer_page()};
		out_open_fd(&o, STDOUT_FILENO);
		print(&o, q->format, &h);
		rc = answer_close(&o, EXIT_ANSWERED);
		facts_free(facts);
		periods_free(&periods);
	}
	series_free(&series);
	return rc;
}

static int history_run(const struct args *a)
{
	struct asked q;
	const char *why;
	struct store *s;
	int rc = asked_of(a, &q);

	if (rc)
		return rc;
	s = store_open(args_get(a, "store"), STORE_READ, &why);
	if (!s) {
		warn_line("%s", why);
		return EXIT_BAD_INPUT;
	}
	rc = history_of(a, &q, s);
	store_close(s);
	return rc;
}

const struct verb verb_history = {
    "history", "WHO --store DIR", "the kept series: who carried it, year by year", opts, history_run};
