/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that put a stream over a descriptor, or end it. */

#include "wrap/call.h"
#include "wrap/lifecycle.h"
#include "wrap/stdio.h"

#include <errno.h>
#include <stdio_ext.h>

/* nspy_begin has looked at the descriptor: the stream need not ask for it. */
void
nspy_on_fdopen(struct nspy_call *call, FILE *ret)
{
	call->result = ret ? 0 : -1;
}

void
nspy_before_fclose(FILE *stream)
{
	int error = errno;

	/* The close inside, after the last write, is told when it is seen. */
	if (stream && !nspy_stdio_seen())
		nspy_before_close(fileno(stream));
	errno = error;
}

/*
 * Inside freopen(), libc writes what is left, and closes the descriptor or
 * puts another file in its place, by ways of its own.
 */
void
nspy_before_freopen(struct nspy_call *call, const char *path, FILE *stream)
{
	int error = errno, fd = fileno(stream);

#ifndef __GLIBC__
	/* musl leaves the descriptor as it is. */
	if (!path)
		return;
#endif
	(void)path;
	call->fd = fd;
	if (nspy_recording() && !nspy_in_vfork_child() &&
	    nspy_descriptor_find(fd))
		fflush(stream);
	/* Written to no avail: libc tries again before it closes. */
	if (__fpending(stream) == 0)
		nspy_before_close(fd);
	errno = error;
}

/* What was written after nspy_before_freopen may have made fd known again. */
void
nspy_on_freopen(struct nspy_call *call, FILE *ret)
{
	(void)ret;
	if (nspy_recording() && !nspy_in_vfork_child())
		nspy_descriptor_forget_stale(call->fd);
}
