/* SPDX-License-Identifier: BSD-2-Clause */
/* From the start of the process to its end: when and where it records. */

#ifndef NETSPY_LIFECYCLE_H
#define NETSPY_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * True when this process records. Starts it at the first call, and again in a
 * forked child, which gets a ring and a file of its own.
 */
bool nspy_recording(void);

/*
 * True in a process that shares the memory of the one that is recorded, as a
 * child of vfork does: its end is not that one's. One system call.
 */
bool nspy_in_guest(void);

/*
 * True in such a process with descriptors of its own: our tables, which are
 * about those of its parent, must not change. One system call, or two.
 */
bool nspy_in_vfork_child(void);

/*
 * The same, but only after a change of descriptors by such a child: before, they
 * are its parent's. No system call otherwise.
 */
bool nspy_changed_by_vfork_child(void);

/* Nothing is recorded, and will not be in this process. */
bool nspy_stopped(void);

/* Record no more. True the first time. */
bool nspy_stop(void);

/* For a while nothing new is told, but sockets are followed as before. */
void nspy_pause(bool pause);
bool nspy_paused(void);

/* The process that is recorded; its own getpid() without a system call. */
uint32_t nspy_process(void);

/* At start: see to it that the end of the program is told. */
void nspy_end_register(void);

#endif
