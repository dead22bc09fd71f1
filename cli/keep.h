/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --test and --on-failure: a capture is there when somebody will want to look
 * at it, and else there is nothing.
 */

#ifndef NETSPY_KEEP_H
#define NETSPY_KEEP_H

#include "cli/collect.h"
#include "cli/options.h"

/* What test harnesses mean by them. */
#define NSPY_STATUS_SKIPPED 77
#define NSPY_STATUS_TIMED_OUT 124

/*
 * Name the capture after the test and the folder. Returns -1, or the exit
 * status after one line.
 */
int nspy_keep_name(struct nspy_options *options);

/* An older capture of the same test is no capture of this run. */
void nspy_keep_begin(const struct nspy_options *options);

/*
 * The command has ended with status, as wait() gives it, or its time was over:
 * put the parts of the capture together, or remove it when all is well, and
 * say in one line where it is.
 */
void nspy_keep_end(const struct nspy_output *output,
		   const struct nspy_totals *totals, int status,
		   bool timed_out);

#endif
