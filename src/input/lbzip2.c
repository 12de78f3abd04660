/*
 * input/lbzip2: bzip2 on all cores, by the lbzip2 program writing to a pipe. It reads a file itself; a pipe
 * is fed to it by a thread that keeps a copy in an unlinked temporary file. Where it fails, libbz2 decodes
 * from the start past what was delivered: it gives every good block and finds the exact place of the damage.
 * The stream owns the child and the feeder: both are ended when it closes early.
 */
#include "base/mem.h"
#include "input/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORTH = 256 * 1024, /* a smaller file is one block or two: not worth a process */
	PIPE_SIZE = 1024 * 1024,
};

struct lbzip2 {
	struct stream *stream;
	pid_t child; /* 0: it is gone */
	int fd;      /* its output */
	int feed_fd; /* its input, where it is fed; -1: it reads the file */
	int copy_fd; /* what it was fed */
	int copy_error;
	bool fed;
	pthread_t feeder;
};

extern char **environ;

static bool lbzip2_is(const uint8_t *p, size_t n)
{
	return codec_bzip2.is(p, n);
}

/* lbzip2 -dc with `in` as its input and `out` as its output; 0 where it cannot be started. */
static pid_t lbzip2_spawn(int in, int out)
{
	char *argv[] = {"lbzip2", "-dc", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;
	pid_t child;
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
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	rc = posix_spawnp(&child, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc == 0 ? child : 0;
}

/* ---- feeding a pipe ---- */
static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

/* To the copy first, so that the copy always holds what the child may have seen. */
static void *feeder_run(void *arg)
{
	struct lbzip2 *l = arg;
	struct stream *s = l->stream;
	size_t n = s->n;
	sigset_t pipe_signal;
	ssize_t got = 1;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	while (got > 0) {
		if (!write_all(l->copy_fd, s->raw, n))
			l->copy_error = errno;
		if (l->copy_error || !write_all(l->feed_fd, s->raw, n) || !stream_wait(s))
			break;
		while ((got = read(s->fd, s->raw, RAW_SIZE)) < 0 && errno == EINTR)
			;
		n = got > 0 ? (size_t)got : 0;
		atomic_fetch_add_explicit(&s->raw_read, n, memory_order_relaxed);
	}
	close(l->feed_fd);
	return NULL;
}

/* A pipe to the child and an unlinked file for the copy; returns the pipe's other end, or -1. */
static int feeder_open(struct lbzip2 *l)
{
	const char *folder = getenv("TMPDIR");
	int end[2];

	l->copy_fd = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (l->copy_fd < 0 || pipe2(end, O_CLOEXEC) < 0)
		return -1;
	l->feed_fd = end[1];
	return end[0];
}

/* ---- the codec ---- */
static void lbzip2_drop(struct lbzip2 *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->copy_fd >= 0)
		close(l->copy_fd);
	free(l);
}

/* Is it worth a process? */
static bool lbzip2_wanted(const struct stream *s)
{
	struct stat st;

	return !s->brief && (!stream_regular(s) || (fstat(s->fd, &st) == 0 && st.st_size >= WORTH));
}

static bool lbzip2_start(struct stream *s, struct lbzip2 *l)
{
	bool file = stream_regular(s);
	int in = file ? s->fd : feeder_open(l), end[2];

	if (in < 0 || pipe2(end, O_CLOEXEC) < 0)
		return false; /* out of descriptors: libbz2 */
	l->fd = end[0];
	fcntl(end[0], F_SETPIPE_SZ, PIPE_SIZE); /* where the kernel grants it */
	if (file)
		lseek(s->fd, 0, SEEK_SET);
	l->child = lbzip2_spawn(in, end[1]);
	close(end[1]);
	if (file && !l->child)
		lseek(s->fd, (off_t)s->n, SEEK_SET);
	if (!file)
		close(in);
	s->at = s->n;
	if (!file && l->child)
		l->fed = pthread_create(&l->feeder, NULL, feeder_run, l) == 0;
	if (l->feed_fd >= 0 && !l->fed)
		close(l->feed_fd);
	return l->child && (file || l->fed);
}

/* Ends the child and the feeder; true where the child had ended well by itself. */
static bool lbzip2_end(struct lbzip2 *l, bool early)
{
	int status = 1;

	if (early)
		kill(l->child, SIGKILL);
	while (waitpid(l->child, &status, 0) < 0 && errno == EINTR)
		;
	l->child = 0;
	if (l->fed) {
		eventfd_t stops;
		stream_stop(l->stream);
		pthread_join(l->feeder, NULL);
		eventfd_read(l->stream->stop_fd, &stops); /* libbz2 may have to go on */
		l->fed = false;
	}
	return status == 0;
}

static bool lbzip2_open(struct stream *s)
{
	struct lbzip2 *l;

	if (!lbzip2_wanted(s))
		return false;
	l = mem_alloc(sizeof *l);
	*l = (struct lbzip2){.stream = s, .fd = -1, .feed_fd = -1, .copy_fd = -1};
	if (!lbzip2_start(s, l)) {
		if (l->child)
			lbzip2_end(l, true);
		lbzip2_drop(l);
		s->at = 0;
		return false;
	}
	s->state = l;
	s->wait_fd = stream_regular(s) ? -1 : l->fd;
	return true;
}

static void lbzip2_close(struct stream *s)
{
	struct lbzip2 *l = s->state;

	if (l->child)
		lbzip2_end(l, true);
	lbzip2_drop(l);
}

/* The stream again from its start by libbz2, past the `given` bytes that were delivered. */
static ssize_t lbzip2_again(struct stream *s, uint8_t *p, size_t n)
{
	struct lbzip2 *l = s->state;
	uint64_t skip = s->given;
	ssize_t got = 0;

	if (l->copy_error)
		return stream_bad(s, "bzip2: temporary copy: %s", strerror(l->copy_error));
	if (l->copy_fd >= 0) { /* the copy, then what was not read yet */
		s->next_fd = s->fd;
		s->fd = l->copy_fd;
		l->copy_fd = -1;
	}
	lbzip2_drop(l);
	s->codec = &codec_bzip2;
	s->codec->open(s);
	s->at = s->n = 0;
	s->wait_fd = -1;
	atomic_store_explicit(&s->raw_read, 0, memory_order_relaxed);
	if (lseek(s->fd, 0, SEEK_SET) != 0)
		return stream_bad(s, "bzip2: cannot read it again");
	while (skip && (got = s->codec->read(s, p, skip < n ? (size_t)skip : n)) > 0)
		skip -= (uint64_t)got;
	return skip ? got : s->codec->read(s, p, n);
}

static ssize_t lbzip2_read(struct stream *s, uint8_t *p, size_t n)
{
	struct lbzip2 *l = s->state;
	ssize_t got;
	off_t at;

	if (!l->child)
		return 0;
	while ((got = read(l->fd, p, n)) < 0 && errno == EINTR)
		;
	if (l->feed_fd < 0 &&
	    (at = lseek(s->fd, 0, SEEK_CUR)) > 0) /* the child shares our place in the file */
		atomic_store_explicit(&s->raw_read, (uint64_t)at, memory_order_relaxed);
	if (got > 0)
		return got;
	return lbzip2_end(l, false) ? 0 : lbzip2_again(s, p, n);
}

const struct codec codec_lbzip2 = {"lbzip2", false, lbzip2_is, lbzip2_open, lbzip2_read, lbzip2_close};
