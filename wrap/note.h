/* SPDX-License-Identifier: BSD-2-Clause */
/* How several copies of netspy in one process find each other. */

#ifndef NETSPY_NOTE_H
#define NETSPY_NOTE_H

#include <stdbool.h>

/*
 * Whether another copy in this process sees every call of ours: then we record
 * nothing. The preload library sees those of all, a copy that has libc's names
 * those of the ones that are linked with --wrap, and the first of its kind
 * those of the others.
 */
bool nspy_note_before(void);

#endif
