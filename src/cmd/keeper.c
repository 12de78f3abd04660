/* cmd/keeper: see keeper.h. */
#include "cmd/keeper.h"

#include "base/mem.h"
#include "cmd/crew.h"
#include "cmd/pages.h"
#include "cmd/progress.h"
#include "cmd/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A commit comes when the work since the last took this many times as long as that commit itself, and no
 * sooner. */
enum { COMMIT_RATIO = 25, COMMIT_SECONDS = 20 };

void keeper_begin(struct keeper *k, struct store *store, struct facts *facts)
{
	*k = (struct keeper){
	    .store = store, .facts = facts, .options = detect_defaults, .committed = clock_seconds()};
	k->upto = k->answered = UTIME_NONE;
	k->scribe = scribe_new(store);
}

static void on_event(void *arg, const struct event *e)
{
	struct keeper *k = arg;

	scribe_event(k->scribe, e);
}

static void on_samples(void *arg, const struct sample *v, size_t n)
{
	struct keeper *k = arg;

	for (; k->places < detect_places(k->detect); k->places++) {
		uint8_t family;
		const char *id = detect_place(k->detect, (uint32_t)k->places, &family);
		scribe_place(k->scribe, (uint32_t)k->places, id, family);
	}
	scribe_samples(k->scribe, v, n);
}

static void detect_start(struct keeper *k, const struct table *t)
{
	k->detect = detect_new(t, k->facts, &k->options, on_event, k);
	detect_on_sample(k->detect, on_samples, k);
	k->places = 0;
}

/* ---- checkpoints: the table, then detect's state, in one file ---- */
static bool known(void *arg, const struct carrier *c)
{
	struct keeper *k = arg;
	utime_t upto = c->last == UTIME_NONE ? k->upto : c->last;

	if (c->upstream)
		detect_known_upstream(k->detect, c->territory, c->family, c->upstream, c->first, upto);
	return true;
}

struct table *keeper_load(
    struct keeper *k, const char *checkpoint, const struct table_options *options, const char **why)
{
	char *path = store_file_path(k->store, checkpoint);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct table *t = NULL;
	double begun = clock_seconds();

	free(path);
	*why = "it cannot be opened";
	if (fd < 0)
		return NULL;
	t = table_load(fd, options, why);
	if (t) {
		detect_start(k, t);
		if (!detect_load(k->detect, fd)) {
			warn_line(
			    "%s: %s: what detection knew is another version's; it begins anew from the kept "
			    "carriers",
			    store_path(k->store), checkpoint);
			detect_free(k->detect);
			k->options.baseline = k->options.ready = true;
			detect_start(k, t);
			(void)store_carriers(k->store, NULL, known, k);
		}
	}
	close(fd);
	k->load = clock_seconds() - begun;
	return t;
}

/* sealer: told of what is written; NULL. */
static int checkpoint_write(struct keeper *k, struct table *t, const char *name, struct sealer *sealer)
{
	char *path = store_file_path(k->store, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), failed = fd < 0 ? errno : 0;
	struct out o;

	out_open_fd(&o, fd);
	if (sealer) {
		o.passing = sealer_pass;
		o.passing_arg = sealer;
	}
	if (!failed)
		failed = table_save(t, &o);
	if (!failed && !k->detect)
		detect_start(k, t);
	if (!failed)
		failed = detect_save(k->detect, &o);
	(void)out_close(&o);
	if (fd >= 0 && close(fd) != 0 && !failed)
		failed = errno;
	if (failed) {
		warn_line("%s: %s; nothing since the last commit was kept", path, strerror(failed));
		unlink(path);
	}
	free(path);
	return failed ? -1 : 0;
}

/* ---- the run ---- */
void keeper_changes(struct keeper *k, struct table *t, const struct change *c, size_t n)
{
	if (!k->detect)
		detect_start(k, t);
	detect_changes(k->detect, c, n);
}

void keeper_tick(struct keeper *k, utime_t now)
{
	if (k->detect)
		detect_tick(k->detect, now);
}

void keeper_file(struct keeper *k, const struct kept_file *f)
{
	scribe_file(k->scribe, f);
}

bool keeper_due(const struct keeper *k)
{
	double gone = clock_seconds() - k->committed;

	return gone >= COMMIT_SECONDS && gone >= COMMIT_RATIO * (k->cost + scribe_cost(k->scribe));
}

void keeper_abandon(struct keeper *k)
{
	(void)scribe_wait(k->scribe);
	store_abandon(k->store);
}

struct sealing { /* a checkpoint, made beside the pages: half of it is a wait for the disk */
	struct keeper *keeper;
	struct table *table;
	const char *name;
	struct seal seal;
	int failed; /* 1: not sealed yet, 0, or -1: told already */
};

static void sealing_do(void *worker, void *job)
{
	struct sealing *x = job;
	struct sealer *sealer = sealer_new();
	double begun = clock_seconds();
	int rc;

	x->failed = checkpoint_write(x->keeper, x->table, x->name, sealer);
	rc = sealer_seal(sealer, x->keeper->store, x->name, &x->seal);
	if (!x->failed && rc)
		x->failed = 1;
	x->keeper->write = clock_seconds() - begun;
}

static int on_flushed(void *arg)
{
	struct keeper *k = arg;

	return scribe_wait(k->scribe);
}

/* With the pages, in this thread: nothing is left to be read meanwhile, so that neither table nor detect
 * moves. */
static int commit_answers(struct keeper *k, struct table *t, struct store_cut *cut)
{
	struct sealing x = {.keeper = k, .table = t, .name = cut->checkpoint};
	void *worker[] = {NULL};
	struct crew *crew = crew_new(worker, 1, 1, sealing_do);
	double begun = clock_seconds();
	int rc;

	crew_give(crew, &x);
	rc = pages_keep(k->store, k->facts, t, cut->upto, on_flushed, k);
	k->pages = clock_seconds() - begun;
	(void)crew_collect(crew);
	crew_free(crew);
	if (!x.failed)
		cut->seal = &x.seal;
	if (!rc && x.failed >= 0)
		rc = store_commit(k->store, cut);
	if (rc)
		warn_line("%s", store_error(k->store));
	return rc || x.failed < 0 ? -1 : 0;
}

/* Beside the caller, once the checkpoint is written. */
static int commit_beside(struct keeper *k, struct table *t, const struct store_cut *cut)
{
	double begun = clock_seconds();

	if (checkpoint_write(k, t, cut->checkpoint, NULL))
		return -1;
	k->write = clock_seconds() - begun;
	scribe_commit(k->scribe, cut->upto, cut->checkpoint);
	return 0;
}

int keeper_commit(struct keeper *k, struct table *t, utime_t upto, bool answers)
{
	struct store_cut cut = {.upto = upto, .final = true};
	double begun = clock_seconds();
	char name[32];

	if (scribe_wait(k->scribe)) {
		warn_line("%s", store_error(k->store));
		keeper_abandon(k);
		return -1;
	}
	store_checkpoint_name(k->store, name);
	cut.checkpoint = name;
	scribe_flush(k->scribe);
	if (answers ? commit_answers(k, t, &cut) : commit_beside(k, t, &cut)) {
		keeper_abandon(k);
		return -1;
	}
	k->upto = upto;
	k->committed = clock_seconds();
	k->cost = k->committed - begun;
	return 0;
}

void keeper_end(struct keeper *k)
{
	scribe_free(k->scribe);
	k->scribe = NULL;
	detect_free(k->detect);
	k->detect = NULL;
}
