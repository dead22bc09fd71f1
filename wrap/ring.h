/* SPDX-License-Identifier: BSD-2-Clause */
/* The producer's side of the event ring. */

#ifndef NETSPY_WRAP_RING_H
#define NETSPY_WRAP_RING_H

#include "capture/ring.h"

/* A place in the ring, between reserve and commit. */
struct nspy_place {
	struct nspy_event *event;
	struct nspy_slot *slot;
	uint64_t stamp;
	uint32_t len, skip;
};

/*
 * Take room for an event of len bytes, payload included, in one atomic step.
 * False: the ring is full.
 */
bool nspy_ring_reserve(struct nspy_ring *ring, uint32_t len,
		       struct nspy_place *place);

/* The event is filled in: the consumer may see it. */
void nspy_ring_publish(const struct nspy_place *place);

#endif
