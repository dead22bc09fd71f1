/* SPDX-License-Identifier: BSD-2-Clause */
/* From the start of the process to its end: when and where it records. */

#ifndef NETSPY_LIFECYCLE_H
#define NETSPY_LIFECYCLE_H

#include "wrap/ring.h"

/*
 * True when this process records. Starts it at the first call, and again in a
 * forked child, which gets a ring and a file of its own.
 */
bool nspy_recording(void);

/*
 * True in a child of vfork: it shares the memory of its parent, whose tables
 * must not change. One system call.
 */
bool nspy_in_vfork_child(void);

/* Take room in the ring, which is created first when it is not there. */
bool nspy_reserve(uint32_t len, struct nspy_place *place);

/* Write what is due: enough time has passed, or the ring is half full. */
void nspy_drain_when_due(uint64_t now_ns);

/*
 * The process may end after this: write everything and remove the ring. What
 * still comes is written at once.
 */
void nspy_finish(void);

/* The process that is recorded; its own getpid() without a system call. */
uint32_t nspy_process(void);

/* CLOCK_REALTIME in nanoseconds. */
uint64_t nspy_now(void);

#endif
