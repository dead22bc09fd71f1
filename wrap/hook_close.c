/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which descriptors change hands and connections end. */

#include "capture/sys.h"
#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

void
nspy_on_shutdown(struct nspy_call *call, int ret, int how)
{
	const struct nspy_tell tell = {.kind = NSPY_SHUTDOWN};
	struct nspy_socket *socket = call->socket;

	call->result = ret;
	if (ret < 0 || socket->type != SOCK_STREAM)
		return;
	nspy_connect_done(call, socket, 0);
	if (how == SHUT_RD || how == SHUT_RDWR)
		atomic_fetch_or(&socket->flags, NSPY_DEAF);
	if (how == SHUT_WR || how == SHUT_RDWR)
		nspy_emit(call, socket, &tell);
}

/* MPTCP says that there is a byte when the peer's FIN is next. */
static bool
has_unread(int fd)
{
	int unread = 0;
	char byte;

	NSPY_SYS3(SYS_ioctl, fd, FIONREAD, &unread);
	return unread > 1 ||
	       (unread == 1 &&
		NSPY_SYS6(SYS_recvfrom, fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT,
			  NULL, NULL) != 0);
}

/* Closing sends RST when bytes are unread or SO_LINGER is 0 seconds. */
static bool
closes_with_reset(int fd)
{
	struct linger linger = {0, 0};
	socklen_t len = sizeof(linger);

	NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	return has_unread(fd) || (linger.l_onoff && linger.l_linger == 0);
}

static void
tell_close(struct nspy_call *call, int fd, struct nspy_socket *socket)
{
	struct nspy_tell tell = {.kind = NSPY_CLOSE};
	uint32_t flags = atomic_load(&socket->flags);

	if (socket->type != SOCK_STREAM ||
	    !(flags & (NSPY_CONNECTED | NSPY_CONNECTING)))
		return;
	call->fd = fd;
	if (flags & NSPY_CONNECTING) {
		struct nspy_socket probe = {.cookie = 0};

		nspy_socket_ask_peer(fd, &probe);
		if (probe.peer.version)
			nspy_connect_done(call, socket, 0);
	}
	if (nspy_socket_shared(socket))
		tell.flags = NSPY_HELD;
	else if (closes_with_reset(fd))
		tell.flags = NSPY_RESET;
	nspy_emit(call, socket, &tell);
}

bool
nspy_end_descriptor(int fd)
{
	struct nspy_call call = {.name = NULL};
	struct nspy_socket *socket;

	if (!nspy_descriptor_forget(fd, &socket))
		return false;
	call.begin_ns = call.end_ns = nspy_now();
	tell_close(&call, fd, socket);
	nspy_socket_free(socket);
	nspy_drain_when_due(call.end_ns);
	return true;
}

/*
 * What is no socket costs a load and perhaps a store. In a vfork child the
 * store reaches the parent's table, but "unknown" is always true.
 */
void
nspy_before_close(int fd)
{
	uint32_t word;

	if ((uint32_t)fd >= nspy_descriptor_count)
		return;
	word = atomic_load(&nspy_descriptors[fd]);
	if (word == NSPY_OTHER)
		atomic_store(&nspy_descriptors[fd], NSPY_UNKNOWN);
	else if (word != NSPY_UNKNOWN && nspy_recording() &&
		 !nspy_in_vfork_child() && nspy_end_descriptor(fd) &&
		 nspy_settings.debug)
		nspy_report_call("close", fd, 0, 0);
}

/* dup2() closes newfd, but not when oldfd is bad or the same. */
void
nspy_before_replace(int oldfd, int newfd)
{
	if (oldfd != newfd && (!nspy_descriptor_known(newfd) ||
			       NSPY_SYS3(SYS_fcntl, oldfd, F_GETFD, 0) >= 0))
		nspy_before_close(newfd);
}

void
nspy_before_close_range(unsigned int first, unsigned int last, int flags)
{
	if (flags & CLOSE_RANGE_CLOEXEC)
		return;
	for (unsigned int fd = first;
	     fd <= last && fd < nspy_descriptor_limit(); fd++)
		nspy_before_close((int)fd);
}

void
nspy_before_closefrom(int lowfd)
{
	nspy_before_close_range(lowfd < 0 ? 0 : (unsigned int)lowfd, ~0u, 0);
}

void
nspy_on_dup(struct nspy_call *call, int ret, int oldfd)
{
	struct nspy_socket *socket;

	if (ret < 0 || ret == oldfd || !nspy_recording())
		return;
	if ((uint32_t)oldfd < nspy_descriptor_count &&
	    atomic_load(&nspy_descriptors[oldfd]) == NSPY_OTHER &&
	    !nspy_descriptor_known(ret)) {
		nspy_before_close(ret);
		return;
	}
	if (nspy_in_vfork_child())
		return;
	nspy_descriptor_forget_stale(ret);
	socket = nspy_descriptor_find(oldfd);
	if (socket) {
		nspy_descriptor_copy(ret, socket);
		call->fd = oldfd;
		call->result = ret;
	}
}

void
nspy_on_fcntl(struct nspy_call *call, int ret, int fd, int cmd)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		nspy_on_dup(call, ret, fd);
}
