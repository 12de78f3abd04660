/* Fuzz: any bytes as a file, whatever wrapping they claim to be. */
#include "input/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	char path[40];
	struct input *in;
	struct block b;
	uint64_t end = 0;

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	in = input_open(path);
	while (end < (64 << 20) && input_next(in, 0, &b) == INPUT_BLOCK) {
		if (b.len == 0 || b.offset != end)
			abort();
		end += b.len;
	}
	input_close(in);
	close(fd);
	return 0;
}
