/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the ring to the capture. The process writes by itself, in batches: as
 * often as costs at most a few per cent of its time, and at its end.
 */

#ifndef NETSPY_WRITER_H
#define NETSPY_WRITER_H

#include "wrap/ring.h"

/* Take room in the ring, which is created first when it is not there. */
bool nspy_reserve(uint32_t len, struct nspy_place *place);

/* Whether this process has recorded anything. */
bool nspy_writer_started(void);

/* NULL: nothing has been recorded. */
struct nspy_ring *nspy_writer_ring(void);

/* Of the capture, or NULL when this process has none. */
const char *nspy_writer_path(void);

/* Make the ring and the capture before the first event. */
void nspy_writer_start(void);

/* Write what there is: after this call nothing can be written from here. */
void nspy_writer_seal(void);

/* Write what is due: enough time has passed, or the ring is half full. */
void nspy_drain_when_due(uint64_t now_ns);

/* Write everything, unless the command does. */
void nspy_drain_all(void);

/*
 * The process may end after this: write everything and remove the ring. What
 * still comes is written at once.
 */
void nspy_finish(void);

/* In a forked child, with signals blocked: the ring is the parent's. */
void nspy_writer_leave_parent(void);

/*
 * Record no more, and say so once: what went wrong, a negative errno, and what
 * there is to do about it, or "".
 */
void nspy_writer_stop(const char *what, int error, const char *rest);

#endif
