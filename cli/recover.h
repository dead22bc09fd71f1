/* SPDX-License-Identifier: BSD-2-Clause */
/* Finishing captures of processes, and of runs, that were killed. */

#ifndef NETSPY_RECOVER_H
#define NETSPY_RECOVER_H

#include "cli/missing.h"

#include <stdbool.h>
#include <stdint.h>

/* What a capture holds at the end, and what it does not. */
struct nspy_recovered {
	uint64_t packets, recovered;
	struct nspy_missing missing;
};

/* Say so, in one line, and one for each kind of missing things. */
void nspy_recover_report(const char *path, const struct nspy_recovered *done);

/*
 * Write what FILE.ring still holds into FILE and remove the ring. Says what it
 * did, or why not, in one line. Returns 0, or 1 when it failed. FILE may be the
 * capture, its ring, or the folder of a run, which a link called FILE.ring
 * leads to.
 */
int nspy_recover(const char *file);

/* The same for the folder of a run. */
int nspy_recover_run(const char *folder);

/* Whether the file begins as a capture of ours does. */
bool nspy_is_capture(const char *path);

/*
 * Whether it has size bytes or more, and a record ends there: what is behind
 * it is to be cut off, and what says so may be damaged.
 */
bool nspy_capture_has_end(int fd, uint64_t size);

#endif
