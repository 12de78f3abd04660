/*
 * keep/vfs: SQLite's own file layer with a checksum in the last eight bytes of every database page, written
 * and verified here, so that a flipped byte is an error and never an answer. In: the default VFS. Out: the
 * VFS "isthmus".
 */
#ifndef KEEP_VFS_H
#define KEEP_VFS_H

#include <stdint.h>

enum { PAGE_SUM = 8, PAGE_BYTES = 4096 }; /* bytes reserved at the end of each page */
const char *vfs_name(void);               /* registers it at the first call */
int64_t vfs_bad_page(void); /* number (from 1) of the last page of this thread that did not verify; 0 */
void vfs_forget_bad_page(void);
/* Reads every page of a store's file, used or not; -1: it cannot be read, errno says why. */
int vfs_pages_check(const char *path, void (*bad)(void *arg, int64_t page), void *arg);

#endif
