/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of a call that are not in the program's memory: in a file or a pipe. */

#ifndef NETSPY_SOURCE_H
#define NETSPY_SOURCE_H

#include "wrap/stash.h"

#include <stdint.h>

/* Where they are; of what cannot be read there, only the length is told. */
struct nspy_source {
	int fd;		     /* -1: nowhere any more */
	int64_t offset;	     /* of the next byte in the file */
	uint64_t changed_ns; /* when the file had changed, before the call */
	struct nspy_stash *stash; /* instead of a file */
};

/* A source of nothing. */
static inline void
nspy_source_none(struct nspy_source *source)
{
	source->fd = -1;
	source->stash = NULL;
}

/* fd is a file that a call will read. It may be anything, also wrong. */
void nspy_source_begin(struct nspy_source *source, int fd);

/*
 * Copy the next len bytes, as they were when the call read them. Returns how
 * many there are; fewer, also none, where the file has changed since or cannot
 * be read.
 */
size_t nspy_source_read(struct nspy_source *source, void *to, size_t len);

/* Pass over bytes. */
void nspy_source_skip(struct nspy_source *source, size_t len);

#endif
