/*
 * cmd/read/read: `isthmus read`: archives to lines. The flow: input -> mrt_next here, in one thread ->
 * batches of updates -> readers, one a core (filter, text) -> this thread again, which writes the texts in
 * order. A block's bytes stay until all its batches are done. Where only the totals of everything are wanted,
 * this thread counts by itself: handing over would cost more than counting.
 */
#include "base/mem.h"
#include "cmd/answer.h"
#include "cmd/crew.h"
#include "cmd/progress.h"
#include "cmd/read/reader.h"
#include "input/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BATCH_BYTES = 256 * 1024, WORKERS_MAX = 8 };

struct run {
	struct filter filter;
	const struct printer *printer;
	bool stats, bad;
	bool counting; /* nothing but the totals of everything */
	struct out out;
	struct crew *crew;
	void *reader[WORKERS_MAX];
	size_t readers;
	struct batch *batch, *filling;
	struct batch **spare; /* batches in nobody's hands */
	size_t batches, spares;
	struct mrt_peers *peers;
	struct peer_texts texts;
	struct sights sights;
	struct facts *facts; /* --country */
	struct progress progress;
	uint64_t done_bytes;
	struct counts sum; /* over all files */
	uint64_t records[64], n_records, hidden;
};

static bool closed(const struct run *r)
{
	return r->out.failed != 0;
}

static void run_collect(struct run *r, struct counts *file)
{
	struct batch *b = crew_collect(r->crew);

	if (!closed(r) && b->text.n) {
		if (b->text.n < 4096) { /* small answers are gathered, large ones written as they lie */
			out_bytes(&r->out, b->text.buf, b->text.n);
		} else {
			out_flush(&r->out);
			for (size_t done = 0; done < b->text.n && !closed(r);) {
				ssize_t k = write(r->out.fd, b->text.buf + done, b->text.n - done);
				if (k > 0)
					done += (size_t)k;
				else if (errno != EINTR)
					r->out.failed = errno;
			}
		}
	}
	counts_add(file, &b->counts);
	r->spare[r->spares++] = b;
}

static void run_give(struct run *r, struct counts *file)
{
	if (!r->filling)
		return;
	crew_give(r->crew, r->filling);
	r->filling = NULL;
	if (crew_full(r->crew))
		run_collect(r, file);
}

static void run_drain(struct run *r, struct counts *file)
{
	run_give(r, file);
	while (r->spares < r->batches)
		run_collect(r, file);
}

/* The update to be filled next. */
static struct update *run_next(struct run *r)
{
	struct batch *b = r->filling;

	if (!b) {
		b = r->filling = r->spare[--r->spares];
		b->n = b->bytes = b->text.n = 0;
		b->peers = &r->texts;
		counts_init(&b->counts);
	}
	return &b->u[b->n];
}

static void run_take(struct run *r, struct mrt *m, struct counts *file)
{
	struct batch *b = r->filling;
	struct update *u = &b->u[b->n];

	if (u->kind == UPDATE_PEERS) {
		run_drain(r, file); /* the batches before it refer to the peers before it */
		mrt_peers_load(r->peers, u, &m->faults);
		peer_texts_load(&r->texts, r->peers, r->printer, &r->filter);
		return;
	}
	if (u->kind == UPDATE_OTHER)
		return;
	b->n++;
	b->bytes += u->record.n;
	if (b->n == BATCH_UPDATES || b->bytes >= BATCH_BYTES)
		run_give(r, file);
}

static size_t read_block(
    struct run *r, struct mrt *m, const struct block *block, bool last, struct counts *file)
{
	struct cur c = cur_of(block->data, block->len);

	while (!closed(r)) {
		uint64_t at = block->offset + (uint64_t)(c.p - block->data);
		if (mrt_next(m, &c, at, last, run_next(r)) == MRT_MORE)
			break;
		run_take(r, m, file);
	}
	run_drain(r, file);
	return cur_left(&c);
}

/* What mrt_totals passes by is read as for printing, one update at a time. */
static size_t count_block(
    struct run *r, struct mrt *m, const struct block *block, bool last, struct counts *file)
{
	struct cur c = cur_of(block->data, block->len);
	struct batch *b = r->batch;
	struct totals totals = {0, 0, 0};
	uint64_t at;

	b->peers = &r->texts;
	counts_init(&b->counts);
	for (;;) {
		mrt_totals(m, &c, r->texts.n, &totals);
		at = block->offset + (uint64_t)(c.p - block->data);
		if (mrt_next(m, &c, at, last, b->u) == MRT_MORE)
			break;
		if (b->u->kind == UPDATE_PEERS) {
			mrt_peers_load(r->peers, b->u, &m->faults);
			peer_texts_load(&r->texts, r->peers, r->printer, &r->filter);
			continue;
		}
		b->n = 1;
		reader_work(r->reader[0], b);
	}
	counts_add(file, &b->counts);
	file->elems[ELEM_RIB] += totals.rib;
	file->elems[ELEM_ANNOUNCE] += totals.announce;
	file->elems[ELEM_WITHDRAW] += totals.withdraw;
	return cur_left(&c);
}

static size_t take_block(
    struct run *r, struct mrt *m, const struct block *block, bool last, struct counts *file)
{
	return r->counting ? count_block(r, m, block, last, file) : read_block(r, m, block, last, file);
}

/* ---- what is said of a file ---- */

static void say_faults(struct run *r, const char *path, const struct mrt *m, const struct counts *file)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		uint64_t n = file->faults.n[i];
		if (n == 0)
			continue;
		r->bad |= i != FAULT_MRT_UNKNOWN; /* nothing is wrong with those */
		if (i == FAULT_MRT_LENGTH)
			warn_line("%s: offset %llu: %s (%llu times, %llu bytes skipped)", path,
			    (unsigned long long)file->faults.first[i], fault_text(i), (unsigned long long)n,
			    (unsigned long long)file->faults.skipped_bytes);
		else
			warn_line("%s: offset %llu: %s (%llu times)", path,
			    (unsigned long long)file->faults.first[i], fault_text(i), (unsigned long long)n);
	}
}

static void end_file(struct run *r, struct input *in, const struct mrt *m, struct counts *file)
{
	struct counts framing;

	counts_init(&framing);
	framing.faults = m->faults;
	counts_add(file, &framing);
	if (closed(r))
		return;
	if (input_error_offset(in) == 0 &&
	    !input_error(in)) { /* of a stream; what files hold is known before */
		warn_line("%s: empty", input_path(in));
		r->bad = true;
	} else if (m->n_records == 0 && (m->faults.n[FAULT_MRT_LENGTH] || m->faults.n[FAULT_MRT_CUT])) {
		warn_line("%s: not an MRT file", input_path(in));
		r->bad = true;
	} else {
		say_faults(r, input_path(in), m, file);
	}
	for (unsigned i = 0; i < 64; i++)
		r->records[i] += m->records[i];
	r->n_records += m->n_records;
	r->hidden += m->n_hidden;
	counts_add(&r->sum, file);
}

static void read_file(struct run *r, const char *path)
{
	struct input *in = input_open(path);
	struct mrt *m = mem_alloc(sizeof *m);
	struct block block = {NULL, 0, 0};
	struct counts file;
	size_t left = 0;
	enum input_status status;

	counts_init(&file);
	r->texts.n = 0;
	while (!closed(r) && (status = input_next(in, left, &block)) != INPUT_END) {
		if (status == INPUT_BLOCK) {
			left = take_block(r, m, &block, false, &file);
			progress_show(&r->progress, r->done_bytes + input_bytes_read(in));
			continue;
		}
		r->bad = true;
		warn_line(
		    "%s: offset %llu: %s", path, (unsigned long long)input_error_offset(in), input_error(in));
	}
	if (!closed(r) && left) { /* the bytes of the last block are still ours */
		struct block rest = {block.data + block.len - left, left, block.offset + block.len - left};
		take_block(r, m, &rest, true, &file);
	}
	r->done_bytes += input_bytes_read(in);
	progress_clear(&r->progress);
	end_file(r, in, m, &file);
	free(m);
	input_close(in);
}

/* ---- totals ---- */

static void print_count(struct run *r)
{
	static const char *const names[ELEM_KINDS] = {"rib", "announce", "withdraw", "state"};
	uint64_t all = 0;

	for (unsigned i = 0; i < ELEM_KINDS; i++) {
		out_printf(&r->out, "%-9s %llu\n", names[i], (unsigned long long)r->sum.elems[i]);
		all += r->sum.elems[i];
	}
	out_printf(&r->out, "%-9s %llu\n", "total", (unsigned long long)all);
}

static const char *type_name(unsigned type)
{
	static const char *const names[64] = {[5] = "BGP",
	    [11] = "OSPFv2",
	    [12] = "TABLE_DUMP",
	    [13] = "TABLE_DUMP_V2",
	    [16] = "BGP4MP",
	    [17] = "BGP4MP_ET",
	    [32] = "ISIS",
	    [33] = "ISIS_ET",
	    [48] = "OSPFv3",
	    [49] = "OSPFv3_ET"};

	return type < 64 && names[type] ? names[type] : "other";
}

static void print_sights(struct run *r, const char *before, enum sight_kind kind, const char *after)
{
	bool exact;
	uint64_t n = sights_count(&r->sights, kind, &exact);

	out_printf(&r->out, "%s%s%llu%s", before, exact ? "" : "about ", (unsigned long long)n, after);
}

static void print_stats(struct run *r)
{
	char first[UTIME_TEXT] = "-", last[UTIME_TEXT] = "-";

	out_printf(&r->out, "records   %llu\n", (unsigned long long)r->n_records);
	for (unsigned i = 0; i < 64; i++)
		if (r->records[i])
			out_printf(
			    &r->out, "  %-14s %llu\n", type_name(i), (unsigned long long)r->records[i]);
	print_count(r);
	print_sights(r, "peers     ", SIGHT_PEER, "\n");
	print_sights(r, "prefixes  ", SIGHT_PREFIX4, " IPv4, ");
	print_sights(r, "", SIGHT_PREFIX6, " IPv6\n");
	print_sights(r, "paths     ", SIGHT_PATH, "\n");
	print_sights(r, "origins   ", SIGHT_ORIGIN, "\n");
	if (r->sum.first <= r->sum.last) {
		utime_text(first, r->sum.first);
		utime_text(last, r->sum.last);
	}
	out_printf(&r->out, "from      %s\nto        %s\n", first, last);
	out_printf(&r->out, "hidden path identifiers: %llu messages\n", (unsigned long long)r->hidden);
	out_printf(&r->out, "faults\n");
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (r->sum.faults.n[i])
			out_printf(
			    &r->out, "  %llu %s\n", (unsigned long long)r->sum.faults.n[i], fault_text(i));
	out_printf(&r->out, "  %llu bytes skipped\n", (unsigned long long)r->sum.faults.skipped_bytes);
}

/* ---- the verb ---- */

static const struct opt opts[] = {
    {"output", 'o', "bgpdump|bgpdump-M|json|csv", "one line an element (default: bgpdump, as `bgpdump -m`)"},
    {"count", 0, NULL, "print totals only"},
    {"stats", 0, NULL, "print what is in the files: records, peers, prefixes, times, faults"},
    {"from", 0, "T", "from this time on (ISO 8601 UTC)"},
    {"to", 0, "T", "before this time"},
    {"type", 0, "rib|announce|withdraw|state...", "only these"},
    {"family", 0, "4|6", "only IPv4 or IPv6 prefixes"},
    {"peer", 0, "PEER...", "only what this peer says: its AS or address"},
    {"prefix", 0, "P...", "only this prefix, or:"},
    {"exact", 0, NULL, "  the prefix itself (default)"},
    {"more", 0, NULL, "  it and its more specifics"},
    {"less", 0, NULL, "  it and those that cover it"},
    {"overlap", 0, NULL, "  both"},
    {"origin", 0, "AS...", "only routes originated by this AS"},
    {"as", 0, "AS...", "only routes through this AS"},
    {"path", 0, "PATTERN...", "only AS paths that match, such as '_131279$'"},
    {"community", 0, "A:B...", "only routes with this community; * stands for any number"},
    {"country", 0, "CC...", "only prefixes or origins registered in this country"},
    {"registry", 0, "FILE...", "registry file in place of the defaults, for --country"},
    {0},
};

static const struct printer *printer_of(const char *name)
{
	static const struct printer *const printers[] = {
	    &printer_bgpdump, &printer_bgpdump_short, &printer_json, &printer_csv};

	for (size_t i = 0; name && i < sizeof printers / sizeof *printers; i++)
		if (strcmp(name, printers[i]->name) == 0)
			return printers[i];
	return printers[0];
}

static void run_begin(struct run *r)
{
	r->counting = !r->printer && !r->stats && filter_passes_all(&r->filter);
	r->readers = r->stats || r->counting ? 1 : crew_size(); /* the sets of --stats are one thread's */
	r->batches = r->counting ? 1 : r->readers * 3;
	r->batch = mem_array(r->batches, sizeof *r->batch);
	r->spare = mem_array(r->batches, sizeof *r->spare);
	for (size_t i = 0; i < r->batches; i++) {
		out_open_mem(&r->batch[i].text);
		r->spare[r->spares++] = &r->batch[i];
	}
	for (size_t i = 0; i < r->readers; i++)
		r->reader[i] = reader_new(r->printer, &r->filter, r->stats ? &r->sights : NULL);
	if (!r->counting)
		r->crew = crew_new(r->reader, r->readers, r->batches - 1, reader_work);
	r->peers = mem_alloc(sizeof *r->peers);
	counts_init(&r->sum);
	out_open_fd(&r->out, STDOUT_FILENO);
	if (r->printer && r->printer->head)
		r->printer->head(&r->out);
}

static void run_end(struct run *r)
{
	crew_free(r->crew);
	for (size_t i = 0; i < r->readers; i++)
		reader_free(r->reader[i]);
	for (size_t i = 0; i < r->batches; i++)
		out_close(&r->batch[i].text);
	free(r->batch);
	free(r->spare);
	free(r->peers);
	free(r->texts.v);
	sights_free(&r->sights);
	facts_free(r->facts);
	filter_free(&r->filter);
}

static int read_run(const struct args *a)
{
	struct run *r = mem_alloc(sizeof *r);
	struct input_list list;
	int rc;

	if (a->operands == 0)
		rc = usage(a, "which files?");
	else
		rc = filter_init(&r->filter, a);
	if (rc) {
		filter_free(&r->filter);
		free(r);
		return rc;
	}
	r->stats = args_has(a, "stats");
	r->printer = r->stats || args_has(a, "count") ? NULL : printer_of(args_get(a, "output"));
	if (r->filter.countries)
		r->filter.facts = r->facts = answer_facts(a);
	run_begin(r);
	input_list_make(&list, a->operand, a->operands);
	progress_begin(&r->progress, !isatty(STDOUT_FILENO)); /* lines on the terminal are progress enough */
	for (size_t i = 0; i < list.n; i++)
		r->progress.total += list.file[i].size;
	for (size_t i = 0; i < list.errors; i++)
		warn_line("%s", list.error[i]);
	r->bad = list.errors > 0;
	for (size_t i = 0; i < list.n && !closed(r); i++)
		read_file(r, list.file[i].path);
	if (r->stats)
		print_stats(r);
	else if (!r->printer)
		print_count(r);
	out_close(&r->out);
	if (r->out.failed && r->out.failed != EPIPE) {
		warn_line("isthmus read: standard output: %s", strerror(r->out.failed));
		r->bad = true;
	}
	rc = r->bad ? EXIT_BAD_INPUT : EXIT_ANSWERED;
	input_list_free(&list);
	run_end(r);
	free(r);
	return rc;
}

const struct verb verb_read = {"read", "[OPTIONS] FILE...", "decode archives to lines", opts, read_run};
