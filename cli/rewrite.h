/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture of events that are given a time and numbers of processes. */

#ifndef NETSPY_REWRITE_H
#define NETSPY_REWRITE_H

#include "cli/deterministic.h"

struct nspy_rewrite;

/* Begin with the header of a capture in fd. Returns 0 or a negative errno. */
int nspy_rewrite_begin(struct nspy_rewrite **rewrite,
		       const struct nspy_spool *spool, int fd, uint32_t format);

/*
 * Write the event, a microsecond after the one before it. The bytes that a
 * stream moves in one direction at a time become one run, whatever the calls
 * were.
 */
void nspy_rewrite_event(struct nspy_rewrite *rewrite, uint32_t process,
			const struct nspy_event *event, const void *data);

/* The next event is of another socket. */
void nspy_rewrite_end_run(struct nspy_rewrite *rewrite);

/*
 * Write the last blocks; the run has lost dropped events. Returns 0 or a
 * negative errno, of any call so far.
 */
int nspy_rewrite_end(struct nspy_rewrite *rewrite, uint64_t dropped,
		     struct nspy_written *written);

void nspy_rewrite_free(struct nspy_rewrite *rewrite);

#endif
