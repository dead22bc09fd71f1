/* SPDX-License-Identifier: BSD-2-Clause */
/* Reserve, fill, commit: many producers, no lock, signal handlers included. */

#include "wrap/ring.h"

bool
nspy_ring_reserve(struct nspy_ring *ring, uint32_t len,
		  struct nspy_place *place)
{
	uint64_t head = atomic_load(&ring->head), after, consumed;

	do {
		uint64_t offset = nspy_position(head) % NSPY_RING_DATA;
		uint64_t size = nspy_record_size(len);

		/* An event is contiguous: what is left at the end stays free. */
		place->skip = offset + size > NSPY_RING_DATA
				      ? (uint32_t)(NSPY_RING_DATA - offset)
				      : 0;
		after = nspy_position_after(head, place->skip + size);
		consumed = atomic_load(&ring->consumed);
		if (nspy_position(after) - nspy_position(consumed) >
			    NSPY_RING_DATA ||
		    (uint16_t)((after >> 48) - (consumed >> 48)) >=
			    NSPY_RING_SLOTS)
			return false;
	} while (!atomic_compare_exchange_weak(&ring->head, &head, after));

	place->len = len;
	place->slot = &ring->slots[nspy_slot_number(head)];
	place->stamp = nspy_position(head) + place->skip + 1;
	place->event = (void *)&ring->data[(nspy_position(head) + place->skip) %
					   NSPY_RING_DATA];
	return true;
}

void
nspy_ring_publish(const struct nspy_place *place)
{
	place->slot->len = place->len;
	place->slot->skip = place->skip;
	atomic_store_explicit(&place->slot->stamp, place->stamp,
			      memory_order_release);
}
