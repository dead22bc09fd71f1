/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which descriptors and connections end. */

#include "capture/sys.h"
#include "wrap/audit.h"
#include "wrap/call.h"
#include "wrap/clock.h"
#include "wrap/connect.h"
#include "wrap/diag.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/report.h"
#include "wrap/settings.h"
#include "wrap/writer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

/* MPTCP says that there is a byte when the peer's FIN is next. */
static size_t
unread_bytes(int fd)
{
	int unread = 0;
	char byte;

	NSPY_SYS3(SYS_ioctl, fd, FIONREAD, &unread);
	/* Nor does the kernel count the urgent byte, when it is next. */
	if (unread == 0 && NSPY_SYS3(SYS_ioctl, fd, SIOCATMARK, &unread) < 0)
		unread = 0;
	if (unread == 1 && NSPY_SYS6(SYS_recvfrom, fd, &byte, 1,
				     MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 0)
		unread = 0;
	return unread > 0 ? (size_t)unread : 0;
}

/* False: its end sends nothing, or we cannot tell what. */
static bool
is_connected(struct nspy_call *call, int fd, struct nspy_socket *socket)
{
	uint32_t flags = atomic_load(&socket->flags);

	if (socket->type != SOCK_STREAM ||
	    !(flags & (NSPY_CONNECTED | NSPY_CONNECTING)))
		return false;
	call->fd = fd;
	if (flags & NSPY_CONNECTING && nspy_was_connected(fd, socket))
		nspy_connect_done(call, socket, 0);
	return true;
}

void
nspy_on_shutdown(struct nspy_call *call, int ret, int how)
{
	const struct nspy_tell tell = {.kind = NSPY_SHUTDOWN};
	struct nspy_socket *socket = call->socket;
	struct nspy_tcp_info info;

	call->result = ret;
	/* Without a connection it fails, but nothing is heard from now on. */
	if ((how == SHUT_RD || how == SHUT_RDWR) &&
	    (ret == 0 || call->error == ENOTCONN))
		atomic_fetch_or(&socket->flags, NSPY_DEAF);
	/* It ends a connect() in progress, and a listener as well. */
	if (ret < 0 || !is_connected(call, call->fd, socket) ||
	    !(atomic_load(&socket->flags) & NSPY_CONNECTED))
		return;
	/* Before the FIN, behind which no gap can be. */
	if (how != SHUT_RD && !nspy_socket_shared(socket) &&
	    nspy_tcp_info_ask(call->fd, socket, &info))
		nspy_audit(call, call->fd, socket, &info,
			   unread_bytes(call->fd));
	if (how == SHUT_WR || how == SHUT_RDWR)
		nspy_emit(call, socket, &tell);
}

/* Another process that holds the socket may have said so. */
static bool
lingers_not(int fd, const struct nspy_socket *socket)
{
	struct linger linger = {0, 0};
	socklen_t len = sizeof(linger);

	if (!nspy_socket_shared(socket))
		return atomic_load(&socket->flags) & NSPY_LINGERS_NOT;
	NSPY_SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	return linger.l_onoff && linger.l_linger == 0;
}

/* The socket has an error that the program was not told; it stays there. */
static bool
has_error(int fd)
{
	struct pollfd poll = {.fd = fd};
	const struct timespec now = {0, 0};

	return NSPY_SYS5(SYS_ppoll, &poll, 1, &now, NULL, 0) > 0 &&
	       poll.revents & POLLERR;
}

/* What the kernel does at the close, and what it knows of the peer's end. */
static uint16_t
end_of(const struct nspy_call *call, int fd, struct nspy_socket *socket)
{
	struct nspy_tcp_info info;
	bool asked = atomic_load(&socket->flags) & NSPY_CONNECTED &&
		     nspy_tcp_info_ask(fd, socket, &info);
	/* Asked later: what comes in between is unread, and not missing. */
	bool urgent = atomic_load(&socket->flags) & NSPY_URGENT_SEEN;
	size_t unread = asked && !urgent && nspy_all_received(socket, &info)
				? 0
				: unread_bytes(fd);
	/* Closing sends RST when bytes are unread or the linger time is 0. */
	uint16_t flags = unread || lingers_not(fd, socket) ? NSPY_RESET : 0;

	if (!asked)
		return flags;
	if (!nspy_socket_shared(socket))
		nspy_audit(call, fd, socket, &info, unread);
	else if (info.state == TCP_CLOSE)
		info.received = 0; /* others may have received some of it */
	if (info.state == TCP_CLOSE)
		flags = NSPY_SILENT;
	if (!unread && nspy_peer_sent_fin(socket, &info, unread))
		flags |= NSPY_PEER_FIN;
	if (info.state == TCP_CLOSE && !info.waits && has_error(fd))
		flags |= NSPY_PEER_RESET | nspy_may_abort(socket);
	return flags;
}

/* Dissolving the association sends RST, unless both ends were over. */
void
nspy_before_connect(struct nspy_call *call)
{
	struct nspy_socket *socket = call->socket;
	struct nspy_tcp_info info;

	call->dissolving = NSPY_RESET;
	if (socket->type != SOCK_STREAM ||
	    !(atomic_load(&socket->flags) & NSPY_CONNECTED))
		return;
	call->dissolving |= end_of(call, call->fd, socket);
	if (nspy_tcp_info_ask(call->fd, socket, &info) &&
	    (info.state == TCP_LAST_ACK || info.state == TCP_CLOSING))
		call->dissolving |= NSPY_SILENT;
	if ((call->dissolving & (NSPY_SILENT | NSPY_PEER_RESET)) == NSPY_SILENT)
		call->dissolving &= (uint16_t)~NSPY_RESET;
}

static void
tell_close(struct nspy_call *call, struct nspy_socket *socket, uint16_t flags)
{
	const struct nspy_tell tell = {.kind = NSPY_CLOSE, .flags = flags};

	/*
	 * An inherited socket that was not used makes no capture. The command
	 * knows what others said, and takes the end.
	 */
	if (nspy_writer_started() ||
	    (nspy_settings.run[0] && flags != NSPY_HELD))
		nspy_emit(call, socket, &tell);
}

/* Whether others hold the socket is seen when our descriptor is closed. */
static bool
tell_later(struct nspy_call *call, int fd, struct nspy_socket *socket)
{
	socket->alone = !nspy_socket_shared(socket);
	if (!socket->alone && !nspy_diag_begin(fd, socket))
		return false;
	socket->ends = end_of(call, fd, socket);
	socket->next_closing = call->closing;
	call->closing = socket;
	return true;
}

/*
 * The end of a socket whose last descriptor is fd, or added to call->closing:
 * if it has to be, or those before it were.
 */
static void
end_socket(struct nspy_call *call, int fd, struct nspy_socket *socket)
{
	call->begin_ns = call->end_ns = nspy_now();
	if (is_connected(call, fd, socket)) {
		if (!nspy_socket_shared(socket) && !call->closing)
			tell_close(call, socket, end_of(call, fd, socket));
		else if (tell_later(call, fd, socket))
			socket = NULL;
		else
			tell_close(call, socket, NSPY_HELD);
	}
	if (socket)
		nspy_socket_free(socket);
	nspy_drain_when_due(call->end_ns);
	if (nspy_settings.debug)
		nspy_report_call("close", fd, 0, 0);
}

/*
 * fd is about to be closed: forgotten before the kernel gives it out again.
 * Returns the socket whose last one it was. What is no socket costs a load and
 * perhaps a store: by a vfork child to its parent's table, where it is true.
 */
static struct nspy_socket *
forget(int fd)
{
	struct nspy_socket *socket;
	uint32_t word;

	if ((uint32_t)fd >= nspy_descriptor_count)
		return NULL;
	word = atomic_load(&nspy_descriptors[fd]);
	if (word == NSPY_OTHER)
		atomic_store(&nspy_descriptors[fd], NSPY_UNKNOWN);
	if (word == NSPY_OTHER || word == NSPY_UNKNOWN || !nspy_recording() ||
	    nspy_in_vfork_child())
		return NULL;
	if (nspy_descriptors_shared)
		nspy_descriptor_find(fd);
	return nspy_descriptor_forget(fd, &socket) ? socket : NULL;
}

static void
end_descriptor(struct nspy_call *call, int fd)
{
	struct nspy_socket *socket = forget(fd);

	call->fd = fd;
	call->closed = socket ? socket->cookie : 0;
	if (socket)
		end_socket(call, fd, socket);
}

bool
nspy_begin_close(struct nspy_call *call, int fd)
{
	call->closing = NULL;
	end_descriptor(call, fd);
	return call->closed;
}

/* The kernel puts files on a stack before it closes them: the last one first. */
bool
nspy_begin_close_range(struct nspy_call *call, unsigned int first,
		       unsigned int last, int flags)
{
	struct nspy_socket *socket, *top = NULL;

	call->closing = NULL;
	call->closed = 0;
	if ((unsigned int)flags & CLOSE_RANGE_CLOEXEC)
		return false;
	for (unsigned int fd = first;
	     fd <= last && fd < nspy_descriptor_limit(); fd++) {
		socket = forget((int)fd);
		if (!socket)
			continue;
		socket->last_fd = (int)fd;
		socket->next_closing = top;
		top = socket;
	}
	while (top) {
		socket = top;
		top = socket->next_closing;
		end_socket(call, socket->last_fd, socket);
	}
	return call->closing;
}

bool
nspy_begin_closefrom(struct nspy_call *call, int lowfd)
{
	return nspy_begin_close_range(call, lowfd < 0 ? 0 : (unsigned int)lowfd,
				      ~0u, 0);
}

static uint16_t
how_it_ended(const struct nspy_socket *socket)
{
	if (socket->alone)
		return socket->ends;
	switch (nspy_diag_end(socket)) {
	case NSPY_DIAG_ENDING:
		return socket->ends & NSPY_PEER_FIN;
	case NSPY_DIAG_GONE:
		return socket->ends;
	default:
		return NSPY_HELD;
	}
}

static struct nspy_socket *
reversed(struct nspy_socket *list)
{
	struct nspy_socket *result = NULL;

	while (list) {
		struct nspy_socket *next = list->next_closing;

		list->next_closing = result;
		result = list;
		list = next;
	}
	return result;
}

void
nspy_end_close(struct nspy_call *call)
{
	int error = errno;

	if (call->closed)
		nspy_descriptor_forget_closed(call->fd, call->closed);
	if (!call->closing)
		return;
	call->closing = reversed(call->closing);
	while (call->closing) {
		struct nspy_socket *socket = call->closing;

		call->closing = socket->next_closing;
		tell_close(call, socket, how_it_ended(socket));
		nspy_socket_free(socket);
	}
	nspy_drain_when_due(call->end_ns);
	errno = error;
}

void
nspy_before_close(int fd)
{
	struct nspy_call call = {.closing = NULL};

	end_descriptor(&call, fd);
	while (call.closing) {
		struct nspy_socket *socket = call.closing;

		call.closing = socket->next_closing;
		if (!socket->alone)
			nspy_diag_end(socket);
		tell_close(&call, socket, NSPY_HELD);
		nspy_socket_free(socket);
	}
}
