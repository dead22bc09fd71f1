/* SPDX-License-Identifier: BSD-2-Clause */
/* Libraries whose calls do not come to us, though others' do. */

#ifndef NETSPY_LIBRARIES_H
#define NETSPY_LIBRARIES_H

#include <features.h> /* tells which C library it is */

#if !defined(NSPY_BINDING_LINK) && defined(__GLIBC__)

/* What is loaded by now is not looked at: at start, and in a forked child. */
void nspy_libraries_start(void);

/* Say which ones there are, in one line, once. For the end of the program. */
void nspy_libraries_report(void);

#else

static inline void
nspy_libraries_start(void)
{
}

static inline void
nspy_libraries_report(void)
{
}

#endif

#endif
