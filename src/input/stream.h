/*
 * input/stream (of this room only): one file as a stream of decompressed bytes, read synchronously. In: a
 * path. Out: bytes, then the end or one fault. The stream owns its descriptor, the buffer of raw bytes and
 * the codec's state.
 */
#ifndef INPUT_STREAM_H
#define INPUT_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream;

struct codec { /* a wrapping, told by the first bytes */
	const char *name;
	bool beside; /* worth a thread beside the reader */
	bool (*is)(const uint8_t *p, size_t n);
	bool (*open)(struct stream *s); /* false: stream_bad was called */
	ssize_t (*read)(
	    struct stream *s, uint8_t *p, size_t n); /* bytes; 0 the end; -1 stream_bad was called */
	void (*close)(struct stream *s);
};

extern const struct codec codec_gzip, codec_bzip2, codec_lbzip2, codec_xz, codec_zstd, codec_lz4, codec_plain;

enum { RAW_SIZE = 256 * 1024 };

struct stream {
	const char *path;
	int fd;
	int next_fd; /* read on where fd ends; -1: none */
	int stop_fd; /* an eventfd that ends every wait; -1: nothing here waits */
	int wait_fd; /* readable where the next read need not wait; -1: it never does */
	bool brief;  /* only the first bytes are wanted: no process is started for it */
	bool raw_end;
	uint8_t *raw; /* raw[at..n) is not used yet */
	size_t at, n;
	atomic_uint_fast64_t raw_read;
	uint64_t given; /* decompressed bytes delivered */
	const struct codec *codec;
	void *state;
	bool bad;
	char error[160];
};

bool stream_open(
    struct stream *s, const char *path, bool brief); /* false: s->error; stream_close all the same */
void stream_close(struct stream *s);
void stream_stop(struct stream *s); /* from another thread: every wait ends as if the file did */
ssize_t stream_read(struct stream *s, uint8_t *p, size_t n); /* as codec->read */
bool stream_waits(const struct stream *s); /* the next read would have to wait for a writer */

/* For codecs. */
static inline bool stream_regular(const struct stream *s)
{
	return s->stop_fd < 0;
}
bool stream_wait(const struct stream *s); /* until fd is readable; false: stopped */
bool stream_fill(struct stream *s);       /* raw bytes where none are left; false: the end, or s->bad */
ssize_t stream_bad(struct stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* -1 */
static inline size_t stream_left(const struct stream *s)
{
	return s->n - s->at;
}

#endif
