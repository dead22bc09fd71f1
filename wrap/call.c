/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame around every hook. */

#include "wrap/call.h"

#include "wrap/clock.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>

bool
nspy_begin_socket(struct nspy_call *call, const char *name, int fd)
{
	if (!nspy_recording() || nspy_changed_by_vfork_child())
		return false;
	call->socket = nspy_descriptor_find(fd);
	if (!call->socket)
		return false;
	call->name = name;
	call->fd = fd;
	call->cookie = call->socket->cookie;
	call->sender.version = 0;
	call->begin_ns = nspy_now();
	/* The real call may block for long: what waits is written first. */
	nspy_drain_when_due(call->begin_ns);
	return true;
}

void
nspy_begin_any(struct nspy_call *call, const char *name)
{
	call->name = name;
	call->socket = NULL;
	call->closing = NULL;
	call->closed = 0;
	call->fd = -1;
	call->result = 0;
}

void
nspy_begin_lookup(struct nspy_call *call, const char *name)
{
	nspy_begin_any(call, name);
	call->emitted = nspy_emitted();
	call->begin_ns = nspy_now();
	if (nspy_recording())
		nspy_drain_when_due(call->begin_ns);
}

void
nspy_enter(struct nspy_call *call)
{
	call->error = errno;
	call->end_ns = nspy_now();
	/*
	 * Another thread has closed the socket meanwhile, and its memory is
	 * another socket's now: what this call did belongs to neither.
	 */
	if (call->socket && call->socket->cookie != call->cookie)
		call->socket = &nspy_socket_gone;
}

void
nspy_leave(struct nspy_call *call)
{
	if (call->socket) {
		nspy_drain_when_due(call->end_ns);
		if (nspy_settings.debug)
			nspy_report_call(call->name, call->fd, call->result,
					 call->error);
	}
	errno = call->error;
}
