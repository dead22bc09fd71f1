/* SPDX-License-Identifier: BSD-2-Clause */
/* Hooks of the calls by which sockets and connections come to be. */

#include "capture/format.h"
#include "capture/sys.h"
#include "wrap/audit.h"
#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"
#include "wrap/lifecycle.h"
#include "wrap/settings.h"
#include "wrap/unix.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void
set(struct nspy_socket *socket, uint32_t flag)
{
	atomic_fetch_or(&socket->flags, flag);
}

static void
clear(struct nspy_socket *socket, uint32_t flag)
{
	atomic_fetch_and(&socket->flags, ~flag);
}

void
nspy_on_socket(struct nspy_call *call, int ret, int domain, int type,
	       int protocol)
{
	int made = domain;
	socklen_t len = sizeof(made);

	if (ret < 0 || !nspy_recording() || nspy_in_vfork_child())
		return;
	/* Another library may have made another one, as libsocket_wrapper. */
	NSPY_SYS5(SYS_getsockopt, ret, SOL_SOCKET, SO_DOMAIN, &made, &len);
	if (made != domain) {
		domain = made;
		protocol = 0;
	}
	nspy_descriptor_forget_stale(ret);
	call->socket = nspy_descriptor_add(ret, domain, type, protocol);
	call->result = ret;
}

void
nspy_on_socketpair(struct nspy_call *call, int ret, int domain, int type,
		   const int sv[2])
{
	struct nspy_socket *ends[2];

	call->begin_ns = call->end_ns;
	if (ret < 0 || !nspy_recording() || nspy_in_vfork_child())
		return;
	for (int i = 0; i < 2; i++) {
		nspy_descriptor_forget_stale(sv[i]);
		ends[i] = nspy_descriptor_add(sv[i], domain, type, 0);
		if (ends[i])
			nspy_socket_ask_local(sv[i], ends[i]);
	}
	for (int i = 0; ends[0] && ends[1] && i < 2; i++) {
		const struct nspy_tell tell = {
			.kind = i == 0 ? NSPY_CONNECT : NSPY_ACCEPT,
		};

		ends[i]->peer = ends[!i]->local;
		set(ends[i], NSPY_CONNECTED);
		if (ends[i]->type == SOCK_STREAM)
			nspy_emit(call, ends[i], &tell);
	}
}

/* The association is over; of a stream's it is to be told how. */
static void
dissolve(struct nspy_call *call)
{
	const struct nspy_tell tell = {
		.kind = NSPY_CLOSE,
		.flags = call->dissolving,
	};
	struct nspy_socket *socket = call->socket;
	bool stream = socket->type == SOCK_STREAM;

	if (atomic_load(&socket->flags) & NSPY_CONNECTED && stream)
		nspy_emit(call, socket, &tell);
	clear(socket, NSPY_CONNECTED | NSPY_CONNECTING | NSPY_LOCAL_KNOWN |
			      NSPY_OPENED | NSPY_DEFERRED | NSPY_URGENT_SEEN |
			      (stream ? NSPY_DEAF : 0));
	atomic_store(&socket->sent, 0);
	atomic_store(&socket->received, 0);
	memset(&socket->peer, 0, sizeof(socket->peer));
	nspy_socket_ask_local(call->fd, socket);
}

void
nspy_on_bind(struct nspy_call *call, int ret)
{
	call->result = ret;
	/* After a reset, it may be bound anew, with bytes of before to read. */
	if (ret == 0 && (call->socket->type != SOCK_STREAM ||
			 !(atomic_load(&call->socket->flags) & NSPY_CONNECTED)))
		nspy_socket_ask_local(call->fd, call->socket);
	if (ret == 0 && call->socket->family == AF_UNIX)
		nspy_unix_tell_name(call, call->fd, false);
}

void
nspy_on_listen(struct nspy_call *call, int ret)
{
	call->result = ret;
	if (ret == 0)
		nspy_socket_ask_local(call->fd, call->socket);
}

/* When the SYN-ACK came: the kernel measured how long it took. */
static uint64_t
answer_time(const struct nspy_call *call, const struct nspy_socket *socket)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	uint64_t when;

	memset(&info, 0, sizeof(info));
	if (NSPY_SYS5(SYS_getsockopt, call->fd, IPPROTO_TCP, TCP_INFO, &info,
		      &len) < 0 ||
	    !info.tcpi_rtt)
		return call->end_ns;
	when = socket->connect_ns + (uint64_t)info.tcpi_rtt * 1000;
	return when < call->end_ns ? when : call->end_ns;
}

void
nspy_connect_done(const struct nspy_call *call, struct nspy_socket *socket,
		  int error)
{
	/* What is reset was a connection: others are refused. */
	bool was_open = !error || error == ECONNRESET || error == EPIPE;
	const struct nspy_tell reset = {.kind = NSPY_RECV, .error = error};
	const struct nspy_tell tell = {
		.kind = NSPY_ESTABLISHED,
		.error = was_open ? 0 : error,
	};
	struct nspy_call told = *call;

	if (!(atomic_load(&socket->flags) & NSPY_CONNECTING))
		return;
	clear(socket, NSPY_CONNECTING);
	if (was_open)
		set(socket, NSPY_CONNECTED | NSPY_OPENED);
	told.begin_ns = was_open ? answer_time(call, socket) : call->end_ns;
	nspy_emit(&told, socket, &tell);
	if (was_open && error)
		nspy_emit(call, socket, &reset);
}

bool
nspy_was_connected(int fd, const struct nspy_socket *socket)
{
	struct nspy_socket probe = {.cookie = 0};
	struct nspy_tcp_info info;

	nspy_socket_ask_peer(fd, &probe);
	/* When it is over: the peer has had our SYN. */
	return probe.peer.version ||
	       (nspy_tcp_info_ask(fd, socket, &info) && info.acked);
}

/* Other errors come without a packet: nothing to show. */
bool
nspy_sent_syn(int error)
{
	return error == 0 || error == EINPROGRESS || error == EINTR ||
	       error == ECONNREFUSED || error == ETIMEDOUT ||
	       error == ECONNRESET;
}

static void
tell_connect(struct nspy_call *call, int error)
{
	const struct nspy_tell tell = {.kind = NSPY_CONNECT, .error = error};

	/* After a failure the kernel has taken the local address back. */
	nspy_socket_ask_local(call->fd, call->socket);
	nspy_emit(call, call->socket, &tell);
}

bool
nspy_can_note(int error)
{
	return nspy_settings.format == NSPY_PCAPNG && error != EAGAIN;
}

static void
on_connect_tcp(struct nspy_call *call, int error)
{
	struct nspy_socket *socket = call->socket;
	bool connecting = atomic_load(&socket->flags) & NSPY_CONNECTING;

	if (connecting) {
		if (error != EALREADY && error != EINPROGRESS && error != EINTR)
			nspy_connect_done(call, socket,
					  error == EISCONN ? 0 : error);
		return;
	}
	if (error == 0 && nspy_connect_defers(call))
		return;
	if (error == 0) {
		tell_connect(call, 0);
		set(socket, NSPY_CONNECTED | NSPY_OPENED);
	} else if (error == EINPROGRESS || error == EINTR) {
		socket->connect_ns = call->begin_ns;
		tell_connect(call, EINPROGRESS);
		set(socket, NSPY_CONNECTING);
	} else if (nspy_sent_syn(error) || nspy_can_note(error)) {
		tell_connect(call, error);
	}
}

/*
 * Whether the connection of before was over; else it is EISCONN, but for the
 * one call that is told of the success.
 */
static bool
connects_anew(const struct nspy_call *call, int error)
{
	struct nspy_socket probe = {.cookie = 0};

	/* AF_UNIX looks for the listener before it looks at its own state. */
	if (call->socket->family == AF_UNIX)
		return false;
	if (error || !(atomic_load(&call->socket->flags) & NSPY_CONNECTED))
		return error != ECONNRESET && nspy_sent_syn(error);
	nspy_socket_ask_local(call->fd, &probe);
	return probe.local.port != call->socket->local.port;
}

void
nspy_on_connect(struct nspy_call *call, int ret, const struct sockaddr *addr,
		socklen_t addrlen)
{
	struct nspy_socket *socket = call->socket;
	int error = ret < 0 ? call->error : 0;
	struct nspy_endpoint peer = {.version = 0};
	sa_family_t family = AF_UNSPEC;

	call->result = ret;
	/* Nor has the kernel looked at one of that length. */
	if (error == EFAULT || !addr || addrlen < sizeof(family) ||
	    addrlen > sizeof(struct sockaddr_storage))
		return;
	memcpy(&family, addr, sizeof(family));
	if (family == AF_UNSPEC) {
		if (ret == 0)
			dissolve(call);
		return;
	}
	peer = nspy_endpoint_of(addr, addrlen);
	/* The name that it is bound to may be another spelling. */
	if (socket->family == AF_UNIX && ret == 0) {
		nspy_socket_ask_peer(call->fd, socket);
		nspy_unix_tell_name(call, call->fd, true);
		peer = socket->peer;
	}
	if (!peer.version)
		return;
	if (socket->type == SOCK_STREAM) {
		if (connects_anew(call, error))
			clear(socket, NSPY_CONNECTED | NSPY_OPENED);
		if (!(atomic_load(&socket->flags) &
		      (NSPY_CONNECTED | NSPY_CONNECTING)))
			socket->peer = peer;
		if (!(atomic_load(&socket->flags) & NSPY_CONNECTED))
			on_connect_tcp(call, error);
	} else if (ret == 0) {
		socket->peer = peer;
		nspy_socket_ask_local(call->fd, socket);
	} else if (nspy_can_note(error)) {
		const struct nspy_tell tell = {
			.kind = NSPY_CONNECT,
			.error = error,
			.peer = &peer,
		};

		nspy_emit(call, socket, &tell);
	}
}

void
nspy_on_accept(struct nspy_call *call, int ret)
{
	const struct nspy_tell tell = {.kind = NSPY_ACCEPT};
	struct nspy_socket *socket;
	uint32_t flags = atomic_load(&call->socket->flags);

	call->result = ret;
	if (ret < 0 || nspy_in_vfork_child())
		return;
	nspy_descriptor_forget_stale(ret);
	socket = nspy_descriptor_add(
		ret, call->socket->family,
		flags & NSPY_SEQUENCED ? SOCK_SEQPACKET : SOCK_STREAM,
		flags & NSPY_MPTCP ? IPPROTO_MPTCP : call->socket->protocol);
	if (!socket)
		return;
	nspy_socket_ask_local(ret, socket);
	nspy_socket_ask_peer(ret, socket);
	/* It may have gone already, with a reset. */
	if (!socket->peer.version)
		nspy_socket_ask_former_peer(ret, socket);
	if (!socket->peer.version)
		return;
	set(socket, NSPY_CONNECTED | (flags & NSPY_LINGERS_NOT));
	nspy_emit(call, socket, &tell);
}
