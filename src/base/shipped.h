/* base/shipped: where the files lie that come with the program. */
#ifndef BASE_SHIPPED_H
#define BASE_SHIPPED_H

/* The path of a shipped file, in a build tree or where it was installed, whether or not it is there. Freed by
 * the caller. */
char *shipped(const char *name);

#endif
