/* SPDX-License-Identifier: BSD-2-Clause */
/* `netspy check PROGRAM`: can it be recorded, and if not, why and what then. */

#ifndef NETSPY_CHECK_H
#define NETSPY_CHECK_H

#include <stdbool.h>

/* Whether the program starts at all when the library is to be preloaded. */
bool nspy_check_starts(const char *program, const char *library);

/* Returns the exit status: 0 when it can be, else 1. */
int nspy_check(const char *program);

/*
 * After a run of the program in which no socket was seen: one line on stderr
 * with the reason, as far as the file shows it. loaded are the names of the
 * programs that a copy of the library was in.
 */
void nspy_check_explain(const char *program, const char *loaded);

#endif
