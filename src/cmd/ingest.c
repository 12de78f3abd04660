/*
 * cmd/ingest: keep the history of files. The flow: which of the files are new (by content); where to begin so
 * that they are merged by time; the pipe from there, its changes to detect, samples and events to the store;
 * a commit whenever no file is half read and enough was done to be worth it.
 */
#include "base/mem.h"
#include "cmd/answer.h"
#include "cmd/crew.h"
#include "cmd/keeper.h"
#include "cmd/pipe.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct opt opts[] = {
    {"store", 's', "DIR", "the store; made where there is none"},
    {"by", 0, "country|as", "keep every country (default), or every AS too; decided once for a store"},
    {"no-wait", 0, NULL, "where another ingest is at work on the store: end, do not wait"},
    {"retain", 0, "SPAN", "forget series and events older than that, from now on (0: keep for ever)"},
    {"detail", 0, "SPAN", "older than that, keep at most a point an hour (0: all)"},
    {"resolution", 0, "PART", "smallest change of a share worth a row (0.0005)"},
    {"checkpoints", 0, "N", "copies of the routing tables to keep for late files (3)"},
    {"compact", 0, NULL, "apply what was set by --retain and --detail, give space back"},
    {"territories", 0, "FILE", "territories file; default: the one shipped"},
    {"registry", 0, "FILE...", "registry file in place of the defaults; may be repeated"},
    {"all-peers", 0, NULL, "every peer votes, not only full feeds"},
    {"stats", 0, NULL, "print speed and memory to standard error"},
    {0},
};

struct candidate { /* a file that may be new */
	const struct input_file *file;
	char *path; /* absolute */
	uint8_t hash[HASH_SIZE];
	bool hashed;
};

struct run {
	const struct args *args;
	struct input_list list;
	struct candidate *candidate; /* by list */
	struct crew *crew;           /* that hashes them */
	struct store *store;
	struct facts *facts;
	struct kept_file *fresh; /* sorted */
	size_t n, cap, known, unreadable;
	struct plan plan;
	struct keeper keeper;
	size_t to_derive; /* kept files that must be read again before anything may be committed */
	size_t kept;
	struct health before; /* at the last file's end */
	utime_t last;
	bool failed, every_as;
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	stopped = signal;
}

/* ---- which files ---- */
static void candidate_hash(void *worker, void *job)
{
	struct candidate *c = job;

	c->path = realpath(c->file->path, NULL);
	c->hashed = c->path && c->file->first != UTIME_NONE && file_hash(c->path, c->hash) == 0;
}

/* Begins to hash the files, beside the caller. */
static void candidates_start(struct run *r)
{
	void *none[CREW_MOST] = {NULL};

	input_list_make(&r->list, r->args->operand, r->args->operands);
	r->candidate = mem_array(r->list.n + 1, sizeof *r->candidate);
	r->crew = crew_new(none, crew_size(), r->list.n + 1, candidate_hash);
	for (size_t i = 0; i < r->list.n; i++) {
		r->candidate[i].file = &r->list.file[i];
		crew_give(r->crew, &r->candidate[i]);
	}
}

static void candidates_free(struct run *r)
{
	if (r->crew)
		while (crew_collect(r->crew))
			;
	crew_free(r->crew);
	for (size_t i = 0; i < r->list.n; i++)
		free(r->candidate[i].path);
	free(r->candidate);
	input_list_free(&r->list);
}

static int fresh_add(struct run *r, struct candidate *c)
{
	const struct input_file *f = c->file;
	struct kept_file k = {.first = f->first, .last = UTIME_NONE, .size = f->size, .rib = f->rib};
	int rc;

	if (!c->hashed) {
		warn_line("%s: no routing data can be read from it; left out", f->path);
		r->unreadable++;
		return 0;
	}
	memcpy(k.hash, c->hash, HASH_SIZE);
	rc = store_file_known(r->store, k.hash);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		rc = memcmp(r->fresh[i].hash, k.hash, HASH_SIZE) == 0;
	if (rc) {
		r->known += rc > 0;
		return rc < 0 ? -1 : 0;
	}
	k.path = mem_strdup(c->path);
	k.collector = mem_strdup(f->collector);
	k.registry = mem_strdup(facts_sources(r->facts));
	r->fresh = vec_room(r->fresh, r->n, &r->cap, sizeof *r->fresh);
	r->fresh[r->n++] = k;
	return 0;
}

static int fresh_cmp(const void *a, const void *b)
{
	return kept_file_cmp(a, b);
}

static int fresh_find(struct run *r)
{
	struct candidate *c;
	int rc = 0;

	for (size_t i = 0; i < r->list.errors; i++)
		warn_line("%s", r->list.error[i]);
	r->unreadable = r->list.errors;
	while (rc == 0 && (c = crew_collect(r->crew)))
		rc = fresh_add(r, c);
	if (rc)
		warn_line("%s", store_error(r->store));
	if (r->n)
		qsort(r->fresh, r->n, sizeof *r->fresh, fresh_cmp);
	return rc;
}

/* ---- the run ---- */
static void on_changes(void *arg, struct table *t, const struct change *c, size_t n)
{
	struct run *r = arg;

	keeper_changes(&r->keeper, t, c, n);
}

static void on_tick(void *arg, struct table *t, utime_t now)
{
	struct run *r = arg;

	keeper_tick(&r->keeper, now);
}

static unsigned peers_of(const struct table *t, const char *collector)
{
	unsigned n = 0;

	for (size_t i = 0; i < peer_count(t); i++)
		n += strcmp(collector_name(t, peer_of(t, (peer_id)i)->collector), collector) == 0;
	return n;
}

static void on_file(void *arg, const struct pipe_file *f)
{
	struct run *r = arg;
	const struct health *h = table_health(f->table);

	for (size_t i = 0; i < r->plan.n; i++) {
		struct kept_file k = r->plan.file[i];
		if (strcmp(k.path, f->file->path) != 0)
			continue;
		k.last = f->last == UTIME_NONE ? k.first : f->last;
		k.records = f->records;
		for (unsigned fault = 0; fault < FAULT_KINDS; fault++)
			k.bad += f->faults->n[fault];
		k.bad += f->error != NULL;
		k.peers = peers_of(f->table, k.collector);
		k.resets = (unsigned)(h->resets - r->before.resets);
		k.gaps = (unsigned)(h->gaps - r->before.gaps);
		keeper_file(&r->keeper, &k);
		r->to_derive -= k.cut > 0;
		r->kept += k.cut == 0;
	}
	r->before = *h;
}

static bool on_between(void *arg, struct table *t, utime_t last)
{
	struct run *r = arg;

	if (r->to_derive > 0 || (!stopped && !keeper_due(&r->keeper)))
		return !stopped;
	r->failed = keeper_commit(&r->keeper, t, last, stopped) != 0;
	return !r->failed && !stopped;
}

static bool on_stop(void *arg)
{
	return stopped;
}

/* A dump within a minute of the first record: what is there then is no news. */
static bool begins_with_dump(const struct plan *p)
{
	for (size_t i = 0; i < p->n && p->file[i].first <= p->file[0].first + 60 * UTIME_SECOND; i++)
		if (p->file[i].rib)
			return true;
	return false;
}

static int run_begin(struct run *r, struct pipe_options *o)
{
	int64_t cut;
	utime_t upto;
	const char *why = NULL;

	if (store_progress(r->store, &cut, &upto)) {
		warn_line("%s", store_error(r->store));
		return -1;
	}
	r->keeper.options.every_as = r->every_as;
	r->keeper.options.all_peers = args_has(r->args, "all-peers");
	r->keeper.options.baseline = begins_with_dump(&r->plan);
	if (r->plan.checkpoint) {
		o->start = keeper_load(&r->keeper, r->plan.checkpoint, &o->table, &why);
		o->resume = r->plan.upto;
		if (!o->start) {
			warn_line("%s: checkpoint %s: %s", store_path(r->store), r->plan.checkpoint, why);
			return -1;
		}
		r->before = *table_health(o->start);
		r->last = r->plan.upto;
	}
	if (r->plan.cut < cut && store_rollback(r->store, r->plan.cut)) {
		warn_line("%s", store_error(r->store));
		return -1;
	}
	return 0;
}

static int run_files(struct run *r)
{
	struct pipe_options o = {.step = UTIME_SECOND,
	    .changes = on_changes,
	    .tick = on_tick,
	    .file_done = on_file,
	    .between = on_between,
	    .stop = on_stop,
	    .arg = r};
	struct pipe p = {0};
	char **path = mem_array(r->plan.n, sizeof *path);
	int status = EXIT_BAD_INPUT;

	for (size_t i = 0; i < r->plan.n; i++)
		path[i] = r->plan.file[i].path;
	o.path = path;
	o.paths = r->plan.n;
	o.table.drop_asns = facts_route_servers(r->facts, &o.table.drop_asn);
	if (run_begin(r, &o) == 0) {
		status = pipe_run(&o, &p);
		if (p.last > r->last)
			r->last = p.last;
		if (stopped || r->failed)
			keeper_abandon(&r->keeper);
		else if (r->last != UTIME_NONE)
			r->failed = keeper_commit(&r->keeper, p.table, r->last, true) != 0;
		if (args_has(r->args, "stats")) {
			pipe_print_stats(&p);
			warn_line("keeping    checkpoint opened in %.2f s; last commit %.2f s, of that "
				  "checkpoint %.2f "
				  "s, pages %.2f s",
			    r->keeper.load, r->keeper.cost, r->keeper.write, r->keeper.pages);
		}
	}
	keeper_end(&r->keeper);
	pipe_free(&p);
	free(path);
	return r->failed || stopped ? EXIT_BAD_INPUT : status;
}

static int say_kept(const struct run *r, int status)
{
	struct store_info i;
	char from[UTIME_TEXT], upto[UTIME_TEXT];

	if (store_info(r->store, &i)) {
		warn_line("%s", store_error(r->store));
		return EXIT_BAD_INPUT;
	}
	if (stopped)
		warn_line("stopped: files that were not read to their end will be read again next time");
	printf("%zu file%s kept, %zu known already", r->kept, r->kept == 1 ? "" : "s", r->known);
	if (r->plan.again)
		printf(", %zu read again to merge what is older", r->plan.again);
	if (r->unreadable)
		printf(", %zu left out", r->unreadable);
	if (i.upto == UTIME_NONE) {
		printf("\n%s: empty\n", store_path(r->store));
		return status;
	}
	utime_text(from, i.from);
	utime_text(upto, i.upto);
	printf("\n%s: %s to %s, %llu files, %llu territories, %llu carriers, %llu points, %llu events, %.1f "
	       "MB\n",
	    store_path(r->store), from, upto, (unsigned long long)i.files, (unsigned long long)i.territories,
	    (unsigned long long)i.carriers, (unsigned long long)i.points, (unsigned long long)i.events,
	    (double)i.bytes / 1e6);
	return status;
}

/* ---- the verb ---- */
static int retention_set(struct run *r)
{
	struct retention now;
	const char *s, *by = args_get(r->args, "by");
	int64_t cut;
	utime_t upto;

	if (store_retention(r->store, &now)) {
		warn_line("%s", store_error(r->store));
		return EXIT_BAD_INPUT;
	}
	if ((s = args_get(r->args, "retain")) && !utime_parse_span(s, &now.keep))
		return usage(r->args, "--retain: \"%s\" is no span; write 3650d", s);
	if ((s = args_get(r->args, "detail")) && !utime_parse_span(s, &now.detail))
		return usage(r->args, "--detail: \"%s\" is no span; write 90d", s);
	if ((s = args_get(r->args, "resolution"))) {
		double v = strtod(s, NULL);
		if (!(v >= 0 && v <= 0.1))
			return usage(r->args, "--resolution: \"%s\" is no part between 0 and 0.1", s);
		now.resolution = (uint32_t)(v * 1e6 + 0.5);
	}
	if ((s = args_get(r->args, "checkpoints"))) {
		now.checkpoints = (unsigned)strtoul(s, NULL, 10);
		if (now.checkpoints < 1 || now.checkpoints > 1000)
			return usage(r->args, "--checkpoints: \"%s\" is no number from 1 to 1000", s);
	}
	if (store_progress(r->store, &cut, &upto)) {
		warn_line("%s", store_error(r->store));
		return EXIT_BAD_INPUT;
	}
	if (by && strcmp(by, "as") == 0 && cut > 0 && !now.every_as)
		return usage(
		    r->args, "--by as: this store was begun with countries alone; begin another one");
	if (cut == 0)
		now.every_as = by && strcmp(by, "as") == 0;
	r->every_as = now.every_as;
	if (store_set_retention(r->store, &now)) {
		warn_line("%s", store_error(r->store));
		return EXIT_BAD_INPUT;
	}
	return 0;
}

static int ingest(struct run *r)
{
	int status = retention_set(r);

	if (status)
		return status;
	if (r->args->operands && fresh_find(r))
		return EXIT_BAD_INPUT;
	if (r->n) {
		if (store_plan(r->store, r->fresh, r->n, &r->plan)) {
			warn_line("%s", store_error(r->store));
			return EXIT_BAD_INPUT;
		}
		r->to_derive = r->plan.again;
		keeper_begin(&r->keeper, r->store, r->facts);
		status = run_files(r);
	}
	if (args_has(r->args, "compact") && store_compact(r->store)) {
		warn_line("%s", store_error(r->store));
		status = EXIT_BAD_INPUT;
	}
	if (status == EXIT_ANSWERED && r->unreadable)
		status = EXIT_BAD_INPUT;
	return say_kept(r, status);
}

static int ingest_run(const struct args *a)
{
	struct run r = {.args = a, .last = UTIME_NONE};
	const char *why;
	int status;

	if (!args_get(a, "store"))
		return usage(a, "which store? --store DIR");
	if (!a->operands && !args_has(a, "compact") && !args_has(a, "retain") && !args_has(a, "detail"))
		return usage(a, "which files? MRT files or folders of them");
	for (size_t i = 0; i < a->operands; i++)
		if (strcmp(a->operand[i], "-") == 0)
			return usage(a, "standard input cannot be kept: a late file may make it necessary to "
					"read it again");
	r.store =
	    store_open(args_get(a, "store"), args_has(a, "no-wait") ? STORE_WRITE_NOW : STORE_WRITE, &why);
	if (!r.store) {
		warn_line("%s", why);
		return EXIT_BAD_INPUT;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write(2), told as such */
	candidates_start(&r);
	r.facts = answer_facts(a);
	status = ingest(&r);
	candidates_free(&r);
	plan_free(&r.plan);
	for (size_t i = 0; i < r.n; i++)
		kept_file_free(&r.fresh[i]);
	free(r.fresh);
	store_close(r.store);
	facts_free(r.facts);
	return status;
}

const struct verb verb_ingest = {"ingest", "--store DIR FILE...",
    "keep the history; again with the same files changes nothing", opts, ingest_run};
