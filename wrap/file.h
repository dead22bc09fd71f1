/* SPDX-License-Identifier: BSD-2-Clause */
/* The capture file and its ring: names, creation, and finding them again. */

#ifndef NETSPY_FILE_H
#define NETSPY_FILE_H

#include "capture/ring.h"

#include <limits.h>

/* The files of one process. One thread at a time, the one that drains. */
struct nspy_files {
	int fd;		     /* of the capture, or -1 */
	uint64_t dev, ino;   /* of the capture */
	char path[PATH_MAX]; /* of the capture; the ring is PATH.ring */
};

/*
 * Create both, never over an existing file or through a symbolic link, and
 * map the ring, which is ready for events of this process. Returns NULL and
 * *error, a negative errno.
 */
struct nspy_ring *nspy_files_create(struct nspy_files *files, int *error);

/* Only a ring, in a new file: mapped, zero, its pages on the disk. */
struct nspy_ring *nspy_files_create_ring(const char *path, int *error);

/*
 * The capture's descriptor. The program may have closed it, or given its
 * number to something else: then the file is opened again by its name.
 * Returns it or a negative errno.
 */
int nspy_files_capture(struct nspy_files *files);

/* Close the descriptor, if it still is ours. */
void nspy_files_close(struct nspy_files *files);

/* Close it, too, where it takes one of few numbers from the program. */
void nspy_files_rest(struct nspy_files *files);

/* The capture is complete: the ring goes. */
void nspy_files_remove_ring(const struct nspy_files *files);

/* Nothing was recorded: both go. */
void nspy_files_remove(const struct nspy_files *files);

/* RLIMIT_FSIZE in bytes, UINT64_MAX for none. One system call. */
uint64_t nspy_files_size_limit(void);

/* See nspy_drain.grow; context is the struct nspy_files. */
int nspy_files_grow(void *context, struct nspy_ring *ring);

/*
 * Move one of our descriptors out of the way of programs that count on low
 * numbers. Not higher than needed: the kernel's table grows with the highest
 * one. Returns where it is.
 */
int nspy_keep_high(int fd);

#endif
