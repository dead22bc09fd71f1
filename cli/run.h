/* SPDX-License-Identifier: BSD-2-Clause */
/* `netspy COMMAND`: the run from its start to its summary. */

#ifndef NETSPY_RUN_H
#define NETSPY_RUN_H

#include "cli/options.h"

/*
 * Run the command and record it. Returns its exit status; when a signal ended
 * it, that signal ends this process too. 2: nothing was started; 126 or 127:
 * the command could not be.
 */
int nspy_run(const struct nspy_options *options);

#endif
