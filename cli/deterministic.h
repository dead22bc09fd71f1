/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --deterministic: the capture of a run once more, so that an equal run has an
 * equal one. Processes stand in the order in which they were started, the
 * conversations of each in that of their first use, one after another. In a
 * conversation the calls of the end that began it keep their order; those of
 * the other end, if it is recorded, add what the first one did not tell.
 */

#ifndef NETSPY_DETERMINISTIC_H
#define NETSPY_DETERMINISTIC_H

#include "cli/output.h"
#include "cli/spool.h"

/* What is in the capture then. */
struct nspy_written {
	uint64_t packets, bytes, conversations, size;
};

/*
 * Write the events of the spool in the place of the output's capture; the run
 * has lost dropped ones. Returns 0 or a negative errno; then the capture is as
 * it was.
 */
int nspy_deterministic_write(struct nspy_spool *spool,
			     struct nspy_output *output, uint64_t dropped,
			     struct nspy_written *written);

#endif
