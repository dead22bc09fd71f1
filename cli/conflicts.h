/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that exclude each other. */

#ifndef NETSPY_CONFLICTS_H
#define NETSPY_CONFLICTS_H

#include "cli/options.h"

/* Returns -1, or the exit status after one line; the command may be missing. */
int nspy_conflicts_check(const struct nspy_options *options);

#endif
