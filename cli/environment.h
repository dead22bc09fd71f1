/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment that makes a program record. */

#ifndef NETSPY_ENVIRONMENT_H
#define NETSPY_ENVIRONMENT_H

#include "cli/output.h"

/* The preload library: installed, or in the build tree. NULL after one line. */
const char *nspy_library_find(void);

/*
 * Set LD_PRELOAD, after what is there, and what the library reads. folder is
 * that of the run, or NULL: the processes write by themselves. Returns 0 or a
 * negative errno.
 */
int nspy_environment_set(const struct nspy_output *output, const char *library,
			 const char *folder);

#endif
