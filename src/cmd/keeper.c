/* cmd/keeper: see keeper.h. */
#include "cmd/keeper.h"

#include "base/mem.h"
#include "cmd/pages.h"
#include "cmd/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A commit comes when the work since the last took this many times as long as that commit itself, and no
 * sooner. */
enum { COMMIT_RATIO = 25, COMMIT_SECONDS = 20 };

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void keeper_begin(struct keeper *k, struct store *store, struct facts *facts)
{
	*k = (struct keeper){
	    .store = store, .facts = facts, .options = detect_defaults, .committed = now_seconds()};
	k->upto = k->answered = UTIME_NONE;
}

static void on_event(void *arg, const struct event *e)
{
	struct keeper *k = arg;

	store_event(k->store, e);
}

static void on_sample(void *arg, const struct sample *s)
{
	struct keeper *k = arg;

	store_sample(k->store, s);
}

static void detect_start(struct keeper *k, const struct table *t)
{
	k->detect = detect_new(t, k->facts, &k->options, on_event, k);
	detect_on_sample(k->detect, on_sample, k);
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
	double begun = now_seconds();

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
	k->load = now_seconds() - begun;
	return t;
}

static int checkpoint_write(struct keeper *k, struct table *t, const char *name)
{
	char *path = store_file_path(k->store, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), failed = fd < 0 ? errno : 0;

	if (!failed)
		failed = table_save(t, fd);
	if (!failed && !k->detect)
		detect_start(k, t);
	if (!failed)
		failed = detect_save(k->detect, fd);
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

bool keeper_due(const struct keeper *k)
{
	double gone = now_seconds() - k->committed;

	return gone >= COMMIT_SECONDS && gone >= COMMIT_RATIO * k->cost;
}

int keeper_commit(struct keeper *k, struct table *t, utime_t upto, bool answers)
{
	struct store_cut cut = {.upto = upto, .final = true};
	double begun = now_seconds();
	char name[32];

	store_checkpoint_name(k->store, name);
	if (checkpoint_write(k, t, name)) {
		store_abandon(k->store);
		return -1;
	}
	cut.checkpoint = name;
	k->write = now_seconds() - begun;
	if (answers && (store_flush(k->store) || pages_keep(k->store, k->facts, t, upto))) {
		warn_line("%s", store_error(k->store));
		store_abandon(k->store);
		return -1;
	}
	k->pages = now_seconds() - begun - k->write;
	if (store_commit(k->store, &cut)) {
		warn_line("%s", store_error(k->store));
		return -1;
	}
	k->upto = upto;
	k->committed = now_seconds();
	k->cost = k->committed - begun;
	return 0;
}

void keeper_end(struct keeper *k)
{
	detect_free(k->detect);
	k->detect = NULL;
}
