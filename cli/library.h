/* SPDX-License-Identifier: BSD-2-Clause */
/* The preload library: where it is, and how ld.so is told. */

#ifndef NETSPY_LIBRARY_H
#define NETSPY_LIBRARY_H

#include <stdbool.h>

#define NSPY_LIBRARY "libnetspy.so"

/* Its path, or NULL after one line. */
const char *nspy_library_find(void);

/*
 * Whether ld.so needs another name for it: it takes spaces and colons in a
 * path for its end.
 */
bool nspy_library_needs_link(const char *library);

/*
 * The word for LD_PRELOAD: the path; with $LIB in it where the library is
 * installed for programs of another word size, too; or a link in the folder.
 * NULL: errno says why.
 */
const char *nspy_library_word(const char *library, const char *folder);

#endif
