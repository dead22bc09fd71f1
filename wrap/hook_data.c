/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that move bytes. */

#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"

#include <errno.h>
#include <netinet/in.h>

/* These give no bytes of the stream: looked at again later, or our own. */
#define NOT_RECEIVED (MSG_PEEK | MSG_ERRQUEUE)

/* Failures that say something about the connection. */
static bool
tells_of_connection(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ECONNREFUSED ||
	       error == ETIMEDOUT;
}

static void
on_failed(struct nspy_call *call, uint16_t kind)
{
	const struct nspy_tell tell = {.kind = kind, .error = call->error};

	if (call->socket->type != SOCK_STREAM ||
	    !tells_of_connection(call->error))
		return;
	nspy_emit(call, call->socket, &tell);
}

/* Both peers and streams: the first bytes prove that connect() succeeded. */
static void
on_moved(struct nspy_call *call, struct nspy_tell *tell,
	 const struct nspy_endpoint *peer)
{
	struct nspy_socket *socket = call->socket;

	if (socket->type == SOCK_STREAM) {
		nspy_connect_done(call, socket, 0);
		/* recv() after our own shutdown(SHUT_RD): not the peer's FIN. */
		if (!tell->len && (tell->kind == NSPY_SEND ||
				   (atomic_load(&socket->flags) & NSPY_DEAF)))
			return;
	} else {
		if (!(atomic_load(&socket->flags) & NSPY_LOCAL_KNOWN))
			nspy_socket_ask_local(call->fd, socket);
		if (peer && peer->version)
			tell->peer = peer;
	}
	nspy_emit(call, socket, tell);
}

static void
on_sent(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	size_t iov_count, int flags, const void *to, socklen_t tolen)
{
	struct nspy_endpoint peer = {.version = 0};
	struct nspy_tell tell = {
		.kind = NSPY_SEND,
		.flags = flags & MSG_OOB ? NSPY_URGENT : 0,
		.iov = iov,
		.iov_count = iov_count,
		.len = ret > 0 ? (size_t)ret : 0,
	};

	call->result = ret;
	if (ret < 0) {
		on_failed(call, NSPY_SEND);
		return;
	}
	/* On a connected stream the kernel does not look at it either. */
	if (to && call->socket->type != SOCK_STREAM)
		peer = nspy_endpoint_of(to, tolen);
	on_moved(call, &tell, &peer);
}

void
nspy_on_send(struct nspy_call *call, ssize_t ret, const void *buf, int flags,
	     const struct sockaddr *to, socklen_t tolen)
{
	const struct iovec iov = {(void *)(uintptr_t)buf,
				  ret > 0 ? (size_t)ret : 0};

	on_sent(call, ret, &iov, 1, flags, to, tolen);
}

void
nspy_on_sendv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	      int iovcnt)
{
	on_sent(call, ret, iov, iovcnt > 0 ? (size_t)iovcnt : 0, 0, NULL, 0);
}

void
nspy_on_sendmsg(struct nspy_call *call, ssize_t ret, const struct msghdr *msg,
		int flags)
{
	if (ret < 0)
		on_sent(call, ret, NULL, 0, flags, NULL, 0);
	else
		on_sent(call, ret, msg->msg_iov, msg->msg_iovlen, flags,
			msg->msg_name, msg->msg_namelen);
}

void
nspy_on_sendmmsg(struct nspy_call *call, int ret, const struct mmsghdr *msgvec,
		 int flags)
{
	if (ret < 0)
		on_sent(call, ret, NULL, 0, flags, NULL, 0);
	for (int i = 0; i < ret; i++)
		nspy_on_sendmsg(call, msgvec[i].msg_len, &msgvec[i].msg_hdr,
				flags);
	call->result = ret;
}

/*
 * len is the room in the program's buffer: with MSG_TRUNC the result may be
 * larger, and what is beyond the buffer is not there to read.
 */
static void
on_received(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	    size_t iov_count, size_t len, int flags,
	    const struct nspy_endpoint *peer)
{
	struct nspy_tell tell = {
		.kind = NSPY_RECV,
		.flags = flags & MSG_OOB ? NSPY_URGENT : 0,
		.iov = iov,
		.iov_count = iov_count,
		.len = ret > 0 ? (size_t)ret : 0,
	};

	call->result = ret;
	/* MSG_TRUNC on a stream throws bytes away: the buffer has none. */
	if (flags & MSG_TRUNC && call->socket->type == SOCK_STREAM)
		tell.iov_count = 0;
	if (flags & NOT_RECEIVED)
		return;
	if (ret < 0) {
		on_failed(call, NSPY_RECV);
		return;
	}
	/* A stream's recv() of no bytes returns 0 without meaning an end. */
	if (len == 0 && ret == 0 && call->socket->type == SOCK_STREAM)
		return;
	on_moved(call, &tell, peer);
}

void
nspy_on_recv(struct nspy_call *call, ssize_t ret, const void *buf, size_t len,
	     int flags, const struct sockaddr *from, const socklen_t *fromlen)
{
	size_t got = ret > 0 ? (size_t)ret : 0;
	const struct iovec iov = {(void *)(uintptr_t)buf,
				  got < len ? got : len};
	struct nspy_endpoint peer = {.version = 0};

	if (ret >= 0 && from && fromlen && *fromlen <= call->room)
		peer = nspy_endpoint_of(from, *fromlen);
	on_received(call, ret, &iov, 1, len, flags, &peer);
}

static size_t
room(const struct iovec *iov, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += iov[i].iov_len;
	return sum;
}

void
nspy_on_recvv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	      int iovcnt)
{
	size_t count = ret >= 0 && iovcnt > 0 ? (size_t)iovcnt : 0;

	on_received(call, ret, iov, count, ret ? (size_t)1 : room(iov, count),
		    0, NULL);
}

void
nspy_on_recvmsg(struct nspy_call *call, ssize_t ret, const struct msghdr *msg,
		int flags)
{
	struct nspy_endpoint peer = {.version = 0};

	if (ret < 0) {
		on_received(call, ret, NULL, 0, 0, flags, NULL);
		return;
	}
	if (msg->msg_name && msg->msg_namelen <= call->room)
		peer = nspy_endpoint_of(msg->msg_name, msg->msg_namelen);
	on_received(call, ret, msg->msg_iov, msg->msg_iovlen,
		    ret ? (size_t)1 : room(msg->msg_iov, msg->msg_iovlen),
		    flags, &peer);
}

void
nspy_on_recvmmsg(struct nspy_call *call, int ret, const struct mmsghdr *msgvec,
		 int flags)
{
	if (ret < 0)
		on_received(call, ret, NULL, 0, 0, flags, NULL);
	/* Of many messages only the kernel knows the room. */
	call->room = sizeof(struct sockaddr_storage);
	for (int i = 0; i < ret; i++)
		nspy_on_recvmsg(call, msgvec[i].msg_len, &msgvec[i].msg_hdr,
				flags);
	call->result = ret;
}
