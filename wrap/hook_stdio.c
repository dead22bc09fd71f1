/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which stdio gets a descriptor, uses or ends it. */

#include "capture/sys_wide.h"
#include "wrap/call.h"
#include "wrap/lifecycle.h"
#include "wrap/stdio.h"

#include <errno.h>
#include <stdio_ext.h>

/* nspy_begin has looked at the descriptor: no read or write need do so. */
void
nspy_on_fdopen(struct nspy_call *call, FILE *ret)
{
	call->result = ret ? 0 : -1;
	if (ret)
		nspy_stdio_adopt(ret, call->fd);
}

bool
nspy_begin_fclose(struct nspy_call *call, FILE *stream)
{
	int error = errno;
	bool closing = false;

	/* The close inside, after the last write, is told when it is seen. */
	if (stream && !nspy_stdio_seen(stream))
		closing = nspy_begin_close(call, fileno(stream));
	errno = error;
	return closing;
}

/*
 * Inside freopen(), libc writes what is left, and closes the descriptor or
 * puts another file in its place, by ways of its own.
 */
void
nspy_before_freopen(struct nspy_call *call, const char *path, FILE *stream)
{
	int error = errno, fd = fileno(stream);

	call->closing = NULL;
#ifndef __GLIBC__
	/* musl leaves the descriptor as it is: fd is -1 after nspy_begin_any. */
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
		nspy_begin_close(call, fd);
	errno = error;
}

/* What was written after nspy_before_freopen may have made fd known again. */
void
nspy_on_freopen(struct nspy_call *call, FILE *ret)
{
	if (ret)
		nspy_stdio_adopt(ret, fileno(ret));
	if (nspy_recording() && !nspy_in_vfork_child())
		nspy_descriptor_forget_stale(call->fd);
	nspy_end_close(call);
}

/* Where what vdprintf writes reaches no hook, its text is made once more. */
void
nspy_before_dprintf(struct nspy_call *call, int fd, va_list list)
{
	if (!nspy_stdio_dprintf_seen() && nspy_begin(call, "vdprintf", fd))
		va_copy(call->list, list);
}

static void
tell_text(struct nspy_call *call, int len, const char *format)
{
	size_t size = (size_t)len + 1;
	long page = nspy_sys_map(NULL, size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *text = (char *)page;

	if (nspy_sys_failed(page)) {
		nspy_on_sendv(call, len, NULL, 0);
		return;
	}
	errno = call->error; /* for %m; a success has left it alone */
	if (vsnprintf(text, size, format, call->list) == len)
		nspy_on_send(call, len, text, 0, NULL, 0);
	else
		nspy_on_sendv(call, len, NULL, 0);
	NSPY_SYS2(SYS_munmap, text, size);
}

void
nspy_on_dprintf(struct nspy_call *call, int ret, const char *format)
{
	if (!call->socket)
		return;
	if (ret < 0)
		nspy_on_send(call, ret, NULL, 0, NULL, 0);
	else if (call->socket->type == SOCK_STREAM ||
		 ret <= nspy_stdio_dprintf_room)
		tell_text(call, ret, format);
	va_end(call->list);
}
