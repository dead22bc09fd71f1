/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes of our own, for copies of what a splice takes out of a pipe. */

#ifndef NETSPY_STASH_H
#define NETSPY_STASH_H

#include <stdbool.h>
#include <stddef.h>

struct nspy_stash;

/*
 * A descriptor that reads from the pipe that another one writes to, or a
 * negative value. Close it if it was opened for this.
 */
int nspy_stash_open_reader(int pipe, bool *opened);

/*
 * Copy what is in a pipe now, at most len bytes, to a stash, which is the
 * caller's until nspy_stash_release. Returns how many there are, or a negative
 * errno without a stash: -EAGAIN when there are none, unless it is to wait for
 * them, -EINTR when it waits and a signal handler ends that.
 */
long nspy_stash_copy(int pipe, size_t len, bool wait,
		     struct nspy_stash **stash);

/* Take bytes out. Returns how many there were. */
size_t nspy_stash_read(const struct nspy_stash *stash, void *to, size_t len);
size_t nspy_stash_skip(const struct nspy_stash *stash, size_t len);

/* Empties it. */
void nspy_stash_release(struct nspy_stash *stash);

#endif
