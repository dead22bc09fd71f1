/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls that move bytes. */

#include "capture/sys.h"
#include "wrap/audit.h"
#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/cork.h"
#include "wrap/emit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#ifndef MSG_PROBE
#define MSG_PROBE 0x10
#endif
/* These give no bytes of the stream: looked at again later, or our own. */
#define NOT_RECEIVED (MSG_PEEK | MSG_ERRQUEUE)

/* Failures that say something about the connection. */
static bool
tells_of_connection(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ECONNREFUSED ||
	       error == ETIMEDOUT;
}

/* The datagram was not sent, and the program is not to blame for it. */
static bool
is_refused(int error)
{
	return error == EACCES || error == EPERM || error == EMSGSIZE ||
	       error == EADDRNOTAVAIL || error == ENETDOWN ||
	       error == ENETUNREACH || error == EHOSTDOWN ||
	       error == EHOSTUNREACH;
}

/* Of a datagram, unless a packet was the reason, and is told. */
static bool
is_to_be_told(struct nspy_call *call, uint16_t kind)
{
	uint32_t before = nspy_emitted();

	if (call->socket->type == SOCK_STREAM)
		return tells_of_connection(call->error);
	if (call->socket->type == SOCK_DGRAM)
		nspy_datagram_failed(call, call->error);
	return nspy_emitted() == before && kind == NSPY_SEND &&
	       is_refused(call->error) && nspy_can_note(call->error);
}

/* peer is that of the call, or NULL: the socket's. */
static void
on_failed(struct nspy_call *call, uint16_t kind,
	  const struct nspy_endpoint *peer)
{
	const struct nspy_tell tell = {
		.kind = kind,
		.flags = nspy_may_abort(call->socket),
		.error = call->error,
		.peer = peer && peer->version ? peer : NULL,
	};

	if (kind == NSPY_SEND)
		nspy_cork_failed(call);
	if (atomic_load(&call->socket->flags) & NSPY_CONNECTING &&
	    call->error != EPIPE && tells_of_connection(call->error)) {
		nspy_connect_done(call, call->socket, call->error);
		return;
	}
	if (!is_to_be_told(call, kind))
		return;
	nspy_emit(call, call->socket, &tell);
}

/* With MSG_PROBE nothing is sent, though the call succeeds. */
static bool
only_probes(const struct nspy_socket *socket, int flags)
{
	return flags & MSG_PROBE && socket->type != SOCK_STREAM &&
	       (socket->family == AF_INET || socket->family == AF_INET6);
}

/* What is in the control messages goes before what the socket says. */
static void
read_control(const struct nspy_socket *socket, struct nspy_tell *tell,
	     const struct msghdr *msg, struct nspy_control *control)
{
	bool sent = tell->kind == NSPY_SEND;

	if (sent)
		control->segment_len = socket->segment_len;
	if (msg && msg->msg_controllen)
		nspy_control_read(control, msg, sent);
	tell->segment_len = control->segment_len;
	if (!control->local.version)
		return;
	if (!control->local.port)
		control->local.port = socket->local.port;
	tell->local = &control->local;
}

/*
 * recv() returned 0 on a stream. It is the peer's FIN but when nothing was
 * connected, or after shutdown(SHUT_RD) by whoever holds the socket. The audit
 * comes before the FIN, behind which no gap can be.
 */
static bool
stream_ended(const struct nspy_call *call)
{
	struct nspy_socket *socket = call->socket;
	uint32_t flags = atomic_load(&socket->flags);
	struct nspy_tcp_info info;

	if ((flags & (NSPY_CONNECTED | NSPY_DEAF)) != NSPY_CONNECTED)
		return false;
	if (!nspy_tcp_info_ask(call->fd, socket, &info))
		return true;
	if (!nspy_socket_shared(socket))
		nspy_audit(call, call->fd, socket, &info, 0);
	return info.state == TCP_CLOSE || nspy_peer_sent_fin(socket, &info, 0);
}

/* Nothing was received, and nobody sent it: no datagram, or the end. */
static bool
is_none(const struct nspy_call *call, const struct nspy_endpoint *peer)
{
	struct pollfd poll = {.fd = call->fd, .events = POLLRDHUP};
	const struct timespec now = {0, 0};

	if (peer && peer->version)
		return false;
	return atomic_load(&call->socket->flags) & NSPY_SEQUENCED ||
	       NSPY_SYS5(SYS_ppoll, &poll, 1, &now, NULL, 0) > 0;
}

/* Another process may have connected the socket, to a peer or another one. */
static bool
may_have_moved(const struct nspy_socket *socket, uint16_t kind)
{
	return socket->peer.version
		       ? nspy_socket_shared(socket) && !nspy_sys_refused
		       : kind == NSPY_SEND;
}

/*
 * The first bytes of a stream prove that connect() succeeded. A datagram has
 * addresses of its own: peer is the one that the call had, or NULL, and msg
 * has the control messages, or is NULL.
 */
static void
on_moved(struct nspy_call *call, struct nspy_tell *tell,
	 const struct nspy_endpoint *peer, const struct msghdr *msg)
{
	struct nspy_control control = {.segment_len = 0};
	struct nspy_socket *socket = call->socket;

	if (socket->type == SOCK_STREAM) {
		/* Another process may have been told that it failed. */
		if (tell->len ||
		    (atomic_load(&socket->flags) & NSPY_CONNECTING &&
		     nspy_was_connected(call->fd, socket)))
			nspy_connect_done(call, socket, 0);
		if (!tell->len &&
		    (tell->kind == NSPY_SEND || !stream_ended(call)))
			return;
	} else {
		if (!tell->len && tell->kind == NSPY_RECV &&
		    is_none(call, peer))
			return;
		if (!(atomic_load(&socket->flags) & NSPY_LOCAL_KNOWN))
			nspy_socket_ask_local(call->fd, socket);
		if (peer && peer->version)
			tell->peer = peer;
		else if (may_have_moved(socket, tell->kind))
			nspy_socket_ask_peer(call->fd, socket);
		read_control(socket, tell, msg, &control);
		if (tell->kind == NSPY_SEND && nspy_cork_add(call, tell))
			return;
	}
	nspy_emit(call, socket, tell);
	if (tell->kind == NSPY_RECV && socket->urgent_ahead)
		nspy_urgent_nearer(call, tell->len);
}

static void
on_sent(struct nspy_call *call, ssize_t ret, const struct msghdr *msg,
	int flags)
{
	struct nspy_endpoint peer = {.version = 0};
	struct nspy_tell tell = {
		.kind = NSPY_SEND,
		.flags = flags & MSG_OOB ? NSPY_URGENT : 0,
		.more = flags & MSG_MORE,
		.iov = ret > 0 ? msg->msg_iov : NULL,
		.iov_count = ret > 0 ? (size_t)msg->msg_iovlen : 0,
		.len = ret > 0 ? (size_t)ret : 0,
	};

	call->result = ret;
	if (nspy_sends_syn(call->socket, flags)) {
		if (nspy_connect_by_send(call, ret, msg) || ret < 0)
			return;
	}
	/*
	 * On a connected stream the kernel does not look at it either; and
	 * after other errors it may be no address at all.
	 */
	if ((ret >= 0 || is_refused(call->error)) && msg && msg->msg_name &&
	    call->socket->type != SOCK_STREAM)
		peer = nspy_endpoint_sent_to(call->socket, msg->msg_name,
					     msg->msg_namelen);
	if (ret < 0) {
		on_failed(call, NSPY_SEND, &peer);
		return;
	}
	if (only_probes(call->socket, flags))
		return;
	on_moved(call, &tell, &peer, msg);
}

void
nspy_on_send(struct nspy_call *call, ssize_t ret, const void *buf, int flags,
	     const struct sockaddr *to, socklen_t tolen)
{
	struct iovec iov = {(void *)(uintptr_t)buf, ret > 0 ? (size_t)ret : 0};
	const struct msghdr msg = {
		.msg_name = (void *)(uintptr_t)to,
		.msg_namelen = tolen,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	on_sent(call, ret, &msg, flags);
}

void
nspy_on_sendv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	      int iovcnt)
{
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov};

	msg.msg_iovlen = iovcnt > 0 ? (size_t)iovcnt : 0;
	call->result = ret;
	/* Of no bytes it sends no datagram either, unlike write(). */
	if (ret)
		on_sent(call, ret, &msg, 0);
}

void
nspy_on_sendmsg(struct nspy_call *call, ssize_t ret, const struct msghdr *msg,
		int flags)
{
	on_sent(call, ret, msg, flags);
	nspy_gave_descriptors(ret, msg);
}

void
nspy_on_sendmmsg(struct nspy_call *call, int ret, const struct mmsghdr *msgvec,
		 int flags)
{
	if (ret < 0)
		on_sent(call, ret, NULL, flags);
	for (int i = 0; i < ret; i++)
		nspy_on_sendmsg(call, (ssize_t)msgvec[i].msg_len,
				&msgvec[i].msg_hdr, flags);
	call->result = ret;
}

/*
 * len is the room in the program's buffer: with MSG_TRUNC the result may be
 * larger, and what is beyond the buffer is not there to read.
 */
static void
on_received(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	    size_t iov_count, size_t len, int flags,
	    const struct nspy_endpoint *peer, const struct msghdr *msg)
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
	/* An error is taken from the socket even by a look. */
	if (ret < 0) {
		on_failed(call, NSPY_RECV, NULL);
		return;
	}
	if (flags & NOT_RECEIVED)
		return;
	if (flags & MSG_OOB && ret == 1 && call->socket->type == SOCK_STREAM &&
	    nspy_urgent_ahead(call, iov))
		return;
	/* A stream's recv() of no bytes returns 0 without meaning an end. */
	if (len == 0 && ret == 0 && call->socket->type == SOCK_STREAM)
		return;
	on_moved(call, &tell, peer, msg);
}

void
nspy_on_recv(struct nspy_call *call, ssize_t ret, const void *buf, size_t len,
	     int flags, const struct sockaddr *from, const socklen_t *fromlen)
{
	size_t got = ret > 0 ? (size_t)ret : 0;
	const struct iovec iov = {(void *)(uintptr_t)buf,
				  got < len ? got : len};
	struct nspy_endpoint peer = call->sender;

	if (ret >= 0 && from && fromlen && *fromlen <= call->room)
		peer = nspy_endpoint_of(from, *fromlen);
	on_received(call, ret, &iov, 1, len, flags, &peer, NULL);
}

/* Of no bytes it receives no datagram either. */
void
nspy_on_read(struct nspy_call *call, ssize_t ret, const void *buf, size_t len)
{
	if (len || ret)
		nspy_on_recv(call, ret, buf, len, 0, NULL, NULL);
}

void
nspy_on_recvv(struct nspy_call *call, ssize_t ret, const struct iovec *iov,
	      int iovcnt)
{
	size_t count = ret >= 0 && iovcnt > 0 ? (size_t)iovcnt : 0;

	if (ret || nspy_room(iov, count))
		on_received(call, ret, iov, count, 1, 0, &call->sender, NULL);
}

void
nspy_on_recvmsg(struct nspy_call *call, ssize_t ret, const struct msghdr *msg,
		int flags)
{
	struct nspy_endpoint peer = call->sender;
	size_t count;

	if (ret < 0) {
		on_received(call, ret, NULL, 0, 0, flags, NULL, NULL);
		return;
	}
	nspy_got_descriptors(ret, msg);
	if (flags & MSG_ERRQUEUE)
		nspy_on_error_queue(call, msg);
	if (msg->msg_name && msg->msg_namelen <= call->room)
		peer = nspy_endpoint_of(msg->msg_name, msg->msg_namelen);
	count = (size_t)msg->msg_iovlen;
	on_received(call, ret, msg->msg_iov, count,
		    ret ? (size_t)1 : nspy_room(msg->msg_iov, count), flags,
		    &peer, msg);
}

void
nspy_on_recvmmsg(struct nspy_call *call, int ret, struct mmsghdr *msgvec,
		 int flags)
{
	msgvec = nspy_named(call, msgvec);
	if (ret < 0)
		on_received(call, ret, NULL, 0, 0, flags, NULL, NULL);
	/* Of many messages only the kernel knows the room. */
	call->room = sizeof(struct sockaddr_storage);
	for (int i = 0; i < ret; i++)
		nspy_on_recvmsg(call, (ssize_t)msgvec[i].msg_len,
				&msgvec[i].msg_hdr, flags);
	call->result = ret;
}

void
nspy_tell_moved(struct nspy_call *call, ssize_t ret, struct nspy_tell *tell)
{
	call->result = ret;
	tell->len = ret > 0 ? (size_t)ret : 0;
	if (ret < 0)
		on_failed(call, tell->kind, NULL);
	else if (ret || tell->kind == NSPY_RECV)
		on_moved(call, tell, NULL, NULL);
}
