/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All events of a run one after another, in the order of the merge, in a file
 * without a name: --deterministic knows what comes first only at the end.
 */

#ifndef NETSPY_SPOOL_H
#define NETSPY_SPOOL_H

#include "capture/ring.h"

struct nspy_spool;

/* One event of it. */
struct nspy_spooled {
	uint32_t len;	  /* of all of it with the payload, a multiple of 8 */
	uint32_t process; /* its number, from 1 */
	struct nspy_event event;
};

/* Make it in a folder. NULL after one line. */
struct nspy_spool *nspy_spool_create(const char *folder);

/* The number of a process that has not been there yet; 0: no memory. */
uint32_t nspy_spool_process(struct nspy_spool *spool,
			    const struct nspy_process *process);

/* Append an event. What goes wrong is remembered for nspy_spool_map. */
void nspy_spool_add(struct nspy_spool *spool, uint32_t process,
		    const struct nspy_event *event);

/* Map what was written. Returns 0 or a negative errno, of any call so far. */
int nspy_spool_map(struct nspy_spool *spool);

/* The event at *offset, which is moved behind it; NULL: that was all. */
const struct nspy_spooled *nspy_spool_next(const struct nspy_spool *spool,
					   uint64_t *offset);

/* Processes with their numbers less one. */
const struct nspy_process *nspy_spool_processes(const struct nspy_spool *spool,
						uint32_t *count);

void nspy_spool_free(struct nspy_spool *spool);

#endif
