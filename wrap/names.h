/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that were looked up. They come before the first socket, and a look-up
 * alone makes no capture: the last ones are kept for the ring to come.
 */

#ifndef NETSPY_NAMES_H
#define NETSPY_NAMES_H

#include "wrap/call.h"
#include "wrap/ring.h"

/*
 * The call told that name has this address: an event, unless the ring has it
 * already. A numeric address is no name.
 */
void nspy_name_add(const struct nspy_call *call, const char *name,
		   const struct nspy_endpoint *address);

/*
 * There is none, for a reason that is a EAI_ code: an event, and the beginning
 * of a capture that has a place for it.
 */
void nspy_name_failed(const struct nspy_call *call, const char *name,
		      int error);

/* Put what is kept into created, then make it the one in use: *ring. */
void nspy_names_publish(struct nspy_ring *created,
			struct nspy_ring *_Atomic *ring);

/* In a forked child, with signals blocked: its ring has no name yet. */
void nspy_names_forked(void);

#endif
