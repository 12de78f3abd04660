/*
 * cmd/pipe: see pipe.h. The flow is pipe_run. A stream is one open file with its decoder; streams are opened
 * when the merged time comes to their first record, and each holds its next update, whose bytes stay valid
 * until that stream is moved on. Owns the streams; the table goes to the caller.
 */
#include "cmd/pipe.h"

#include "base/mem.h"
#include "cmd/ahead.h"
#include "cmd/progress.h"
#include "cmd/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	BATCH_CHANGES = 4096,
	LOOK_UP_EVERY = 4096,
	THREADS = 4, /* that read dumps ahead at the same time; further dumps are read by the caller's */
};
/* Records of one stream may stand this far out of order. */
#define DISORDER (60 * UTIME_SECOND)

struct stream {
	const struct input_file *file;
	size_t order; /* in the list */
	struct input *in;
	struct block block;
	struct cur cur;
	struct mrt mrt;
	struct source *source;
	struct update own[AHEAD];   /* decoded from the block */
	struct ahead *ahead;        /* NULL, or what reads the file in place of this thread */
	struct ahead_step step;     /* what it gave last */
	struct fault_count told_of; /* its faults that are in mrt.faults */
	struct update *list;        /* own, or of the step; the table prepares for them together */
	size_t at, n;               /* the next one, and how many there are */
	struct update *update;      /* &list[at] */
	bool ended;                 /* no bytes follow those in the block */
	uint64_t faults, doubts;    /* told, sums over kinds */
	uint32_t told;              /* bit per kind */
	const char *error;
	utime_t first, last;
};

struct run {
	const struct pipe_options *o;
	struct pipe *p;
	struct input_list list;
	size_t opened; /* of the list */
	struct stream **stream;
	size_t streams, threads;
	struct changes batch;
	utime_t batch_time; /* of the update whose changes came last */
	utime_t tick_at;    /* the next multiple of o->step */
	uint64_t done_bytes, steps;
	struct progress progress;
};

/* ---- the terminal ---- */

static void show_progress(struct run *r)
{
	uint64_t bytes = r->done_bytes;

	for (size_t i = 0; i < r->streams; i++)
		bytes += input_bytes_read(r->stream[i]->in);
	r->progress.files = r->p->files;
	r->progress.of = r->list.n;
	progress_show(&r->progress, bytes);
}

static void tell(struct run *r, const struct stream *s, uint64_t offset, const char *what)
{
	if (r->o->quiet)
		return;
	progress_clear(&r->progress);
	warn_line("%s: offset %llu: %s", s->file->path, (unsigned long long)offset, what);
}

/* ---- faults ---- */

static uint64_t fault_sum(const struct fault_count *f)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < FAULT_KINDS; k++)
		sum += f->n[k];
	return sum;
}

/* Faults that may have hidden what a peer said, not only an attribute of it. */
static bool fault_doubts(unsigned kind)
{
	static const uint32_t doubts = 1U << FAULT_MRT_CUT | 1U << FAULT_MRT_LENGTH | 1U << FAULT_MRT_BODY |
				       1U << FAULT_BGP_HEADER | 1U << FAULT_BGP_BODY | 1U << FAULT_NLRI;

	return doubts >> kind & 1;
}

/* Looks whether the step just taken met a fault; `peer`: whose it can be. */
static void stream_check(struct run *r, struct stream *s, const struct peer_key *peer)
{
	const struct fault_count *f = &s->mrt.faults;
	uint64_t sum = fault_sum(f), doubts = 0;

	if (sum == s->faults)
		return;
	r->p->bad += sum - s->faults;
	s->faults = sum;
	for (unsigned k = 0; k < FAULT_KINDS; k++) {
		doubts += fault_doubts(k) ? f->n[k] : 0;
		if (f->n[k] && !(s->told >> k & 1)) {
			s->told |= 1U << k;
			tell(r, s, f->first[k], fault_text((enum fault)k));
		}
	}
	if (doubts > s->doubts)
		source_doubt(r->p->table, s->source, s->last == UTIME_NONE ? 0 : s->last, peer,
		    r->o->changes ? &r->batch : NULL);
	s->doubts = doubts;
}

/* ---- streams ---- */

/* The next block into the stream; false at the end, when what is left is to be looked at once more. */
static bool stream_fill(struct run *r, struct stream *s)
{
	enum input_status got = input_next(s->in, cur_left(&s->cur), &s->block);

	if (got == INPUT_BLOCK) {
		s->cur = cur_of(s->block.data, s->block.len);
		return true;
	}
	if (got == INPUT_BAD) {
		s->error = input_error(s->in);
		tell(r, s, input_error_offset(s->in), s->error);
	}
	s->ended = true;
	return false;
}

/* Decodes the next updates of the block. */
static void stream_read(struct stream *s)
{
	enum mrt_status got = MRT_UPDATE;

	s->list = s->own;
	while (s->n < AHEAD && got == MRT_UPDATE) {
		uint64_t offset = s->block.offset + (uint64_t)(s->cur.p - s->block.data);
		got = mrt_next(&s->mrt, &s->cur, offset, s->ended, &s->own[s->n]);
		s->n += got == MRT_UPDATE;
	}
}

/* What was read ahead, as if it were read now. */
static void stream_follow(struct run *r, struct stream *s)
{
	struct fault_count *f = &s->mrt.faults, *was = &s->told_of;
	const struct fault_count *now;

	ahead_next(s->ahead, &s->step);
	now = s->step.faults;
	s->list = s->step.update;
	s->n = s->step.n;
	s->mrt.n_records = s->step.records;
	s->ended = s->step.ended;
	if (s->step.error) {
		s->error = s->step.error;
		tell(r, s, s->step.error_offset, s->error);
	}
	f->skipped_bytes += now->skipped_bytes - was->skipped_bytes;
	for (unsigned k = 0; k < FAULT_KINDS; k++) {
		if (f->n[k] == 0)
			f->first[k] = now->first[k];
		f->n[k] += now->n[k] - was->n[k];
	}
	*was = *now;
}

/* The next updates of the stream; false: there are none in the block. */
static bool stream_decode(struct run *r, struct stream *s)
{
	s->at = s->n = 0;
	if (s->ahead)
		stream_follow(r, s);
	else
		stream_read(s);
	stream_check(r, s, NULL);
	table_prepare(r->p->table, s->source, s->list, s->n);
	return s->n > 0;
}

/* Moves on to the next update; false: there is none. */
static bool stream_next(struct run *r, struct stream *s)
{
	if (++s->at >= s->n)
		while (!stream_decode(r, s)) {
			if (s->ended)
				return false;
			if (!s->ahead)
				(void)stream_fill(r, s);
		}
	s->update = &s->list[s->at];
	if (s->first == UTIME_NONE)
		s->first = s->update->time;
	s->last = s->update->time;
	return true;
}

static void stream_close(struct run *r, size_t i)
{
	struct stream *s = r->stream[i];
	struct pipe_file f = {.file = s->file,
	    .table = r->p->table,
	    .first = s->first,
	    .last = s->last,
	    .bytes = input_bytes_read(s->in),
	    .records = s->mrt.n_records,
	    .faults = &s->mrt.faults,
	    .error = s->error};

	if (s->error)
		source_doubt(r->p->table, s->source, s->last, NULL, r->o->changes ? &r->batch : NULL);
	if (!s->ended)
		source_cut(s->source);
	source_end(r->p->table, s->source, r->o->changes ? &r->batch : NULL);
	r->p->records += f.records;
	r->p->bytes += f.bytes;
	r->p->skipped_bytes += s->mrt.faults.skipped_bytes;
	r->p->files++;
	r->p->bad_files += s->error || s->faults;
	r->done_bytes += s->file->size ? s->file->size : f.bytes;
	if (r->o->file_done)
		r->o->file_done(r->o->arg, &f);
	r->threads -= s->ahead != NULL;
	ahead_stop(s->ahead);
	source_free(s->source);
	input_close(s->in);
	free(s);
	r->stream[i] = r->stream[--r->streams];
}

static void stream_open(struct run *r)
{
	struct stream *s = mem_alloc(sizeof *s);

	s->file = &r->list.file[r->opened];
	s->order = r->opened++;
	s->in = input_open(s->file->path);
	s->source = source_new(r->p->table, s->file->collector);
	s->first = s->last = UTIME_NONE;
	r->stream[r->streams++] = s;
	if (s->file->rib && !r->o->table.want && r->threads < THREADS && stream_fill(r, s))
		s->ahead = ahead_start(s->in, &s->block, r->p->table, r->o->until ? r->o->until : UTIME_MAX);
	r->threads += s->ahead != NULL;
	if (!stream_next(r, s))
		stream_close(r, r->streams - 1);
}

/* By time; a dump before the updates of the same instant; then in the order of the list. */
static bool stream_before(const struct stream *a, const struct stream *b)
{
	if (a->update->time != b->update->time)
		return a->update->time < b->update->time;
	if (a->file->rib != b->file->rib)
		return a->file->rib;
	return a->order < b->order;
}

static size_t stream_first(const struct run *r)
{
	size_t best = 0;

	for (size_t i = 1; i < r->streams; i++)
		if (stream_before(r->stream[i], r->stream[best]))
			best = i;
	return best;
}

static void deliver(void *arg, struct changes *batch)
{
	struct run *r = arg;

	if (batch->n && r->o->changes)
		r->o->changes(r->o->arg, r->p->table, batch->v, batch->n);
	batch->n = 0;
}

static bool between(struct run *r)
{
	deliver(r, &r->batch);
	return r->o->between(r->o->arg, r->p->table, r->p->last);
}

/* The stream with the earliest update, after opening every file whose time has come; NULL at the end. */
static struct stream *merge(struct run *r, size_t *index)
{
	for (;;) {
		utime_t until = r->o->until ? r->o->until : UTIME_MAX;
		const struct input_file *next = r->opened < r->list.n ? &r->list.file[r->opened] : NULL;
		if (next && next->first >= until)
			next = NULL;
		if (next && !r->streams && r->p->files && r->o->between && !between(r))
			return NULL;
		*index = r->streams ? stream_first(r) : 0;
		if (!next || (r->streams && next->first > r->stream[*index]->update->time))
			break;
		stream_open(r);
	}
	return r->streams ? r->stream[*index] : NULL;
}

/* ---- changes ---- */

/* Ends batches and ticks before an update of this time is applied. */
static void time_comes(struct run *r, utime_t time)
{
	utime_t step = r->o->step;

	if (time < r->o->from)
		return;
	if (r->o->exact && time != r->batch_time)
		deliver(r, &r->batch);
	if (step > 0) {
		if (r->tick_at == UTIME_NONE)
			r->tick_at = time - time % step + step;
		for (; r->tick_at <= time; r->tick_at += step) {
			deliver(r, &r->batch);
			if (r->o->tick)
				r->o->tick(r->o->arg, r->p->table, r->tick_at);
		}
	}
	r->batch_time = time;
}

static void apply(struct run *r, struct stream *s)
{
	utime_t time = s->update->time;
	struct changes *out;

	time_comes(r, time);
	out = r->o->changes && time >= r->o->from ? &r->batch : NULL;
	table_tick(r->p->table, time, out);
	if (s->ahead)
		table_apply_cut(r->p->table, s->source, s->update, s->step.cut, s->step.first + s->at,
		    &s->mrt.faults, out);
	else
		table_apply(r->p->table, s->source, s->update, &s->mrt.faults, out);
	stream_check(r, s, s->update->kind == UPDATE_MESSAGE ? &s->update->peer : NULL);
	if (r->p->first == UTIME_NONE || time < r->p->first)
		r->p->first = time;
	if (time > r->p->last)
		r->p->last = time;
}

/* ---- the run ---- */

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void run_open(struct run *r)
{
	r->p->table = r->o->start ? r->o->start : table_new(&r->o->table);
	r->p->first = r->p->last = r->batch_time = r->tick_at = UTIME_NONE;
	if (r->o->resume)
		r->p->last = r->o->resume;
	if (r->o->resume && r->o->step > 0)
		r->tick_at = r->o->resume - r->o->resume % r->o->step + r->o->step;
	r->batch = (struct changes){.cap = BATCH_CHANGES, .full = deliver, .arg = r};
	r->batch.v = mem_array(BATCH_CHANGES, sizeof *r->batch.v);
	progress_begin(&r->progress, !r->o->quiet);
	r->p->cpu_seconds = -cpu_seconds();
	input_list_make(&r->list, r->o->path, r->o->paths);
	r->stream = mem_array(r->list.n + 1, sizeof *r->stream);
	for (size_t i = 0; i < r->list.n; i++)
		r->progress.total += r->list.file[i].size;
	for (size_t i = 0; i < r->list.errors && !r->o->quiet; i++)
		warn_line("%s", r->list.error[i]);
	r->p->bad_files = r->list.errors;
}

static void run_close(struct run *r)
{
	struct health *h = table_health_edit(r->p->table);

	while (r->streams)
		stream_close(r, r->streams - 1);
	deliver(r, &r->batch);
	progress_clear(&r->progress);
	h->records += r->p->records;
	h->bad += r->p->bad;
	if (r->p->bad && !r->o->quiet)
		warn_line("%llu faults in %llu records, %llu bytes passed over; %zu of %zu files",
		    (unsigned long long)r->p->bad, (unsigned long long)r->p->records,
		    (unsigned long long)r->p->skipped_bytes, r->p->bad_files, r->p->files + r->list.errors);
	r->p->seconds = clock_seconds() - r->progress.begun;
	r->p->cpu_seconds += cpu_seconds();
	r->p->status = r->p->bad || r->p->bad_files ? EXIT_BAD_INPUT : EXIT_ANSWERED;
	free(r->batch.v);
	free(r->stream);
	r->p->begins = r->list.n ? r->list.file[0].first : UTIME_NONE;
	input_list_free(&r->list);
}

int pipe_run(const struct pipe_options *o, struct pipe *p)
{
	struct run r = {.o = o, .p = p};
	utime_t until = o->until ? o->until : UTIME_MAX;
	struct stream *s;
	size_t i;

	*p = (struct pipe){0};
	run_open(&r);
	while ((s = merge(&r, &i))) {
		bool over = s->update->time >= until && s->update->time - DISORDER >= until;
		if (s->update->time < until)
			apply(&r, s);
		if (over || !stream_next(&r, s))
			stream_close(&r, i);
		if (++r.steps % LOOK_UP_EVERY == 0) {
			show_progress(&r);
			if (o->stop && o->stop(o->arg))
				break;
		}
	}
	run_close(&r);
	return p->status;
}

void pipe_free(struct pipe *p)
{
	table_free(p->table);
	p->table = NULL;
}

void pipe_print_stats(const struct pipe *p)
{
	const struct health *h = table_health(p->table);
	struct table_size z;

	table_measure_size(p->table, &z);
	warn_line(
	    "read       %.1f MB, %llu records in %.2f s, %.2f s of processors (%.1f MB/s, %.2f M routes/s)",
	    (double)p->bytes / 1e6, (unsigned long long)p->records, p->seconds, p->cpu_seconds,
	    (double)p->bytes / 1e6 / p->seconds,
	    (double)(h->dump_routes + h->announced + h->withdrawn) / 1e6 / p->seconds);
	warn_line("table      %zu routes of %zu peers, %zu prefixes, %zu paths", z.routes, z.peers,
	    z.prefixes, z.paths);
	warn_line(
	    "memory     %.2f bytes a route: columns %.1f MB, paths %.1f MB, prefixes %.1f MB, path cache "
	    "%.1f MB, other %.1f MB; whole process at most %.1f MB",
	    z.bytes_per_route, (double)z.column_bytes / 1e6, (double)z.path_bytes / 1e6,
	    (double)z.prefix_bytes / 1e6, (double)z.cache_bytes / 1e6, (double)z.other_bytes / 1e6,
	    (double)mem_peak_rss() / 1e6);
	warn_line(
	    "health     bad %llu, resets %llu, gaps %llu, states %llu, doubtful %llu, dumps %llu, mismatch "
	    "+%llu -%llu, backlog %llu, late %llu, unknown peer %llu",
	    (unsigned long long)h->bad, (unsigned long long)h->resets, (unsigned long long)h->gaps,
	    (unsigned long long)h->states, (unsigned long long)h->doubtful, (unsigned long long)h->dumps,
	    (unsigned long long)h->mismatch_more, (unsigned long long)h->mismatch_less,
	    (unsigned long long)h->backlog, (unsigned long long)h->late, (unsigned long long)h->unknown_peer);
}
