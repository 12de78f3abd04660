/*
 * input/lbzip2: bzip2 on all cores, by the lbzip2 program reading the file and writing to a pipe. Where it
 * fails, libbz2 decodes the file again past what was delivered: it gives every good block and finds the exact
 * place of the damage. The stream owns the child: it is killed and waited for when the stream closes early.
 */
#include "base/mem.h"
#include "input/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORTH = 256 * 1024, /* a smaller file is one block or two: not worth a process */
	PIPE_SIZE = 1024 * 1024,
};

struct lbzip2 {
	pid_t child; /* 0: it is gone, libbz2 goes on */
	int fd;      /* its output */
};

extern char **environ;

static bool lbzip2_is(const uint8_t *p, size_t n)
{
	return codec_bzip2.is(p, n);
}

/* lbzip2 -dc with `in` as its input and `out` as its output; false where it cannot be started. */
static bool lbzip2_spawn(pid_t *child, int in, int out)
{
	char *argv[] = {"lbzip2", "-dc", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;
	int rc;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal); /* so that it ends with us, whatever happens */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(child, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc == 0;
}

static bool lbzip2_open(struct stream *s)
{
	struct stat st;
	struct lbzip2 *l;
	pid_t child;
	int end[2];

	if (s->brief || !s->regular || fstat(s->fd, &st) < 0 || st.st_size < WORTH ||
	    pipe2(end, O_CLOEXEC) < 0)
		return false;
	fcntl(end[0], F_SETPIPE_SZ, PIPE_SIZE); /* where the kernel grants it */
	if (lseek(s->fd, 0, SEEK_SET) != 0 || !lbzip2_spawn(&child, s->fd, end[1])) {
		lseek(s->fd, (off_t)s->n, SEEK_SET);
		close(end[0]);
		close(end[1]);
		return false;
	}
	close(end[1]);
	l = mem_alloc(sizeof *l);
	*l = (struct lbzip2){child, end[0]};
	s->state = l;
	s->at = s->n;
	return true;
}

/* Ends the child; true where it had ended well by itself. */
static bool lbzip2_reap(struct lbzip2 *l, bool early)
{
	int status = 1;

	if (early)
		kill(l->child, SIGKILL);
	close(l->fd);
	while (waitpid(l->child, &status, 0) < 0 && errno == EINTR)
		;
	l->child = 0;
	return status == 0;
}

static void lbzip2_close(struct stream *s)
{
	struct lbzip2 *l = s->state;

	if (l->child)
		lbzip2_reap(l, true);
	free(l);
}

/* The file again from its start by libbz2, past the `given` bytes that were delivered. */
static ssize_t lbzip2_again(struct stream *s, uint8_t *p, size_t n)
{
	uint64_t skip = s->given;
	ssize_t got = 0;

	free(s->state);
	s->codec = &codec_bzip2;
	s->codec->open(s);
	s->at = s->n = 0;
	s->raw_end = false;
	atomic_store_explicit(&s->raw_read, 0, memory_order_relaxed);
	if (lseek(s->fd, 0, SEEK_SET) != 0)
		return stream_bad(s, "bzip2: cannot read the file again");
	while (skip && (got = s->codec->read(s, p, skip < n ? (size_t)skip : n)) > 0)
		skip -= (uint64_t)got;
	return skip ? got : s->codec->read(s, p, n);
}

static ssize_t lbzip2_read(struct stream *s, uint8_t *p, size_t n)
{
	struct lbzip2 *l = s->state;
	ssize_t got;
	off_t at = lseek(s->fd, 0, SEEK_CUR); /* the child's place: it shares ours */

	if (!l->child)
		return 0;
	while ((got = read(l->fd, p, n)) < 0 && errno == EINTR)
		;
	if (at > 0)
		atomic_store_explicit(&s->raw_read, (uint64_t)at, memory_order_relaxed);
	if (got > 0)
		return got;
	if (lbzip2_reap(l, false))
		return 0;
	return lbzip2_again(s, p, n);
}

const struct codec codec_lbzip2 = {"lbzip2", false, lbzip2_is, lbzip2_open, lbzip2_read, lbzip2_close};
