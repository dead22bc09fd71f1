/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launched by `netspy COMMAND`: the ring is a file in the private folder of
 * the run, and the command drains it. The process makes no system call for a
 * packet, holds no descriptor and starts no thread. When the command has gone,
 * the process goes on by itself.
 */

#ifndef NETSPY_LAUNCHED_H
#define NETSPY_LAUNCHED_H

#include "capture/ring.h"

/* Leave word in the folder that this program has loaded netspy. */
void nspy_launched_announce(void);

/*
 * Create a ring that the command drains. NULL: there is no command, or its
 * folder cannot be used. One thread at a time, the one that drains.
 */
struct nspy_ring *nspy_launched_create(void);

/*
 * Whether the command has left a ring of its own. Some system calls when it
 * has not looked at the ring for a second, else two loads.
 */
bool nspy_launched_left(const struct nspy_ring *ring, uint64_t now_ns);

#endif
