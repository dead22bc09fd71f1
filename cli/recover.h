/* SPDX-License-Identifier: BSD-2-Clause */
/* Finishing the capture of a process that was killed. */

#ifndef NETSPY_RECOVER_H
#define NETSPY_RECOVER_H

/*
 * Write what FILE.ring still holds into FILE and remove the ring. Says what it
 * did, or why not, in one line. Returns 0, or 1 when it failed.
 */
int nspy_recover(const char *file);

#endif
