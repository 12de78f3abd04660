/*
 * input: where bytes come from. In: paths, folders, "-"; compressed or not, told by content. Out: padded
 * blocks of the decompressed stream, in order, each beginning with what the reader left of the one before.
 * Owns every block (recycled: a block is valid until the next input_next on the same input). Decompression
 * runs in a thread beside the reader; memory is bounded whatever the file's size.
 */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include "net/utime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_PAD = 64 }; /* zero bytes after data[len], always readable */

struct block {
	const uint8_t *data;
	size_t len;
	uint64_t offset; /* of data[0] in the decompressed stream */
};

enum input_status {
	INPUT_BLOCK, /* *b holds bytes, at least one of them new */
	INPUT_END,   /* the stream is over; what the reader left is a cut record */
	INPUT_BAD,   /* missing, unreadable, corrupt or cut: see input_error; once, then INPUT_END */
};

struct input;

/* Never NULL; a path that cannot be opened says so at the first input_next. "-" is standard input. */
struct input *input_open(const char *path);
void input_close(struct input *in); /* at any time; stops the threads; NULL is fine */

/*
 * The next block. `left` is how many bytes at the end of the block before were not used (a record cut by its
 * end); they open the new block. A record larger than a block makes the block grow.
 */
enum input_status input_next(struct input *in, size_t left, struct block *b);

const char *input_error(const struct input *in);     /* what is wrong, one line without path or offset */
uint64_t input_error_offset(const struct input *in); /* where, in the decompressed stream */
uint64_t input_bytes_read(const struct input *in);   /* of the file as it lies on disk, for progress */
const char *input_path(const struct input *in);

/* One archive file of a run. */
struct input_file {
	char *path;
	char *collector; /* "rrc04", "route-views2", or the folder's name; what design.md calls a collector */
	utime_t first;   /* time of the first MRT record; UTIME_NONE where it cannot be read */
	uint64_t size;   /* bytes on disk, 0 for a stream */
	bool rib;        /* the first record is of a table dump */
};

struct input_list {
	struct input_file *file; /* by first, then path */
	size_t n;
	char **error; /* one line each: "PATH: what" */
	size_t errors;
};

/* Files and folders (walked; only MRT files of it are taken) to a list in time order. Free with
 * input_list_free. */
void input_list_make(struct input_list *list, char *const *paths, size_t n);
void input_list_free(struct input_list *list);

#endif
