/*
 * sim/pack: compressed files. In: bytes. Out: a file that every reader of its format takes as one stream, for
 * the archives' own tools stop at the end of the first.
 */
#ifndef SIM_PACK_H
#define SIM_PACK_H

#include <stdbool.h>
#include <stddef.h>

enum pack { PACK_GZ, PACK_BZ2, PACK_PLAIN };

const char *pack_suffix(enum pack pack); /* ".gz", ".bz2", "" */
/* A whole file at once. false: the cause is in why. */
bool pack_file(const char *file, enum pack pack, const void *bytes, size_t n, char *why, size_t cap);
/* Makes the folder and those above it. */
bool pack_folder(const char *folder, char *why, size_t cap);

/*
 * A long file, compressed in blocks by `threads` threads and written in order. The bytes given to
 * packer_write are copied. packer_close ends the file and frees; false: the cause is in why.
 */
struct packer;
struct packer *packer_open(const char *file, enum pack pack, unsigned threads, char *why, size_t cap);
void packer_write(struct packer *p, const void *bytes, size_t n);
bool packer_close(struct packer *p, char *why, size_t cap);

#endif
