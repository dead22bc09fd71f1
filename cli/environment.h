/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment that makes a program record. */

#ifndef NETSPY_ENVIRONMENT_H
#define NETSPY_ENVIRONMENT_H

#include "cli/output.h"

/*
 * Add the word to LD_PRELOAD, after what is there, unless it is NULL, and set
 * what the library reads. folder is that of the run, or NULL: the processes write by themselves.
 * Returns 0 or a negative errno.
 */
int nspy_environment_set(const struct nspy_output *output, const char *word,
			 const char *folder);

#endif
