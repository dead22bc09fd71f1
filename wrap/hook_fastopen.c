/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP Fast Open (RFC 7413): the first send connects. Its bytes may be in the
 * SYN; the kernel tells whether the peer took them.
 */

#include "wrap/audit.h"
#include "wrap/call.h"
#include "wrap/connect.h"
#include "wrap/emit.h"

#include <errno.h>
#include <netinet/tcp.h>

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0x20000000
#endif

bool
nspy_sends_syn(const struct nspy_socket *socket, int flags)
{
	uint32_t state = atomic_load(&socket->flags);

	return socket->type == SOCK_STREAM &&
	       (flags & MSG_FASTOPEN || state & NSPY_DEFERRED) &&
	       !(state & (NSPY_CONNECTED | NSPY_CONNECTING));
}

bool
nspy_connect_defers(struct nspy_call *call)
{
	struct nspy_socket probe = {.cookie = 0};

	if (!(atomic_load(&call->socket->flags) & NSPY_FASTOPEN))
		return false;
	nspy_socket_ask_peer(call->fd, &probe);
	if (probe.peer.version)
		return false;
	atomic_fetch_or(&call->socket->flags, NSPY_DEFERRED);
	return true;
}

/*
 * Of a send that is under way the result is what the SYN has. Where the peer
 * took data with the SYN, it was all of it unless there was too much.
 */
static bool
is_in_syn(const struct nspy_call *call, size_t len, bool *established)
{
	struct nspy_tcp_info info;

	*established = true;
	if (!nspy_tcp_info_ask(call->fd, call->socket, &info))
		return false;
	*established = info.state != TCP_SYN_SENT;
	return len && (!*established || (info.syn_data && len <= info.mss));
}

bool
nspy_connect_by_send(struct nspy_call *call, ssize_t ret,
		     const struct msghdr *msg)
{
	struct nspy_socket *socket = call->socket;
	bool established = ret >= 0, in_syn = false;
	struct nspy_tell tell = {
		.kind = NSPY_CONNECT,
		.error = ret < 0 ? call->error : 0,
	};

	if (ret < 0 && !nspy_sent_syn(tell.error))
		return false;
	if (msg && msg->msg_name &&
	    !(atomic_load(&socket->flags) & NSPY_DEFERRED))
		socket->peer =
			nspy_endpoint_of(msg->msg_name, msg->msg_namelen);
	if (ret >= 0)
		in_syn = is_in_syn(call, (size_t)ret, &established);
	if (ret >= 0 && !established)
		tell.error = EINPROGRESS;
	if (in_syn) {
		tell.iov = msg->msg_iov;
		tell.iov_count = (size_t)msg->msg_iovlen;
		tell.len = (size_t)ret;
	}
	socket->connect_ns = call->begin_ns;
	nspy_socket_ask_local(call->fd, socket);
	nspy_emit(call, socket, &tell);
	atomic_fetch_and(&socket->flags, ~(uint32_t)NSPY_DEFERRED);
	if (established)
		atomic_fetch_or(&socket->flags, NSPY_CONNECTED | NSPY_OPENED);
	else if (tell.error == EINPROGRESS || tell.error == EINTR)
		atomic_fetch_or(&socket->flags, NSPY_CONNECTING);
	return in_syn;
}
