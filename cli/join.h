/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture of limited size that has the beginning and the end of a run. While
 * the run lasts the end is in two parts, FILE.2 and FILE.3, written in turn.
 */

#ifndef NETSPY_JOIN_H
#define NETSPY_JOIN_H

#include <stddef.h>
#include <stdint.h>

/* The part that is the number-th file of the run, from 2 on. */
void nspy_join_part(const char *path, unsigned int number, char *part,
		    size_t size);

/*
 * Append the parts to path, and remove them. Where packets of the run are left
 * out between them, a mark says how many. files were written, and packets in
 * all of them. Returns 0 or a negative errno.
 */
int nspy_join(const char *path, unsigned int files, uint64_t packets,
	      uint64_t *left_out);

/* Remove the parts. */
void nspy_join_remove(const char *path);

#endif
