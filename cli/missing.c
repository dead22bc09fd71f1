/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of rings, as long as they can be believed. */

#include "config.h"

#include "cli/missing.h"

#include "cli/say.h"

void
nspy_missing_add(struct nspy_missing *missing, const struct nspy_ring *ring,
		 const struct nspy_process *process)
{
	if (!nspy_ring_valid(ring, sizeof(*ring))) {
		nspy_say("%s[%u] has written over netspy's memory, by a bug of "
			 "its own it seems: calls may be missing",
			 process->executable, process->pid);
		return;
	}
	missing->dropped += atomic_load(&ring->dropped);
	missing->unseen_bytes += atomic_load(&ring->unseen_bytes);
	missing->unseen_sockets += atomic_load(&ring->unseen_sockets);
}
