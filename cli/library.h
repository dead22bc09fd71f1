/* SPDX-License-Identifier: BSD-2-Clause */
/* The preload libraries: where they are, and how ld.so is told. */

#ifndef NETSPY_LIBRARY_H
#define NETSPY_LIBRARY_H

#include "cli/program.h"

#define NSPY_LIBRARY "libnetspy.so"
/* With the names of TLS libraries, for --tls-keys. */
#define NSPY_TLS_LIBRARY "libnetspy-tls.so"

/* Its path, or NULL after one line. */
const char *nspy_library_find(void);

/* The path of the other one, which is beside it; or NULL after one line. */
const char *nspy_library_find_tls(const char *library);

/*
 * Whether ld.so needs another name for it: it takes spaces and colons in a
 * path for its end.
 */
bool nspy_library_needs_link(const char *library);

/*
 * The words for LD_PRELOAD: the path, and with tls that of the other one; with
 * $LIB in it where the library is installed for programs of another word size,
 * too; or a link in the folder. NULL: errno says why.
 */
const char *nspy_library_words(const char *library, const char *folder,
			       bool tls);

/*
 * What $LIB makes of that word for a program of another word size; it may not
 * be there. Without a place for it, the library itself.
 */
const char *nspy_library_for(const char *library,
			     const struct nspy_program *program);

#endif
