/* input/stream: see stream.h. */
#include "input/stream.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first that says "is" takes the stream; plain takes all. */
static const struct codec *const codecs[] = {
    &codec_gzip, &codec_lbzip2, &codec_bzip2, &codec_xz, &codec_zstd, &codec_lz4, &codec_plain, NULL};

enum { MAGIC_SIZE = 16 }; /* bytes that tell every wrapping */

ssize_t stream_bad(struct stream *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->bad) {
		va_start(ap, fmt);
		vsnprintf(s->error, sizeof s->error, fmt, ap);
		va_end(ap);
		s->bad = true;
	}
	return -1;
}

bool stream_waits(const struct stream *s)
{
	struct pollfd p = {s->wait_fd, POLLIN, 0};

	return s->wait_fd >= 0 && s->at == s->n && !s->raw_end && poll(&p, 1, 0) == 0;
}

bool stream_wait(const struct stream *s)
{
	struct pollfd p[2] = {{s->fd, POLLIN, 0}, {s->stop_fd, POLLIN, 0}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return !p[1].revents;
}

/* read(2) of the file itself: bytes, 0 the end, -1 bad. */
static ssize_t stream_raw(struct stream *s, uint8_t *p, size_t n)
{
	ssize_t got;

	if (s->raw_end)
		return 0;
	if (!stream_regular(s) && !stream_wait(s)) {
		s->raw_end = true;
		return 0;
	}
	while ((got = read(s->fd, p, n)) < 0 && errno == EINTR)
		;
	if (got > 0)
		atomic_fetch_add_explicit(&s->raw_read, (uint64_t)got, memory_order_relaxed);
	if (got < 0)
		stream_bad(s, "%s", strerror(errno));
	if (got == 0 && s->next_fd >= 0) {
		close(s->fd);
		s->fd = s->next_fd;
		s->next_fd = -1;
		return stream_raw(s, p, n);
	}
	s->raw_end = got <= 0;
	return got;
}

bool stream_fill(struct stream *s)
{
	ssize_t got;

	if (s->at < s->n)
		return true;
	if (s->bad)
		return false;
	s->at = s->n = 0;
	got = stream_raw(s, s->raw, RAW_SIZE);
	s->n = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* Enough raw bytes to tell the wrapping, or all there are. */
static void stream_peek(struct stream *s)
{
	while (s->n < MAGIC_SIZE) {
		ssize_t got = stream_raw(s, s->raw + s->n, RAW_SIZE - s->n);
		if (got <= 0)
			return;
		s->n += (size_t)got;
	}
}

static bool stream_open_fd(struct stream *s)
{
	struct stat st;

	s->fd = strcmp(s->path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					  : open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return stream_bad(s, "%s", strerror(errno)) == 0;
	if (S_ISDIR(st.st_mode))
		return stream_bad(s, "%s", strerror(EISDIR)) == 0;
	if (!S_ISREG(st.st_mode)) {
		s->stop_fd = eventfd(0, EFD_CLOEXEC);
		s->wait_fd = s->fd;
	}
	return true;
}

bool stream_open(struct stream *s, const char *path, bool brief)
{
	*s = (struct stream){
	    .path = path, .brief = brief, .fd = -1, .next_fd = -1, .stop_fd = -1, .wait_fd = -1};
	if (!stream_open_fd(s))
		return false;
	s->raw = mem_alloc(RAW_SIZE);
	stream_peek(s);
	for (size_t i = 0; codecs[i] && !s->bad && !s->codec; i++)
		if (codecs[i]->is(s->raw, s->n) && codecs[i]->open(s))
			s->codec = codecs[i];
	return !s->bad;
}

void stream_close(struct stream *s)
{
	if (s->codec)
		s->codec->close(s);
	free(s->raw);
	if (s->fd >= 0)
		close(s->fd);
	if (s->next_fd >= 0)
		close(s->next_fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
}

void stream_stop(struct stream *s)
{
	if (s->stop_fd >= 0 && eventfd_write(s->stop_fd, 1) < 0)
		abort(); /* the counter of a fresh eventfd cannot be full */
}

ssize_t stream_read(struct stream *s, uint8_t *p, size_t n)
{
	ssize_t got = s->bad ? -1 : s->codec->read(s, p, n);

	if (got > 0)
		s->given += (uint64_t)got;
	return got;
}

/* ---- plain ---- */
static bool plain_is(const uint8_t *p, size_t n)
{
	return true;
}

static bool plain_open(struct stream *s)
{
	return true;
}

static ssize_t plain_read(struct stream *s, uint8_t *p, size_t n)
{
	size_t left = stream_left(s);

	if (!left)
		return stream_raw(s, p, n);
	if (left > n)
		left = n;
	memcpy(p, s->raw + s->at, left);
	s->at += left;
	return (ssize_t)left;
}

static void plain_close(struct stream *s)
{
}

const struct codec codec_plain = {"plain", false, plain_is, plain_open, plain_read, plain_close};
