/* SPDX-License-Identifier: BSD-2-Clause */
/* What a capture lacks, as the rings of its processes count it. */

#ifndef NETSPY_MISSING_H
#define NETSPY_MISSING_H

#include "capture/ring.h"

struct nspy_missing {
	uint64_t dropped, lost; /* events: no room, cut off by a kill */
	uint64_t unseen_bytes, unseen_sockets; /* past the wrappers */
};

/*
 * Add what the ring of the process counts, but for the lost events. One that
 * its process has written over is one line, and counts nothing.
 */
void nspy_missing_add(struct nspy_missing *missing,
		      const struct nspy_ring *ring,
		      const struct nspy_process *process);

#endif
